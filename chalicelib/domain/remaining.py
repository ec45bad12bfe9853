"""How much working time a dossier has left: 8 hours are one working day (domain rule 5.5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from .calendar import WorkingCalendar
from .months import at_vietnam

_DAY = timedelta(days=1)
WORKING_DAY = timedelta(hours=8)


def remaining_working_hours(now: datetime, due_at: datetime, calendar: WorkingCalendar) -> int:
    """Whole working hours from now to the due moment, rounded down; 0 once it has passed.

    What is left of a day is the time to its closing, at most 8 hours: the break at noon is nobody's working time.
    Raises `NotConfigured` (CALENDAR_NOT_CONFIGURED) where a day between has no calendar.
    """
    start, end = at_vietnam(now), at_vietnam(due_at)
    left, day = timedelta(), start.date()
    while day <= end.date():
        if calendar.is_working_day(day):
            opened, closed = max(start, calendar.opens(day)), min(end, calendar.closes(day))
            left += max(timedelta(), min(closed - opened, WORKING_DAY))
        day += _DAY
    return left // timedelta(hours=1)
