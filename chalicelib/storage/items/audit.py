"""Audit lines as items: those of one decision in one item, under the number of the last.

The last line stands there as it would alone. `lines` holds those before it: what each says of its own, and the hash
before the first. Who acted, when and about which dossier is the same for all, and the hashes between them follow from
what they say, so that an edit still breaks the chain: the last line names the hash that comes before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from ...domain.events import AuditLine, By, Event
from ...domain.months import instant_text
from ...domain.oversight import canary
from ..codec import Value
from ..keys import Key
from .chains import chain_end
from .fields import dump, instant, maybe, number, present, text

_OWN = ("event", "state", "national_status", "status_sequence", "reason", "subject")
"""What a line of a decision says of its own, beside the due date."""


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
    """The line under `key` that ends its chain for now."""
    return audit_item(line) | end_of_trail(key, line)


def end_of_trail(key: Key, line: AuditLine) -> dict[str, Value]:
    """What lists the line under `key` as the end of its chain.

    A dossier of the canary's is in no day's anchor: it is gone, with its chain, before the day is over.
    """
    if line.province_code == canary.PROVINCE:
        return {}
    return chain_end(key, line.version, line.hash, line.at)


def act_item(lines: Sequence[AuditLine]) -> dict[str, Value]:
    """The lines of one act, under the key of the last."""
    *before, last = lines
    item = audit_item(last)
    if before:
        told = [[*(getattr(line, name) for name in _OWN), line.due_at and instant_text(line.due_at)] for line in before]
        item["lines"] = dump([before[0].previous_hash, *told])
    return item


def acts_of(lines: Sequence[AuditLine]) -> list[tuple[AuditLine, ...]]:
    """The lines of a decision by act: one, unless somebody else's follows at once."""
    return [tuple(group) for _, group in groupby(lines, key=lambda line: (instant_text(line.at), line.by, line.actor))]


def trail_of(items: Iterable[Mapping[str, Value]]) -> tuple[AuditLine, ...]:
    """Every line of some items, in their order."""
    return tuple(line for item in items for line in lines_from(item))


def lines_from(item: Mapping[str, Value]) -> list[AuditLine]:
    """The lines of one item, the last of them last."""
    last = audit_from(item)
    if "lines" not in item:
        return [last]
    previous, *told = json.loads(text(item, "lines"))
    found: list[AuditLine] = []
    for version, (*own, due_at) in enumerate(told, start=last.version - len(told)):
        event, state, national_status, status_sequence, reason, subject = own
        line = replace(
            last,
            version=version,
            event=Event(event),
            state=state,
            national_status=national_status,
            status_sequence=status_sequence,
            reason=reason,
            subject=subject,
            due_at=None if due_at is None else datetime.fromisoformat(due_at),
            previous_hash=previous,
        ).sealed()
        previous = line.hash
        found.append(line)
    return [*found, last]


def audit_from(item: Mapping[str, Value]) -> AuditLine:
    """The line that an item stands under, without those before it (`lines_from`)."""
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
