"""What is expected next, and what is stuck, on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chalicelib.domain.expectation import Awaited, Owner

from .base import Wire
from .scalars import InstantText


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

    kind: Literal["dossier", "cover", "refund", "voucher"]
    subject: str = Field(description="Mã hồ sơ, tờ bìa, việc hoàn trả hoặc chứng từ.")
    province_code: str
    dossier_code: str | None
    waits_for: NextEvent
    cause: str = Field(description="Vì sao bị tắc, cho người đọc.")
    reason: str | None = Field(description="Của chứng từ: lý do bị giữ.")
    found_at: InstantText


class StuckList(Wire):
    items: tuple[StuckItem, ...]
