"""What each write to the table costs: the item before and after it, and what the indexes copy of it.

DynamoDB bills a write by the larger of the two images, a kilobyte a unit and two in a transaction; an index bills its
own entry, as far as that changes: nothing where keys and projected attributes stay, one unit where an entry comes,
goes or changes, two where it moves to another key (developer guide, "Provisioned throughput considerations for global
secondary indexes").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.storage.codec import Attributes

WRITES = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")
OVERHEAD = 100
"""Bytes that DynamoDB adds to each item, and to each entry of an index, when it bills storage."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of the table, as the template declares it."""

    name: str
    partition: str
    sort: str
    projected: frozenset[str]

    def entry(self, item: Attributes) -> Attributes | None:
        """What the index holds of an item; None for nothing."""
        if self.partition not in item or self.sort not in item:
            return None
        kept = self.projected | {"PK", "SK", self.partition, self.sort}
        return {name: value for name, value in item.items() if name in kept}

    def units(self, before: Attributes, after: Attributes) -> int:
        """Write units of a change of an item."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        if old is None or new is None:
            return kilobytes(old or new or {})
        if any(old[name] != new[name] for name in (self.partition, self.sort)):
            return kilobytes(old) + kilobytes(new)
        return max(kilobytes(old), kilobytes(new))


@dataclass(frozen=True, slots=True)
class Write:
    """One item that a function wrote, or only looked at on the condition of a transaction."""

    function: str
    item: str
    """Its kind, by its keys."""
    operation: str
    bytes: int
    units: int
    index_units: Mapping[str, int]

    @property
    def all_units(self) -> int:
        return self.units + sum(self.index_units.values())


def indexes_of(table: Mapping[str, Any]) -> tuple[Index, ...]:
    """The indexes of a table's properties in the template."""
    found = []
    for each in table["GlobalSecondaryIndexes"]:
        keys = {key["KeyType"]: key["AttributeName"] for key in each["KeySchema"]}
        projected = frozenset(each["Projection"].get("NonKeyAttributes", ()))
        found.append(Index(each["IndexName"], keys["HASH"], keys["RANGE"], projected))
    return tuple(found)


def keys_of(operation: str, parameters: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Sort and key of each item that a call writes."""
    if operation != "TransactWriteItems":
        return [(operation.removesuffix("Item"), _key(parameters))]
    return [(sort, _key(asked)) for write in parameters["TransactItems"] for sort, asked in write.items()]


def _key(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    named = asked.get("Item") or asked["Key"]
    return {"PK": named["PK"], "SK": named["SK"]}


class Watch:
    """Looks at the items of each write, before it is sent and after it is answered."""

    def __init__(self, read: Callable[[Mapping[str, Any]], Attributes], indexes: Iterable[Index]) -> None:
        self._read, self._indexes = read, tuple(indexes)
        self._under_way: list[tuple[str, Mapping[str, Any], Attributes]] = []
        self.writes: list[Write] = []

    def before(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self._under_way = [(sort, key, self._read(key)) for sort, key in keys_of(operation, parameters)]

    def after(self, function: str, operation: str) -> None:
        each_kilobyte = 2 if operation == "TransactWriteItems" else 1
        for sort, key, before in self._under_way:
            after = self._read(key)
            larger = max(size(before), size(after))
            self.writes.append(
                Write(
                    function=function,
                    item=kind_of(key["PK"]["S"], key["SK"]["S"]),
                    operation=sort,
                    bytes=larger,
                    units=each_kilobyte * max(1, -(-larger // 1024)),
                    index_units={index.name: index.units(before, after) for index in self._indexes},
                )
            )
        self._under_way = []


_BY_SORT = {
    "META": "dossier", "AUDIT": "audit line", "VIEW": "look", "STANDING": "delivery", "ATTEMPT": "try of a delivery",
    "HEADER": "person", "PERIOD": "period", "HEAD": "voucher", "V": "voucher, version", "RECEIPT": "receipt number",
    "SI": "SI number", "IDEM": "kept answer", "NUMBER": "counter", "VOUCHER": "period of a dossier",
    "TALLY": "tally", "COVER": "cover", "TOKEN": "token of a clock",
}  # fmt: skip


def kind_of(partition: str, sort: str) -> str:
    """What an item is, in words."""
    if partition.startswith("TOTALS#"):
        return "totals"
    if sort.endswith(("#TOKEN", "#PROOF")):
        return f"cover, {sort.rpartition('#')[2].lower()}"
    return _BY_SORT.get(sort.partition("#")[0], f"{partition.partition('#')[0]} {sort.partition('#')[0]}")


def stored_bytes(items: Iterable[Attributes], indexes: Iterable[Index]) -> int:
    """What DynamoDB bills as storage for items and their entries in the indexes."""
    listed = tuple(indexes)
    total = 0
    for item in items:
        entries = [entry for index in listed if (entry := index.entry(item)) is not None]
        total += sum(OVERHEAD + size(each) for each in (item, *entries))
    return total


def size(item: Attributes | Mapping[str, Any]) -> int:
    """Bytes as DynamoDB counts them: names and values, three for each list or map, one for each of its members."""

    def of(value: Mapping[str, Any]) -> int:
        ((kind, inner),) = value.items()
        match kind:
            case "M":
                return 3 + sum(1 + len(name.encode()) + of(each) for name, each in inner.items())
            case "L":
                return 3 + sum(1 + of(each) for each in inner)
            case "N":
                return (len(str(inner).strip("-").rstrip("0")) + 1) // 2 + 1
            case "B":
                return len(inner)
            case "S":
                return len(inner.encode())
        return 1

    return sum(len(name.encode()) + of(value) for name, value in item.items())


def kilobytes(item: Attributes) -> int:
    """At least one."""
    return max(1, -(-size(item) // 1024))
