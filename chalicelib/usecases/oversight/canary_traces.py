"""Removes what the canary has made: a dossier with everything that hangs on it, until nothing tells of it.

In an order in which a run that is cut short anywhere is finished by the next: what tells of a dossier goes last. A
dossier's head goes before its audit lines and these from the newest on, so that its chain is whole at every moment.
"""

from __future__ import annotations

from datetime import date, timedelta

from ...domain.oversight import canary
from ...domain.oversight.canary_payment import is_own_code, receipt, voucher_id
from ...storage import keys
from ...storage.items.fields import instant
from ...storage.items.people import person_from
from ...storage.items.tallies import relayed_from
from ...wiring import Wiring

IDEMPOTENCY_KEY = "canary"
"""The same for every run: there is one dossier at a time."""

ABANDONED = timedelta(hours=1)


def left_over(w: Wiring) -> list[str]:
    """The dossiers that the canary's person has, all of an earlier run. AP151."""
    found: set[str] = set()
    for item in w.table.query(keys.person_partition(canary.PERSON)):
        if item["SK"] == keys.person(canary.PERSON)[1]:
            found.update(person_from(canary.PERSON, item).open_dossiers)
        elif "dossier_code" in item:
            found.add(str(item["dossier_code"]))
    return sorted(filter(is_own_code, found))


def is_told(code: str, w: Wiring) -> bool:
    """Whether the relay has done everything that the dossier's lines ask for; true of one that is gone. AP152."""
    stored = w.table.get(keys.dossier(code))
    return stored is None or relayed_from(w.table.get(keys.tally(code))) == stored["version"]


def is_over(code: str, w: Wiring) -> bool:
    """Whether the relay has done everything for a dossier, and its clock has ended with it."""
    return is_told(code, w) and not w.executions.clock_runs(code, 1)


def is_abandoned(code: str, w: Wiring) -> bool:
    """Whether a dossier is so old that the relay, had it ever heard of it, would have done its part."""
    stored = w.table.get(keys.dossier(code))
    created_at = None if stored is None else instant(stored, "created_at")
    return created_at is None or w.clock.now() - created_at > ABANDONED


def remove(code: str, w: Wiring) -> int:
    """Remove a dossier of the canary's and all that came of it; how many items it was. AP153.

    Raises ValueError for any other dossier.
    """
    symbol, number = receipt(code)
    stored = w.table.get(keys.dossier(code))
    generations = 1 if stored is None else int(str(stored.get("generation", 1)))
    for generation in range(1, generations + 1):
        w.executions.stop_dossier(code, generation)
    partition = keys.dossier_partition(code)
    doomed = [(partition, str(item["SK"])) for item in w.table.query(partition, descending=True)]
    doomed.sort(key=lambda key: key != keys.dossier(code))
    money = keys.voucher_partition(voucher_id(code))
    doomed += [(money, str(item["SK"])) for item in w.table.query(money)]
    person = keys.person_partition(canary.PERSON)
    doomed += [keys.clock_token(code), keys.receipt(symbol, number), keys.si_number(canary.SI_NUMBER)]
    doomed += [(person, str(item["SK"])) for item in w.table.query(person)]
    doomed += [keys.idempotency(canary.CLIENT, IDEMPOTENCY_KEY)]
    for key in doomed:
        w.table.delete(key)
    return len(doomed)


def forget_day(day: date, w: Wiring) -> None:
    """Remove the counter of a day that is over; until then it keeps two dossiers from having one code."""
    w.table.delete(keys.counter(canary.PROVINCE, day))
