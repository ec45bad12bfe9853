"""Starts again what should be running and is not: lost stream records, executions that died.

Safe at any time and as often as one likes: what runs is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..domain.cover import CoverState
from ..domain.dossier import Dossier, State
from ..log import facts, logger
from ..storage import keys
from ..storage.items.covers import cover_from
from ..storage.items.dossiers import LIST_SHARDS, dossier_from
from ..storage.table import Stored
from ..storage.transaction import Refused, Transaction
from ..wiring import Wiring
from .make_cover import next_run, release_cover
from .match_parked import match_parked

CHUNK = 100

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
    for row in _rows("OPEN", w):
        dossiers += 1
        dossiers_restarted += _revive_dossier(str(row["dossier_code"]), w)
    for row in _rows("COVER", w):
        covers += 1
        covers_restarted += _revive_cover(str(row["dossier_code"]), str(row["SK"]), w)
    log.info("sweep done", extra=facts(action="sweep", count=dossiers_restarted + covers_restarted))
    return Swept(dossiers, dossiers_restarted, covers, covers_restarted)


def restart_clocks(w: Wiring) -> int:
    """The sandbox's clock was set: every open dossier gets an execution that reckons with the new time."""
    started = 0
    for row in _rows("OPEN", w):
        generation = row["generation"]
        if isinstance(generation, int):
            started += start_clock(str(row["dossier_code"]), generation, w)
    return started


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
    version = w.clock.version
    # Looked at first: starting what runs already succeeds, and would not tell that it runs.
    if w.executions.dossier_runs(dossier, version):
        return False
    if start_clock(code, dossier.generation, w):
        return True
    try:
        again = _next_generation(dossier, w)
    except Refused:
        # Something moved the dossier this very moment; the next sweep looks again.
        return False
    return start_clock(code, again.generation, w)


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
