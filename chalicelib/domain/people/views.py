"""Who looked at a dossier: a hash-chained log of its own, so that a look never moves the dossier's version (A21)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ..access import OFFICERS, Caller, require_view
from ..errors import Forbidden
from ..events import GENESIS
from ..months import instant_text

DEFAULT_REASON = "xử lý hồ sơ"
"""What stands in the log where an officer gives no reason."""

LONGEST_REASON = 200

SHORTEST_EMERGENCY = 20
"""Characters: so much must be said by who breaks the glass, so the usual reason is none."""


class Seen(StrEnum):
    """What somebody asked to see of a dossier."""

    DOSSIER = "DOSSIER"
    COVER = "COVER"
    SLIP = "SLIP"
    VOUCHER = "VOUCHER"
    PERSON = "PERSON"
    """All that is held about the person, for that person's own request."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at, and why."""

    what: Seen
    reason: str = DEFAULT_REASON
    emergency: bool = False
    """The caller breaks the glass: sees a dossier of a province that is not theirs, and says why."""


@dataclass(frozen=True, slots=True)
class View:
    """One look, permitted or denied. `actor` is the token's `sub`, which the citizen never sees.

    `agencies` are the provinces that the actor works for (empty for operations); `refusal` is the code of the
    problem where the look was denied; `emergency` marks a look from outside the dossier's province.
    """

    dossier_code: str
    number: int
    at: datetime
    actor: str
    role: str
    agencies: tuple[str, ...]
    what: Seen
    reason: str
    refusal: str | None
    previous_hash: str
    hash: str = ""
    emergency: bool = False

    def digest(self) -> str:
        """SHA-256 (hex) over every field but the hash itself, in a fixed order; an emergency stands at the end."""
        content = [
            self.dossier_code,
            self.number,
            instant_text(self.at),
            self.actor,
            self.role,
            list(self.agencies),
            self.what,
            self.reason,
            self.refusal,
            self.previous_hash,
            *(["EMERGENCY"] if self.emergency else []),
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()

    def sealed(self) -> View:
        """This entry with its hash filled in."""
        return replace(self, hash=self.digest())


def next_view(
    newest: View | None, code: str, look: Look, caller: Caller, at: datetime, *, refusal: str | None = None
) -> View:
    """The entry that follows the newest one of a dossier's log (None: the first)."""
    return View(
        dossier_code=code,
        number=1 if newest is None else newest.number + 1,
        at=at,
        actor=caller.sub,
        role=caller.role,
        agencies=tuple(sorted(caller.provinces)),
        what=look.what,
        reason=look.reason,
        refusal=refusal,
        previous_hash=GENESIS if newest is None else newest.hash,
        emergency=look.emergency,
    ).sealed()


def admitted(look: Look, caller: Caller, *, client_id: str, province: str) -> Look:
    """The look as it is to be written. It is an emergency only where the caller could not look otherwise.

    Raises:
        Forbidden: the caller may not see the dossier; an emergency opens it to officers alone.
    """
    try:
        require_view(caller, client_id=client_id, province=province)
    except Forbidden:
        if look.emergency and caller.role in OFFICERS:
            return look
        raise
    return replace(look, emergency=False)
