"""One Lambda worker: imports a handler from the unpacked package alone and answers invocations from standard input.

Started as `python -I -S worker.py HANDLER TASK_ROOT [LAYER_ROOT...]`; only the standard library is there besides.

What goes over the pipes are marshalled lists, each behind its length. While it answers, the worker asks the launcher
what it would ask a service over HTTP (`[CALL, target, body]`): no socket, and the launcher's own thread is there
waiting anyway. What the launcher does not answer goes over HTTP.
"""

from __future__ import annotations

import importlib
import io
import json
import marshal
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO, Any

CALL, ANSWER = "call", "answer"


class Context:
    """The part of Lambda's context object that Python code reads."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.function_name = request["name"]
        self.function_version = "$LATEST"
        self.invoked_function_arn = request["arn"]
        self.memory_limit_in_mb = request["memory"]
        self.aws_request_id = request["request_id"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + request["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Pipe:
    """Lists to and from the launcher."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self.lock = threading.RLock()

    def read(self) -> list[Any] | None:
        """The next list; None at the end."""
        head = self._incoming.read(4)
        if len(head) < 4:
            return None
        found: list[Any] = marshal.loads(self._incoming.read(int.from_bytes(head, "big")))  # noqa: S302
        return found

    def write(self, *parts: Any) -> None:
        text = marshal.dumps(list(parts))
        self._outgoing.write(len(text).to_bytes(4, "big") + text)
        self._outgoing.flush()


def ask_launcher(pipe: Pipe, session: Any, answers: Any) -> None:
    """Let botocore's `session` class ask the launcher first; `answers` makes its answers."""
    over_http, address = session.send, os.environ["AWS_ENDPOINT_URL"]

    class Body(io.BytesIO):
        def stream(self) -> list[bytes]:
            return [self.read()]

    def send(self: Any, request: Any) -> Any:
        target, body = request.headers.get("X-Amz-Target", b""), request.body
        target = target.decode() if isinstance(target, bytes) else target
        body = body.encode() if isinstance(body, str) else body
        if request.method == "POST" and isinstance(body, bytes) and request.url.startswith(address):
            with pipe.lock:
                pipe.write(CALL, target, body)
                answer = pipe.read()
            if answer:
                return answers(request.url, answer[0], answer[1], Body(answer[2]))
        return over_http(self, request)

    session.send = send


def main(handler_name: str, task_root: str, *layers: str) -> None:
    """Answer until standard input ends. An import that fails answers every invocation, as on Lambda."""
    pipe = Pipe(sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    # What the handler prints is its log.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Lambda's order: the task root before the layers; this script's own folder is not there at all.
    sys.path[0:0] = [task_root, *(str(Path(layer) / "python") for layer in layers)]
    module_name, _, attribute = handler_name.rpartition(".")
    handler: Any = None
    asks = False
    while request := pipe.read():
        try:
            if handler is None:
                handler = getattr(importlib.import_module(module_name), attribute)
            # botocore comes with the first client, so the first invocation still goes over HTTP.
            if not asks and (loaded := sys.modules.get("botocore.httpsession")):
                ask_launcher(pipe, loaded.URLLib3Session, sys.modules["botocore.awsrequest"].AWSResponse)
                asks = True
            answer = {"body": handler(request[0]["event"], Context(request[0])), "log": ""}
            text = json.dumps(answer, ensure_ascii=False)
        except Exception as error:
            trace = traceback.format_exc()
            body = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": trace.splitlines()}
            text = json.dumps({"body": body, "error": True, "log": trace}, ensure_ascii=False)
        with pipe.lock:
            pipe.write(ANSWER, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
