"""Examples of campaigns in the published document."""

from __future__ import annotations

from typing import Any, Final

_STARTED: Final[dict[str, Any]] = {
    "campaign_id": "5f2c1a90b7d84e3c9a10",
    "province_code": "79",
    "state": "RUNNING",
    "started_at": "2023-02-06T10:00:00+07:00",
    "count": 10000,
    "remaining": 10000,
    "outcomes": {},
    "refused": [],
}

BODIES: Final[dict[str, Any]] = {"start_cover_campaign": {"province_code": "79"}}

ANSWERS: Final[dict[str, Any]] = {
    "start_cover_campaign": _STARTED,
    "show_cover_campaign": {
        **_STARTED,
        "state": "DONE",
        "remaining": 0,
        "outcomes": {"CHECKED": 9999, "INVALID_TRANSITION": 1},
        "refused": [{"cover_id": "000.00.79.G24-230206-0001-C1", "code": "INVALID_TRANSITION"}],
    },
}
