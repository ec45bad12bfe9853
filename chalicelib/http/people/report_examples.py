"""Example of what is held about a person, in the published document."""

from __future__ import annotations

from typing import Any, Final

_CODE: Final = "000.00.79.G24-230206-0001"

BODIES: Final[dict[str, Any]] = {
    "report_about_person": {
        "personal_id": "079185012345",
        "kind": "ACCESS",
        "received_at": "2026-02-13T09:00:00+07:00",
        "reason": "Đơn số 12/2026 của công dân",
    }
}

ANSWERS: Final[dict[str, Any]] = {
    "report_about_person": {
        "kind": "ACCESS",
        "received_at": "2026-02-13T09:00:00+07:00",
        "due": {
            "first_answer_by": "2026-02-24T17:00:00+07:00",
            "final_answer_by": "2026-02-24T17:00:00+07:00",
            "extended_until": "2026-03-11T17:00:00+07:00",
        },
        "si_number": "7912345678",
        "supported_months": 1,
        "participation": [
            {
                "from_month": "2023-02",
                "to_month": "2023-02",
                "income": 1500000,
                "amount_gross": 330000,
                "amount_participant": 297000,
                "amount_state": 33000,
                "amount_local": 0,
                "status": "ACTIVE",
                "voucher_id": "KT79-2023-0000001",
            }
        ],
        "dossiers": [
            {
                "dossier_code": _CODE,
                "province_code": "79",
                "state": "RESULT_RETURNED",
                "created_at": "2023-02-06T09:00:00+07:00",
                "full_name": "Nguyễn Thị Hòa",
                "birth_date": "1985-05-12",
                "gender": "NU",
                "nationality": "VN",
                "phone": "0912345678",
                "email": None,
                "address": "12 Lê Lợi, 26734, 760, 79",
                "views": f"/v1/dossiers/{_CODE}/views",
            }
        ],
        "dossiers_elsewhere": 0,
    }
}
