"""What the canary declares and pays, and how its vouchers are told from everybody else's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from ..ledger.voucher import ContributionVoucher, VoucherEvent
from .canary import PERSONAL_ID, PROVINCE, SI_NUMBER

INCOME: Final = 5_000_000
"""VND a month: between every lowest and highest income for long."""

_CODE = re.compile(rf"[0-9]{{3}}\.[0-9]{{2}}\.{PROVINCE}\.[A-Z][0-9]{{2}}-([0-9]{{6}})-([0-9]{{4}})")


def is_own_code(dossier_code: str) -> bool:
    """Whether a dossier code is of the canary's province."""
    return _CODE.fullmatch(dossier_code) is not None


def voucher_id(dossier_code: str) -> str:
    """What the voucher of one of its dossiers is called: `CANARY-261122-0001`. Raises ValueError for another code."""
    found = _CODE.fullmatch(dossier_code)
    if found is None:
        raise ValueError("no dossier of the canary's")
    return f"CANARY-{found[1]}-{found[2]}"


def receipt(dossier_code: str) -> tuple[str, str]:
    """Symbol and number of the receipt for one of its dossiers. Raises ValueError for another code."""
    _, day, number = voucher_id(dossier_code).split("-")
    return f"CANARY-{day}", f"000{number}"


def is_own_voucher(voucher: ContributionVoucher) -> bool:
    """Whether a voucher is exactly one that the canary sends: new, for its own dossier, under its own name."""
    code = voucher.dossier_code
    return (
        voucher.province_code == PROVINCE
        and code is not None
        and is_own_code(code)
        and (voucher.voucher_id, voucher.voucher_version) == (voucher_id(code), 1)
        and (voucher.receipt_symbol, voucher.receipt_number) == receipt(code)
        and voucher.event is VoucherEvent.ISSUED
        and voucher.replaces_voucher_id is None
    )


def may_send(voucher: ContributionVoucher | None, sender: str, canary: str) -> bool:
    """Whether a message may come from its sender: from the canary its vouchers and nothing else, from others none.

    `sender` is SQS's SenderId, of a role `<role id>:<session>`; `canary` the id of the canary's role, empty in the
    sandbox, which knows no roles. `voucher` is None for any message that is no contribution voucher.
    """
    if not canary:
        return True
    return sender.startswith(f"{canary}:") == (voucher is not None and is_own_voucher(voucher))


def declaration(today: date, *, with_district: bool) -> dict[str, Any]:
    """What it declares: one month, continued, for somebody who has a book; no cover is made of it."""
    district = {"district_code": "990"} if with_district else {}
    return {
        "case_type": "CONTINUE",
        "personal_id": PERSONAL_ID,
        "full_name": "Chim Hoàng Yến",
        "birth_date": "1990-01-01",
        "gender": "NU",
        "nationality": "VN",
        "si_number": SI_NUMBER,
        "phone": "0900000000",
        "permanent_address": {"commune_code": "99001", "province_code": PROVINCE, **district},
        "support_category": "OTHER",
        "income": INCOME,
        "method": "M1",
        "from_month": f"{today:%Y-%m}",
        "book_form": "ELECTRONIC",
    }


def voucher(
    dossier_code: str, declared: Mapping[str, Any], quote: Mapping[str, Any], paid_at: datetime
) -> dict[str, Any]:
    """The voucher for one of its dossiers as accounting would send it; `quote` is what the API has told (VND)."""
    symbol, number = receipt(dossier_code)
    day = paid_at.date().isoformat()
    return {
        "message_id": voucher_id(dossier_code),
        "voucher_id": voucher_id(dossier_code),
        "voucher_version": 1,
        "event": "ISSUED",
        "receipt": {"symbol": symbol, "number": number, "date": day},
        "kind": "BIEN_LAI_DIEN_TU",
        "channel": "PORTAL",
        "dossier_code": dossier_code,
        "personal_id": PERSONAL_ID,
        "si_number": SI_NUMBER,
        "full_name": declared["full_name"].upper(),
        "birth_date": declared["birth_date"],
        "scheme": "BHXH_TN",
        "income": INCOME,
        "method": declared["method"],
        "from_month": declared["from_month"],
        "months": quote["months"],
        "amount_participant": quote["amount_participant"],
        "amount_state": quote["amount_state"],
        "amount_local": quote["amount_local"],
        "amount_gross": quote["amount_gross"],
        "amount_received": quote["amount_participant"],
        "value_date": day,
        "paid_at": paid_at.isoformat(timespec="seconds"),
        "province_code": PROVINCE,
        "currency": "VND",
    }
