"""Vouchers and their heads as items."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zlib import crc32

from ...domain.amounts.account import Standing
from ...domain.copies import replace
from ...domain.ledger.voucher import ContributionVoucher, Hand, VoucherEvent, VoucherHead, VoucherState
from ...domain.months import Month, instant_text
from .. import keys
from ..codec import Value
from ..sealed import Seals, as_stored, opened, to_store
from ..table import Stored
from .fields import birth_date, dump, instant, maybe, number, present, read, span_from, span_text, text

DAY_SHARDS = 4
"""Partitions per province and day of what accounting sent, so that two hours' backlog is not one hot partition."""


def day_shard_of(name: str) -> int:
    """The partition of a day's list that a voucher, message or cover lies in."""
    return crc32(name.encode()) % DAY_SHARDS


FINGERPRINT = "fingerprint"
"""Sealed as well: whoever knows the rest of a voucher would find the personal id by trying them all."""


def voucher_document(voucher: ContributionVoucher, seals: Seals | None) -> str:
    """A version as JSON text; without `seals` in plain form, for what is sealed as a whole."""
    personal_id, mark = voucher.personal_id, voucher.fingerprint
    if seals is not None:
        owner = keys.voucher_partition(voucher.voucher_id)
        mark = to_store(owner, FINGERPRINT, mark, seals)
        if personal_id is not None:
            personal_id = to_store(owner, "personal_id", personal_id, seals)
    return dump(
        {
            "voucher_id": voucher.voucher_id,
            "voucher_version": voucher.voucher_version,
            "event": voucher.event,
            "scheme": voucher.scheme,
            "fingerprint": mark,
            "receipt_symbol": voucher.receipt_symbol,
            "receipt_number": voucher.receipt_number,
            "receipt_date": voucher.receipt_date.isoformat(),
            "dossier_code": voucher.dossier_code,
            "personal_id": personal_id,
            "si_number": voucher.si_number,
            "full_name": voucher.full_name,
            "birth_date": None if voucher.birth_date is None else str(voucher.birth_date),
            "income": voucher.income,
            "method": voucher.method,
            "from_month": str(voucher.from_month),
            "months": voucher.months,
            "amount_participant": voucher.amount_participant,
            "amount_state": voucher.amount_state,
            "amount_local": voucher.amount_local,
            "amount_other": voucher.amount_other,
            "amount_gross": voucher.amount_gross,
            "amount_received": voucher.amount_received,
            "paid_at": voucher.paid_at.isoformat(),
            "value_date": voucher.value_date.isoformat(),
            "province_code": voucher.province_code,
            "replaces_voucher_id": voucher.replaces_voucher_id,
        }
    )


def voucher_from(document: str, seals: Seals) -> ContributionVoucher:
    """A version with its sealed fields opened. Raises `SealBroken`, `Unavailable`."""
    fields: dict[str, Any] = read(document)
    owner = keys.voucher_partition(fields["voucher_id"])
    fields[FINGERPRINT] = opened(owner, FINGERPRINT, as_stored(fields[FINGERPRINT]), seals)
    if fields["personal_id"] is not None:
        fields["personal_id"] = opened(owner, "personal_id", as_stored(fields["personal_id"]), seals)
    return ContributionVoucher(
        **{
            **fields,
            "event": VoucherEvent(fields["event"]),
            "receipt_date": date.fromisoformat(fields["receipt_date"]),
            "birth_date": None if fields["birth_date"] is None else birth_date(fields["birth_date"]),
            "from_month": Month.parse(fields["from_month"]),
            "paid_at": datetime.fromisoformat(fields["paid_at"]),
            "value_date": date.fromisoformat(fields["value_date"]),
        }
    )


