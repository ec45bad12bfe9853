"""What a dossier goes through for its money: held, taken back, paid again, to be paid back (domain rule 7.4, A10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.amounts.account import Account, Case, Terms, settle
from chalicelib.domain.course import lifecycle
from chalicelib.domain.course.lifecycle import Situation, paid_anew
from chalicelib.domain.course.payment import (
    NO_CASES,
    awaiting_top_up,
    barrier_of,
    end_unpaid,
    held,
    pay_until,
    recorded_period,
    reversed_payment,
    with_cases,
)
from chalicelib.domain.errors import Conflict
from chalicelib.domain.events import Act, By, Event, first_broken_line
from chalicelib.domain.ledger.refund_case import RefundState
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import Action, next_step
from chalicelib.domain.registration.dossier import Dossier, State, unchanged
from tests.unit.domain.made import ACCOUNTING, CODE, LAW, PAID_AT, in_process, paid_account, paying, unpaid
from tests.unit.domain.test_account import account, entry

LATER = datetime(2023, 2, 9, 17, 0, tzinfo=VIETNAM)
CALENDAR = LAW.calendar
RULES = LAW.deadline_rules.on(PAID_AT.date()).value


def taken_back(dossier: Dossier, at: datetime = PAID_AT) -> Dossier:
    act = Act(at, By.ACCOUNTING, "central-accounting")
    return reversed_payment(dossier, voucher_id="v", reason="x", until=LATER, act=act).dossier


def anew(dossier: Dossier, paid_at: datetime) -> Dossier:
    return paid_anew(dossier, paid_at, rules=RULES, calendar=CALENDAR, act=ACCOUNTING)


# Why nothing may be recorded


@pytest.mark.parametrize("state", (State.WITHDRAWN, State.STOPPED, State.NOT_ACCEPTED, State.EXPIRED))
def test_a_failed_dossier_takes_no_money(state: State) -> None:
    dossier = replace(in_process(), state=state)
    assert barrier_of(dossier, dossier.account, cover_gone=False, overlap=False) == "DOSSIER_CLOSED"


def test_what_stands_in_the_way_of_a_record() -> None:
    assert barrier_of(unpaid(), unpaid().account, cover_gone=False, overlap=False) is None
    assert barrier_of(unpaid(), unpaid().account, cover_gone=False, overlap=True) == "OVERLAP"
    assert barrier_of(in_process(), in_process().account, cover_gone=True, overlap=True) is None, (
        "what is recorded stands"
    )
    returned = replace(in_process(), state=State.RESULT_RETURNED, account=Account())
    assert barrier_of(returned, returned.account, cover_gone=True, overlap=False) == "DOSSIER_CLOSED"
    assert barrier_of(returned, returned.account, cover_gone=False, overlap=False) is None


# Taken back


@pytest.mark.parametrize("dossier", (in_process(), paying().dossier), ids=("in process", "received"))
def test_a_payment_that_is_taken_back_leaves_a_dossier_that_waits_for_another(dossier: Dossier) -> None:
    back = taken_back(dossier)
    assert (back.state, back.paid_at, back.due, back.is_unpaid_again) == (State.IN_PROCESS, None, None, True)
    assert back.payment_expires_at == LATER
    step = next_step(back.progress(), back.procedure, RULES, CALENDAR, PAID_AT)
    assert (step.action, step.wake_at) == (Action.WAIT, LATER)
    assert next_step(back.progress(), back.procedure, RULES, CALENDAR, LATER).action is Action.EXPIRE_UNPAID


def test_what_was_to_be_supplemented_is_asked_for_again() -> None:
    act = Act(PAID_AT + timedelta(hours=1), By.OFFICER, "o")
    asked = lifecycle.request_supplement(
        Situation(in_process()), reason="x", asked=("phone",), rules=RULES, calendar=CALENDAR, act=act
    ).change.dossier
    back = taken_back(asked, PAID_AT + timedelta(hours=2))
    assert (back.state, back.open_supplement) == (State.IN_PROCESS, None)
    assert back.supplements[0].supplied_at == PAID_AT + timedelta(hours=2)


def test_a_result_that_was_returned_stays() -> None:
    returned = replace(in_process(), state=State.RESULT_RETURNED, ended_at=PAID_AT)
    change = reversed_payment(returned, voucher_id="v", reason="x", until=LATER, act=ACCOUNTING)
    assert (change.dossier.state, change.dossier.paid_at) == (State.RESULT_RETURNED, PAID_AT)
    assert [line.event for line in change.lines] == [Event.PAYMENT_REVERSED]
    assert not change.dossier.is_unpaid_again


def test_at_intake_it_waits_there() -> None:
    assert taken_back(replace(in_process(), state=State.SUBMITTED)).state is State.SUBMITTED


@pytest.mark.parametrize(("state", "end"), ((State.IN_PROCESS, State.STOPPED), (State.SUBMITTED, State.NOT_ACCEPTED)))
def test_without_another_payment_it_is_over(state: State, end: State) -> None:
    back = replace(taken_back(in_process()), state=state, account=account(entry("b", 1)))
    change, cases = end_unpaid(back, ACCOUNTING)
    assert change.dossier.state is end
    assert [(case.amount, case.voucher_ids, case.cause) for case in cases.opened] == [(1, ("b",), "UNDERPAID")]
    assert [line.event for line in change.lines] == [Event.PAYMENT_EXPIRED, Event.REFUND_CASE_OPENED]


def test_a_dossier_that_was_paid_in_part_expires_with_a_refund_case() -> None:
    """A8: 4,200,000 came, the rest did not."""
    change, cases = end_unpaid(replace(unpaid(), account=account(entry("a", 200_000))), ACCOUNTING)
    assert change.dossier.state is State.EXPIRED
    assert [case.amount for case in cases.opened] == [200_000]
    assert end_unpaid(unpaid(), ACCOUNTING)[1] == NO_CASES


def test_a_paid_dossier_does_not_end_unpaid() -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        end_unpaid(replace(in_process(), state=State.RESULT_RETURNED), ACCOUNTING)


# Waiting for a top-up


def test_a_top_up_is_awaited_longer_never_shorter() -> None:
    assert awaiting_top_up(unpaid(), LATER).payment_expires_at == LATER
    assert awaiting_top_up(unpaid(), PAID_AT).payment_expires_at == unpaid().payment_expires_at
    over = replace(unpaid(), state=State.EXPIRED)
    assert awaiting_top_up(over, LATER) == over


@pytest.mark.parametrize(
    ("reason", "told"),
    (
        ("UNDERPAID", "Số tiền đã nhận chưa đủ để ghi nhận quá trình tham gia. Còn thiếu 97.000 đ."),
        ("DOUBLE_PAYMENT", "Hồ sơ đã được nộp đủ tiền; số tiền nộp thêm được hoàn trả."),
        ("IDENTITY_MISMATCH", "Chứng từ chưa khớp với hồ sơ, chờ cán bộ xử lý."),
    ),
)
def test_the_trail_tells_why_money_is_held(reason: str, told: str) -> None:
    settlement = settle(account(entry("a", 200_000)), unpaid().quote.terms)
    change = held(unchanged(unpaid()), "a", reason, settlement, ACCOUNTING)
    (line,) = change.lines
    assert (line.event, line.subject, line.reason) == (Event.PAYMENT_HELD, "a", told)


# Refund cases


def test_a_case_is_opened_once_and_ends_with_its_ground() -> None:
    twice = paid_account(unpaid()).with_entry(entry("z", 297_000, 5))
    dossier = replace(in_process(), account=twice)
    settlement = settle(twice, dossier.quote.terms)
    change, cases = with_cases(unchanged(dossier), settlement, None, frozenset(), ACCOUNTING)
    assert change.dossier.account.cases == (Case(1, ("z",), 297_000),)
    assert [case.refund_id for case in cases.opened] == [f"{CODE}-R1"]
    again, none = with_cases(change, settlement, None, frozenset(), ACCOUNTING)
    assert (again, none) == (change, NO_CASES)
    for refunded, state in ((frozenset({"z"}), RefundState.PAID), (frozenset({"y"}), RefundState.WITHDRAWN)):
        left = change.dossier.account.without("z")
        after = replace(change, dossier=replace(change.dossier, account=left))
        final, ended = with_cases(after, settle(left, dossier.quote.terms), None, refunded, ACCOUNTING)
        assert ended.closed == ((Case(1, ("z",), 297_000), state),)
        assert (final.dossier.account.cases, final.dossier.account.cases_made) == ((), 1)
        assert final.lines[-1].event is Event.REFUND_CASE_CLOSED


def test_what_pays_for_a_stopped_dossier_stays_to_be_paid_back() -> None:
    stopped = lifecycle.stop(Situation(in_process()), reason="x", act=ACCOUNTING).change
    settlement = settle(stopped.dossier.account, stopped.dossier.quote.terms, barrier="DOSSIER_CLOSED")
    assert with_cases(stopped, settlement, None, frozenset(), ACCOUNTING) == (stopped, NO_CASES)
    assert first_broken_line([*paying().lines], "x") is not None


# Paid again


def test_another_moment_of_payment_starts_the_clock_again() -> None:
    before = in_process()
    again = anew(before, PAID_AT + timedelta(days=7))
    assert before.due is not None
    assert again.due is not None
    assert (again.paid_at, again.due.due_at - before.due.due_at) == (PAID_AT + timedelta(days=7), timedelta(days=7))
    assert again.milestones == frozenset()


def test_a_pause_of_an_earlier_clock_is_over() -> None:
    act = Act(PAID_AT + timedelta(hours=1), By.OFFICER, "o")
    asked = lifecycle.request_supplement(
        Situation(in_process()), reason="x", asked=("phone",), rules=RULES, calendar=CALENDAR, act=act
    ).change.dossier
    moved = anew(asked, PAID_AT - timedelta(minutes=5))
    assert (moved.state, moved.due_at, moved.supplements) == (State.SUPPLEMENT_REQUESTED, None, asked.supplements)
    back = taken_back(asked, PAID_AT + timedelta(hours=2))
    again = anew(back, PAID_AT + timedelta(days=7))
    plain = anew(in_process(), PAID_AT + timedelta(days=7))
    assert again.due == plain.due


def test_what_has_ended_keeps_its_clock_and_is_paid_again() -> None:
    over = replace(in_process(), state=State.RESULT_RETURNED, payment_reversed_at=LATER)
    assert anew(over, LATER) == replace(over, payment_reversed_at=None)


def test_at_intake_the_officer_has_the_whole_time_again() -> None:
    """The clock starts with the acceptance here: there is none before it, whatever was paid when."""
    waiting = replace(unpaid(), state=State.SUBMITTED, accepted=False)
    again = anew(waiting, LATER)
    assert again.step is not None
    assert (again.paid_at, again.step.step_code) == (LATER, "TIEP_NHAN")
    accepted = replace(in_process(), clock_from=PAID_AT, step=None)
    assert (anew(accepted, LATER).clock_from, anew(accepted, PAID_AT - timedelta(days=1)).clock_from) == (
        LATER,
        PAID_AT,
    )


def test_money_may_follow_for_so_many_working_days() -> None:
    """From a Friday: Monday, Tuesday, Wednesday to closing time."""
    friday = datetime(2023, 2, 10, 16, 0, tzinfo=VIETNAM)
    assert pay_until(friday, 3, CALENDAR) == datetime(2023, 2, 15, 17, 0, tzinfo=VIETNAM)


def test_the_terms_of_a_dossier_are_those_of_its_quote() -> None:
    assert unpaid().quote.terms == Terms(1, 330_000, 33_000, 0, 297_000, 1)


def test_a_period_holds_the_terms_it_is_recorded_with_and_names_who_paid() -> None:
    dossier = in_process()
    terms = dossier.quote.terms
    alone = recorded_period(dossier, terms, ("a",), number=1, recorded_at=PAID_AT)
    assert (alone.person, alone.dossier_code, alone.span, alone.number) == (dossier.person, CODE, dossier.span, 1)
    assert (alone.amount_gross, alone.amount_participant, alone.amount_state) == (330_000, 297_000, 33_000)
    assert (alone.voucher_id, alone.voucher_ids) == ("a", ())
    several = recorded_period(dossier, terms, ("a", "b"), number=2, recorded_at=PAID_AT)
    assert (several.voucher_id, several.voucher_ids, several.number) == ("b", ("a", "b"), 2)
    assert recorded_period(dossier, terms, (), number=3, recorded_at=PAID_AT).voucher_id == ""
