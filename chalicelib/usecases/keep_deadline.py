"""What the dossier's clock does at a wake: tell what is due, and carry out what is.

Every step looks at the table first: a wake that is early, late or doubled finds nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..domain.deadlines import Action, next_step
from ..domain.dossier import Change, Dossier, Milestone, expire, reach
from ..domain.errors import NotFound, Unavailable
from ..domain.events import Act, By
from ..storage import keys
from ..storage.items.dossiers import dossier_from
from ..storage.items.people import person_from
from ..storage.transaction import Refused, Transaction
from ..storage.writes import write_change, write_person
from ..wiring import Wiring

ROUNDS = 5
ACTOR = "deadline"
SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, slots=True)
class Due:
    """What is due now; for WAIT, when to look again: real time, whole seconds, UTC."""

    action: str
    wake_at: datetime | None = None


def what_is_due(code: str, *, generation: int, clock_version: int, w: Wiring) -> Due:
    """Tell an execution what to do; one of an older generation or clock is told to end.

    Raises:
        NotFound: DOSSIER_NOT_FOUND.
        NotConfigured: the calendar has no table for a year that is needed.
    """
    dossier = _read(code, w)
    if clock_version > w.clock.version:
        w.clock.forget()
    if generation != dossier.generation or clock_version != w.clock.version:
        return Due(SUPERSEDED)
    step = next_step(dossier.progress(), dossier.procedure, w.law.calendar, w.clock.now())
    if step.wake_at is None:
        return Due(step.action)
    # A whole second later than the moment, never earlier: a wake before its time would spin.
    wake = w.clock.to_real(step.wake_at).replace(microsecond=0) + timedelta(seconds=1)
    return Due(step.action, max(wake, datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)))


def carry_out(action: Action, code: str, w: Wiring) -> bool:
    """Do what is due, if it still is; False where nothing was left to do. At an end AP10.

    Raises:
        Unavailable: the table is busy.
    """
    for _ in range(ROUNDS):
        dossier = _read(code, w)
        now = w.clock.now()
        if next_step(dossier.progress(), dossier.procedure, w.law.calendar, now).action is not action:
            return False
        change = _change(action, dossier, Act(now, By.SYSTEM, ACTOR))
        transaction = Transaction()
        write_change(transaction, change)
        if change.dossier.state.ended:
            record = person_from(dossier.person, w.table.get(keys.person(dossier.person)))
            write_person(transaction, record.without_open(code))
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return True
    raise Unavailable("STORAGE_BUSY", "Hệ thống đang bận, vui lòng thử lại sau ít giây.")


def _change(action: Action, dossier: Dossier, act: Act) -> Change:
    if action is Action.EXPIRE_UNPAID:
        return expire(dossier, act)
    milestone = {Action.REMIND_OFFICER: Milestone.REMINDED, Action.MARK_OVERDUE: Milestone.OVERDUE}[action]
    return reach(dossier, milestone, act)


def _read(code: str, w: Wiring) -> Dossier:
    """AP1. Raises `NotFound` (DOSSIER_NOT_FOUND)."""
    stored = w.table.get(keys.dossier(code))
    if stored is None:
        raise NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
    return dossier_from(stored)
