"""Runs the functions inside the launcher's own process: the quickest way, from the source tree."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import marshal
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from chalice.app import Chalice
from chalice.local import LocalChalice

from chalicelib.log import JsonFormatter

from .settings import REGION

Handler = Callable[[Any, Any], Any]
Answer = dict[str, Any]
log = logging.getLogger(__name__)

AT_ONCE = 8
"""Invocations that run at the same time; more only contend for one interpreter."""

DEADLINES, DEADLINES_AT_ONCE = "dossier_task", 3
"""The function that every open dossier calls when the clock is set: what people wait for does not queue behind it."""


class LambdaContext:
    """What a handler is told about its invocation (the part of Lambda's context object that Python code reads)."""

    def __init__(self, config: Mapping[str, Any], request_id: str) -> None:
        self.function_name: str = config["FunctionName"]
        self.function_version = "$LATEST"
        self.invoked_function_arn: str = config.get("FunctionArn", "")
        self.memory_limit_in_mb = config.get("MemorySize", 128)
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + float(config.get("Timeout", 3))

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def set_environment(variables: Mapping[str, str]) -> None:
    """Give this process the functions' environment. One process has one: all functions must agree.

    Raises `ValueError` naming a variable that two functions set differently.
    """
    for name, value in variables.items():
        if name.startswith("AWS_"):
            continue
        if os.environ.get(name, value) != value and name in _from_functions:
            raise ValueError(f"functions disagree about {name}; run with HANDLERS=process")
        _from_functions.add(name)
        os.environ[name] = value


_from_functions: set[str] = set()


class InlineHandlers:
    """Executes an invocation by calling the handler in this process."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._handlers: dict[str, Handler] = {}
        self._loading = threading.RLock()
        self._gate = threading.BoundedSemaphore(AT_ONCE)
        self._deadlines_gate = threading.BoundedSemaphore(DEADLINES_AT_ONCE)
        _log_functions_to(output)

    def load(self, handlers: Iterable[str]) -> None:
        """Import the modules now, so that no first request waits, and keep what they print out of the terminal."""
        for name in handlers:
            self._resolve(name)

    def execute(self, config: Mapping[str, Any], event: Any, request_id: str) -> Answer:
        """One invocation, answered as Lambda's runtime answers: `body`, or `error` with the exception's class name."""
        with self._deadlines_gate if config["Handler"].endswith(DEADLINES) else self._gate:
            try:
                # A function gets a copy of its own, as over a wire; marshal makes it in a quarter of JSON's time.
                result = self._resolve(config["Handler"])(
                    marshal.loads(marshal.dumps(event)),  # noqa: S302
                    LambdaContext(config, request_id),
                )
                return {"body": json.loads(json.dumps(result)), "log": ""}
            except Exception as error:
                trace = traceback.format_exc()
                if str(error) != "Unauthorized":
                    log.warning("%s raised\n%s", config["FunctionName"], trace)
                body = {
                    "errorMessage": str(error),
                    "errorType": type(error).__name__,
                    "stackTrace": trace.splitlines(),
                }
                return {"body": body, "error": True, "log": trace}

    def close(self) -> None:
        """Nothing to stop: the handlers live and end with the launcher."""

    def _resolve(self, name: str) -> Handler:
        found = self._handlers.get(name)
        if found is None:
            with self._loading, contextlib.redirect_stdout(self._output), contextlib.redirect_stderr(self._output):
                module_name, _, attribute = name.rpartition(".")
                found = getattr(importlib.import_module(module_name), attribute)
                if isinstance(found, Chalice):
                    _make_thread_safe(found)
                self._handlers[name] = found
        return found


def _log_functions_to(output: TextIO) -> None:
    """Send the functions' log to the run's log file, with the level it has on AWS.

    Packaging has imported some of their modules, so the log was set up for the terminal and for ministack's level.
    """
    handler = logging.StreamHandler(output)
    handler.setFormatter(JsonFormatter())
    functions = logging.getLogger("chalicelib")
    functions.handlers[:] = [handler]
    functions.setLevel(logging.INFO)
    functions.propagate = False


def _make_thread_safe(app: Chalice) -> None:
    """Chalice keeps the current request in one attribute, which is right on Lambda only; its local class keeps one
    per thread."""
    app.__dict__.pop("current_request", None)
    app.__class__ = type("ThreadSafe", (LocalChalice, app.__class__), {})
    app.current_request = None


def prepare_imports(root: str) -> None:
    """Let the functions' modules be imported from the source tree, whatever the launcher was started from."""
    if root not in sys.path:
        sys.path.insert(0, root)
    os.environ.setdefault("AWS_REGION", REGION)
