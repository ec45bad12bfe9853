"""What is paid back: domain rule 3.5 and scenario A16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.amounts.account import Terms
from chalicelib.domain.amounts.contribution import Quote, QuoteRequest, quote
from chalicelib.domain.amounts.refund import Refund, RefundReason, RefundRequest, kept_terms, refund
from chalicelib.domain.configuration.law import Law, LocalSupport, Row, Table
from chalicelib.domain.errors import Rejected
from chalicelib.domain.months import Month, MonthSpan
from chalicelib.law import load

LAW = load()
ASKED = date(2026, 9, 1)
COMPULSORY, DEATH = RefundReason.COMPULSORY, RefundReason.DEATH


def paid(
    day: str,
    first: str,
    method: str,
    income: int = 1_500_000,
    months: int | None = None,
    *,
    category: str = "OTHER",
    used: int = 0,
    law: Law = LAW,
) -> Quote:
    asked = QuoteRequest(income, method, months, Month.parse(first), category, "79", date.fromisoformat(day), used)
    return quote(asked, law)


def back(payment: Quote, reason: RefundReason, event: str, law: Law = LAW) -> Refund:
    return refund(RefundRequest(payment, reason, Month.parse(event), ASKED), law)


def codes(call: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as refused:
        call()
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_twelve_months_until_compulsory_insurance() -> None:
    payment = paid("2026-01-05", "2026-01", "M12")
    assert payment.amount_participant == 3_168_000

    made = back(payment, COMPULSORY, "2026-08")

    assert made == Refund(
        first_month=Month(2026, 8),
        months=5,
        kept=MonthSpan(Month(2026, 1), Month(2026, 7)),
        amount_gross=1_650_000,
        amount_participant=1_320_000,
        amount_state=330_000,
        amount_local=0,
        supported_months=5,
        explanation=(
            "Còn lại 5/12 tháng, từ 08/2026 đến 12/2026",
            "5 tháng x 330.000: 1.650.000 đ",
            "Trả lại ngân sách Nhà nước phần hỗ trợ 5 tháng: 330.000 đ",
            "Hoàn trả người tham gia: 1.320.000 đ",
        ),
        rules={
            "rural_poverty_line": "2022-01-01",
            "reference_level": "2025-07-01",
            "support_rate": "2025-07-01",
            "refund_first_month_rule": "2016-01-01",
        },
    )


def test_three_months_and_a_death_in_the_second() -> None:
    made = back(paid("2026-01-05", "2026-01", "M3"), DEATH, "2026-02")

    assert (made.first_month, made.months, made.amount_participant) == (Month(2026, 3), 1, 264_000)


@pytest.mark.parametrize(
    ("income", "years", "left", "tail", "state", "payable"),
    (
        (3_000_000, 3, 20, 12_200_152, 1_320_000, 10_880_152),
        (1_500_000, 5, 47, 13_886_801, 3_102_000, 10_784_801),
        (5_000_000, 2, 6, 6_194_315, 396_000, 5_798_315),
    ),
    ids=["A16", "47-of-60", "6-of-24"],
)
def test_years_ahead(income: int, years: int, left: int, tail: int, state: int, payable: int) -> None:
    payment = paid("2026-08-03", "2026-08", "AHEAD", income, 12 * years)
    event = str(payment.to_month.plus(1 - left))

    made = back(payment, COMPULSORY, event)

    assert (made.amount_gross, made.amount_state, made.amount_participant) == (tail, state, payable)
    assert (made.months, made.supported_months) == (left, left)
    assert made.kept is not None
    assert made.kept.length == 12 * years - left
    assert "chiết khấu r = 0,3100%/tháng" in made.explanation[1]


def test_a16_sixteen_months_stay() -> None:
    payment = paid("2026-08-03", "2026-08", "AHEAD", 3_000_000, 36)
    assert payment.amount_participant == 20_142_885

    made = back(payment, COMPULSORY, "2027-12")

    assert made.kept == MonthSpan(Month(2026, 8), Month(2027, 11))
    assert made.kept.length == 16
    assert made.supported_months == 20
    assert made.rules["fund_monthly_rate"] == "2026-01-01"


def test_the_rate_of_the_payment_holds_when_a_later_one_is_published() -> None:
    payment = paid("2026-08-03", "2026-08", "AHEAD", 3_000_000, 36)
    rates = Table("fund_monthly_rate", [Row(date(2016, 1, 1), None, "0.5000", "made up")])

    assert back(payment, COMPULSORY, "2027-12", replace(LAW, fund_rate=rates)).amount_participant == 10_880_152


@pytest.mark.parametrize(
    ("reason", "event", "first"),
    (
        ("COMPULSORY", "2026-08", "2026-08"),
        ("PENSION", "2026-08", "2026-08"),
        ("DEATH", "2026-08", "2026-09"),
        ("LUMP_SUM", "2026-08", "2026-09"),
    ),
)
def test_the_first_month_paid_back_by_reason(reason: str, event: str, first: str) -> None:
    made = back(paid("2026-01-05", "2026-01", "M12"), RefundReason(reason), event)

    assert str(made.first_month) == first


def test_the_first_month_rule_is_an_option() -> None:
    everything_next: Any = dict.fromkeys(RefundReason, "NEXT_MONTH")
    rule = Table("refund_first_month_rule", [Row(date(2016, 1, 1), None, everything_next, "made up")])

    made = back(paid("2026-01-05", "2026-01", "M12"), COMPULSORY, "2026-08", replace(LAW, refund_first_month_rule=rule))

    assert (made.months, made.amount_participant) == (4, 1_056_000)


@pytest.mark.parametrize(
    ("used", "event", "state", "payable", "supported"),
    (
        # Five months were supported, the first five: none of the five left.
        (115, "2026-08", 0, 1_650_000, 0),
        (115, "2026-05", 66_000, 2_574_000, 1),
        (115, "2026-01", 330_000, 3_630_000, 5),
    ),
)
def test_only_what_was_supported_goes_back_to_the_state(
    used: int, event: str, state: int, payable: int, supported: int
) -> None:
    made = back(paid("2026-01-05", "2026-01", "M12", used=used), COMPULSORY, event)

    assert (made.amount_state, made.amount_participant, made.supported_months) == (state, payable, supported)


def test_months_before_2018_were_never_supported() -> None:
    payment = paid("2018-01-10", "2017-11", "M3", 700_000)

    made = back(payment, COMPULSORY, "2017-12")

    assert (made.amount_state, made.amount_participant, made.supported_months) == (15_400, 292_600, 1)


def with_local(kind: str, value: int) -> Law:
    rows = [Row(date(2022, 1, 1), None, LocalSupport(kind, value, uniform_per_group=True), "made up")]
    return replace(LAW, local_support={("79", "OTHER"): Table("local_support", rows, gaps=True)})


def test_the_provinces_share_goes_back_to_the_province() -> None:
    law = with_local("FIXED", 66_000)

    made = back(paid("2026-01-05", "2026-01", "M12", law=law), COMPULSORY, "2026-08", law)

    assert (made.amount_local, made.amount_state, made.amount_participant) == (330_000, 330_000, 990_000)
    assert made.explanation[3] == "Trả lại ngân sách địa phương: 330.000 đ"
    assert made.rules["local_support"] == "2022-01-01"


def test_nobody_owes_money_because_the_kept_months_were_not_discounted_yet() -> None:
    law = with_local("PERCENT", 72)
    payment = paid("2026-08-03", "2026-08", "AHEAD", 1_500_000, 60, law=law)
    assert payment.amount_participant == 0  # support is plain, the contribution discounted: 92% is all of it
    assert paid("2026-08-03", "2026-08", "M1", law=law).amount_participant == 26_400

    made = back(payment, COMPULSORY, "2026-09", law)

    assert made.amount_participant == 0
    assert made.amount_gross == made.amount_state + made.amount_local == 17_768_148
    assert made.amount_state == 59 * 66_000


def test_an_event_before_the_first_month_gives_everything_back() -> None:
    payment = paid("2026-01-05", "2026-02", "M3")

    made = back(payment, COMPULSORY, "2026-01")

    assert (made.months, made.first_month, made.kept) == (3, Month(2026, 2), None)
    assert made.amount_participant == payment.amount_participant


@pytest.mark.parametrize(
    ("method", "months", "reason", "event", "expected"),
    (
        ("M1", None, "COMPULSORY", "2026-08", ("method", "REFUND_METHOD_NOT_ALLOWED")),
        ("M12", None, "STOPPED", "2026-10", ("reason", "REFUND_REASON_NOT_ALLOWED")),
        ("M3", None, "COMPULSORY", "2026-11", ("event_month", "NOTHING_TO_REFUND")),
        ("M3", None, "DEATH", "2026-10", ("event_month", "NOTHING_TO_REFUND")),
    ),
)
def test_what_is_not_paid_back(
    method: str, months: int | None, reason: str, event: str, expected: tuple[str, str]
) -> None:
    payment = paid("2026-08-03", "2026-08", method, months=months)

    assert codes(lambda: back(payment, RefundReason(reason), event)) == [expected]


@pytest.mark.parametrize("method", ("MISSING", "LATE", "M2"))
def test_methods_settled_by_an_officer_are_not_refundable(method: str) -> None:
    payment = replace(paid("2026-08-03", "2026-08", "M12"), method=method)

    assert codes(lambda: back(payment, COMPULSORY, "2026-09")) == [("method", "REFUND_METHOD_NOT_ALLOWED")]


def test_everything_that_stands_in_the_way_is_told_at_once() -> None:
    payment = replace(paid("2026-08-03", "2026-08", "M1"), support_category="RICH")

    assert codes(lambda: back(payment, RefundReason.STOPPED, "2026-09")) == [
        ("method", "REFUND_METHOD_NOT_ALLOWED"),
        ("reason", "REFUND_REASON_NOT_ALLOWED"),
        ("support_category", "SUPPORT_CATEGORY_UNKNOWN"),
    ]


def test_amounts_that_the_law_on_file_does_not_give_need_an_officer() -> None:
    payment = paid("2026-01-05", "2026-01", "M12")

    for wrong in (
        replace(payment, amount_participant=payment.amount_participant + 1),
        replace(payment, amount_state=payment.amount_state + 1),
        replace(payment, amount_local=1),
        replace(payment, amount_gross=payment.amount_gross - 1),
    ):
        assert codes(lambda wrong=wrong: back(wrong, COMPULSORY, "2026-08")) == [  # type: ignore[misc]
            ("paid", "REFUND_NEEDS_OFFICER")
        ]


EMPTY: Any = Table("made_up", [])


@pytest.mark.parametrize(
    ("table", "field"),
    (("refund_reasons", "reason"), ("refund_first_month_rule", "reason"), ("ahead_support_mode", "method")),
)
def test_a_refund_without_a_rule_is_refused(table: str, field: str) -> None:
    payment = paid("2026-08-03", "2026-08", "AHEAD", 3_000_000, 36)
    changed = {table: EMPTY}

    found = codes(lambda: back(payment, COMPULSORY, "2027-12", replace(LAW, **changed)))

    assert found == [(field, "MADE_UP_NOT_CONFIGURED")]


@settings(max_examples=150, deadline=None)
@given(
    steps=st.integers(0, 900),
    choice=st.sampled_from([("M3", 3), ("M6", 6), ("M12", 12), ("AHEAD", 24), ("AHEAD", 60)]),
    category=st.sampled_from(["POOR", "NEAR_POOR", "OTHER"]),
    used=st.integers(0, 130),
    kept=st.integers(0, 59),
    discounted=st.booleans(),
    local=st.tuples(st.sampled_from(["FIXED", "PERCENT"]), st.integers(0, 400_000)),
)
def test_a_refund_is_never_more_than_was_paid(
    steps: int,
    choice: tuple[str, int],
    category: str,
    used: int,
    kept: int,
    discounted: bool,
    local: tuple[str, int],
) -> None:
    mode = Table("ahead_support_mode", [Row(date(2016, 1, 1), None, "DISCOUNTED" if discounted else "FLAT", "x")])
    law = replace(with_local(*local), ahead_support_mode=mode)
    method, months = choice
    kept %= months
    payment = paid(
        "2026-08-03", "2026-08", method, 1_500_000 + 50_000 * steps, months, category=category, used=used, law=law
    )

    made = back(payment, COMPULSORY, str(Month(2026, 8).plus(kept)), law)
    everything = back(payment, COMPULSORY, "2026-08", law)

    assert made.amount_gross == made.amount_participant + made.amount_state + made.amount_local
    assert min(made.amount_participant, made.amount_state, made.amount_local) >= 0
    assert made.amount_participant <= payment.amount_participant
    assert made.amount_state <= payment.amount_state
    assert (everything.amount_participant, everything.amount_state, everything.amount_local) == (
        payment.amount_participant,
        payment.amount_state,
        payment.amount_local,
    )
    assert everything.supported_months == payment.supported_months


# What is left once accounting has paid back the rest


def test_what_is_kept_is_the_payment_less_the_refund() -> None:
    asked = QuoteRequest(3_000_000, "AHEAD", 36, Month(2026, 8), "OTHER", "79", date(2026, 8, 3))
    paid = quote(asked, load())
    back = refund(RefundRequest(paid, RefundReason.COMPULSORY, Month(2027, 12), date(2027, 12, 1)), load())
    kept = kept_terms(paid, 16, load())
    assert (paid.amount_gross - kept.gross, paid.amount_state - kept.state) == (back.amount_gross, back.amount_state)
    assert paid.amount_participant - kept.participant == back.amount_participant == 10_880_152
    assert paid.supported_months - kept.supported_months == back.supported_months


@pytest.mark.parametrize("changes", ({"amount_participant": 3_000_000}, {"support_category": "NOBODY"}))
def test_what_the_law_does_not_give_is_kept_by_the_month(changes: dict[str, Any]) -> None:
    paid = quote(QuoteRequest(1_500_000, "M12", None, Month(2026, 1), "OTHER", "79", date(2026, 1, 5)), load())
    odd = replace(paid, **changes)
    kept = kept_terms(odd, 7, load())
    assert kept == Terms(
        7, 2_310_000, 2_310_000 - odd.amount_participant * 7 // 12, 0, odd.amount_participant * 7 // 12, 7
    )


@pytest.mark.parametrize("kept", (0, 12, 13))
def test_a_refund_keeps_some_and_gives_some_back(kept: int) -> None:
    paid = quote(QuoteRequest(1_500_000, "M12", None, Month(2026, 1), "OTHER", "79", date(2026, 1, 5)), load())
    with pytest.raises(ValueError, match="keeps at least one"):
        kept_terms(paid, kept, load())
