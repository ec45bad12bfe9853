"""Covers by the thousand: the list, the batches as the machine works through them, and the report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.covers.campaign import CampaignState, Report
from chalicelib.domain.covers.cover import CoverState
from chalicelib.domain.errors import Conflict, Forbidden, NotFound, Unavailable
from chalicelib.usecases.answers import Answer, Idempotency
from chalicelib.usecases.covers.issue_campaign import campaign_report, list_key, start_campaign
from chalicelib.workflows.cover import cover_task
from tests.support.cloud import boto_clients, client_error
from tests.support.environment import WORKING
from tests.support.house import OFFICER_79, OPS, SIGNER_01, SIGNER_79, House, person

PEOPLE = 4


@pytest.fixture(name="waiting")
def _waiting(house: House) -> House:
    """Four first-timers whose covers wait for a signer."""
    for number in range(1, PEOPLE + 1):
        house.paid(person(12_000 + number), number=number)
    house.relay()
    return house


def start(house: House, key: str = "k", **more: Any) -> Answer:
    caller = more.pop("caller", SIGNER_79)
    return start_campaign(
        "79", idempotency=Idempotency(key, "f"), caller=caller, present=lambda report: report.campaign.campaign_id,
        w=house.w,
    )  # fmt: skip


def batches(campaign_id: str) -> list[dict[str, Any]]:
    """The items that the machine reads, one a line."""
    listed = boto_clients()["s3"].get_object(Bucket=WORKING, Key=list_key(campaign_id))["Body"].read().decode()
    return [json.loads(line) for line in listed.splitlines()]


def work_through(campaign_id: str) -> None:
    """What the machine does, without it."""
    for batch in batches(campaign_id):
        cover_task({"schema": 1, "action": "ISSUE_BATCH", "campaign_id": campaign_id, "batch": batch}, None)
    cover_task({"schema": 1, "action": "END_CAMPAIGN", "campaign_id": campaign_id, "outcome": "DONE"}, None)


def report(house: House, campaign_id: str) -> Report:
    return campaign_report(campaign_id, OFFICER_79, house.w)


def codes() -> list[str]:
    return [f"000.00.79.G24-230206-{number:04d}" for number in range(1, PEOPLE + 1)]


def test_every_waiting_cover_is_decided_and_counted(waiting: House) -> None:
    started = start(waiting)
    before = report(waiting, started.body)
    assert (before.campaign.state, before.campaign.count, before.remaining) == (CampaignState.RUNNING, PEOPLE, PEOPLE)
    assert waiting.cloud.machines.executions[started.body] == {
        "schema": 1,
        "campaign_id": started.body,
        "bucket": WORKING,
        "key": list_key(started.body),
    }
    work_through(started.body)
    after = report(waiting, started.body)
    assert (after.campaign.state, after.remaining, dict(after.outcomes)) == (CampaignState.DONE, 0, {"CHECKED": PEOPLE})
    for code in codes():
        cover = waiting.cover(code)
        assert (cover.state, cover.checked_by) == (CoverState.CHECKED, "signer-79")
    assert waiting.relay() == []


def test_a_batch_that_runs_twice_decides_nothing_twice(waiting: House) -> None:
    started = start(waiting)
    for _ in range(2):
        work_through(started.body)
    assert dict(report(waiting, started.body).outcomes) == {"CHECKED": PEOPLE}
    assert [waiting.cover(code).version for code in codes()] == [2] * PEOPLE


def test_what_somebody_else_decided_meanwhile_is_named(waiting: House) -> None:
    started = start(waiting)
    waiting.issue(codes()[0])
    work_through(started.body)
    found = report(waiting, started.body)
    assert dict(found.outcomes) == {"CHECKED": PEOPLE - 1, "INVALID_TRANSITION": 1}
    assert [(each.cover_id, each.code) for each in found.refused] == [(f"{codes()[0]}-C1", "INVALID_TRANSITION")]


def test_a_passing_fault_fails_the_batch_and_the_next_try_does_the_rest(waiting: House) -> None:
    started = start(waiting)
    (batch,) = batches(started.body)
    payload = {"schema": 1, "action": "ISSUE_BATCH", "campaign_id": started.body, "batch": batch}
    seen: list[str] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        seen.append(name)
        if seen.count("batch_get_item") == 3:
            raise client_error("ThrottlingException", name)

    with waiting.cloud.calls.hooked(hook), pytest.raises(Unavailable):
        cover_task(payload, None)
    assert report(waiting, started.body).remaining == PEOPLE
    assert cover_task(payload, None) == {"CHECKED": PEOPLE}


def test_the_same_key_is_the_same_campaign_and_starts_what_was_left_unstarted(waiting: House) -> None:
    first = start(waiting)
    waiting.cloud.machines.executions.clear()
    waiting.cloud.machines.status.clear()
    assert start(waiting) == replace(first, replayed=True)
    assert list(waiting.cloud.machines.executions) == [first.body]
    with pytest.raises(Conflict, match="IDEMPOTENCY_KEY_REUSED"):
        start_campaign("79", idempotency=Idempotency("k", "g"), caller=SIGNER_79, present=str, w=waiting.w)


def test_two_requests_at_the_same_moment_are_one_campaign(waiting: House) -> None:
    ran: list[Answer] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(Answer(0, "", replayed=False, version=0))
            ran[0] = start(waiting)

    with waiting.cloud.calls.hooked(hook):
        assert start(waiting) == replace(ran[0], replayed=True)


def test_nothing_waits_or_nobody_may(house: House) -> None:
    with pytest.raises(Conflict, match="CAMPAIGN_EMPTY"):
        start(house)
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        start(house, caller=OFFICER_79)
    with pytest.raises(Forbidden, match="PROVINCE_NOT_ALLOWED"):
        start(house, caller=SIGNER_01)
    with pytest.raises(NotFound, match="CAMPAIGN_NOT_FOUND"):
        report(house, "unknown")
    with pytest.raises(NotFound, match="CAMPAIGN_NOT_FOUND"):
        cover_task({"schema": 1, "action": "END_CAMPAIGN", "campaign_id": "unknown", "outcome": "DONE"}, None)


def test_who_sees_the_report(waiting: House) -> None:
    started = start(waiting)
    assert campaign_report(started.body, OPS, waiting.w).campaign.count == PEOPLE
    with pytest.raises(Forbidden, match="PROVINCE_NOT_ALLOWED"):
        campaign_report(started.body, SIGNER_01, waiting.w)
