"""The reconciliation of a day with accounting: read, told by province, and signed off by a person.

What one province may cost is bounded: so many vouchers of a day are read and no more, and the answer then says that it
is of a part. Provinces are read until the budget of one request is used up; a cursor leads to the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import itemgetter

from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.covers.cover import CoverState
from ...domain.errors import Fault, NotFound, Rejected, storage_busy
from ...domain.events import GENESIS, Act, By, Event, trail_line
from ...domain.ledger.reconciliation import (
    LISTED_IDS,
    Amount,
    DayBook,
    Heading,
    Received,
    Reconciliation,
    reconcile,
)
from ...domain.ledger.sign_off import Moved, SignOff, moved, sign_off
from ...domain.ledger.voucher import VoucherState
from ...domain.ledger.voucher_desk import address_of
from ...domain.months import at_vietnam
from ...storage import keys
from ...storage.codec import Value
from ...storage.items.fields import maybe, number, text
from ...storage.items.reconciliation import manifest_from, sign_off_from, sign_off_item
from ...storage.items.vouchers import DAY_SHARDS
from ...storage.keys import Key
from ...storage.table import Stored
from ...storage.trails import write_with_trail
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once, Page
from ..course.work_lists import provinces_of
from .quarantine import QUARANTINED, UNKNOWN_PROVINCE, quarantine_id

MOST_VOUCHERS = 20_000
"""Vouchers of one province and day that one report reads, and of all provinces together that one answer reads."""

MOST_DIFFERENCES = 1_000
"""Differences of one report that are listed; how many there are is told."""

MOST_LISTED = 5 * MOST_DIFFERENCES
"""Differences after which one answer begins no further province."""

MOST_GAP_IDS = 1_000
"""Missing ids that are looked up under other days."""

ROUNDS = 5
OK = 200
HEAD_FIELDS = ("voucher_id", "state", "reason", "dossier_code", "amount_received", "suspense", "refunded")
HEADINGS = {
    "APPLIED": Heading.APPLIED,
    "HELD": Heading.HELD,
    "PARKED": Heading.PARKED,
    "CANCELLED": Heading.CANCELLED,
    "REPLACED": Heading.CANCELLED,
    "REFUNDED": Heading.REFUNDED,
}
ISSUED_STATES = frozenset({CoverState.ISSUED, CoverState.REVOKED, CoverState.REPLACED})
"""States of a cover that was issued; what is on its way has another."""


@dataclass(frozen=True, slots=True)
class Report:
    """One province's day, with the last sign-off and what moved since."""

    found: Reconciliation
    signed: SignOff | None
    moved: tuple[Moved, ...]


def reconciliation(caller: Caller, *, day: date, province: str | None, cursor: str | None, w: Wiring) -> Page[Report]:
    """The reports of a day, province after province; only those where something was sent, received or issued.

    With `province` there is one report, whatever is in it. `cursor` is the province to go on with. Raises `Forbidden`
    for portal clients and other provinces, `Rejected` (CURSOR_INVALID).
    """
    codes = provinces_of(caller, province, w)
    if province is None:
        codes = sorted({*codes, *((UNKNOWN_PROVINCE,) if caller.role is Role.OPS else ())})
    if cursor is not None:
        if cursor not in codes:
            raise Rejected([Fault("cursor", "CURSOR_INVALID", "Con trỏ trang không hợp lệ.")])
        codes = codes[codes.index(cursor) :]
    reports: list[Report] = []
    read, listed = 0, 0
    for code in codes:
        if read >= MOST_VOUCHERS or listed >= MOST_LISTED:
            return Page(tuple(reports), code)
        report = report_of(code, day, w)
        book = report.found.book
        read += len(book.received)
        listed += min(len(report.found.differences), MOST_DIFFERENCES)
        if province is not None or book.received or book.manifests or book.covers_issued:
            reports.append(report)
    return Page(tuple(reports), None)


