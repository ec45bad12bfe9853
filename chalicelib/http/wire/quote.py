"""A choice to be priced, and the amount with its derivation (contract 2, POST /v1/quotes)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Wire, WireDay, WireMonth, short_text
from .scalars import Amount, DayText, MonthText


class QuoteRequestBody(Wire):
    """Lựa chọn mức đóng; không chứa dữ liệu cá nhân."""

    income: int = Field(description="Mức thu nhập chọn làm căn cứ đóng, đồng/tháng.")
    method: Literal["M1", "M3", "M6", "M12", "AHEAD", "MISSING", "LATE"]
    months: int | None = Field(default=None, description="Chỉ chọn với AHEAD: 24, 36, 48 hoặc 60.")
    from_month: WireMonth
    support_category: Annotated[str, short_text(30)]
    province_code: Annotated[str, short_text(20)]
    paid_on: WireDay | None = Field(default=None, description="Mặc định là hôm nay; chọn mọi tham số theo ngày này.")
    supported_months_used: int = Field(default=0, ge=0, le=1200)


class Quote(Wire):
    """Số tiền phải đóng và cách tính. `amount_gross` = `amount_participant` + `amount_state` + `amount_local`."""

    months: int
    from_month: MonthText
    to_month: MonthText
    monthly_contribution: Amount
    amount_gross: Amount
    amount_state: Amount
    amount_local: Amount
    amount_participant: Amount
    rate_r: str | None = Field(description="Lãi suất tháng (phần trăm, bốn số lẻ) khi đóng AHEAD.")
    due_by: DayText
    explanation: tuple[str, ...]
    rules: dict[str, DayText] = Field(description="Ngày bắt đầu hiệu lực của từng quy định đã dùng.")


class RuleSource(Wire):
    """Một dòng của một bảng quy định đã dùng để tính: dòng mà `rules` nêu tên, hoặc dòng chung của mọi cách tính."""

    table: str
    label: str = Field(description="Tên bảng bằng tiếng Việt.")
    value: str = Field(description="Giá trị để đọc, kèm đơn vị: `1.500.000 đ/tháng`.")
    effective_from: DayText
    effective_to: DayText | None
    source: str = Field(description="Văn bản làm căn cứ.")


class ExplainedQuote(Quote):
    """Số tiền phải đóng, cách tính và căn cứ pháp lý."""

    sources: tuple[RuleSource, ...] = Field(default=(), description="Căn cứ pháp lý, từng dòng quy định.")
