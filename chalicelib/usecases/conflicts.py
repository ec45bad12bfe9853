"""Who comes too late is told what has happened since: the audit events behind the version that they have seen."""

from __future__ import annotations

from ..domain.errors import Changes, VersionConflict
from ..domain.events import AuditLine, Event
from ..domain.months import instant_text
from ..domain.registration.dossier import Dossier
from ..storage import keys
from ..storage.items.audit import trail_of
from ..wiring import Wiring

MOST = 20
"""So many events are told, the newest ones: who is further behind has to look at the dossier anyway."""

NOTED = frozenset(
    {
        Event.OFFICER_REMINDED,
        Event.APOLOGY_DUE,
        Event.OVERDUE_MARKED,
        Event.OVERDUE_ESCALATED,
        Event.DEADLINES_RESET,
    }
)
"""What the clock notes on a dossier. It changes nothing of what its officers have seen, so it must not turn away the
very decision that it reminds them of."""


def require_seen(dossier: Dossier, if_match: int | None, w: Wiring) -> None:
    """Nothing without `if_match`, or where the clock alone made notes since that version.

    Raises `VersionConflict` with what has changed since.
    """
    if if_match is not None and if_match != dossier.version:
        lines = [line for line in _trail(dossier.code, w) if line.version > if_match]
        if lines and all(line.event in NOTED for line in lines):
            return
        raise VersionConflict(
            "VERSION_CONFLICT",
            "Hồ sơ đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện.",
            facts={"version": dossier.version, "state": dossier.state, "changes": _told(lines)},
        )


def cover_changes(cover_id: str, dossier_code: str, versions: int, w: Wiring) -> Changes:
    """The newest events about a cover, at most so many as it has gone through versions: each version has one."""
    about = [
        line for line in _trail(dossier_code, w) if line.subject == cover_id or line.event is Event.SUPPLEMENT_SUPPLIED
    ]
    return _told(about[-versions:] if versions > 0 else [])


def _trail(code: str, w: Wiring) -> list[AuditLine]:
    """AP23. Read for a conflict only."""
    return list(trail_of(w.table.query(keys.dossier_partition(code), keys.AUDIT)))


def _told(lines: list[AuditLine]) -> Changes:
    """Kinds of actors only: an answer names nobody."""
    return [
        {
            "version": line.version,
            "event": line.event,
            "state": line.state,
            "at": instant_text(line.at),
            "by": line.by,
            "reason": line.reason,
        }
        for line in lines[-MOST:]
    ]
