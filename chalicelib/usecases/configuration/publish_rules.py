"""A table of the law changes without a deploy: drafted, looked at beforehand, published by a second person.

Running dossiers keep the amount they were quoted: a quote is stored with its dossier, never computed again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ... import law as shipped
from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.configuration.law import Law, TableFault
from ...domain.configuration.publication import RuleChange, effective_faults, publish
from ...domain.errors import Fault, NotFound, Rejected, storage_busy
from ...domain.events import GENESIS, Act, By, Event, trail_line
from ...domain.months import at_vietnam
from ...law.published import (
    CALENDAR,
    Publication,
    calendar_differences,
    first_day,
    overlaid,
    place_of,
    rows_of,
    shape_faults,
)
from ...lawbook import CACHE_SECONDS, files_in_force
from ...storage import keys
from ...storage.codec import Value
from ...storage.items.rules import change_from, change_item
from ...storage.table import Stored
from ...storage.trails import write_with_trail
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from .preview_rules import AmountDifference, amount_differences

ROUNDS = 5
TRAIL = "rules"
"""What the trail of the rules names in place of a dossier."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would change: amounts of sample choices, and days of the calendar."""

    amounts: tuple[AmountDifference, ...]
    days: tuple[tuple[date, str, str], ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """`change` is None for a dry run: nothing was stored."""

    change: RuleChange | None
    rows: tuple[Mapping[str, Any], ...]
    preview: Preview


@dataclass(frozen=True, slots=True)
class TableView:
    table: str
    rows: tuple[Mapping[str, Any], ...]
    changes: tuple[RuleChange, ...]
    """Drafts and publications of this table, oldest first."""


def draft_rules(
    table: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    correction: bool,
    reason: str,
    dry_run: bool,
    caller: Caller,
    w: Wiring,
) -> Drafted:
    """Keep rows for a table as a draft, or only tell what they would change. AP14.

    Raises:
        Forbidden: not a publisher; a row of a province that is not the publisher's.
        NotFound: RULE_TABLE_UNKNOWN.
        Rejected: every fault of the rows: shape, dates in the past, RULE_GAP, RULE_OVERLAP, RULE_INVALID.
    """
    require_role(caller, Role.PUBLISHER)
    place_of(table)
    faults = shape_faults(table, rows)
    if faults:
        raise Rejected(faults)
    for row in rows:
        if "province" in row:
            require_province(caller, str(row["province"]))
    before = files_in_force(w.table)
    now = w.clock.now()
    preview = _preview(before, table, rows, correction, now.date())
    if dry_run:
        return Drafted(None, tuple(rows), preview)
    text = json.dumps(list(rows), ensure_ascii=False, separators=(",", ":"))
    for _ in range(ROUNDS):
        head = w.table.get(keys.RULES_HEAD)
        version = _count(head, "version") + 1
        change = RuleChange(version, table, text, correction, reason, caller.sub, now)
        transaction = Transaction()
        transaction.put_new("change", keys.rule_change(version), change_item(change))
        _append(transaction, head, Event.RULES_DRAFTED, change, caller, w)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return Drafted(change, tuple(rows), preview)
    raise storage_busy()


def publish_rules(
    table: str,
    version: int,
    *,
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[RuleChange], str],
    w: Wiring,
) -> Answer:
    """Publish a draft, as a second person; answers when every function has seen it. AP16.

    What the draft means is judged again: another publication may have come between.

    Raises:
        Forbidden: not a publisher, or SECOND_PERSON_REQUIRED.
        NotFound: RULE_DRAFT_NOT_FOUND.
        Conflict: INVALID_TRANSITION; IDEMPOTENCY_KEY_REUSED.
        Rejected: the draft does not fit the tables any more, or its first day has come.
    """
    require_role(caller, Role.PUBLISHER)
    change_key = keys.rule_change(version)
    once = Once(idempotency, caller)
    for _ in range(ROUNDS):
        read = w.table.get_many([change_key, keys.RULES_HEAD, *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        stored, head = read.get(change_key), read.get(keys.RULES_HEAD)
        if stored is None or str(stored["table"]) != table:
            raise NotFound("RULE_DRAFT_NOT_FOUND", "Không có bản dự thảo này.")
        now = w.clock.now()
        change = publish(change_from(stored), by=caller.sub, at=now, order=_count(head, "published") + 1)
        rows = json.loads(change.rows)
        for row in rows:
            if "province" in row:
                require_province(caller, str(row["province"]))
        _preview(files_in_force(w.table), table, rows, change.correction, now.date())
        answer = Answer(200, present(change), replayed=False, version=change.version)
        transaction = Transaction()
        once.keep(transaction, answer)
        transaction.put_over("change", change_key, change_item(change), attribute="state", expected=stored["state"])
        _append(transaction, head, Event.RULES_PUBLISHED, change, caller, w)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        w.lawbook.forget()
        time.sleep(CACHE_SECONDS)
        return answer
    raise storage_busy()


def view_rules(table: str, caller: Caller, w: Wiring) -> TableView:
    """A table as it stands in force, with every change it went through (AP15). For officers and operators."""
    require_role(caller, *OFFICERS, Role.OPS)
    place_of(table)
    changes = [change_from(item) for item in w.table.query(keys.RULES_PARTITION, keys.RULE_CHANGE)]
    return TableView(
        table=table,
        rows=tuple(rows_of(files_in_force(w.table), table)),
        changes=tuple(change for change in changes if change.table == table),
    )


def _preview(
    before: Mapping[str, Mapping[str, Any]],
    table: str,
    rows: Sequence[Mapping[str, Any]],
    correction: bool,
    today: date,
) -> Preview:
    """What the rows change. Raises `Rejected` where they make no whole table or reach into the past."""
    old_rows = rows_of(before, table)
    try:
        days = [first_day(table, row, old_rows) for row in rows]
        faults = effective_faults(days, correction=correction, today=today)
        if faults:
            raise Rejected(faults)
        after = overlaid(before, [Publication(1, table, tuple(rows), correction)])
        new = shipped.assemble(after)
    except TableFault as fault:
        raise Rejected([Fault("rows", fault.code, _MESSAGES[fault.code])]) from fault
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected([Fault("rows", "RULE_INVALID", _MESSAGES["RULE_INVALID"])]) from error
    if table == CALENDAR:
        return Preview((), tuple(calendar_differences(old_rows, rows_of(after, table))))
    old: Law = shipped.assemble(before)
    return Preview(tuple(amount_differences(old, new, sorted(set(days)))), ())


_MESSAGES = {
    "RULE_GAP": "Giữa các dòng có khoảng ngày không có quy định.",
    "RULE_OVERLAP": "Có hai dòng cùng áp dụng cho một ngày.",
    "RULE_INVALID": "Giá trị của dòng không phù hợp với bảng này.",
}


def _append(
    transaction: Transaction, head: Stored | None, event: Event, change: RuleChange, caller: Caller, w: Wiring
) -> None:
    """The next line of the rules' trail, and the head that it makes."""
    line = trail_line(
        TRAIL,
        _count(head, "version") + 1,
        event,
        Act(at_vietnam(w.clock.now()), By.OFFICER, caller.sub),
        state=change.state,
        previous_hash=GENESIS if head is None else str(head["audit_hash"]),
        reason=change.reason,
        subject=f"{change.table}#{change.version}",
    )
    item: dict[str, Value] = {
        "version": line.version,
        "published": change.order or _count(head, "published"),
        "audit_hash": line.hash,
    }
    write_with_trail(transaction, "head", keys.RULES_HEAD, item, line, keys.rules_audit(line.version), before=head)


def _count(head: Stored | None, name: str) -> int:
    value = 0 if head is None else head[name]
    if not isinstance(value, int):
        raise TypeError(f"the head of the rules has no number {name}")
    return value
