"""Decisions that turn a dossier from its straight way: supplements, withdrawal, refusal, stop, apology, new calendars.

Each is allowed by the table of transitions or refused; what it means for the cover and the money is told with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ..configuration.calendar import WorkingCalendar
from ..configuration.procedure import DeadlineRules
from ..covers.cover import Cover, CoverState, renewed, revoke_unissued, snapshot_of
from ..errors import Conflict, Fault, Rejected
from ..events import Act, Event
from ..months import at_vietnam
from ..people.participation import ParticipationPeriod, PersonRecord
from ..registration.deadlines import DueDate, Suspension, days_used, due_date, is_sooner, next_step
from ..registration.declaration import Declaration
from ..registration.dossier import Apology, Change, Dossier, Milestone, State, start_clock, unchanged
from ..registration.step_clock import first_step, intake_step, resumed
from ..registration.supplement import Supplement, field_faults
from .payment import NO_CASES, Cases, ended_account

TIMED_OUT = "Quá thời hạn bổ sung mà chưa nhận được hồ sơ bổ sung."


@dataclass(frozen=True, slots=True)
class Situation:
    """A dossier with what hangs on it, as stored at one moment."""

    dossier: Dossier
    cover: Cover | None = None
    """The newest."""
    participation: Sequence[ParticipationPeriod] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A change of a dossier, and what is written with it."""

    change: Change
    cover: Cover | None = None
    """The cover after it, where it changes."""
    cases: Cases = NO_CASES
    """Refund cases that it opens or closes."""
    corrected: bool = False
    """The declaration itself has changed."""
    person: PersonRecord | None = None
    """The person's record after it, where a decision that does not end the dossier changes it."""


def request_supplement(
    found: Situation, *, reason: str, asked: Sequence[str], rules: DeadlineRules, calendar: WorkingCalendar, act: Act
) -> Decision:
    """An officer asks for corrected fields (Mẫu 02): the clock stands until they are supplied.

    The answer is awaited `rules.supplement_days` calendar days, to closing time. Raises `Rejected` (FIELD_UNKNOWN),
    `Conflict` (INVALID_TRANSITION).
    """
    dossier = found.dossier
    faults = field_faults(asked)
    if faults:
        raise Rejected(faults)
    _require_unchecked(found.cover, dossier)
    # A payment may carry a moment slightly ahead of this clock: the clock can't stand before it ran.
    asked_at = max(act.at, dossier.paid_at or act.at)
    last_day = at_vietnam(asked_at).date() + timedelta(days=rules.supplement_days)
    supplement = Supplement(
        reason=reason,
        fields=tuple(dict.fromkeys(asked)),
        requested_at=asked_at,
        expires_at=calendar.closes(last_day),
        at_intake=dossier.state is State.SUBMITTED,
    )
    asking = replace(dossier, due=_so_far(dossier.due, asked_at), supplements=(*dossier.supplements, supplement))
    return Decision(
        unchanged(asking).then(Event.SUPPLEMENT_REQUESTED, act, to=State.SUPPLEMENT_REQUESTED, reason=reason)
    )


def supply(found: Situation, declaration: Declaration, *, calendar: WorkingCalendar, act: Act) -> Decision:
    """The citizen has supplied what was asked for: the clock runs again with the days that were left.

    The data of a cover that nobody has checked follows the corrected declaration. Raises `Conflict`
    (INVALID_TRANSITION), `NotConfigured` for a year without a calendar.
    """
    dossier, asked = found.dossier, awaited(found.dossier)
    supplied_at = max(act.at, asked.requested_at)
    answered = replace(asked, supplied_at=supplied_at)
    step = None if dossier.step is None else resumed(dossier.step, asked.requested_at, supplied_at, calendar)
    supplied = replace(dossier, declaration=declaration, supplements=(*dossier.supplements[:-1], answered), step=step)
    if supplied.clock_started_at is None:
        # Asked at intake, and the clock starts with the acceptance: a complete dossier is what the limit counts from.
        supplied = replace(start_clock(supplied, supplied_at, calendar), step=step)
    supplied = _due_again(supplied, calendar)
    change = unchanged(supplied).then(Event.SUPPLEMENT_SUPPLIED, act, to=State.IN_PROCESS)
    cover = found.cover
    if cover is not None and cover.state is CoverState.DATA_CREATED:
        snapshot = snapshot_of(declaration, si_number=cover.snapshot.si_number)
        cover = renewed(cover, snapshot) if snapshot != cover.snapshot else None
        return Decision(change, cover=cover, corrected=True)
    return Decision(change, corrected=True)


