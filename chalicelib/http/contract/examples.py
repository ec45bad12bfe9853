"""Examples of the published document, by operation; a test holds each against its own schema."""

from __future__ import annotations

from typing import Any, Final

from ..configuration import procedure_examples
from ..course import change_examples, desk_examples, rest_examples
from ..covers import campaign_examples, cover_life_examples, verification_examples
from ..ledger import reconciliation_examples, voucher_desk_examples
from ..messages import delivery_examples
from ..oversight import watchdog_examples
from ..people import data_request_examples, report_examples, viewer_examples
from ..registration import slip_examples

CODE: Final = "000.00.79.G24-230206-0001"

QUOTE: Final[dict[str, Any]] = {
    "months": 3,
    "from_month": "2023-02",
    "to_month": "2023-04",
    "monthly_contribution": 330000,
    "amount_gross": 990000,
    "amount_state": 99000,
    "amount_local": 0,
    "amount_participant": 891000,
    "rate_r": None,
    "due_by": "2023-04-30",
    "explanation": ["22% x 1.500.000 = 330.000 đ/tháng"],
    "rules": {"rural_poverty_line": "2022-01-01", "base_salary": "2019-07-01", "support_rate": "2018-01-01"},
}

ONE_MONTH: Final[dict[str, Any]] = {
    **QUOTE,
    "months": 1,
    "to_month": "2023-02",
    "amount_gross": 330000,
    "amount_state": 33000,
    "amount_participant": 297000,
    "due_by": "2023-02-28",
}

OPENED: Final[dict[str, Any]] = {
    "dossier_code": CODE,
    "national_code": "000.00.00.G24-230206-000123",
    "procedure_code": "602e",
    "state": "AWAITING_PAYMENT",
    "national_status": 6,
    "version": 1,
    "quote": ONE_MONTH,
    "payment": {"reference": CODE, "amount": 297000, "expires_at": "2023-02-07T09:00:00+07:00"},
    "due_at": None,
    "overdue": False,
    "created_at": "2023-02-06T09:00:00+07:00",
}

RATE_OF_2027: Final = {
    "from": "2027-01-01",
    "to": "2027-12-31",
    "value": "0.3200",
    "source": "Thông báo về lãi suất đầu tư quỹ năm 2026",
}

RATE_DRAFT: Final[dict[str, Any]] = {
    "table": "fund_monthly_rate",
    "version": 1,
    "state": "DRAFT",
    "correction": False,
    "reason": "Thông báo lãi suất của BHXH Việt Nam",
    "rows": [RATE_OF_2027],
    "drafted_by": "publisher-79-a",
    "drafted_at": "2026-12-20T09:00:00+07:00",
    "published_by": None,
    "published_at": None,
}

PUBLISHED: Final = {
    "state": "PUBLISHED",
    "published_by": "publisher-79-b",
    "published_at": "2026-12-20T10:00:00+07:00",
}

BODIES: Final[dict[str, Any]] = {
    "calculate_refund": {
        "paid": {
            "income": 3000000,
            "method": "AHEAD",
            "months": 36,
            "from_month": "2026-08",
            "support_category": "OTHER",
            "province_code": "79",
            "paid_on": "2026-08-03",
        },
        "reason": "COMPULSORY",
        "event_month": "2027-12",
        "asked_on": "2027-12-10",
    },
    "calculate_quote": {
        "income": 1500000,
        "method": "M3",
        "from_month": "2023-02",
        "support_category": "OTHER",
        "province_code": "79",
        "paid_on": "2023-02-06",
        "supported_months_used": 0,
    },
    "register_dossier": {
        "national_code": "000.00.00.G24-230206-000123",
        "case_type": "FIRST_TIME",
        "personal_id": "079185012345",
        "full_name": "Nguyễn Thị Hòa",
        "birth_date": "1985-05-12",
        "gender": "NU",
        "nationality": "VN",
        "si_number": None,
        "phone": "+84912345678",
        "email": None,
        "permanent_address": {
            "house_street": "12 Lê Lợi",
            "commune_code": "26734",
            "district_code": "760",
            "province_code": "79",
        },
        "support_category": "OTHER",
        "support_proof_no": None,
        "income": 1500000,
        "method": "M1",
        "from_month": "2023-02",
        "book_form": "ELECTRONIC",
    },
    "put_clock": {"now": "2023-02-06T09:15:00+07:00"},
    "load_population": {
        "personal_id": "079185012345",
        "full_name": "Nguyễn Thị Hòa",
        "birth_date": "1985-05-12",
        "gender": "NU",
        "province_code": "79",
        "commune_code": "26734",
    },
    "load_poor_households": {
        "personal_id": "079185012345",
        "category": "NEAR_POOR",
        "valid_from": "2023-01-01",
        "valid_to": "2023-12-31",
    },
    "load_compulsory_periods": {"personal_id": "079185012345", "from_month": "2020-01", "to_month": "2022-12"},
    "draft_table": {
        "rows": [RATE_OF_2027],
        "correction": False,
        "reason": "Thông báo lãi suất của BHXH Việt Nam",
    },
    **change_examples.BODIES,
    **campaign_examples.BODIES,
    **cover_life_examples.BODIES,
    **desk_examples.BODIES,
    **delivery_examples.BODIES,
    **report_examples.BODIES,
    **data_request_examples.BODIES,
    **procedure_examples.BODIES,
    **rest_examples.BODIES,
    **reconciliation_examples.BODIES,
    **voucher_desk_examples.BODIES,
    "load_books": {"personal_id": "079185012345", "si_number": "7912345678", "paid_through": "2023-01"},
}

