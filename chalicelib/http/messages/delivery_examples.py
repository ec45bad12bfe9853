"""Examples of webhook deliveries in the published document."""

from __future__ import annotations

from typing import Any, Final

_CODE: Final = "000.00.79.G24-230206-0001"
_EVENT: Final[dict[str, Any]] = {
    "event_id": "939f6382-0b6a-5e18-93c1-840ccdb25d95",
    "dossier_code": _CODE,
    "sequence": 3,
    "state": "IN_PROCESS",
}

BODIES: Final[dict[str, Any]] = {"request_redelivery": {"dossier_code": _CODE, "from_sequence": 3}}

ANSWERS: Final[dict[str, Any]] = {
    "list_deliveries": {
        "items": [
            {
                **_EVENT,
                "attempt": 2,
                "at": "2023-02-06T09:15:31+07:00",
                "delivered": True,
                "status": 204,
                "error": None,
                "milliseconds": 61,
            },
            {
                **_EVENT,
                "attempt": 1,
                "at": "2023-02-06T09:15:24+07:00",
                "delivered": False,
                "status": None,
                "error": "NO_CONNECTION",
                "milliseconds": 3001,
            },
        ],
        "next_cursor": None,
    },
    "show_undelivered": {
        "items": [
            {
                "dossier_code": _CODE,
                "state": "PARKED",
                "delivered_sequence": 2,
                "attempts": 57,
                "failing_since": "2023-02-06T09:15:24+07:00",
                "next_attempt_at": None,
                "reason": "HTTP_503",
            }
        ],
        "next_cursor": None,
    },
    "request_redelivery": {"queued": 1, "more": False},
}
