"""Retirement age by year: NĐ 135/2020/NĐ-CP Art. 4, with examples of its annex."""

from __future__ import annotations

from datetime import date

import pytest

from chalicelib.domain.configuration.law import RetirementAge, Row, Table
from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.domain.people.retirement import age_text, retirement
from chalicelib.law import load

TABLE = load().retirement_age


@pytest.mark.parametrize(
    ("year", "men", "women"),
    (
        (2020, "60 tuổi", "55 tuổi"),
        (2021, "60 tuổi 3 tháng", "55 tuổi 4 tháng"),
        (2022, "60 tuổi 6 tháng", "55 tuổi 8 tháng"),
        (2023, "60 tuổi 9 tháng", "56 tuổi"),
        (2024, "61 tuổi", "56 tuổi 4 tháng"),
        (2025, "61 tuổi 3 tháng", "56 tuổi 8 tháng"),
        (2026, "61 tuổi 6 tháng", "57 tuổi"),
        (2027, "61 tuổi 9 tháng", "57 tuổi 4 tháng"),
        (2028, "62 tuổi", "57 tuổi 8 tháng"),
        (2029, "62 tuổi", "58 tuổi"),
        (2034, "62 tuổi", "59 tuổi 8 tháng"),
        (2035, "62 tuổi", "60 tuổi"),
        (2050, "62 tuổi", "60 tuổi"),
    ),
)
def test_ages_by_year(year: int, men: str, women: str) -> None:
    ages = TABLE.on(date(year, 6, 15)).value

    assert (age_text(ages.men), age_text(ages.women)) == (men, women)


@pytest.mark.parametrize(
    ("born", "gender", "month", "age"),
    (
        # The first and last births of a row of the annex: the age is that of the year in which it is reached.
        ((1960, 12), Gender.MALE, "2020-12", 720),
        ((1961, 1), Gender.MALE, "2021-04", 723),
        ((1961, 9), Gender.MALE, "2021-12", 723),
        ((1961, 10), Gender.MALE, "2022-04", 726),
        ((1962, 6), Gender.MALE, "2022-12", 726),
        ((1962, 7), Gender.MALE, "2023-04", 729),
        ((1966, 4), Gender.MALE, "2028-04", 744),
        ((1990, 4), Gender.MALE, "2052-04", 744),
        ((1966, 1), Gender.FEMALE, "2021-05", 664),
        ((1966, 8), Gender.FEMALE, "2021-12", 664),
        ((1966, 9), Gender.FEMALE, "2022-05", 668),
        ((1969, 1), Gender.FEMALE, "2025-09", 680),
        ((1969, 5), Gender.FEMALE, "2026-05", 684),
        ((1975, 5), Gender.FEMALE, "2035-05", 720),
        ((1930, 1), Gender.FEMALE, "1985-01", 660),
    ),
)
def test_the_month_of_retirement_age(born: tuple[int, int], gender: Gender, month: str, age: int) -> None:
    found = retirement(BirthDate(*born, 15), gender, TABLE)

    assert (str(found.month), found.age_months) == (month, age)


def test_a_birth_year_alone_counts_from_january() -> None:
    assert retirement(BirthDate(1961), Gender.MALE, TABLE) == retirement(BirthDate(1961, 1, 1), Gender.MALE, TABLE)


def test_beyond_the_table_is_refused() -> None:
    closed = Table("retirement_age", [Row(date(2016, 1, 1), date(2020, 12, 31), RetirementAge(720, 660), "made up")])

    assert str(retirement(BirthDate(1960, 12), Gender.MALE, closed).month) == "2020-12"
    with pytest.raises(NotConfigured, match="RETIREMENT_AGE_NOT_CONFIGURED") as refused:
        retirement(BirthDate(1961, 1), Gender.MALE, closed)
    assert refused.value.detail == "Chưa có quy định tuổi nghỉ hưu cho năm sinh này."
