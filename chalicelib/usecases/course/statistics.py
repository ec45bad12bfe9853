"""How the dossiers of provinces and days stand: received, on time, late, overdue, waiting for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ...domain.access import Caller
from ...domain.course.tally import OVERDUE, RECEIVED, Standing
from ...domain.errors import Fault, Rejected
from ...domain.months import at_vietnam
from ...storage import keys
from ...storage.items.tallies import TOTAL_SHARDS
from ...wiring import Wiring
from .work_lists import provinces_of

MOST_DAYS = 92
WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many dossiers have each standing, and how many of the open ones are overdue."""

    by_standing: Mapping[Standing, int]
    overdue: int

    @property
    def received(self) -> int:
        """Those whose clock has started, whatever became of them."""
        return sum(self.by_standing[standing] for standing in RECEIVED)


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """The dossiers of a province that were received on a day; those not yet received by the day of declaration."""

    province_code: str
    day: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class Statistics:
    first: date
    last: date
    rows: Sequence[StatisticsRow]
    """By province and day; a day without dossiers has none."""
    total: Figures


def statistics(caller: Caller, *, first: date | None, last: date | None, province: str | None, w: Wiring) -> Statistics:
    """The totals of a period, both days included; the last seven days unless told. AP28.

    Raises `Forbidden` for portal clients and other provinces, `Rejected` (PERIOD_INVALID, PERIOD_TOO_LONG).
    """
    first, last = _period(first, last, at_vietnam(w.clock.now()).date())
    sums: dict[tuple[str, date], dict[str, int]] = {}
    for code in provinces_of(caller, province, w):
        low, high = keys.totals(code, first, 0), keys.totals(code, last, TOTAL_SHARDS)
        for item in w.table.query_between(low[0], low[1], high[1]):
            day = date.fromisoformat(str(item["SK"])[:10])
            row = sums.setdefault((code, day), {})
            for name, amount in item.items():
                if isinstance(amount, int):
                    row[name] = row.get(name, 0) + amount
    rows = [StatisticsRow(code, day, _figures([row])) for (code, day), row in sorted(sums.items()) if any(row.values())]
    return Statistics(first, last, rows, _figures(list(sums.values())))


def _period(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    try:
        last = last or (today if first is None else first + WEEK)
        first = first or last - WEEK
    except OverflowError:
        field = "from" if last is None else "to"
        raise Rejected([Fault(field, "PERIOD_INVALID", "Ngày nằm ngoài lịch.")]) from None
    if first > last:
        raise Rejected([Fault("from", "PERIOD_INVALID", "Ngày bắt đầu phải không sau ngày kết thúc.")])
    if (last - first).days >= MOST_DAYS:
        raise Rejected([Fault("to", "PERIOD_TOO_LONG", f"Mỗi lần thống kê nhiều nhất {MOST_DAYS} ngày.")])
    return first, last


def _figures(rows: Sequence[Mapping[str, int]]) -> Figures:
    summed = {standing: sum(row.get(standing, 0) for row in rows) for standing in Standing}
    return Figures(summed, sum(row.get(OVERDUE, 0) for row in rows))
