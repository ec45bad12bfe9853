"""Central accounting's part for a test: pays a dossier through the queue's own function."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from chalicelib.queues.vouchers import voucher_consumer


def voucher_for(opened: Mapping[str, Any], declared: Mapping[str, Any], paid_at: str) -> dict[str, Any]:
    """The voucher that pays what a dossier asks for."""
    number = opened["dossier_code"][-4:]
    quote, province = opened["quote"], declared["permanent_address"]["province_code"]
    return {
        "message_id": str(uuid.uuid4()),
        "voucher_id": f"KT{province}-2023-{number}",
        "voucher_version": 1,
        "event": "ISSUED",
        "receipt": {"symbol": f"BH23-{province}/E", "number": f"000{number}", "date": "2023-02-06"},
        "kind": "BIEN_LAI_DIEN_TU",
        "channel": "PORTAL",
        "dossier_code": opened["dossier_code"],
        "personal_id": declared["personal_id"],
        "si_number": None,
        "full_name": declared["full_name"].upper(),
        "birth_date": declared["birth_date"],
        "payer": {"name": declared["full_name"].upper(), "relation": "SELF"},
        "scheme": "BHXH_TN",
        "income": declared["income"],
        "method": declared["method"],
        "from_month": declared["from_month"],
        "months": quote["months"],
        "amount_participant": quote["amount_participant"],
        "amount_state": quote["amount_state"],
        "amount_local": quote["amount_local"],
        "amount_other": 0,
        "amount_gross": quote["amount_gross"],
        "amount_received": quote["amount_participant"],
        "bank_txn_id": f"FT2303700{number}",
        "bank_code": "VCB",
        "paid_at": paid_at,
        "value_date": "2023-02-06",
        "province_code": province,
        "currency": "VND",
    }


def pay(opened: Mapping[str, Any], declared: Mapping[str, Any], paid_at: str = "2023-02-06T09:15:22+07:00") -> None:
    """Deliver the voucher; it must be taken."""
    message = json.dumps(voucher_for(opened, declared, paid_at))
    record = {"messageId": str(uuid.uuid4()), "receiptHandle": "r", "body": message, "eventSource": "aws:sqs"}
    assert voucher_consumer({"Records": [record]}, None) == {"batchItemFailures": []}
