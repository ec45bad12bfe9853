"""Vouchers and their heads as items."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from zlib import crc32

from ...domain.months import Month, instant_text
from ...domain.voucher import ContributionVoucher, VoucherEvent, VoucherHead, VoucherState
from .. import keys
from ..codec import Value
from ..table import Stored
from .fields import birth_date, dump, maybe, number, present, text

DAY_SHARDS = 4
"""Partitions per province and day of what accounting sent, so that two hours' backlog is not one hot partition."""


def day_shard_of(name: str) -> int:
    """The partition of a day's list that a voucher, message or cover lies in."""
    return crc32(name.encode()) % DAY_SHARDS


def voucher_document(voucher: ContributionVoucher) -> str:
    return dump(
        {
            "voucher_id": voucher.voucher_id,
            "voucher_version": voucher.voucher_version,
            "event": voucher.event,
            "scheme": voucher.scheme,
            "fingerprint": voucher.fingerprint,
            "receipt_symbol": voucher.receipt_symbol,
            "receipt_number": voucher.receipt_number,
            "receipt_date": voucher.receipt_date.isoformat(),
            "dossier_code": voucher.dossier_code,
            "personal_id": voucher.personal_id,
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


def voucher_from(document: str) -> ContributionVoucher:
    fields: dict[str, Any] = json.loads(document)
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


def head_item(head: VoucherHead, voucher: ContributionVoucher, received_at: datetime) -> dict[str, Value]:
    needs_person = head.state in {VoucherState.HELD, VoucherState.PARKED}
    received = instant_text(received_at)
    return present(
        {
            "voucher_id": head.voucher_id,
            "voucher_version": head.voucher_version,
            "state": head.state,
            "reason": head.reason,
            "revision": head.revision,
            "fingerprints": {str(version): mark for version, mark in head.fingerprints.items()},
            "dossier_code": head.dossier_code,
            "applied_version": head.applied_version,
            "amount_received": voucher.amount_received,
            "province_code": voucher.province_code,
            "received_at": received,
            "GSI1PK": keys.day_list(voucher.value_date, voucher.province_code, day_shard_of(head.voucher_id)),
            "GSI1SK": head.voucher_id,
            "GSI2PK": keys.voucher_list(voucher.province_code, 0) if needs_person else None,
            "GSI2SK": f"{received}#{head.voucher_id}" if needs_person else None,
        }
    )


def head_from(item: Stored | None) -> VoucherHead | None:
    if item is None:
        return None
    marks = item["fingerprints"]
    return VoucherHead(
        voucher_id=text(item, "voucher_id"),
        voucher_version=number(item, "voucher_version"),
        state=VoucherState(text(item, "state")),
        reason=maybe(item, "reason"),
        revision=number(item, "revision"),
        fingerprints={int(version): str(mark) for version, mark in marks.items()} if isinstance(marks, dict) else {},
        dossier_code=maybe(item, "dossier_code"),
        applied_version=None if item.get("applied_version") is None else number(item, "applied_version"),
    )
