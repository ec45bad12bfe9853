"""Why this amount: the rows of the law behind a quote."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.amounts.contribution import QuoteRequest, quote
from chalicelib.domain.amounts.counter import Retiree, quote_missing
from chalicelib.domain.amounts.sources import Source, sources_of
from chalicelib.domain.configuration.law import Law, LocalSupport, Row, Table
from chalicelib.domain.months import Month
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.law import load

LAW = load()
STANDING = [
    "contribution_rate",
    "income_step",
    "income_ceiling_multiple",
    "support_cap_months",
    "support_first_month",
]


def request(day: str, method: str = "M1", months: int | None = None, province: str = "79") -> QuoteRequest:
    paid_on = date.fromisoformat(day)
    return QuoteRequest(1_500_000, method, months, Month.of(paid_on), "OTHER", province, paid_on)


def by_table(asked: QuoteRequest, law: Law = LAW) -> dict[str, Source]:
    return {source.table: source for source in sources_of(quote(asked, law), law)}


def test_every_rule_has_its_value_dates_and_document() -> None:
    made = quote(request("2023-02-06"), LAW)

    found = sources_of(made, LAW)

    assert [source.table for source in found] == ["rural_poverty_line", "base_salary", "support_rate", *STANDING]
    assert found[0] == Source(
        table="rural_poverty_line",
        label="chuẩn hộ nghèo khu vực nông thôn",
        value="1.500.000 đ/tháng",
        effective_from=date(2022, 1, 1),
        effective_to=date(2026, 12, 31),
        source="NĐ 07/2021/NĐ-CP, áp dụng tiếp năm 2026",
    )
    assert {name: day.isoformat() for name, day in _firsts(found).items() if name in made.rules} == made.rules


def _firsts(found: tuple[Source, ...]) -> dict[str, date]:
    return {source.table: source.effective_from for source in found}


@pytest.mark.parametrize(
    ("table", "value"),
    (
        ("base_salary", "1.490.000 đ/tháng"),
        ("support_rate", "10%"),
        ("contribution_rate", "22%"),
        ("income_step", "50.000 đ"),
        ("income_ceiling_multiple", "20 lần"),
        ("support_cap_months", "120 tháng"),
        ("support_first_month", "2018-01"),
        ("local_support", "33.000 đ/tháng"),
    ),
)
def test_values_as_people_read_them(table: str, value: str) -> None:
    assert by_table(request("2023-02-06", province="01"))[table].value == value


def test_values_of_years_ahead() -> None:
    found = by_table(request("2026-08-03", "AHEAD", 24))

    assert found["fund_monthly_rate"].value == "0,3100%/tháng"
    assert found["reference_level"].value == "2.530.000 đ/tháng"
    assert found["ahead_support_mode"].value == "FLAT"
    assert found["ahead_exponent_offset"].value == "1"


def test_values_of_missing_years() -> None:
    asked = QuoteRequest(9_800_000, "MISSING", 116, Month(2020, 4), "OTHER", "79", date(2020, 4, 15), 15)
    made = quote_missing(asked, Retiree(BirthDate(1950), Gender.MALE), LAW)

    found = {source.table: source.value for source in sources_of(made, LAW)}

    assert found["retirement_age"] == "nam 60 tuổi, nữ 55 tuổi"
    assert found["missing_limit_months"] == "120 tháng"
    assert found["missing_support_mode"] == "COMPOUNDED_FIRST_K"


def test_a_percentage_of_local_support() -> None:
    rows = [Row(date(2022, 1, 1), None, LocalSupport("PERCENT", 60, uniform_per_group=True), "made up")]
    law = replace(LAW, local_support={("79", "OTHER"): Table("local_support", rows, gaps=True)})

    assert by_table(request("2023-02-06"), law)["local_support"].value == "60%"


def test_a_row_that_is_no_longer_there_is_left_out() -> None:
    made = quote(request("2023-02-06"), LAW)
    moved = Table("base_salary", [Row(date(2020, 1, 1), None, 1_490_000, "made up")])
    gone = Table("income_step", [Row(date(2024, 1, 1), None, 50_000, "made up")])

    found = {source.table for source in sources_of(made, replace(LAW, base_salary=moved, income_step=gone))}

    assert "base_salary" not in found
    assert "income_step" not in found
    assert "rural_poverty_line" in found
