"""Which step of its procedure a dossier is in, since when and until when (domain rules 5.5, 5.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..configuration.calendar import WorkingCalendar
from ..configuration.procedure import Procedure
from ..configuration.steps import LimitUnit, Step
from .deadlines import closing_after, received_moment
from .remaining import after_working_time, working_time

INTAKE = "TIEP_NHAN"
"""What the intake is called where a procedure has no step for it."""


@dataclass(frozen=True, slots=True)
class StepClock:
    """The present step: its place among the procedure's, since when it runs, until when it should be done."""

    index: int
    step_code: str
    since: datetime
    due_at: datetime


def intake_step(procedure: Procedure, since: datetime, working_hours: int, calendar: WorkingCalendar) -> StepClock:
    """The intake of a paid dossier, which an officer must answer: the first of several steps, within so many hours.

    A filing out of hours counts from the next opening. Raises `NotConfigured` for a year without a calendar.
    """
    latest = after_working_time(received_moment(since, calendar), timedelta(hours=working_hours), calendar)
    if len(procedure.steps) < 2:
        return StepClock(0, INTAKE, since, latest)
    first = procedure.steps[0]
    return StepClock(0, first.step_code, since, min(latest, _due(first, since, calendar)))


def first_step(procedure: Procedure, since: datetime, calendar: WorkingCalendar) -> StepClock | None:
    """The step that an accepted dossier begins with: of several the first one is the intake, which is done."""
    return _at(procedure, 1 if len(procedure.steps) > 1 else 0, since, calendar)


def following_step(
    procedure: Procedure, present: StepClock, since: datetime, calendar: WorkingCalendar
) -> StepClock | None:
    """The step after the present one; None behind the last."""
    return _at(procedure, present.index + 1, since, calendar)


def resumed(step: StepClock, asked_at: datetime, supplied_at: datetime, calendar: WorkingCalendar) -> StepClock:
    """The step with the working time that it had left when a supplement was asked for, counted from the supply."""
    left = working_time(asked_at, step.due_at, calendar)
    due_at = after_working_time(received_moment(supplied_at, calendar), left, calendar)
    return StepClock(step.index, step.step_code, step.since, due_at)


def _at(procedure: Procedure, index: int, since: datetime, calendar: WorkingCalendar) -> StepClock | None:
    if index >= len(procedure.steps):
        return None
    step = procedure.steps[index]
    return StepClock(index, step.step_code, since, _due(step, since, calendar))


def _due(step: Step, since: datetime, calendar: WorkingCalendar) -> datetime:
    """Days end with closing time, as the whole limit does; hours are counted within the working day."""
    if step.limit_unit is LimitUnit.WORKING_DAYS:
        return closing_after(since, step.limit, calendar)
    return after_working_time(received_moment(since, calendar), timedelta(hours=step.limit), calendar)
