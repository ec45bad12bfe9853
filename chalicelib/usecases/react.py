"""What follows from an audit line: executions start, the portal and officers hear, vouchers are matched.

The stream gives each line at least once and in order per dossier; every reaction may be repeated.
"""

from __future__ import annotations

from ..domain.cover import cover_number_of
from ..domain.events import AuditLine, Event, StatusMessage
from ..log import facts, logger
from ..metrics import measured
from ..storage import keys
from ..storage.items.covers import cover_from
from ..storage.items.dossiers import dossier_from
from ..wiring import Wiring
from .count_dossier import count_dossier
from .make_cover import go_on_unsigned, release_cover
from .match_parked import match_parked
from .recompute_dues import recompute_dues
from .sweep import restart_clocks, start_clock

NOTICES = frozenset(
    {
        Event.OFFICER_REMINDED,
        Event.APOLOGY_DUE,
        Event.OVERDUE_MARKED,
        Event.OVERDUE_ESCALATED,
        Event.STEP_OVERDUE,
        Event.REFUND_CASE_OPENED,
        Event.REOPENING_REQUESTED,
    }
)
"""What officers are told by the topic of notices."""

CALENDAR_CHANGED = "holiday_calendar#"
"""How the line of a published calendar names its subject."""

ABOUT_NO_DOSSIER = frozenset(
    {
        Event.RULES_DRAFTED,
        Event.RULES_PUBLISHED,
        Event.PROCEDURE_DRAFTED,
        Event.PROCEDURE_PUBLISHED,
        Event.RECONCILIATION_SIGNED_OFF,
    }
)

log = logger(__name__)


def react(line: AuditLine, w: Wiring) -> None:
    """Do what an audit line asks for.

    Raises whatever keeps a reaction from being done: the stream then gives the line again.
    """
    if line.event is Event.CLOCK_SET:
        w.clock.forget()
        restart_clocks(w)
        return
    if line.event is Event.RULES_PUBLISHED:
        _rules_changed(line, w)
        return
    message = StatusMessage.of(line)
    if message is not None:
        w.topics.publish_status(message)
    _follow_up(line, w)
    if line.event not in ABOUT_NO_DOSSIER:
        # Last: a total that is waited for keeps nobody from hearing.
        count_dossier(line.dossier_code, w)
    told = facts(dossier_code=line.dossier_code, action=line.event)
    log.info("audit line relayed", extra={**told, **measured(by={"Event": line.event}, Events=1)})


def _follow_up(line: AuditLine, w: Wiring) -> None:
    """What one kind of event alone asks for."""
    match line.event:
        case Event.DOSSIER_OPENED:
            _start_dossier(line.dossier_code, w)
            match_parked(line.dossier_code, w)
        case Event.COVER_CREATED:
            _start_cover(line, w)
        case Event.COVER_CHECKED:
            release_cover(line.subject or "", line.dossier_code, w)
        case Event.DEADLINES_RESET:
            _start_dossier(line.dossier_code, w)
        case Event.SUPPLEMENT_SUPPLIED:
            go_on_unsigned(line.dossier_code, w)
        case event if event in NOTICES:
            w.topics.publish_notice(line)
        case _:
            pass


def _rules_changed(line: AuditLine, w: Wiring) -> None:
    """Amounts are pinned and stay; a due date follows the calendar, whose days off can't be worked."""
    if (line.subject or "").startswith(CALENDAR_CHANGED):
        w.lawbook.forget()
        recompute_dues(w)


def _start_dossier(code: str, w: Wiring) -> None:
    """AP1."""
    stored = w.table.get(keys.dossier(code))
    if stored is not None:
        dossier = dossier_from(stored)
        start_clock(code, dossier.generation, w)


def _start_cover(line: AuditLine, w: Wiring) -> None:
    """AP11."""
    stored = w.table.get(keys.cover(line.dossier_code, cover_number_of(line.subject or "")))
    if stored is not None:
        w.executions.start_cover(cover_from(stored))
