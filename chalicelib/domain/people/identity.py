"""A person as documents describe them: gender, and a birth date as precise as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Gender(StrEnum):
    MALE = "NAM"
    FEMALE = "NU"


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date as precise as it is known: day, month or year only."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def earliest(self) -> date:
        """The first day it can mean; BHXH's convention where day or month is missing."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def precision(self) -> str:
        return "YEAR" if self.month is None else "MONTH" if self.day is None else "DAY"

    def agrees_with(self, other: BirthDate) -> bool:
        """Whether both can mean the same day: they are compared as far as both are known."""
        mine, theirs = (self.year, self.month, self.day), (other.year, other.month, other.day)
        return all(a == b for a, b in zip(mine, theirs, strict=True) if a is not None and b is not None)

    def __str__(self) -> str:
        return "-".join([f"{self.year:04d}"] + [f"{part:02d}" for part in (self.month, self.day) if part is not None])


def full_years(born: date, on: date) -> int:
    """Age in full years on a day. A person born on 29 February has their birthday on 1 March in other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
