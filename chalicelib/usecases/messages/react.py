"""What follows from an audit line: executions start, the portal and officers hear, vouchers are matched.

The stream gives each line at least once and in order per dossier; every reaction may be repeated.
"""

from __future__ import annotations

from datetime import datetime

from ...domain.covers.cover import cover_number_of
from ...domain.events import AuditLine, Event, StatusMessage
from ...domain.oversight import canary
from ...domain.registration.dossier import ENDED
from ...log import facts, logger
from ...metrics import measured
from ...storage import keys
from ...storage.items.audit import trail_of
from ...storage.items.covers import cover_from
from ...storage.items.dossiers import dossier_from
from ...storage.items.tallies import relayed_from
from ...wiring import Wiring
from ..course.await_end import try_to_end_sleep
from ..course.count_dossier import count_dossier
from ..course.recompute_dues import recompute_dues
from ..covers.make_cover import go_on_unsigned, release_cover
from ..ledger.match_parked import match_parked
from ..oversight.revive import restart_clocks, start_clock

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

CALENDAR_CHANGED = ("holiday_calendar#", "working_hours#")
"""How the lines of a published calendar, or of other hours of work, name their subject."""

ABOUT_NO_DOSSIER = frozenset(
    {
        Event.RULES_DRAFTED,
        Event.RULES_PUBLISHED,
        Event.PROCEDURE_DRAFTED,
        Event.PROCEDURE_PUBLISHED,
        Event.RECONCILIATION_SIGNED_OFF,
        Event.VOUCHER_RESOLUTION_PROPOSED,
        Event.VOUCHER_RESOLVED,
    }
)

RECORD_LOST = "RECORD_LOST"
LAST_LINE = 99_999_999
"""Audit lines are numbered in eight digits."""

log = logger(__name__)


def react(line: AuditLine, w: Wiring, *, first: bool = True, last: bool = True) -> None:
    """Do what an audit line asks for.

    `first` and `last` tell its place among the lines of its dossier that came together: before the first it is looked
    whether lines were lost, behind the last the dossier is counted and it is kept how far it was told.

    Raises whatever keeps a reaction from being done: the stream then gives the line again.
    """
    if line.event is Event.CLOCK_SET:
        w.clock.forget()
        restart_clocks(w)
        return
    if line.event is Event.RULES_PUBLISHED:
        _rules_changed(line, w)
        return
    if line.event not in ABOUT_NO_DOSSIER and first:
        told = relayed_from(w.table.get(keys.tally(line.dossier_code)))
        relay_missed(line.dossier_code, told, w, before=line.version)
    _tell(line, w)
    if line.event not in ABOUT_NO_DOSSIER and last:
        _note_how_far(line, w)


def relay_missed(
    code: str, told: int, w: Wiring, *, before: int = LAST_LINE, settled_at: datetime | None = None
) -> int:
    """Relay the lines of a dossier that the stream has lost: those behind `told`, before another; gives how many. AP92.

    With `settled_at` only where the newest is older than that: the stream may still bring it. What was told twice is
    told again under the same event ids.
    """
    if told >= before - 1:
        return 0
    first, last = keys.audit(code, told + 1), keys.audit(code, before - 1)
    # Of a decision's lines, which share an item, some may be told already.
    stored = w.table.query_between(first[0], first[1], last[1])
    lines = [line for line in trail_of(stored) if line.version > told]
    if not lines or (settled_at is not None and lines[-1].at > settled_at):
        return 0
    for line in lines:
        _tell(line, w)
    _note_how_far(lines[-1], w)
    log.warning("lost lines relayed", extra=facts(dossier_code=code, reason=RECORD_LOST, count=len(lines)))
    return len(lines)


def _note_how_far(line: AuditLine, w: Wiring) -> None:
    """Behind the last of some lines: what sleeps for a dossier that has ended ends, and the dossier is counted."""
    if line.state in ENDED:
        try_to_end_sleep(line.dossier_code, w)
    # Last: a total that is waited for keeps nobody from hearing.
    count_dossier(line.dossier_code, w, relayed=line.version)


def _tell(line: AuditLine, w: Wiring) -> None:
    # Of the canary's dossiers no portal hears, and no figure: an alarm at silence must not take it for people.
    own = line.province_code == canary.PROVINCE
    message = None if own else StatusMessage.of(line)
    if message is not None:
        w.topics.publish_status(message, webhooks=_somebody_has_a_webhook(w))
    _follow_up(line, w)
    told = facts(dossier_code=line.dossier_code, action=line.event)
    log.info("audit line relayed", extra=told if own else {**told, **measured(by={"Event": line.event}, Events=1)})


def _somebody_has_a_webhook(w: Wiring) -> bool:
    """Whether any client takes messages at an address. Where that can't be read, the sender finds out for itself."""
    try:
        return bool(w.endpoints.all())
    except Exception as error:
        log.warning("webhook addresses not read", extra=facts(error=type(error).__name__))
        return True


def _follow_up(line: AuditLine, w: Wiring) -> None:
    """What one kind of event alone asks for."""
    match line.event:
        case Event.DOSSIER_OPENED:
            _start_dossier(line.dossier_code, w)
            match_parked(line.dossier_code, w)
        case Event.COVER_CREATED | Event.COVER_REISSUE_REQUESTED:
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
    dossier = None if stored is None else dossier_from(stored)
    if dossier is not None and not dossier.state.ended:
        start_clock(dossier, w)


def _start_cover(line: AuditLine, w: Wiring) -> None:
    """AP11."""
    stored = w.table.get(keys.cover(line.dossier_code, cover_number_of(line.subject or "")))
    if stored is not None:
        w.executions.start_cover(cover_from(stored))
