"""What others know of a person: the outside registers, and the periods this system has recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..months import Month, MonthSpan
from .identity import BirthDate, Gender


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
class Benefit:
    """A pension, social insurance allowance or monthly allowance that is paid to the person; an open end is None."""

    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Contract:
    """A labour or work contract that puts the person within compulsory insurance; an open end is None.

    `suspended` are the times in which it is suspended and nothing is paid, first and last day included.
    """

    valid_from: date
    valid_to: date | None = None
    suspended: tuple[tuple[date, date], ...] = ()

    def covers_any_day_of(self, month: Month) -> bool:
        return self.valid_from <= month.last_day and (self.valid_to is None or month.first_day <= self.valid_to)

    def suspended_throughout(self, month: Month) -> bool:
        return any(first <= month.first_day and month.last_day <= last for first, last in self.suspended)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the outside registers say of one person; empty where they know nothing.

    `compulsory` are months in which compulsory insurance was paid, `contracts` what puts the person within it.
    """

    person: PersonOnFile | None = None
    poor: tuple[PoorListing, ...] = ()
    compulsory: tuple[MonthSpan, ...] = ()
    book: Book | None = None
    benefits: tuple[Benefit, ...] = ()
    contracts: tuple[Contract, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What this system has recorded: months covered (not voided), and months the State has supported so far."""

    covered: tuple[MonthSpan, ...] = ()
    supported_months: int = 0
    si_number: str | None = None
    """The SI number that this person's payments were recorded under."""
    number_of_another: bool = False
    """The declared SI number is recorded here as another person's."""
