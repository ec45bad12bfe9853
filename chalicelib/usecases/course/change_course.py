"""What citizens and officers may decide about a dossier on its way: supplements, withdrawal, refusal, stop, apology."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ...domain.copies import replace
from ...domain.course import lifecycle
from ...domain.course.lifecycle import Decision, Situation
from ...domain.errors import Fault, Forbidden, Rejected
from ...domain.events import Act, By
from ...domain.registration.supplement import Corrections, correct
from ...storage.items.covers import open_cover
from ...storage.items.dossiers import open_dossier
from ...wiring import Wiring
from ..answers import Answer
from .decide import Present, Request, decide


def request_supplement(request: Request, *, reason: str, asked: Sequence[str], present: Present, w: Wiring) -> Answer:
    """An officer asks the citizen for corrected fields; the clock stands from now on.

    Raises what `decide` and `lifecycle.request_supplement` raise, `Forbidden` (SUPPLEMENT_NOT_ALLOWED) where no step
    of the dossier's procedure gives the caller's role that right.
    """

    def decision(found: Situation, act: Act) -> Decision:
        if not found.dossier.procedure.may_request_supplement(request.caller.role):
            message = "Quy trình của hồ sơ không giao cho vai trò của bạn việc yêu cầu bổ sung."
            raise Forbidden("SUPPLEMENT_NOT_ALLOWED", message)
        rules = w.law.deadline_rules.on(found.dossier.created_at.date()).value
        return lifecycle.request_supplement(
            found, reason=reason, asked=asked, rules=rules, calendar=w.law.calendar, act=act
        )

    return decide(request, By.OFFICER, decision, present=present, w=w)


def supply(
    request: Request,
    corrections: Corrections,
    *,
    wire_faults: Sequence[Fault],
    unreadable: frozenset[str],
    present: Present,
    w: Wiring,
) -> Answer:
    """The citizen's corrected fields come through the portal; the clock runs again.

    Raises what `decide`, `lifecycle.supply` and `supplement.correct` raise.
    """

    def decision(found: Situation, act: Act) -> Decision:
        asked = lifecycle.awaited(found.dossier)
        found = _opened(found, w)
        dossier = found.dossier
        read = w.table.get_many(w.registers.keys(dossier.person))
        evidence = w.registers.evidence(dossier.person, dossier.declaration.personal_id, read)
        faults: list[Fault] = list(wire_faults)
        try:
            declaration = correct(
                dossier.declaration,
                asked.fields,
                corrections,
                unreadable=unreadable,
                declared_at=dossier.created_at,
                law=w.law,
                evidence=evidence,
            )
        except Rejected as rejected:
            raise Rejected([*rejected.faults, *faults]) from None
        if faults:
            raise Rejected(faults)
        return lifecycle.supply(found, declaration, calendar=w.law.calendar, act=act)

    return decide(request, By.PORTAL, decision, present=present, w=w)


def _opened(found: Situation, w: Wiring) -> Situation:
    """The same with the sealed fields of dossier and cover opened. Raises `SealBroken`, `Unavailable`."""
    cover = None if found.cover is None else open_cover(found.cover, w.fields)
    return replace(found, dossier=open_dossier(found.dossier, w.fields), cover=cover)


def withdraw(request: Request, *, reason: str | None, present: Present, w: Wiring) -> Answer:
    """The citizen takes the dossier back through the portal."""
    return decide(
        request, By.PORTAL, lambda found, act: lifecycle.withdraw(found, reason=reason, act=act), present=present, w=w
    )


def refuse(request: Request, *, reason: str, present: Present, w: Wiring) -> Answer:
    """An officer refuses the dossier."""
    return decide(
        request, By.OFFICER, lambda found, act: lifecycle.refuse(found, reason=reason, act=act), present=present, w=w
    )


def stop(request: Request, *, reason: str, present: Present, w: Wiring) -> Answer:
    """An officer stops the dossier's processing."""
    return decide(
        request, By.OFFICER, lambda found, act: lifecycle.stop(found, reason=reason, act=act), present=present, w=w
    )


def apologise(request: Request, *, reason: str, new_due_on: date, present: Present, w: Wiring) -> Answer:
    """An officer apologises and promises a new date."""

    def decision(found: Situation, act: Act) -> Decision:
        return lifecycle.apologise(
            found.dossier, reason=reason, new_due_on=new_due_on, calendar=w.law.calendar, act=act
        )

    return decide(request, By.OFFICER, decision, present=present, w=w)
