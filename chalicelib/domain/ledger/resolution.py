"""What a person may decide about a voucher that a machine must not settle (domain rule 7.4, contract 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ..amounts.account import DOSSIER_CLOSED, DOUBLE_PAYMENT, UNDERPAID, VoucherState
from ..errors import Conflict
from .voucher import ORIGINAL_MISSING, VoucherHead


class Action(StrEnum):
    LINK = "LINK"
    """The money is for this dossier, whatever the voucher names."""
    UNLINK = "UNLINK"
    """The money is not for the dossier that it was matched to; automatic matching is off until a LINK."""
    ACCEPT = "ACCEPT"
    """The money counts for its dossier although person, terms or amounts do not fit; or: look once more."""
    REFUND = "REFUND"
    """The money goes back."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """One decision. `decided_by` are the `sub`s of the one or two persons who took it."""

    action: Action
    reason: str
    decided_by: tuple[str, ...]
    dossier_code: str | None = None
    """For LINK."""


SETTLED = frozenset({VoucherState.CANCELLED, VoucherState.REPLACED, VoucherState.REFUNDED, VoucherState.IGNORED})
NOT_ACCEPTABLE = frozenset({UNDERPAID, DOUBLE_PAYMENT, DOSSIER_CLOSED, ORIGINAL_MISSING})
"""No decision makes this money enough, or its dossier open: it waits for more, or it goes back."""


def resolved(head: VoucherHead, resolution: Resolution) -> VoucherHead:
    """The head with the decision; where the voucher stands after it, the ledger tells.

    Raises:
        Conflict: VOUCHER_SETTLED, there is nothing left to decide; VOUCHER_APPLIED, its money pays already;
            VOUCHER_NOT_ACCEPTABLE, VOUCHER_NOT_LINKED.
    """
    action, hand = resolution.action, head.hand
    if head.state in SETTLED or not head.issued:
        raise _conflict("VOUCHER_SETTLED", "Chứng từ đã được giải quyết.", head)
    if head.state is VoucherState.APPLIED and action is not Action.UNLINK:
        raise _conflict("VOUCHER_APPLIED", "Chứng từ đã được ghi nhận cho hồ sơ.", head)
    if action is Action.LINK:
        hand = replace(hand, linked=resolution.dossier_code, unlinked=False)
    elif action is Action.UNLINK:
        if hand.unlinked:
            raise _conflict("VOUCHER_NOT_LINKED", "Chứng từ không gắn với hồ sơ nào.", head)
        hand = replace(hand, linked=None, unlinked=True, accepted=0)
    elif action is Action.REFUND:
        hand = replace(hand, refund=head.issued)
    else:
        if head.account is None or head.reason in NOT_ACCEPTABLE:
            raise _conflict("VOUCHER_NOT_ACCEPTABLE", "Không thể chấp nhận chứng từ này cho hồ sơ.", head)
        hand = replace(hand, accepted=head.issued)
    return replace(head, hand=replace(hand, decisions=hand.decisions + 1))


def _conflict(code: str, message: str, head: VoucherHead) -> Conflict:
    return Conflict(code, message, facts={"state": head.state, "version": head.revision})
