"""A dossier has come: vouchers that arrived before it take their effect now."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.ledger.voucher import Outcome, Verdict
from ...log import facts, logger
from ...storage import keys
from ...storage.items.dossiers import dossier_from
from ...storage.items.vouchers import voucher_from
from ...storage.table import Stored
from ...storage.transaction import Transaction
from ...wiring import Wiring
from .record_voucher import VoucherFacts, record_voucher

log = logger(__name__)


def match_parked(code: str, w: Wiring) -> list[Verdict]:
    """Judge every voucher that waits for this dossier, or for a dossier of its person, again. AP1.

    Safe to repeat: what took effect is a duplicate. Raises `Unavailable` when the table is busy.
    """
    stored = w.table.get(keys.dossier(code))
    if stored is None:
        return []
    verdicts = []
    for item in _waiting(code, dossier_from(stored).person, w):
        voucher = voucher_from(str(item["document"]), w.fields)
        facts_now = VoucherFacts([voucher], w).of(voucher)
        verdict = record_voucher(voucher, facts_now, w)
        head = facts_now.head(voucher.voucher_id)
        settled = head is None or not head.is_waiting or head.issued != voucher.voucher_version
        if verdict.outcome is Outcome.DUPLICATE and settled:
            # Settled by another way than this entry: the entry alone is left over.
            leftover = Transaction()
            leftover.delete("pending", (str(item["PK"]), str(item["SK"])))
            leftover.commit(w.table)
        log.info(
            "parked voucher judged again",
            extra=facts(
                dossier_code=code, voucher_id=voucher.voucher_id, outcome=verdict.outcome, reason=verdict.reason
            ),
        )
        verdicts.append(verdict)
    return verdicts


def _waiting(code: str, person: str, w: Wiring) -> Iterator[Stored]:
    """AP6."""
    yield from w.table.query(keys.dossier_partition(code), keys.PENDING)
    yield from w.table.query(keys.person_partition(person), keys.PENDING)
