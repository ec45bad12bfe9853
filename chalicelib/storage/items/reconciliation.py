"""Accounting's manifests and the sign-offs of a day, as items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ...domain.ledger.manifest import Manifest
from ...domain.ledger.sign_off import SignOff
from ...domain.months import instant_text
from ..codec import Value
from ..table import Stored
from .fields import instant, maybe, number, present, text


def manifest_head_item(marks: Sequence[str]) -> dict[str, Value]:
    """The head: which different manifests came, in their order."""
    return {"number": len(marks), "fingerprints": list(marks)}


def manifest_marks(item: Stored | None) -> list[str]:
    """The fingerprints of a day's manifests, in the order of their arrival."""
    marks = None if item is None else item["fingerprints"]
    return [str(mark) for mark in marks] if isinstance(marks, list) else []


def manifest_item(manifest: Manifest) -> dict[str, Value]:
    return present(
        {
            "number": manifest.number,
            "count": manifest.count,
            "sum_received": manifest.sum_received,
            "first_voucher_id": manifest.first_voucher_id,
            "last_voucher_id": manifest.last_voucher_id,
            "received_at": instant_text(manifest.received_at),
        }
    )


def manifest_from(item: Stored) -> Manifest:
    received = instant(item, "received_at")
    if received is None:
        raise TypeError("a manifest has no time of receipt")
    return Manifest(
        number=number(item, "number"),
        count=number(item, "count"),
        sum_received=number(item, "sum_received"),
        first_voucher_id=maybe(item, "first_voucher_id"),
        last_voucher_id=maybe(item, "last_voucher_id"),
        received_at=received,
    )


def sign_off_item(signed: SignOff) -> dict[str, Value]:
    return {
        "number": signed.number,
        "day": signed.day.isoformat(),
        "province_code": signed.province_code,
        "by": signed.by,
        "at": instant_text(signed.at),
        "note": signed.note,
        "acknowledged": list(signed.acknowledged),
        "figures": {name: figure for name, figure in signed.figures.items() if figure is not None},
    }


def sign_off_from(item: Stored) -> SignOff:
    at, figures, acknowledged = instant(item, "at"), item["figures"], item["acknowledged"]
    if at is None or not isinstance(figures, Mapping) or not isinstance(acknowledged, list):
        raise TypeError("a sign-off is malformed")
    return SignOff(
        number=number(item, "number"),
        day=date.fromisoformat(text(item, "day")),
        province_code=text(item, "province_code"),
        by=text(item, "by"),
        at=at,
        note=text(item, "note"),
        acknowledged=tuple(map(str, acknowledged)),
        figures={name: number(figures, name) for name in figures},
    )
