"""The voucher desk: what waits for a person, oldest first, and everything about one voucher or quarantined message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.errors import NotFound
from ...domain.events import AuditLine
from ...domain.ledger.voucher import ContributionVoucher
from ...domain.ledger.voucher_desk import (
    MESSAGE_PREFIX,
    Action,
    AwaitedOfVoucher,
    Proposal,
    Subject,
    Waiting,
    actions,
    address_of,
    voucher_at,
)
from ...domain.months import VIETNAM
from ...domain.people.views import Look, Seen
from ...storage import keys
from ...storage.items.audit import audit_from
from ...storage.items.desk import desk_from
from ...storage.items.fields import instant, maybe, number, text
from ...storage.items.vouchers import voucher_from
from ...storage.keys import Key
from ...storage.table import Stored
from ...wiring import Wiring
from ..answers import Page
from ..course.work_lists import provinces_of
from ..paging import CHUNK, merged, page_of, position_of
from ..people.log_view import log_view
from .quarantine import DOCUMENT_BYTES, UNKNOWN_PROVINCE, kept_message, quarantine_id

FIELDS = (
    "voucher_id",
    "voucher_version",
    "state",
    "reason",
    "cause",
    "revision",
    "dossier_code",
    "amount_received",
    "province_code",
    "received_at",
    "value_date",
    "issued",
    "account",
    "explanation",
    "faults",
    "bytes",
    "message_id",
    "applied",
    "suspense",
    "held",
    "refunded",
)
"""What is shown of a head or a message; the document of a message is large and not among it."""

DESK_FIELDS = ("version", "audit_hash", "proposal")
UNDERPAID = "UNDERPAID"
HOUR = timedelta(hours=1)

_MESSAGE_ID = re.compile(rf"{MESSAGE_PREFIX}([0-9a-f]{{64}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """One voucher or message of the desk."""

    subject: Subject
    voucher_id: str | None
    voucher_version: int | None
    cause: str | None
    """The class of what is wrong, of a message."""
    received_at: datetime
    age_hours: int
    amount_received: int | None
    dossier_code: str | None
    value_date: date | None
    explanation: tuple[str, ...]
    """What differs from the quote, or the faults of a message; of a message the fields and codes alone."""
    actions: tuple[Action, ...]
    proposal: Proposal | None
    next_event: AwaitedOfVoucher | None
    """None for what is settled."""
    next_at: datetime | None
    money: Mapping[str, int]
    """VND that are applied, in suspense, held and refunded; what is 0 is left out."""


@dataclass(frozen=True, slots=True)
class TakenDecision:
    """A decision that took effect, of one person or of two."""

    number: int
    action: Action
    reason: str
    dossier_code: str | None
    decided_by: tuple[str, ...]
    at: datetime
    state: str
    """Where the voucher or message stood after it."""


@dataclass(frozen=True, slots=True)
class VoucherView:
    """Everything about one of them."""

    row: VoucherRow
    versions: tuple[ContributionVoucher, ...]
    decisions: tuple[TakenDecision, ...]
    trail: tuple[AuditLine, ...]
    content: str | None = None
    """Of a message: its text as it was kept; None for operators."""


def list_vouchers(
    caller: Caller, *, state: Waiting | None, province: str | None, limit: int, cursor: str | None, w: Wiring
) -> Page[VoucherRow]:
    """Vouchers and messages that wait for a person, oldest first. AP50.

    Operators see those of no province as well; so do officers whose token names it. What was settled since the list
    was written is left out, so that a page may be short. Raises `Forbidden`, `Rejected` (CURSOR_INVALID).
    """
    codes = provinces_of(caller, province, w)
    if province is None and caller.role is Role.OPS:
        codes = [UNKNOWN_PROVINCE, *codes]
    partitions = [keys.voucher_list(code, 0) for code in codes]
    page = page_of(
        merged(partitions, position_of(cursor), None, CHUNK if state is not None else limit + 1, w),
        lambda item: item,
        lambda item: state is None or item["state"] == state,
        limit,
    )
    rows = _rows([(text(item, "PK"), text(item, "SK")) for item in page.items], w)
    states = set(Waiting) if state is None else {state}
    return Page(tuple(row for row in rows if row.subject.state in states), page.next_cursor)


def view_voucher(voucher_id: str, caller: Caller, w: Wiring) -> VoucherView:
    """One voucher or message with its versions, decisions and trail. AP51.

    An officer's look at a voucher that a dossier holds is in the view log of that dossier before this answers.

    Raises:
        NotFound: VOUCHER_NOT_FOUND. Forbidden: another province's, or not an officer.
    """
    require_role(caller, *OFFICERS, Role.OPS)
    items = {text(item, "SK"): item for item in w.table.query(partition_of(voucher_id))}
    stored = items.get("HEAD") or items.get("MESSAGE")
    if stored is None:
        raise not_found()
    subject = subject_of(stored, items.get(keys.DESK))
    require_province(caller, subject.province_code)
    row = _row(stored, subject, _ends_of_top_up([stored], w), w)
    account = maybe(stored, "account")
    if account is not None:
        log_view(account, Look(Seen.VOUCHER), caller, w)
    return VoucherView(
        row=row,
        versions=tuple(
            voucher_from(text(item, "document"), w.fields) for name, item in items.items() if name.startswith("V#")
        ),
        decisions=tuple(_taken(item) for name, item in items.items() if name.startswith(keys.RESOLUTION)),
        trail=tuple(audit_from(item) for name, item in items.items() if name.startswith(keys.AUDIT)),
        content=kept_message(stored, w) if subject.is_message and caller.role is not Role.OPS else None,
    )


def _taken(item: Stored) -> TakenDecision:
    at, people = instant(item, "at"), item["decided_by"]
    if at is None or not isinstance(people, list):
        raise TypeError("a decision about a voucher is malformed")
    return TakenDecision(
        number=int(text(item, "SK").removeprefix(keys.RESOLUTION)),
        action=Action(text(item, "action")),
        reason=text(item, "reason"),
        dossier_code=maybe(item, "dossier_code"),
        decided_by=tuple(map(str, people)),
        at=at.astimezone(VIETNAM),
        state=text(item, "state"),
    )


def partition_of(voucher_id: str) -> str:
    """Where a voucher or message lies that people address by this id."""
    message = _MESSAGE_ID.fullmatch(voucher_id)
    return keys.voucher_partition(voucher_at(voucher_id)) if message is None else keys.quarantine_partition(message[1])


def not_found() -> NotFound:
    return NotFound("VOUCHER_NOT_FOUND", "Không có chứng từ mang mã này.")


def subject_of(stored: Stored, desk: Stored | None) -> Subject:
    """A head or message with what lies beside it on the desk."""
    partition, is_message = text(stored, "PK"), stored["SK"] == "MESSAGE"
    lies = desk_from(desk)
    amount = stored.get("amount_received")
    return Subject(
        id=quarantine_id(partition) if is_message else address_of(text(stored, "voucher_id")),
        province_code=text(stored, "province_code"),
        state=text(stored, "state"),
        reason=maybe(stored, "reason"),
        amount=amount if isinstance(amount, int) else 0,
        # A message changes by decisions alone: their trail counts its revisions.
        revision=lies.lines + 1 if is_message else number(stored, "revision"),
        version=0 if stored.get("issued") is None else number(stored, "issued"),
        desk=lies,
        in_account=stored.get("account") is not None,
        is_message=is_message,
        whole=not is_message or number(stored, "bytes") <= DOCUMENT_BYTES,
    )


def _rows(wanted: list[Key], w: Wiring) -> list[VoucherRow]:
    """The rows of these items as they stand now: two batches of reads for a page."""
    found = w.table.get_many(
        [*wanted, *(keys.desk(partition) for partition, _ in wanted)], only=(*FIELDS, *DESK_FIELDS)
    )
    stored = [found[key] for key in wanted if key in found]
    ends = _ends_of_top_up(stored, w)
    return [_row(item, subject_of(item, found.get(keys.desk(text(item, "PK")))), ends, w) for item in stored]


def _ends_of_top_up(stored: Iterable[Stored], w: Wiring) -> dict[str, datetime]:
    """Dossier code -> until when the money that is missing may come, for vouchers that wait for it."""
    codes = [maybe(item, "account") for item in stored if item.get("reason") == UNDERPAID]
    wanted = [keys.dossier(code) for code in codes if code is not None]
    found = w.table.get_many(wanted, only=("dossier_code", "payment_expires_at")) if wanted else {}
    ends = {text(item, "dossier_code"): instant(item, "payment_expires_at") for item in found.values()}
    return {code: end for code, end in ends.items() if end is not None}


def _row(item: Stored, subject: Subject, ends: Mapping[str, datetime], w: Wiring) -> VoucherRow:
    now, received = w.clock.now(), instant(item, "received_at")
    if received is None:
        raise TypeError("a voucher has no time of receipt")
    version, amount, day = item.get("voucher_version"), item.get("amount_received"), maybe(item, "value_date")
    lines = item.get("faults" if subject.is_message else "explanation")
    proposal = subject.desk.standing(subject.revision)
    row = VoucherRow(
        subject=subject,
        voucher_id=maybe(item, "voucher_id"),
        voucher_version=version if isinstance(version, int) else None,
        cause=maybe(item, "cause"),
        received_at=received.astimezone(VIETNAM),
        age_hours=max(0, (now - received) // HOUR),
        amount_received=amount if isinstance(amount, int) else None,
        dossier_code=maybe(item, "dossier_code"),
        value_date=None if day is None else date.fromisoformat(day),
        explanation=tuple(map(str, lines)) if isinstance(lines, list) else (),
        actions=actions(subject),
        proposal=proposal,
        next_event=None,
        next_at=None,
        money={name: number(item, name) for name in ("applied", "suspense", "held", "refunded") if item.get(name)},
    )
    return _expecting(row, maybe(item, "account"), ends, w)


def _expecting(row: VoucherRow, account: str | None, ends: Mapping[str, datetime], w: Wiring) -> VoucherRow:
    subject = row.subject
    if row.proposal is not None:
        return replace(row, next_event=AwaitedOfVoucher.APPROVAL)
    if subject.state not in set(Waiting):
        return row
    if subject.state == Waiting.PARKED:
        hours = w.law.park_hours.on(row.received_at.date()).value
        return replace(row, next_event=AwaitedOfVoucher.DOSSIER, next_at=row.received_at + timedelta(hours=hours))
    if subject.reason == UNDERPAID:
        return replace(row, next_event=AwaitedOfVoucher.TOP_UP, next_at=ends.get(account or ""))
    return replace(row, next_event=AwaitedOfVoucher.DECISION if row.actions else AwaitedOfVoucher.ACCOUNTING)