def awaited(dossier: Dossier) -> Supplement:
    """The supplement that the dossier waits for. Raises `Conflict` (INVALID_TRANSITION) where it waits for none."""
    asked = dossier.open_supplement
    if asked is None:
        message = f"Hồ sơ đang ở trạng thái {dossier.state}, không chờ bổ sung."
        raise _conflict("INVALID_TRANSITION", message, dossier)
    return asked


def withdraw(found: Situation, *, reason: str | None, act: Act) -> Decision:
    """The citizen takes the dossier back, before the result is signed. Raises `Conflict` (INVALID_TRANSITION)."""
    return _ended(found, State.WITHDRAWN, Event.DOSSIER_WITHDRAWN, reason, act)


def refuse(found: Situation, *, reason: str, act: Act) -> Decision:
    """An officer refuses: NOT_ACCEPTED at intake (Mẫu 03), STOPPED once it was accepted.

    Raises `Conflict` (INVALID_TRANSITION).
    """
    return _ended(found, _refused(found.dossier), Event.DOSSIER_REFUSED, reason, act)


def stop(found: Situation, *, reason: str, act: Act) -> Decision:
    """An officer stops the processing. Raises `Conflict` (INVALID_TRANSITION)."""
    return _ended(found, State.STOPPED, Event.DOSSIER_STOPPED, reason, act)


def time_out(found: Situation, act: Act) -> Decision:
    """No supplement came in time: the dossier ends as if refused. Raises `Conflict` (INVALID_TRANSITION)."""
    awaited(found.dossier)
    return _ended(found, _refused(found.dossier), Event.SUPPLEMENT_TIMED_OUT, TIMED_OUT, act)


def apologise(dossier: Dossier, *, reason: str, new_due_on: date, calendar: WorkingCalendar, act: Act) -> Decision:
    """The apology with a new date (Mẫu 04): once, at the latest the day before expiry (NĐ 61/2018/NĐ-CP).

    Raises:
        Conflict: INVALID_TRANSITION where no clock runs, APOLOGY_ALREADY_ISSUED, APOLOGY_TOO_LATE.
        Rejected: NEW_DUE_NOT_LATER, NEW_DUE_NOT_WORKING_DAY.
        NotConfigured: CALENDAR_NOT_CONFIGURED.
    """
    if dossier.apology is not None:
        raise _conflict("APOLOGY_ALREADY_ISSUED", "Hồ sơ đã được xin lỗi và hẹn lại một lần.", dossier)
    if dossier.state not in {State.RECEIVED, State.IN_PROCESS} or dossier.due is None:
        message = f"Hồ sơ đang ở trạng thái {dossier.state}, không có thời hạn đang chạy để hẹn lại."
        raise _conflict("INVALID_TRANSITION", message, dossier)
    old = dossier.due.due_at
    if at_vietnam(act.at).date() >= at_vietnam(old).date():
        message = "Phiếu xin lỗi phải ban hành chậm nhất một ngày trước ngày hẹn trả."
        raise _conflict("APOLOGY_TOO_LATE", message, dossier)
    if new_due_on <= at_vietnam(old).date():
        raise Rejected([Fault("new_due_on", "NEW_DUE_NOT_LATER", "Ngày hẹn lại phải sau ngày hẹn trả cũ.")])
    if not calendar.is_working_day(new_due_on):
        raise Rejected([Fault("new_due_on", "NEW_DUE_NOT_WORKING_DAY", "Ngày hẹn lại phải là ngày làm việc.")])
    apology = Apology(
        reason=reason,
        issued_at=act.at,
        old_due_at=old,
        extra_days=days_used(old, new_due_on, calendar),
    )
    promised = _due_again(replace(dossier, apology=apology), calendar)
    return Decision(unchanged(promised).then(Event.APOLOGY_ISSUED, act, reason=reason))


def recompute(dossier: Dossier, calendar: WorkingCalendar, act: Act) -> Change:
    """Another calendar has come out: the due date by it, and an audit line that says so; no change where it stays.

    Raises `NotConfigured` for a year without a calendar.
    """
    if dossier.state.ended or dossier.due is None or dossier.open_supplement is not None:
        return unchanged(dossier)
    again = _due_again(dossier, calendar)
    if again.due is None or again.due.due_at == dossier.due.due_at:
        return unchanged(dossier)
    reason = (
        f"Lịch nghỉ thay đổi: ngày hẹn trả chuyển từ {dossier.due.due_at:%d/%m/%Y} sang {again.due.due_at:%d/%m/%Y}."
    )
    return unchanged(again).then(Event.DUE_RECOMPUTED, act, reason=reason)


