"""Executions that should run and do not: started again, or followed by the next generation or run.

Safe at any time and as often as one likes: what runs is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from ...domain.covers.cover import Cover, CoverState
from ...domain.errors import NotConfigured
from ...domain.registration.dossier import Dossier, State
from ...log import facts, logger
from ...storage import keys
from ...storage.items.dossiers import LIST_SHARDS, dossier_from
from ...storage.table import Stored
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..course.await_end import try_to_end_sleep
from ..course.keep_deadline import first_wake, step_of
from ..covers.make_cover import next_run, release_cover
from ..ledger.match_parked import match_parked

CHUNK = 100
SWEEP_INTERVAL = timedelta(days=1)

log = logger(__name__)


def restart_clocks(w: Wiring) -> int:
    """The sandbox's clock was set: what is due by it now, or before the next sweep, gets a new generation.

    Every other execution sleeps on, and reckons with the new time when it wakes. AP1.
    """
    started = 0
    soon = w.clock.now() + SWEEP_INTERVAL
    rows = _open_rows(w)
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
    """A new generation of a dossier's execution; the old one ends."""
    try:
        again = _next_generation(dossier, w)
    except Refused:
        # Something moved the dossier this very moment, and starts what it needs; else the next sweep does.
        return False
    return start_clock(again, w)


def start_clock(dossier: Dossier, w: Wiring) -> bool:
    """Start the execution that keeps a dossier's deadlines; False when this very one exists already.

    One of an older generation that still sleeps ends, once this one exists.
    """
    now, first = w.clock.to_real(w.clock.now()), first_wake(dossier, w)
    started = w.executions.start_dossier(
        dossier.code,
        generation=dossier.generation,
        clock_version=w.clock.version,
        now=now,
        wake_at=first.wake_at or now,
        seconds=first.seconds,
    )
    if dossier.generation > 1:
        try_to_end_sleep(dossier.code, w)
    return started


def _open_rows(w: Wiring) -> Iterator[Stored]:
    """Every open dossier's entry of the work lists. AP7."""
    for province in sorted(w.law.provinces.codes()):
        for shard in range(LIST_SHARDS):
            after = ""
            while True:
                rows = w.table.query_list(keys.open_list(province, shard), after=after, limit=CHUNK)
                yield from rows
                if len(rows) < CHUNK:
                    break
                after = str(rows[-1]["GSI2SK"])


def revive_dossier(dossier: Dossier, w: Wiring) -> bool:
    """True where an execution had to be started; a voucher that waits for the dossier is matched."""
    if dossier.state.ended:
        return False
    if dossier.state is State.AWAITING_PAYMENT:
        match_parked(dossier.code, w)
    # Looked at first: starting what runs already succeeds, and would not tell that it runs.
    if w.executions.dossier_runs(dossier):
        return False
    return start_clock(dossier, w) or _start_anew(dossier, w)


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


def revive_cover(cover: Cover, w: Wiring) -> bool:
    """True where an execution had to be started; one that waits for a decision that was made is released."""
    if cover.state not in {CoverState.DATA_CREATED, CoverState.CHECKED, CoverState.SIGNED}:
        return False
    if w.executions.cover_runs(cover):
        release_cover(cover.cover_id, cover.dossier_code, w)
        return False
    if w.executions.start_cover(cover):
        return True
    try:
        again = next_run(cover, w)
    except Refused:
        return False
    return w.executions.start_cover(again)
