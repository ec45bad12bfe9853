"""Tasks of `dossier.asl.json`: what is due for a dossier, and the doing of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Literal

from chalice.app import Blueprint

from ..domain.deadlines import Action
from ..usecases.keep_deadline import carry_out, what_is_due
from ..wiring import wiring
from .task import Payload, task

bp = Blueprint(__name__)


class DossierPayload(Payload):
    action: Literal["WHAT_IS_DUE", "EXPIRE_UNPAID", "REMIND_OFFICER", "MARK_OVERDUE"]
    generation: int
    clock_version: int


@bp.lambda_function(name="dossier_task")
@task
def dossier_task(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Answer `{action, wake_at}` to WHAT_IS_DUE; `{done}` to everything that is to be carried out."""
    payload: DossierPayload = DossierPayload.read(event)
    w = wiring()
    if payload.action != "WHAT_IS_DUE":
        return {"done": carry_out(Action(payload.action), payload.dossier_code, w)}
    due = what_is_due(payload.dossier_code, generation=payload.generation, clock_version=payload.clock_version, w=w)
    if due.wake_at is None:
        return {"action": due.action}
    return {"action": due.action, "wake_at": due.wake_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
