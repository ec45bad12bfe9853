"""Calendar months and time in Việt Nam (UTC+7, no daylight saving)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

VIETNAM = timezone(timedelta(hours=7), "+07:00")

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month; ordered, with arithmetic in months."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12 or not 1 <= self.year <= 9999:
            raise ValueError(f"no such month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2023-02`; anything else is a ValueError."""
        return _parsed(text)

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that holds this day."""
        return cls(day.year, day.month)

    @property
    def ordinal(self) -> int:
        """Months since year 0: consecutive months differ by one."""
        return self.year * 12 + self.month - 1

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def plus(self, months: int) -> Month:
        """This month moved by a number of months, forwards or backwards."""
        years, month = divmod(self.ordinal + months, 12)
        return Month(years, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@lru_cache(maxsize=256)
def _parsed(text: str) -> Month:
    found = _MONTH.match(text)
    if found is None:
        raise ValueError("a month is written yyyy-MM")
    return Month(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True, order=True)
class MonthSpan:
    """A run of months, both ends included; never empty."""

    first: Month
    last: Month

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a span of months ends before it starts")

    @classmethod
    def of_length(cls, first: Month, months: int) -> MonthSpan:
        return cls(first, first.plus(months - 1))

    @property
    def length(self) -> int:
        """Number of months, at least 1."""
        return self.last.ordinal - self.first.ordinal + 1

    def overlaps(self, other: MonthSpan) -> bool:
        return self.first <= other.last and other.first <= self.last

    def months(self) -> Iterator[Month]:
        return (self.first.plus(n) for n in range(self.length))


def at_vietnam(moment: datetime) -> datetime:
    """The same instant on the Vietnamese clock; a naive moment is a ValueError."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs its offset")
    return moment.astimezone(VIETNAM)


@lru_cache(maxsize=256)
def instant_text(moment: datetime) -> str:
    """RFC 3339 in +07:00, whole seconds: `2023-02-06T09:00:00+07:00`.

    One decision writes the same few moments many times over.
    """
    return at_vietnam(moment).isoformat(timespec="seconds")
