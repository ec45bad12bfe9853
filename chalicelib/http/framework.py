"""What Chalice answers by itself (405, 400, 500) becomes a problem like every other error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chalice.app import Blueprint, Request, Response

from .incoming import trace_id_of
from .problems import problem_body, problem_response

bp = Blueprint(__name__)

_OWN: Final = {
    400: ("BAD_REQUEST", "Yêu cầu không đọc được."),
    404: ("NOT_FOUND", "Không có đường dẫn này."),
    405: ("METHOD_NOT_ALLOWED", "Đường dẫn này không nhận phương thức đó."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Nội dung phải có kiểu application/json, mã hóa UTF-8."),
    500: ("INTERNAL", "Hệ thống gặp lỗi. Hãy thử lại sau hoặc báo mã tra cứu."),
}


@bp.middleware("http")
def chalice_errors_as_problems(request: Request | None, get_response: Callable[..., Response]) -> Response:
    """Chalice's errors are a dict with `Code` and `Message`; every answer of ours is a text already."""
    response = get_response(request)
    if not isinstance(response.body, dict):
        return response
    status = response.status_code if response.status_code in _OWN else 500
    code, detail = _OWN[status]
    headers = {name: str(value) for name, value in response.headers.items() if name.lower() == "allow"}
    return problem_response(problem_body(status, code, detail, trace_id_of(request)), headers)
