"""Where a dossier counts: one row, one standing, and what changes when it moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.domain.course.tally import Counted, Standing, counted, moved
from chalicelib.domain.covers.cover import create_cover
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.dossier import Dossier, Milestone, State
from chalicelib.domain.registration.supplement import Supplement
from tests.unit.domain.made import PAID_AT as AT
from tests.unit.domain.made import paying, unpaid

TOMORROW = AT + timedelta(days=1)


def received() -> Dossier:
    return paying().dossier


def asked(times: int) -> tuple[Supplement, ...]:
    one = Supplement("r", ("email",), AT, TOMORROW, at_intake=False, supplied_at=AT)
    return (one,) * times


@pytest.mark.parametrize(
    ("changes", "standing"),
    (
        ({}, Standing.IN_PROCESS),
        ({"state": State.SUPPLEMENT_REQUESTED}, Standing.AWAITING_SUPPLEMENT),
        ({"state": State.RESULT_RETURNED, "ended_at": TOMORROW}, Standing.ON_TIME),
        ({"state": State.STOPPED, "ended_at": TOMORROW, "supplements": asked(1)}, Standing.ON_TIME),
        ({"state": State.RESULT_RETURNED, "ended_at": TOMORROW, "supplements": asked(2)}, Standing.LATE),
        ({"state": State.RESULT_RETURNED, "ended_at": AT + timedelta(days=30)}, Standing.LATE),
    ),
)
def test_received(changes: dict[str, object], standing: Standing) -> None:
    dossier = replace(received(), **changes)  # type: ignore[arg-type]
    assert counted(dossier, None) == Counted(AT.date(), standing, overdue=False)


def test_without_a_payment_nothing_is_received() -> None:
    dossier = unpaid()
    assert counted(dossier, None).standing is Standing.AWAITING_PAYMENT
    ended = replace(dossier, state=State.EXPIRED, ended_at=TOMORROW)
    assert counted(ended, None) == Counted(dossier.created_at.date(), Standing.UNPAID, overdue=False)


def test_a_cover_waits_for_its_signer_where_one_is_wanted() -> None:
    dossier = replace(received(), state=State.IN_PROCESS)
    cover = create_cover(dossier.code, dossier.declaration, si_number="7912345678", created_at=AT)
    assert counted(dossier, cover).standing is Standing.AWAITING_SIGNER
    unsigned = replace(dossier, procedure=replace(dossier.procedure, automatic_issue=True))
    assert counted(unsigned, cover).standing is Standing.IN_PROCESS


def test_overdue_counts_while_it_is_open() -> None:
    dossier = replace(received(), milestones=frozenset({Milestone.OVERDUE}))
    assert counted(dossier, None).overdue
    assert not counted(replace(dossier, state=State.STOPPED, ended_at=TOMORROW), None).overdue


def test_the_day_is_vietnams() -> None:
    late = datetime(2023, 2, 6, 23, 30, tzinfo=VIETNAM)
    assert counted(replace(received(), paid_at=late), None).day == date(2023, 2, 6)


def test_moves() -> None:
    day, other = date(2023, 2, 6), date(2023, 2, 7)
    waiting = Counted(day, Standing.AWAITING_PAYMENT, overdue=False)
    open_ = Counted(other, Standing.IN_PROCESS, overdue=False)
    overdue = replace(open_, overdue=True)
    assert moved(None, waiting) == {day: {"awaiting_payment": 1}}
    assert moved(waiting, open_) == {day: {"awaiting_payment": -1}, other: {"in_process": 1}}
    assert moved(open_, overdue) == {other: {"overdue": 1}}
    assert moved(overdue, Counted(other, Standing.LATE, overdue=False)) == {
        other: {"in_process": -1, "overdue": -1, "late": 1}
    }
    assert moved(open_, open_) == {}
