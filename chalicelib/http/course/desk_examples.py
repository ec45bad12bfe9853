"""Examples of the officers' desk in the published document."""

from __future__ import annotations

from typing import Any, Final

_CODE: Final = "000.00.79.G24-230206-0001"
_OTHER: Final = "000.00.79.G24-230206-0002"
_ASSIGNED: Final[dict[str, Any]] = {
    "dossier_code": _CODE,
    "state": "IN_PROCESS",
    "version": 4,
    "due_at": "2023-02-13T17:00:00+07:00",
    "assignee": "can-bo-17",
}
_TOLD: Final[dict[str, Any]] = {
    "version": 2,
    "event": "COVER_CHECKED",
    "state": "IN_PROCESS",
    "at": "2023-02-06T10:00:00+07:00",
    "by": "officer",
    "reason": None,
}

BODIES: Final[dict[str, Any]] = {
    "assign_dossier": {"assignee": "can-bo-17", "reason": "Cán bộ phụ trách nghỉ phép."},
    "assign_dossiers": {"dossier_codes": [_CODE, _OTHER], "assignee": "can-bo-17"},
    "issue_covers": {"cover_ids": [f"{_CODE}-C1", f"{_OTHER}-C1"], "versions": {f"{_OTHER}-C1": 1}},
}

_FIGURES: Final[dict[str, Any]] = {
    "received": 41,
    "on_time": 30,
    "late": 1,
    "in_process": 2,
    "overdue": 1,
    "waiting": {"payment": 0, "supplement": 3, "signer": 5},
    "unpaid": 4,
}

ANSWERS: Final[dict[str, Any]] = {
    "show_statistics": {
        "first_day": "2023-02-06",
        "last_day": "2023-02-12",
        "items": [{**_FIGURES, "province_code": "79", "day": "2023-02-06"}],
        "total": _FIGURES,
    },
    "assign_dossier": _ASSIGNED,
    "assign_dossiers": {
        "items": [
            {"dossier_code": _CODE, "status": 200, "dossier": _ASSIGNED, "problem": None},
            {
                "dossier_code": _OTHER,
                "status": 404,
                "dossier": None,
                "problem": {
                    "code": "DOSSIER_NOT_FOUND",
                    "detail": "Không có hồ sơ mang mã này.",
                    "version": None,
                    "state": None,
                    "changes": [],
                },
            },
        ]
    },
    "issue_covers": {
        "items": [
            {
                "cover_id": f"{_CODE}-C1",
                "status": 202,
                "cover": {
                    "cover_id": f"{_CODE}-C1",
                    "state": "CHECKED",
                    "version": 2,
                    "issued_at": None,
                    "dossier_code": _CODE,
                },
                "problem": None,
            },
            {
                "cover_id": f"{_OTHER}-C1",
                "status": 412,
                "cover": None,
                "problem": {
                    "code": "VERSION_CONFLICT",
                    "detail": "Tờ bìa đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện.",
                    "version": 2,
                    "state": "CHECKED",
                    "changes": [_TOLD],
                },
            },
        ]
    },
}
