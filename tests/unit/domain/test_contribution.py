"""What a participant pays: the tables and worked examples of domain rules 2.2 to 2.4 and 3.1 to 3.3."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain.amounts.contribution import Quote, QuoteRequest, due_by, partial_faults, quote
from chalicelib.domain.amounts.parameters import highest_category
from chalicelib.domain.configuration.law import Law, LocalSupport, Row, Table
from chalicelib.domain.errors import Rejected
from chalicelib.domain.months import Month
from chalicelib.law import load

LAW = load()
CATEGORIES = ("POOR", "ISLAND", "NEAR_POOR", "ETHNIC_MINORITY", "OTHER")


def request(
    day: str, income: int, category: str = "OTHER", method: str = "M1", months: int | None = None, used: int = 0
) -> QuoteRequest:
    paid_on = date.fromisoformat(day)
    return QuoteRequest(income, method, months, Month.of(paid_on), category, "79", paid_on, used)


def with_local(kind: str, value: int, *, uniform: bool = True) -> Law:
    """The law with local support in province 79 for everybody."""
    rows = [Row(date(2022, 1, 1), date(2026, 12, 31), LocalSupport(kind, value, uniform), "made up")]
    table = Table("local_support", rows, gaps=True)
    return replace(LAW, local_support={("79", category): table for category in CATEGORIES})


def faults_of(asked: QuoteRequest, law: Law = LAW) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as refused:
        quote(asked, law)
    return [(fault.field, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("day", "income", "category", "gross", "state", "payable"),
    (
        ("2021-03-10", 700_000, "OTHER", 154_000, 15_400, 138_600),
        ("2023-01-30", 1_500_000, "OTHER", 330_000, 33_000, 297_000),
        ("2023-03-02", 2_000_000, "NEAR_POOR", 440_000, 82_500, 357_500),
        ("2023-07-15", 5_000_000, "POOR", 1_100_000, 99_000, 1_001_000),
        ("2025-08-05", 1_500_000, "POOR", 330_000, 165_000, 165_000),
        ("2025-08-05", 1_500_000, "ETHNIC_MINORITY", 330_000, 99_000, 231_000),
        ("2027-01-10", 2_200_000, "OTHER", 484_000, 96_800, 387_200),
    ),
)
def test_one_month_by_the_law_of_the_payment_day(
    day: str, income: int, category: str, gross: int, state: int, payable: int
) -> None:
    made = quote(request(day, income, category), LAW)

    assert (made.amount_gross, made.amount_state, made.amount_participant) == (gross, state, payable)
    assert made.amount_local == 0
    assert made.monthly_contribution == gross


@pytest.mark.parametrize(
    ("day", "category", "local", "state", "cut_to", "payable"),
    (
        ("2026-02-10", "OTHER", ("FIXED", 66_000), 66_000, 66_000, 198_000),
        ("2025-08-05", "POOR", ("PERCENT", 60), 165_000, 165_000, 0),
        ("2025-08-05", "OTHER", ("PERCENT", 10), 66_000, 33_000, 231_000),
    ),
)
def test_local_support_comes_after_the_states_and_is_cut_at_zero(
    day: str, category: str, local: tuple[str, int], state: int, cut_to: int, payable: int
) -> None:
    made = quote(request(day, 1_500_000, category), with_local(*local))

    assert (made.amount_state, made.amount_local, made.amount_participant) == (state, cut_to, payable)
    assert made.rules["local_support"] == "2022-01-01"
    assert any(line.startswith("Địa phương hỗ trợ thêm") for line in made.explanation)


@pytest.mark.parametrize(
    ("day", "local", "payable"),
    (("2023-02-06", 33_000, 264_000), ("2026-02-10", 66_000, 198_000), ("2027-01-10", 0, 387_200)),
)
def test_ha_noi_adds_its_own_support_in_2022_to_2026(day: str, local: int, payable: int) -> None:
    made = quote(replace(request(day, 2_200_000 if day > "2027" else 1_500_000), province_code="01"), LAW)

    assert (made.amount_local, made.amount_participant) == (local, payable)


def test_local_support_that_is_not_uniform_is_refused_online() -> None:
    law = with_local("FIXED", 1, uniform=False)

    assert faults_of(request("2023-02-06", 1_500_000), law) == [("province_code", "LOCAL_SUPPORT_NOT_UNIFORM")]


@pytest.mark.parametrize(
    ("day", "income", "codes"),
    (
        ("2023-01-30", 1_525_000, ["INCOME_NOT_ON_STEP"]),
        ("2023-01-30", 1_450_000, ["INCOME_BELOW_MIN"]),
        ("2023-06-30", 29_850_000, ["INCOME_ABOVE_MAX"]),
        ("2023-01-30", -1, ["INCOME_BELOW_MIN", "INCOME_NOT_ON_STEP"]),
        ("2022-01-01", 1_000_000, ["INCOME_BELOW_MIN"]),
    ),
)
def test_incomes_that_the_law_does_not_allow(day: str, income: int, codes: list[str]) -> None:
    assert faults_of(request(day, income)) == [("income", code) for code in codes]


@pytest.mark.parametrize(
    ("day", "highest", "contribution"),
    (
        ("2016-05-01", 24_200_000, 5_324_000),
        ("2017-07-01", 26_000_000, 5_720_000),
        ("2018-07-01", 27_800_000, 6_116_000),
        ("2019-07-01", 29_800_000, 6_556_000),
        ("2023-06-30", 29_800_000, 6_556_000),
        ("2023-07-01", 36_000_000, 7_920_000),
        ("2024-07-01", 46_800_000, 10_296_000),
        ("2025-07-01", 46_800_000, 10_296_000),
        ("2026-06-30", 46_800_000, 10_296_000),
        ("2026-07-01", 50_600_000, 11_132_000),
    ),
)
def test_the_highest_income_is_twenty_times_the_base(day: str, highest: int, contribution: int) -> None:
    assert quote(request(day, highest), LAW).monthly_contribution == contribution
    assert faults_of(request(day, highest + 50_000)) == [("income", "INCOME_ABOVE_MAX")]


@pytest.mark.parametrize(
    ("day", "lowest", "contribution"),
    (
        ("2021-12-31", 700_000, 154_000),
        ("2022-01-01", 1_500_000, 330_000),
        ("2026-12-31", 1_500_000, 330_000),
        ("2027-01-01", 2_200_000, 484_000),
    ),
)
def test_the_lowest_income_is_the_poverty_line(day: str, lowest: int, contribution: int) -> None:
    assert quote(request(day, lowest), LAW).monthly_contribution == contribution
    assert faults_of(request(day, lowest - 50_000)) == [("income", "INCOME_BELOW_MIN")]


def test_a_free_choice_of_income_is_rounded_once_half_up() -> None:
    free = replace(LAW, income_step=Table("income_step", [Row(date(2016, 1, 1), None, 0, "made up")]))

    made = quote(request("2023-02-06", 1_500_025, method="M3"), free)

    assert made.monthly_contribution == 330_006  # 330,005.5
    assert made.amount_gross == 990_017  # 990,016.5, not three times the rounded month


@pytest.mark.parametrize(
    ("category", "day", "state"),
    (
        ("POOR", "2025-06-30", 99_000),
        ("POOR", "2025-07-01", 165_000),
        ("ISLAND", "2025-06-30", 33_000),
        ("ISLAND", "2025-07-01", 165_000),
        ("NEAR_POOR", "2025-06-30", 82_500),
        ("NEAR_POOR", "2025-07-01", 132_000),
        ("ETHNIC_MINORITY", "2025-06-30", 33_000),
        ("ETHNIC_MINORITY", "2025-07-01", 99_000),
        ("OTHER", "2025-06-30", 33_000),
        ("OTHER", "2025-07-01", 66_000),
    ),
)
def test_state_support_by_category_and_date(category: str, day: str, state: int) -> None:
    assert quote(request(day, 3_000_000, category), LAW).amount_state == state


@pytest.mark.parametrize(("category", "state"), (("OTHER", 15_400), ("NEAR_POOR", 38_500), ("POOR", 46_200)))
def test_state_support_on_the_old_poverty_line(category: str, state: int) -> None:
    assert quote(request("2018-01-01", 700_000, category), LAW).amount_state == state


@pytest.mark.parametrize(
    ("category", "state"), (("OTHER", 96_800), ("ETHNIC_MINORITY", 145_200), ("NEAR_POOR", 193_600), ("POOR", 242_000))
)
def test_state_support_on_the_poverty_line_of_2027(category: str, state: int) -> None:
    assert quote(request("2027-01-01", 2_200_000, category), LAW).amount_state == state


@pytest.mark.parametrize(
    ("day", "method", "income", "category", "used", "gross", "state", "payable"),
    (
        ("2023-02-06", "M3", 1_500_000, "OTHER", 0, 990_000, 99_000, 891_000),
        ("2023-02-06", "M6", 1_500_000, "OTHER", 0, 1_980_000, 198_000, 1_782_000),
        ("2023-02-06", "M12", 1_500_000, "OTHER", 0, 3_960_000, 396_000, 3_564_000),
        ("2023-03-02", "M12", 2_000_000, "NEAR_POOR", 0, 5_280_000, 990_000, 4_290_000),
        ("2026-08-03", "M12", 1_500_000, "OTHER", 115, 3_960_000, 330_000, 3_630_000),
        ("2026-08-03", "M1", 1_500_000, "OTHER", 120, 330_000, 0, 330_000),
        ("2026-08-03", "M1", 1_500_000, "OTHER", 121, 330_000, 0, 330_000),
        ("2021-12-10", "M12", 1_000_000, "OTHER", 0, 2_640_000, 184_800, 2_455_200),
    ),
    ids=["M3", "M6", "A1-M12", "A2", "A17", "A17-after", "beyond-cap", "A14"],
)
def test_fixed_term_methods(
    day: str, method: str, income: int, category: str, used: int, gross: int, state: int, payable: int
) -> None:
    made = quote(request(day, income, category, method, used=used), LAW)

    assert (made.amount_gross, made.amount_state, made.amount_participant) == (gross, state, payable)


def test_the_cap_counts_supported_months() -> None:
    made = quote(request("2026-08-03", 1_500_000, method="M12", used=115), LAW)

    assert made.supported_months == 5
    assert "Nhà nước hỗ trợ 20% x 22% x 1.500.000 trong 5/12 tháng: 330.000 đ" in made.explanation


def test_no_support_for_months_before_2018() -> None:
    paid_2017 = quote(request("2017-12-01", 700_000, method="M3"), LAW)
    paid_2018 = replace(request("2018-01-10", 700_000, method="M3"), from_month=Month(2017, 11))

    assert (paid_2017.supported_months, paid_2017.amount_state) == (0, 0)
    assert (quote(paid_2018, LAW).supported_months, quote(paid_2018, LAW).amount_state) == (1, 15_400)
    long_ago = replace(paid_2018, from_month=Month(2016, 1))
    assert quote(long_ago, LAW).supported_months == 0


@pytest.mark.parametrize(
    ("method", "first", "last", "due"),
    (
        ("M1", "2023-02", "2023-02", "2023-02-28"),
        ("M3", "2023-02", "2023-04", "2023-04-30"),
        ("M6", "2023-02", "2023-07", "2023-05-31"),
        ("M12", "2023-02", "2024-01", "2023-08-31"),
    ),
)
def test_due_times(method: str, first: str, last: str, due: str) -> None:
    made = quote(replace(request("2023-02-06", 1_500_000, method=method), from_month=Month.parse(first)), LAW)

    assert (str(made.to_month), made.due_by.isoformat()) == (last, due)
    assert due_by(Month.parse(first), LAW.payment_methods[method], date(2023, 2, 6)).isoformat() == due


AHEAD_IN_2026 = [
    (1_500_000, 2, 7_644_801, 1_584_000, 6_060_801, 6_115_841),
    (1_500_000, 3, 11_259_443, 2_376_000, 8_883_443, 9_007_554),
    (1_500_000, 4, 14_742_290, 3_168_000, 11_574_290, 11_793_832),
    (1_500_000, 5, 18_098_148, 3_960_000, 14_138_148, 14_478_519),
    (3_000_000, 2, 15_289_603, 1_584_000, 13_705_603, 13_760_643),
    (3_000_000, 3, 22_518_885, 2_376_000, 20_142_885, 20_266_997),
    (3_000_000, 5, 36_196_296, 3_960_000, 32_236_296, 32_576_667),
    (5_000_000, 2, 25_482_671, 1_584_000, 23_898_671, 23_953_711),
    (5_000_000, 5, 60_327_161, 3_960_000, 56_367_161, 56_707_531),
]


@pytest.mark.parametrize(("income", "years", "gross", "state", "payable", "_"), AHEAD_IN_2026)
def test_years_ahead_a15_a22(income: int, years: int, gross: int, state: int, payable: int, _: int) -> None:
    made = quote(request("2026-08-03", income, method="AHEAD", months=12 * years), LAW)

    assert (made.amount_gross, made.amount_state, made.amount_participant) == (gross, state, payable)
    assert made.rate_r == "0.3100"
    assert made.rules["fund_monthly_rate"] == "2026-01-01"
    assert made.months == 12 * years
    assert made.due_by == date(2026, 8, 3)


@pytest.mark.parametrize(("income", "years", "gross", "_", "__", "payable"), AHEAD_IN_2026)
def test_years_ahead_with_support_discounted_too(
    income: int, years: int, gross: int, _: int, __: int, payable: int
) -> None:
    mode = Table("ahead_support_mode", [Row(date(2016, 1, 1), None, "DISCOUNTED", "made up")])
    law = replace(LAW, ahead_support_mode=mode)

    made = quote(request("2026-08-03", income, method="AHEAD", months=12 * years), law)

    assert (made.amount_gross, made.amount_participant) == (gross, payable)
    assert made.amount_local == 0


def test_years_ahead_when_even_the_first_month_is_discounted() -> None:
    offset = Table("ahead_exponent_offset", [Row(date(2016, 1, 1), None, 0, "made up")])

    made = quote(
        request("2026-08-03", 1_500_000, method="AHEAD", months=24), replace(LAW, ahead_exponent_offset=offset)
    )

    assert made.amount_gross == 7_621_176


def test_years_ahead_under_the_cap() -> None:
    made = quote(request("2026-08-03", 1_500_000, method="AHEAD", months=60, used=100), LAW)

    assert (made.supported_months, made.amount_participant) == (20, 16_778_148)


@pytest.mark.parametrize("day", ("2018-03-01", "2019-03-01", "2021-03-01", "2023-02-06", "2024-03-01", "2025-12-31"))
def test_years_ahead_without_a_rate_of_the_year_are_refused(day: str) -> None:
    assert faults_of(request(day, 3_000_000, method="AHEAD", months=24)) == [("method", "RATE_NOT_CONFIGURED")]


@pytest.mark.parametrize(
    ("law", "code"),
    (
        (replace(LAW, ahead_exponent_offset=Table("offset", [])), "OFFSET_NOT_CONFIGURED"),
        (replace(LAW, ahead_support_mode=Table("mode", [])), "MODE_NOT_CONFIGURED"),
    ),
)
def test_years_ahead_without_a_formula_are_refused(law: Law, code: str) -> None:
    assert faults_of(request("2026-08-03", 3_000_000, method="AHEAD", months=24), law) == [("method", code)]


@pytest.mark.parametrize(
    ("method", "months", "fault"),
    (
        ("AHEAD", None, ("months", "MONTHS_NOT_ALLOWED")),
        ("AHEAD", 12, ("months", "MONTHS_NOT_ALLOWED")),
        ("M3", 1, ("months", "MONTHS_NOT_ALLOWED")),
        ("MISSING", 61, ("method", "METHOD_NOT_ENABLED")),
        ("LATE", None, ("method", "METHOD_NOT_ENABLED")),
        ("M2", None, ("method", "METHOD_UNKNOWN")),
    ),
)
def test_methods_and_months_that_are_not_offered(method: str, months: int | None, fault: tuple[str, str]) -> None:
    assert faults_of(request("2026-08-03", 1_500_000, method=method, months=months)) == [fault]


def test_the_months_of_a_fixed_method_may_be_named() -> None:
    assert quote(request("2023-02-06", 1_500_000, method="M3", months=3), LAW).months == 3


def test_every_fault_is_told_at_once() -> None:
    asked = QuoteRequest(1_449_999, "LATE", None, Month(9001, 1), "RICH", "99", date(2023, 2, 6), -1)

    assert faults_of(asked) == [
        ("from_month", "FROM_MONTH_TOO_FAR"),
        ("supported_months_used", "SUPPORTED_MONTHS_INVALID"),
        ("method", "METHOD_NOT_ENABLED"),
        ("income", "INCOME_BELOW_MIN"),
        ("income", "INCOME_NOT_ON_STEP"),
        ("support_category", "SUPPORT_CATEGORY_UNKNOWN"),
        ("province_code", "PROVINCE_NOT_VALID"),
    ]


def test_a_day_before_all_tables_is_refused_not_guessed() -> None:
    found = faults_of(request("2009-01-01", 1_500_000))

    assert {field for field, _ in found} == {"paid_on"}
    assert "RURAL_POVERTY_LINE_NOT_CONFIGURED" in {code for _, code in found}


@pytest.mark.parametrize(("code", "day"), (("24", "2023-02-01"), ("27", "2025-06-30"), ("24", "2025-08-01")))
def test_a_province_of_the_day_is_accepted(code: str, day: str) -> None:
    assert quote(replace(request(day, 1_500_000), province_code=code), LAW).province_code == code


def test_a_province_of_another_date_is_refused() -> None:
    asked = replace(request("2025-08-01", 1_500_000), province_code="27")

    assert faults_of(asked) == [("province_code", "PROVINCE_NOT_VALID")]


def test_the_sample_of_the_contract() -> None:
    made = quote(request("2023-02-06", 1_500_000, method="M3"), LAW)

    assert made == Quote(
        income=1_500_000,
        method="M3",
        support_category="OTHER",
        province_code="79",
        paid_on=date(2023, 2, 6),
        months=3,
        from_month=Month(2023, 2),
        to_month=Month(2023, 4),
        monthly_contribution=330_000,
        amount_gross=990_000,
        amount_state=99_000,
        amount_local=0,
        amount_participant=891_000,
        supported_months=3,
        rate_r=None,
        due_by=date(2023, 4, 30),
        explanation=(
            "22% x 1.500.000 = 330.000 đ/tháng",
            "3 tháng x 330.000 = 990.000 đ",
            "Nhà nước hỗ trợ 10% x 22% x 1.500.000 trong 3 tháng: 99.000 đ",
            "Người tham gia đóng: 891.000 đ, hạn đóng 30/04/2023",
        ),
        rules={"rural_poverty_line": "2022-01-01", "base_salary": "2019-07-01", "support_rate": "2018-01-01"},
    )


@pytest.mark.parametrize(
    ("day", "rule"), (("2025-06-30", ("base_salary", "2024-07-01")), ("2025-07-01", ("reference_level", "2025-07-01")))
)
def test_the_reference_level_takes_over_from_the_base_salary(day: str, rule: tuple[str, str]) -> None:
    assert rule in quote(request(day, 1_500_000), LAW).rules.items()


def test_the_explanation_of_years_ahead_names_the_rate() -> None:
    made = quote(request("2026-08-03", 1_500_000, method="AHEAD", months=24), LAW)

    assert made.explanation[1] == "24 tháng x 330.000, chiết khấu r = 0,3100%/tháng: 7.644.801 đ"


def codes_of_parts(
    *,
    day: str = "2023-02-06",
    income: int | None = None,
    method: str | None = None,
    months: int | None = None,
    support_category: str | None = None,
    province_code: str | None = None,
) -> list[str]:
    found = partial_faults(
        LAW,
        date.fromisoformat(day),
        income=income,
        method=method,
        months=months,
        support_category=support_category,
        province_code=province_code,
    )
    return [fault.code for fault in found]


def test_what_can_be_read_of_a_choice_is_checked_alone() -> None:
    assert codes_of_parts() == []
    assert codes_of_parts(income=1) == ["INCOME_BELOW_MIN", "INCOME_NOT_ON_STEP"]
    assert codes_of_parts(method="AHEAD", months=24) == ["RATE_NOT_CONFIGURED"]
    assert codes_of_parts(method="M3", months=2) == ["MONTHS_NOT_ALLOWED"]
    assert codes_of_parts(support_category="RICH") == ["SUPPORT_CATEGORY_UNKNOWN"]
    assert codes_of_parts(province_code="99") == ["PROVINCE_NOT_VALID"]
    assert codes_of_parts(income=1_500_000, method="M1", support_category="OTHER", province_code="79") == []


def test_a_choice_is_not_judged_by_a_law_that_is_missing() -> None:
    codes = codes_of_parts(day="2009-01-01", income=1, method="M1", support_category="OTHER", province_code="79")

    assert codes
    assert all(code.endswith("_NOT_CONFIGURED") for code in codes)


days = st.dates(date(2016, 5, 1), date(2030, 12, 31))


@settings(max_examples=100, deadline=None)
@given(
    day=days,
    steps=st.integers(0, 400),
    category=st.sampled_from(CATEGORIES),
    method=st.sampled_from(["M1", "M3", "M6", "M12"]),
    used=st.integers(0, 130),
    local=st.tuples(st.sampled_from(["FIXED", "PERCENT"]), st.integers(0, 400_000)),
    ahead=st.integers(-3, 12),
)
def test_amounts_always_add_up(
    day: date, steps: int, category: str, method: str, used: int, local: tuple[str, int], ahead: int
) -> None:
    income = LAW.rural_poverty_line.on(day).value + 50_000 * steps
    asked = QuoteRequest(income, method, None, Month.of(day).plus(ahead), category, "79", day, used)
    law = with_local(*local)
    assume(law.provinces.get("79", day) is not None)

    made = quote(asked, law)

    assert made.amount_gross == made.amount_participant + made.amount_state + made.amount_local
    assert made.amount_gross == made.months * made.monthly_contribution
    assert min(made.amount_participant, made.amount_state, made.amount_local) >= 0
    assert made.supported_months <= max(0, 120 - used)
    assert made.to_month.ordinal - made.from_month.ordinal + 1 == made.months
    assert made.from_month.first_day <= made.due_by <= made.to_month.last_day


@settings(max_examples=60, deadline=None)
@given(
    steps=st.integers(0, 900),
    category=st.sampled_from(CATEGORIES),
    years=st.integers(2, 5),
    used=st.integers(0, 130),
    discounted=st.booleans(),
)
def test_paying_ahead_is_never_dearer_than_paying_plainly(
    steps: int, category: str, years: int, used: int, discounted: bool
) -> None:
    mode = Table("ahead_support_mode", [Row(date(2016, 1, 1), None, "DISCOUNTED" if discounted else "FLAT", "x")])
    asked = request("2026-08-03", 1_500_000 + 50_000 * steps, category, "AHEAD", 12 * years, used)

    made = quote(asked, replace(LAW, ahead_support_mode=mode))

    assert made.amount_gross == made.amount_participant + made.amount_state + made.amount_local
    assert 0 <= made.amount_participant <= made.amount_gross < made.months * made.monthly_contribution


@settings(max_examples=60, deadline=None)
@given(day=days, steps=st.integers(0, 400), category=st.sampled_from(CATEGORIES))
def test_a_higher_income_never_costs_less(day: date, steps: int, category: str) -> None:
    line = LAW.rural_poverty_line.on(day).value

    lower, higher = (
        quote(request(day.isoformat(), line + 50_000 * count, category), LAW) for count in (steps, steps + 1)
    )

    assert lower.amount_participant < higher.amount_participant
    assert lower.amount_state == higher.amount_state


@settings(max_examples=60, deadline=None)
@given(
    day=days,
    steps=st.integers(0, 400),
    category=st.sampled_from(CATEGORIES),
    used=st.integers(0, 130),
    methods=st.sampled_from([("M1", "M3"), ("M3", "M6"), ("M6", "M12")]),
)
def test_more_months_never_cost_less(day: date, steps: int, category: str, used: int, methods: tuple[str, str]) -> None:
    income = LAW.rural_poverty_line.on(day).value + 50_000 * steps

    fewer, more = (quote(request(day.isoformat(), income, category, method, used=used), LAW) for method in methods)

    assert fewer.amount_gross < more.amount_gross
    assert fewer.amount_participant < more.amount_participant
    assert fewer.amount_state <= more.amount_state


@settings(max_examples=60, deadline=None)
@given(steps=st.integers(0, 900), years=st.integers(2, 4), used=st.integers(0, 130))
def test_years_ahead_cost_more_with_income_and_years(steps: int, years: int, used: int) -> None:
    def ahead(income: int, months: int) -> Quote:
        return quote(request("2026-08-03", income, method="AHEAD", months=months, used=used), LAW)

    income = 1_500_000 + 50_000 * steps
    made = ahead(income, 12 * years)

    assert made.amount_participant < ahead(income, 12 * years + 12).amount_participant
    assert made.amount_participant < ahead(income + 50_000, 12 * years).amount_participant


def test_ahead_names_its_options_and_what_is_saved() -> None:
    made = quote(request("2026-08-03", 1_500_000, method="AHEAD", months=24), LAW)

    assert made.rules == {
        "rural_poverty_line": "2022-01-01",
        "reference_level": "2026-07-01",
        "support_rate": "2025-07-01",
        "fund_monthly_rate": "2026-01-01",
        "ahead_exponent_offset": "2025-07-01",
        "ahead_support_mode": "2016-01-01",
    }
    assert made.explanation == (
        "22% x 1.500.000 = 330.000 đ/tháng",
        "24 tháng x 330.000, chiết khấu r = 0,3100%/tháng: 7.644.801 đ",
        "Thấp hơn đóng từng tháng: 275.199 đ",
        "Nhà nước hỗ trợ 20% x 22% x 1.500.000 trong 24 tháng: 1.584.000 đ",
        "Người tham gia đóng: 6.060.801 đ, hạn đóng 03/08/2026",
    )


@pytest.mark.parametrize(
    ("category", "percent", "state", "local"),
    (
        # All of the contribution is supported, and more than the discounted sum: local support is cut.
        ("POOR", 50, 3_960_000, 3_684_801),
        ("POOR", 45, 3_960_000, 3_564_000),
    ),
)
def test_years_ahead_never_cost_less_than_nothing(category: str, percent: int, state: int, local: int) -> None:
    law = with_local("PERCENT", percent)

    made = quote(request("2026-08-03", 1_500_000, category, method="AHEAD", months=24), law)

    assert made.amount_gross == 7_644_801
    assert (made.amount_state, made.amount_local) == (state, local)
    assert made.amount_participant == 7_644_801 - state - local
    assert f"Địa phương hỗ trợ thêm trong 24 tháng: {local:,} đ".replace(",", ".") in made.explanation


@pytest.mark.parametrize(
    ("counts", "used", "old", "supported"),
    ((True, 115, 100, 5), (False, 115, 100, 12), (False, 115, 0, 5), (False, 120, 3, 3), (True, 0, 0, 12)),
)
def test_old_months_in_the_cap_are_an_option(counts: bool, used: int, old: int, supported: int) -> None:
    option = Table("support_cap_counts_old_months", [Row(date(2016, 1, 1), None, counts, "made up")])
    asked = replace(request("2026-08-03", 1_500_000, method="M12", used=used), supported_months_old=old)

    assert quote(asked, replace(LAW, support_cap_counts_old_months=option)).supported_months == supported


@pytest.mark.parametrize(("used", "old"), ((0, 1), (5, 6), (5, -1), (-1, 0), (-1, -1)))
def test_old_months_are_among_the_months_used(used: int, old: int) -> None:
    asked = replace(request("2026-08-03", 1_500_000, used=used), supported_months_old=old)

    assert faults_of(asked) == [("supported_months_used", "SUPPORTED_MONTHS_INVALID")]


@pytest.mark.parametrize(
    ("categories", "day", "highest"),
    (
        (("OTHER", "POOR"), "2023-02-06", "POOR"),
        (("ETHNIC_MINORITY", "NEAR_POOR"), "2023-02-06", "NEAR_POOR"),
        (("ETHNIC_MINORITY", "NEAR_POOR", "ISLAND"), "2025-07-01", "ISLAND"),
        (("ISLAND", "NEAR_POOR"), "2025-06-30", "NEAR_POOR"),
        (("POOR", "ISLAND"), "2025-07-01", "POOR"),
        (("OTHER",), "2025-07-01", "OTHER"),
    ),
)
def test_of_several_categories_the_highest_rate_counts(categories: tuple[str, ...], day: str, highest: str) -> None:
    assert highest_category(categories, date.fromisoformat(day), LAW) == highest


def test_a_method_for_the_counter_stays_there_even_if_the_portal_lists_it() -> None:
    methods = Table("portal_methods", [Row(date(2016, 1, 1), None, frozenset({"M1", "MISSING"}), "made up")])
    law = replace(LAW, portal_methods=methods)

    assert faults_of(request("2026-08-03", 1_500_000, method="MISSING", months=12), law) == [
        ("method", "METHOD_NOT_ENABLED")
    ]
    assert faults_of(request("2026-08-03", 1_500_000, method="M3"), law) == [("method", "METHOD_NOT_ENABLED")]


@pytest.mark.parametrize(
    ("day", "method", "income", "category", "local", "heso", "row"),
    (
        ("2023-03-02", "M12", 2_000_000, "NEAR_POOR", 0, 10, (5_280_000, 4_290_000, 990_000, 0)),
        ("2026-02-10", "M3", 1_500_000, "OTHER", 66_000, 0, (990_000, 594_000, 198_000, 198_000)),
        ("2025-08-05", "M6", 3_000_000, "POOR", 0, 30, (3_960_000, 2_970_000, 990_000, 0)),
    ),
)
def test_rows_of_form_d05(
    day: str, method: str, income: int, category: str, local: int, heso: int, row: tuple[int, int, int, int]
) -> None:
    """Domain rule 4.5: Tongtien = TienTudong + TienHotro + TienNSDP, Heso steps above the poverty line."""
    made = quote(request(day, income, category, method), with_local("FIXED", local))

    assert (made.amount_gross, made.amount_participant, made.amount_state, made.amount_local) == row
    paid_on = date.fromisoformat(day)
    assert (income - LAW.rural_poverty_line.on(paid_on).value) // LAW.income_step.on(paid_on).value == heso


def test_a14_a_new_poverty_line_asks_for_nothing_within_a_paid_period() -> None:
    paid = quote(request("2021-12-10", 1_000_000, method="M12"), LAW)

    assert (paid.amount_gross, paid.amount_state, paid.amount_participant) == (2_640_000, 184_800, 2_455_200)
    assert str(paid.to_month) == "2022-11"
    assert faults_of(request("2022-12-05", 1_000_000, method="M12")) == [("income", "INCOME_BELOW_MIN")]


@pytest.mark.parametrize(
    "short",
    (
        "rural_poverty_line",
        "base_salary",
        "income_ceiling_multiple",
        "income_step",
        "contribution_rate",
        "support_first_month",
        "support_cap_months",
        "support_cap_counts_old_months",
        "portal_methods",
    ),
)
def test_a_quote_without_one_of_its_tables_is_refused(short: str) -> None:
    gap: Any = Table("made_up", [])
    changed = {short: gap}

    assert faults_of(request("2023-02-06", 1_500_000), replace(LAW, **changed)) == [
        ("paid_on", "MADE_UP_NOT_CONFIGURED")
    ]
