"""The law in force for this process: the shipped tables with everything published since laid over them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import law as shipped
from .domain.configuration.law import Law
from .domain.configuration.publication import RuleChange
from .law.published import Publication, overlaid
from .storage import keys
from .storage.items.rules import change_from
from .storage.table import Stored, Table

CACHE_SECONDS = 1.0
"""How long a function may believe what it has read. A publication answers only after that, and what is no
correction takes effect tomorrow at the earliest."""


@dataclass(slots=True)
class LawBook:
    table: Table
    _law: Law | None = None
    _version: int = 0
    _read_at: float = field(default=-CACHE_SECONDS)

    def law(self) -> Law:
        """The tables as they are in force, at most `CACHE_SECONDS` old (AP14)."""
        moment = time.monotonic()
        if self._law is None or moment - self._read_at >= CACHE_SECONDS:
            self.see(self.table.get(keys.RULES_HEAD))
        return self._law or shipped.load()

    def forget(self) -> None:
        """Read again at the next look."""
        self._read_at = -CACHE_SECONDS

    def see(self, head: Stored | None) -> None:
        """Take what was just read under `keys.RULES_HEAD`: whoever reads a batch anyway spares a read of its own."""
        version = 0 if head is None else head["published"]
        if not isinstance(version, int):
            raise TypeError("the head of the rules holds no number")
        if self._law is None or version != self._version:
            self._law = shipped.assemble(files_in_force(self.table)) if version else shipped.load()
            self._version = version
        self._read_at = time.monotonic()


def published_changes(table: Table) -> list[RuleChange]:
    """Every published change in the order of publication (AP15)."""
    changes = (change_from(item) for item in table.query(keys.RULES_PARTITION, keys.RULE_CHANGE))
    return sorted((change for change in changes if change.order is not None), key=lambda change: change.order or 0)


def publication_of(change: RuleChange, order: int) -> Publication:
    """A change as the `order`-th publication."""
    return Publication(
        version=order, table=change.table, rows=tuple(json.loads(change.rows)), correction=change.correction
    )


def files_in_force(table: Table) -> Mapping[str, Mapping[str, Any]]:
    """The law's data files with every published change laid over them."""
    publications = [publication_of(change, change.order or 0) for change in published_changes(table)]
    return overlaid(shipped.files(), publications)
