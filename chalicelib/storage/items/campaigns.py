"""Campaigns and the results of their batches as items."""

from __future__ import annotations

from ...domain.covers.campaign import BatchResult, Campaign, CampaignState, Refusal
from ...domain.months import instant_text
from ..codec import Value
from ..table import Stored
from .fields import instant, number, text


def campaign_item(campaign: Campaign) -> dict[str, Value]:
    return {
        "campaign_id": campaign.campaign_id,
        "province_code": campaign.province_code,
        "provinces": sorted(campaign.provinces),
        "started_by": campaign.started_by,
        "started_at": instant_text(campaign.started_at),
        "count": campaign.count,
        "state": campaign.state,
    }


def campaign_from(item: Stored) -> Campaign:
    started, provinces = instant(item, "started_at"), item["provinces"]
    if started is None or not isinstance(provinces, list):
        raise TypeError("a campaign is malformed")
    return Campaign(
        campaign_id=text(item, "campaign_id"),
        province_code=text(item, "province_code"),
        provinces=frozenset(map(str, provinces)),
        started_by=text(item, "started_by"),
        started_at=started,
        count=number(item, "count"),
        state=CampaignState(text(item, "state")),
    )


def batch_item(result: BatchResult) -> dict[str, Value]:
    return {
        "number": result.number,
        "outcomes": dict(result.outcomes),
        "refused": [{"cover_id": each.cover_id, "code": each.code} for each in result.refused],
    }


def batch_from(item: Stored) -> BatchResult:
    outcomes, refused = item["outcomes"], item["refused"]
    if not isinstance(outcomes, dict) or not isinstance(refused, list):
        raise TypeError("the result of a batch is malformed")
    return BatchResult(
        number=number(item, "number"),
        outcomes={name: count for name, count in outcomes.items() if isinstance(count, int)},
        refused=tuple(
            Refusal(text(each, "cover_id"), text(each, "code")) for each in refused if isinstance(each, dict)
        ),
    )
