"""Examples of what is stuck in the published document."""

from __future__ import annotations

from typing import Any, Final

ANSWERS: Final[dict[str, Any]] = {
    "show_stuck": {
        "items": [
            {
                "kind": "cover",
                "subject": "000.00.79.G24-230206-0001-C1",
                "province_code": "79",
                "dossier_code": "000.00.79.G24-230206-0001",
                "waits_for": {"what": "SIGNATURE", "by": "2023-02-09T17:00:00+07:00", "owner": "SIGNER"},
                "cause": "Tờ bìa chờ người ký quá lâu.",
                "reason": None,
                "found_at": "2023-02-10T01:00:00+07:00",
            }
        ]
    },
    "officer_refunds": {
        "items": [
            {
                "refund_id": "000.00.79.G24-230206-0001-R1",
                "dossier_code": "000.00.79.G24-230206-0001",
                "province_code": "79",
                "state": "OPEN",
                "amount": 297000,
                "voucher_ids": ["KT79-2023-0000001"],
                "cause": "DOSSIER_WITHDRAWN",
                "opened_at": "2023-02-08T10:00:00+07:00",
                "late": False,
                "next_event": {"what": "REFUND", "by": "2023-03-01T17:00:00+07:00", "owner": "ACCOUNTING"},
            }
        ],
        "next_cursor": None,
    },
}
