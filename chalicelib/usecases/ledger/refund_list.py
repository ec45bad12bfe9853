"""Refund cases that are open: money that is to go back, the longest waiting first."""

from __future__ import annotations

from dataclasses import dataclass

from ...domain.access import Caller
from ...domain.ledger.refund_case import RefundCase
from ...domain.oversight.expectation import Expectation, of_refund
from ...storage import keys
from ...storage.items.dossiers import LIST_SHARDS
from ...storage.items.refunds import refund_from
from ...wiring import Wiring
from ..answers import Page
from ..course.work_lists import provinces_of
from ..paging import merged, page_of, position_of


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A case, and until when it should be paid back."""

    case: RefundCase
    expected: Expectation | None
    late: bool


def list_refunds(caller: Caller, *, province: str | None, limit: int, cursor: str | None, w: Wiring) -> Page[RefundRow]:
    """Open refund cases of the caller's provinces. AP97.

    The list is an index and may be behind: each case is read, and one that is closed meanwhile is left out. Raises
    `Forbidden` for portal clients and other provinces, `Rejected` (CURSOR_INVALID).
    """
    partitions = [
        keys.refund_list(code, shard) for code in provinces_of(caller, province, w) for shard in range(LIST_SHARDS)
    ]
    entries = merged(partitions, position_of(cursor), None, limit + 1, w)
    page = page_of(entries, lambda item: (str(item["PK"]), str(item["SK"])), lambda _: True, limit)
    read = w.table.get_many(page.items)
    now = w.clock.now()
    rules = w.law.watch_rules.on(now.date()).value
    rows = []
    for key in page.items:
        if key in read:
            case = refund_from(read[key])
            expected = of_refund(case, rules, w.law.calendar)
            if expected is not None:
                rows.append(RefundRow(case, expected, expected.by is not None and now > expected.by))
    return Page(tuple(rows), page.next_cursor)
