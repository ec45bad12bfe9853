"""Working time between two moments, and the moment behind so much of it: 8 hours are one working day (domain 5.5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ..configuration.calendar import WorkingCalendar
from ..months import at_vietnam

_DAY = timedelta(days=1)
WORKING_DAY = timedelta(hours=8)


def remaining_working_hours(now: datetime, due_at: datetime, calendar: WorkingCalendar) -> int:
    """Whole working hours from now to the due moment, rounded down; 0 once it has passed.

    Raises `NotConfigured` (CALENDAR_NOT_CONFIGURED) where a day between has no calendar.
    """
    return working_time(now, due_at, calendar) // timedelta(hours=1)


def working_time(start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    """The working time between two moments; none where the second is the earlier one.

    What is left of a day is the time to its closing, at most 8 hours: the break at noon is nobody's working time.
    Raises `NotConfigured` (CALENDAR_NOT_CONFIGURED) where a day between has no calendar.
    """
    start, end = at_vietnam(start), at_vietnam(end)
    left, day = timedelta(), start.date()
    while day <= end.date():
        left += _left_of(day, start, end, calendar)
        day += _DAY
    return left


def after_working_time(start: datetime, amount: timedelta, calendar: WorkingCalendar) -> datetime:
    """The moment behind so much working time from a start; a day that is used up whole ends with its closing.

    Raises `NotConfigured` (CALENDAR_NOT_CONFIGURED) where a day between has no calendar.
    """
    if not amount:
        return at_vietnam(start)
    begun, day = at_vietnam(start), at_vietnam(start).date()
    while (today := _left_of(day, begun, calendar.closes(day), calendar)) < amount:
        amount -= today
        day += _DAY
    return calendar.closes(day) if today == amount else max(begun, calendar.opens(day)) + amount


def _left_of(day: date, start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    if not calendar.is_working_day(day):
        return timedelta()
    opened, closed = max(start, calendar.opens(day)), min(end, calendar.closes(day))
    return max(timedelta(), min(closed - opened, WORKING_DAY))
