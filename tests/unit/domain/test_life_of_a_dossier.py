"""Random lives of a dossier against a plain reference model: what may happen when, and when it is due.

The model knows a list of states and counts days by hand; the domain must agree with it after every step.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.configuration.steps import ClockStart
from chalicelib.domain.course import intake, lifecycle, result
from chalicelib.domain.course.clockwork import expire, reach
from chalicelib.domain.course.lifecycle import Situation
from chalicelib.domain.errors import Conflict
from chalicelib.domain.events import Act, AuditLine, By, Event, first_broken_line
from chalicelib.domain.registration.deadlines import Action, next_step
from chalicelib.domain.registration.declaration import BookForm
from chalicelib.domain.registration.dossier import (
    ESCALATIONS,
    TRANSITIONS,
    Change,
    Dossier,
    Milestone,
    accept_payment,
    await_cover,
    complete_with_cover,
    unchanged,
)
from tests.unit.domain.made import COVER_ID, LAW, OPENED_AT, opening

CALENDAR = LAW.calendar
RULES = LAW.deadline_rules.on(OPENED_AT.date()).value
RUNNING = {"RECEIVED", "IN_PROCESS"}
OPEN = {"AWAITING_PAYMENT", "SUBMITTED", *RUNNING, "SUPPLEMENT_REQUESTED"}
LATER_PROCEDURE = replace(opening().dossier.procedure, version="79-9", limit_working_days=1, auto_accept=True)
MILESTONES = {
    Action.REMIND_OFFICER: Milestone.REMINDED,
    Action.APOLOGISE: Milestone.APOLOGY_DUE,
    Action.MARK_OVERDUE: Milestone.OVERDUE,
    Action.MARK_STEP_LATE: Milestone.STEP_LATE,
}


class Model:
    """The reference: a state, and the days that count, each by itself."""

    def __init__(self) -> None:
        self.state = "AWAITING_PAYMENT"
        self.history = [self.state]
        self.manual = False
        """An officer accepts what is paid."""
        self.from_acceptance = False
        """The clock starts then, and not with the payment."""
        self.paper = False
        self.limit = 5
        self.accepted = True
        self.days_off: set[date] = set()
        """Told by late notices."""
        self.began: datetime | None = None
        """The moment from which the limit counts; on which day it arrived a late notice may change."""
        self.pauses: list[tuple[datetime, datetime | None]] = []
        self.apology_days = 0
        self.apologised = False

    def go(self, *states: str) -> None:
        self.history += states
        self.state = states[-1]

    def due_on(self) -> date | None:
        """None before payment and while the clock stands; else by walking over the calendar."""
        if self.began is None:
            return None
        ends = [(asked, None if supplied is None else self.arrived(supplied)) for asked, supplied in self.pauses]
        left, day = self.limit + self.apology_days, self.arrived(self.began)
        while left:
            day += timedelta(days=1)
            if any(asked.date() < day and (until is None or day <= until) for asked, until in ends):
                if any(until is None and asked.date() < day for asked, until in ends):
                    return None
                continue
            left -= self.works(day)
        for asked, until in ends:
            if asked.date() == day and asked <= CALENDAR.closes(day):
                if until is None:
                    return None
                day = max(day, until)
        return day

    def works(self, day: date) -> bool:
        return day not in self.days_off and CALENDAR.is_working_day(day)

    def arrived(self, moment: datetime) -> date:
        day = moment.date()
        late = moment > CALENDAR.closes(day)
        while late or not self.works(day):
            late, day = False, day + timedelta(days=1)
        return day


class Life(RuleBasedStateMachine):
    """One dossier, and everything that may happen to it in any order."""

    @initialize(manual=st.booleans(), from_acceptance=st.booleans(), paper=st.booleans(), limit=st.integers(2, 5))
    def declare(self, *, manual: bool, from_acceptance: bool, paper: bool, limit: int) -> None:
        change = opening()
        found = change.dossier
        start = ClockStart.ACCEPTED if from_acceptance else ClockStart.PAYMENT_CONFIRMED
        procedure = replace(
            found.procedure,
            auto_accept=not manual,
            clock_start=start,
            limit_working_days=limit,
            reminder_working_days=1,
        )
        form = BookForm.PAPER if paper else BookForm.ELECTRONIC
        self.dossier: Dossier = replace(
            found, procedure=procedure, declaration=replace(found.declaration, book_form=form)
        )
        self.lines: list[AuditLine] = list(change.lines)
        self.now = OPENED_AT
        self.calendar = CALENDAR
        self.published = procedure
        self.model = Model()
        self.model.manual, self.model.from_acceptance = manual, from_acceptance
        self.model.paper, self.model.limit = paper, limit

    def act(self, by: By = By.OFFICER) -> Act:
        return Act(self.now, by, "somebody")

    def take(self, change: Change) -> None:
        change = lifecycle.replanned(change, self.dossier, rules=RULES, calendar=self.calendar, act=self.act())
        assert change.dossier.generation == self.dossier.generation + sum(
            line.event is Event.DEADLINES_RESET for line in change.lines
        )
        self.lines += change.lines
        self.dossier = change.dossier

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def pay(self) -> None:
        allowed = self.model.state == "AWAITING_PAYMENT"
        try:
            paid = accept_payment(
                self.dossier,
                paid_at=self.now,
                si_number="7912345678",
                voucher_id="v",
                calendar=self.calendar,
                act=self.act(By.ACCOUNTING),
            )
        except Conflict:
            assert not allowed
            return
        assert allowed
        if not (self.model.manual and self.model.from_acceptance):
            self.model.began = self.now
        if self.model.manual:
            self.model.go("SUBMITTED")
            self.model.accepted = False
            self.take(paid)
            return
        self.model.go("RECEIVED", "IN_PROCESS")
        self.take(await_cover(paid, COVER_ID, self.act(By.SYSTEM)))

    @rule(makes_cover=st.booleans())
    def accept(self, *, makes_cover: bool) -> None:
        allowed = not self.model.accepted and self.model.state in {"SUBMITTED", "IN_PROCESS"}
        found = Situation(self.dossier)
        try:
            decision = intake.accept(found, makes_cover=makes_cover, calendar=self.calendar, act=self.act())
        except Conflict:
            assert not allowed
            return
        assert allowed
        if self.model.began is None:
            self.model.began = self.now
        self.model.accepted = True
        states = ["RECEIVED", "IN_PROCESS"] if self.model.state == "SUBMITTED" else []
        if states:
            self.model.go(*states)
        if not makes_cover:
            self.model.go("COMPLETED", "RESULT_RETURNED")
        self.take(decision.change)

    @rule()
    def hand_on(self) -> None:
        step = self.dossier.step
        allowed = self.model.state == "IN_PROCESS" and self.model.accepted and step is not None and step.index == 1
        try:
            decision = intake.complete_step(self.dossier, "THAM_DINH", calendar=self.calendar, act=self.act())
        except Conflict:
            assert not allowed
            return
        assert allowed
        self.take(decision.change)

    @rule()
    def hand_over(self) -> None:
        allowed = self.model.state == "COMPLETED"
        try:
            decision = result.deliver(self.dossier, how="x", act=self.act())
        except Conflict:
            assert not allowed
            return
        assert allowed
        self.model.go("RESULT_RETURNED")
        self.take(decision.change)

    @rule()
    def ask(self) -> None:
        allowed = self.model.state in {"SUBMITTED", *RUNNING}
        try:
            decision = lifecycle.request_supplement(
                Situation(self.dossier),
                reason="x",
                asked=["phone"],
                rules=RULES,
                calendar=self.calendar,
                act=self.act(),
            )
        except Conflict:
            assert not allowed
            return
        assert allowed
        self.model.go("SUPPLEMENT_REQUESTED")
        self.model.pauses.append((self.now, None))
        self.take(decision.change)

    @rule()
    def supply(self) -> None:
        allowed = self.model.state == "SUPPLEMENT_REQUESTED"
        try:
            decision = lifecycle.supply(
                Situation(self.dossier), self.dossier.declaration, calendar=self.calendar, act=self.act(By.PORTAL)
            )
        except Conflict:
            assert not allowed
            return
        assert allowed
        self.model.go("IN_PROCESS")
        if self.model.began is None:
            # Asked at intake: the limit counts from the complete dossier.
            self.model.pauses.pop()
            self.model.began = self.now
        else:
            self.model.pauses[-1] = (self.model.pauses[-1][0], self.now)
        self.take(decision.change)

    @rule(how=st.sampled_from(("withdraw", "refuse", "stop")))
    def end(self, how: str) -> None:
        # Rarely, or no life is long.
        if self.now < OPENED_AT + timedelta(days=9):
            return
        ends = {
            "withdraw": OPEN,
            "refuse": OPEN - {"AWAITING_PAYMENT"},
            "stop": OPEN - {"AWAITING_PAYMENT", "SUBMITTED"},
        }
        allowed = self.model.state in ends[how]
        found, act = Situation(self.dossier), self.act()
        try:
            if how == "withdraw":
                decision = lifecycle.withdraw(found, reason=None, act=act)
            else:
                decision = {"refuse": lifecycle.refuse, "stop": lifecycle.stop}[how](found, reason="x", act=act)
        except Conflict:
            assert not allowed
            return
        assert allowed
        at_intake = self.model.state == "SUBMITTED" or (
            self.dossier.open_supplement is not None and self.dossier.open_supplement.at_intake
        )
        refused = "NOT_ACCEPTED" if how == "refuse" and at_intake else "STOPPED"
        self.model.go("WITHDRAWN" if how == "withdraw" else refused)
        self.take(decision.change)

    @rule(days=st.integers(1, 9))
    def apologise(self, days: int) -> None:
        due = self.model.due_on()
        if due is None or self.model.state not in RUNNING:
            return
        new = due + timedelta(days=days)
        if not self.model.works(new):
            return
        allowed = not self.model.apologised and self.now.date() < due
        try:
            decision = lifecycle.apologise(
                self.dossier, reason="x", new_due_on=new, calendar=self.calendar, act=self.act()
            )
        except Conflict:
            assert not allowed
            return
        assert allowed
        self.model.apologised = True
        self.model.apology_days = sum(self.model.works(due + timedelta(days=n + 1)) for n in range((new - due).days))
        assert self.model.due_on() == new
        self.take(decision.change)

    @rule()
    def issue(self) -> None:
        allowed = self.model.state == "IN_PROCESS"
        try:
            change = complete_with_cover(self.dossier, COVER_ID, self.act())
        except Conflict:
            assert not allowed
            return
        assert allowed
        self.model.go(*(("COMPLETED",) if self.model.paper else ("COMPLETED", "RESULT_RETURNED")))
        self.take(change)

    @rule(ahead=st.integers(1, 12))
    def a_late_notice_of_a_day_off(self, ahead: int) -> None:
        day = self.now.date() + timedelta(days=ahead)
        if len(self.model.days_off) == 3 or not self.model.works(day):
            return
        before = self.model.due_on()
        self.model.days_off.add(day)
        self.calendar = replace(self.calendar, days_off={**self.calendar.days_off, day: "nghỉ theo thông báo"})
        self.take(lifecycle.recompute(self.dossier, self.calendar, self.act(By.SYSTEM)))
        told = bool(self.lines) and self.lines[-1].event is Event.DUE_RECOMPUTED
        if before != self.model.due_on() and self.model.state in {"SUBMITTED", *RUNNING}:
            assert told or self.lines[-1].event is Event.DEADLINES_RESET

    @rule()
    def the_province_publishes_another_procedure(self) -> None:
        """A running dossier keeps the version that it was opened with."""
        self.published = LATER_PROCEDURE

    @rule()
    def wake(self) -> None:
        """The execution looks at the clock until it may sleep again."""
        for _ in range(10):
            step = next_step(self.dossier.progress(), self.dossier.procedure, RULES, self.calendar, self.now)
            if step.action is Action.WAIT:
                assert step.wake_at is not None
                assert step.wake_at > self.now
                return
            if step.action is Action.CLOSED:
                assert self.model.state not in OPEN
                return
            self.carry_out(step.action)
        raise AssertionError("an execution that never sleeps")

    def carry_out(self, action: Action) -> None:
        act = self.act(By.SYSTEM)
        if action is Action.EXPIRE_UNPAID:
            self.model.go("EXPIRED")
            self.take(expire(self.dossier, act))
        elif action is Action.TIME_OUT_SUPPLEMENT:
            asked = self.dossier.open_supplement
            self.model.go("NOT_ACCEPTED" if asked is not None and asked.at_intake else "STOPPED")
            self.take(lifecycle.time_out(Situation(self.dossier), act).change)
        elif action is Action.ESCALATE:
            self.take(reach(self.dossier, ESCALATIONS[self.dossier.progress().escalations], act))
        else:
            self.take(reach(self.dossier, MILESTONES[action], act))

    @rule()
    def the_calendar_comes_again(self) -> None:
        assert lifecycle.recompute(self.dossier, self.calendar, self.act(By.SYSTEM)) == unchanged(self.dossier)

    @invariant()
    def the_model_agrees(self) -> None:
        assert self.dossier.state == self.model.state
        assert [line.state for line in self.lines if line.status_sequence is not None] == self.model.history
        numbers = [line.status_sequence for line in self.lines if line.status_sequence is not None]
        assert numbers == list(range(1, len(numbers) + 1))
        assert first_broken_line(self.lines, self.dossier.audit_hash) is None
        for before, after in zip(self.model.history, self.model.history[1:], strict=False):
            assert after in TRANSITIONS[type(self.dossier.state)(before)]

    @invariant()
    def the_due_date_agrees(self) -> None:
        due = self.model.due_on()
        assert (self.published is LATER_PROCEDURE) == (self.dossier.procedure is not self.published)
        if self.model.state == "SUBMITTED" and due is None:
            assert self.dossier.due_at is None
        elif self.model.state in {"SUBMITTED", *RUNNING}:
            assert due is not None
            assert self.dossier.due_at == CALENDAR.closes(due)
            assert self.dossier.due is not None
            assert self.dossier.due.derivation[-1].date == due
        elif self.model.state == "SUPPLEMENT_REQUESTED" and due is None:
            assert self.dossier.due_at is None
        assert self.dossier.is_overdue(self.now) == (
            self.model.state in OPEN and due is not None and self.now > CALENDAR.closes(due)
        )

    @invariant()
    def the_flag_of_the_kpi_agrees(self) -> None:
        if len(self.model.pauses) > 1:
            assert self.dossier.kpi_late(self.now)


Life.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase


def test_the_reference_knows_a12() -> None:
    model = Model()
    model.began = OPENED_AT
    assert model.due_on() == date(2023, 2, 13)
    asked, supplied = (OPENED_AT + timedelta(days=days) for days in (2, 9))
    model.pauses.append((asked, supplied))
    assert model.due_on() == date(2023, 2, 20)
    assert replace(opening().dossier, supplements=()).due_at is None
