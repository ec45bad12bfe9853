"""Made-up people and vouchers for the demo, the tests and the seed; no real person has these numbers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

Json = dict[str, Any]


def first_timer(serial: int, **changes: Any) -> Json:
    """The declaration of scenario A1 (a woman born in 1985, income 1,500,000 đ, one month), for one of a million cards.

    `changes` replace fields.
    """
    return {
        "national_code": f"000.00.00.G24-230206-{serial:06d}",
        "case_type": "FIRST_TIME",
        "personal_id": f"079185{serial:06d}",
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
        **changes,
    }


def voucher_for(
    declaration: Json,
    dossier_code: str | None,
    *,
    number: str,
    paid_at: datetime,
    quote: Json | None = None,
    **changes: Any,
) -> Json:
    """Accounting's message for a paid declaration, after the sample of domain rule 7.2.

    `number` is the receipt's (seven digits) and makes the voucher's id; `quote` gives the amounts (default: A1's);
    `changes` replace fields.
    """
    amounts = quote or {
        "months": 1,
        "amount_participant": 297_000,
        "amount_state": 33_000,
        "amount_local": 0,
        "amount_gross": 330_000,
    }
    name = declaration["full_name"].upper()
    day = paid_at.date().isoformat()
    return {
        "message_id": str(uuid.uuid4()),
        "voucher_id": f"KT79-2023-{declaration['personal_id'][-6:]}-{number}",
        "voucher_version": 1,
        "event": "ISSUED",
        "receipt": {"symbol": f"BH23-79/{declaration['personal_id'][-6:]}", "number": number, "date": day},
        "kind": "BIEN_LAI_DIEN_TU",
        "channel": "PORTAL",
        "dossier_code": dossier_code,
        "personal_id": declaration["personal_id"],
        "si_number": declaration["si_number"],
        "full_name": name,
        "birth_date": declaration["birth_date"],
        "payer": {"name": name, "relation": "SELF"},
        "scheme": "BHXH_TN",
        "income": declaration["income"],
        "method": declaration["method"],
        "from_month": declaration["from_month"],
        "months": amounts["months"],
        "amount_participant": amounts["amount_participant"],
        "amount_state": amounts["amount_state"],
        "amount_local": amounts["amount_local"],
        "amount_other": 0,
        "amount_gross": amounts["amount_gross"],
        "amount_received": amounts["amount_participant"],
        "bank_txn_id": f"FT23037{number}",
        "bank_code": "VCB",
        "paid_at": paid_at.isoformat(),
        "value_date": day,
        "province_code": "79",
        "currency": "VND",
        **changes,
    }
