"""Working days and hours, by the yearly table of days off (Bộ luật Lao động 2019 Art. 112 and the yearly notice)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ..errors import NotConfigured
from ..months import VIETNAM, at_vietnam

_WEEKEND = {5: "thứ bảy, ngày nghỉ hằng tuần", 6: "chủ nhật, ngày nghỉ hằng tuần"}
_DAY = timedelta(days=1)
_LAST_MONTH = 12


@dataclass(frozen=True, slots=True, eq=False)
class WorkingCalendar:
    """Which days count, and when an office opens and closes. One made of the same rows is still another one.

    `days_off` and `working_saturdays` map a day to its Vietnamese reason; only `years` are known, lunar dates are
    never computed.
    """

    days_off: Mapping[date, str]
    working_saturdays: Mapping[date, str]
    years: frozenset[int]
    hours: tuple[tuple[date, time, time], ...]
    """First day, opening and closing, ascending; before the first row its hours hold as well."""
    version: str

    def day_kind(self, day: date) -> tuple[bool, str]:
        """Whether a day is a working day, and why, in Vietnamese.

        Raises `NotConfigured` (CALENDAR_NOT_CONFIGURED) for a year whose table is not published.
        """
        if day.year not in self.years:
            raise NotConfigured("CALENDAR_NOT_CONFIGURED", f"Chưa có lịch nghỉ năm {day.year}.")
        if day in self.working_saturdays:
            return True, self.working_saturdays[day]
        if day in self.days_off:
            return False, self.days_off[day]
        if day.weekday() in _WEEKEND:
            return False, _WEEKEND[day.weekday()]
        return True, "ngày làm việc"

    def missing_years(self, today: date) -> tuple[int, ...]:
        """The years whose table should be published by now and is not: an alarm, each is about to stop due dates.

        This year, and from 1 December the next one (domain rule 5.6).
        """
        wanted = (today.year, today.year + 1) if today.month == _LAST_MONTH else (today.year,)
        return tuple(year for year in wanted if year not in self.years)

    def is_working_day(self, day: date) -> bool:
        """Whether a day counts. Raises `NotConfigured` as `day_kind` does."""
        return self.day_kind(day)[0]

    def next_working_day(self, day: date) -> date:
        """The first working day after a day. Raises `NotConfigured` beyond the last published year."""
        day += _DAY
        while not self.is_working_day(day):
            day += _DAY
        return day

    def working_days_before(self, day: date, count: int) -> date:
        """The working day that lies `count` working days before a day; the day itself for 0."""
        while count:
            day -= _DAY
            count -= self.is_working_day(day)
        return day

    def opens(self, day: date) -> datetime:
        """The opening moment of a day, Vietnam time."""
        return datetime.combine(day, self._hours_on(day)[1], VIETNAM)

    def closes(self, day: date) -> datetime:
        """The closing moment of a day, Vietnam time."""
        return datetime.combine(day, self._hours_on(day)[2], VIETNAM)

    def _hours_on(self, day: date) -> tuple[date, time, time]:
        return next((row for row in reversed(self.hours) if row[0] <= day), self.hours[0])

    def is_after_hours(self, moment: datetime) -> bool:
        """Whether a filing at this moment counts only from the next working day: later than closing, or a day off."""
        local = at_vietnam(moment)
        return not self.is_working_day(local.date()) or local > self.closes(local.date())
