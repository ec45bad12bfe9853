"""Where each dossier counts, and the totals of a province's days."""

from __future__ import annotations

from datetime import date

from ...domain.course.tally import Counted, Standing
from ..codec import Value
from ..table import Stored
from .fields import number, text

TOTAL_SHARDS = 4
"""Items that share one row of the totals, so that the dossiers of a busy day do not queue for one."""


def total_shard_of(code: str) -> int:
    return sum(code.encode()) % TOTAL_SHARDS


def tally_item(counted: Counted, version: int, relayed: int) -> dict[str, Value]:
    return {
        "version": version,
        "relayed": relayed,
        "day": counted.day.isoformat(),
        "standing": counted.standing,
        "overdue": counted.overdue,
    }


def tally_from(item: Stored) -> tuple[Counted, int]:
    """Where a dossier was counted last, and by which of its versions."""
    counted = Counted(date.fromisoformat(text(item, "day")), Standing(text(item, "standing")), item["overdue"] is True)
    return counted, number(item, "version")


def relayed_from(item: Stored | None) -> int:
    """Up to which audit line everything has been relayed; what was counted before that was kept was relayed."""
    if item is None:
        return 0
    return number(item, "relayed" if "relayed" in item else "version")
