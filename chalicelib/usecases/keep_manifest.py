"""Accounting's totals of a day and province, kept for the reconciliation."""

from __future__ import annotations

from datetime import date

from ..domain.months import instant_text
from ..storage import keys
from ..wiring import Wiring


def keep_manifest(
    *,
    day: date,
    province_code: str,
    count: int,
    sum_received: int,
    first_voucher_id: str | None,
    last_voucher_id: str | None,
    w: Wiring,
) -> None:
    """Keep a manifest; a later one of the same day and province takes its place. `sum_received` in VND."""
    w.table.put(
        keys.manifest(day, province_code),
        {
            "count": count,
            "sum_received": sum_received,
            "first_voucher_id": first_voucher_id,
            "last_voucher_id": last_voucher_id,
            "received_at": instant_text(w.clock.now()),
        },
    )
