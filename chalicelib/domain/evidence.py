"""What others know of a person: the outside registers, and the periods this system has recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .identity import BirthDate, Gender
from .months import Month, MonthSpan


@dataclass(frozen=True, slots=True)
class PersonOnFile:
    """A person in the national population database."""

    full_name: str
    birth_date: BirthDate
    gender: Gender
    province_code: str
    commune_code: str


@dataclass(frozen=True, slots=True)
class PoorListing:
    """One stay on the list of poor (POOR) or near-poor (NEAR_POOR) households; an open end is None."""

    category: str
    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Book:
    """An existing insurance book and the last month it counts as paid, None if no month is."""

    si_number: str
    paid_through: Month | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the outside registers say of one person; empty where they know nothing."""

    person: PersonOnFile | None = None
    poor: tuple[PoorListing, ...] = ()
    compulsory: tuple[MonthSpan, ...] = ()
    book: Book | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What this system has recorded: months covered (not voided), and months the State has supported so far."""

    covered: tuple[MonthSpan, ...] = ()
    supported_months: int = 0
