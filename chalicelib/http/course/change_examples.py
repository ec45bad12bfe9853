"""Examples of supplements, withdrawal, refusal, stop and apology in the published document."""

from __future__ import annotations

from typing import Any, Final

_DOSSIER: Final[dict[str, Any]] = {
    "dossier_code": "000.00.79.G24-230206-0001",
    "national_code": "000.00.00.G24-230206-000123",
    "procedure_code": "602e",
    "state": "IN_PROCESS",
    "national_status": 4,
    "version": 5,
    "due_at": "2023-02-20T17:00:00+07:00",
    "overdue": False,
}
_STOPPED: Final = {**_DOSSIER, "state": "STOPPED", "national_status": 8, "version": 6}

BODIES: Final[dict[str, Any]] = {
    "supply_supplement": {"permanent_address": {"house_street": "12 Lê Lợi, tầng 2"}},
    "withdraw_dossier": {"reason": "Tôi đã chuyển sang đóng BHXH bắt buộc."},
    "request_supplement": {
        "reason": "Địa chỉ thường trú chưa đủ số nhà.",
        "fields": ["permanent_address.house_street"],
    },
    "refuse_dossier": {"reason": "Người tham gia không thuộc đối tượng."},
    "stop_dossier": {"reason": "Chứng từ đóng đã bị hủy."},
    "apologise": {"reason": "Hệ thống ký số bị gián đoạn.", "new_due_on": "2023-02-15"},
}

ANSWERS: Final[dict[str, Any]] = {
    "supply_supplement": _DOSSIER,
    "withdraw_dossier": {**_STOPPED, "state": "WITHDRAWN", "national_status": 7},
    "request_supplement": {
        **_DOSSIER,
        "state": "SUPPLEMENT_REQUESTED",
        "national_status": 5,
        "version": 4,
        "due_at": None,
    },
    "refuse_dossier": _STOPPED,
    "stop_dossier": _STOPPED,
    "apologise": {**_DOSSIER, "due_at": "2023-02-15T17:00:00+07:00"},
}
