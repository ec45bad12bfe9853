"""For signers: covers by the thousand, and the report of what became of each.

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.wiring import wiring

from ..codes import KEY
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import campaigns as wire
from ..wire.base import parse

if TYPE_CHECKING:
    from chalicelib.domain.covers.campaign import Report

bp = Blueprint(__name__)


@operation(
    bp,
    "POST",
    "/v1/officer/covers/campaigns",
    status=202,
    answer=wire.CampaignReport,
    body=wire.CampaignRequest,
    request_headers=("Idempotency-Key!",),
    answer_headers=("Idempotent-Replayed",),
    codes=(
        (403, "PROVINCE_NOT_ALLOWED"),
        (409, "CAMPAIGN_EMPTY"),
        *KEY,
        (428, "IDEMPOTENCY_KEY_REQUIRED"),
    ),
)
def start_cover_campaign(request: Incoming) -> Reply:
    """Cấp đồng loạt mọi tờ bìa đang chờ của một tỉnh, thành phố (vai trò signer).

    Each cover is decided as if the signer had decided it alone. Where the province wants two signers, the first
    campaign leaves every cover to be decided once more, by a campaign of another signer.
    """
    from chalicelib.usecases.covers.issue_campaign import start_campaign

    body = request.json_object()
    form = parse(wire.CampaignRequest, body)
    answer = start_campaign(
        form.province_code,
        idempotency=request.idempotency(body),
        caller=request.caller(),
        present=_report,
        w=wiring(),
    )
    return Reply(answer.status, answer.body, {"Idempotent-Replayed": "true"} if answer.replayed else {})


@operation(
    bp,
    "GET",
    "/v1/officer/covers/campaigns/{campaign_id}",
    answer=wire.CampaignReport,
    codes=((403, "PROVINCE_NOT_ALLOWED"), (404, "CAMPAIGN_NOT_FOUND")),
)
def show_cover_campaign(request: Incoming, campaign_id: str) -> Reply:
    """Kết quả của một đợt cấp đồng loạt: bao nhiêu tờ bìa theo từng kết quả, tờ nào bị từ chối và vì sao."""
    from chalicelib.usecases.covers.issue_campaign import campaign_report

    return Reply(200, _report(campaign_report(campaign_id, request.caller(), wiring())))


def _report(found: Report) -> str:
    campaign = found.campaign
    return wire.CampaignReport(
        campaign_id=campaign.campaign_id,
        province_code=campaign.province_code,
        state=campaign.state,
        started_at=instant_text(campaign.started_at),
        count=campaign.count,
        remaining=found.remaining,
        outcomes=dict(found.outcomes),
        refused=tuple(wire.RefusedCover(cover_id=each.cover_id, code=each.code) for each in found.refused),
    ).model_dump_json()
