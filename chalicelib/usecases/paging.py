"""One page of a list that lies in many partitions: merged in order, read a chunk at a time, bounded in its reads."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ..domain.errors import Fault, Rejected
from ..storage.items.fields import text
from ..storage.table import Stored
from ..wiring import Wiring
from .answers import Page

T = TypeVar("T")
Entries: TypeAlias = Iterator[tuple[str, Stored | None]]
"""Positions of a list with what stands there."""

CHUNK = 100
FURTHER_READS = 20
"""Chunks read for one page beyond the first of each partition; a filter that finds little ends with a short page."""


@dataclass(slots=True)
class _Budget:
    """How many reads are left for one page."""

    further: int


def merged(partitions: Sequence[str], after: str, before: str | None, chunk: int, w: Wiring) -> Entries:
    """The entries of GSI2 partitions between two positions, in order, read `chunk` at a time as they are needed."""
    budget = _Budget(FURTHER_READS)
    entries = (_entries(partition, after, before, chunk, budget, w) for partition in partitions)
    return heapq.merge(*entries, key=lambda entry: entry[0])


def _entries(partition: str, after: str, before: str | None, chunk: int, budget: _Budget, w: Wiring) -> Entries:
    """The entries of one partition after a position, read a chunk at a time as they are needed.

    Where the budget ends, the last position without an item: nothing behind it is known.
    """
    while True:
        items = w.table.query_list(partition, after=after, before=before, limit=chunk)
        for item in items:
            sort_key = text(item, "GSI2SK")
            if sort_key != after:
                yield sort_key, item
        if len(items) < chunk:
            return
        after = text(items[-1], "GSI2SK")
        if budget.further == 0:
            yield after, None
            return
        budget.further -= 1


def page_of(entries: Entries, row_of: Callable[[Stored], T], wanted: Callable[[T], bool], limit: int) -> Page[T]:
    """The first `limit` rows that are wanted, with a cursor where more may follow."""
    rows: list[T] = []
    position = ""
    for sort_key, item in entries:
        if item is None:
            return Page(tuple(rows), cursor_of(sort_key))
        row = row_of(item)
        if not wanted(row):
            continue
        if len(rows) == limit:
            return Page(tuple(rows), cursor_of(position))
        rows.append(row)
        position = sort_key
    return Page(tuple(rows), None)


def cursor_of(position: str) -> str:
    """The cursor that stands for a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> str:
    """The position that a cursor stands for; from the start without one."""
    if cursor is None:
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise Rejected([Fault("cursor", "CURSOR_INVALID", "Con trỏ trang không hợp lệ.")]) from None
