"""Light tasks of `cover.asl.json`: look, wait for the signer, record the issue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import BaseModel

from ..domain.covers.campaign import CampaignState
from ..domain.covers.cover import StoredFile
from ..usecases.covers.issue_campaign import end_campaign, issue_batch
from ..usecases.covers.make_cover import ask_signer, await_signer, prepare_cover, record_issue
from ..wiring import Wiring, wiring
from .task import Payload, task

bp = Blueprint(__name__)


class CoverPayload(Payload):
    action: Literal["PREPARE", "AWAIT_SIGNER", "RECORD_ISSUE"]
    cover_id: str


class PreparePayload(CoverPayload):
    """Of executions that an earlier deploy started."""

    run: int


class AwaitPayload(CoverPayload):
    """`looks_first` is absent from executions that an earlier deploy started: those were prepared."""

    task_token: str
    run: int
    looks_first: bool = False


class IssuePayload(CoverPayload):
    key: str
    sha256: str
    size: int
    template_version: str


class CampaignPayload(Payload):
    action: Literal["ISSUE_BATCH", "END_CAMPAIGN"]
    dossier_code: str = ""
    campaign_id: str


class Batch(BaseModel):
    number: int
    cover_ids: tuple[str, ...]


class BatchPayload(CampaignPayload):
    batch: Batch


class EndPayload(CampaignPayload):
    outcome: CampaignState


@bp.lambda_function(name="cover_task")
@task
def cover_task(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Answer `{outcome, automatic_issue}` to PREPARE, `{waiting}` to AWAIT_SIGNER, `{state}` to RECORD_ISSUE.

    Of a campaign: how many by outcome to ISSUE_BATCH, `{state}` to END_CAMPAIGN.
    """
    w = wiring()
    if "campaign_id" in event:
        return _campaign(event, w)
    match CoverPayload.read(event).action:
        case "PREPARE":
            return _prepare(PreparePayload.read(event), w)
        case "AWAIT_SIGNER":
            waiting: AwaitPayload = AwaitPayload.read(event)
            wait = ask_signer if waiting.looks_first else await_signer
            wait(waiting.cover_id, waiting.dossier_code, waiting.run, waiting.task_token, w)
            return {"waiting": True}
        case _:
            return _record(IssuePayload.read(event), w)


def _campaign(event: Mapping[str, Any], w: Wiring) -> Mapping[str, Any]:
    if CampaignPayload.read(event).action == "END_CAMPAIGN":
        ended: EndPayload = EndPayload.read(event)
        end_campaign(ended.campaign_id, ended.outcome, w)
        return {"state": ended.outcome}
    asked: BatchPayload = BatchPayload.read(event)
    return dict(issue_batch(asked.campaign_id, asked.batch.number, asked.batch.cover_ids, w).outcomes)


def _prepare(payload: PreparePayload, w: Wiring) -> Mapping[str, Any]:
    prepared = prepare_cover(payload.cover_id, payload.dossier_code, payload.run, w)
    return {"outcome": "OBSOLETE" if prepared.obsolete else "READY", "automatic_issue": prepared.checked}


def _record(payload: IssuePayload, w: Wiring) -> Mapping[str, Any]:
    file = StoredFile(
        key=payload.key, sha256=payload.sha256, size=payload.size, template_version=payload.template_version
    )
    return {"state": record_issue(payload.cover_id, payload.dossier_code, file, w).state}
