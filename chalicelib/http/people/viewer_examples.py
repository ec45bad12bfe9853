"""Example of a dossier's view log in the published document."""

from __future__ import annotations

from typing import Any, Final

ANSWERS: Final[dict[str, Any]] = {
    "show_views": {
        "items": [
            {
                "number": 2,
                "at": "2023-02-07T08:31:05+07:00",
                "agency": "BHXH Hà Nội",
                "role": "officer",
                "what": "DOSSIER",
                "reason": "xử lý hồ sơ",
                "allowed": False,
                "emergency": False,
            },
            {
                "number": 1,
                "at": "2023-02-06T14:02:40+07:00",
                "agency": "BHXH Thành phố Hồ Chí Minh",
                "role": "signer",
                "what": "DOSSIER",
                "reason": "đối chiếu trước khi ký tờ bìa",
                "allowed": True,
                "emergency": False,
            },
        ],
        "next_cursor": None,
    },
}
