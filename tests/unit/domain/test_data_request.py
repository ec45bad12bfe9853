"""When a person who asks about their own data is answered (domain rule 9)."""

from __future__ import annotations

from datetime import datetime

import pytest

from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.people.data_request import RequestKind, answer_due
from chalicelib.law import load
from chalicelib.law.duties import duties

CALENDAR = load().calendar


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("kind", "received", "first", "final", "extended"),
    (
        # The specification's example: over Tết, two working days.
        ("ACCESS", "2026-02-13T09:00", "2026-02-24T17:00", "2026-02-24T17:00", "2026-03-11T17:00"),
        ("ACCESS", "2026-03-02T16:59", "2026-03-04T17:00", "2026-03-12T17:00", "2026-03-27T17:00"),
        ("CORRECTION", "2026-03-07T10:00", "2026-03-10T17:00", "2026-03-17T17:00", "2026-04-01T17:00"),
        ("WITHDRAWAL", "2026-03-02T09:00", "2026-03-04T17:00", "2026-03-17T17:00", "2026-04-01T17:00"),
        # Until the end of 2025: 72 hours, which run on days off too.
        ("ACCESS", "2025-12-31T22:15", "2026-01-03T22:15", "2026-01-03T22:15", "2026-01-03T22:15"),
    ),
)
def test_by_when(kind: str, received: str, first: str, final: str, extended: str) -> None:
    moment = at(received)
    due = answer_due(RequestKind(kind), moment, duties().answer_times.on(moment.date()).value, CALENDAR)
    assert (due.first, due.final, due.extended) == (at(first), at(final), at(extended))


def test_before_the_duty_there_is_none() -> None:
    with pytest.raises(NotConfigured, match="ANSWER_TIMES_NOT_CONFIGURED"):
        duties().answer_times.on(at("2023-06-30T09:00").date())
