"""What would be paid back for a payment that can no longer be used, and its derivation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Wire, WireDay, WireMonth
from .quote import QuoteRequestBody, RuleSource
from .scalars import Amount, DayText, MonthText


class RefundRequestBody(Wire):
    """Một lần đóng và sự việc xảy ra sau đó; không chứa dữ liệu cá nhân."""

    paid: QuoteRequestBody = Field(description="Lựa chọn đã đóng; `paid_on` là ngày đóng.")
    reason: Literal["COMPULSORY", "LUMP_SUM", "DEATH", "PENSION", "STOPPED"]
    event_month: WireMonth = Field(description="Tháng xảy ra sự việc.")
    asked_on: WireDay | None = Field(default=None, description="Ngày đề nghị; mặc định là hôm nay.")


class Refund(Wire):
    """Số tiền hoàn trả cho các tháng còn lại; `amount_gross` là tổng của ba phần kia."""

    first_month: MonthText
    months: int
    kept_months: int = Field(description="Số tháng vẫn được tính là đã tham gia.")
    amount_gross: Amount
    amount_participant: Amount = Field(description="Trả cho người tham gia hoặc thân nhân.")
    amount_state: Amount = Field(description="Trả về ngân sách Nhà nước.")
    amount_local: Amount = Field(description="Trả về ngân sách địa phương.")
    supported_months: int = Field(description="Số tháng được trừ khỏi tổng số tháng Nhà nước đã hỗ trợ.")
    explanation: tuple[str, ...]
    rules: dict[str, DayText]
    sources: tuple[RuleSource, ...]
