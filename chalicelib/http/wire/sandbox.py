"""What the sandbox loads: the business clock and the four outside registers (contract 6)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.months import Month

from .base import Wire, WireBirthDate, WireDay, WireInstant, WireMonth, short_text

PersonalId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]


def _refuse_reversed(reversed_: bool) -> None:
    if reversed_:
        raise PydanticCustomError("invalid_value", "ends before it starts")


class ClockSetting(Wire):
    """Giờ nghiệp vụ của môi trường thử."""

    now: WireInstant


class PopulationEntry(Wire):
    """Một người trong CSDL quốc gia về dân cư."""

    personal_id: PersonalId
    full_name: Annotated[str, short_text(100)]
    birth_date: WireBirthDate
    gender: Literal["NAM", "NU"]
    province_code: Annotated[str, short_text(20)]
    commune_code: Annotated[str, short_text(20)]


class PoorHouseholdEntry(Wire):
    """Một lần có tên trong danh sách hộ nghèo, hộ cận nghèo; hai đầu đều tính."""

    personal_id: PersonalId
    category: Literal["POOR", "NEAR_POOR"]
    valid_from: WireDay
    valid_to: WireDay | None = None

    @field_validator("valid_to")
    @classmethod
    def _ends_after_start(cls, end: date | None, info: ValidationInfo) -> date | None:
        start: date | None = info.data.get("valid_from")
        _refuse_reversed(end is not None and start is not None and end < start)
        return end


class CompulsoryEntry(Wire):
    """Một khoảng tháng đóng BHXH bắt buộc; hai đầu đều tính."""

    personal_id: PersonalId
    from_month: WireMonth
    to_month: WireMonth

    @field_validator("to_month")
    @classmethod
    def _ends_after_start(cls, end: Month, info: ValidationInfo) -> Month:
        start: Month | None = info.data.get("from_month")
        _refuse_reversed(start is not None and end < start)
        return end


class BookEntry(Wire):
    """Sổ BHXH đã có; `paid_through` là tháng cuối đã đóng."""

    personal_id: PersonalId
    si_number: Annotated[str, Field(pattern=r"^[0-9]{10}$")]
    paid_through: WireMonth | None = None
