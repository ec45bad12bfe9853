"""Fixes, once a day, where every hash chain stood: in a bucket where nothing can be replaced."""

from __future__ import annotations

from datetime import date, timedelta

from ...domain.oversight.chains import Anchor, anchor_of, digest_of
from ...log import facts, logger
from ...storage import keys
from ...storage.items.chains import DAY_SHARDS, entry_from
from ...wiring import Wiring

log = logger(__name__)

CATCH_UP_DAYS = 7
"""So many days back a missing anchor is made up for."""


def anchor_days(w: Wiring, day: date | None = None) -> dict[str, int]:
    """Anchor yesterday and whatever of the week before it is missing (business time), or the one day asked for.

    Gives, for each anchor that was written, how many chains it holds. Raises what keeps it from being done; it is
    then done by the next try, which finds what was written and goes on behind it.
    """
    yesterday = w.clock.now().date() - timedelta(days=1)
    days = [day] if day is not None else [yesterday - timedelta(days=back) for back in reversed(range(CATCH_UP_DAYS))]
    written = {}
    for each in days:
        if day is None and each != yesterday and w.anchors.read(each - timedelta(days=1)) is None:
            # Nothing is made up for before the first anchor of all.
            continue
        made = _anchor(each, w)
        if made is not None:
            written[each.isoformat()] = len(made.entries)
            log.info("chains anchored", extra=facts(outcome="ANCHORED", count=len(made.entries)))
    return written


def _anchor(day: date, w: Wiring) -> Anchor | None:
    """AP87: what moved on a day. None where it is anchored already."""
    if w.anchors.read(day) is not None:
        return None
    before = w.anchors.read(day - timedelta(days=1))
    moved = (
        entry_from(listed) for shard in range(DAY_SHARDS) for listed in w.table.listed(keys.moved_list(day, shard))
    )
    anchor = anchor_of(day, None if before is None else digest_of(before), moved)
    return anchor if w.anchors.write(day, anchor.text()) else None
