"""A dossier that has moved is counted anew: its tally and the totals change in one transaction.

The tally remembers where the dossier counts and by which version, so a line that comes twice, late or out of order
counts once: the totals are the sum over all tallies at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...domain.course.tally import counted, moved
from ...domain.covers.cover import Cover
from ...domain.errors import storage_busy
from ...domain.oversight import canary
from ...domain.registration.dossier import Dossier, State
from ...storage import keys
from ...storage.items.covers import cover_from
from ...storage.items.dossiers import dossier_from
from ...storage.items.tallies import relayed_from, tally_from, tally_item, total_shard_of
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring

ROUNDS = 3


def count_dossier(code: str, w: Wiring, *, relayed: int = 0) -> bool:
    """Count a dossier as it stands; False where nothing was to be written. AP26.

    `relayed` is the audit line up to which everything has been told: it is kept beside the tally, and never falls.
    Raises `Unavailable` where others count it at the same moment for too long.
    """
    dossier_key, tally_key = keys.dossier(code), keys.tally(code)
    for _ in range(ROUNDS):
        read = w.table.get_many([dossier_key, tally_key])
        if dossier_key not in read:
            return False
        dossier = dossier_from(read[dossier_key])
        before, seen = tally_from(read[tally_key]) if tally_key in read else (None, 0)
        told = relayed_from(read.get(tally_key))
        if seen >= dossier.version and told >= relayed:
            return False
        after = counted(dossier, _newest_cover(dossier, w))
        transaction = Transaction()
        item = tally_item(after, max(seen, dossier.version), max(told, relayed))
        if before is None:
            transaction.put_new("tally", tally_key, item)
        else:
            transaction.put_over("tally", tally_key, item, attribute="version", expected=seen)
        if dossier.province_code == canary.PROVINCE:
            # It counts nowhere, and gets no tally any more once the canary has removed it.
            transaction.require("dossier", dossier_key, attribute="version", expected=dossier.version)
        else:
            _add_to_totals(transaction, dossier, moved(before, after))
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return True
    raise storage_busy()


def _add_to_totals(transaction: Transaction, dossier: Dossier, rows: Mapping[date, Mapping[str, int]]) -> None:
    for day, amounts in rows.items():
        transaction.add("totals", keys.totals(dossier.province_code, day, total_shard_of(dossier.code)), amounts)


def _newest_cover(dossier: Dossier, w: Wiring) -> Cover | None:
    """The cover of a dossier in process. AP27.

    Read behind the dossier: what is newer than that has a line of its own to come, and is counted then.
    """
    if dossier.state is not State.IN_PROCESS:
        return None
    items = w.table.query(keys.dossier_partition(dossier.code), keys.COVER)
    covers = [cover_from(item) for item in items if keys.is_cover(str(item["SK"]))]
    return max(covers, key=lambda cover: cover.number, default=None)
