"""What the clock of the deadlines does to a dossier when something is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..configuration.procedure import ESCALATION_LEVELS
from ..events import Act, Event
from ..registration.dossier import ESCALATIONS, Change, Dossier, Milestone, State, unchanged

_EVENTS: Mapping[Milestone, Event] = {
    Milestone.REMINDED: Event.OFFICER_REMINDED,
    Milestone.APOLOGY_DUE: Event.APOLOGY_DUE,
    Milestone.OVERDUE: Event.OVERDUE_MARKED,
    Milestone.ESCALATED_1: Event.OVERDUE_ESCALATED,
    Milestone.ESCALATED_2: Event.OVERDUE_ESCALATED,
    Milestone.STEP_LATE: Event.STEP_OVERDUE,
}


def expire(dossier: Dossier, act: Act) -> Change:
    """No payment came in time. Raises `Conflict` (INVALID_TRANSITION) once one did."""
    return unchanged(dossier).then(
        Event.PAYMENT_EXPIRED, act, to=State.EXPIRED, reason="Quá thời hạn nộp tiền mà chưa nhận được chứng từ đóng."
    )


def reach(dossier: Dossier, milestone: Milestone, act: Act) -> Change:
    """A milestone of the deadline passes; a second time changes nothing."""
    if milestone in dossier.milestones:
        return unchanged(dossier)
    subject: str | None = ESCALATION_LEVELS[ESCALATIONS.index(milestone)] if milestone in ESCALATIONS else None
    if milestone is Milestone.STEP_LATE and dossier.step is not None:
        subject = dossier.step.step_code
    marked = replace(dossier, milestones=dossier.milestones | {milestone})
    return unchanged(marked).then(_EVENTS[milestone], act, subject=subject)
