"""Due dates in working days, and what a dossier's deadline asks for next (domain rules 5.5, 5.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from ..configuration.calendar import WorkingCalendar
from ..configuration.procedure import DeadlineRules, Procedure
from ..months import at_vietnam

_DAY = timedelta(days=1)
IDLE_WAIT = timedelta(days=30)
"""How long to sleep when nothing has a date: a change of state wakes nobody, so look again now and then."""

_AFTER_DUE = timedelta(seconds=1)
"""An end at the due moment itself is on time, so overdue begins one second later (executions wake on whole seconds)."""


@dataclass(frozen=True, slots=True)
class DerivationDay:
    """One calendar day on the way to the due date: counted or not, and why (Vietnamese)."""

    date: date
    counted: bool
    why: str


@dataclass(frozen=True, slots=True)
class DueDate:
    """The due moment, Vietnam time, and every day between receipt and it."""

    due_at: datetime
    derivation: tuple[DerivationDay, ...]


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time in which the clock stands still: from the notice that asks for more until it is supplied.

    Half open: the day of the notice is used up, the day of the supply is not counted yet. `ended_at` is None while
    nothing has been supplied. Moments have an offset.
    """

    began_at: datetime
    ended_at: datetime | None = None


def received_moment(at: datetime, calendar: WorkingCalendar) -> datetime:
    """When a filing counts as received, Vietnam time.

    After closing time or on a day off it is the opening of the next working day. Raises `NotConfigured` for a year
    without a calendar, ValueError for a moment without offset.
    """
    local = at_vietnam(at)
    if calendar.is_after_hours(local):
        return calendar.opens(calendar.next_working_day(local.date()))
    return local


def due_date(
    received_at: datetime,
    limit_days: int,
    calendar: WorkingCalendar,
    suspensions: Sequence[Suspension] = (),
    *,
    extra_days: int = 0,
) -> DueDate:
    """When a dossier received at this moment is due: the closing of the last of `limit_days` working days.

    The day of receipt is day 0 (Bộ luật Dân sự Art. 147(2)); days of a suspension are not counted, what was left
    before it is left after it. A supply out of hours counts from the next working day, as a filing does. A suspension
    that begins on the last day, before closing, moves the due moment to the closing of the day of the supply.
    `extra_days` are the working days that an apology with a new date adds. Raises `NotConfigured` for a year without
    a calendar, ValueError for a limit below one day, for a suspension that has not ended (a clock that stands has no
    due date), ends before it began or began before the receipt.
    """
    if limit_days < 1:
        raise ValueError("a time limit is at least one working day")
    filed, received = at_vietnam(received_at), received_moment(received_at, calendar)
    if filed == received and not suspensions and not extra_days:
        return _straight(received.date(), limit_days, calendar)
    return _counted(filed, received, limit_days, calendar, suspensions, extra_days)


@lru_cache(maxsize=256)
def _straight(day: date, limit_days: int, calendar: WorkingCalendar) -> DueDate:
    """The due date of whatever is received on a working day and never pauses: the same for all of that day."""
    received = calendar.opens(day)
    return _counted(received, received, limit_days, calendar, (), 0)


def _counted(
    filed: datetime,
    received: datetime,
    limit_days: int,
    calendar: WorkingCalendar,
    suspensions: Sequence[Suspension],
    extra_days: int,
) -> DueDate:
    days = _days_to_receipt(filed.date(), received, calendar) if filed != received else []
    pauses = [_pause(suspension, filed, calendar) for suspension in suspensions]
    day, counted = received.date(), 0
    while counted < limit_days + extra_days:
        day += _DAY
        working, why = calendar.day_kind(day)
        if working and pauses and any(first < day <= last for first, last in pauses):
            days.append(DerivationDay(day, counted=False, why=_PAUSED))
            continue
        counted += working
        days.append(
            DerivationDay(day, working, f"{why} {_number(counted, limit_days, extra_days)}" if working else why)
        )
    for (first, last), suspension in zip(pauses, suspensions, strict=True):
        if first == day and at_vietnam(suspension.began_at) <= calendar.closes(day):
            while day < last:
                day += timedelta(days=1)
                working, why = calendar.day_kind(day)
                days.append(DerivationDay(day, counted=False, why=_PAUSED if working else why))
    return DueDate(calendar.closes(day), tuple(days))


_PAUSED = "tạm dừng chờ bổ sung hồ sơ"


def closing_after(received_at: datetime, limit_days: int, calendar: WorkingCalendar) -> datetime:
    """The due moment alone of what is received at this moment and never pauses, as `due_date` has it.

    Raises `NotConfigured` and ValueError as that does.
    """
    if limit_days < 1:
        raise ValueError("a time limit is at least one working day")
    day = received_moment(received_at, calendar).date()
    for _ in range(limit_days):
        day = calendar.next_working_day(day)
    return calendar.closes(day)


def _number(counted: int, limit_days: int, extra_days: int) -> str:
    """Which day of the limit this is, or of the time that an apology added."""
    if counted <= limit_days:
        return f"{counted}/{limit_days}"
    return f"{counted - limit_days}/{extra_days} theo ngày hẹn lại"


def days_used(received_at: datetime, until: date, calendar: WorkingCalendar) -> int:
    """How many working days a dossier has used up on a day, that day included; the day of receipt is none.

    Raises `NotConfigured` for a year without a calendar.
    """
    day, used = received_moment(received_at, calendar).date(), 0
    while day < until:
        day += timedelta(days=1)
        used += calendar.is_working_day(day)
    return used


