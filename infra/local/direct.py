"""In-process handlers reach the embedded table without a socket: from botocore straight to ministack.

Server and handlers share one interpreter, so each request over HTTP is paid four times: written, read, answered and
read again, with a change of threads at each step. What a client builds, signs and parses stays the same, and so does
the wire of everybody outside this process. Only DynamoDB: its requests end in one step, without waiting for anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from ministack.services import dynamodb

from .durable.table import scope
from .settings import ACCOUNT, REGION

TARGET, OURS = "X-Amz-Target", b"DynamoDB_20120810."
SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while others wait; Python's 5 ms are most of a request's time here."""


class _Body(BytesIO):
    """An answer's body, as botocore reads it."""

    def stream(self) -> list[bytes]:
        return [self.read()]


def install(aws_url: str) -> None:
    """Send this process's own DynamoDB requests directly. Call after the store has wrapped the table."""
    over_http = URLLib3Session.send

    def send(session: Any, request: Any) -> Any:
        target = request.headers.get(TARGET, b"")
        target = target.encode() if isinstance(target, str) else target
        if not (target.startswith(OURS) and request.url.startswith(aws_url)):
            return over_http(session, request)
        return _direct(request, target.decode())

    URLLib3Session.send = send
    sys.setswitchinterval(SWITCH_SECONDS)


def _direct(request: Any, target: str) -> AWSResponse:
    handle: Callable[..., Coroutine[Any, Any, Any]] = dynamodb.handle_request
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    with scope(ACCOUNT, REGION):
        status, headers, answer = _finish(handle("POST", "/", {"x-amz-target": target}, body, {}))
    content = answer if isinstance(answer, bytes) else str(answer).encode()
    return AWSResponse(request.url, status, headers, _Body(content))


def _finish(step: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits. Raises `RuntimeError` when it does."""
    try:
        step.send(None)
    except StopIteration as end:
        return end.value
    step.close()
    raise RuntimeError("a request to the table waits for something: it cannot be answered directly")
