"""A campaign: a signer issues all covers of a province that wait, in batches, and is told what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST = 10_000
"""Covers of one campaign; what is beyond waits for the next."""

BATCH = 25
"""Covers of one batch: one invocation of some seconds."""

TOLD = 100
"""Refused covers that a report names; the counts are of all."""


class CampaignState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"
    INCOMPLETE = "INCOMPLETE"
    """Some batches failed for good; their covers still wait."""


class Outcome(StrEnum):
    """What became of a cover, beside the codes of refusals."""

    CHECKED = "CHECKED"
    """Its issue is decided; its own workflow draws and signs it."""
    PROPOSED = "PROPOSED"
    """The first of two signers has decided; a second one runs a campaign of his own."""


@dataclass(frozen=True, slots=True)
class Campaign:
    campaign_id: str
    province_code: str
    provinces: frozenset[str]
    """The signer's provinces when it was started: its decisions are made with these."""
    started_by: str
    """`sub` of the signer."""
    started_at: datetime
    count: int
    """Covers on the list."""
    state: CampaignState = CampaignState.RUNNING


@dataclass(frozen=True, slots=True)
class Refusal:
    cover_id: str
    code: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    number: int
    outcomes: Mapping[str, int]
    """How many, by `Outcome` or by code of refusal."""
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a campaign has come to so far."""

    campaign: Campaign
    outcomes: Mapping[str, int]
    refused: tuple[Refusal, ...]

    @property
    def remaining(self) -> int:
        """Covers of batches that have not been worked through."""
        return self.campaign.count - sum(self.outcomes.values())


def batches_of(cover_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """The list cut into batches, in its order."""
    return [tuple(cover_ids[start : start + BATCH]) for start in range(0, len(cover_ids), BATCH)]


def report_of(campaign: Campaign, results: Iterable[BatchResult]) -> Report:
    """The results of the batches put together; of the refusals the first ones are named."""
    outcomes: Counter[str] = Counter()
    refused: list[Refusal] = []
    for result in results:
        outcomes.update(result.outcomes)
        refused += result.refused[: TOLD - len(refused)]
    return Report(campaign, dict(sorted(outcomes.items())), tuple(refused))
