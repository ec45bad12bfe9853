"""In-process handlers reach the embedded services without a socket: from botocore straight to ministack.

Server and handlers share one interpreter, so each request over HTTP is paid four times: written, read, answered and
read again, with a change of threads at each step. What a client builds, signs and parses stays the same, and so does
the wire of everybody outside this process. Only services whose requests end in one step, without waiting for anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from ministack.services import dynamodb, kms, sns, stepfunctions

from .durable.table import scope
from .settings import ACCOUNT, REGION

TARGET = "X-Amz-Target"
BY_TARGET = {"DynamoDB_20120810": dynamodb, "AWSStepFunctions": stepfunctions, "TrentService": kms}
"""Services by the first part of the header that names the action."""
PUBLISH = b"Action=Publish&"
SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while others wait; Python's 5 ms are most of a request's time here."""


class _Body(BytesIO):
    """An answer's body, as botocore reads it."""

    def stream(self) -> list[bytes]:
        return [self.read()]


def install(aws_url: str) -> None:
    """Send this process's own requests directly. Call after the store has wrapped the services."""
    over_http = URLLib3Session.send

    def send(session: Any, request: Any) -> Any:
        answered = answer(*_asked(request)) if request.url.startswith(aws_url) else None
        if answered is None:
            return over_http(session, request)
        status, headers, content = answered
        return AWSResponse(request.url, status, headers, _Body(content))

    URLLib3Session.send = send
    take_turns_quickly()


def take_turns_quickly() -> None:
    """Let threads of this process wait for one another no longer than need be."""
    sys.setswitchinterval(SWITCH_SECONDS)


def answer(target: str, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
    """Status, headers and content of a request by its target and body; None for one that goes over HTTP."""
    service = BY_TARGET.get(target.partition(".")[0]) if target else sns if body.startswith(PUBLISH) else None
    if service is None:
        return None
    handle: Callable[..., Coroutine[Any, Any, Any]] = service.handle_request
    with scope(ACCOUNT, REGION):
        status, headers, content = _finish(handle("POST", "/", {"x-amz-target": target}, body, {}))
    return status, headers, content if isinstance(content, bytes) else str(content).encode()


def _asked(request: Any) -> tuple[str, bytes]:
    target, body = request.headers.get(TARGET, ""), request.body
    target = target.decode() if isinstance(target, bytes) else target
    if isinstance(body, str):
        body = body.encode()
    return target, body if isinstance(body, bytes) else b""


def _finish(step: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits. Raises `RuntimeError` when it does."""
    try:
        step.send(None)
    except StopIteration as end:
        return end.value
    step.close()
    raise RuntimeError("a request to the table waits for something: it cannot be answered directly")
