"""The dossier: its states, the transitions that are allowed, and the decisions that move it.

Every decision gives a `Change`: the dossier after it and the audit lines that tell it. Nothing is
written here; a use case commits a change in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..amounts.account import EMPTY, Account
from ..amounts.contribution import Quote
from ..configuration.calendar import WorkingCalendar
from ..configuration.procedure import DeadlineRules, Procedure
from ..configuration.steps import ClockStart
from ..copies import replace
from ..errors import Conflict
from ..events import GENESIS, Act, AuditLine, Event
from ..months import MonthSpan
from .deadlines import DueDate, Progress, due_date
from .declaration import BookForm, Declaration
from .marks import Apology as Apology
from .marks import Reopening as Reopening
from .step_clock import StepClock, first_step, intake_step
from .supplement import Supplement

PROCEDURE_CODE = "602e"


class State(StrEnum):
    """States of a dossier in TNHS (domain rule 5.3). Overdue is computed, never a state."""

    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    SUBMITTED = "SUBMITTED"
    RECEIVED = "RECEIVED"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    IN_PROCESS = "IN_PROCESS"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    WITHDRAWN = "WITHDRAWN"
    STOPPED = "STOPPED"
    EXPIRED = "EXPIRED"
    COMPLETED = "COMPLETED"
    RESULT_RETURNED = "RESULT_RETURNED"

    @property
    def national_status(self) -> int:
        """The status number of the national portal's list."""
        return NATIONAL_STATUS[self]

    @property
    def ended(self) -> bool:
        """Processing is over: no deadline runs any more."""
        return self in ENDED

    @property
    def failed(self) -> bool:
        """It is over without a result: what was paid goes back."""
        return self in ENDED and self not in {State.COMPLETED, State.RESULT_RETURNED}


NATIONAL_STATUS: Mapping[State, int] = {
    State.AWAITING_PAYMENT: 6,
    State.SUBMITTED: 1,
    State.RECEIVED: 2,
    State.NOT_ACCEPTED: 3,
    State.IN_PROCESS: 4,
    State.SUPPLEMENT_REQUESTED: 5,
    State.WITHDRAWN: 7,
    State.STOPPED: 8,
    # The national list has no number for "never paid": the nearest is 8, processing stopped.
    State.EXPIRED: 8,
    State.COMPLETED: 9,
    State.RESULT_RETURNED: 10,
}

