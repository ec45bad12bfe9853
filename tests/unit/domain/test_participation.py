"""What is on record of a person: no month twice, spans merged, SI numbers (domain rules 6.4 and 7.3)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.months import Month, MonthSpan
from chalicelib.domain.people.evidence import History
from chalicelib.domain.people.participation import ParticipationPeriod, PersonRecord, less, merged, new_si_number
from tests.unit.domain.made import PAID_AT, quoted


def span(first: int, last: int) -> MonthSpan:
    """Months counted from January 2023, which is 0."""
    return MonthSpan(Month(2023, 1).plus(first), Month(2023, 1).plus(last))


SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 14)).map(lambda pair: span(pair[0], pair[0] + pair[1])), max_size=8
)


def period(months: MonthSpan, supported: int = 1) -> ParticipationPeriod:
    quote = quoted()
    return ParticipationPeriod(
        person="a1",
        span=months,
        income=quote.income,
        method="M1",
        support_category="OTHER",
        amount_gross=quote.amount_gross,
        amount_participant=quote.amount_participant,
        amount_state=quote.amount_state,
        amount_local=quote.amount_local,
        supported_months=supported,
        dossier_code="d",
        voucher_id="v",
        recorded_at=PAID_AT,
    )


@given(SPANS)
def test_merged_spans_hold_the_same_months_once_and_in_order(spans: list[MonthSpan]) -> None:
    joined = merged(spans)
    assert {month for each in joined for month in each.months()} == {m for each in spans for m in each.months()}
    for earlier, later in pairwise(joined):
        assert earlier.last.ordinal + 1 < later.first.ordinal, "neighbours are joined"
    assert merged(joined) == joined


@given(SPANS)
def test_the_order_of_the_spans_does_not_matter(spans: list[MonthSpan]) -> None:
    assert merged(reversed(spans)) == merged(spans)


@given(SPANS, st.integers(0, 70), st.integers(0, 5))
def test_a_month_is_never_paid_twice(spans: list[MonthSpan], first: int, length: int) -> None:
    record = PersonRecord("a1", version=3, covered=merged(spans))
    new = span(first, first + length)
    if any(each.overlaps(new) for each in spans):
        assert record.covers_any_of(new)
        with pytest.raises(ValueError, match="recorded already"):
            record.with_period(period(new), si_number=None, cover_id=None)
    else:
        after = record.with_period(period(new, 2), si_number=None, cover_id=None)
        assert after.covered == merged((*spans, new))
        assert (after.version, after.supported_months) == (4, 2)


def test_a_period_brings_the_first_number_and_the_first_cover() -> None:
    first = PersonRecord("a1").with_period(period(span(0, 0)), si_number="7912345678", cover_id="c1")
    assert (first.si_number, first.cover_id, first.supported_months) == ("7912345678", "c1", 1)
    second = first.with_period(period(span(1, 1)), si_number=None, cover_id=None)
    assert (second.si_number, second.cover_id, second.supported_months) == ("7912345678", "c1", 2)
    assert second.history == History(covered=(span(0, 1),), supported_months=2, si_number="7912345678")


def test_open_dossiers_guard_their_months() -> None:
    record = PersonRecord("a1").with_open("d1", span(0, 2)).with_open("d2", span(5, 5))
    assert record.version == 2
    assert record.open_dossier_over(span(2, 3)) == "d1"
    assert record.open_dossier_over(span(3, 4)) is None
    closed = record.without_open("d1")
    assert closed.open_dossier_over(span(2, 3)) is None
    assert closed.open_dossiers == {"d2": span(5, 5)}
    assert closed.version == 3


@given(st.text(), st.from_regex(r"[0-9]{2}", fullmatch=True), st.integers(0, 10**6))
def test_a_number_is_ten_digits_of_its_province_and_always_the_same(person: str, province: str, attempt: int) -> None:
    number = new_si_number(person, province, attempt)
    assert len(number) == 10
    assert number.isdigit()
    assert number.startswith(province)
    assert number == new_si_number(person, province, attempt)


def test_a_number_that_is_taken_is_passed_over() -> None:
    assert len({new_si_number("a1", "79", attempt) for attempt in range(100)}) == 100


@given(SPANS, st.integers(0, 60), st.integers(0, 14))
def test_what_is_taken_away_is_gone_and_nothing_else(spans: list[MonthSpan], start: int, length: int) -> None:
    taken = span(start, start + length)
    for each in spans:
        left = {month for part in less(each, taken) for month in part.months()}
        assert left == set(each.months()) - set(taken.months())


def test_a_period_that_is_void_leaves_no_trace_in_the_record() -> None:
    before = PersonRecord("a1", version=1, covered=(span(0, 5),), supported_months=6, cover_id="c0")
    with_one = before.with_period(period(span(6, 8), 3), si_number="7912345678", cover_id=None)
    without = with_one.without_period(span(6, 8), 3, revoked_covers=())
    assert (without.covered, without.supported_months, without.cover_id) == ((span(0, 5),), 6, "c0")
    assert without.version == with_one.version + 1
    assert with_one.without_period(span(6, 8), 3, revoked_covers=("c0",)).cover_id is None
    assert before.without_period(span(0, 5), 99, revoked_covers=()).supported_months == 0
