"""What turned a dossier from its straight way, as JSON text beside it: supplements, the apology."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...domain.months import instant_text
from ...domain.oversight.expectation import Awaited, Expectation, Owner, of_running
from ...domain.registration.dossier import Apology, Dossier, Reopening
from ...domain.registration.step_clock import StepClock
from ...domain.registration.supplement import Supplement
from .fields import dump, read


def supplements_document(supplements: tuple[Supplement, ...]) -> str | None:
    if not supplements:
        return None
    return dump(
        [
            {
                "reason": each.reason,
                "fields": list(each.fields),
                # To the microsecond: the due date depends on what came first.
                "requested_at": each.requested_at.isoformat(),
                "expires_at": instant_text(each.expires_at),
                "at_intake": each.at_intake,
                "supplied_at": None if each.supplied_at is None else each.supplied_at.isoformat(),
            }
            for each in supplements
        ]
    )


def supplements_from(document: str | None) -> tuple[Supplement, ...]:
    listed: list[dict[str, Any]] = [] if document is None else read(document)
    return tuple(
        Supplement(
            reason=each["reason"],
            fields=tuple(each["fields"]),
            requested_at=datetime.fromisoformat(each["requested_at"]),
            expires_at=datetime.fromisoformat(each["expires_at"]),
            at_intake=each["at_intake"],
            supplied_at=None if each["supplied_at"] is None else datetime.fromisoformat(each["supplied_at"]),
        )
        for each in listed
    )


def apology_document(apology: Apology | None) -> str | None:
    if apology is None:
        return None
    return dump(
        {
            "reason": apology.reason,
            "issued_at": instant_text(apology.issued_at),
            "old_due_at": instant_text(apology.old_due_at),
            "extra_days": apology.extra_days,
        }
    )


def apology_from(document: str | None) -> Apology | None:
    if document is None:
        return None
    told: dict[str, Any] = read(document)
    moments = {name: datetime.fromisoformat(told[name]) for name in ("issued_at", "old_due_at")}
    return Apology(**{**told, **moments})


def reopening_document(asked: Reopening | None) -> str | None:
    return None if asked is None else dump({"by": asked.by, "reason": asked.reason, "at": instant_text(asked.at)})


def reopening_from(document: str | None) -> Reopening | None:
    if document is None:
        return None
    told: dict[str, str] = read(document)
    return Reopening(by=told["by"], reason=told["reason"], at=datetime.fromisoformat(told["at"]))


def step_document(step: StepClock | None) -> str | None:
    if step is None:
        return None
    return dump([step.index, step.step_code, instant_text(step.since), instant_text(step.due_at)])


def step_from(document: str | None) -> StepClock | None:
    if document is None:
        return None
    index, code, since, due_at = read(document)
    return StepClock(index, code, datetime.fromisoformat(since), datetime.fromisoformat(due_at))


def expected_document(dossier: Dossier) -> str | None:
    """What the work list shows of whose turn it is: the next event, and the step with its limit."""
    expected, step = of_running(dossier), step_document(dossier.step)
    if expected is None:
        return None
    by = None if expected.by is None else instant_text(expected.by)
    return dump([expected.what, by, expected.owner, None if dossier.open_supplement else step])


def expected_from(document: str | None) -> tuple[Expectation | None, StepClock | None]:
    """None and None for a dossier that was stored before this was kept, or whose procedure has ended."""
    if document is None:
        return None, None
    what, by, owner, step = read(document)
    moment = None if by is None else datetime.fromisoformat(by)
    return Expectation(Awaited(what), moment, Owner(owner)), step_from(step)
