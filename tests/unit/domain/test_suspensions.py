"""A clock that stands still while papers are awaited: domain rule 5.5 and scenario A12."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import DerivationDay, Suspension, days_used, due_date
from chalicelib.law import load

CALENDAR = load().calendar


def at(text: str) -> datetime:
    """`2023-02-06 09:15` in Việt Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def pause(began: str, ended: str | None) -> Suspension:
    return Suspension(at(began), at(ended) if ended else None)


def test_a12_two_days_used_three_left() -> None:
    received = at("2023-02-06 10:00")
    assert due_date(received, 5, CALENDAR).due_at == at("2023-02-13 17:00")
    assert days_used(received, date(2023, 2, 8), CALENDAR) == 2

    due = due_date(received, 5, CALENDAR, [pause("2023-02-08 15:00", "2023-02-15 09:00")])

    assert due.due_at == at("2023-02-20 17:00")
    assert [day.date.day for day in due.derivation if day.counted] == [7, 8, 16, 17, 20]
    assert due.derivation[2] == DerivationDay(date(2023, 2, 9), counted=False, why="tạm dừng chờ bổ sung hồ sơ")
    assert due.derivation[-1] == DerivationDay(date(2023, 2, 20), counted=True, why="ngày làm việc 5/5")


@pytest.mark.parametrize(
    ("began", "ended", "counted"),
    (
        # Asked and supplied on one day: nothing is lost.
        ("2023-02-08 09:00", "2023-02-08 16:00", [7, 8, 9, 10, 13]),
        # The day of the notice is used up even if the notice came at its opening.
        ("2023-02-08 08:00", "2023-02-09 08:00", [7, 8, 10, 13, 14]),
        # Supplied after closing: counts from the next working day, which is day 0 of what is left.
        ("2023-02-08 09:00", "2023-02-09 17:00", [7, 8, 10, 13, 14]),
        ("2023-02-08 09:00", "2023-02-09 17:01", [7, 8, 13, 14, 15]),
        # Supplied on a Saturday: as on Monday.
        ("2023-02-08 09:00", "2023-02-11 09:00", [7, 8, 14, 15, 16]),
        # Asked on a Saturday: Friday is used up.
        ("2023-02-11 09:00", "2023-02-13 09:00", [7, 8, 9, 10, 14]),
        # Asked on the day of receipt: nothing is used up.
        ("2023-02-06 11:00", "2023-02-08 11:00", [9, 10, 13, 14, 15]),
    ),
)
def test_a_suspension_is_half_open(began: str, ended: str, counted: list[int]) -> None:
    due = due_date(at("2023-02-06 10:00"), 5, CALENDAR, [pause(began, ended)])

    assert [day.date.day for day in due.derivation if day.counted] == counted
    assert due.due_at == at(f"2023-02-{counted[-1]:02d} 17:00")


def test_two_suspensions_and_a_weekend_between() -> None:
    pauses = [pause("2023-02-07 09:00", "2023-02-09 09:00"), pause("2023-02-13 09:00", "2023-02-14 09:00")]

    due = due_date(at("2023-02-06 10:00"), 5, CALENDAR, pauses)

    assert [day.date.day for day in due.derivation if day.counted] == [7, 10, 13, 15, 16]
    assert [day.why for day in due.derivation if day.date.day in (11, 12)] == [
        "thứ bảy, ngày nghỉ hằng tuần",
        "chủ nhật, ngày nghỉ hằng tuần",
    ]


@pytest.mark.parametrize(
    ("began", "ended", "why"),
    (
        ("2023-02-08 09:00", None, "no due date"),
        ("2023-02-06 09:59", "2023-02-08 09:00", "after the receipt"),
        ("2023-02-08 09:00", "2023-02-08 08:59", "after the receipt"),
    ),
)
def test_suspensions_that_make_no_sense(began: str, ended: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        due_date(at("2023-02-06 10:00"), 5, CALENDAR, [pause(began, ended)])


@pytest.mark.parametrize(
    ("received", "until", "used"),
    (
        ("2023-02-06 10:00", "2023-02-06", 0),
        ("2023-02-06 10:00", "2023-02-05", 0),
        ("2023-02-06 10:00", "2023-02-07", 1),
        ("2023-02-06 10:00", "2023-02-12", 4),
        ("2023-02-06 18:00", "2023-02-07", 0),
        ("2023-01-19 10:00", "2023-01-27", 1),
    ),
)
def test_days_used(received: str, until: str, used: int) -> None:
    assert days_used(at(received), date.fromisoformat(until), CALENDAR) == used


working_days = st.dates(date(2023, 1, 3), date(2026, 9, 30)).filter(CALENDAR.is_working_day)


@settings(max_examples=100, deadline=None)
@given(first=working_days, one=st.integers(1, 15), two=st.integers(1, 15))
def test_counting_in_two_parts_is_counting_at_once(first: date, one: int, two: int) -> None:
    received = at(f"{first} 10:00")

    halfway = due_date(received, one, CALENDAR).due_at

    assert due_date(halfway, two, CALENDAR).due_at == due_date(received, one + two, CALENDAR).due_at
    assert days_used(received, halfway.date(), CALENDAR) == one


@settings(max_examples=100, deadline=None)
@given(first=working_days, limit=st.integers(2, 10), used=st.integers(0, 9), length=st.integers(1, 30))
def test_what_was_left_before_a_suspension_is_left_after_it(first: date, limit: int, used: int, length: int) -> None:
    used %= limit
    received = at(f"{first} 10:00")
    asked = due_date(received, used, CALENDAR).due_at.replace(hour=11) if used else received + timedelta(hours=1)
    supplied = due_date(asked, length, CALENDAR).due_at.replace(hour=9)

    due = due_date(received, limit, CALENDAR, [Suspension(asked, supplied)])

    assert due.due_at == due_date(supplied, limit - used, CALENDAR).due_at
    assert sum(day.counted for day in due.derivation) == limit
