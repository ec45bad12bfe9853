"""Examples of the voucher desk in the published document."""

from __future__ import annotations

from typing import Any, Final

_CODE: Final = "000.00.79.G24-230206-0001"
_ID: Final = "KT79-2023-0000001"
_WHY: Final = "Đã đối chiếu căn cước với cơ sở dữ liệu dân cư."

_ITEM: Final[dict[str, Any]] = {
    "id": _ID,
    "version": 3,
    "voucher_id": _ID,
    "voucher_version": 1,
    "state": "HELD",
    "reason": "IDENTITY_MISMATCH",
    "message": "Họ tên, ngày sinh hoặc số định danh trên chứng từ khác hồ sơ.",
    "cause": None,
    "received_at": "2023-02-06T09:15:30+07:00",
    "age_hours": 26,
    "amount_received": 297000,
    "dossier_code": _CODE,
    "province_code": "79",
    "value_date": "2023-02-06",
    "explanation": [],
    "actions": ["ACCEPT", "LINK", "REFUND", "UNLINK"],
    "two_persons": False,
    "proposal": None,
    "next_event": "DECISION",
    "next_at": None,
}
_DECIDED: Final[dict[str, Any]] = {
    "id": _ID,
    "version": 4,
    "action": "ACCEPT",
    "pending": False,
    "state": "APPLIED",
    "reason": None,
    "dossier_code": _CODE,
    "decided_by": "can-bo-17",
    "decided_at": "2023-02-07T10:00:00+07:00",
}

BODIES: Final[dict[str, Any]] = {
    "resolve_voucher": {"action": "ACCEPT", "reason": _WHY},
}

ANSWERS: Final[dict[str, Any]] = {
    "officer_vouchers": {"items": [_ITEM], "next_cursor": None},
    "officer_voucher": {
        **_ITEM,
        "money": {"applied": 0, "suspense": 0, "held": 297000, "refunded": 0},
        "versions": [
            {
                "voucher_version": 1,
                "event": "ISSUED",
                "receipt_symbol": "BH23-79/E",
                "receipt_number": "0000001",
                "receipt_date": "2023-02-06",
                "dossier_code": _CODE,
                "personal_id": "079*****2345",
                "si_number": None,
                "full_name": "NGUYỄN THỊ HOA",
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
                "paid_at": "2023-02-06T09:15:22+07:00",
                "value_date": "2023-02-06",
                "replaces_voucher_id": None,
            }
        ],
        "decisions": [],
        "trail": [],
        "content": None,
    },
    "resolve_voucher": _DECIDED,
    "approve_resolution": _DECIDED,
}
