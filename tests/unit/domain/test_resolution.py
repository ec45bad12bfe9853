"""What people may decide about a voucher, and what not: nothing is settled twice."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.amounts.account import VoucherState
from chalicelib.domain.errors import Conflict
from chalicelib.domain.ledger.resolution import Action, Resolution, resolved
from chalicelib.domain.ledger.voucher import Hand, VoucherHead
from tests.unit.domain.made import CODE
from tests.unit.domain.test_voucher import head


def decided(action: Action, found: VoucherHead) -> VoucherHead:
    return resolved(found, Resolution(action, "Đã xác minh.", ("officer-79",), CODE))


def held(reason: str = "IDENTITY_MISMATCH", **more: Any) -> VoucherHead:
    return head(**{"state": VoucherState.HELD, "reason": reason, "account": CODE, **more})


def test_each_decision_leaves_its_mark() -> None:
    assert decided(Action.LINK, held()).hand == Hand(linked=CODE, decisions=1)
    assert decided(Action.UNLINK, held(hand=Hand(linked="x", accepted=1, decisions=2))).hand == Hand(
        unlinked=True, decisions=3
    )
    assert decided(Action.LINK, held(hand=Hand(unlinked=True, decisions=1))).hand == Hand(linked=CODE, decisions=2)
    assert decided(Action.ACCEPT, held()).hand == Hand(accepted=1, decisions=1)
    assert decided(Action.REFUND, held("UNDERPAID")).hand == Hand(refund=1, decisions=1)


@pytest.mark.parametrize("action", tuple(Action))
@pytest.mark.parametrize(
    "state", (VoucherState.CANCELLED, VoucherState.REPLACED, VoucherState.REFUNDED, VoucherState.IGNORED)
)
def test_what_is_settled_is_not_settled_again(action: Action, state: VoucherState) -> None:
    with pytest.raises(Conflict, match="VOUCHER_SETTLED"):
        decided(action, held(state=state))


@pytest.mark.parametrize("action", (Action.LINK, Action.ACCEPT, Action.REFUND))
def test_what_pays_is_first_taken_away(action: Action) -> None:
    with pytest.raises(Conflict, match="VOUCHER_APPLIED"):
        decided(action, held(state=VoucherState.APPLIED))
    assert decided(Action.UNLINK, held(state=VoucherState.APPLIED)).hand.unlinked


@pytest.mark.parametrize("reason", ("UNDERPAID", "DOUBLE_PAYMENT", "DOSSIER_CLOSED", "ORIGINAL_MISSING"))
def test_no_decision_makes_money_enough(reason: str) -> None:
    with pytest.raises(Conflict, match="VOUCHER_NOT_ACCEPTABLE"):
        decided(Action.ACCEPT, held(reason))


def test_nothing_is_accepted_for_no_dossier_and_nothing_unlinked_twice() -> None:
    with pytest.raises(Conflict, match="VOUCHER_NOT_ACCEPTABLE"):
        decided(Action.ACCEPT, held(account=None))
    with pytest.raises(Conflict, match="VOUCHER_NOT_LINKED"):
        decided(Action.UNLINK, held("UNLINKED", hand=Hand(unlinked=True, decisions=1)))


def test_a_refund_without_its_voucher_is_nobodys_to_decide() -> None:
    with pytest.raises(Conflict, match="VOUCHER_SETTLED"):
        decided(Action.REFUND, held("ORIGINAL_MISSING", issued=0))
