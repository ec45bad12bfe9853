"""What a new version of a province's procedure means: open dossiers stay as they are, new ones get other due dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ...domain.configuration.law import Law
from ...domain.configuration.province_procedure import ProcedureContent, Scheduled, in_force
from ...domain.errors import NotConfigured
from ...domain.months import VIETNAM
from ...domain.registration.deadlines import due_date
from ...storage import keys
from ...storage.items.dossiers import LIST_SHARDS
from ...storage.items.fields import instant
from ...wiring import Wiring

PANEL_DAYS = 14
"""So many days from the first one are looked at, days off included."""

RECEIVED_AT = time(10, 0, tzinfo=VIETNAM)


@dataclass(frozen=True, slots=True)
class OpenDossiers:
    """Dossiers that keep the version they were opened with, by the day they are due; None: it is not known yet."""

    due_on: date | None
    dossiers: int


@dataclass(frozen=True, slots=True)
class NewDossier:
    """A dossier received at this moment, and its due moment before and after; None: no calendar of that year yet."""

    received_at: datetime
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True)
class Impact:
    open_dossiers: tuple[OpenDossiers, ...]
    new_dossiers: tuple[NewDossier, ...]


def impact_of(
    content: ProcedureContent, schedule: Sequence[Scheduled], version: int, province: str, w: Wiring
) -> Impact:
    """What publishing this content would mean for a province whose schedule this is. AP18."""
    with_it = (*schedule, Scheduled(version, content))
    law, first = w.law, content.effective_from
    received = [datetime.combine(first + timedelta(days=number), RECEIVED_AT) for number in range(PANEL_DAYS)]
    return Impact(
        open_dossiers=_open_dossiers(province, w),
        new_dossiers=tuple(
            NewDossier(at, _due(at, schedule, province, law), _due(at, with_it, province, law)) for at in received
        ),
    )


def _due(received_at: datetime, schedule: Sequence[Scheduled], province: str, law: Law) -> datetime | None:
    day = received_at.date()
    found = in_force(schedule, province, day, law.provinces)
    try:
        if found is not None:
            limit = found.content.limit_working_days
        else:
            limit = law.procedure(province, day).limit_working_days
        return due_date(received_at, limit, law.calendar).due_at
    except NotConfigured:
        return None


def _open_dossiers(province: str, w: Wiring) -> tuple[OpenDossiers, ...]:
    """Those that the province works on today, with what merged provinces have left it."""
    due: Counter[date | None] = Counter()
    codes = w.law.provinces.handed_to(province, w.clock.now().date())
    for partition in (keys.open_list(code, shard) for code in sorted(codes) for shard in range(LIST_SHARDS)):
        for entry in w.table.list_attribute(partition, "due_at"):
            due_at = instant(entry, "due_at")
            due[None if due_at is None else due_at.astimezone(VIETNAM).date()] += 1
    return tuple(OpenDossiers(day, due[day]) for day in sorted(due, key=lambda day: day or date.max))
