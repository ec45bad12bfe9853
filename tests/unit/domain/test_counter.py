"""Missing years (T2) and late payment (T3): domain rules 3.4 to 3.7 and the golden tests G1 and G2 (A22)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.amounts.contribution import Quote, QuoteRequest
from chalicelib.domain.amounts.counter import Retiree, quote_late, quote_missing
from chalicelib.domain.configuration.law import Law, Row, Table
from chalicelib.domain.errors import Rejected
from chalicelib.domain.months import Month
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.law import load

LAW = load()
OLD_MAN = Retiree(BirthDate(1950, 3, 1), Gender.MALE)


def fixed(name: str, value: object, law: Law = LAW) -> Law:
    """The law with one option set for all time."""
    changed: Any = {name: Table(name, [Row(date(2016, 1, 1), None, value, "made up")])}
    return replace(law, **changed)


def missing(day: str, income: int, months: int | None, used: int = 0, category: str = "OTHER") -> QuoteRequest:
    paid_on = date.fromisoformat(day)
    return QuoteRequest(income, "MISSING", months, Month.of(paid_on), category, "79", paid_on, used)


def late(day: str, first: str, income: int = 1_500_000, months: int | None = None, used: int = 0) -> QuoteRequest:
    return QuoteRequest(income, "LATE", months, Month.parse(first), "OTHER", "79", date.fromisoformat(day), used)


def codes(call: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as refused:
        call()
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_g1_the_official_case_of_2020_to_the_dong() -> None:
    made = quote_missing(missing("2020-04-15", 9_800_000, 116, used=15), OLD_MAN, LAW)

    assert made == Quote(
        income=9_800_000,
        method="MISSING",
        support_category="OTHER",
        province_code="79",
        paid_on=date(2020, 4, 15),
        months=116,
        from_month=Month(2020, 4),
        to_month=Month(2029, 11),
        monthly_contribution=2_156_000,
        amount_gross=335_926_546,
        amount_state=2_110_151,
        amount_local=0,
        amount_participant=333_816_395,
        supported_months=105,
        rate_r="0.4833",
        due_by=date(2020, 4, 15),
        explanation=(
            "22% x 9.800.000 = 2.156.000 đ/tháng",
            "Đủ tuổi nghỉ hưu (60 tuổi) trong tháng 03/2010",
            "116 tháng x 2.156.000, tính lãi gộp r = 0,4833%/tháng: 335.926.546 đ",
            "Trong đó tiền lãi: 85.830.546 đ",
            "Nhà nước hỗ trợ 10% x 22% x 700.000 trong 105/116 tháng: 2.110.151 đ",
            "Người tham gia đóng: 333.816.395 đ, hạn đóng 15/04/2020",
        ),
        rules={
            "rural_poverty_line": "2016-01-01",
            "base_salary": "2019-07-01",
            "support_rate": "2018-01-01",
            "fund_monthly_rate": "2020-01-01",
            "missing_limit_months": "2016-01-01",
            "missing_support_mode": "2016-01-01",
            "retirement_age": "2016-01-01",
        },
    )
    assert made.months * made.monthly_contribution - made.amount_state == 247_985_849


def test_g2_the_published_case_of_2017_within_2_dong() -> None:
    made = quote_missing(missing("2017-09-11", 12_000_000, 66), OLD_MAN, LAW)

    assert abs(made.amount_participant - 218_774_493) <= 2
    assert made.amount_participant == 218_774_491
    assert made.supported_months == 0


@pytest.mark.parametrize(
    ("income", "months", "principal", "gross", "interest"),
    (
        (1_500_000, 12, 3_960_000, 4_040_708, 80_708),
        (3_000_000, 36, 23_760_000, 25_173_244, 1_413_244),
        (2_000_000, 60, 26_400_000, 29_055_390, 2_655_390),
        (1_500_000, 60, 19_800_000, 21_791_542, 1_991_542),
    ),
)
def test_missing_months_in_2026(income: int, months: int, principal: int, gross: int, interest: int) -> None:
    made = quote_missing(missing("2026-08-03", income, months), OLD_MAN, fixed("missing_support_mode", "NONE"))

    assert (made.amount_gross, made.amount_participant) == (gross, gross)
    assert made.months * made.monthly_contribution == principal
    assert gross - principal == interest


@pytest.mark.parametrize(("mode", "state"), (("COMPOUNDED_FIRST_K", 2_110_151), ("FLAT", 1_617_000), ("NONE", 0)))
def test_support_for_missing_months_by_its_option(mode: str, state: int) -> None:
    law = fixed("missing_support_mode", mode)

    made = quote_missing(missing("2020-04-15", 9_800_000, 116, used=15), OLD_MAN, law)

    assert made.amount_state == state
    assert made.amount_participant == 335_926_546 - state


def test_support_for_missing_months_is_not_settled_since_july_2025() -> None:
    with pytest.raises(Rejected) as refused:
        quote_missing(missing("2026-08-03", 1_500_000, 12), OLD_MAN, LAW)

    fault = refused.value.faults[0]
    assert (fault.field, fault.code) == ("method", "MISSING_SUPPORT_NOT_CONFIGURED")
    assert fault.message == (
        "Chưa có hướng dẫn về Nhà nước hỗ trợ khi đóng cho những năm còn thiếu áp dụng cho ngày 03/08/2026. "
        "Vui lòng làm thủ tục tại cơ quan BHXH."
    )


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    (
        ("2026-08-03", 61, [("months", "MISSING_TOO_LONG")]),
        ("2026-08-03", 60, []),
        ("2020-03-02", 120, []),
        ("2020-03-02", 116, []),
        ("2020-03-02", 121, [("months", "MISSING_TOO_LONG")]),
        ("2020-03-02", 1, []),
        ("2020-03-02", 0, [("months", "MONTHS_NOT_ALLOWED")]),
        ("2020-03-02", None, [("months", "MONTHS_NOT_ALLOWED")]),
    ),
)
def test_how_many_missing_months_may_be_paid(day: str, months: int | None, expected: list[tuple[str, str]]) -> None:
    law = fixed("missing_support_mode", "NONE")
    asked = missing(day, 1_500_000, months)
    if expected:
        assert codes(lambda: quote_missing(asked, OLD_MAN, law)) == expected
    else:
        assert quote_missing(asked, OLD_MAN, law).months == months


@pytest.mark.parametrize(("day", "limit"), (("2025-06-30", 120), ("2025-07-01", 60)))
def test_the_limit_and_the_need_change_in_july_2025(day: str, limit: int) -> None:
    law = fixed("missing_support_mode", "NONE", fixed("fund_rate", "0.3100"))
    needed = 240 if limit == 120 else 180
    person = replace(OLD_MAN, contributed_months=needed - limit)

    assert quote_missing(missing(day, 1_500_000, limit), person, law).months == limit
    more = replace(person, contributed_months=needed - limit + 1)
    assert codes(lambda: quote_missing(missing(day, 1_500_000, limit), more, law)) == [
        ("months", "MISSING_BEYOND_NEED")
    ]
    assert codes(lambda: quote_missing(missing(day, 1_500_000, limit + 1), OLD_MAN, law)) == [
        ("months", "MISSING_TOO_LONG")
    ]


@pytest.mark.parametrize(
    ("born", "gender", "day", "reached"),
    (
        # 61 years 6 months in 2026 for men: born 02/1965, retirement age in 08/2026, payable from 07/2026.
        (BirthDate(1965, 2, 10), Gender.MALE, "2026-06-30", False),
        (BirthDate(1965, 2, 10), Gender.MALE, "2026-07-01", True),
        # 57 years for women.
        (BirthDate(1969, 8, 31), Gender.FEMALE, "2026-06-30", False),
        (BirthDate(1969, 8, 31), Gender.FEMALE, "2026-07-01", True),
        # Until June 2025 not before the month itself.
        (BirthDate(1960, 6, 10), Gender.MALE, "2020-05-31", False),
        (BirthDate(1960, 6, 10), Gender.MALE, "2020-06-01", True),
    ),
)
def test_only_from_retirement_age_on(born: BirthDate, gender: Gender, day: str, reached: bool) -> None:
    law = fixed("missing_support_mode", "NONE")
    person = Retiree(born, gender)

    if reached:
        assert quote_missing(missing(day, 1_500_000, 12), person, law).months == 12
    else:
        assert codes(lambda: quote_missing(missing(day, 1_500_000, 12), person, law)) == [
            ("birth_date", "RETIREMENT_AGE_NOT_REACHED")
        ]


def test_the_refusal_before_retirement_age_names_the_first_month() -> None:
    person = Retiree(BirthDate(1965, 2, 10), Gender.MALE)
    with pytest.raises(Rejected) as refused:
        quote_missing(missing("2026-06-30", 1_500_000, 12), person, fixed("missing_support_mode", "NONE"))

    assert refused.value.detail == "Chưa đủ tuổi nghỉ hưu: được đóng cho những năm còn thiếu từ tháng 07/2026."


def test_everything_wrong_with_missing_years_is_told_at_once() -> None:
    asked = QuoteRequest(1, "M1", 300, Month(2023, 2), "RICH", "99", date(2023, 2, 6), -1)
    person = Retiree(BirthDate(2000), Gender.MALE, contributed_months=1)

    assert codes(lambda: quote_missing(asked, person, LAW)) == [
        ("supported_months_used", "SUPPORTED_MONTHS_INVALID"),
        ("method", "METHOD_UNKNOWN"),
        ("months", "MISSING_TOO_LONG"),
        ("months", "MISSING_BEYOND_NEED"),
        ("income", "INCOME_BELOW_MIN"),
        ("income", "INCOME_NOT_ON_STEP"),
        ("support_category", "SUPPORT_CATEGORY_UNKNOWN"),
        ("province_code", "PROVINCE_NOT_VALID"),
        ("birth_date", "RETIREMENT_AGE_NOT_REACHED"),
        ("method", "RATE_NOT_CONFIGURED"),
    ]


EMPTY: Any = Table("made_up", [])


@pytest.mark.parametrize(
    ("table", "field"),
    (
        ("missing_limit_months", "paid_on"),
        ("pension_contribution_months", "paid_on"),
        ("missing_lead_months", "paid_on"),
        ("missing_support_mode", "method"),
        ("fund_rate", "method"),
        ("retirement_age", "birth_date"),
    ),
)
def test_missing_years_without_a_rule_are_refused(table: str, field: str) -> None:
    changed = {table: EMPTY}
    law = replace(LAW, **changed)

    found = codes(lambda: quote_missing(missing("2020-04-15", 9_800_000, 116), OLD_MAN, law))

    code = "RETIREMENT_AGE_NOT_CONFIGURED" if table == "retirement_age" else "MADE_UP_NOT_CONFIGURED"
    assert found == [(field, code)]


@pytest.mark.parametrize(
    ("method", "first", "day", "gross", "months_late"),
    (
        ("M1", "2026-07", "2026-08-03", 331_023, 1),
        ("M3", "2026-04", "2026-08-03", 996_148, 2),
        ("M12", "2025-09", "2026-08-03", 4_021_762, 5),
    ),
)
def test_late_periods_in_2026(method: str, first: str, day: str, gross: int, months_late: int) -> None:
    made = quote_late(late(day, first), method, LAW)

    assert made.amount_gross == gross
    assert made.amount_state == 66_000 * made.months
    assert made.amount_participant == gross - made.amount_state
    assert made.rate_r == "0.3100"
    assert f"(1 + 0,3100%)^{months_late}" in made.explanation[1]


def test_a_late_period_is_explained() -> None:
    made = quote_late(late("2026-08-03", "2026-04"), "M3", LAW)

    assert made == Quote(
        income=1_500_000,
        method="LATE",
        support_category="OTHER",
        province_code="79",
        paid_on=date(2026, 8, 3),
        months=3,
        from_month=Month(2026, 4),
        to_month=Month(2026, 6),
        monthly_contribution=330_000,
        amount_gross=996_148,
        amount_state=198_000,
        amount_local=0,
        amount_participant=798_148,
        supported_months=3,
        rate_r="0.3100",
        due_by=date(2026, 8, 3),
        explanation=(
            "22% x 1.500.000 = 330.000 đ/tháng",
            "3 x 330.000 x (1 + 0,3100%)^2 = 996.148 đ",
            "Trong đó tiền lãi: 6.148 đ",
            "Nhà nước hỗ trợ 20% x 22% x 1.500.000 trong 3 tháng: 198.000 đ",
            "Người tham gia đóng: 798.148 đ, hạn đóng 03/08/2026",
        ),
        rules={
            "rural_poverty_line": "2022-01-01",
            "reference_level": "2026-07-01",
            "support_rate": "2025-07-01",
            "fund_monthly_rate": "2026-01-01",
            "late_month_origin": "2016-01-01",
            "late_support_mode": "2016-01-01",
        },
    )


def test_each_missed_period_is_late_by_months_of_its_own() -> None:
    made = quote_late(late("2026-08-03", "2026-05", months=3), "M1", LAW)

    assert made.explanation[1] == (
        "1 x 330.000 x (1 + 0,3100%)^3 + 1 x 330.000 x (1 + 0,3100%)^2 + 1 x 330.000 x (1 + 0,3100%)^1 = 996.151 đ"
    )


def test_months_late_counted_from_the_first_missed_month() -> None:
    law = fixed("late_month_origin", "FIRST_MISSED_MONTH")

    made = quote_late(late("2026-08-03", "2026-04"), "M3", law)

    assert "(1 + 0,3100%)^5" in made.explanation[1]


def test_late_support_with_interest() -> None:
    law = fixed("late_support_mode", "COMPOUNDED")

    made = quote_late(late("2026-08-03", "2026-04", months=3, used=118), "M3", law)
    two_periods = quote_late(late("2026-08-03", "2026-05", months=3, used=118), "M1", law)

    assert (made.supported_months, made.amount_state) == (2, 132_820)  # 2 x 66,000 x 1.0031^2
    # 66,000 x 1.0031^3 + 66,000 x 1.0031^2; the third period is beyond the cap
    assert (two_periods.supported_months, two_periods.amount_state) == (2, 133_026)


def test_no_support_for_late_months_before_2018() -> None:
    made = quote_late(replace(late("2020-04-15", "2017-12", 700_000, months=3), paid_on=date(2020, 4, 15)), "M3", LAW)

    assert made.supported_months == 2
    assert made.amount_state == 30_800


@pytest.mark.parametrize(
    ("method", "first", "months", "day", "expected"),
    (
        ("M1", "2026-08", None, "2026-08-31", ("paid_on", "NOT_LATE")),
        ("M3", "2026-06", None, "2026-08-31", ("paid_on", "NOT_LATE")),
        ("M1", "2026-07", 2, "2026-08-31", ("paid_on", "NOT_LATE")),
        ("M3", "2026-01", 4, "2026-08-31", ("months", "MONTHS_NOT_ALLOWED")),
        ("M3", "2026-01", 0, "2026-08-31", ("months", "MONTHS_NOT_ALLOWED")),
        ("AHEAD", "2026-01", None, "2026-08-31", ("registered_method", "REGISTERED_METHOD_INVALID")),
        ("M2", "2026-01", None, "2026-08-31", ("registered_method", "REGISTERED_METHOD_INVALID")),
        ("M1", "2023-01", None, "2023-02-06", ("method", "RATE_NOT_CONFIGURED")),
    ),
)
def test_what_is_not_paid_late(
    method: str, first: str, months: int | None, day: str, expected: tuple[str, str]
) -> None:
    assert codes(lambda: quote_late(late(day, first, months=months), method, LAW)) == [expected]


def test_the_day_after_the_due_day_is_late() -> None:
    assert quote_late(late("2026-08-01", "2026-07"), "M1", LAW).amount_gross == 331_023
    assert codes(lambda: quote_late(late("2026-07-31", "2026-07"), "M1", LAW)) == [("paid_on", "NOT_LATE")]
    with pytest.raises(Rejected) as refused:
        quote_late(late("2026-07-31", "2026-07"), "M1", LAW)
    assert refused.value.detail == "Kỳ từ tháng 07/2026 chưa quá hạn đóng (31/07/2026)."


@pytest.mark.parametrize("table", ("late_month_origin", "late_support_mode", "fund_rate"))
def test_late_payment_without_a_rule_is_refused(table: str) -> None:
    changed = {table: EMPTY}
    law = replace(LAW, **changed)

    assert codes(lambda: quote_late(late("2026-08-03", "2026-07"), "M1", law)) == [("method", "MADE_UP_NOT_CONFIGURED")]


def test_everything_wrong_with_a_late_payment_is_told_at_once() -> None:
    asked = QuoteRequest(1, "M1", 2, Month(2023, 1), "RICH", "99", date(2023, 2, 6), -1)

    assert codes(lambda: quote_late(asked, "M3", LAW)) == [
        ("supported_months_used", "SUPPORTED_MONTHS_INVALID"),
        ("method", "METHOD_UNKNOWN"),
        ("months", "MONTHS_NOT_ALLOWED"),
        ("income", "INCOME_BELOW_MIN"),
        ("income", "INCOME_NOT_ON_STEP"),
        ("support_category", "SUPPORT_CATEGORY_UNKNOWN"),
        ("province_code", "PROVINCE_NOT_VALID"),
        ("method", "RATE_NOT_CONFIGURED"),
    ]


@settings(max_examples=60, deadline=None)
@given(
    steps=st.integers(0, 900),
    months=st.integers(1, 59),
    used=st.integers(0, 130),
    mode=st.sampled_from(["COMPOUNDED_FIRST_K", "FLAT", "NONE"]),
)
def test_missing_years_cost_more_with_income_and_months_and_add_up(
    steps: int, months: int, used: int, mode: str
) -> None:
    law = fixed("missing_support_mode", mode)
    income = 1_500_000 + 50_000 * steps

    made = quote_missing(missing("2026-08-03", income, months, used), OLD_MAN, law)
    longer = quote_missing(missing("2026-08-03", income, months + 1, used), OLD_MAN, law)
    dearer = quote_missing(missing("2026-08-03", income + 50_000, months, used), OLD_MAN, law)

    assert made.amount_gross == made.amount_participant + made.amount_state + made.amount_local
    assert made.amount_gross > made.months * made.monthly_contribution
    assert 0 <= made.amount_participant < longer.amount_participant
    assert made.amount_participant < dearer.amount_participant
    assert made.supported_months <= max(0, 120 - used)


@settings(max_examples=60, deadline=None)
@given(first=st.integers(1, 6), day=st.integers(1, 28), steps=st.integers(0, 900))
def test_a_late_period_costs_more_the_later_it_is_paid(first: int, day: int, steps: int) -> None:
    income = 1_500_000 + 50_000 * steps
    sooner, later = (
        quote_late(late(f"2026-{month:02d}-{day:02d}", f"2026-{first:02d}", income), "M1", LAW) for month in (7, 8)
    )

    assert 330_000 < sooner.amount_gross < later.amount_gross
    assert sooner.amount_state == later.amount_state == 66_000
