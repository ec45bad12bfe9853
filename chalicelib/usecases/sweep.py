"""Starts again what should be running and is not: lost stream records, executions that died.

Safe at any time and as often as one likes: what runs is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from ..domain.cover import CoverState
from ..domain.dossier import Dossier, State
from ..domain.errors import NotConfigured
from ..log import facts, logger
from ..storage import keys
from ..storage.items.covers import cover_from
from ..storage.items.dossiers import LIST_SHARDS, dossier_from
from ..storage.table import Stored
from ..storage.transaction import Refused, Transaction
from ..wiring import Wiring
from .keep_deadline import step_of
from .make_cover import next_run, release_cover
from .match_parked import match_parked

CHUNK = 100
SWEEP_INTERVAL = timedelta(days=1)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many were looked at, and how many had to be started again."""

    dossiers: int
    dossiers_restarted: int
    covers: int
    covers_restarted: int


def sweep(w: Wiring) -> Swept:
    """Look at every open dossier and every cover on its way."""
    dossiers = dossiers_restarted = covers = covers_restarted = 0
    if w.clock.version:
        restart_clocks(w)
    for row in _rows("OPEN", w):
        dossiers += 1
        dossiers_restarted += _revive_dossier(str(row["dossier_code"]), w)
    for row in _rows("COVER", w):
        covers += 1
        covers_restarted += _revive_cover(str(row["dossier_code"]), str(row["SK"]), w)
    log.info("sweep done", extra=facts(action="sweep", count=dossiers_restarted + covers_restarted))
    return Swept(dossiers, dossiers_restarted, covers, covers_restarted)


def restart_clocks(w: Wiring) -> int:
    """The sandbox's clock was set: what is due by it now, or before the next sweep, gets a new generation.

    Every other execution sleeps on, and reckons with the new time when it wakes. AP1.
    """
    started = 0
    soon = w.clock.now() + SWEEP_INTERVAL
    rows = _rows("OPEN", w)
    while chunk := [keys.dossier(str(row["dossier_code"])) for row in islice(rows, CHUNK)]:
        for item in w.table.get_many(chunk).values():
            dossier = dossier_from(item)
            if not dossier.state.ended and _is_due_by(soon, dossier, w):
                started += _start_anew(dossier, w)
    return started


def _is_due_by(soon: datetime, dossier: Dossier, w: Wiring) -> bool:
    """A dossier whose deadlines can't be reckoned is no reason to forget the others: its own execution tells."""
    try:
        step = step_of(dossier, w.clock.now(), w)
    except NotConfigured as missing:
        log.warning("deadlines not to be reckoned", extra=facts(dossier_code=dossier.code, reason=missing.code))
        return False
    return step.wake_at is None or step.wake_at <= soon


def _start_anew(dossier: Dossier, w: Wiring) -> bool:
    """A new generation of a dossier's execution; the old one ends at its next wake."""
    try:
        again = _next_generation(dossier, w)
    except Refused:
        # Something moved the dossier this very moment, and starts what it needs; else the next sweep does.
        return False
    return start_clock(dossier.code, again.generation, w)


def start_clock(code: str, generation: int, w: Wiring) -> bool:
    """Start the execution that keeps a dossier's deadlines; False when this very one exists already."""
    now = w.clock.to_real(w.clock.now())
    return w.executions.start_dossier(code, generation=generation, clock_version=w.clock.version, now=now)


def _rows(kind: str, w: Wiring) -> Iterator[Stored]:
    """Every entry of the work lists: AP7 for OPEN, AP8 for COVER."""
    partition_of = keys.open_list if kind == "OPEN" else keys.cover_list
    for province in sorted(w.law.provinces.codes()):
        for shard in range(LIST_SHARDS):
            after = ""
            while True:
                rows = w.table.query_list(partition_of(province, shard), after=after, limit=CHUNK)
                yield from rows
                if len(rows) < CHUNK:
                    break
                after = str(rows[-1]["GSI2SK"])


def _revive_dossier(code: str, w: Wiring) -> bool:
    """True where an execution had to be started. AP1: the list may be behind."""
    stored = w.table.get(keys.dossier(code))
    if stored is None:
        return False
    dossier = dossier_from(stored)
    if dossier.state.ended:
        return False
    if dossier.state is State.AWAITING_PAYMENT:
        match_parked(code, w)
    # Looked at first: starting what runs already succeeds, and would not tell that it runs.
    if w.executions.dossier_runs(dossier):
        return False
    return start_clock(code, dossier.generation, w) or _start_anew(dossier, w)


def _next_generation(dossier: Dossier, w: Wiring) -> Dossier:
    """A generation is no decision about the dossier: it changes no state and needs no audit line."""
    again = replace(dossier, generation=dossier.generation + 1)
    transaction = Transaction()
    transaction.update(
        "dossier",
        keys.dossier(dossier.code),
        {"generation": again.generation},
        attribute="generation",
        expected=dossier.generation,
    )
    transaction.commit(w.table)
    return again


def _revive_cover(code: str, sort_key: str, w: Wiring) -> bool:
    """True where an execution had to be started. AP11: the list may be behind."""
    stored = w.table.get((keys.dossier_partition(code), sort_key))
    if stored is None:
        return False
    cover = cover_from(stored)
    if cover.state not in {CoverState.DATA_CREATED, CoverState.CHECKED}:
        return False
    if w.executions.cover_runs(cover):
        release_cover(cover.cover_id, code, w)
        return False
    if w.executions.start_cover(cover):
        return True
    try:
        again = next_run(cover, w)
    except Refused:
        return False
    return w.executions.start_cover(again)
