"""What the sweep found stuck, as items that outlive it by little: the next one finds it again, or it is gone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from ...domain.months import instant_text
from ...domain.oversight.expectation import Awaited, Expectation, Owner
from ..codec import Value
from ..table import Stored
from .fields import instant, maybe, number, present, text

KEPT_SECONDS = 26 * 3600
"""Real time: until the next nightly sweep has passed."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """One thing that waits beyond its time; `subject` is its name (a dossier's code, a cover's id)."""

    kind: str
    subject: str
    province_code: str
    expected: Expectation
    dossier_code: str | None
    version: int | None
    """Of the dossier, when it was found: once it has moved, this tells nothing."""
    found_at: datetime
    reason: str | None = None
    """Of a voucher: why it is held."""


def stuck_item(found: Stuck) -> dict[str, Value]:
    return present(
        {
            "kind": found.kind,
            "subject": found.subject,
            "province_code": found.province_code,
            "what": found.expected.what,
            "by": None if found.expected.by is None else instant_text(found.expected.by),
            "owner": found.expected.owner,
            "dossier_code": found.dossier_code,
            "version": found.version,
            "found_at": instant_text(found.found_at),
            "reason": found.reason,
            "expires_at": int(time.time()) + KEPT_SECONDS,
        }
    )


def stuck_from(item: Stored) -> Stuck | None:
    """None for one that is out of date, and only still there because expiry deletes late."""
    found_at, expires_at = instant(item, "found_at"), number(item, "expires_at")
    if found_at is None or expires_at < time.time():
        return None
    return Stuck(
        kind=text(item, "kind"),
        subject=text(item, "subject"),
        province_code=text(item, "province_code"),
        expected=Expectation(Awaited(text(item, "what")), instant(item, "by"), Owner(text(item, "owner"))),
        dossier_code=maybe(item, "dossier_code"),
        version=number(item, "version") if "version" in item else None,
        found_at=found_at,
        reason=maybe(item, "reason"),
    )
