"""Tasks of `dossier.asl.json`: what is due for a dossier, and the doing of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from chalice.app import Blueprint

from ..domain.deadlines import Action
from ..usecases.keep_deadline import Execution, carry_out, what_is_due
from ..wiring import wiring
from .task import Payload, task

bp = Blueprint(__name__)


class DossierPayload(Payload):
    """`started_at` and `wakes` are absent from executions that an earlier deploy started."""

    action: Literal[
        "WHAT_IS_DUE",
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


@bp.lambda_function(name="dossier_task")
@task
def dossier_task(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Answer `{action, wake_at, wakes}` to WHAT_IS_DUE; `{done}` to everything that is to be carried out."""
    payload: DossierPayload = DossierPayload.read(event)
    execution = Execution(payload.generation, payload.clock_version, payload.started_at, payload.wakes)
    w = wiring()
    if payload.action != "WHAT_IS_DUE":
        return {"done": carry_out(Action(payload.action), payload.dossier_code, execution, w)}
    due = what_is_due(payload.dossier_code, execution, w)
    if due.wake_at is None:
        return {"action": due.action, "wakes": payload.wakes}
    return {
        "action": due.action,
        "wake_at": due.wake_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "wakes": payload.wakes + 1,
    }