ANSWERS: Final[dict[str, Any]] = {
    "calculate_quote": QUOTE,
    "calculate_refund": {
        "first_month": "2027-12",
        "months": 20,
        "kept_months": 16,
        "amount_gross": 12200152,
        "amount_participant": 10880152,
        "amount_state": 1320000,
        "amount_local": 0,
        "supported_months": 20,
        "explanation": [
            "Còn lại 20/36 tháng, từ 12/2027 đến 07/2029",
            "20 tháng x 660.000, chiết khấu r = 0,3100%/tháng: 12.200.152 đ",
            "Trả lại ngân sách Nhà nước phần hỗ trợ 20 tháng: 1.320.000 đ",
            "Hoàn trả người tham gia: 10.880.152 đ",
        ],
        "rules": {"fund_monthly_rate": "2026-01-01", "refund_first_month_rule": "2016-01-01"},
        "sources": [],
    },
    "register_dossier": OPENED,
    "show_dossier": {
        **OPENED,
        "state": "IN_PROCESS",
        "national_status": 4,
        "version": 4,
        "due_at": "2023-02-13T17:00:00+07:00",
        "due_derivation": [{"date": "2023-02-07", "counted": True, "why": "ngày làm việc 1/5"}],
        "participation": [
            {
                "from_month": "2023-02",
                "to_month": "2023-02",
                "income": 1500000,
                "amount_gross": 330000,
                "amount_participant": 297000,
                "amount_state": 33000,
                "amount_local": 0,
                "status": "ACTIVE",
                "voucher_id": "KT79-2023-0000001",
            }
        ],
        "si_number": "7912345678",
        "cover": {"cover_id": f"{CODE}-C1", "state": "DATA_CREATED", "version": 1, "issued_at": None},
        "kpi_late": False,
        "supplement": None,
        "apology": None,
        "refund": None,
        "history": [
            {
                "sequence": 1,
                "state": "AWAITING_PAYMENT",
                "national_status": 6,
                "at": "2023-02-06T09:00:00+07:00",
                "by": "portal",
                "reason": None,
            }
        ],
    },
    "show_cover_link": {
        "url": "https://documents.example/covers/2023/02/000.00.79.G24-230206-0001-C1/v1.pdf?X-Amz-Signature=...",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "expires_at": "2023-02-06T10:05:00+07:00",
    },
    "officer_dossiers": {
        "items": [
            {
                "dossier_code": CODE,
                "state": "IN_PROCESS",
                "due_at": "2023-02-13T17:00:00+07:00",
                "overdue": False,
                "province_code": "79",
                "full_name": "Nguyễn Thị Hòa",
                "version": 4,
                "assignee": "can-bo-17",
                "remaining_working_hours": 38,
            }
        ],
        "next_cursor": None,
    },
    "officer_covers": {
        "items": [
            {
                "cover_id": f"{CODE}-C1",
                "dossier_code": CODE,
                "state": "DATA_CREATED",
                "created_at": "2023-02-06T09:20:00+07:00",
                "full_name": "Nguyễn Thị Hòa",
                "si_number": "7912345678",
                "version": 1,
            }
        ],
        "next_cursor": None,
    },
    "issue_one_cover": {
        "cover_id": f"{CODE}-C1",
        "state": "CHECKED",
        "version": 2,
        "issued_at": None,
        "dossier_code": CODE,
    },
    "show_rules": {"table": "fund_monthly_rate", "rows": [RATE_OF_2027], "changes": [{**RATE_DRAFT, **PUBLISHED}]},
    "draft_table": {
        "change": RATE_DRAFT,
        "preview": {
            "amounts": [
                {
                    "paid_on": "2027-01-01",
                    "income": 3000000,
                    "method": "AHEAD",
                    "support_category": "OTHER",
                    "province_code": "79",
                    "before": None,
                    "after": 12945463,
                    "before_code": "RATE_NOT_CONFIGURED",
                    "after_code": None,
                }
            ],
            "days": [],
        },
    },
    "publish_table": {**RATE_DRAFT, **PUBLISHED},
    **change_examples.ANSWERS,
    **campaign_examples.ANSWERS,
    **cover_life_examples.ANSWERS,
    **desk_examples.ANSWERS,
    **procedure_examples.ANSWERS,
    **rest_examples.ANSWERS,
    **reconciliation_examples.ANSWERS,
    **voucher_desk_examples.ANSWERS,
    **slip_examples.ANSWERS,
    **verification_examples.ANSWERS,
    **viewer_examples.ANSWERS,
    **delivery_examples.ANSWERS,
    **report_examples.ANSWERS,
    **data_request_examples.ANSWERS,
    **watchdog_examples.ANSWERS,
    "list_provinces": {
        "items": [
            {
                "code": "79",
                "name": "Thành phố Hồ Chí Minh",
                "unit_type": "thành phố",
                "valid_from": "2025-07-01",
                "valid_to": None,
                "predecessors": ["74", "77", "79"],
            }
        ],
        "next_cursor": None,
    },
}
