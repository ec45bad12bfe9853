"""What a refund would be, over HTTP (A16, domain rule 3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.http.conftest import TableContents
from tests.integration.http.harness import Api

PAID = {
    "income": 3_000_000,
    "method": "AHEAD",
    "months": 36,
    "from_month": "2026-08",
    "support_category": "OTHER",
    "province_code": "79",
    "paid_on": "2026-08-03",
}
BODY = {"paid": PAID, "reason": "COMPULSORY", "event_month": "2027-12", "asked_on": "2027-12-10"}


def test_a16_years_paid_ahead_and_compulsory_insurance_begins(api: Api, table: TableContents) -> None:
    assert api.call("POST", "/v1/quotes", PAID).json["amount_participant"] == 20_142_885
    answer = api.call("POST", "/v1/quotes/refund", BODY)
    assert answer.status == 200, answer.text
    made = answer.json
    assert (made["amount_gross"], made["amount_state"], made["amount_participant"]) == (
        12_200_152,
        1_320_000,
        10_880_152,
    )
    assert (made["first_month"], made["months"], made["kept_months"], made["supported_months"]) == (
        "2027-12",
        20,
        16,
        20,
    )
    assert made["explanation"][-1] == "Hoàn trả người tham gia: 10.880.152 đ"
    assert {source["table"] for source in made["sources"]} >= {"fund_monthly_rate", "support_rate"}
    assert table.items() == []


@pytest.mark.parametrize(
    ("changes", "faults"),
    (
        ({"reason": "STOPPED"}, [("reason", "REFUND_REASON_NOT_ALLOWED")]),
        ({"event_month": "2031-01"}, [("event_month", "NOTHING_TO_REFUND")]),
        ({"paid": {**PAID, "method": "M1", "months": None}}, [("method", "REFUND_METHOD_NOT_ALLOWED")]),
        ({"paid": {**PAID, "income": 1_450_000}}, [("paid.income", "INCOME_BELOW_MIN")]),
        (
            {"reason": "BORED", "paid": {**PAID, "colour": "red"}},
            [("reason", "INVALID_VALUE"), ("paid.colour", "UNKNOWN_FIELD")],
        ),
        ({"paid": None}, [("paid", "REQUIRED")]),
    ),
)
def test_what_is_not_paid_back_says_why(api: Api, changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    answer = api.call("POST", "/v1/quotes/refund", {**BODY, **changes})
    assert (answer.status, sorted(answer.codes)) == (422, sorted(faults))
