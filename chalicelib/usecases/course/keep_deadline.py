"""What the dossier's clock does: reckon the first wake, tell what is due at each, and carry out what is.

Every step looks at the table first: a wake that is early, late or doubled finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...domain.course.clockwork import reach
from ...domain.course.lifecycle import new_generation, time_out
from ...domain.course.payment import NO_CASES, Cases, end_unpaid
from ...domain.errors import NotConfigured, NotFound, storage_busy
from ...domain.events import Act, By
from ...domain.registration.deadlines import Action, NextStep, next_step
from ...domain.registration.dossier import ESCALATIONS, Change, Dossier, Milestone, unchanged
from ...storage import keys
from ...storage.items.dossiers import dossier_from
from ...storage.items.people import person_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_cases, write_change, write_person
from ...wiring import Wiring
from .decide import situation, write_decision

ROUNDS = 5
ACTOR = "deadline"
SUPERSEDED = "SUPERSEDED"

LONGEST_LIFE = timedelta(days=300)
MOST_WAKES = 2_000
"""An execution may live for a year and write 25,000 events (quotas of Step Functions); a wake writes about ten."""

_MILESTONES: Mapping[Action, Milestone] = {
    Action.REMIND_OFFICER: Milestone.REMINDED,
    Action.APOLOGISE: Milestone.APOLOGY_DUE,
    Action.MARK_OVERDUE: Milestone.OVERDUE,
    Action.MARK_STEP_LATE: Milestone.STEP_LATE,
}


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution that asks: which it is, when it began (real time) and how often it has woken."""

    generation: int
    clock_version: int
    started_at: datetime | None = None
    wakes: int = 0

    def is_old(self, now: datetime) -> bool:
        """It should hand over before it meets the limits of Step Functions."""
        return self.wakes >= MOST_WAKES or (self.started_at is not None and now - self.started_at >= LONGEST_LIFE)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due now; for WAIT, when to look again: real time, whole seconds, UTC, and how many seconds that is."""

    action: str
    wake_at: datetime | None = None
    seconds: int = 0


def first_wake(dossier: Dossier, w: Wiring) -> Due:
    """Until when an execution that begins now may sleep: it looks in a second where anything is due already.

    A calendar that is missing keeps nobody from starting it: its first look tells an operator.
    """
    now = w.clock.now()
    try:
        step = step_of(dossier, now, w)
    except NotConfigured:
        return _wait(now, now, w)
    return _wait(step.wake_at or now, now, w)


def what_is_due(code: str, execution: Execution, w: Wiring) -> Due:
    """Tell an execution what to do; one of an older generation is told to end.

    Raises:
        NotFound: DOSSIER_NOT_FOUND.
        NotConfigured: the calendar has no table for a year that is needed.
    """
    dossier = _read(code, w)
    if execution.clock_version > w.clock.version:
        w.clock.forget()
    if execution.generation != dossier.generation:
        return Due(SUPERSEDED)
    now = w.clock.now()
    step = step_of(dossier, now, w)
    if step.wake_at is None:
        return Due(step.action)
    if execution.is_old(datetime.now(UTC)):
        return Due(Action.HAND_OVER)
    return _wait(step.wake_at, now, w)


def _wait(moment: datetime, now: datetime, w: Wiring) -> Due:
    """Sleep to a moment of business time, or up to a second longer: a wake before its time would spin."""
    second = timedelta(seconds=1)
    wake_at = w.clock.to_real(moment).replace(microsecond=0) + second
    return Due(Action.WAIT, wake_at, (moment - now) // second + 1)


def carry_out(action: Action, code: str, execution: Execution, w: Wiring) -> bool:
    """Do what is due, if it still is; False where nothing was left to do. At an end AP10.

    Raises:
        Unavailable: the table is busy.
    """
    for _ in range(ROUNDS):
        dossier = _read(code, w)
        act = Act(w.clock.now(), By.SYSTEM, ACTOR)
        if not _is_due(action, dossier, execution, act.at, w):
            return False
        transaction = Transaction()
        if action is Action.TIME_OUT_SUPPLEMENT:
            found = situation(code, w)
            if found.dossier != dossier:
                continue
            write_decision(transaction, found, time_out(found, act), act, w)
        else:
            change, cases = _change(action, dossier, act)
            write_change(transaction, change)
            write_cases(transaction, code, cases, act.at)
            if change.dossier.state.ended:
                record = person_from(dossier.person, w.table.get(keys.person(dossier.person)))
                write_person(transaction, record.without_open(code))
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return True
    raise storage_busy()


def _is_due(action: Action, dossier: Dossier, execution: Execution, now: datetime, w: Wiring) -> bool:
    if action is Action.HAND_OVER:
        return execution.generation == dossier.generation and not dossier.state.ended
    return step_of(dossier, now, w).action is action


def step_of(dossier: Dossier, now: datetime, w: Wiring) -> NextStep:
    """What the deadlines of a dossier ask for at a moment of business time."""
    rules = w.law.deadline_rules.on(dossier.created_at.date()).value
    return next_step(dossier.progress(), dossier.procedure, rules, w.law.calendar, now)


def _change(action: Action, dossier: Dossier, act: Act) -> tuple[Change, Cases]:
    """The dossier after it, and the refund cases of money that came and was not enough."""
    if action is Action.EXPIRE_UNPAID:
        return end_unpaid(dossier, act)
    if action is Action.HAND_OVER:
        return new_generation(unchanged(dossier), act), NO_CASES
    if action is Action.ESCALATE:
        return reach(dossier, ESCALATIONS[dossier.progress().escalations], act), NO_CASES
    return reach(dossier, _MILESTONES[action], act), NO_CASES


def _read(code: str, w: Wiring) -> Dossier:
    """AP1. Raises `NotFound` (DOSSIER_NOT_FOUND)."""
    stored = w.table.get(keys.dossier(code))
    if stored is None:
        raise NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
    return dossier_from(stored)
