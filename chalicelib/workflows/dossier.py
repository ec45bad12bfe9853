"""Tasks of `dossier.asl.json`: what is due for a dossier, and the doing of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import BaseModel

from ..domain.registration.deadlines import Action
from ..usecases.course.await_end import await_end
from ..usecases.course.keep_deadline import SUPERSEDED, Due, Execution, carry_out, what_is_due
from ..wiring import wiring
from .task import DossierStillOpen, Payload, task

bp = Blueprint(__name__)


class Slept(BaseModel):
    """What the execution was told last; of it only this is believed."""

    wakes: int = 0


class DossierPayload(Payload):
    """`started_at` is absent from executions that an earlier deploy started; those also tell `wakes` by itself."""

    action: Literal[
        "WHAT_IS_DUE",
        "AWAIT_END",
        "EXPIRE_UNPAID",
        "TIME_OUT_SUPPLEMENT",
        "REMIND_OFFICER",
        "APOLOGISE",
        "MARK_OVERDUE",
        "MARK_STEP_LATE",
        "ESCALATE",
        "HAND_OVER",
    ]
    generation: int
    clock_version: int
    started_at: datetime | None = None
    wakes: int = 0
    due: Slept = Slept()
    ends: bool = False
    """The execution ends with this action, unless it is told that the dossier goes on."""


class SleepPayload(DossierPayload):
    task_token: str
    wake_at: datetime


@bp.lambda_function(name="dossier_task")
@task
def dossier_task(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Answer what is due `{action, wake_at, seconds, wakes}`, having done what was to be carried out (`done`).

    To AWAIT_END whether the execution was ended at once (`ended`).
    """
    payload: DossierPayload = DossierPayload.read(event)
    w = wiring()
    if payload.action == "AWAIT_END":
        sleep: SleepPayload = SleepPayload.read(event)
        return {"ended": await_end(sleep.dossier_code, sleep.generation, sleep.task_token, sleep.wake_at, w)}
    wakes = payload.wakes or payload.due.wakes
    execution = Execution(payload.generation, payload.clock_version, payload.started_at, wakes)
    if payload.action == "WHAT_IS_DUE":
        return _told(what_is_due(payload.dossier_code, execution, w), wakes)
    done = carry_out(Action(payload.action), payload.dossier_code, execution, w)
    due = what_is_due(payload.dossier_code, execution, w)
    if payload.ends and due.action not in (Action.CLOSED, SUPERSEDED):
        raise DossierStillOpen
    return {"done": done, **_told(due, wakes)}


def _told(due: Due, wakes: int) -> Mapping[str, Any]:
    if due.wake_at is None:
        return {"action": due.action, "wakes": wakes}
    wake_at = due.wake_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"action": due.action, "wake_at": wake_at, "seconds": due.seconds, "wakes": wakes + 1}
