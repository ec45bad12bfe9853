"""The intake by an officer, a procedure's steps, the paper handed over, the reopening (domain rules 5.3, 5.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.configuration.steps import ClockStart
from chalicelib.domain.course import intake, lifecycle, result
from chalicelib.domain.course.clockwork import reach
from chalicelib.domain.course.lifecycle import Situation
from chalicelib.domain.covers.cover import CoverState, create_cover
from chalicelib.domain.errors import Conflict, Forbidden
from chalicelib.domain.events import Act, By, Event
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import Action, next_step
from chalicelib.domain.registration.declaration import BookForm
from chalicelib.domain.registration.dossier import Dossier, Milestone, State, accept_payment, complete_with_cover
from chalicelib.domain.registration.remaining import after_working_time, working_time
from chalicelib.domain.registration.slip import SlipKind, slips_of
from tests.unit.domain.made import ACCOUNTING, COVER_ID, LAW, OPENED_AT, PAID_AT, in_process, unpaid

CALENDAR = LAW.calendar
RULES = LAW.deadline_rules.on(OPENED_AT.date()).value


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2023, 2, day, hour, minute, tzinfo=VIETNAM)


def act(day: int, hour: int = 9, minute: int = 0, actor: str = "can-bo-1") -> Act:
    return Act(at(day, hour, minute), By.OFFICER, actor)


def submitted(**procedure: Any) -> Dossier:
    """Paid on Monday 06/02/2023 09:15:22 in a province that looks at each dossier first."""
    opened = unpaid()
    manual = replace(opened.procedure, auto_accept=False, **procedure)
    change = accept_payment(
        replace(opened, procedure=manual),
        paid_at=PAID_AT,
        si_number="7912345678",
        voucher_id="v",
        cover_due=True,
        calendar=CALENDAR,
        rules=RULES,
        act=ACCOUNTING,
    )
    assert [(line.event, line.state) for line in change.lines] == [(Event.VOUCHER_RECORDED, "SUBMITTED")]
    return change.dossier


def accept(dossier: Dossier, when: Act, *, makes_cover: bool = True) -> lifecycle.Decision:
    return intake.accept(Situation(dossier), makes_cover=makes_cover, calendar=CALENDAR, act=when)


def due_now(dossier: Dossier, now: datetime) -> Action:
    return next_step(dossier.progress(), dossier.procedure, RULES, CALENDAR, now).action


def test_a_paid_dossier_waits_for_its_acceptance_while_the_clock_runs_from_the_payment() -> None:
    dossier = submitted()
    assert (dossier.state, dossier.accepted, dossier.cover_due) == (State.SUBMITTED, False, True)
    assert dossier.due_at == at(13, 17)
    # The intake is the first step: 4 working hours by the national procedure, sooner than the 8 of NĐ 45/2020.
    assert dossier.step is not None
    assert (dossier.step.step_code, dossier.step.due_at) == ("TIEP_NHAN", PAID_AT + timedelta(hours=4))
    accepted = accept(dossier, act(7))
    after = accepted.change.dossier
    assert [line.event for line in accepted.change.lines] == [Event.DOSSIER_ACCEPTED, Event.COVER_CREATED]
    assert (after.state, after.accepted, after.cover_due, after.due_at) == (State.IN_PROCESS, True, False, at(13, 17))
    assert accepted.cover is not None
    assert accepted.cover.snapshot.si_number == "7912345678"
    # The examination is timed from now: three working days.
    assert after.step is not None
    assert (after.step.step_code, after.step.due_at) == ("THAM_DINH", at(10, 17))
    assert [slip.kind for slip in slips_of(accepted.change.lines)] == [SlipKind.RECEIPT]


def test_the_clock_may_start_with_the_acceptance() -> None:
    dossier = submitted(clock_start=ClockStart.ACCEPTED)
    assert (dossier.due_at, dossier.clock_started_at) == (None, None)
    after = accept(dossier, act(7, 10)).change.dossier
    assert (after.clock_started_at, after.due_at) == (at(7, 10), at(14, 17))
    # Accepted at once, it starts when the payment is recorded.
    opened = unpaid()
    procedure = replace(opened.procedure, clock_start=ClockStart.ACCEPTED)
    recorded = Act(at(8), By.ACCOUNTING, "central-accounting")
    change = accept_payment(
        replace(opened, procedure=procedure),
        paid_at=PAID_AT,
        si_number=None,
        voucher_id="v",
        calendar=CALENDAR,
        act=recorded,
    )
    assert (change.dossier.state, change.dossier.due_at) == (State.RECEIVED, at(15, 17))


def test_without_steps_the_intake_has_the_eight_hours_of_the_law() -> None:
    dossier = submitted(steps=())
    assert dossier.step is not None
    assert (dossier.step.step_code, dossier.step.due_at) == ("TIEP_NHAN", at(7, 8, 15) + timedelta(seconds=22))
    after = accept(dossier, act(6, 10)).change.dossier
    assert after.step is None
    only = accept(submitted(steps=LAW.procedure("79", at(6).date()).steps[2:]), act(6, 10)).change.dossier
    assert only.step is not None
    assert (only.step.step_code, only.step.due_at) == ("KY_CAP", at(7, 17))


def test_a_late_intake_is_told_once() -> None:
    dossier = submitted(clock_start=ClockStart.ACCEPTED)
    assert due_now(dossier, at(6, 13, 15)) is Action.WAIT
    assert due_now(dossier, at(6, 13, 16)) is Action.MARK_STEP_LATE
    late = reach(dossier, Milestone.STEP_LATE, act(6, 13, 16))
    assert [(line.event, line.subject) for line in late.lines] == [(Event.STEP_OVERDUE, "TIEP_NHAN")]
    assert due_now(late.dossier, at(6, 16)) is Action.WAIT
    # The next step has a lateness of its own.
    after = accept(late.dossier, act(7)).change.dossier
    assert due_now(after, at(10, 17, 1)) is Action.MARK_STEP_LATE


def test_where_no_cover_is_due_the_acceptance_completes() -> None:
    accepted = accept(submitted(), act(7), makes_cover=False)
    assert (accepted.change.dossier.state, accepted.cover) == (State.RESULT_RETURNED, None)


def test_refused_at_intake_is_not_accepted() -> None:
    refused = lifecycle.refuse(Situation(submitted()), reason="x", act=act(7))
    assert refused.change.dossier.state is State.NOT_ACCEPTED
    assert [slip.kind for slip in slips_of(refused.change.lines)] == [SlipKind.REFUSAL]


def ask(dossier: Dossier, when: Act) -> Dossier:
    decided = lifecycle.request_supplement(
        Situation(dossier), reason="x", asked=["phone"], rules=RULES, calendar=CALENDAR, act=when
    )
    return decided.change.dossier


def supply(dossier: Dossier, when: Act) -> Dossier:
    decided = lifecycle.supply(Situation(dossier), dossier.declaration, calendar=CALENDAR, act=when)
    return decided.change.dossier


@pytest.mark.parametrize(
    ("start", "due"), ((ClockStart.PAYMENT_CONFIRMED, at(20, 17)), (ClockStart.ACCEPTED, at(22, 17)))
)
def test_a_supplement_at_intake(start: ClockStart, due: datetime) -> None:
    """The limit counts from a complete dossier; where it runs since the payment it stands until the supply."""
    asked = ask(submitted(clock_start=start), act(8, 10))
    assert asked.due_at is None
    assert asked.supplements[0].at_intake
    supplied = supply(asked, act(15, 10))
    assert (supplied.state, supplied.accepted, supplied.due_at) == (State.IN_PROCESS, False, due)
    # It is accepted there, and only once.
    accepted = accept(supplied, act(15, 11))
    assert [line.event for line in accepted.change.lines] == [Event.DOSSIER_ACCEPTED, Event.COVER_CREATED]
    assert accepted.change.dossier.due_at == due
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        accept(accepted.change.dossier, act(16))
    done = accept(supplied, act(15, 11), makes_cover=False)
    assert done.change.dossier.state is State.RESULT_RETURNED
    timed_out = lifecycle.time_out(Situation(asked), act(8))
    assert timed_out.change.dossier.state is State.NOT_ACCEPTED


def test_a_second_cover_has_the_next_number() -> None:
    dossier = submitted()
    revoked = create_cover(dossier.code, dossier.declaration, si_number="7912345678", created_at=PAID_AT)
    revoked = replace(revoked, state=CoverState.REVOKED)
    decided = intake.accept(Situation(dossier, revoked), makes_cover=True, calendar=CALENDAR, act=act(7))
    assert decided.cover is not None
    assert decided.cover.number == 2


def test_a_step_is_handed_on() -> None:
    dossier = in_process()
    assert dossier.step is not None
    assert (dossier.step.step_code, dossier.step.due_at) == ("THAM_DINH", at(9, 17))
    late = replace(dossier, milestones=frozenset({Milestone.STEP_LATE, Milestone.REMINDED}))
    change = intake.complete_step(late, "THAM_DINH", calendar=CALENDAR, act=act(10)).change
    assert [(line.event, line.subject) for line in change.lines] == [(Event.STEP_COMPLETED, "THAM_DINH")]
    assert change.dossier.step is not None
    assert (change.dossier.step.step_code, change.dossier.step.due_at) == ("KY_CAP", at(13, 17))
    assert change.dossier.milestones == {Milestone.REMINDED}
    with pytest.raises(Conflict, match="STEP_NOT_PRESENT"):
        intake.complete_step(change.dossier, "THAM_DINH", calendar=CALENDAR, act=act(10))
    with pytest.raises(Conflict, match="STEP_IS_LAST"):
        intake.complete_step(change.dossier, "KY_CAP", calendar=CALENDAR, act=act(10))
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        intake.complete_step(submitted(), "TIEP_NHAN", calendar=CALENDAR, act=act(10))


def test_a_step_keeps_the_working_time_that_it_had_left() -> None:
    asked = ask(in_process(), act(8, 10))
    supplied = supply(asked, act(15, 10))
    # 7 h of 08/02 and the whole 09/02 were left: 7 h of 15/02, 16/02.
    assert supplied.step is not None
    assert supplied.step.due_at == at(16, 17)


def test_a_paper_rests_until_it_is_handed_over() -> None:
    paper = replace(in_process(), declaration=replace(unpaid().declaration, book_form=BookForm.PAPER))
    done = complete_with_cover(paper, COVER_ID, act(8)).dossier
    assert (done.state, done.ended_at) == (State.COMPLETED, at(8))
    told = result.deliver(done, how="Đã trả.", act=act(14)).change
    assert (told.dossier.state, told.lines[-1].reason, told.dossier.ended_at) == (
        State.RESULT_RETURNED,
        "Đã trả.",
        at(8),
    )
    # Handed over after the due day, it was done in time.
    assert not told.dossier.kpi_late(at(20))
    with pytest.raises(Conflict, match="PAYMENT_REVERSED"):
        result.deliver(replace(done, payment_reversed_at=at(9)), how="x", act=act(14))
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        result.deliver(paper, how="x", act=act(14))


def completed(**changes: Any) -> Dossier:
    return replace(in_process(), state=State.COMPLETED, ended_at=at(8), payment_reversed_at=at(9), **changes)


def test_two_persons_reopen_a_dossier_whose_payment_was_reversed() -> None:
    asked = result.request_reopening(Situation(completed()), reason="Nộp lại", act=act(10)).change
    assert asked.dossier.state is State.COMPLETED
    with pytest.raises(Conflict, match="REOPENING_REQUESTED_ALREADY"):
        result.request_reopening(Situation(asked.dossier), reason="x", act=act(10))
    with pytest.raises(Forbidden, match="SECOND_PERSON_REQUIRED"):
        result.approve_reopening(Situation(asked.dossier), until=at(13, 17), act=act(10))
    reopened = result.approve_reopening(
        Situation(asked.dossier), until=at(13, 17), act=act(10, actor="lanh-dao")
    ).change
    assert [line.event for line in reopened.lines] == [Event.DOSSIER_REOPENED, Event.DEADLINES_RESET]
    after = reopened.dossier
    assert (after.state, after.ended_at, after.reopening, after.generation) == (State.IN_PROCESS, None, None, 2)
    assert (after.is_unpaid_again, after.payment_expires_at, after.due) == (True, at(13, 17), None)


def test_what_is_not_reopened() -> None:
    with pytest.raises(Conflict, match="REOPENING_NOT_REQUESTED"):
        result.approve_reopening(Situation(completed()), until=at(13, 17), act=act(10))
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        result.request_reopening(Situation(in_process()), reason="x", act=act(10))
    with pytest.raises(Conflict, match="PAYMENT_NOT_REVERSED"):
        result.request_reopening(Situation(replace(completed(), payment_reversed_at=None)), reason="x", act=act(10))
    cover = create_cover("x", unpaid().declaration, si_number="7912345678", created_at=PAID_AT)
    for state in (CoverState.SIGNED, CoverState.ISSUED):
        with pytest.raises(Conflict, match="COVER_STILL_VALID"):
            result.request_reopening(Situation(completed(), replace(cover, state=state)), reason="x", act=act(10))
    gone = Situation(completed(), replace(cover, state=CoverState.REVOKED))
    assert result.request_reopening(gone, reason="x", act=act(10)).change.dossier.reopening is not None


@given(
    start=st.integers(0, 140 * 24 * 60).map(lambda minutes: at(1, 0) + timedelta(minutes=minutes)),
    minutes=st.integers(0, 60 * 40),
)
def test_the_moment_behind_some_working_time_is_so_much_working_time_away(start: datetime, minutes: int) -> None:
    amount = timedelta(minutes=minutes)
    end = after_working_time(start, amount, CALENDAR)
    assert end >= start
    # The break at noon belongs to nobody: of a day begun before 09:00 the last hour is not counted twice.
    assert amount <= working_time(start, end, CALENDAR) <= amount + timedelta(hours=1)
