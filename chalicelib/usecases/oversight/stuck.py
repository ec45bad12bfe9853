"""What is stuck, with its cause and its owner: as the last sweep found it, without what has moved since."""

from __future__ import annotations

from ...domain.access import Caller
from ...storage import keys
from ...storage.items.fields import number, text
from ...storage.items.stuck import Stuck, stuck_from
from ...wiring import Wiring
from ..course.work_lists import provinces_of

MOST = 500
"""Things shown of one province: who has more of them needs no longer list."""


def list_stuck(caller: Caller, *, province: str | None, w: Wiring) -> tuple[Stuck, ...]:
    """What is stuck in the caller's provinces, oldest expectation first. AP96.

    Raises `Forbidden` for portal clients and other provinces.
    """
    found: list[Stuck] = []
    for code in provinces_of(caller, province, w):
        mine: list[Stuck] = []
        for item in w.table.query(keys.stuck_partition(code)):
            read = stuck_from(item)
            if read is not None:
                mine.append(read)
            if len(mine) == MOST:
                break
        found += mine
    dossiers = {keys.dossier(each.dossier_code) for each in found if each.version is not None and each.dossier_code}
    now = {text(item, "dossier_code"): number(item, "version") for item in w.table.get_many(dossiers).values()}
    still = (each for each in found if each.version is None or now.get(each.dossier_code or "") == each.version)
    return tuple(sorted(still, key=lambda each: (each.expected.by is None, each.expected.by, each.subject)))
