"""When a person who asks about their own data has to be answered, by the law of the day of asking (domain rule 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..configuration.calendar import WorkingCalendar
from ..months import at_vietnam


class RequestKind(StrEnum):
    """What somebody asks for about their own data."""

    ACCESS = "ACCESS"
    """To see it, and who has seen it; to be given it."""
    CORRECTION = "CORRECTION"
    WITHDRAWAL = "WITHDRAWAL"
    """To withdraw, restrict or object: here only for what rests on consent."""


class RequestState(StrEnum):
    RECEIVED = "RECEIVED"
    """The first answer is still to come."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    """First answer given; the final one is still to come."""
    ANSWERED = "ANSWERED"


class Outcome(StrEnum):
    """How a request was answered in the end."""

    FULFILLED = "FULFILLED"
    PARTLY = "PARTLY"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """The limits of one law: hours or working days to the first answer, days to the final one, days of one extension.

    Hours and days run on days off too; without a final limit the first answer is the final one.
    """

    first_hours: int | None
    first_working_days: int | None
    final_days: Mapping[RequestKind, int | None]
    extension_days: int


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """By when the first and the final answer are due, and how far one extension may move the final one."""

    first: datetime
    final: datetime
    extended: datetime


def answer_due(kind: RequestKind, received: datetime, times: AnswerTimes, calendar: WorkingCalendar) -> AnswerDue:
    """The limits of a request; days end with the office's day.

    Raises `NotConfigured` where working days are counted into a year without a table of days off.
    """
    received = at_vietnam(received)
    if times.first_working_days is not None:
        day = received.date()
        for _ in range(times.first_working_days):
            day = calendar.next_working_day(day)
        first = calendar.closes(day)
    else:
        first = received + timedelta(hours=times.first_hours or 0)
    days = times.final_days[kind]
    final = first if days is None else max(first, calendar.closes(received.date() + timedelta(days=days)))
    return AnswerDue(first, final, final + timedelta(days=times.extension_days))
