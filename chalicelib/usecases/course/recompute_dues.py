"""A new calendar of days off has been published: every open dossier is promised by it from now on, and says so."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.course.lifecycle import recompute, replanned
from ...domain.events import Act, By
from ...domain.registration.dossier import Dossier
from ...log import facts, logger
from ...storage import keys
from ...storage.items.dossiers import LIST_SHARDS, dossier_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_change
from ...wiring import Wiring

ACTOR = "calendar"
CHUNK = 100

log = logger(__name__)


def recompute_dues(w: Wiring) -> int:
    """Count every due date anew and write those that move; gives how many did. AP1.

    One decision a dossier: a run that is cut short has done part for good, and the next does the rest. Raises
    `Unavailable` when the table is busy, `NotConfigured` for a year without a calendar.
    """
    moved = 0
    for codes in _open_codes(w):
        found = w.table.get_many([keys.dossier(code) for code in codes])
        moved += sum(recompute_one(dossier_from(item), w) for item in found.values())
    log.info("due dates counted anew", extra=facts(action="recompute", count=moved))
    return moved


def recompute_one(dossier: Dossier, w: Wiring) -> bool:
    """Count one due date anew; True where it moves. AP1 where somebody else moved the dossier meanwhile."""
    while True:
        act = Act(w.clock.now(), By.SYSTEM, ACTOR)
        change = recompute(dossier, w.law.calendar, act)
        if not change.lines:
            return False
        rules = w.law.deadline_rules.on(dossier.created_at.date()).value
        change = replanned(change, dossier, rules=rules, calendar=w.law.calendar, act=act)
        transaction = Transaction()
        write_change(transaction, change)
        try:
            transaction.commit(w.table)
        except Refused:
            stored = w.table.get(keys.dossier(dossier.code))
            if stored is None:
                return False
            dossier = dossier_from(stored)
            continue
        return True


def _open_codes(w: Wiring) -> Iterator[list[str]]:
    """The open dossiers of the whole country, some at a time. AP7."""
    for province in sorted(w.law.provinces.codes()):
        for shard in range(LIST_SHARDS):
            after = ""
            while rows := w.table.query_list(keys.open_list(province, shard), after=after, limit=CHUNK):
                yield [str(row["dossier_code"]) for row in rows]
                after = str(rows[-1]["GSI2SK"])
