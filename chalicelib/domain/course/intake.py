"""The intake by an officer: a paid dossier that waits in SUBMITTED is accepted, and goes its way (domain rule 5.3)."""

from __future__ import annotations

from dataclasses import replace

from ..configuration.calendar import WorkingCalendar
from ..covers.cover import create_cover
from ..errors import Conflict
from ..events import Act, Event
from ..registration.dossier import (
    Change,
    Dossier,
    Milestone,
    State,
    await_cover,
    complete_without_cover,
    start_clock,
    unchanged,
)
from ..registration.step_clock import first_step, following_step
from .lifecycle import Decision, Situation


def accept(found: Situation, *, makes_cover: bool, calendar: WorkingCalendar, act: Act) -> Decision:
    """An officer accepts: the clock starts, unless it runs since the payment, and what the payment asked for is done.

    A dossier whose supplement came during the intake is in process already and is accepted there. `makes_cover` says
    whether its cover is still to be made: the person may have got one meanwhile.

    Raises:
        Conflict: INVALID_TRANSITION, nothing is to be accepted, or its payment was taken back.
        NotConfigured: CALENDAR_NOT_CONFIGURED.
    """
    dossier = found.dossier
    if dossier.accepted or dossier.is_unpaid_again or dossier.state not in {State.SUBMITTED, State.IN_PROCESS}:
        raise Conflict(
            "INVALID_TRANSITION",
            f"Hồ sơ đang ở trạng thái {dossier.state}, không chờ tiếp nhận.",
            facts={"state": dossier.state, "version": dossier.version},
        )
    if dossier.clock_started_at is None:
        taken = start_clock(dossier, act.at, calendar)
    else:
        taken = replace(dossier, step=first_step(dossier.procedure, act.at, calendar))
    taken = replace(taken, accepted=True, cover_due=False, milestones=dossier.milestones - {Milestone.STEP_LATE})
    submitted = dossier.state is State.SUBMITTED
    voucher_id = next((period.voucher_id for period in found.participation), None)
    to = State.RECEIVED if submitted else None
    change = unchanged(taken).then(Event.DOSSIER_ACCEPTED, act, to=to, subject=voucher_id)
    if not makes_cover:
        return Decision(complete_without_cover(change, act) if submitted else _completed(change, act))
    number = 1 if found.cover is None else found.cover.number + 1
    si_number = dossier.si_number or ""
    cover = create_cover(dossier.code, dossier.declaration, si_number=si_number, created_at=act.at, number=number)
    if submitted:
        return Decision(await_cover(change, cover.cover_id, act), cover=cover)
    return Decision(change.then(Event.COVER_CREATED, act, subject=cover.cover_id), cover=cover)


def _completed(change: Change, act: Act) -> Change:
    done = change.then(Event.PARTICIPATION_COMPLETED, act, to=State.COMPLETED)
    return done.then(Event.RESULT_RETURNED, act, to=State.RESULT_RETURNED)


def complete_step(dossier: Dossier, step_code: str, *, calendar: WorkingCalendar, act: Act) -> Decision:
    """The officer of the present step has done it: the next one begins, with a limit of its own.

    Raises:
        Conflict: INVALID_TRANSITION unless an accepted dossier is in process; STEP_NOT_PRESENT, it is in another step;
            STEP_IS_LAST, that one ends with the result.
        NotConfigured: CALENDAR_NOT_CONFIGURED.
    """
    facts: dict[str, str | int] = {"state": dossier.state, "version": dossier.version}
    if dossier.state is not State.IN_PROCESS or not dossier.accepted:
        message = f"Hồ sơ đang ở trạng thái {dossier.state}, không chuyển bước được."
        raise Conflict("INVALID_TRANSITION", message, facts=facts)
    step = dossier.step
    if step is None or step.step_code != step_code:
        raise Conflict("STEP_NOT_PRESENT", "Hồ sơ không ở bước này.", facts=facts)
    following = following_step(dossier.procedure, step, act.at, calendar)
    if following is None:
        raise Conflict("STEP_IS_LAST", "Bước cuối kết thúc khi kết quả được ký.", facts=facts)
    moved = replace(dossier, step=following, milestones=dossier.milestones - {Milestone.STEP_LATE})
    return Decision(unchanged(moved).then(Event.STEP_COMPLETED, act, subject=step_code))
