"""Campaigns: the list in batches, and their results in one report."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.domain.covers.campaign import BATCH, MOST, TOLD, BatchResult, Campaign, Refusal, batches_of, report_of

CAMPAIGN = Campaign("c", "79", frozenset({"79"}), "signer-79", datetime(2023, 2, 6, tzinfo=UTC), count=60)


def test_the_list_is_cut_in_its_order() -> None:
    names = [f"x-C{number}" for number in range(60)]
    cut = batches_of(names)
    assert [len(batch) for batch in cut] == [25, 25, 10]
    assert [name for batch in cut for name in batch] == names
    assert batches_of([]) == []
    assert len(batches_of([""] * MOST)) == MOST // BATCH == 400


def test_a_report_adds_the_batches_up_and_names_the_first_refusals() -> None:
    refused = tuple(Refusal(f"x-C{number}", "COVER_NOT_FOUND") for number in range(TOLD))
    report = report_of(
        CAMPAIGN,
        [
            BatchResult(0, {"CHECKED": 20, "INVALID_TRANSITION": 5}, (Refusal("y-C1", "INVALID_TRANSITION"),)),
            BatchResult(2, {"CHECKED": 10}),
            BatchResult(1, {}, refused),
        ],
    )
    assert report.outcomes == {"CHECKED": 30, "INVALID_TRANSITION": 5}
    assert report.remaining == 25
    assert len(report.refused) == TOLD
    assert report.refused[0] == Refusal("y-C1", "INVALID_TRANSITION")
