"""What is open to everybody: prices, provinces, the document; and what a tester may load in the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.http.operations import OPERATIONS
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import QUOTE, Api, without

ROOT = Path(__file__).parents[3]


def test_the_contracts_price(api: Api) -> None:
    answer = api.call("POST", "/v1/quotes", QUOTE)
    assert answer.status == 200
    made = answer.json
    explanation = made.pop("explanation")
    assert explanation[0] == "22% x 1.500.000 = 330.000 đ/tháng"
    sources = made.pop("sources")
    assert {source["table"] for source in sources} > set(made["rules"])
    assert sources[0] == {
        "table": "rural_poverty_line",
        "label": "chuẩn hộ nghèo khu vực nông thôn",
        "value": "1.500.000 đ/tháng",
        "effective_from": "2022-01-01",
        "effective_to": "2026-12-31",
        "source": "NĐ 07/2021/NĐ-CP, áp dụng tiếp năm 2026",
    }
    assert made == {
        "months": 3,
        "from_month": "2023-02",
        "to_month": "2023-04",
        "monthly_contribution": 330_000,
        "amount_gross": 990_000,
        "amount_state": 99_000,
        "amount_local": 0,
        "amount_participant": 891_000,
        "rate_r": None,
        "due_by": "2023-04-30",
        "rules": {"rural_poverty_line": "2022-01-01", "base_salary": "2019-07-01", "support_rate": "2018-01-01"},
    }


def test_the_day_of_payment_defaults_to_today(api: Api, clock: StandingClock) -> None:
    clock.moment = clock.moment.replace(year=2026, month=8, day=3)
    body = {**without(QUOTE, "paid_on", "supported_months_used"), "from_month": "2026-08", "method": "M12"}
    today = api.call("POST", "/v1/quotes", body).json
    named = api.call("POST", "/v1/quotes", {**body, "paid_on": "2026-08-03", "supported_months_used": 0}).json
    assert today == named
    capped = api.call("POST", "/v1/quotes", {**body, "supported_months_used": 115}).json
    assert capped["amount_participant"] == 3_630_000


def test_a_price_asks_nothing_of_the_table(api: Api, table: TableContents) -> None:
    api.call("POST", "/v1/quotes", QUOTE)
    assert table.items() == []


@pytest.mark.parametrize(
    ("day", "count", "code", "name"),
    (
        ("2023-02-01", 63, "24", "Bắc Giang"),
        ("2025-06-30", 63, "24", "Bắc Giang"),
        ("2025-07-01", 34, "24", "Bắc Ninh"),
        ("2025-08-01", 34, "79", "Thành phố Hồ Chí Minh"),
    ),
)
def test_a_province_is_what_it_was_on_the_day(api: Api, day: str, count: int, code: str, name: str) -> None:
    """A19."""
    answer = api.call("GET", f"/v1/provinces?on={day}")
    items = answer.json["items"]
    assert len(items) == count
    assert next(item["name"] for item in items if item["code"] == code).endswith(name.removeprefix("Thành phố "))
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.json["next_cursor"] is None


def test_a_merged_province_names_its_predecessors(api: Api) -> None:
    items = api.call("GET", "/v1/provinces?on=2025-08-01").json["items"]
    assert next(item["predecessors"] for item in items if item["code"] == "79") == ["74", "77", "79"]


def test_without_a_day_it_is_today_and_not_to_be_cached(api: Api, clock: StandingClock) -> None:
    answer = api.call("GET", "/v1/provinces")
    assert (len(answer.json["items"]), answer.headers["Cache-Control"]) == (63, "no-store")
    clock.moment = clock.moment.replace(year=2025, month=8)
    assert len(api.call("GET", "/v1/provinces").json["items"]) == 34


def test_provinces_come_in_pages_too(api: Api) -> None:
    seen, cursor, pages = [], "", 0
    while True:
        page = api.call("GET", f"/v1/provinces?on=2025-08-01&limit=20&cursor={cursor}").json
        seen += [item["code"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
        if cursor is None:
            break
    assert (len(seen), len(set(seen)), pages) == (34, 34, 2)


@pytest.mark.parametrize("query", ("on=today", "on=2025-02-30", "on=20250801", "day=2025-08-01", "limit=1000"))
def test_a_bad_query_for_provinces(api: Api, query: str) -> None:
    assert api.call("GET", f"/v1/provinces?{query}").status == 422


def test_the_document_is_served(api: Api) -> None:
    answer = api.call("GET", "/v1/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    served = {(path, method.upper()) for path, methods in answer.json["paths"].items() for method in methods}
    assert served == {(path, method) for path, method in OPERATIONS if (path, method) in served}
    assert ("/v1/dossiers", "POST") in served


PERSON = {
    "personal_id": "079185012345",
    "full_name": "Nguyễn Thị Hòa",
    "birth_date": "1985",
    "gender": "NU",
    "province_code": "79",
    "commune_code": "26734",
}

FACTS: dict[str, dict[str, Any]] = {
    "population": PERSON,
    "poor-households": {"personal_id": "079185012345", "category": "POOR", "valid_from": "2023-01-01"},
    "compulsory-periods": {"personal_id": "079185012345", "from_month": "2020-01", "to_month": "2022-12"},
    "books": {"personal_id": "079185012345", "si_number": "7912345678", "paid_through": None},
}


@pytest.mark.parametrize("path", FACTS)
@pytest.mark.parametrize("many", (False, True))
def test_registers_take_one_or_many(api: Api, path: str, *, many: bool) -> None:
    one = FACTS[path]
    answer = api.call("POST", f"/sandbox/{path}", [one, {**one, "personal_id": "079185054321"}] if many else one)
    assert (answer.status, answer.text) == (204, "")


@pytest.mark.parametrize("path", FACTS)
def test_an_empty_list_loads_nothing(api: Api, path: str, table: TableContents) -> None:
    assert api.call("POST", f"/sandbox/{path}", []).status == 204
    assert table.items() == []


@pytest.mark.parametrize("path", FACTS)
def test_one_bad_fact_loads_nothing(api: Api, path: str, table: TableContents) -> None:
    one = FACTS[path]
    body = [one, {**one, "personal_id": "1"}, "x", without({**one, "extra": 1}, "personal_id")]
    answer = api.call("POST", f"/sandbox/{path}", body)
    assert answer.status == 422
    assert answer.codes == [
        ("[1].personal_id", "INVALID_VALUE"),
        ("[2]", "INVALID_TYPE"),
        ("[3].personal_id", "REQUIRED"),
        ("[3].extra", "UNKNOWN_FIELD"),
    ]
    assert table.items() == []


@pytest.mark.parametrize("body", ({}, {"now": "soon"}, {"now": "2023-02-06T09:15:00"}, {"now": None, "x": 1}))
def test_a_clock_without_an_instant_is_refused(api: Api, body: dict[str, Any], table: TableContents) -> None:
    assert api.call("PUT", "/sandbox/clock", body).status == 422
    assert table.items() == []


def test_the_clock_is_set_and_given_back(api: Api, w: Wiring) -> None:
    del w.__dict__["clock"]
    assert api.call("PUT", "/sandbox/clock", {"now": "2023-02-06T09:15:00+07:00"}).status == 204
    assert w.clock.now().isoformat().startswith("2023-02-06T09:15:0")
    assert api.call("PUT", "/sandbox/clock", {"now": "2022-02-06T09:15:00Z"}).status == 204
    assert w.clock.now().isoformat().startswith("2022-02-06T16:15:0")
    assert api.call("DELETE", "/sandbox/clock").status == 204
    assert w.clock.now().year >= 2025
    assert w.clock.version == 3


def test_the_application_imports_nothing_that_a_cold_start_must_not_pay() -> None:
    code = (
        "import sys, app;"
        "heavy = {'boto3', 'botocore', 'jwt', 'cryptography', 'typst', 'chalicelib.http.contract.openapi',"
        " 'chalicelib.http.contract.examples'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_production_knows_no_sandbox_route() -> None:
    code = "import json, app; print(json.dumps(sorted(app.app.routes)))"
    asked = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, env={"STAGE": "production"}, capture_output=True
    )
    assert not [path for path in json.loads(asked.stdout) if "sandbox" in path]
