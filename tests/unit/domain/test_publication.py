"""Configuration is published by two persons, for the future or as a correction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from chalicelib.domain.configuration.publication import PublicationState, RuleChange, effective_faults, publish
from chalicelib.domain.errors import Conflict, Forbidden
from chalicelib.domain.months import VIETNAM

NOW = datetime(2026, 12, 20, 9, 0, tzinfo=VIETNAM)
DRAFT = RuleChange(
    version=3,
    table="fund_monthly_rate",
    rows="[]",
    correction=False,
    reason="Thông báo",
    drafted_by="publisher-a",
    drafted_at=NOW,
)


def test_a_second_person_publishes() -> None:
    done = publish(DRAFT, by="publisher-b", at=NOW, order=2)
    assert (done.state, done.published_by, done.published_at, done.order) == (
        PublicationState.PUBLISHED,
        "publisher-b",
        NOW,
        2,
    )


def test_nobody_publishes_a_draft_of_their_own() -> None:
    with pytest.raises(Forbidden) as refused:
        publish(DRAFT, by="publisher-a", at=NOW, order=1)
    assert refused.value.code == "SECOND_PERSON_REQUIRED"


def test_what_is_published_is_not_published_again() -> None:
    with pytest.raises(Conflict) as refused:
        publish(replace(DRAFT, state=PublicationState.PUBLISHED), by="publisher-b", at=NOW, order=2)
    assert refused.value.code == "INVALID_TRANSITION"


@pytest.mark.parametrize(("correction", "faulted"), ((False, ["rows[0].from", "rows[1].from"]), (True, [])))
def test_only_a_correction_reaches_back(correction: bool, faulted: list[str]) -> None:
    days = (date(2026, 12, 19), date(2026, 12, 20), date(2026, 12, 21))
    faults = effective_faults(days, correction=correction, today=NOW.date())
    assert [fault.field for fault in faults] == faulted
    assert {fault.code for fault in faults} <= {"EFFECTIVE_NOT_IN_FUTURE"}
