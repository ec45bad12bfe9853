"""A person settles what a machine must not: the decision enters the ledger as an event of its own.

The doors, the right to decide and the second person are the caller's; here the decision takes its effect, once.
"""

from __future__ import annotations

from collections.abc import Callable

from ...domain.errors import Conflict, Fault, NotFound, Rejected, VersionConflict, storage_busy
from ...domain.events import Act
from ...domain.ledger.resolution import Action, Resolution, resolved
from ...domain.ledger.voucher import VoucherHead, VoucherState
from ...domain.months import instant_text
from ...domain.registration.dossier import Dossier
from ...storage import keys
from ...storage.items.fields import present
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from .post_voucher import Posting
from .voucher_facts import Facts

ROUNDS = 8

Permit = Callable[[VoucherHead, Dossier | None], None]
"""Raises where the caller may not decide about this voucher; the dossier is the one that it is, or would be, in."""
More = Callable[[Transaction, VoucherHead], None]
"""Adds writes of the caller's own to the decision's transaction, given the head as it will stand."""


def resolve(
    voucher_id: str,
    resolution: Resolution,
    act: Act,
    w: Wiring,
    *,
    expected_revision: int | None = None,
    permit: Permit = lambda head, dossier: None,
    more: More = lambda transaction, head: None,
) -> VoucherHead:
    """Take a decision about a voucher, with everything that follows for accounts, periods, covers and refund cases.

    Gives the head as it stands after. One transaction; a decision that lost a race is judged again from what stands
    then, so nothing is settled twice. AP5.

    Raises:
        NotFound: VOUCHER_NOT_FOUND.
        VersionConflict: the head is not at `expected_revision` any more.
        Rejected: DOSSIER_NOT_FOUND for a LINK.
        Conflict: what `domain.ledger.resolution.resolved` refuses; an ACCEPT that leaves the voucher held for the same
            reason is refused with that reason as its code (OVERLAP, SI_NUMBER_OF_ANOTHER, ...).
        Unavailable: the table is busy.
    """
    for _ in range(ROUNDS):
        facts = Facts(w)
        head = facts.head(voucher_id)
        if head is None or not head.voucher_version:
            raise NotFound("VOUCHER_NOT_FOUND", "Không có chứng từ mang mã này.")
        if expected_revision is not None and expected_revision != head.revision:
            raise VersionConflict(
                "VERSION_CONFLICT",
                "Chứng từ đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện.",
                facts={"version": head.revision, "state": head.state},
            )
        target = resolution.dossier_code if resolution.action is Action.LINK else head.account
        dossier = None if target is None else facts.dossier(target)
        permit(head, dossier)
        if resolution.action is Action.LINK and dossier is None:
            raise Rejected([Fault("dossier_code", "DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")])
        posting = Posting(facts, act, w)
        posting.place(resolved(head, resolution))
        posting.post(voucher_id)
        after = posting.head(voucher_id)
        if resolution.action is Action.ACCEPT and after.state is VoucherState.HELD and after.reason == head.reason:
            message = "Chứng từ vẫn bị giữ vì cùng một lý do."
            raise Conflict(head.reason or "", message, facts={"state": after.state, "version": head.revision})
        _keep(posting.transaction, after, resolution, act)
        more(posting.transaction, after)
        try:
            posting.transaction.commit(w.table)
        except Refused:
            continue
        return after
    raise storage_busy()


def _keep(transaction: Transaction, head: VoucherHead, resolution: Resolution, act: Act) -> None:
    """The decision for good, beside the versions that it is about."""
    item = {
        "action": resolution.action,
        "reason": resolution.reason,
        "dossier_code": resolution.dossier_code,
        "decided_by": list(resolution.decided_by),
        "voucher_version": head.voucher_version,
        "at": instant_text(act.at),
        "state": head.state,
    }
    transaction.put_new("resolution", keys.voucher_resolution(head.voucher_id, head.hand.decisions), present(item))