ENDED = frozenset(
    {
        State.NOT_ACCEPTED,
        State.WITHDRAWN,
        State.STOPPED,
        State.EXPIRED,
        State.COMPLETED,
        State.RESULT_RETURNED,
    }
)

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.AWAITING_PAYMENT: frozenset({State.SUBMITTED, State.RECEIVED, State.EXPIRED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset({State.RECEIVED, State.NOT_ACCEPTED, State.SUPPLEMENT_REQUESTED, State.WITHDRAWN}),
    State.RECEIVED: frozenset({State.IN_PROCESS, State.SUPPLEMENT_REQUESTED, State.WITHDRAWN, State.STOPPED}),
    State.IN_PROCESS: frozenset({State.SUPPLEMENT_REQUESTED, State.COMPLETED, State.STOPPED, State.WITHDRAWN}),
    State.SUPPLEMENT_REQUESTED: frozenset({State.IN_PROCESS, State.NOT_ACCEPTED, State.STOPPED, State.WITHDRAWN}),
    State.COMPLETED: frozenset({State.RESULT_RETURNED, State.IN_PROCESS}),
    State.NOT_ACCEPTED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.STOPPED: frozenset(),
    State.EXPIRED: frozenset(),
    State.RESULT_RETURNED: frozenset(),
}


class Milestone(StrEnum):
    """What the deadline's clock has already done for a dossier; each happens once."""

    REMINDED = "REMINDED"
    APOLOGY_DUE = "APOLOGY_DUE"
    OVERDUE = "OVERDUE"
    ESCALATED_1 = "ESCALATED_1"
    ESCALATED_2 = "ESCALATED_2"
    STEP_LATE = "STEP_LATE"
    """Of the present step; the next one has its own."""


ESCALATIONS = (Milestone.ESCALATED_1, Milestone.ESCALATED_2)
"""One for each of `procedure.ESCALATION_LEVELS`."""


@dataclass(frozen=True)
class Dossier:
    """One registration, from the declaration to the returned result."""

    code: str
    national_code: str | None
    client_id: str
    person: str
    """Keyed hash of the personal id: the key of the person's record."""
    province_code: str
    declaration: Declaration
    quote: Quote
    procedure: Procedure
    """Pinned at opening: a later version of the procedure does not touch a running dossier."""
    state: State
    version: int
    """Number of the last audit line."""
    status_sequence: int
    audit_hash: str
    created_at: datetime
    payment_expires_at: datetime
    paid_at: datetime | None = None
    due: DueDate | None = None
    si_number: str | None = None
    generation: int = 1
    """Generation of the execution that keeps the deadlines."""
    milestones: frozenset[str] = frozenset()
    """Passed for the present due date; another due date has its own."""
    supplements: tuple[Supplement, ...] = ()
    apology: Apology | None = None
    ended_at: datetime | None = None
    clock_from: datetime | None = None
    """When the dossier was accepted, where that starts the clock."""
    accepted: bool = True
    """False from a payment that an officer has to accept until somebody has."""
    cover_due: bool = False
    """A cover is to be made when an officer accepts the dossier."""
    step: StepClock | None = None
    payment_reversed_at: datetime | None = None
    """Accounting has cancelled the payment of a dossier that was done already."""
    reopening: Reopening | None = None
    account: Account = EMPTY
    """Every đồng that came for it."""

    @property
    def is_unpaid_again(self) -> bool:
        """Its payment was taken back while it was in process: it waits for another one."""
        return not self.state.ended and self.state is not State.AWAITING_PAYMENT and self.paid_at is None

    @property
    def span(self) -> MonthSpan:
        """The months that this dossier pays for."""
        return MonthSpan(self.quote.from_month, self.quote.to_month)

    @property
    def clock_started_at(self) -> datetime | None:
        """From when the time limit counts; None before that."""
        with_payment = self.procedure.clock_start is ClockStart.PAYMENT_CONFIRMED
        return self.paid_at if with_payment else self.clock_from

    @property
    def open_supplement(self) -> Supplement | None:
        """What is awaited from the citizen."""
        awaited = self.state is State.SUPPLEMENT_REQUESTED and self.supplements
        return self.supplements[-1] if awaited else None

    @property
    def due_at(self) -> datetime | None:
        """The promised moment; None while there is none, as long as a clock stands that had not run out."""
        if self.due is None:
            return None
        asked = self.supplements[-1] if self.supplements else None
        stands = asked is not None and asked.supplied_at is None and asked.requested_at <= self.due.due_at
        return None if stands else self.due.due_at

    def kpi_late(self, now: datetime) -> bool:
        """Whether it counts as late: ended (or not yet) after its due moment, or supplements were asked for twice.

        The rule of the national KPI (decision 766/QĐ-TTg, domain rule 5.5).
        """
        end = self.ended_at or now
        return len(self.supplements) > 1 or (self.due_at is not None and end > self.due_at)

    def is_overdue(self, now: datetime) -> bool:
        """The promised moment has passed without a result."""
        return self.due_at is not None and not self.state.ended and now > self.due_at

    def progress(self) -> Progress:
        """What the deadline's clock needs to know of this dossier."""
        return Progress(
            state_ended=self.state.ended,
            awaiting_payment=self.state is State.AWAITING_PAYMENT or self.is_unpaid_again,
            payment_expires_at=self.payment_expires_at,
            supplement_expires_at=None if self.open_supplement is None else self.open_supplement.expires_at,
            due_at=self.due_at,
            reminded=Milestone.REMINDED in self.milestones,
            apology_settled=self.apology is not None or Milestone.APOLOGY_DUE in self.milestones,
            overdue_marked=Milestone.OVERDUE in self.milestones,
            escalations=len(self.milestones.intersection(ESCALATIONS)),
            step_due_at=None if self.step is None or Milestone.STEP_LATE in self.milestones else self.step.due_at,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A dossier after one decision, and the audit lines that tell it."""

    dossier: Dossier
    lines: tuple[AuditLine, ...]

    def then(
        self, event: Event, act: Act, *, to: State | None = None, reason: str | None = None, subject: str | None = None
    ) -> Change:
        """One step further: a line of its own, and the move to another state where `to` names one.

        Raises:
            Conflict: INVALID_TRANSITION, the table of transitions does not allow this move.
        """
        before = self.dossier
        if to is not None and to not in TRANSITIONS[before.state]:
            raise Conflict(
                "INVALID_TRANSITION",
                f"Hồ sơ đang ở trạng thái {before.state}, không chuyển sang {to} được.",
                facts={"state": before.state, "version": before.version},
            )
        state = before.state if to is None else to
        sequence = before.status_sequence if to is None else before.status_sequence + 1
        line = AuditLine(
            dossier_code=before.code,
            national_code=before.national_code,
            province_code=before.province_code,
            version=before.version + 1,
            event=event,
            state=state,
            national_status=state.national_status,
            status_sequence=None if to is None else sequence,
            at=act.at,
            by=act.by,
            actor=act.actor,
            reason=reason,
            subject=subject,
            due_at=before.due_at,
            previous_hash=before.audit_hash,
        ).sealed()
        after = replace(
            before,
            state=state,
            version=line.version,
            status_sequence=sequence,
            audit_hash=line.hash,
            ended_at=(before.ended_at or act.at) if state.ended else None,
        )
        return Change(after, (*self.lines, line))


def unchanged(dossier: Dossier) -> Change:
    """Where a decision starts from."""
    return Change(dossier, ())


def open_dossier(
    *,
    code: str,
    national_code: str | None,
    client_id: str,
    person: str,
    declaration: Declaration,
    quote: Quote,
    procedure: Procedure,
    act: Act,
) -> Change:
    """A checked declaration becomes a dossier that waits for its payment.

    It waits `procedure.payment_hours` hours; the promised date is only known once it is paid.
    """
    line = AuditLine(
        dossier_code=code,
        national_code=national_code,
        province_code=declaration.permanent_address.province_code,
        version=1,
        event=Event.DOSSIER_OPENED,
        state=State.AWAITING_PAYMENT,
        national_status=State.AWAITING_PAYMENT.national_status,
        status_sequence=1,
        at=act.at,
        by=act.by,
        actor=act.actor,
        reason=None,
        subject=None,
        due_at=None,
        previous_hash=GENESIS,
    ).sealed()
    dossier = Dossier(
        code=code,
        national_code=national_code,
        client_id=client_id,
        person=person,
        province_code=line.province_code,
        declaration=declaration,
        quote=quote,
        procedure=procedure,
        state=State.AWAITING_PAYMENT,
        version=1,
        status_sequence=1,
        audit_hash=line.hash,
        created_at=act.at,
        payment_expires_at=act.at + timedelta(hours=procedure.payment_hours),
    )
    return Change(dossier, (line,))


def accept_payment(
    dossier: Dossier,
    *,
    paid_at: datetime,
    si_number: str | None,
    voucher_id: str,
    calendar: WorkingCalendar,
    act: Act,
    cover_due: bool = False,
    rules: DeadlineRules | None = None,
) -> Change:
    """A voucher pays the dossier in full: it is received, or waits in SUBMITTED for an officer to accept it.

    The procedure says which, and whether the clock starts at `paid_at` or with the acceptance. `cover_due` is kept for
    an acceptance that is still to come; `rules` tell within which time (8 working hours unless they say otherwise).

    Raises:
        Conflict: INVALID_TRANSITION unless the dossier awaits its payment.
        NotConfigured: CALENDAR_NOT_CONFIGURED, a year of the promised date has no table of holidays.
    """
    procedure = dossier.procedure
    started = paid_at if procedure.clock_start is ClockStart.PAYMENT_CONFIRMED else dossier.clock_from
    if procedure.auto_accept:
        received = start_clock(dossier, started or act.at, calendar, paid_at, si_number or "")
        return unchanged(received).then(Event.VOUCHER_RECORDED, act, to=State.RECEIVED, subject=voucher_id)
    paid = replace(dossier, paid_at=paid_at, si_number=si_number)
    if started is not None:
        paid = replace(paid, due=due_date(started, procedure.limit_working_days, calendar))
    hours = 8 if rules is None else rules.intake_working_hours
    step = intake_step(procedure, max(act.at, paid_at), hours, calendar)
    submitted = replace(paid, accepted=False, cover_due=cover_due, step=step)
    return unchanged(submitted).then(Event.VOUCHER_RECORDED, act, to=State.SUBMITTED, subject=voucher_id)


def start_clock(
    dossier: Dossier, at: datetime, calendar: WorkingCalendar, paid_at: datetime | None = None, si_number: str = ""
) -> Dossier:
    """The time limit counts from this moment, and the first step behind the intake begins. Raises `NotConfigured`."""
    return replace(
        dossier,
        paid_at=paid_at or dossier.paid_at,
        si_number=si_number or dossier.si_number,
        clock_from=at if dossier.procedure.clock_start is ClockStart.ACCEPTED else None,
        due=due_date(at, dossier.procedure.limit_working_days, calendar),
        step=first_step(dossier.procedure, at, calendar),
    )


def await_cover(change: Change, cover_id: str, act: Act) -> Change:
    """A first-timer's cover data exists: the dossier is in process until an officer issues it."""
    return change.then(Event.COVER_CREATED, act, to=State.IN_PROCESS, subject=cover_id)


def complete_without_cover(change: Change, act: Act) -> Change:
    """The participation is recorded and a book exists already: done and returned at once."""
    return (
        change.then(Event.PROCESSING_STARTED, act, to=State.IN_PROCESS)
        .then(Event.PARTICIPATION_COMPLETED, act, to=State.COMPLETED)
        .then(Event.RESULT_RETURNED, act, to=State.RESULT_RETURNED)
    )


def complete_with_cover(dossier: Dossier, cover_id: str, act: Act) -> Change:
    """The cover is issued and its file can be fetched: done, and returned unless a paper is still to be handed over."""
    signed = unchanged(dossier).then(Event.COVER_SIGNED, act, subject=cover_id)
    done = signed.then(Event.COVER_ISSUED, act, to=State.COMPLETED, subject=cover_id)
    if dossier.declaration.book_form is BookForm.PAPER:
        return done
    return done.then(Event.RESULT_RETURNED, act, to=State.RESULT_RETURNED)
