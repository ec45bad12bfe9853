"""Where a dossier counts in the statistics: in one row (province and day) under one standing (domain rule 5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..covers.cover import Cover, CoverState
from ..months import at_vietnam
from ..registration.dossier import Dossier, Milestone, State


class Standing(StrEnum):
    """Every dossier has exactly one."""

    AWAITING_PAYMENT = "awaiting_payment"
    UNPAID = "unpaid"
    """Ended before it was received: expired, withdrawn or refused without a payment."""
    IN_PROCESS = "in_process"
    AWAITING_SUPPLEMENT = "awaiting_supplement"
    AWAITING_SIGNER = "awaiting_signer"
    ON_TIME = "on_time"
    LATE = "late"


OVERDUE = "overdue"
"""Counted beside the standing of an open dossier whose due moment has passed."""

RECEIVED = frozenset(Standing) - {Standing.AWAITING_PAYMENT, Standing.UNPAID}


@dataclass(frozen=True, slots=True)
class Counted:
    """What one dossier adds to the statistics. `day` is the day of its receipt, before that of its declaration."""

    day: date
    standing: Standing
    overdue: bool

    @property
    def amounts(self) -> Mapping[str, int]:
        """What it adds to its row."""
        return {self.standing: 1, **({OVERDUE: 1} if self.overdue else {})}


def counted(dossier: Dossier, cover: Cover | None) -> Counted:
    """Where a dossier counts now. `cover` is its newest one.

    It is overdue once the clock of its deadline has marked it so; late as the KPI rules of 5.5 say.
    """
    received_at = dossier.paid_at or dossier.created_at
    overdue = not dossier.state.ended and Milestone.OVERDUE in dossier.milestones
    return Counted(at_vietnam(received_at).date(), _standing(dossier, cover), overdue)


def _standing(dossier: Dossier, cover: Cover | None) -> Standing:
    if dossier.paid_at is None:
        return Standing.UNPAID if dossier.state.ended else Standing.AWAITING_PAYMENT
    if dossier.ended_at is not None:
        return Standing.LATE if dossier.kpi_late(dossier.ended_at) else Standing.ON_TIME
    if dossier.state is State.SUPPLEMENT_REQUESTED:
        return Standing.AWAITING_SUPPLEMENT
    if cover is not None and cover.state is CoverState.DATA_CREATED and not dossier.procedure.automatic_issue:
        return Standing.AWAITING_SIGNER
    return Standing.IN_PROCESS


def moved(before: Counted | None, after: Counted) -> Mapping[date, Mapping[str, int]]:
    """By how much each row grows or shrinks when a dossier moves; a row in which nothing changes is left out."""
    rows: dict[date, dict[str, int]] = {}
    for each, sign in ((before, -1), (after, 1)):
        if each is not None:
            row = rows.setdefault(each.day, {})
            for name, amount in each.amounts.items():
                row[name] = row.get(name, 0) + sign * amount
    changed = {day: {name: amount for name, amount in row.items() if amount} for day, row in rows.items()}
    return {day: row for day, row in changed.items() if row}
