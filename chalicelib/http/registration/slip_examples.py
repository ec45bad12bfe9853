"""Example of a slip's link in the published document."""

from __future__ import annotations

from typing import Any, Final

_PLACE: Final = "https://documents.s3.ap-southeast-1.amazonaws.com/slips/2023/02/000.00.79.G24-230206-0001"

ANSWERS: Final[dict[str, Any]] = {
    "show_slip_link": {
        "kind": "receipt",
        "number": 1,
        "issued_at": "2023-02-06T09:15:22+07:00",
        "url": f"{_PLACE}/receipt-1.pdf?X-Amz-Expires=300",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "expires_at": "2023-02-06T09:20:22+07:00",
    },
}
