"""The steps of a province's procedure: who does what in which time, who may ask for more, who signs (domain 5.8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepRole(StrEnum):
    """Who carries a step out: a role of the token, or the system itself."""

    OFFICER = "officer"
    SIGNER = "signer"
    SYSTEM = "system"


class LimitUnit(StrEnum):
    HOURS = "HOURS"
    WORKING_DAYS = "WORKING_DAYS"


class ClockStart(StrEnum):
    """The event that starts a dossier's clock."""

    PAYMENT_CONFIRMED = "PAYMENT_CONFIRMED"
    ACCEPTED = "ACCEPTED"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; the next begins when it is done. The one that `signs` gives the result and ends the process."""

    step_code: str
    role: StepRole
    unit: str | None
    """The office that does it, in its own words."""
    limit: int
    limit_unit: LimitUnit
    needs_two_person: bool = False
    can_request_supplement: bool = False
    signs: bool = False

    def hours(self, hours_a_day: int) -> int:
        """Its limit in working hours."""
        return self.limit if self.limit_unit is LimitUnit.HOURS else self.limit * hours_a_day


@dataclass(frozen=True, slots=True)
class NationalMaximum:
    """The longest that a province may take, in working days, and how many working hours make one of them."""

    working_days: int
    hours_a_day: int
