"""Officers' work lists, merged over provinces and shards, most urgent first, page by page."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from ..domain.access import OFFICERS, Caller, Role, require_province, require_role
from ..domain.cover import CoverState
from ..domain.dossier import State
from ..domain.errors import Fault, Rejected
from ..domain.months import VIETNAM, instant_text
from ..storage import keys
from ..storage.items.dossiers import LIST_SHARDS
from ..storage.items.fields import instant, maybe, number, text
from ..storage.table import Stored
from ..wiring import Wiring
from .answers import Page

CHUNK = 100


@dataclass(frozen=True, slots=True)
class DossierRow:
    dossier_code: str
    state: State
    due_at: datetime | None
    overdue: bool
    province_code: str
    full_name: str | None
    """None for operators: they see no names."""
    version: int


@dataclass(frozen=True, slots=True)
class CoverRow:
    cover_id: str
    dossier_code: str
    state: CoverState
    created_at: datetime
    full_name: str | None
    si_number: str | None
    version: int


def list_dossiers(
    caller: Caller,
    *,
    state: State | None,
    overdue: bool | None,
    due_before: date | None,
    province: str | None,
    limit: int,
    cursor: str | None,
    w: Wiring,
) -> Page[DossierRow]:
    """Open dossiers of the caller's provinces by due time; those without one come last. AP7.

    `due_before` leaves out what is due on that day or later. Raises `Forbidden` for portal clients and
    other provinces, `Rejected` (CURSOR_INVALID).
    """
    now = w.clock.now()
    before = None if due_before is None else f"{due_before.isoformat()}T00:00:00"
    if overdue:
        now_text = instant_text(now)
        before = now_text if before is None else min(before, now_text)
    partitions = [keys.open_list(code, shard) for code in _scope(caller, province, w) for shard in range(LIST_SHARDS)]
    rows = (
        (sort_key, _dossier_row(item, caller, now))
        for sort_key, item in _merged(partitions, _position(cursor), before, w)
    )
    return _page(
        (
            (sort_key, row)
            for sort_key, row in rows
            if (state is None or row.state is state) and (overdue is None or row.overdue == overdue)
        ),
        limit,
    )


def list_covers(
    caller: Caller, *, state: CoverState, province: str | None, limit: int, cursor: str | None, w: Wiring
) -> Page[CoverRow]:
    """Covers on their way to issue (DATA_CREATED or CHECKED), oldest first (AP8). Raises as `list_dossiers`."""
    partitions = [keys.cover_list(code, shard) for code in _scope(caller, province, w) for shard in range(LIST_SHARDS)]
    rows = ((sort_key, _cover_row(item, caller)) for sort_key, item in _merged(partitions, _position(cursor), None, w))
    return _page(((sort_key, row) for sort_key, row in rows if row.state is state), limit)


def _scope(caller: Caller, province: str | None, w: Wiring) -> list[str]:
    """The provinces to look in."""
    require_role(caller, *OFFICERS, Role.OPS)
    if province is not None:
        require_province(caller, province)
        return [province]
    return sorted(w.law.provinces.codes() if caller.role is Role.OPS else caller.provinces)


def _merged(partitions: list[str], after: str, before: str | None, w: Wiring) -> Iterator[tuple[str, Stored]]:
    return heapq.merge(*(_entries(partition, after, before, w) for partition in partitions), key=lambda entry: entry[0])


def _entries(partition: str, after: str, before: str | None, w: Wiring) -> Iterator[tuple[str, Stored]]:
    """The entries of one partition after a position, read 100 at a time as they are needed."""
    while True:
        items = w.table.query_list(partition, after=after, before=before, limit=CHUNK)
        for item in items:
            sort_key = text(item, "GSI2SK")
            if sort_key != after:
                yield sort_key, item
        if len(items) < CHUNK:
            return
        after = text(items[-1], "GSI2SK")


def _page(rows: Iterator[tuple[str, object]], limit: int) -> Page:  # type: ignore[type-arg]
    taken = list(islice(rows, limit + 1))
    more = len(taken) > limit
    return Page(tuple(row for _, row in taken[:limit]), _cursor(taken[limit - 1][0]) if more else None)


def _cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(cursor: str | None) -> str:
    """The position that a cursor stands for; from the start without one."""
    if cursor is None:
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise Rejected([Fault("cursor", "CURSOR_INVALID", "Con trỏ trang không hợp lệ.")]) from None


def _dossier_row(item: Stored, caller: Caller, now: datetime) -> DossierRow:
    due_at = instant(item, "due_at")
    return DossierRow(
        dossier_code=text(item, "dossier_code"),
        state=State(text(item, "state")),
        due_at=due_at,
        overdue=due_at is not None and now > due_at,
        province_code=text(item, "province_code"),
        full_name=None if caller.role is Role.OPS else text(item, "full_name"),
        version=number(item, "version"),
    )


def _cover_row(item: Stored, caller: Caller) -> CoverRow:
    hidden = caller.role is Role.OPS
    created = instant(item, "created_at")
    if created is None:
        raise TypeError("a cover has no creation time")
    return CoverRow(
        cover_id=text(item, "cover_id"),
        dossier_code=text(item, "dossier_code"),
        state=CoverState(text(item, "state")),
        created_at=created.astimezone(VIETNAM),
        full_name=None if hidden else text(item, "full_name"),
        si_number=None if hidden else maybe(item, "si_number"),
        version=number(item, "version"),
    )
