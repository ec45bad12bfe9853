"""The embedded local cloud: ministack in this process, with our functions behind its Lambda and a clean URL in front.

Import only after `settings.isolate`: ministack reads its environment when it is imported.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as gateway
from ministack.services import lambda_svc

from . import gateway_responses
from .durable.store import Store
from .imports import Imports
from .ordered import Ordered
from .settings import HOST, LocalSettings

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
DRAIN_SECONDS = 10


class Executor(Protocol):
    """Runs one invocation and answers as Lambda's runtime does."""

    def execute(self, config: Any, event: Any, request_id: str) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Cloud:
    """One embedded cloud. `run` serves until `stop` is called."""

    def __init__(self, settings: LocalSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._prefix: str | None = None
        self._draining = False
        self.started = threading.Event()

    def install(self, executor: Executor) -> None:
        """Let ministack's Lambda call our executor, and keep function output out of its memory."""
        self._store.install()
        gateway_responses.install()
        Ordered().install()
        Imports().install()

        def execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
            return executor.execute(function.get("config") or function, event, request_id)

        lambda_svc._execute_function_warm = execute
        # Output goes to the log file; ministack's CloudWatch would keep every line for ever.
        lambda_svc._emit_lambda_logs = lambda *_, **__: None
        poll = lambda_svc._poll_sqs
        lambda_svc._poll_sqs = lambda: False if self._draining else poll()

    def route(self, api_id: str, stage: str) -> None:
        """From now on forward the clean URL to this REST API."""
        self._prefix = f"/_aws/execute-api/{api_id}/{stage}"

    async def run(self) -> None:
        """Serve the AWS APIs and the clean URL. Returns after `stop`, with everything saved."""
        self._loop = asyncio.get_running_loop()
        saving = asyncio.create_task(self._store.save_when_needed())
        try:
            cloud = asyncio.create_task(self._serve(gateway.app, self._settings.aws_port))
            front = asyncio.create_task(self._serve(self._forward, self._settings.port))
            await self._opened(cloud)
            self.started.set()
            await asyncio.gather(cloud, front)
        finally:
            saving.cancel()

    def run_on_loop(self, call: Callable[[], None]) -> None:
        """Run something between two requests, and wait for it. From any other thread."""
        if self._loop is None:
            raise RuntimeError("the cloud has not started")

        async def run() -> None:
            call()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def stop(self) -> None:
        """End cleanly: refuse new requests, let running invocations finish, save, close. From any thread."""
        if self._loop:
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        if self._draining:
            self._stopping.set()  # asked twice: do not wait
            return
        self._draining = True
        self._store.stop_consumers()
        until = time.monotonic() + DRAIN_SECONDS
        while lambda_svc.executions_in_flight()[0] and time.monotonic() < until:
            await asyncio.sleep(0.05)
        self._stopping.set()

    async def _serve(self, application: Any, port: int) -> None:
        config = Config()
        config.bind = [f"{HOST}:{port}"]
        config.keep_alive_timeout = 75
        config.graceful_timeout = 1
        config.loglevel = "WARNING"
        config.accesslog = None
        await serve(application, config, shutdown_trigger=self._stopping.wait)

    async def _opened(self, server: asyncio.Task[None]) -> None:
        """Wait until the AWS port answers. Raises what the server raised if it ended instead."""
        while not server.done():
            try:
                _, writer = await asyncio.open_connection(HOST, self._settings.aws_port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        await server

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The clean URL: the same request, handed to API Gateway under its long path, in this process."""
        if scope["type"] == "lifespan":
            await _no_lifespan(receive, send)
        elif scope["type"] == "http":
            if self._prefix is None or self._draining:
                await _unavailable(send)
                return
            path = self._prefix + scope["path"]
            raw = self._prefix.encode() + scope.get("raw_path", scope["path"].encode())
            await gateway.app({**scope, "path": path, "raw_path": raw}, receive, send)


async def _no_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _unavailable(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"2")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"The local run is starting or stopping.\n"})
