"""Working time that is left: whole hours of eight-hour days."""

from __future__ import annotations

from datetime import datetime

import pytest

from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.registration.remaining import remaining_working_hours
from chalicelib.law import load


@pytest.mark.parametrize(
    ("now", "due", "hours"),
    (
        # The five working days of a Monday's dossier, and its own day.
        ("2023-02-06T07:00", "2023-02-13T17:00", 48),
        ("2023-02-06T17:00", "2023-02-13T17:00", 40),
        ("2023-02-06T22:00", "2023-02-13T17:00", 40),
        ("2023-02-11T12:00", "2023-02-13T17:00", 8),
        ("2023-02-13T09:00", "2023-02-13T17:00", 8),
        ("2023-02-13T14:00", "2023-02-13T17:00", 3),
        ("2023-02-13T16:01", "2023-02-13T17:00", 0),
        ("2023-02-13T17:00", "2023-02-13T17:00", 0),
        ("2023-02-14T08:00", "2023-02-13T17:00", 0),
        # Tết 20-26/01 counts for nothing, a swapped Saturday for a day.
        ("2023-01-19T17:00", "2023-01-30T17:00", 16),
        ("2025-04-25T17:00", "2025-04-28T17:00", 16),
    ),
)
def test_hours(now: str, due: str, hours: int) -> None:
    start, end = (datetime.fromisoformat(f"{text}:00+07:00") for text in (now, due))
    assert remaining_working_hours(start, end, load().calendar) == hours


def test_a_year_without_calendar_is_not_guessed() -> None:
    start, end = (datetime.fromisoformat(f"{day}T17:00:00+07:00") for day in ("2039-12-30", "2040-01-03"))
    with pytest.raises(NotConfigured, match="CALENDAR_NOT_CONFIGURED"):
        remaining_working_hours(start, end, load().calendar)