def _pause(suspension: Suspension, filed: datetime, calendar: WorkingCalendar) -> tuple[date, date]:
    """The day of the notice, and the day that counts as the day of the supply."""
    began = at_vietnam(suspension.began_at)
    if suspension.ended_at is None:
        raise ValueError("a suspended clock has no due date")
    if began < filed or at_vietnam(suspension.ended_at) < began:
        raise ValueError("a suspension lies after the receipt and ends after it began")
    return began.date(), received_moment(suspension.ended_at, calendar).date()


def _days_to_receipt(filed: date, received: datetime, calendar: WorkingCalendar) -> list[DerivationDay]:
    """The days from a filing out of hours to the day it counts as received."""
    days = []
    day = filed
    while day < received.date():
        working, why = calendar.day_kind(day)
        days.append(DerivationDay(day, counted=False, why="nộp sau giờ làm việc" if working else why))
        day += timedelta(days=1)
    days.append(DerivationDay(day, counted=False, why=f"tính là ngày tiếp nhận, lúc {received:%H:%M}"))
    return days


class Action(StrEnum):
    """What the deadline of a dossier asks for."""

    WAIT = "WAIT"
    EXPIRE_UNPAID = "EXPIRE_UNPAID"
    TIME_OUT_SUPPLEMENT = "TIME_OUT_SUPPLEMENT"
    REMIND_OFFICER = "REMIND_OFFICER"
    APOLOGISE = "APOLOGISE"
    """Warn that the apology must go out, while it still may."""
    MARK_OVERDUE = "MARK_OVERDUE"
    MARK_STEP_LATE = "MARK_STEP_LATE"
    """The present step of the procedure has taken longer than its own limit."""
    ESCALATE = "ESCALATE"
    HAND_OVER = "HAND_OVER"
    """To a new execution, before this one reaches the limits of Step Functions."""
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a deadline needs to know of a dossier. Moments have an offset."""

    state_ended: bool
    awaiting_payment: bool
    payment_expires_at: datetime | None = None
    supplement_expires_at: datetime | None = None
    """While a supplement is awaited: nothing else is due then."""
    due_at: datetime | None = None
    reminded: bool = False
    apology_settled: bool = False
    """It was warned of, or issued."""
    overdue_marked: bool = False
    escalations: int = 0
    """How many levels have been told that it is overdue."""
    step_due_at: datetime | None = None
    """Until when the present step should be done; None where none is timed, or it was told already."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do now; with WAIT, when to look again (Vietnam time, always later than now)."""

    action: Action
    wake_at: datetime | None = None


def next_step(
    progress: Progress, procedure: Procedure, rules: DeadlineRules, calendar: WorkingCalendar, now: datetime
) -> NextStep:
    """What is due for a dossier at this moment. An overdue dossier is marked, not reminded of.

    Raises `NotConfigured` for a year without a calendar.
    """
    if progress.state_ended:
        return NextStep(Action.CLOSED)
    if progress.awaiting_payment:
        return _at(progress.payment_expires_at, Action.EXPIRE_UNPAID, now)
    if progress.supplement_expires_at is not None:
        return _at(progress.supplement_expires_at + _AFTER_DUE, Action.TIME_OUT_SUPPLEMENT, now)
    step_late_at = None if progress.step_due_at is None else at_vietnam(progress.step_due_at) + _AFTER_DUE
    if progress.due_at is None:
        return _at(step_late_at, Action.MARK_STEP_LATE, now)
    due_at = at_vietnam(progress.due_at)
    if progress.overdue_marked:
        return _at(_escalation(progress.escalations, due_at, rules, calendar), Action.ESCALATE, now)
    if now > due_at:
        return _at(due_at + _AFTER_DUE, Action.MARK_OVERDUE, now)
    ahead = []
    if not progress.reminded:
        ahead.append((_opening_before(due_at, procedure.reminder_working_days, calendar), Action.REMIND_OFFICER))
    if not progress.apology_settled:
        ahead.append((_opening_before(due_at, rules.apology_warning_working_days, calendar), Action.APOLOGISE))
    moment, action = min(ahead, key=lambda step: step[0], default=(due_at + _AFTER_DUE, Action.MARK_OVERDUE))
    if step_late_at is not None and not progress.reminded and max(now, step_late_at) < moment:
        # What the whole dossier needs goes first where both are due, and then says enough.
        return _at(step_late_at, Action.MARK_STEP_LATE, now)
    return _at(moment, action, now)


def is_sooner(step: NextStep, before: NextStep) -> bool:
    """Whether a step comes before the moment for which a sleeper of `before` has set its alarm."""
    if step.action is Action.CLOSED or before.wake_at is None:
        return False
    return step.wake_at is None or step.wake_at < before.wake_at


def _opening_before(due_at: datetime, working_days: int, calendar: WorkingCalendar) -> datetime:
    return calendar.opens(calendar.working_days_before(due_at.date(), working_days))


def _escalation(told: int, due_at: datetime, rules: DeadlineRules, calendar: WorkingCalendar) -> datetime | None:
    """When the next level is told: so many working days after the due day, from one second behind closing."""
    if told >= len(rules.escalation_working_days):
        return None
    day = due_at.date()
    for _ in range(rules.escalation_working_days[told]):
        day = calendar.next_working_day(day)
    return calendar.closes(day) + _AFTER_DUE


def _at(moment: datetime | None, action: Action, now: datetime) -> NextStep:
    """The action if its moment has come, else a wait for it; without a moment, a long wait."""
    if moment is None:
        return NextStep(Action.WAIT, _whole_second(at_vietnam(now)) + IDLE_WAIT)
    if moment <= now:
        return NextStep(action)
    return NextStep(Action.WAIT, _whole_second(at_vietnam(moment)))


def _whole_second(moment: datetime) -> datetime:
    """Not before the moment: an execution wakes on whole seconds, and must not find that it came too early."""
    return moment if not moment.microsecond else moment.replace(microsecond=0) + timedelta(seconds=1)
