"""Examples of acceptance, steps, delivery and reopening in the published document."""

from __future__ import annotations

from typing import Any, Final

_IN_PROCESS: Final[dict[str, Any]] = {
    "dossier_code": "000.00.79.G24-230206-0001",
    "national_code": "000.00.00.G24-230206-000123",
    "procedure_code": "602e",
    "state": "IN_PROCESS",
    "national_status": 4,
    "version": 4,
    "due_at": "2023-02-13T17:00:00+07:00",
    "overdue": False,
}
_COMPLETED: Final[dict[str, Any]] = {**_IN_PROCESS, "state": "COMPLETED", "national_status": 9, "version": 8}

BODIES: Final[dict[str, Any]] = {
    "deliver_result": {"channel": "POST", "tracking_no": "EK123456789VN"},
    "request_reopening": {"reason": "Chứng từ đóng bị hủy, người tham gia nộp lại."},
}

ANSWERS: Final[dict[str, Any]] = {
    "accept_dossier": _IN_PROCESS,
    "complete_dossier_step": {**_IN_PROCESS, "version": 5},
    "deliver_result": {**_COMPLETED, "state": "RESULT_RETURNED", "national_status": 10},
    "request_reopening": _COMPLETED,
    "approve_reopening": {**_IN_PROCESS, "version": 10},
}
