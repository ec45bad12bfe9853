"""Every exception becomes one RFC 9457 problem here: one table of statuses, no other place decides.

A problem never holds a stack trace, an exception's text or anything that the caller sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Response

from chalicelib.domain.errors import (
    Conflict,
    DomainError,
    Fact,
    Fault,
    Forbidden,
    NotConfigured,
    NotFound,
    PreconditionRequired,
    Rejected,
    Unauthenticated,
    Unavailable,
    Unreadable,
    VersionConflict,
)
from chalicelib.log import facts, logger
from chalicelib.passing import passes

log = logger(__name__)

CONTENT_TYPE: Final = "application/problem+json"

TYPE_PREFIX: Final = "urn:bhxh:602e:problem:"
"""`type` is this and the code in lower case with hyphens: a name, not an address to fetch."""

RETRY_AFTER_SECONDS: Final = 2


class BodyTooLarge(DomainError):
    """The body is over 64 KiB (HTTP 413)."""


class UnsupportedMediaType(DomainError):
    """The body is not declared as JSON in UTF-8 (HTTP 415)."""


class MethodNotAllowed(DomainError):
    """The path exists, but not with this method (HTTP 405)."""


STATUS: Final[Mapping[type[DomainError], int]] = {
    Unreadable: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    VersionConflict: 412,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    Rejected: 422,
    NotConfigured: 422,
    PreconditionRequired: 428,
    Unavailable: 503,
}
"""A subclass that is not named itself takes the status of its nearest named ancestor."""

TITLES: Final[Mapping[int, str]] = {
    400: "Nội dung gửi lên không đọc được",
    401: "Chưa xác thực",
    403: "Không được phép",
    404: "Không tìm thấy",
    405: "Phương thức không được hỗ trợ",
    409: "Xung đột với trạng thái hiện tại",
    412: "Dữ liệu đã thay đổi",
    413: "Nội dung gửi lên quá lớn",
    415: "Kiểu nội dung không được hỗ trợ",
    422: "Dữ liệu không hợp lệ",
    428: "Thiếu điều kiện bắt buộc",
    429: "Quá nhiều yêu cầu",
    500: "Lỗi hệ thống",
    503: "Tạm thời không phục vụ được",
}

RESERVED: Final = frozenset({"type", "title", "status", "detail", "code", "errors", "trace_id"})


def status_of(error: DomainError) -> int:
    """The HTTP status of a domain error; 500 for a kind that the table does not know."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_body(
    status: int,
    code: str,
    detail: str,
    trace_id: str,
    *,
    faults: tuple[Fault, ...] = (),
    more: Mapping[str, Fact] | None = None,
) -> dict[str, Any]:
    """The members of a problem, in the contract's order.

    `more` follows as extension members (RFC 9457, 3.2), such as the `dossier_code` of a duplicate.
    """
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code.lower().replace("_", "-"),
        "title": TITLES.get(status, TITLES[500]),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults],
        "trace_id": trace_id,
    }
    body.update((name, value) for name, value in (more or {}).items() if name not in RESERVED)
    return body


PROTECTED: Final[Mapping[str, str]] = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""On every answer, for a browser that is led to one (ASVS 5.0, 3.4); API Gateway's own answers have them too."""


def problem_response(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A Chalice response for a problem body; its status comes from the body."""
    return Response(
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status_code=body["status"],
        headers={**PROTECTED, "Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", **(headers or {})},
    )


def respond(error: Exception, trace_id: str) -> Response:
    """The answer to whatever a view raised.

    A passing fault of AWS is a 503. What else is no domain error is logged and answered INTERNAL.
    """
    if not isinstance(error, DomainError) and passes(error):
        log.warning("passing fault of AWS", extra=facts(trace_id=trace_id, error=type(error).__name__))
        error = Unavailable("UNAVAILABLE", "Hệ thống đang bận, vui lòng thử lại sau ít giây.")
    if isinstance(error, DomainError) and (status := status_of(error)) != 500:
        body = problem_body(status, error.code, error.detail, trace_id, faults=error.faults, more=error.facts)
        return problem_response(body, _headers(status))
    log.error("unexpected exception in a view", exc_info=error, extra=facts(trace_id=trace_id, code="INTERNAL"))
    body = problem_body(500, "INTERNAL", "Hệ thống gặp lỗi. Hãy thử lại sau hoặc báo mã tra cứu.", trace_id)
    return problem_response(body)


def _headers(status: int) -> dict[str, str]:
    if status == 503:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {}
