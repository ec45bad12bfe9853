"""A voucher of another scheme is not ours: counted for the reconciliation of its day, with nothing personal kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from ...domain.months import instant_text
from ...storage import keys
from ...storage.items.vouchers import day_shard_of
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from .quarantine import known_province, legible


def count_other(body: str, w: Wiring) -> None:
    """Count it once, whatever comes of it later; one without a legible number and day is not counted.

    Raises `Unavailable` when the table is busy.
    """
    told = legible(body)
    name, day = told.get("voucher_id"), told.get("value_date")
    if name is None or day is None:
        return
    province = known_province(told.get("province_code"), w)
    transaction = Transaction()
    transaction.put_new(
        "other",
        keys.other_scheme(str(name)),
        {
            "voucher_id": name,
            "province_code": province,
            "amount_received": told.get("amount_received", 0),
            "received_at": instant_text(w.clock.now()),
            "GSI1PK": keys.day_list(date.fromisoformat(str(day)), province, day_shard_of(str(name))),
            "GSI1SK": name,
        },
    )
    with suppress(Refused):
        transaction.commit(w.table)
