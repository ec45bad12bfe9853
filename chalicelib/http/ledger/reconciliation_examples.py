"""Examples of the reconciliation in the published document."""

from __future__ import annotations

from typing import Any, Final

_NONE: Final = {"count": 0, "sum": 0}
_MANIFEST: Final = {
    "number": 1,
    "count": 3,
    "sum_received": 891000,
    "first_voucher_id": "KT79-2023-0000001",
    "last_voucher_id": "KT79-2023-0000003",
    "received_at": "2023-02-06T18:00:00+07:00",
}
_SIGNED: Final[dict[str, Any]] = {
    "number": 1,
    "date": "2023-02-06",
    "province_code": "79",
    "signed_by": "can-bo-17",
    "signed_at": "2023-02-07T08:30:00+07:00",
    "note": "Chứng từ số 2 kế toán sẽ gửi lại trong ngày 07/02.",
    "acknowledged": ["0f1e2d3c4b5a6978"],
}
_GAP: Final[dict[str, Any]] = {
    "id": "0f1e2d3c4b5a6978",
    "kind": "SEQUENCE_GAP",
    "message": "Thiếu chứng từ trong dãy số của bảng kê.",
    "open": True,
    "voucher_id": "KT79-2023-0000002",
    "last_voucher_id": "KT79-2023-0000002",
    "voucher_ids": ["KT79-2023-0000002"],
    "subject": None,
    "dossier_code": None,
    "state": None,
    "reason": None,
    "day": None,
    "expected": None,
    "found": 1,
}

BODIES: Final[dict[str, Any]] = {
    "sign_off_reconciliation": {
        "date": "2023-02-06",
        "province_code": "79",
        "note": "Chứng từ số 2 kế toán sẽ gửi lại trong ngày 07/02.",
        "acknowledged": ["0f1e2d3c4b5a6978"],
    },
}

ANSWERS: Final[dict[str, Any]] = {
    "show_reconciliation": {
        "date": "2023-02-06",
        "items": [
            {
                "date": "2023-02-06",
                "province_code": "79",
                "complete": True,
                "manifest": _MANIFEST,
                "manifests": [_MANIFEST],
                "sent": {"count": 3, "sum": 891000},
                "received": {"count": 2, "sum": 594000},
                "applied": {"count": 2, "sum": 594000},
                "suspense": _NONE,
                "held": _NONE,
                "parked": _NONE,
                "quarantined": _NONE,
                "refunded": _NONE,
                "cancelled": _NONE,
                "other_schemes": _NONE,
                "covers_issued": 2,
                "differences": [_GAP],
                "differences_total": 1,
                "open_differences": 1,
                "sign_off": {
                    **_SIGNED,
                    "changed_since": True,
                    "changes": [{"figure": "covers_issued", "before": 1, "now": 2}],
                },
            }
        ],
        "next_cursor": None,
    },
    "show_reconciliation text/csv": (
        "\ufeffrecord,date,province_code,item,count,sum,voucher_id,last_voucher_id,dossier_code,state,reason,expected,"
        "found,open,id,text\r\n"
        "figure,2023-02-06,79,sent,3,891000,,,,,,,,,,\r\n"
        "difference,2023-02-06,79,SEQUENCE_GAP,,,KT79-2023-0000002,KT79-2023-0000002,,,,,1,1,0f1e2d3c4b5a6978,"
        "Thiếu chứng từ trong dãy số của bảng kê.\r\n"
        'export,,,officer-79,,,,,,,,,,,,"Bản xuất dành riêng cho officer-79, lúc 2023-02-07T08:31:05+07:00. '
        'Không chuyển cho người khác."\r\n'
    ),
    "sign_off_reconciliation": _SIGNED,
}
