"""When a person reaches retirement age: the age rises by months every year (NĐ 135/2020/NĐ-CP Art. 4)."""

from __future__ import annotations

from typing import NamedTuple

from ..configuration.law import RetirementAge, Row, Table
from ..errors import NotConfigured
from ..months import Month
from .identity import BirthDate, Gender


class Retirement(NamedTuple):
    """The month of retirement age, and the row of the table that gives the age."""

    month: Month
    age_months: int
    row: Row[RetirementAge]


def retirement(birth_date: BirthDate, gender: Gender, table: Table[RetirementAge]) -> Retirement:
    """The month in which a person reaches retirement age: the first that meets the age of its own year.

    A birth date without day or month counts from its earliest day. Raises `NotConfigured`
    (RETIREMENT_AGE_NOT_CONFIGURED) for somebody who reaches it beyond the table; before it, the first row holds.
    """
    born = Month.of(birth_date.earliest)
    for row in table.rows:
        age = row.value.women if gender is Gender.FEMALE else row.value.men
        reached = born.plus(age)
        if row.effective_to is None or reached <= Month.of(row.effective_to):
            return Retirement(reached, age, row)
    raise NotConfigured("RETIREMENT_AGE_NOT_CONFIGURED", "Chưa có quy định tuổi nghỉ hưu cho năm sinh này.")


def age_text(months: int) -> str:
    """`61 tuổi 6 tháng`."""
    years, rest = divmod(months, 12)
    return f"{years} tuổi {rest} tháng" if rest else f"{years} tuổi"
