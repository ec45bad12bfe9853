"""The table's rows and its stream's records, packed: as objects an item takes ten times what its text takes.

`Partitions` takes the place of ministack's dictionary of items. Whoever reads a row gets objects of their own; only
what is stored again changes the table, which is how ministack treats an item anyway.
"""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, Any]
_ABSENT: Any = object()


class Rows(dict[str, Any]):
    """The items of one partition key by sort key."""

    __slots__ = ()

    def __setitem__(self, sort: str, item: Item) -> None:
        super().__setitem__(sort, marshal.dumps(item))

    def __getitem__(self, sort: str) -> Item:
        item: Item = marshal.loads(super().__getitem__(sort))  # noqa: S302 (our own bytes, of this process)
        return item

    def get(self, sort: str, default: Any = None) -> Any:
        packed = super().get(sort)
        return default if packed is None else marshal.loads(packed)  # noqa: S302

    def pop(self, sort: str, default: Any = _ABSENT) -> Any:
        packed = super().pop(sort, None)
        if packed is not None:
            return marshal.loads(packed)  # noqa: S302
        if default is _ABSENT:
            raise KeyError(sort)
        return default

    def values(self) -> Iterator[Item]:  # type: ignore[override]
        return (marshal.loads(packed) for packed in list(super().values()))  # noqa: S302

    def items(self) -> list[tuple[str, Item]]:  # type: ignore[override]
        return [(sort, marshal.loads(packed)) for sort, packed in list(super().items())]  # noqa: S302

    def __deepcopy__(self, memo: Any) -> Rows:
        return self.copy()

    def copy(self) -> Rows:
        made = Rows()
        dict.update(made, dict.items(self))
        return made


class Partitions(dict[str, Rows]):
    """All partition keys of a table."""

    __slots__ = ()

    @classmethod
    def of(cls, items: Mapping[str, Mapping[str, Item]]) -> Partitions:
        """The same items, packed."""
        made = cls()
        for partition, rows in items.items():
            packed = made.setdefault(partition, {})
            for sort, item in rows.items():
                packed[sort] = item
        return made

    def setdefault(self, partition: str, default: Any = None) -> Rows:
        found = self.get(partition)
        if found is None:
            found = self[partition] = Rows()
        return found


class Records(list[Any]):
    """The records of a stream, in order."""

    __slots__ = ()

    def __init__(self, records: Iterable[Item] = ()) -> None:
        super().__init__(marshal.dumps(record) for record in records)

    def append(self, record: Item) -> None:
        super().append(marshal.dumps(record))

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice):
            return [marshal.loads(packed) for packed in found]  # noqa: S302
        return marshal.loads(found)  # noqa: S302

    def __iter__(self) -> Iterator[Item]:
        return (marshal.loads(packed) for packed in super().__iter__())  # noqa: S302


class Fingerprint:
    """Stands for a request, and equals whatever says the same."""

    __slots__ = ("_digest",)

    def __init__(self, request: Any) -> None:
        self._digest = _digest(request)

    def __eq__(self, other: object) -> bool:
        return self._digest == _digest(other)

    def __hash__(self) -> int:
        return hash(self._digest)


def _digest(request: Any) -> bytes:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).digest()


def pack(table: dict[str, Any]) -> None:
    """Let a table keep its rows packed. Costs nothing where it does already."""
    if type(table["items"]) is not Partitions:
        table["items"] = Partitions.of(table["items"])
