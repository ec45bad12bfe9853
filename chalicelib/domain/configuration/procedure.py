"""A province's way of handling 602e: its time limits and who issues. A dossier keeps the version it started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .steps import ClockStart, Step, StepRole


@dataclass(frozen=True, slots=True)
class Procedure:
    """One version of the procedure's limits.

    `limit_working_days` counts from the day after receipt, `reminder_working_days` back from the due day;
    `payment_hours` is how long an unpaid declaration waits. With `automatic_issue` no signer is awaited. A dossier
    that was stored before procedures had steps has none.
    """

    version: str
    limit_working_days: int
    reminder_working_days: int
    payment_hours: int
    automatic_issue: bool
    effective_from: date
    source: str
    steps: tuple[Step, ...] = ()
    clock_start: ClockStart = ClockStart.PAYMENT_CONFIRMED
    auto_accept: bool = True

    @property
    def signed_by_two(self) -> bool:
        """Whether two signers must decide to issue a cover."""
        return any(step.signs and step.needs_two_person for step in self.steps)

    def may_request_supplement(self, role: str) -> bool:
        """Whether somebody of this role may ask for a supplement: a step of theirs says so; without steps any may.

        A signer is an officer too (contract 1).
        """
        own = {role, StepRole.OFFICER} if role == StepRole.SIGNER else {role}
        return not self.steps or any(step.can_request_supplement and step.role in own for step in self.steps)


class EscalationLevel(StrEnum):
    """A level of management that hears of an overdue dossier."""

    HEAD_OF_UNIT = "HEAD_OF_UNIT"
    MINISTRY = "MINISTRY"


ESCALATION_LEVELS = tuple(EscalationLevel)
"""Who hears, one after the other, that a dossier is overdue."""


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """What happens around a deadline, and when: the same in every province.

    `supplement_days` are calendar days that a supplement is waited for. Working days: `apology_warning_working_days`
    before the due day the officers are told that an apology must go out; `escalation_working_days` behind the due day,
    ascending, each next level of management hears that the dossier is overdue.
    """

    supplement_days: int
    apology_warning_working_days: int
    escalation_working_days: tuple[int, ...]
    intake_working_hours: int = 8
    """Within so many working hours of its arrival an online filing is answered (NĐ 45/2020)."""


@dataclass(frozen=True, slots=True)
class WatchRules:
    """How long things may wait that have no time limit of their own: working days, but for the drawing (minutes)."""

    grace_minutes: int
    """So much later than its moment something is stuck: an alarm clock may be late."""
    drawing_minutes: int
    signature_days: int
    delivery_days: int
    reopening_days: int
    revocation_days: int
    refund_days: int
    decision_days: int
    repair_days: int
