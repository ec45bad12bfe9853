"""Accounting's manifest of a day: what it says it sent, and which numbers of its sequence that is (domain rule 7.2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_SEQUENCE = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What accounting says it sent for a day and province. `number` counts the different ones of the day from 1."""

    number: int
    count: int
    sum_received: int
    first_voucher_id: str | None
    last_voucher_id: str | None
    received_at: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what it says: the same manifest sent again has the same one."""
        return fingerprint_of([self.count, self.sum_received, self.first_voucher_id, self.last_voucher_id])


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of the manifest's sequence that nothing was received for, both ends included."""

    prefix: str
    width: int
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def name(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.width}d}"

    def ids(self, most: int) -> tuple[str, ...]:
        """Its ids, up to so many."""
        return tuple(self.name(number) for number in range(self.first, min(self.last, self.first + most - 1) + 1))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The ids that a manifest counts: one prefix, then numbers of one width."""

    prefix: str
    width: int
    first: int
    last: int

    @classmethod
    def of(cls, manifest: Manifest) -> Numbers | None:
        """None where the manifest names no range, or one whose ends are not of one sequence."""
        ends = [_numbered(name) for name in (manifest.first_voucher_id, manifest.last_voucher_id) if name is not None]
        told = [end for end in ends if end is not None]
        if len(told) != 2:
            return None
        (prefix, width, first), (other, other_width, last) = told
        if (prefix, width) != (other, other_width) or first > last:
            return None
        return cls(prefix, width, first, last)

    def number_of(self, voucher_id: str) -> int | None:
        """The number of an id within the range; None for one beyond it."""
        numbered = _numbered(voucher_id)
        if numbered is None or numbered[:2] != (self.prefix, self.width):
            return None
        return numbered[2] if self.first <= numbered[2] <= self.last else None

    def gaps(self, received: Iterable[str]) -> tuple[Gap, ...]:
        """What is missing, in order; a range of any length costs no more than what was received."""
        numbers = sorted({number for name in received if (number := self.number_of(name)) is not None})
        found, expected = [], self.first
        for number in [*numbers, self.last + 1]:
            if number > expected:
                found.append(Gap(self.prefix, self.width, expected, number - 1))
            expected = number + 1
        return tuple(found)


def _numbered(name: str) -> tuple[str, int, int] | None:
    """`KT79-2023-0000001` -> (`KT79-2023-`, 7, 1): prefix, width, number; None without digits at the end."""
    found = _SEQUENCE.fullmatch(name)
    return None if found is None else (found[1], len(found[2]), int(found[2]))


def fingerprint_of(content: object) -> str:
    """SHA-256 (hex) of a JSON value in one fixed form."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