def report_of(province: str, day: date, w: Wiring) -> Report:
    """One province's day as it stands. AP52."""
    manifests, signed = [], None
    for item in w.table.query(keys.day_partition(day, province)):
        name = text(item, "SK")
        if name.startswith(f"{keys.MANIFEST}#"):
            manifests.append(manifest_from(item))
        elif name.startswith(f"{keys.SIGN_OFF}#"):
            signed = sign_off_from(item)
    names = list(islice(_listed(province, day, w), MOST_VOUCHERS + 1))
    received, others = _received(names[:MOST_VOUCHERS], w)
    ignored = Amount(len(others), sum(others.values()))
    book = DayBook(
        day=day,
        province_code=province,
        manifests=tuple(manifests),
        received=received,
        covers_issued=_covers_issued(province, day, w),
        other_schemes=ignored,
        other_ids=frozenset(others),
        complete=len(names) <= MOST_VOUCHERS,
    )
    book = _with_elsewhere(book, w)
    found = reconcile(book)
    return Report(found, signed, () if signed is None else moved(signed, found))


def sign_off_day(
    day: date,
    province: str,
    *,
    note: str,
    acknowledged: tuple[str, ...],
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[SignOff], str],
    w: Wiring,
) -> Answer:
    """An officer of the province signs a day off. AP59.

    Raises:
        Forbidden: not an officer, or of another province. NotFound: PROVINCE_NOT_FOUND.
        Rejected, Conflict: as `domain.ledger.reconciliation.sign_off`; IDEMPOTENCY_KEY_REUSED.
    """
    require_role(caller, *OFFICERS)
    if province not in w.law.provinces.codes() | {UNKNOWN_PROVINCE}:
        raise NotFound("PROVINCE_NOT_FOUND", "Không có tỉnh, thành phố mang mã này.")
    require_province(caller, province)
    once = Once(idempotency, caller)
    head_key = keys.sign_off_head(day, province)
    for _ in range(ROUNDS):
        read = w.table.get_many([head_key, *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        head = read.get(head_key)
        report = report_of(province, day, w)
        signed = sign_off(
            report.found,
            before=report.signed,
            by=caller.sub,
            at=at_vietnam(w.clock.now()),
            note=note,
            acknowledged=acknowledged,
        )
        answer = Answer(OK, present(signed), replayed=False, version=signed.number)
        transaction = Transaction()
        once.keep(transaction, answer)
        _write(transaction, signed, head)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def _write(transaction: Transaction, signed: SignOff, head: Stored | None) -> None:
    """The sign-off, the next line of the day's trail, and the head that both make."""
    day, province = signed.day, signed.province_code
    line = trail_line(
        f"reconciliation-{province}-{day.isoformat()}",
        signed.number,
        Event.RECONCILIATION_SIGNED_OFF,
        Act(signed.at, By.OFFICER, signed.by),
        state="SIGNED_OFF",
        previous_hash=GENESIS if head is None else text(head, "audit_hash"),
        province_code=province,
        reason=signed.note,
        subject=signed.fingerprint,
    )
    head_key, audit_key = keys.sign_off_head(day, province), keys.day_audit(day, province, signed.number)
    item: dict[str, Value] = {"version": signed.number, "audit_hash": line.hash}
    transaction.put_new("sign_off", keys.sign_off(day, province, signed.number), sign_off_item(signed))
    write_with_trail(transaction, "head", head_key, item, line, audit_key, before=head)


def _listed(province: str, day: date, w: Wiring) -> Iterator[Key]:
    """AP53: the keys of a day's vouchers and messages."""
    for shard in range(DAY_SHARDS):
        yield from w.table.listed_keys(keys.day_list(day, province, shard))


def _covers_issued(province: str, day: date, w: Wiring) -> int:
    """AP55: how many covers were issued on a day."""
    lists = (keys.issued_list(day.isoformat(), province, shard) for shard in range(DAY_SHARDS))
    return sum(1 for each in lists for _ in w.table.listed_keys(each))


def _received(names: list[Key], w: Wiring) -> tuple[tuple[Received, ...], dict[str, int]]:
    """AP54: what the keys of a day stand for; of vouchers of other schemes number and amount alone."""
    stored = w.table.get_many(names, only=HEAD_FIELDS)
    heads = [item for (partition, _), item in stored.items() if partition.startswith(keys.VOUCHER)]
    others = [item for (partition, _), item in stored.items() if partition.startswith(keys.OTHER)]
    messages = [item for (_, kind), item in stored.items() if kind == "MESSAGE"]
    others += [item for item in heads if item["state"] == VoucherState.IGNORED]
    covers = _covers(heads, w)
    found = [_voucher(item, covers) for item in heads if item["state"] != VoucherState.IGNORED]
    known = {each.voucher_id for each in found}
    for item in sorted(messages, key=itemgetter("PK")):
        name = maybe(item, "voucher_id")
        if item["state"] == QUARANTINED and (name is None or name not in known):
            known.add(name)
            found.append(_message(item, name))
    return tuple(sorted(found, key=lambda each: (each.voucher_id or "", each.id or ""))), {
        text(item, "voucher_id"): number(item, "amount_received") for item in others
    }


def _voucher(item: Stored, covers: dict[str, str]) -> Received:
    code, state = maybe(item, "dossier_code"), text(item, "state")
    applied = state == VoucherState.APPLIED
    return Received(
        voucher_id=text(item, "voucher_id"),
        heading=HEADINGS[state],
        amount=number(item, "amount_received"),
        state=state,
        reason=maybe(item, "reason"),
        dossier_code=code,
        suspense=_share(item, "suspense") if applied else 0,
        refunded=_share(item, "refunded") if applied else 0,
        cover_state=covers.get(code) if applied and code is not None else None,
        id=address_of(text(item, "voucher_id")),
    )


def _share(item: Stored, name: str) -> int:
    return 0 if item.get(name) is None else number(item, name)


def _message(item: Stored, name: str | None) -> Received:
    amount = item.get("amount_received")
    return Received(
        voucher_id=name,
        heading=Heading.QUARANTINED,
        amount=amount if isinstance(amount, int) else 0,
        state=text(item, "state"),
        reason=maybe(item, "reason"),
        dossier_code=maybe(item, "dossier_code"),
        id=quarantine_id(text(item, "PK")),
    )


def _covers(heads: list[Stored], w: Wiring) -> dict[str, str]:
    """AP56: dossier code -> state of the newest cover of what was applied, where that is not issued yet.

    A revoked or replaced cover may have a successor, which is read then.
    """
    codes = {text(item, "dossier_code") for item in heads if item["state"] == VoucherState.APPLIED}
    states: dict[str, str] = {}
    number_of_issue = 1
    while codes:
        wanted = [keys.cover(code, number_of_issue) for code in sorted(codes)]
        found = w.table.get_many(wanted, only=("dossier_code", "state"))
        newest = {text(item, "dossier_code"): text(item, "state") for item in found.values()}
        states |= newest
        codes = {code for code, state in newest.items() if state in {CoverState.REVOKED, CoverState.REPLACED}}
        number_of_issue += 1
    return {code: state for code, state in states.items() if state not in ISSUED_STATES}


def _with_elsewhere(book: DayBook, w: Wiring) -> DayBook:
    """AP54: of the ids that are missing, those that were received under another value date."""
    short = (gap for gap in book.gaps if gap.count <= LISTED_IDS)
    names = list(islice((name for gap in short for name in gap.ids(LISTED_IDS)), MOST_GAP_IDS))
    if not names:
        return book
    found = w.table.get_many([keys.voucher_head(name) for name in names], only=("voucher_id", "GSI1PK"))
    listed = ((text(item, "voucher_id"), maybe(item, "GSI1PK")) for item in found.values())
    return book.knowing({name: keys.day_of_list(partition) for name, partition in listed if partition is not None})
