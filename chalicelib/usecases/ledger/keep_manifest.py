"""Accounting's totals of a day and province, kept with their history for the reconciliation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ...domain.errors import storage_busy
from ...domain.ledger.manifest import Manifest
from ...storage import keys
from ...storage.items.reconciliation import manifest_head_item, manifest_item, manifest_marks
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring

ROUNDS = 5


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
    """Keep a manifest behind those of its day and province; one that was kept before changes nothing. AP57.

    A different one counts from now on, and the one before stays visible. `sum_received` in VND. Raises `Unavailable`
    when the table is busy.
    """
    manifest = Manifest(1, count, sum_received, first_voucher_id, last_voucher_id, w.clock.now())
    head_key = keys.manifest_head(day, province_code)
    for _ in range(ROUNDS):
        marks = manifest_marks(w.table.get(head_key))
        if manifest.fingerprint in marks:
            return
        manifest = replace(manifest, number=len(marks) + 1)
        transaction = Transaction()
        head = manifest_head_item([*marks, manifest.fingerprint])
        if marks:
            transaction.put_over("head", head_key, head, attribute="number", expected=len(marks))
        else:
            transaction.put_new("head", head_key, head)
        transaction.put_new("manifest", keys.manifest(day, province_code, manifest.number), manifest_item(manifest))
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return
    raise storage_busy()
