"""Webhook deliveries on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.domain.messages.webhook import Standing
from chalicelib.domain.registration.dossier import State

from .base import Wire, short_text
from .scalars import InstantText


class DeliveryAttempt(Wire):
    """Một lần gửi trạng thái tới địa chỉ của cổng."""

    event_id: str
    dossier_code: str
    sequence: Annotated[int, Field(ge=1)]
    state: State
    attempt: Annotated[int, Field(ge=1)] = Field(description="Lần thử thứ mấy của thông điệp này.")
    at: InstantText = Field(description="Giờ thật, cũng trong sandbox.")
    delivered: bool
    status: int | None = Field(description="Mã trạng thái HTTP; null: không có câu trả lời.")
    error: str | None = Field(description="Vì sao không có câu trả lời, ví dụ NO_CONNECTION, TLS_FAILED.")
    milliseconds: Annotated[int, Field(ge=0)]


class DeliveryAttemptPage(Wire):
    """Nhật ký gửi, mới nhất trước; giữ 90 ngày."""

    items: tuple[DeliveryAttempt, ...]
    next_cursor: str | None


class UndeliveredItem(Wire):
    """Hồ sơ còn trạng thái chưa gửi được."""

    dossier_code: str
    state: Standing = Field(description="RETRYING: còn tự thử lại; PARKED: chờ sự kiện mới hoặc yêu cầu gửi lại.")
    delivered_sequence: Annotated[int, Field(ge=0)] = Field(description="Đã gửi đến `sequence` này.")
    attempts: Annotated[int, Field(ge=0)]
    failing_since: InstantText | None
    next_attempt_at: InstantText | None
    reason: str | None


class UndeliveredPage(Wire):
    """Các hồ sơ chưa gửi được, chờ lâu nhất trước."""

    items: tuple[UndeliveredItem, ...]
    next_cursor: str | None


class RedeliveryRequest(Wire):
    """Gửi lại: một hồ sơ, hoặc mọi hồ sơ chưa gửi được của một hệ thống."""

    dossier_code: Annotated[str, short_text(64)] | None = None
    from_sequence: Annotated[int, Field(ge=1, le=99_999_999)] | None = Field(
        None, description="Gửi lại từ `sequence` này, kể cả những gì đã nhận; chỉ cùng với dossier_code."
    )
    client_id: Annotated[str, short_text(128)] | None = Field(None, description="Chỉ bộ phận vận hành cần nêu.")


class Redelivery(Wire):
    """Số hồ sơ được đưa vào hàng gửi lại."""

    queued: Annotated[int, Field(ge=0)]
    more: bool = Field(description="true: còn nữa, gọi lại.")
