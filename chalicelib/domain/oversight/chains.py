"""Hash chains as an auditor sees them: where one is broken, and the daily anchor that fixes where each chain stood.

A chain proves itself only as long as nobody rewrites it from some line to its end. The anchor of a day names the last
hash of every chain that moved on it and lies where nothing can be replaced; each anchor names the one before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ..events import GENESIS

FORM = 1
"""The form of an anchor's text."""


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """One line of a chain. `sound`: its hash is the hash of its content."""

    number: int
    previous_hash: str
    hash: str
    sound: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What the thing itself names as the last line of its chain."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first line of a chain that is not as it was written."""

    number: int
    why: str


def first_break(links: Iterable[Link], head: Head | None) -> Break | None:
    """Where a chain is broken first; None for a whole one. The links come in the order of their numbers.

    Without a head (a view log has none) lines cut off its end show in the anchors only.
    """
    previous, expected = GENESIS, 1
    for link in links:
        if link.number != expected:
            return Break(expected, "missing")
        if not link.sound:
            return Break(expected, "altered")
        if link.previous_hash != previous:
            return Break(expected, "does not follow the line before it")
        previous, expected = link.hash, expected + 1
    if head is not None and (head.number, head.hash) != (expected - 1, previous):
        return Break(expected, "cut off" if head.number >= expected else "its head names another line")
    return None


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Where one chain stood at the end of a day: its partition, its last number then, and that line's hash."""

    chain: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The chains that moved on a day. `previous` is the SHA-256 of the anchor of the day before, None without one."""

    day: date
    previous: str | None
    entries: tuple[Entry, ...]

    def text(self) -> str:
        """JSON lines: the head with the root over all entries, then the entries by chain. The same for the same day."""
        entries = [json.dumps([each.chain, each.number, each.hash]) for each in self.entries]
        head = {
            "form": FORM,
            "day": self.day.isoformat(),
            "chains": len(entries),
            "previous": self.previous,
            "root": _root(entries),
        }
        return "\n".join([json.dumps(head), *entries]) + "\n"


def anchor_of(day: date, previous: str | None, entries: Iterable[Entry]) -> Anchor:
    """The anchor of a day from every line that was written on it: of each chain the last."""
    last: dict[str, Entry] = {}
    for entry in entries:
        known = last.get(entry.chain)
        if known is None or known.number < entry.number:
            last[entry.chain] = entry
    return Anchor(day, previous, tuple(sorted(last.values())))


def read_anchor(text: str) -> Anchor:
    """An anchor from its text. Raises ValueError where it is not as it was written."""
    try:
        first, *lines = text.removesuffix("\n").split("\n")
        head = json.loads(first)
        entries = tuple(Entry(str(chain), int(number), str(digest)) for chain, number, digest in map(json.loads, lines))
        anchor = Anchor(date.fromisoformat(head["day"]), head["previous"], entries)
    except (ValueError, KeyError, TypeError):
        raise ValueError("no anchor") from None
    if anchor.text() != text:
        raise ValueError("the root of the anchor does not hold")
    return anchor


def digest_of(text: str) -> str:
    """What the next anchor names as the one before it."""
    return hashlib.sha256(text.encode()).hexdigest()


def against(entry: Entry, links: Mapping[int, str]) -> str | None:
    """Why a chain (its hashes by number) is not the one that was anchored; None where it is."""
    found = links.get(entry.number)
    if found is None:
        return "missing"
    return None if found == entry.hash else "rewritten since it was anchored"


def _root(entries: list[str]) -> str:
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()
