"""Rows of the law's tables as a publisher drafts them, and what is told of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Wire, WireDay, short_text
from .scalars import DayText, InstantText

Why = Annotated[str, short_text(200)]


class DaysOff(Wire):
    """Những ngày nghỉ liền nhau, hai đầu đều tính."""

    from_: WireDay = Field(alias="from")
    to: WireDay
    why: Why


class SwappedDay(Wire):
    """Một ngày thứ bảy làm bù."""

    date: WireDay
    why: Why


class RuleRow(Wire):
    """Một dòng của một bảng quy định. Trường nào cần có là tùy bảng; mỗi dòng phải nêu văn bản làm căn cứ."""

    from_: WireDay | None = Field(default=None, alias="from", description="Ngày đầu áp dụng.")
    to: WireDay | None = Field(default=None, description="Ngày cuối áp dụng; null là chưa định.")
    value: Any = Field(default=None, description="Giá trị, theo đơn vị của bảng.")
    source: Annotated[str, short_text(300)]
    category: Annotated[str, short_text(30)] | None = None
    province: Annotated[str, Field(pattern=r"^[0-9]{2}$")] | None = None
    kind: Literal["FIXED", "PERCENT"] | None = None
    uniform_per_group: bool | None = None
    year: Annotated[int, Field(ge=2016, le=2999)] | None = None
    days_off: Annotated[tuple[DaysOff, ...], Field(strict=False, max_length=60)] | None = None
    working_saturdays: Annotated[tuple[SwappedDay, ...], Field(strict=False, max_length=20)] | None = None


class RulesDraft(Wire):
    """Dự thảo: các dòng mới của một bảng."""

    rows: Annotated[tuple[RuleRow, ...], Field(strict=False, max_length=100)]
    correction: bool = Field(default=False, description="Đính chính: được sửa cả dòng đã hoặc đang áp dụng.")
    reason: Annotated[str, short_text(500)]


class AmountDifference(Wire):
    """Một lựa chọn có số tiền khác đi; null kèm mã lỗi là không được chấp nhận."""

    paid_on: DayText
    income: int
    method: str
    support_category: str
    province_code: str
    before: int | None
    after: int | None
    before_code: str | None
    after_code: str | None


class DayDifference(Wire):
    """Một ngày đổi loại: OFF nghỉ, WORKING làm bù, WEEKDAY theo thứ trong tuần."""

    date: DayText
    before: Literal["OFF", "WORKING", "WEEKDAY"]
    after: Literal["OFF", "WORKING", "WEEKDAY"]


class RulesPreview(Wire):
    """Dự thảo làm thay đổi những gì; hồ sơ đang chạy giữ nguyên số tiền đã báo."""

    amounts: tuple[AmountDifference, ...]
    days: tuple[DayDifference, ...]


class RulesChange(Wire):
    """Một bản dự thảo hoặc bản đã công bố."""

    table: str
    version: int
    state: Literal["DRAFT", "PUBLISHED"]
    correction: bool
    reason: str
    rows: tuple[dict[str, Any], ...]
    drafted_by: str
    drafted_at: InstantText
    published_by: str | None
    published_at: InstantText | None


class RulesDrafted(Wire):
    """`change` là null khi chỉ xem trước (dry_run=true)."""

    change: RulesChange | None
    preview: RulesPreview


class RulesTable(Wire):
    """Một bảng quy định đang có hiệu lực, cùng các lần thay đổi."""

    table: str
    rows: tuple[dict[str, Any], ...]
    changes: tuple[RulesChange, ...]