def replanned(change: Change, before: Dossier, *, rules: DeadlineRules, calendar: WorkingCalendar, act: Act) -> Change:
    """A change with, where its next deadline comes before the moment its execution sleeps to, the line for a new one.

    The line gives the dossier the next generation; whoever relays it starts that execution. Raises `NotConfigured`.
    """
    after = change.dossier
    asleep = next_step(before.progress(), before.procedure, rules, calendar, act.at)
    if not is_sooner(next_step(after.progress(), after.procedure, rules, calendar, act.at), asleep):
        return change
    return new_generation(change, act)


def new_generation(change: Change, act: Act) -> Change:
    """A change with the line that hands its deadlines to a new execution."""
    generation = change.dossier.generation + 1
    moved = replace(change, dossier=replace(change.dossier, generation=generation))
    return moved.then(Event.DEADLINES_RESET, act, subject=str(generation))


def _due_again(dossier: Dossier, calendar: WorkingCalendar) -> Dossier:
    """The dossier with its due date counted anew; milestones of another due date are still to come."""
    due = _reckoned(dossier, calendar)
    if due is None or dossier.due is None or due.due_at == dossier.due.due_at:
        return replace(dossier, due=due)
    return replace(dossier, due=due, milestones=dossier.milestones & {Milestone.STEP_LATE})


def _so_far(due: DueDate | None, asked_at: datetime) -> DueDate | None:
    """A due date whose days behind a request are open again."""
    if due is None:
        return None
    day = at_vietnam(asked_at).date()
    return replace(due, derivation=tuple(each for each in due.derivation if each.date <= day))


def paid_anew(
    dossier: Dossier, paid_at: datetime, *, rules: DeadlineRules, calendar: WorkingCalendar, act: Act
) -> Dossier:
    """The dossier with another moment of payment, from which its clock runs; what paused an earlier clock is over.

    One that has ended keeps what it was told. The step begins anew where a reversal had ended it. Raises
    `NotConfigured`.
    """
    if dossier.state.ended:
        return replace(dossier, payment_reversed_at=None, reopening=None)
    asked = dossier.open_supplement
    settled = dossier.supplements if asked is None else dossier.supplements[:-1]
    paid = replace(
        dossier,
        paid_at=paid_at,
        clock_from=None if dossier.clock_from is None else max(dossier.clock_from, paid_at),
        supplements=settled,
        milestones=frozenset(),
    )
    due = _reckoned(paid, calendar)
    if asked is not None:
        due = _so_far(due, max(asked.requested_at, paid_at))
    step = dossier.step
    if step is None and dossier.accepted:
        step = first_step(dossier.procedure, paid_at, calendar)
    elif step is None:
        step = intake_step(dossier.procedure, max(act.at, paid_at), rules.intake_working_hours, calendar)
    return replace(paid, due=due, step=step, supplements=dossier.supplements)


def _reckoned(dossier: Dossier, calendar: WorkingCalendar) -> DueDate | None:
    """The due date by everything that has happened; None before the clock starts. Earlier pauses are over."""
    started = dossier.clock_started_at
    if started is None:
        return None
    asked = (each for each in dossier.supplements if each.requested_at >= started)
    pauses = [Suspension(each.requested_at, each.supplied_at) for each in asked]
    extra = 0 if dossier.apology is None else dossier.apology.extra_days
    return due_date(started, dossier.procedure.limit_working_days, calendar, pauses, extra_days=extra)


def _ended(found: Situation, to: State, event: Event, reason: str | None, act: Act) -> Decision:
    """The end without a result: the cover is off the signers' list, and what was paid becomes a refund case."""
    dossier = found.dossier
    change = unchanged(dossier).then(event, act, to=to, reason=reason)
    _require_unchecked(found.cover, dossier)
    cover = None
    if found.cover is not None and found.cover.state is CoverState.DATA_CREATED:
        cover = revoke_unissued(found.cover)
        change = change.then(Event.COVER_REVOKED, act, subject=cover.cover_id)
    change, cases = ended_account(change, event, act)
    return Decision(change, cover=cover, cases=cases)


def _refused(dossier: Dossier) -> State:
    asked = dossier.open_supplement
    at_intake = dossier.state is State.SUBMITTED if asked is None else asked.at_intake
    return State.NOT_ACCEPTED if at_intake else State.STOPPED


def _require_unchecked(cover: Cover | None, dossier: Dossier) -> None:
    """Once an officer has decided to issue, the result is being signed; taking it back is a revocation."""
    if cover is not None and cover.state in {CoverState.CHECKED, CoverState.SIGNED}:
        raise _conflict("INVALID_TRANSITION", "Tờ bìa của hồ sơ đang được ký cấp.", dossier)


def _conflict(code: str, message: str, dossier: Dossier) -> Conflict:
    return Conflict(code, message, facts={"state": dossier.state, "version": dossier.version})
