"""Audit lines as items."""

from __future__ import annotations

from collections.abc import Mapping

from ...domain import canary
from ...domain.events import AuditLine, By, Event
from ...domain.months import instant_text
from ..codec import Value
from ..keys import Key
from .chains import chain_end
from .fields import instant, maybe, number, present, text


def audit_item(line: AuditLine) -> dict[str, Value]:
    return present(
        {
            "dossier_code": line.dossier_code,
            "national_code": line.national_code,
            "province_code": line.province_code,
            "version": line.version,
            "event": line.event,
            "state": line.state,
            "national_status": line.national_status,
            "status_sequence": line.status_sequence,
            "at": instant_text(line.at),
            "by": line.by,
            "actor": line.actor,
            "reason": line.reason,
            "subject": line.subject,
            "due_at": None if line.due_at is None else instant_text(line.due_at),
            "previous_hash": line.previous_hash,
            "hash": line.hash,
        }
    )


def newest_audit_item(key: Key, line: AuditLine) -> dict[str, Value]:
    """The line under `key` that ends its chain for now.

    A dossier of the canary's is in no day's anchor: it is gone, with its chain, before the day is over.
    """
    if line.province_code == canary.PROVINCE:
        return audit_item(line)
    return audit_item(line) | chain_end(key, line.version, line.hash, line.at)


def audit_from(item: Mapping[str, Value]) -> AuditLine:
    at = instant(item, "at")
    if at is None:
        raise TypeError("an audit line has no time")
    return AuditLine(
        dossier_code=text(item, "dossier_code"),
        national_code=maybe(item, "national_code"),
        province_code=text(item, "province_code"),
        version=number(item, "version"),
        event=Event(text(item, "event")),
        state=text(item, "state"),
        national_status=number(item, "national_status"),
        status_sequence=None if item.get("status_sequence") is None else number(item, "status_sequence"),
        at=at,
        by=By(text(item, "by")),
        actor=text(item, "actor"),
        reason=maybe(item, "reason"),
        subject=maybe(item, "subject"),
        due_at=instant(item, "due_at"),
        previous_hash=text(item, "previous_hash"),
        hash=text(item, "hash"),
    )