def head_item(head: VoucherHead, seals: Seals) -> dict[str, Value]:
    """Raises TypeError for a head that no version and no replacement has begun."""
    owner = keys.voucher_partition(head.voucher_id)
    if head.received_at is None:
        raise TypeError("a voucher's head has a time of receipt")
    needs_person = head.state in {VoucherState.HELD, VoucherState.PARKED}
    received, day = instant_text(head.received_at), head.value_date
    item: dict[str, Value] = {
        "voucher_id": head.voucher_id,
        "voucher_version": head.voucher_version,
        "state": head.state,
        "reason": head.reason,
        "revision": head.revision,
        "fingerprints": {
            str(version): to_store(owner, FINGERPRINT, mark, seals) for version, mark in head.fingerprints.items()
        },
        "dossier_code": head.dossier_code,
        "applied_version": head.applied_version,
        "issued": head.issued or None,
        "cancelled": head.cancelled or None,
        "refunds": {str(version): span_text(span) for version, span in head.refunds.items()} or None,
        "replaced_by": head.replaced_by,
        "account": head.account,
        "told_by": head.told_by or None,
        "amount_received": head.amount_received,
        "province_code": head.province_code,
        "value_date": None if day is None else day.isoformat(),
        "received_at": received,
        "explanation": list(head.explanation) or None,
        "GSI1PK": None if day is None else keys.day_list(day, head.province_code, day_shard_of(head.voucher_id)),
        "GSI1SK": None if day is None else head.voucher_id,
        "GSI2PK": keys.voucher_list(head.province_code, 0) if needs_person else None,
        "GSI2SK": f"{received}#{head.voucher_id}" if needs_person else None,
    }
    if head.money is not None:
        money = head.money
        item |= {
            "applied": money.applied or None,
            "suspense": money.suspense or None,
            "held": money.held or None,
            "refunded": money.refunded or None,
        }
    hand = head.hand
    if hand.decisions:
        item["hand"] = [hand.linked, hand.unlinked, hand.accepted, hand.refund, hand.decisions]
    return present(item)


def open_fingerprint(head: VoucherHead, version: int, seals: Seals) -> VoucherHead:
    """A head that a voucher of this version can be judged by. Raises `SealBroken`, `Unavailable`."""
    mark = head.fingerprints.get(version)
    if mark is None:
        return head
    plain = opened(keys.voucher_partition(head.voucher_id), FINGERPRINT, mark, seals)
    return replace(head, fingerprints={**head.fingerprints, version: plain})


def head_from(item: Stored | None) -> VoucherHead | None:
    """A head; the fingerprints are carried unopened (`open_fingerprint`)."""
    if item is None:
        return None
    marks, refunds, lines = item["fingerprints"], item.get("refunds"), item.get("explanation")
    state, day = VoucherState(text(item, "state")), maybe(item, "value_date")
    return VoucherHead(
        voucher_id=text(item, "voucher_id"),
        voucher_version=number(item, "voucher_version"),
        state=state,
        reason=maybe(item, "reason"),
        revision=number(item, "revision"),
        fingerprints={int(version): as_stored(str(mark)) for version, mark in marks.items()}
        if isinstance(marks, dict)
        else {},
        dossier_code=maybe(item, "dossier_code"),
        applied_version=_count(item, "applied_version") or None,
        issued=_count(item, "issued"),
        cancelled=_count(item, "cancelled"),
        refunds={int(version): span_from(str(span)) for version, span in refunds.items()}
        if isinstance(refunds, dict)
        else {},
        replaced_by=maybe(item, "replaced_by"),
        account=maybe(item, "account"),
        hand=_hand_from(item.get("hand")),
        told_by=_count(item, "told_by"),
        amount_received=number(item, "amount_received"),
        province_code=text(item, "province_code"),
        value_date=None if day is None else date.fromisoformat(day),
        received_at=instant(item, "received_at"),
        money=_money_from(item, state, maybe(item, "reason")),
        explanation=tuple(map(str, lines)) if isinstance(lines, list) else (),
    )


def _money_from(item: Stored, state: VoucherState, reason: str | None) -> Standing | None:
    amounts = {name: _count(item, name) for name in ("applied", "suspense", "held", "refunded")}
    return Standing(state, reason, **amounts) if any(amounts.values()) else None


def _hand_from(stored: Value) -> Hand:
    if not isinstance(stored, list):
        return Hand()
    linked, unlinked, accepted, refund, decisions = stored
    numbers = [value if isinstance(value, int) else 0 for value in (accepted, refund, decisions)]
    return Hand(None if linked is None else str(linked), unlinked is True, *numbers)


def _count(item: Stored, name: str) -> int:
    return 0 if item.get(name) is None else number(item, name)
