"""What officers decide where a dossier rests: at intake, between steps, before its delivery, after a reversal."""

from __future__ import annotations

from dataclasses import replace

from ...domain.access import Role, require_role
from ...domain.configuration.steps import StepRole
from ...domain.course import intake, result
from ...domain.course.lifecycle import Decision, Situation
from ...domain.course.payment import pay_until
from ...domain.errors import Conflict, Forbidden
from ...domain.events import Act, By
from ...domain.months import at_vietnam
from ...domain.people.participation import PersonRecord
from ...storage import keys
from ...storage.items.people import person_from
from ...wiring import Wiring
from ..answers import Answer
from .decide import Present, Request, decide


def accept(request: Request, *, present: Present, w: Wiring) -> Answer:
    """An officer accepts a paid dossier. AP90. Raises what `decide` and `intake.accept` raise."""

    def decision(found: Situation, act: Act) -> Decision:
        record = _person(found, w)
        makes_cover = found.dossier.cover_due and record.cover_id is None
        decided = intake.accept(found, makes_cover=makes_cover, calendar=w.law.calendar, act=act)
        if decided.cover is None:
            return decided
        holder = replace(record, version=record.version + 1, cover_id=decided.cover.cover_id)
        return replace(decided, person=holder)

    return decide(request, By.OFFICER, decision, present=present, w=w)


def complete_step(request: Request, step_code: str, *, present: Present, w: Wiring) -> Answer:
    """An officer hands a dossier on to the next step of its procedure.

    Raises what `decide` and `intake.complete_step` raise, `Forbidden` (STEP_OF_ANOTHER_ROLE).
    """

    def decision(found: Situation, act: Act) -> Decision:
        steps = {step.step_code: step.role for step in found.dossier.procedure.steps}
        if steps.get(step_code) is StepRole.SIGNER and request.caller.role is not Role.SIGNER:
            raise Forbidden("STEP_OF_ANOTHER_ROLE", "Bước này do người có thẩm quyền ký thực hiện.")
        return intake.complete_step(found.dossier, step_code, calendar=w.law.calendar, act=act)

    return decide(request, By.OFFICER, decision, present=present, w=w)


def deliver(request: Request, *, how: str, present: Present, w: Wiring) -> Answer:
    """An officer has handed the paper over. Raises what `decide` and `result.deliver` raise."""
    return decide(
        request, By.OFFICER, lambda found, act: result.deliver(found.dossier, how=how, act=act), present=present, w=w
    )


def request_reopening(request: Request, *, reason: str, present: Present, w: Wiring) -> Answer:
    """The first of two officers asks to reopen. Raises what `decide` and `result.request_reopening` raise."""

    def decision(found: Situation, act: Act) -> Decision:
        return result.request_reopening(found, reason=reason, act=act)

    return decide(request, By.OFFICER, decision, present=present, w=w)


def approve_reopening(request: Request, *, present: Present, w: Wiring) -> Answer:
    """The second one, a signer, agrees. AP90.

    Raises what `decide` and `result.approve_reopening` raise, `Forbidden` (ROLE_NOT_ALLOWED), `Conflict`
    (DUPLICATE_DOSSIER) where the person has another open dossier of these months.
    """
    require_role(request.caller, Role.SIGNER)

    def decision(found: Situation, act: Act) -> Decision:
        dossier, record = found.dossier, _person(found, w)
        days = w.law.top_up_days.on(at_vietnam(act.at).date()).value
        decided = result.approve_reopening(found, until=pay_until(act.at, days, w.law.calendar), act=act)
        other = record.open_dossier_over(dossier.span)
        if other is not None:
            message = f"Người này đã có hồ sơ {other} đang mở cho các tháng này."
            raise Conflict("DUPLICATE_DOSSIER", message, facts={"dossier_code": other})
        return replace(decided, person=record.with_open(dossier.code, dossier.span))

    return decide(request, By.OFFICER, decision, present=present, w=w)


def _person(found: Situation, w: Wiring) -> PersonRecord:
    person = found.dossier.person
    return person_from(person, w.table.get(keys.person(person)))
