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
        service = _service_of(request) if request.url.startswith(aws_url) else None
        return over_http(session, request) if service is None else _direct(request, service)

    URLLib3Session.send = send
    sys.setswitchinterval(SWITCH_SECONDS)


def _service_of(request: Any) -> Any:
    """The module that answers a request; None for one that goes over HTTP."""
    target = _target(request)
    if target:
        return BY_TARGET.get(target.partition(".")[0])
    body = request.body
    return sns if isinstance(body, bytes | str) and _bytes(body).startswith(PUBLISH) else None


def _target(request: Any) -> str:
    found = request.headers.get(TARGET, "")
    return found.decode() if isinstance(found, bytes) else found


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()


def _direct(request: Any, service: Any) -> AWSResponse:
    handle: Callable[..., Coroutine[Any, Any, Any]] = service.handle_request
    headers = {"x-amz-target": _target(request)}
    with scope(ACCOUNT, REGION):
        status, headers, answer = _finish(handle("POST", "/", headers, _bytes(request.body), {}))
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
