"""What is expected next, and what is stuck, on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chalicelib.domain.oversight.expectation import Awaited, Owner

from .base import Wire
from .scalars import Amount, InstantText


class NextEvent(Wire):
    """Việc tiếp theo được chờ: việc gì, đến khi nào, của ai."""

    what: Awaited
    by: InstantText | None
    owner: Owner


class StepInfo(Wire):
    """Bước hiện tại của quy trình: từ khi nào, thời hạn của bước, đã trễ hay chưa."""

    step_code: str
    since: InstantText
    due_at: InstantText
    late: bool


class StuckItem(Wire):
    """Một việc đã quá thời điểm phải có bước tiếp theo."""

    kind: Literal["dossier", "cover", "refund", "voucher", "request"]
    subject: str = Field(description="Mã hồ sơ, tờ bìa, việc hoàn trả, chứng từ hoặc yêu cầu về dữ liệu.")
    province_code: str
    dossier_code: str | None
    waits_for: NextEvent
    cause: str = Field(description="Vì sao bị tắc, cho người đọc.")
    reason: str | None = Field(description="Của chứng từ: lý do bị giữ.")
    found_at: InstantText


class StuckList(Wire):
    items: tuple[StuckItem, ...]


class RefundItem(Wire):
    """Một việc hoàn trả đang mở: số tiền trả lại người tham gia, vì sao, đến khi nào."""

    refund_id: str
    dossier_code: str
    province_code: str
    state: Literal["OPEN"]
    amount: Amount
    voucher_ids: tuple[str, ...]
    cause: str = Field(description="Sự kiện kết thúc hồ sơ, hoặc lý do tiền không dùng được.")
    opened_at: InstantText
    late: bool = Field(description="Đã quá thời gian chờ hoàn trả.")
    next_event: NextEvent | None


class RefundPage(Wire):
    items: tuple[RefundItem, ...]
    next_cursor: str | None
