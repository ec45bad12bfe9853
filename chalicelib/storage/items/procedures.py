"""Procedures as they are kept: pinned in a dossier, as versions of a province, and as its schedule.

All three are JSON text. Equal text is read once by a process: many dossiers share few procedures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from ...domain.configuration.procedure import Procedure
from ...domain.configuration.province_procedure import ProcedureContent, ProcedureVersion, Scheduled
from ...domain.configuration.steps import ClockStart, LimitUnit, Step, StepRole
from ...domain.months import instant_text
from ..codec import Value
from ..table import Stored
from .fields import dump, instant, maybe, number, present, read, text


@lru_cache(maxsize=256)
def pinned_document(procedure: Procedure) -> str:
    """The procedure as a dossier keeps it."""
    return dump(
        {
            "version": procedure.version,
            "limit_working_days": procedure.limit_working_days,
            "reminder_working_days": procedure.reminder_working_days,
            "payment_hours": procedure.payment_hours,
            "automatic_issue": procedure.automatic_issue,
            "effective_from": procedure.effective_from.isoformat(),
            "source": procedure.source,
            "steps": [_step_document(step) for step in procedure.steps],
            "clock_start": procedure.clock_start,
            "auto_accept": procedure.auto_accept,
        }
    )


@lru_cache(maxsize=256)
def pinned_from(document: str) -> Procedure:
    """The procedure of a dossier; one of before procedures had steps has none, and the rest as it was for all."""
    return Procedure(**_read(read(document)))


def content_document(content: ProcedureContent) -> str:
    return dump(_content(content))


def content_from(document: str) -> ProcedureContent:
    return ProcedureContent(**_read(read(document)))


def schedule_document(schedule: Iterable[Scheduled]) -> str:
    return dump([[each.version, _content(each.content)] for each in schedule])


@lru_cache(maxsize=256)
def schedule_from(document: str) -> tuple[Scheduled, ...]:
    return tuple(Scheduled(version, ProcedureContent(**_read(fields))) for version, fields in read(document))


def version_item(version: ProcedureVersion) -> dict[str, Value]:
    return present(
        {
            "version": version.version,
            "content": content_document(version.content),
            "reason": version.reason,
            "drafted_by": version.drafted_by,
            "drafted_at": instant_text(version.drafted_at),
            "restores": version.restores,
            "state": version.state,
            "published_by": version.published_by,
            "published_at": None if version.published_at is None else instant_text(version.published_at),
        }
    )


def version_from(item: Stored) -> ProcedureVersion:
    drafted = instant(item, "drafted_at")
    if drafted is None:
        raise TypeError("a version has no time of its draft")
    return ProcedureVersion(
        version=number(item, "version"),
        content=content_from(text(item, "content")),
        reason=text(item, "reason"),
        drafted_by=text(item, "drafted_by"),
        drafted_at=drafted,
        restores=None if item.get("restores") is None else number(item, "restores"),
        published_by=maybe(item, "published_by"),
        published_at=instant(item, "published_at"),
    )


def _content(content: ProcedureContent) -> dict[str, Any]:
    return {
        "effective_from": content.effective_from.isoformat(),
        "source": content.source,
        "limit_working_days": content.limit_working_days,
        "reminder_working_days": content.reminder_working_days,
        "automatic_issue": content.automatic_issue,
        "steps": [_step_document(step) for step in content.steps],
        "clock_start": content.clock_start,
        "auto_accept": content.auto_accept,
    }


def _read(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are more than JSON; those that an older document lacks are left to their defaults."""
    read = {**fields, "effective_from": date.fromisoformat(fields["effective_from"])}
    read["steps"] = tuple(_step_from(*step) for step in fields.get("steps", ()))
    if "clock_start" in fields:
        read["clock_start"] = ClockStart(fields["clock_start"])
    return read


def _step_document(step: Step) -> list[str | int | None]:
    """In order of the fields: a dossier carries every step with it."""
    flags = step.needs_two_person, step.can_request_supplement, step.signs
    return [step.step_code, step.role, step.unit, step.limit, step.limit_unit, *map(int, flags)]


def _step_from(
    code: str, role: str, unit: str | None, limit: int, limit_unit: str, two_person: int, supplement: int, signs: int
) -> Step:
    flags = bool(two_person), bool(supplement), bool(signs)
    return Step(code, StepRole(role), unit, limit, LimitUnit(limit_unit), *flags)
