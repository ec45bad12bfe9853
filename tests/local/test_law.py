"""The law by date against the deployed system: scenarios A14 to A17, A19 and A22, and refusals that name a table."""

from __future__ import annotations

from typing import Any

import pytest

from .outside import Json, Outside, person, refused

SAMPLE: Json = {
    "income": 1_500_000,
    "method": "M12",
    "from_month": "2026-08",
    "support_category": "OTHER",
    "province_code": "79",
    "paid_on": "2026-08-03",
}


def price(outside: Outside, **changes: Any) -> Json:
    reply = outside.client.call("POST", "/v1/quotes", {**SAMPLE, **changes})
    assert reply.status == 200, reply.body
    body: Json = reply.body
    return body


def amounts(made: Json) -> tuple[int, int, int]:
    return made["amount_gross"], made["amount_state"], made["amount_participant"]


def resident(serial: int, province: str = "79", **changes: Any) -> Json:
    """Somebody with an address of two levels, as from July 2025 on."""
    declaration = person(serial, province=province, **changes)
    declaration["permanent_address"] = {**declaration["permanent_address"], "district_code": None}
    return declaration


def test_a14_a_new_minimum_inside_a_prepaid_period(outside: Outside) -> None:
    paid = price(outside, income=1_000_000, from_month="2021-12", paid_on="2021-12-10")
    assert amounts(paid) == (2_640_000, 184_800, 2_455_200)
    assert paid["to_month"] == "2022-11"

    renewal = {**SAMPLE, "income": 1_000_000, "from_month": "2022-12", "paid_on": "2022-12-05"}
    refused(outside.client.call("POST", "/v1/quotes", renewal), 422, "INCOME_BELOW_MIN")


def test_a16_what_is_paid_back_when_compulsory_insurance_begins(outside: Outside) -> None:
    """The amounts; shortening what is recorded follows accounting's REFUNDED voucher."""
    paid = {**SAMPLE, "income": 3_000_000, "method": "AHEAD", "months": 36}
    assert price(outside, **paid)["amount_participant"] == 20_142_885
    asked = {"paid": paid, "reason": "COMPULSORY", "event_month": "2027-12", "asked_on": "2027-12-10"}
    reply = outside.client.call("POST", "/v1/quotes/refund", asked)
    assert reply.status == 200, reply.body
    assert amounts(reply.body) == (12_200_152, 1_320_000, 10_880_152)
    assert (reply.body["months"], reply.body["kept_months"], reply.body["supported_months"]) == (20, 16, 20)


def test_a15_five_years_ahead(outside: Outside, serial: int) -> None:
    # given 3 August 2026, for which a rate is published
    outside.client.set_clock("2026-08-03T09:00:00+07:00")
    declaration = resident(serial, income=3_000_000, method="AHEAD", months=60, from_month="2026-08")

    # when she registers and pays
    opened = outside.declare(declaration)
    assert amounts(opened["quote"]) == (36_196_296, 3_960_000, 32_236_296)
    assert opened["quote"]["rate_r"] == "0.3100"
    assert opened["quote"]["rules"]["fund_monthly_rate"] == "2026-01-01"
    paid = outside.pay(declaration, opened, "2026-08-03T09:10:00+07:00")

    # then sixty months are recorded, and the answer names the document behind the rate
    (period,) = paid["participation"]
    assert (period["from_month"], period["to_month"], period["amount_participant"]) == (
        "2026-08",
        "2031-07",
        32_236_296,
    )
    sources = {source["table"]: source for source in paid["sources"]}
    assert sources["fund_monthly_rate"]["value"] == "0,3100%/tháng"
    assert "59/TB-BHXH" in sources["fund_monthly_rate"]["source"]


@pytest.mark.parametrize("paid_on", ("2023-02-06", "2025-12-31", "2027-01-04"))
def test_a15_without_a_rate_of_the_year(outside: Outside, paid_on: str) -> None:
    asked = {**SAMPLE, "income": 3_000_000, "method": "AHEAD", "months": 60, "paid_on": paid_on}

    refused(outside.client.call("POST", "/v1/quotes", asked), 422, "RATE_NOT_CONFIGURED")


def test_a17_the_cap_of_120_supported_months(outside: Outside) -> None:
    capped = price(outside, supported_months_used=115)
    beyond = price(outside, method="M1", from_month="2027-08", paid_on="2026-09-01", supported_months_used=120)

    assert amounts(capped) == (3_960_000, 330_000, 3_630_000)
    assert amounts(beyond) == (330_000, 0, 330_000)


def test_a19_one_code_by_date(outside: Outside) -> None:
    def name(day: str) -> str:
        rows = outside.rows(f"/v1/provinces?on={day}", "portal")
        return next(str(row["name"]) for row in rows if row["code"] == "24")

    assert [name(day) for day in ("2023-02-01", "2025-06-30", "2025-07-01")] == ["Bắc Giang", "Bắc Giang", "Bắc Ninh"]


def test_a19_a_dossier_in_flight_keeps_its_code_and_changes_its_office(outside: Outside, serial: int) -> None:
    # given a dossier of Bình Dương (74), paid in the last days of that province
    outside.client.set_clock("2025-06-27T09:00:00+07:00")
    declaration = person(serial, province="74", from_month="2025-07")
    code = outside.declare(declaration)["dossier_code"]
    path = f"/v1/dossiers/{code}"
    refused(outside.client.call("GET", path, who="officer_79"), 403, "PROVINCE_NOT_ALLOWED")

    # when July comes
    outside.client.set_clock("2025-07-01T08:00:00+07:00")

    # then Thành phố Hồ Chí Minh (79) works on it, under its old code
    reply = outside.client.call("GET", path, who="officer_79")
    assert (reply.status, reply.body["dossier_code"]) == (200, code)
    assert code.startswith("000.00.74.")


@pytest.mark.parametrize(
    ("income", "months", "gross", "payable"),
    (
        (1_500_000, 24, 7_644_801, 6_060_801),
        (1_500_000, 36, 11_259_443, 8_883_443),
        (1_500_000, 48, 14_742_290, 11_574_290),
        (1_500_000, 60, 18_098_148, 14_138_148),
        (5_000_000, 60, 60_327_161, 56_367_161),
    ),
)
def test_a22_the_table_of_years_ahead(outside: Outside, income: int, months: int, gross: int, payable: int) -> None:
    made = price(outside, income=income, method="AHEAD", months=months)

    assert (made["amount_gross"], made["amount_participant"]) == (gross, payable)


@pytest.mark.parametrize("method", ("MISSING", "LATE"))
def test_what_needs_an_officer_is_refused_online(outside: Outside, method: str) -> None:
    asked = {**SAMPLE, "method": method, "months": 12}

    refused(outside.client.call("POST", "/v1/quotes", asked), 422, "METHOD_NOT_ENABLED")
