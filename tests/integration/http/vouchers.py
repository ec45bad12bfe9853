"""Central accounting's part for a test: pays a dossier through the queue's own function."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from chalicelib.queues.vouchers import voucher_consumer
from infra.local.samples import VOUCHER, paying_for


def voucher_for(opened: Mapping[str, Any], declared: Mapping[str, Any], paid_at: str) -> dict[str, Any]:
    """The voucher that pays what a dossier asks for."""
    number = opened["dossier_code"][-4:]
    quote, province = opened["quote"], declared["permanent_address"]["province_code"]
    return {
        **paying_for(declared, quote),
        "message_id": str(uuid.uuid4()),
        "voucher_id": f"KT{province}-2023-{number}",
        "receipt": {**VOUCHER["receipt"], "symbol": f"BH23-{province}/E", "number": f"000{number}"},
        "dossier_code": opened["dossier_code"],
        "si_number": None,
        "bank_txn_id": f"FT2303700{number}",
        "paid_at": paid_at,
        "province_code": province,
    }


def deliver(*messages: Mapping[str, Any] | str) -> None:
    """Put messages on the queue, one after the other; each must be taken."""
    for message in messages:
        body = message if isinstance(message, str) else json.dumps(message)
        record = {"messageId": str(uuid.uuid4()), "receiptHandle": "r", "body": body, "eventSource": "aws:sqs"}
        assert voucher_consumer({"Records": [record]}, None) == {"batchItemFailures": []}


def pay(opened: Mapping[str, Any], declared: Mapping[str, Any], paid_at: str = "2023-02-06T09:15:22+07:00") -> None:
    """Deliver the voucher that pays a dossier."""
    deliver(voucher_for(opened, declared, paid_at))
