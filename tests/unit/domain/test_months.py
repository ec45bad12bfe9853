"""Months and Vietnamese time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.months import Month, MonthSpan, at_vietnam, instant_text

months = st.builds(Month, st.integers(1900, 2200), st.integers(1, 12))


@given(months, st.integers(-600, 600))
def test_moving_by_months_and_back(month: Month, by: int) -> None:
    moved = month.plus(by)

    assert moved.ordinal - month.ordinal == by
    assert moved.plus(-by) == month
    assert (moved > month) is (by > 0)


@given(months)
def test_a_month_is_written_as_it_is_read(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert Month.of(month.first_day) == Month.of(month.last_day) == month
    assert month.plus(1).first_day.toordinal() - month.last_day.toordinal() == 1


@pytest.mark.parametrize("text", ("2023-2", "2023-13", "2023-00", "0000-01", "2023-02-01", "202302", ""))
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)


def test_the_first_day_and_the_last() -> None:
    assert Month(2024, 2).last_day == date(2024, 2, 29)
    assert Month(2023, 12).plus(1) == Month(2024, 1)


@given(months, st.integers(1, 60), months, st.integers(1, 60))
def test_spans_overlap_where_they_share_a_month(one: Month, length: int, other: Month, more: int) -> None:
    first, second = MonthSpan.of_length(one, length), MonthSpan.of_length(other, more)

    assert first.length == length
    assert first.overlaps(second) is bool(set(first.months()) & set(second.months()))
    assert first.overlaps(second) is second.overlaps(first)


def test_a_span_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends before"):
        MonthSpan(Month(2023, 2), Month(2023, 1))


def test_instants_are_shown_on_the_vietnamese_clock() -> None:
    assert instant_text(datetime(2023, 2, 6, 2, 15, 22, 999, tzinfo=UTC)) == "2023-02-06T09:15:22+07:00"
    with pytest.raises(ValueError, match="offset"):
        at_vietnam(datetime(2023, 2, 6, 9))  # noqa: DTZ001
