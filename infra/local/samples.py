"""Scenario A1's declaration and voucher as they are sent, and others made from them; no real person has these numbers.

Demo, rehearsals, benches and tests start from these and name what differs. Nothing of the product is imported.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Json = dict[str, Any]

DECLARATION: Json = {
    "national_code": "000.00.00.G24-230206-000123",
    "case_type": "FIRST_TIME",
    "personal_id": "079185012345",
    "full_name": "Nguyễn Thị Hòa",
    "birth_date": "1985-05-12",
    "gender": "NU",
    "nationality": "VN",
    "si_number": None,
    "phone": "+84912345678",
    "email": None,
    "permanent_address": {
        "house_street": "12 Lê Lợi",
        "commune_code": "26734",
        "district_code": "760",
        "province_code": "79",
    },
    "support_category": "OTHER",
    "support_proof_no": None,
    "income": 1_500_000,
    "method": "M1",
    "from_month": "2023-02",
    "book_form": "ELECTRONIC",
}
"""A woman born in 1985, income 1,500,000 đ, one month."""

VOUCHER: Json = {
    "message_id": "5b0c8f9e-52a5-4c7d-9d0b-0d3d7a1b2c3d",
    "voucher_id": "KT79-2023-0000001",
    "voucher_version": 1,
    "event": "ISSUED",
    "receipt": {"symbol": "BH23-79/E", "number": "0000001", "date": "2023-02-06"},
    "kind": "BIEN_LAI_DIEN_TU",
    "channel": "PORTAL",
    "dossier_code": "000.00.79.G24-230206-0001",
    "personal_id": "079185012345",
    "si_number": None,
    "full_name": "NGUYỄN THỊ HÒA",
    "birth_date": "1985-05-12",
    "payer": {"name": "NGUYỄN THỊ HÒA", "relation": "SELF"},
    "scheme": "BHXH_TN",
    "income": 1_500_000,
    "method": "M1",
    "from_month": "2023-02",
    "months": 1,
    "amount_participant": 297_000,
    "amount_state": 33_000,
    "amount_local": 0,
    "amount_other": 0,
    "amount_gross": 330_000,
    "amount_received": 297_000,
    "bank_txn_id": "FT23037000001",
    "bank_code": "VCB",
    "paid_at": "2023-02-06T09:15:22+07:00",
    "value_date": "2023-02-06",
    "province_code": "79",
    "currency": "VND",
}
"""Accounting's message for it, after the sample of domain rule 7.2."""

QUOTE: Json = {
    "income": 1_500_000,
    "method": "M3",
    "from_month": "2023-02",
    "support_category": "OTHER",
    "province_code": "79",
    "paid_on": "2023-02-06",
    "supported_months_used": 0,
}
"""A question for the price of three months."""


def first_timer(serial: int, **changes: Any) -> Json:
    """`DECLARATION` for one of a million cards, with an address of its own to change; `changes` replace fields."""
    return {
        **DECLARATION,
        "national_code": f"000.00.00.G24-230206-{serial:06d}",
        "personal_id": f"079185{serial:06d}",
        "permanent_address": {**DECLARATION["permanent_address"]},
        **changes,
    }


def paying_for(declaration: Mapping[str, Any], quote: Mapping[str, Any] | None = None) -> Json:
    """`VOUCHER` for another person and choice; `quote` gives months and amounts (default: A1's)."""
    name = declaration["full_name"].upper()
    amounts = quote or VOUCHER
    return {
        **VOUCHER,
        "personal_id": declaration["personal_id"],
        "si_number": declaration["si_number"],
        "full_name": name,
        "birth_date": declaration["birth_date"],
        "payer": {"name": name, "relation": "SELF"},
        "income": declaration["income"],
        "method": declaration["method"],
        "from_month": declaration["from_month"],
        "months": amounts["months"],
        "amount_participant": amounts["amount_participant"],
        "amount_state": amounts["amount_state"],
        "amount_local": amounts["amount_local"],
        "amount_gross": amounts["amount_gross"],
        "amount_received": amounts["amount_participant"],
    }


def voucher_for(
    declaration: Mapping[str, Any],
    dossier_code: str | None,
    *,
    number: str,
    paid_at: datetime,
    quote: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Json:
    """Accounting's message for a paid declaration, under ids of its own.

    `number` is the receipt's (seven digits) and makes the voucher's id; `quote` gives the amounts (default: A1's);
    `changes` replace fields.
    """
    person, day = declaration["personal_id"][-6:], paid_at.date().isoformat()
    return {
        **paying_for(declaration, quote),
        "message_id": str(uuid.uuid4()),
        "voucher_id": f"KT79-2023-{person}-{number}",
        "receipt": {"symbol": f"BH23-79/{person}", "number": number, "date": day},
        "dossier_code": dossier_code,
        "bank_txn_id": f"FT23037{number}",
        "paid_at": paid_at.isoformat(),
        "value_date": day,
        **changes,
    }
