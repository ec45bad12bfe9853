"""One message of each kind, as integrators are shown it: in the schemas, the OpenAPI document and the samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ISSUED: Final[Mapping[str, Any]] = {
    "message_id": "5b0c7d0e-3f0a-4a52-9d0e-0123456789ab",
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
    "income": 1500000,
    "method": "M1",
    "from_month": "2023-02",
    "months": 1,
    "amount_participant": 297000,
    "amount_state": 33000,
    "amount_local": 0,
    "amount_other": 0,
    "amount_gross": 330000,
    "amount_received": 297000,
    "bank_txn_id": "FT23037000001",
    "bank_code": "VCB",
    "paid_at": "2023-02-06T09:15:22+07:00",
    "value_date": "2023-02-06",
    "province_code": "79",
    "currency": "VND",
}

_UNTOLD: Final = {"si_number", "bank_code", "amount_other", "bank_txn_id", "payer"}
"""What accounting leaves out of a cancellation."""

EXAMPLES: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "dossier-status": {
        "dossier-status": {
            "event_id": "939f6382-0b6a-5e18-93c1-840ccdb25d95",
            "sequence": 3,
            "dossier_code": "000.00.79.G24-230206-0001",
            "national_code": "000.00.00.G24-230206-000123",
            "state": "IN_PROCESS",
            "national_status": 4,
            "occurred_at": "2023-02-06T09:00:00+07:00",
            "due_at": "2023-02-13T17:00:00+07:00",
            "reason": None,
        }
    },
    "vouchers": {
        "voucher-issued": _ISSUED,
        "voucher-cancelled": {
            **{name: value for name, value in _ISSUED.items() if name not in _UNTOLD},
            "message_id": "5b0c7d0e-3f0a-4a52-9d0e-0123456789ac",
            "voucher_version": 2,
            "event": "CANCELLED",
        },
    },
    "vouchers-manifest": {
        "manifest": {
            "type": "manifest",
            "date": "2023-02-06",
            "province_code": "79",
            "count": 1,
            "sum_received": 297000,
            "first_voucher_id": "KT79-2023-0000001",
            "last_voucher_id": "KT79-2023-0000001",
        }
    },
}
"""By channel, then by the name of the sample."""
