"""Refund cases as items."""

from __future__ import annotations

from ...domain.ledger.refund_case import RefundCase, RefundState
from ...domain.months import instant_text
from .. import keys
from ..codec import Value
from ..table import Stored
from .dossiers import shard_of
from .fields import instant, number, present, text


def refund_item(case: RefundCase) -> dict[str, Value]:
    opened, is_open = instant_text(case.opened_at), case.state is RefundState.OPEN
    return present(
        {
            "refund_id": case.refund_id,
            "dossier_code": case.dossier_code,
            "number": case.number,
            "province_code": case.province_code,
            "amount": case.amount,
            "voucher_ids": list(case.voucher_ids),
            "cause": case.cause,
            "state": case.state,
            "created_at": opened,
            "closed_at": None if case.closed_at is None else instant_text(case.closed_at),
            "GSI2PK": keys.refund_list(case.province_code, shard_of(case.dossier_code)) if is_open else None,
            "GSI2SK": f"{opened}#{case.refund_id}" if is_open else None,
        }
    )


def refund_from(item: Stored) -> RefundCase:
    opened, vouchers = instant(item, "created_at"), item["voucher_ids"]
    if opened is None or not isinstance(vouchers, list):
        raise TypeError("a refund case is malformed")
    return RefundCase(
        dossier_code=text(item, "dossier_code"),
        number=number(item, "number"),
        province_code=text(item, "province_code"),
        amount=number(item, "amount"),
        voucher_ids=tuple(map(str, vouchers)),
        cause=text(item, "cause"),
        opened_at=opened,
        state=RefundState(text(item, "state")),
        closed_at=instant(item, "closed_at"),
    )
