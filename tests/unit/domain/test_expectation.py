"""What is expected next of each accepted thing, by when and of whom; and when it is stuck."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.course.lifecycle import Situation, request_supplement
from chalicelib.domain.covers.cover import Cover, CoverState, RevocationRequest, create_cover
from chalicelib.domain.ledger.refund_case import RefundCase
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.oversight.expectation import (
    CAUSES,
    Awaited,
    Expectation,
    Owner,
    of_cover,
    of_dossier,
    of_refund,
    of_view,
    of_voucher,
)
from chalicelib.domain.registration.dossier import Dossier, Reopening, State
from tests.unit.domain.made import ACCOUNTING, CODE, LAW, OPENED_AT, PAID_AT, in_process, unpaid

CALENDAR = LAW.calendar
RULES = LAW.watch_rules.on(OPENED_AT.date()).value
DEADLINES = LAW.deadline_rules.on(OPENED_AT.date()).value


def at(day: int, hour: int = 17) -> datetime:
    return datetime(2023, 2, day, hour, tzinfo=VIETNAM)


def told(dossier: Dossier) -> tuple[str, datetime | None, str] | None:
    found = of_dossier(dossier, RULES, CALENDAR)
    return None if found is None else (found.what, found.by, found.owner)


def cover(state: CoverState = CoverState.DATA_CREATED) -> Cover:
    made = create_cover(CODE, unpaid().declaration, si_number="7912345678", created_at=PAID_AT)
    return replace(made, state=state)


def test_every_state_says_what_comes_next() -> None:
    dossier = in_process()
    asked = request_supplement(
        Situation(dossier), reason="x", asked=["phone"], rules=DEADLINES, calendar=CALENDAR, act=ACCOUNTING
    ).change.dossier
    assert told(unpaid()) == ("PAYMENT", OPENED_AT + timedelta(hours=24), "CITIZEN")
    assert told(asked) == ("SUPPLEMENT", asked.supplements[0].expires_at, "CITIZEN")
    assert told(replace(dossier, state=State.SUBMITTED, accepted=False)) == ("ACCEPTANCE", at(9), "OFFICER")
    assert told(replace(dossier, accepted=False, step=None)) == ("ACCEPTANCE", None, "OFFICER")
    assert told(dossier) == ("STEP", at(9), "OFFICER")
    assert told(replace(dossier, step=None)) == ("RESULT", at(13), "SIGNER")
    for state in (State.SUBMITTED, State.IN_PROCESS):
        reversed_one = replace(dossier, state=state, paid_at=None)
        assert told(reversed_one) == ("PAYMENT", OPENED_AT + timedelta(hours=24), "CITIZEN")
    assert dossier.step is not None
    assert told(replace(dossier, step=replace(dossier.step, index=2, due_at=at(14)))) == ("RESULT", at(13), "SIGNER")
    done = replace(dossier, state=State.COMPLETED, ended_at=at(8))
    assert told(done) == ("DELIVERY", at(15), "OFFICER")
    reversed_one = replace(done, payment_reversed_at=at(9))
    assert told(reversed_one) == ("REOPENING", at(14), "OFFICER")
    assert told(replace(reversed_one, reopening=Reopening("a", "x", at(9)))) == ("REOPENING", at(14), "SIGNER")
    for ended in (State.WITHDRAWN, State.EXPIRED, State.STOPPED, State.NOT_ACCEPTED, State.RESULT_RETURNED):
        assert told(replace(dossier, state=ended)) is None


def test_what_a_cover_waits_for() -> None:
    assert of_cover(cover(), RULES, CALENDAR) == Expectation(Awaited.SIGNATURE, at(9), Owner.SIGNER)
    checked = replace(cover(CoverState.CHECKED), checked_at=at(8))
    assert of_cover(checked, RULES, CALENDAR) == Expectation(
        Awaited.DRAWING, at(8) + timedelta(minutes=15), Owner.SYSTEM
    )
    assert of_cover(cover(CoverState.SIGNED), RULES, CALENDAR) is not None
    asked = replace(cover(CoverState.ISSUED), revocation=RevocationRequest("a", "x", at(8), None))
    assert of_cover(asked, RULES, CALENDAR) == Expectation(Awaited.REVOCATION, at(10), Owner.SIGNER)
    for state in (CoverState.ISSUED, CoverState.REVOKED, CoverState.REPLACED):
        assert of_cover(cover(state), RULES, CALENDAR) is None


def case() -> RefundCase:
    return RefundCase(CODE, 1, "79", 297_000, ("v",), "DOSSIER_WITHDRAWN", at(8))


def test_what_money_waits_for() -> None:
    assert of_refund(case(), RULES, CALENDAR) == Expectation(
        Awaited.REFUND, datetime(2023, 3, 1, 17, tzinfo=VIETNAM), Owner.ACCOUNTING
    )
    waits = {
        state: of_voucher(state, at(8), 24, RULES, CALENDAR) for state in ("PARKED", "HELD", "QUARANTINED", "APPLIED")
    }
    assert waits == {
        "PARKED": Expectation(Awaited.DOSSIER, at(9), Owner.ACCOUNTING),
        "HELD": Expectation(Awaited.DECISION, at(13), Owner.OFFICER),
        "QUARANTINED": Expectation(Awaited.REPAIR, at(9), Owner.OPS),
        "APPLIED": None,
    }


def test_a_dossier_seen_whole_tells_of_what_hangs_on_it() -> None:
    checked = replace(cover(CoverState.CHECKED), checked_at=at(8))
    drawing = of_view(in_process(), checked, None, RULES, CALENDAR)
    assert drawing is not None
    assert drawing.what is Awaited.DRAWING
    for waiting in (cover(), None):
        own = of_view(in_process(), waiting, None, RULES, CALENDAR)
        assert own is not None
        assert own.what is Awaited.STEP
    withdrawn = replace(in_process(), state=State.WITHDRAWN)
    assert of_view(withdrawn, checked, case(), RULES, CALENDAR) == of_refund(case(), RULES, CALENDAR)
    assert of_view(withdrawn, checked, None, RULES, CALENDAR) is None


@given(st.integers(0, 600))
def test_stuck_is_what_has_not_come_an_hour_after_its_moment(minutes: int) -> None:
    expected = Expectation(Awaited.STEP, at(9), Owner.OFFICER)
    assert expected.is_stuck(at(9) + timedelta(minutes=minutes), RULES) == (minutes > 60)
    assert not Expectation(Awaited.STEP, None, Owner.OFFICER).is_stuck(at(28), RULES)


@pytest.mark.parametrize("what", Awaited)
def test_people_are_told_what_it_means(what: Awaited) -> None:
    assert CAUSES[what].endswith(".")


def test_a_closed_refund_waits_for_nothing() -> None:
    closed = replace(case(), state="PAID")  # type: ignore[arg-type]
    assert of_refund(closed, RULES, CALENDAR) is None
