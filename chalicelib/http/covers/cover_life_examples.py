"""Examples of what happens to a cover beside its issue, in the published document."""

from __future__ import annotations

from typing import Any, Final

_CODE: Final = "000.00.79.G24-230206-0001"
_ISSUED: Final[dict[str, Any]] = {
    "cover_id": f"{_CODE}-C1",
    "state": "ISSUED",
    "version": 4,
    "issued_at": "2023-02-06T10:02:00+07:00",
    "ended_at": None,
    "dossier_code": _CODE,
    "revocation": None,
    "replaces": None,
    "replaced_by": None,
}
_ASKED: Final = {
    "requested_by": "officer-79",
    "reason": "Chứng từ đóng đã bị hủy.",
    "requested_at": "2023-02-20T09:00:00+07:00",
}

BODIES: Final[dict[str, Any]] = {
    "request_cover_revocation": {"reason": "Chứng từ đóng đã bị hủy."},
    "withdraw_cover_revocation": {"reason": "Tiền đã được nộp lại."},
    "reissue_cover": {
        "reason": "Cải chính họ tên theo trích lục hộ tịch.",
        "corrections": {"full_name": "Nguyễn Thị Hoa"},
    },
}

ANSWERS: Final[dict[str, Any]] = {
    "request_cover_revocation": {**_ISSUED, "revocation": _ASKED},
    "approve_cover_revocation": {
        **_ISSUED,
        "state": "REVOKED",
        "version": 5,
        "ended_at": "2023-02-20T10:00:00+07:00",
        "revocation": _ASKED,
    },
    "withdraw_cover_revocation": {**_ISSUED, "version": 5},
    "reissue_cover": {
        **_ISSUED,
        "cover_id": f"{_CODE}-C2",
        "state": "DATA_CREATED",
        "version": 1,
        "issued_at": None,
        "replaces": f"{_CODE}-C1",
    },
    "preview_cover_page": {
        "url": f"https://working.s3.ap-southeast-1.amazonaws.com/previews/{_CODE}-C1/1-20230206.pdf?X-Amz-Expires=300",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "expires_at": "2023-02-06T10:05:00+07:00",
    },
}
