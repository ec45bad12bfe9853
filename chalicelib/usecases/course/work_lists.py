"""Officers' work lists, merged over provinces and shards, most urgent first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.configuration.calendar import WorkingCalendar
from ...domain.configuration.procedure import ESCALATION_LEVELS, EscalationLevel
from ...domain.covers.cover import CoverState
from ...domain.errors import NotConfigured
from ...domain.months import VIETNAM, instant_text
from ...domain.oversight.expectation import Expectation
from ...domain.registration.dossier import ESCALATIONS, State
from ...domain.registration.remaining import remaining_working_hours
from ...domain.registration.step_clock import StepClock
from ...storage import keys
from ...storage.items.course import expected_from
from ...storage.items.dossiers import LIST_SHARDS, UNPAID_LAST
from ...storage.items.fields import instant, maybe, number, text
from ...storage.table import Stored
from ...wiring import Wiring
from ..answers import Page
from ..paging import CHUNK, merged, page_of, position_of


@dataclass(frozen=True, slots=True)
class DossierRow:
    dossier_code: str
    state: State
    due_at: datetime | None
    overdue: bool
    province_code: str
    full_name: str | None
    """None for operators: they see no names."""
    version: int
    assignee: str | None
    """`sub` of the officer who works on it."""
    remaining_working_hours: int | None
    """Rounded down, 0 when overdue; None without a due date, or where a day until it has no calendar."""
    expected: Expectation | None = None
    step: StepClock | None = None
    step_late: bool = False
    milestones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CoverRow:
    cover_id: str
    dossier_code: str
    state: CoverState
    created_at: datetime
    full_name: str | None
    si_number: str | None
    version: int


def list_dossiers(
    caller: Caller,
    *,
    state: State | None,
    overdue: bool | None,
    due_before: date | None,
    province: str | None,
    limit: int,
    cursor: str | None,
    w: Wiring,
    assignee: str | None = None,
    escalated: EscalationLevel | None = None,
) -> Page[DossierRow]:
    """Open dossiers of the caller's provinces by due time; those without one come last. AP7.

    Those that are COMPLETED and wait for their delivery (or reopening) are a list of their own. AP91.

    `escalated` leaves those that a level of management has heard of: the ministry's list is that of its level.
    `due_before` leaves out what is due on that day or later. The number of reads is bounded: a page may be short, or
    empty, and still name a next one. Raises `Forbidden` for portal clients and other provinces, `Rejected`
    (CURSOR_INVALID).
    """
    now = w.clock.now()
    before = None if due_before is None else f"{due_before.isoformat()}T00:00:00"
    if overdue or escalated is not None:
        now_text = instant_text(now)
        before = now_text if before is None else min(before, now_text)
    after = position_of(cursor)
    if overdue is False:
        after = max(after, instant_text(now))
    if state is State.AWAITING_PAYMENT:
        after = max(after, UNPAID_LAST)
    partition_of = keys.delivery_list if state is State.COMPLETED else keys.open_list
    partitions = [
        partition_of(code, shard) for code in provinces_of(caller, province, w) for shard in range(LIST_SHARDS)
    ]
    filtered = state not in {None, State.COMPLETED} or assignee is not None or escalated is not None
    level = None if escalated is None else ESCALATIONS[ESCALATION_LEVELS.index(escalated)]
    working_hours = _WorkingHours(now, w.law.calendar)
    return page_of(
        merged(partitions, after, before, CHUNK if filtered else limit + 1, w),
        lambda item: _dossier_row(item, caller, working_hours),
        lambda row: (
            (state is None or row.state is state)
            and (overdue is None or row.overdue == overdue)
            and (assignee is None or row.assignee == assignee)
            and (level is None or level in row.milestones)
        ),
        limit,
    )


def list_covers(
    caller: Caller, *, state: CoverState, province: str | None, limit: int, cursor: str | None, w: Wiring
) -> Page[CoverRow]:
    """Covers on their way to issue (DATA_CREATED or CHECKED), oldest first (AP8). Raises as `list_dossiers`."""
    partitions = [
        keys.cover_list(code, shard) for code in provinces_of(caller, province, w) for shard in range(LIST_SHARDS)
    ]
    entries = merged(partitions, position_of(cursor), None, CHUNK, w)
    return page_of(entries, lambda item: _cover_row(item, caller), lambda row: row.state is state, limit)


def provinces_of(caller: Caller, province: str | None, w: Wiring) -> list[str]:
    """The provinces that a list or a figure is about: the one asked for, else all that the caller sees."""
    require_role(caller, *OFFICERS, Role.OPS)
    if province is not None:
        require_province(caller, province)
        return [province]
    return sorted(w.law.provinces.codes() if caller.role is Role.OPS else caller.provinces)


class _WorkingHours:
    """The working time that is left at one moment; most dossiers of a page share a few due moments."""

    def __init__(self, now: datetime, calendar: WorkingCalendar) -> None:
        self.now = now
        self._calendar = calendar
        self._known: dict[datetime, int | None] = {}

    def until(self, due_at: datetime) -> int | None:
        if due_at not in self._known:
            try:
                self._known[due_at] = remaining_working_hours(self.now, due_at, self._calendar)
            except NotConfigured:
                self._known[due_at] = None
        return self._known[due_at]


def _dossier_row(item: Stored, caller: Caller, working_hours: _WorkingHours) -> DossierRow:
    due_at = instant(item, "due_at")
    state, milestones = State(text(item, "state")), item.get("milestones")
    expected, step = expected_from(maybe(item, "expected"))
    return DossierRow(
        dossier_code=text(item, "dossier_code"),
        state=state,
        due_at=due_at,
        overdue=due_at is not None and working_hours.now > due_at and not state.ended,
        province_code=text(item, "province_code"),
        full_name=None if caller.role is Role.OPS else text(item, "full_name"),
        version=number(item, "version"),
        assignee=maybe(item, "assignee"),
        remaining_working_hours=None if due_at is None else working_hours.until(due_at),
        expected=expected,
        step=step,
        step_late=step is not None and working_hours.now > step.due_at,
        milestones=frozenset(map(str, milestones)) if isinstance(milestones, list) else frozenset(),
    )


def _cover_row(item: Stored, caller: Caller) -> CoverRow:
    hidden = caller.role is Role.OPS
    created = instant(item, "created_at")
    if created is None:
        raise TypeError("a cover has no creation time")
    return CoverRow(
        cover_id=text(item, "cover_id"),
        dossier_code=text(item, "dossier_code"),
        state=CoverState(text(item, "state")),
        created_at=created.astimezone(VIETNAM),
        full_name=None if hidden else text(item, "full_name"),
        si_number=None if hidden else maybe(item, "si_number"),
        version=number(item, "version"),
    )
