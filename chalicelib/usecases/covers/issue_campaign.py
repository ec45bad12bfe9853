"""Covers by the thousand: a signer starts a campaign, Step Functions works through its list, a report tells the rest.

Each cover is decided as if the signer had decided it alone: the same rules, the same audit line, two persons where the
province wants two. A batch that runs twice decides nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.covers.campaign import (
    MOST,
    BatchResult,
    Campaign,
    CampaignState,
    Outcome,
    Refusal,
    Report,
    batches_of,
    report_of,
)
from ...domain.covers.cover import CoverState
from ...domain.errors import Conflict, DomainError, NotFound, Unavailable, storage_busy
from ...storage import keys
from ...storage.items.campaigns import batch_from, batch_item, campaign_from, campaign_item
from ...storage.items.dossiers import LIST_SHARDS
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, kept, replay
from ..course.work_lists import provinces_of
from .issue_cover import issue_cover

CHUNK = 1000
ACCEPTED = 202


def start_campaign(
    province: str, *, idempotency: Idempotency, caller: Caller, present: Callable[[Report], str], w: Wiring
) -> Answer:
    """Put the waiting covers of a province on a list and start the machine that works through it. AP75.

    The same key starts the same campaign: it is named after the key, and so is the execution.

    Raises:
        Forbidden: not a signer, or of another province.
        Conflict: CAMPAIGN_EMPTY, nothing waits; IDEMPOTENCY_KEY_REUSED.
    """
    require_role(caller, Role.SIGNER)
    require_province(caller, province)
    answer_key = keys.idempotency(caller.audience, idempotency.key)
    campaign_id = hashlib.sha256(f"{caller.sub}\n{idempotency.key}".encode()).hexdigest()[:20]
    before = replay(idempotency, w.table.get(answer_key))
    if before is None:
        waiting = _waiting(caller, province, w)
        if not waiting:
            raise Conflict("CAMPAIGN_EMPTY", "Không có tờ bìa nào đang chờ cấp.")
        campaign = Campaign(campaign_id, province, caller.provinces, caller.sub, w.clock.now(), len(waiting))
        w.working.put_once(
            list_key(campaign_id), _lines(waiting), content_type="application/jsonl", template_version="campaign/1"
        )
        answer = Answer(ACCEPTED, present(report_of(campaign, ())), replayed=False, version=1)
        transaction = Transaction()
        transaction.put_new("campaign", keys.campaign(campaign_id), campaign_item(campaign))
        transaction.put_new("answer", answer_key, kept(idempotency, answer), or_expired_at=int(time.time()))
        try:
            transaction.commit(w.table)
        except Refused as refused:
            # The same request at the same moment was quicker.
            again = replay(idempotency, refused.found.get("answer"))
            if again is None:
                raise storage_busy() from refused
            before = again
        else:
            w.executions.start_campaign(campaign_id, w.settings.working_bucket, list_key(campaign_id))
            return answer
    # Whoever died between the two is helped by the next who asks; what runs already is left as it is.
    w.executions.start_campaign(campaign_id, w.settings.working_bucket, list_key(campaign_id))
    return before


def list_key(campaign_id: str) -> str:
    """Where the list of a campaign lies: one batch of cover ids a line."""
    return f"campaigns/{campaign_id}/covers.jsonl"


def campaign_report(campaign_id: str, caller: Caller, w: Wiring) -> Report:
    """What a campaign has come to so far. AP76.

    Raises:
        Forbidden: not an officer of the province. NotFound: CAMPAIGN_NOT_FOUND.
    """
    require_role(caller, *OFFICERS, Role.OPS)
    campaign, results = _read(campaign_id, w)
    require_province(caller, campaign.province_code)
    return report_of(campaign, results)


def issue_batch(campaign_id: str, number: int, cover_ids: Sequence[str], w: Wiring) -> BatchResult:
    """Decide about each cover of a batch as the signer who started the campaign. AP77.

    Raises:
        Unavailable: a passing fault; the batch is tried again, and what was decided stays decided.
        NotFound: CAMPAIGN_NOT_FOUND.
    """
    campaign = _campaign(campaign_id, w)
    caller = Caller(campaign.started_by, Role.SIGNER, provinces=campaign.provinces)
    outcomes: Counter[str] = Counter()
    refused: list[Refusal] = []
    for cover_id in cover_ids:
        key = Idempotency(f"campaign {campaign_id} {cover_id}", campaign_id)
        try:
            answer = issue_cover(
                cover_id, if_match=None, idempotency=key, caller=caller, present=lambda cover: cover.state, w=w
            )
        except Unavailable:
            raise
        except DomainError as error:
            outcomes[error.code] += 1
            refused.append(Refusal(cover_id, error.code))
        else:
            outcomes[Outcome.CHECKED if answer.body == CoverState.CHECKED else Outcome.PROPOSED] += 1
    result = BatchResult(number, outcomes, tuple(refused))
    w.table.put(keys.campaign_batch(campaign_id, number), batch_item(result))
    return result


def end_campaign(campaign_id: str, state: CampaignState, w: Wiring) -> None:
    """The machine is through with the list. Raises `NotFound` (CAMPAIGN_NOT_FOUND)."""
    w.table.put(keys.campaign(campaign_id), campaign_item(replace(_campaign(campaign_id, w), state=state)))


def _waiting(caller: Caller, province: str, w: Wiring) -> list[str]:
    """The ids of covers that wait for a decision, oldest first, at most so many as a campaign takes."""
    found: list[tuple[str, str]] = []
    for code in provinces_of(caller, province, w):
        for shard in range(LIST_SHARDS):
            after = ""
            while len(rows := w.table.query_list(keys.cover_list(code, shard), after=after, limit=CHUNK)) > 0:
                found += [
                    (str(row["GSI2SK"]), str(row["cover_id"]))
                    for row in rows
                    if row["state"] == CoverState.DATA_CREATED
                ]
                after = str(rows[-1]["GSI2SK"])
                if len(rows) < CHUNK:
                    break
    return [cover_id for _, cover_id in sorted(found)[:MOST]]


def _lines(cover_ids: Sequence[str]) -> bytes:
    lines = [{"number": number, "cover_ids": batch} for number, batch in enumerate(batches_of(cover_ids))]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def _read(campaign_id: str, w: Wiring) -> tuple[Campaign, list[BatchResult]]:
    campaign, results = None, []
    for item in w.table.query(keys.campaign_partition(campaign_id)):
        if item["SK"] == keys.campaign(campaign_id)[1]:
            campaign = campaign_from(item)
        else:
            results.append(batch_from(item))
    if campaign is None:
        raise _not_found()
    return campaign, results


def _campaign(campaign_id: str, w: Wiring) -> Campaign:
    item = w.table.get(keys.campaign(campaign_id))
    if item is None:
        raise _not_found()
    return campaign_from(item)


def _not_found() -> NotFound:
    return NotFound("CAMPAIGN_NOT_FOUND", "Không có đợt cấp tờ bìa mang mã này.")
