"""Examples of the published document about a province's procedure; a test holds each against its own schema."""

from __future__ import annotations

from typing import Any, Final

STEPS: Final = [
    {
        "step_code": "THAM_DINH",
        "role": "officer",
        "unit": "Phòng Quản lý thu",
        "limit": 12,
        "limit_unit": "HOURS",
        "needs_two_person": False,
        "can_request_supplement": True,
        "signs": False,
    },
    {
        "step_code": "KY_CAP",
        "role": "signer",
        "unit": "Ban Giám đốc",
        "limit": 1,
        "limit_unit": "WORKING_DAYS",
        "needs_two_person": False,
        "can_request_supplement": False,
        "signs": True,
    },
]

PROCEDURE: Final[dict[str, Any]] = {
    "effective_from": "2023-01-09",
    "source": "Quyết định của Giám đốc BHXH Thành phố Hồ Chí Minh",
    "limit_working_days": 3,
    "reminder_working_days": 1,
    "automatic_issue": False,
    "clock_start": "PAYMENT_CONFIRMED",
    "auto_accept": True,
    "steps": STEPS,
}

PROCEDURE_DRAFT: Final[dict[str, Any]] = {
    "version": 1,
    "state": "DRAFT",
    "restores": None,
    **PROCEDURE,
    "reason": "Rút ngắn thời gian giải quyết",
    "drafted_by": "publisher-79-a",
    "drafted_at": "2023-01-03T09:00:00+07:00",
    "published_by": None,
    "published_at": None,
}

IMPACT: Final = {
    "open_dossiers": 1,
    "open_due": [{"due_on": "2023-01-10", "dossiers": 1}],
    "new_dossiers": [
        {
            "received_at": "2023-01-09T10:00:00+07:00",
            "due_before": "2023-01-16T17:00:00+07:00",
            "due_after": "2023-01-12T17:00:00+07:00",
        }
    ],
}

PROCEDURE_PUBLISHED: Final[dict[str, Any]] = {
    **PROCEDURE_DRAFT,
    "state": "PUBLISHED",
    "published_by": "publisher-79-b",
    "published_at": "2023-01-03T10:00:00+07:00",
}

BODIES: Final[dict[str, Any]] = {
    "draft_province_procedure": {**PROCEDURE, "reason": "Rút ngắn thời gian giải quyết"},
    "restore_province_procedure": {"effective_from": "2023-03-01", "reason": "Trở lại thời hạn trước đây"},
}

ANSWERS: Final[dict[str, Any]] = {
    "show_procedure": {
        "province_code": "79",
        "latest_version": 1,
        "in_force": {
            "version": None,
            **PROCEDURE,
            "effective_from": "2016-01-01",
            "source": "QĐ 49/QĐ-BHXH",
            "limit_working_days": 5,
            "payment_hours": 24,
        },
        "upcoming": [PROCEDURE_PUBLISHED],
        "draft": None,
        "versions": [PROCEDURE_PUBLISHED],
    },
    "draft_province_procedure": {"draft": PROCEDURE_DRAFT, "impact": IMPACT},
    "restore_province_procedure": {
        "draft": {**PROCEDURE_DRAFT, "version": 3, "restores": 1, "effective_from": "2023-03-01"},
        "impact": IMPACT,
    },
    "publish_province_procedure": PROCEDURE_PUBLISHED,
}
