"""Examples of the register of requests about one's own data, in the published document."""

from __future__ import annotations

from typing import Any, Final

from . import report_examples

_CODE: Final = "000.00.79.G24-230206-0001"

RECORDED: Final[dict[str, Any]] = {
    "request_id": "79-5f0c1e8a9b3d7462",
    "version": 1,
    "province_code": "79",
    "kind": "CORRECTION",
    "state": "RECEIVED",
    "reference": "Đơn số 12/2026",
    "received_at": "2026-03-02T09:00:00+07:00",
    "recorded_at": "2026-03-02T09:20:00+07:00",
    "due": {
        "first_answer_by": "2026-03-04T17:00:00+07:00",
        "final_answer_by": "2026-03-12T17:00:00+07:00",
        "extended_until": "2026-03-27T17:00:00+07:00",
    },
    "next_answer_by": "2026-03-04T17:00:00+07:00",
    "due_soon": False,
    "late": False,
    "dossiers": [_CODE],
    "first_answered_at": None,
    "extended_at": None,
    "extension_reason": None,
    "reported_at": None,
    "answered_at": None,
    "outcome": None,
    "answer": None,
    "corrected_by": None,
}
ACKNOWLEDGED: Final[dict[str, Any]] = {
    **RECORDED,
    "version": 2,
    "state": "ACKNOWLEDGED",
    "first_answered_at": "2026-03-03T10:00:00+07:00",
    "next_answer_by": "2026-03-12T17:00:00+07:00",
}
EXTENDED: Final[dict[str, Any]] = {
    **ACKNOWLEDGED,
    "version": 3,
    "extended_at": "2026-03-11T15:00:00+07:00",
    "extension_reason": "Chờ xác minh của Công an xã",
    "next_answer_by": "2026-03-27T17:00:00+07:00",
}
ANSWERED: Final[dict[str, Any]] = {
    **EXTENDED,
    "version": 4,
    "state": "ANSWERED",
    "next_answer_by": None,
    "answered_at": "2026-03-20T16:00:00+07:00",
    "outcome": "FULFILLED",
    "answer": "Đã sửa địa chỉ thường trú trong hồ sơ.",
    "corrected_by": f"{_CODE}#6",
}

BODIES: Final[dict[str, Any]] = {
    "record_data_request": {
        "personal_id": "079185012345",
        "province_code": "79",
        "kind": "CORRECTION",
        "reference": "Đơn số 12/2026",
        "received_at": "2026-03-02T09:00:00+07:00",
    },
    "acknowledge_data_request": {},
    "extend_data_request": {"reason": "Chờ xác minh của Công an xã"},
    "answer_data_request": {
        "outcome": "FULFILLED",
        "answer": "Đã sửa địa chỉ thường trú trong hồ sơ.",
        "dossier_code": _CODE,
    },
    "report_on_data_request": {},
}

ANSWERS: Final[dict[str, Any]] = {
    "record_data_request": RECORDED,
    "list_data_requests": {"items": [EXTENDED], "next_cursor": None},
    "show_data_request": {
        "request": ANSWERED,
        "trail": [
            {
                "number": 1,
                "event": "DATA_REQUEST_RECORDED",
                "at": "2026-03-02T09:20:00+07:00",
                "actor": "officer-79",
            }
        ],
    },
    "acknowledge_data_request": ACKNOWLEDGED,
    "extend_data_request": EXTENDED,
    "answer_data_request": ANSWERED,
    "report_on_data_request": report_examples.ANSWERS["report_about_person"],
}
