"""What vouchers would bring about if they came now, and what they have brought about: looked up, never written.

For `make redrive`: an operator sees the effect of a replay before it, and has it proved afterwards that the replay of a
voucher that had taken effect changed nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from ...domain.ledger.voucher import ContributionVoucher, Outcome, Verdict
from ...storage import keys
from ...storage.items.dossiers import person_of
from ...storage.items.vouchers import head_from
from ...storage.table import Stored
from ...wiring import Wiring
from .record_voucher import VoucherFacts, foreseen


def preview_vouchers(vouchers: Sequence[ContributionVoucher], w: Wiring) -> list[Verdict]:
    """The verdict of each voucher as the table stands; of equal ones only the first is new. AP60.

    Raises `Unavailable` when the table is busy.
    """
    facts = VoucherFacts(vouchers, w)
    seen: set[tuple[str, int, str]] = set()
    verdicts = []
    for voucher in vouchers:
        mark = (voucher.voucher_id, voucher.voucher_version, voucher.fingerprint)
        verdicts.append(Verdict(Outcome.DUPLICATE) if mark in seen else foreseen(voucher, facts.of(voucher), w))
        seen.add(mark)
    return verdicts


def state_of(voucher_id: str, w: Wiring) -> str:
    """Where a voucher stands, with its reason: `HELD UNDERPAID`; empty for one that is not known. AP61."""
    head = head_from(w.table.get(keys.voucher_head(voucher_id)))
    return "" if head is None else f"{head.state} {head.reason or ''}".strip()


def trace_of(voucher_id: str, w: Wiring) -> str:
    """A digest of all that a voucher has brought about: its head and versions, and whatever names it. AP62.

    Another process may write other things meanwhile; only what this voucher does changes the digest.
    """
    digest = hashlib.sha256()
    for item in _items_naming(voucher_id, w):
        digest.update(json.dumps(item, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _items_naming(voucher_id: str, w: Wiring) -> Iterator[Stored]:
    """AP62."""
    partition, _ = keys.voucher_head(voucher_id)
    own = list(w.table.query(partition))
    yield from own
    codes = {str(item["dossier_code"]) for item in own if item.get("dossier_code")}
    for code in sorted(codes):
        items = list(w.table.query(keys.dossier_partition(code)))
        yield from (item for item in items if voucher_id in (item.get("voucher_id"), item.get("subject")))
        people = {person_of(item) for item in items if item["SK"] == "META"}
        for person in sorted(people):
            rows = w.table.query(keys.person_partition(person))
            yield from (item for item in rows if item.get("voucher_id") == voucher_id)
