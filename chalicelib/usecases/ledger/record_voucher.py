"""A contribution voucher takes effect, once: judged by what is stored, written in one transaction.

The ledger entry, the participation period, the person's supported months, a first-timer's SI number
and cover data, the dossier's account, its state and the audit lines are committed together or not at all. A
voucher that lost a race is judged again from what stands then.
"""

from __future__ import annotations

from dataclasses import replace

from ...domain.amounts.account import VoucherState
from ...domain.errors import storage_busy
from ...domain.events import Act, By
from ...domain.ledger.voucher import (
    ISSUING,
    OUTCOMES,
    ContributionVoucher,
    Outcome,
    Verdict,
    VoucherHead,
    is_superseded,
    judge,
    replaced,
    seen,
)
from ...domain.oversight.canary_payment import is_own_voucher
from ...storage import keys
from ...storage.items.vouchers import head_item, open_fingerprint, voucher_document
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from .move_money import ACTOR
from .post_voucher import Posting, received_at
from .quarantine import known_province, quarantine_item
from .voucher_facts import Facts as Facts
from .voucher_facts import VoucherFacts as VoucherFacts
from .voucher_facts import receipt_key

ROUNDS = 8


def record_voucher(voucher: ContributionVoucher, facts: Facts, w: Wiring) -> Verdict:
    """Let a voucher take its effect and tell which it was.

    `facts` may be stale: whatever changed since is found by the transaction's conditions.

    Raises:
        Unavailable: the table is busy; the same voucher may come again.
    """
    attempt = 0
    for _ in range(ROUNDS):
        verdict, transaction = _decided(voucher, facts, attempt, w)
        if transaction is None:
            return verdict
        try:
            transaction.commit(w.table)
        except Refused as lost:
            if "quarantine" in lost.found:
                # It lies there already, from an earlier delivery, and an officer may have begun to work on it.
                return verdict
            if set(lost.found) == {"si_number"}:
                attempt += 1
            facts = VoucherFacts([voucher], w).of(voucher)
            continue
        return verdict
    raise storage_busy()


def foreseen(voucher: ContributionVoucher, facts: Facts, w: Wiring) -> Verdict:
    """What would become of a voucher by what is stored; nothing is written."""
    return _decided(voucher, facts, 0, w)[0]


def _decided(voucher: ContributionVoucher, facts: Facts, attempt: int, w: Wiring) -> tuple[Verdict, Transaction | None]:
    """What becomes of a voucher, and the transaction that makes it so; None where there is nothing to write."""
    head = facts.head(voucher.voucher_id)
    known = None if head is None else open_fingerprint(head, voucher.voucher_version, w.fields)
    verdict = judge(voucher, known, facts.receipt_holder(voucher))
    if verdict is None and voucher.province_code not in w.law.provinces.codes():
        if not is_own_voucher(voucher):
            verdict = Verdict(Outcome.QUARANTINE, "PROVINCE_UNKNOWN")
        elif facts.dossier(voucher.dossier_code or "") is None:
            # It came late, and the canary has removed its dossier: nothing is kept for it to wait for.
            return Verdict(Outcome.IGNORE, "CANARY_GONE"), None
    if verdict is not None and verdict.outcome is Outcome.DUPLICATE:
        return verdict, None
    if verdict is not None and verdict.outcome is Outcome.QUARANTINE:
        return verdict, _quarantined(voucher, verdict.reason or "", w)
    if verdict is not None:
        return verdict, _ignored(voucher, head, verdict.reason, w)
    again = head is not None and voucher.voucher_version in head.fingerprints
    if not again and is_superseded(voucher, head):
        return _late(voucher, facts, w)
    return _posted(voucher, facts, head, attempt, again=again, w=w)


def _posted(
    voucher: ContributionVoucher, facts: Facts, head: VoucherHead | None, attempt: int, *, again: bool, w: Wiring
) -> tuple[Verdict, Transaction | None]:
    """The voucher enters the ledger, or is looked at `again` because its dossier has come."""
    now = received_at(w)
    posting = Posting(facts, Act(w.clock.now(), By.ACCOUNTING, ACTOR), w, attempt=attempt)
    after = head if again and head is not None else seen(head, voucher, now)
    posting.place(after, voucher if voucher.event in ISSUING else None)
    if voucher.replaced_id is not None:
        old = facts.head(voucher.replaced_id)
        posting.place(replaced(old, voucher, voucher.replaced_id, now))
    posting.post(voucher.voucher_id)
    stands = posting.head(voucher.voucher_id)
    if again and stands.state is VoucherState.PARKED:
        return Verdict(Outcome.DUPLICATE), None
    if not again:
        _keep(posting.transaction, voucher, facts, w)
    return Verdict(OUTCOMES[stands.state], stands.reason), posting.transaction


def _keep(transaction: Transaction, voucher: ContributionVoucher, facts: Facts, w: Wiring) -> None:
    """This version for good, and the claim of the receipt number."""
    transaction.put_new(
        "version",
        keys.voucher_version(voucher.voucher_id, voucher.voucher_version),
        {"document": voucher_document(voucher, w.fields)},
    )
    if facts.receipt_holder(voucher) is None:
        transaction.put_new("receipt", receipt_key(voucher), {"voucher_id": voucher.voucher_id})


def _late(voucher: ContributionVoucher, facts: Facts, w: Wiring) -> tuple[Verdict, Transaction]:
    """A version that a later one overtook: kept, and known again; the rest stays as the later one left it."""
    head = facts.head(voucher.voucher_id)
    if head is None:
        raise KeyError("only what has a head is superseded")
    transaction = Transaction()
    after = replace(seen(head, voucher, received_at(w)), revision=head.revision + 1)
    key, item = keys.voucher_head(voucher.voucher_id), head_item(after, w.fields)
    transaction.put_over("head", key, item, attribute="revision", expected=head.revision)
    _keep(transaction, voucher, facts, w)
    return Verdict(Outcome.SUPERSEDED), transaction


def _ignored(voucher: ContributionVoucher, head: VoucherHead | None, reason: str | None, w: Wiring) -> Transaction:
    """Another scheme's: counted by its head, without a receipt and without money of ours."""
    after = replace(seen(head, voucher, received_at(w)), state=VoucherState.IGNORED, reason=reason)
    transaction = Transaction()
    key = keys.voucher_head(voucher.voucher_id)
    if head is None:
        transaction.put_new("head", key, head_item(replace(after, revision=1), w.fields))
    else:
        item = head_item(replace(after, revision=head.revision + 1), w.fields)
        transaction.put_over("head", key, item, attribute="revision", expected=head.revision)
    return transaction


def _quarantined(voucher: ContributionVoucher, reason: str, w: Wiring) -> Transaction:
    transaction = Transaction()
    key, item = quarantine_item(
        voucher_document(voucher, None),
        w,
        reason=reason,
        province_code=known_province(voucher.province_code, w),
        received_at=w.clock.now(),
        voucher_id=voucher.voucher_id,
        voucher_version=voucher.voucher_version,
        amount_received=voucher.amount_received,
        dossier_code=voucher.dossier_code,
        day=voucher.value_date,
    )
    transaction.put_new("quarantine", key, item)
    return transaction
