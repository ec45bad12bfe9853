"""Provinces by date: a code without a date is ambiguous, seven codes changed owner on 2025-07-01."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Province:
    """One province as it stood between two dates, both included; an open end is None.

    `predecessors` are the codes, in their meaning just before `valid_from`, whose territory it took over;
    `successors` the codes, in their meaning just after `valid_to`, that work on for it.
    """

    code: str
    name: str
    unit_type: str
    valid_from: date
    valid_to: date | None
    predecessors: tuple[str, ...]
    successors: tuple[str, ...]
    birth_code: str | None
    """Three digits that open a personal identifier; a code keeps the meaning it had when given out."""
    source: str

    def stands_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Provinces:
    """All provinces of all times. One code means at most one province on a day (ValueError otherwise)."""

    def __init__(self, provinces: Iterable[Province]) -> None:
        self._by_code: dict[str, tuple[Province, ...]] = {}
        for province in sorted(provinces, key=lambda p: (p.code, p.valid_from)):
            earlier = self._by_code.get(province.code, ())
            if earlier and (earlier[-1].valid_to is None or earlier[-1].valid_to >= province.valid_from):
                raise ValueError(f"two provinces share the code {province.code} on {province.valid_from}")
            self._by_code[province.code] = (*earlier, province)
        self.birth_codes = frozenset(p.birth_code for known in self._by_code.values() for p in known if p.birth_code)

    def codes(self) -> frozenset[str]:
        """Every code that ever meant a province."""
        return frozenset(self._by_code)

    def on(self, day: date) -> tuple[Province, ...]:
        """The provinces of a day, by code: 63 until 2025-06-30, 34 from 2025-07-01."""
        return tuple(p for known in self._by_code.values() for p in known if p.stands_on(day))

    def get(self, code: str, day: date) -> Province | None:
        """What this code meant on a day; None if nothing."""
        for province in self._by_code.get(code, ()):
            if province.stands_on(day):
                return province
        return None

    def working_code(self, code: str, opened: date, day: date) -> str:
        """Which province works, on `day`, on a dossier of `code` opened on `opened`.

        A merged province hands its queue over to the successor, the dossier keeps its old code. Raises KeyError
        for a code that meant nothing on the opening day.
        """
        province = self.get(code, opened)
        if province is None:
            raise KeyError(code)
        while province.valid_to is not None and province.valid_to < day and province.successors:
            code = province.successors[0]
            following = [p for p in self._by_code[code] if p.valid_from > province.valid_to]
            province = following[0]
        return code

    def handed_to(self, code: str, day: date) -> frozenset[str]:
        """The codes whose dossiers the province `code` works on, on a day: its own, and those of its predecessors.

        No code is handed to two provinces: one that changed its owner went to the province that bears it now.
        """
        handed = {code}
        for former, known in self._by_code.items():
            first = known[0].valid_from
            if first <= day and self.working_code(former, first, day) == code:
                handed.add(former)
        return frozenset(handed)
