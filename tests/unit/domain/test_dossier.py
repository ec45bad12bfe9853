"""The dossier's states, transitions and decisions: domain rules 5.3 and 5.5, scenarios A1, A4 and A13."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.course.clockwork import expire, reach
from chalicelib.domain.errors import Conflict, NotConfigured
from chalicelib.domain.events import GENESIS, By, Event, first_broken_line
from chalicelib.domain.months import VIETNAM, Month, MonthSpan
from chalicelib.domain.registration.deadlines import Progress
from chalicelib.domain.registration.dossier import (
    ENDED,
    TRANSITIONS,
    Milestone,
    State,
    complete_with_cover,
    complete_without_cover,
    unchanged,
)
from tests.unit.domain.made import (
    ACCOUNTING,
    CODE,
    COVER_ID,
    LAW,
    OPENED_AT,
    PAID_AT,
    PORTAL,
    SYSTEM,
    in_process,
    opening,
    paying,
    unpaid,
)

STATES = st.sampled_from(State)
CALENDAR = LAW.calendar


def test_the_national_numbers_are_those_of_the_published_list() -> None:
    assert {state.value: state.national_status for state in State} == {
        "AWAITING_PAYMENT": 6,
        "SUBMITTED": 1,
        "RECEIVED": 2,
        "NOT_ACCEPTED": 3,
        "IN_PROCESS": 4,
        "SUPPLEMENT_REQUESTED": 5,
        "WITHDRAWN": 7,
        "STOPPED": 8,
        "EXPIRED": 8,
        "COMPLETED": 9,
        "RESULT_RETURNED": 10,
    }


def test_the_table_of_transitions_is_closed() -> None:
    """Every state has its row, leads only to states, and every state but the first can be reached."""
    assert set(TRANSITIONS) == set(State)
    reached = {State.AWAITING_PAYMENT}
    while more := {to for state in reached for to in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(State)


def test_only_a_completed_dossier_goes_on_after_its_end() -> None:
    """A reopening after a reversal is the one way back (domain rule 5.3)."""
    assert {state for state in ENDED if TRANSITIONS[state]} == {State.COMPLETED}
    assert {state for state in State if not TRANSITIONS[state]} == ENDED - {State.COMPLETED}


@given(STATES, STATES)
def test_a_move_happens_exactly_where_the_table_allows_it(before: State, to: State) -> None:
    # given
    dossier = replace(unpaid(), state=before)
    if to in TRANSITIONS[before]:
        # when
        change = unchanged(dossier).then(Event.PROCESSING_STARTED, SYSTEM, to=to)
        # then
        assert change.dossier.state is to
        assert change.dossier.status_sequence == dossier.status_sequence + 1
        assert change.lines[-1].status_sequence == change.dossier.status_sequence
        assert change.lines[-1].national_status == to.national_status
    else:
        with pytest.raises(Conflict) as refused:
            unchanged(dossier).then(Event.PROCESSING_STARTED, SYSTEM, to=to)
        assert refused.value.code == "INVALID_TRANSITION"
        assert refused.value.facts == {"state": before, "version": 1}


def test_a_line_without_a_move_counts_as_version_but_not_as_status() -> None:
    before = in_process()
    after = unchanged(before).then(Event.COVER_CHECKED, SYSTEM, subject=COVER_ID)
    assert (after.dossier.version, after.dossier.status_sequence) == (before.version + 1, before.status_sequence)
    assert after.lines[0].status_sequence is None
    assert after.lines[0].state is before.state


def test_a_new_dossier_waits_one_day_for_its_payment() -> None:
    """Given a declaration at 09:00 / when it is opened / then it expires at 09:00 of the next day."""
    change = opening()
    dossier = change.dossier
    assert dossier.state is State.AWAITING_PAYMENT
    assert dossier.payment_expires_at == OPENED_AT + timedelta(hours=24)
    assert (dossier.version, dossier.status_sequence, dossier.due_at, dossier.province_code) == (1, 1, None, "79")
    assert dossier.span == MonthSpan(Month(2023, 2), Month(2023, 2))
    (line,) = change.lines
    assert (line.event, line.by, line.actor, line.previous_hash) == (
        Event.DOSSIER_OPENED,
        By.PORTAL,
        "portal-dvc",
        GENESIS,
    )
    assert dossier.audit_hash == line.hash


def test_a_payment_starts_the_clock_at_the_moment_of_payment() -> None:
    """A1: paid on Monday 06/02/2023 09:15, due on Monday 13/02/2023 17:00."""
    change = paying()
    dossier = change.dossier
    assert dossier.state is State.RECEIVED
    assert dossier.paid_at == PAID_AT
    assert dossier.due_at == datetime(2023, 2, 13, 17, 0, tzinfo=VIETNAM)
    assert dossier.si_number == "7912345678"
    (line,) = change.lines
    assert (line.event, line.due_at, line.subject) == (Event.VOUCHER_RECORDED, dossier.due_at, "KT79-2023-0000001")


def test_a_second_payment_is_no_transition() -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        paying(paying().dossier)


def test_a_payment_of_a_year_without_holidays_is_refused() -> None:
    from chalicelib.domain.registration.dossier import accept_payment

    with pytest.raises(NotConfigured, match="CALENDAR_NOT_CONFIGURED"):
        accept_payment(
            unpaid(),
            paid_at=datetime(2031, 2, 6, 9, 0, tzinfo=VIETNAM),
            si_number=None,
            voucher_id="v",
            calendar=LAW.calendar,
            act=ACCOUNTING,
        )


def test_a_first_timers_way_to_the_returned_result() -> None:
    """A1: AWAITING_PAYMENT, RECEIVED, IN_PROCESS, COMPLETED, RESULT_RETURNED, with one unbroken chain of lines."""
    from chalicelib.domain.registration.dossier import await_cover

    opened = opening()
    paid = await_cover(paying(opened.dossier), COVER_ID, ACCOUNTING)
    done = complete_with_cover(paid.dossier, COVER_ID, SYSTEM)
    lines = (*opened.lines, *paid.lines, *done.lines)
    assert [line.state for line in lines] == [
        "AWAITING_PAYMENT",
        "RECEIVED",
        "IN_PROCESS",
        "IN_PROCESS",
        "COMPLETED",
        "RESULT_RETURNED",
    ]
    assert [line.status_sequence for line in lines] == [1, 2, 3, None, 4, 5]
    assert [line.version for line in lines] == [1, 2, 3, 4, 5, 6]
    assert first_broken_line(lines, done.dossier.audit_hash) is None


def test_who_has_a_book_gets_the_result_at_once() -> None:
    """A4: no cover; completed and returned without an officer."""
    change = complete_without_cover(paying(), ACCOUNTING)
    assert change.dossier.state is State.RESULT_RETURNED
    assert [line.event for line in change.lines] == [
        Event.VOUCHER_RECORDED,
        Event.PROCESSING_STARTED,
        Event.PARTICIPATION_COMPLETED,
        Event.RESULT_RETURNED,
    ]


def test_an_unpaid_dossier_expires_with_its_reason() -> None:
    change = expire(unpaid(), SYSTEM)
    assert change.dossier.state is State.EXPIRED
    assert change.dossier.state.ended
    assert change.lines[0].reason == "Quá thời hạn nộp tiền mà chưa nhận được chứng từ đóng."


def test_a_paid_dossier_does_not_expire() -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        expire(paying().dossier, SYSTEM)


@pytest.mark.parametrize(
    ("milestone", "event"),
    ((Milestone.REMINDED, Event.OFFICER_REMINDED), (Milestone.OVERDUE, Event.OVERDUE_MARKED)),
)
def test_a_milestone_is_reached_once(milestone: Milestone, event: Event) -> None:
    first = reach(in_process(), milestone, SYSTEM)
    assert [line.event for line in first.lines] == [event]
    assert first.dossier.milestones == {milestone}
    assert first.dossier.state is State.IN_PROCESS
    assert reach(first.dossier, milestone, SYSTEM) == unchanged(first.dossier)


@pytest.mark.parametrize(
    ("now", "overdue"),
    (
        (datetime(2023, 2, 13, 17, 0, 0, tzinfo=VIETNAM), False),
        (datetime(2023, 2, 13, 17, 0, 1, tzinfo=VIETNAM), True),
    ),
)
def test_overdue_begins_after_the_due_moment(now: datetime, overdue: bool) -> None:
    assert in_process().is_overdue(now) is overdue


def test_neither_an_unpaid_nor_an_ended_dossier_is_overdue() -> None:
    late = datetime(2023, 3, 13, 17, 0, tzinfo=VIETNAM)
    assert not unpaid().is_overdue(late)
    assert not complete_without_cover(paying(), ACCOUNTING).dossier.is_overdue(late)


def test_what_the_deadline_is_told() -> None:
    marked = reach(in_process(), Milestone.OVERDUE, SYSTEM).dossier
    assert unpaid().progress() == Progress(
        state_ended=False, awaiting_payment=True, payment_expires_at=OPENED_AT + timedelta(hours=24)
    )
    assert marked.progress() == Progress(
        state_ended=False,
        awaiting_payment=False,
        payment_expires_at=marked.payment_expires_at,
        due_at=marked.due_at,
        reminded=False,
        overdue_marked=True,
        step_due_at=CALENDAR.closes(date(2023, 2, 9)),
    )


def test_a_dossier_says_who_opened_it() -> None:
    dossier = opening().dossier
    assert (dossier.code, dossier.client_id, dossier.person) == (CODE, "dvc", "a1")
    assert PORTAL.actor not in repr(dossier)
