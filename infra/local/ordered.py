"""DynamoDB's indexes in order: a page of a long list costs as much as a page of a short one, as on AWS.

ministack sorts a whole index partition, and evaluates the key condition for each of its entries, at every query. Here
each partition that was asked for is kept sorted, and a plain query (one key condition, ascending, with a limit) is
given the entries of its page alone; everything else goes the old way. What is answered is the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ministack.services import dynamodb

Entry: TypeAlias = tuple[str, str, str]
"""Sort value in the index, then the item's own keys: the order of an index."""

LAST = "\U0010ffff"
MOST_KEPT = 200
"""Partitions kept sorted. Long ones are few: the lists of provinces; a person's few rows are sorted again."""

_CONDITION = re.compile(r"(\w+) = (:\w+)(?: AND (\w+) (?:> (:\w+)|BETWEEN (:\w+) AND (:\w+)))?")


@dataclass(slots=True)
class _Partition:
    """The entries of one index partition, kept sorted while ministack's own list of members lives."""

    members: Any
    """ministack's members of all indexes of the table, by which one that was made anew is known."""
    entries: list[Entry]


@dataclass
class Ordered:
    """Sorted partitions by table (its identity), index and partition."""

    _tables: dict[int, tuple[Any, dict[tuple[str, str], _Partition]]] = field(default_factory=dict)
    _page: tuple[str, str, dict[tuple[str, str], None]] | None = None
    """Index, partition and members of the page that is being asked for."""

    def install(self) -> None:
        """Put the wrappers in place. Once, before the first request."""
        self._query: Callable[[Any], Any] = dynamodb._query
        self._members: Callable[[Any], Any] = dynamodb._index_members
        self._index_item: Callable[..., None] = dynamodb._index_item
        dynamodb._query = self.query
        dynamodb._index_members = self._members_of_page
        dynamodb._index_item = self._note

    def query(self, data: Any) -> Any:
        """Answer a query, over the entries of its page alone where it is a plain one."""
        self._page = self._narrowed(data)
        try:
            return self._query(data)
        finally:
            self._page = None

    def _members_of_page(self, table: Any) -> Any:
        members = self._members(table)
        if self._page is None:
            return members
        index, partition, page = self._page
        return {**members, index: {partition: page}}

    def _note(self, table: Any, base_pk: str, base_sk: str, item: Any, add: bool) -> None:
        self._index_item(table, base_pk, base_sk, item, add)
        kept = self._tables.get(id(table))
        if kept is None or kept[0] is not table:
            return
        for definition in table.get("GlobalSecondaryIndexes") or ():
            index = definition["IndexName"]
            range_key = f"{index}SK"
            sorted_one = kept[1].get((index, str((item.get(f"{index}PK") or {}).get("S"))))
            if sorted_one is None or range_key not in item:
                continue
            entry = (str(item[range_key].get("S")), base_pk, base_sk)
            at = bisect_left(sorted_one.entries, entry)
            there = at < len(sorted_one.entries) and sorted_one.entries[at] == entry
            if add and not there:
                insort(sorted_one.entries, entry)
            elif there and not add:
                del sorted_one.entries[at]

    def _narrowed(self, data: Mapping[str, Any]) -> tuple[str, str, dict[tuple[str, str], None]] | None:
        """The members of the page that a plain query asks for; None for any other."""
        index, limit = data.get("IndexName"), data.get("Limit")
        found = _CONDITION.fullmatch(str(data.get("KeyConditionExpression") or "").strip())
        table = dynamodb._tables.get(dynamodb._normalize_table_name(data.get("TableName")))
        if not index or not limit or found is None or table is None:
            return None
        if data.get("ExclusiveStartKey") or data.get("FilterExpression") or not data.get("ScanIndexForward", True):
            return None
        hash_key, partition_ref, range_key, after, low, high = found.groups()
        if hash_key != f"{index}PK" or range_key not in {None, f"{index}SK"}:
            return None
        value = {name: each.get("S") for name, each in data.get("ExpressionAttributeValues", {}).items()}
        if any(value.get(name) is None for name in (partition_ref, after, low, high) if name is not None):
            return None
        entries = self._entries(table, index, value[partition_ref])
        first, last = 0, len(entries)
        if after is not None:
            first = bisect_right(entries, (value[after], LAST, LAST))
        elif low is not None:
            first = bisect_left(entries, (value[low], "", ""))
            last = bisect_right(entries, (value[high], LAST, LAST))
        page = entries[first : min(last, first + int(limit))]
        return index, value[partition_ref], {(pk, sk): None for _, pk, sk in page}

    def _entries(self, table: Any, index: str, partition: str) -> list[Entry]:
        """The sorted entries of a partition, made at the first question about it."""
        kept, members = self._tables.get(id(table)), self._members(table)
        if kept is None or kept[0] is not table:
            kept = self._tables[id(table)] = (table, {})
        found = kept[1].get((index, partition))
        if found is None or found.members is not members:
            items, range_key = table["items"], f"{index}SK"
            entries = sorted(
                (str(items[pk][sk][range_key].get("S")), pk, sk)
                for pk, sk in members.get(index, {}).get(partition, ())
                if sk in items.get(pk, ())
            )
            while len(kept[1]) >= MOST_KEPT:
                del kept[1][next(iter(kept[1]))]
            found = kept[1][index, partition] = _Partition(members, entries)
        return found.entries
