"""Bad input: each case has a clear answer that lists every fault, and leaves the table as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.http.incoming import MAX_BODY_BYTES
from tests.integration.http.conftest import TableContents
from tests.integration.http.harness import DECLARATION, PORTAL, QUOTE, Answer, Api, without

pytestmark = pytest.mark.usefixtures("untouched")

MEMBERS = {"type", "title", "status", "detail", "code", "errors", "trace_id"}
ADDRESS = DECLARATION["permanent_address"]


@pytest.fixture(name="untouched")
def _untouched(table: TableContents) -> Iterator[None]:
    """Nothing in this file may write."""
    before = table.items()
    yield
    assert table.items() == before


def refused(answer: Answer, status: int, code: str) -> None:
    problem = answer.json
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(problem) == MEMBERS
    assert problem["trace_id"] == "request-1"


RAW = {
    "nothing": (b"", 400, "NOT_JSON"),
    "no json": (b"xin chao", 400, "NOT_JSON"),
    "half of it": (b'{"income": 1500000', 400, "NOT_JSON"),
    "nan": (json.dumps(DECLARATION).replace("1500000", "NaN").encode(), 400, "NOT_JSON"),
    "infinity": (json.dumps(DECLARATION).replace("1500000", "Infinity").encode(), 400, "NOT_JSON"),
    "a name twice": (b'{"income": 1500000, "income": 700000}', 400, "NOT_JSON"),
    "half a surrogate": (json.dumps({**DECLARATION, "full_name": "Hoa \ud800"}).encode(), 400, "NOT_JSON"),
    "deep": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 413, "BODY_TOO_LARGE"),
    "deep but short": (b"[" * 30_000 + b"]" * 30_000, 400, "NOT_JSON"),
    "a list": (b"[]", 400, "NOT_JSON_OBJECT"),
    "a string": (b'"a"', 400, "NOT_JSON_OBJECT"),
    "null": (b"null", 400, "NOT_JSON_OBJECT"),
    "one byte too many": (b" " * (MAX_BODY_BYTES - 1) + b"{}", 413, "BODY_TOO_LARGE"),
    "a megabyte": (b'{"full_name": "' + b"a" * 1_000_000 + b'"}', 413, "BODY_TOO_LARGE"),
}


@pytest.mark.parametrize(("raw", "status", "code"), RAW.values(), ids=RAW.keys())
@pytest.mark.parametrize("path", ("/v1/dossiers", "/v1/quotes"))
def test_a_body_that_cannot_be_read(api: Api, path: str, raw: bytes, status: int, code: str) -> None:
    headers = {"Idempotency-Key": "k"}
    refused(api.call("POST", path, raw=raw, caller=PORTAL, headers=headers), status, code)


def test_invalid_utf8_is_not_json(api: Api) -> None:
    answer = api.declare(raw=b'{"full_name": "\xff\xfe"}', base64_encoded=True)
    refused(answer, 400, "NOT_JSON")


def test_the_largest_body_is_still_read(api: Api) -> None:
    answer = api.call("POST", "/v1/quotes", raw=b" " * (MAX_BODY_BYTES - 2) + b"{}")
    refused(answer, 422, "REQUIRED")


@pytest.mark.parametrize(
    "content_type",
    ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data"),
)
def test_another_content_type(api: Api, content_type: str) -> None:
    refused(api.declare(headers={"Content-Type": content_type}), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_the_idempotency_key_is_required(api: Api) -> None:
    refused(api.call("POST", "/v1/dossiers", DECLARATION, caller=PORTAL), 428, "IDEMPOTENCY_KEY_REQUIRED")


@pytest.mark.parametrize("key", ("", "a b", "khóa", "a" * 256, "tab\there"))
def test_an_idempotency_key_is_visible_ascii(api: Api, key: str) -> None:
    refused(api.declare(key=key), 422, "IDEMPOTENCY_KEY_INVALID")


NAMES = {
    "500 characters": "Nguyễn " * 71 + "Hòa",
    "one letter": "A",
    "emoji": "Nguyễn Thị Hòa \U0001f600",
    "a control character": "Nguyễn\x07 Hòa",
    "a line break": "Nguyễn\nHòa",
    "a nul": "Nguyễn\x00Hòa",
    "an escape": "\x1b[31mHòa",
    "digits": "Nguyễn Thị 7",
    "markup": "<b>Hòa</b>",
    "a right-to-left override": "Nguyễn \u202eHòa",
    "a zero width space": "Nguyễn\u200bHòa",
    "cyrillic": "Нгуен Хоа",
    "empty": "",
    "spaces": "   ",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_that_is_none(api: Api, name: str) -> None:
    answer = api.declare({**DECLARATION, "full_name": name})
    assert answer.status == 422
    assert {field for field, _ in answer.codes} == {"full_name"}
    assert len(name) < 3 or name not in answer.text


ONE_FAULT: dict[str, tuple[dict[str, Any], str, str]] = {
    "income as a float": ({"income": 1_500_000.0}, "income", "INVALID_TYPE"),
    "income as a string": ({"income": "1500000"}, "income", "INVALID_TYPE"),
    "income as a boolean": ({"income": True}, "income", "INVALID_TYPE"),
    "income beyond every number": ({"income": 10**400}, "income", "INCOME_ABOVE_MAX"),
    "income below zero": ({"income": -1_500_000}, "income", "INCOME_BELOW_MIN"),
    "income off the step": ({"income": 1_510_000}, "income", "INCOME_NOT_ON_STEP"),
    "income too low": ({"income": 700_000}, "income", "INCOME_BELOW_MIN"),
    "income too high": ({"income": 29_850_000}, "income", "INCOME_ABOVE_MAX"),
    "an extra field": ({"vip": True}, "vip", "UNKNOWN_FIELD"),
    "an extra field with a hostile name": ({"a\r\nSet-Cookie: x": 1}, "a\ufffd\ufffdSet-Cookie: x", "UNKNOWN_FIELD"),
    "a missing field": ({"phone": None}, "phone", "REQUIRED"),
    "month in the past": ({"from_month": "2023-01"}, "from_month", "FROM_MONTH_PAST"),
    "month 13": ({"from_month": "2023-13"}, "from_month", "FROM_MONTH_INVALID"),
    "a month far ahead": ({"from_month": "9999-12"}, "from_month", "FROM_MONTH_TOO_FAR"),
    "a province of another date": (
        {"permanent_address": {**ADDRESS, "province_code": "16"}},
        "permanent_address.province_code",
        "PROVINCE_NOT_VALID",
    ),
    "no district while there were districts": (
        {"permanent_address": without(ADDRESS, "district_code")},
        "permanent_address.district_code",
        "DISTRICT_REQUIRED",
    ),
    "another nationality": ({"nationality": "LA"}, "nationality", "NATIONALITY_NOT_VN"),
    "another gender": ({"gender": "X"}, "gender", "INVALID_VALUE"),
    "another method": ({"method": "M2"}, "method", "INVALID_VALUE"),
    "a method not offered": ({"method": "LATE"}, "method", "METHOD_NOT_ENABLED"),
    "another category": ({"support_category": "RICH"}, "support_category", "SUPPORT_CATEGORY_UNKNOWN"),
    "11 digits": ({"personal_id": "07918501234"}, "personal_id", "PERSONAL_ID_FORMAT"),
    "arabic digits": ({"personal_id": "٠٧٩١٨٥٠١٢٣٤٥"}, "personal_id", "PERSONAL_ID_FORMAT"),
    "the other gender's number": ({"gender": "NAM"}, "personal_id", "PERSONAL_ID_GENDER"),
    "another birth year": ({"birth_date": "1986-05-12"}, "personal_id", "PERSONAL_ID_BIRTH_YEAR"),
    "a day that never was": ({"birth_date": "1985-02-30"}, "birth_date", "BIRTH_DATE_INVALID"),
    "a landline": ({"phone": "02838123456"}, "phone", "PHONE_INVALID"),
    "no address of mail": ({"email": "a@b"}, "email", "EMAIL_INVALID"),
    "an address that is a string": ({"permanent_address": "12 Lê Lợi"}, "permanent_address", "INVALID_TYPE"),
}


@pytest.mark.parametrize(("change", "field", "code"), ONE_FAULT.values(), ids=ONE_FAULT.keys())
def test_one_fault_is_told_alone(api: Api, change: dict[str, Any], field: str, code: str) -> None:
    answer = api.declare({**DECLARATION, **change})
    refused(answer, 422, code)
    assert answer.codes == [(field, code)]
    assert answer.json["detail"] == answer.json["errors"][0]["message"]


def test_every_fault_of_form_and_content_is_told_at_once(api: Api) -> None:
    body = {
        **without(DECLARATION, "gender"),
        "full_name": "Hòa \U0001f600",
        "phone": "123",
        "income": 1_510_000,
        "months": "3",
        "birth_date": "1986-05-12",
        "permanent_address": {**ADDRESS, "province_code": "16", "zip": "700000"},
        "vip": True,
    }
    answer = api.declare(body)
    assert answer.status == 422
    assert set(answer.codes) == {
        ("gender", "REQUIRED"),
        ("full_name", "NAME_INVALID"),
        ("phone", "PHONE_INVALID"),
        ("income", "INCOME_NOT_ON_STEP"),
        ("months", "INVALID_TYPE"),
        ("personal_id", "PERSONAL_ID_BIRTH_YEAR"),
        ("permanent_address.province_code", "PROVINCE_NOT_VALID"),
        ("permanent_address.zip", "UNKNOWN_FIELD"),
        ("vip", "UNKNOWN_FIELD"),
    }
    assert answer.json["code"] == answer.json["errors"][0]["code"]


def test_nothing_personal_comes_back(api: Api) -> None:
    body = {**DECLARATION, "personal_id": "079185099999", "gender": "NAM", "phone": "0012345678", "email": "hoa@x"}
    answer = api.declare(body)
    assert answer.status == 422
    for value in ("079185099999", "0012345678", "hoa@x", "Nguyễn"):
        assert value not in answer.text


@pytest.mark.parametrize(
    ("change", "code"),
    (
        ({"income": 1_510_000}, "INCOME_NOT_ON_STEP"),
        ({"income": 1_500_000.5}, "INVALID_TYPE"),
        ({"from_month": "2023-2"}, "INVALID_VALUE"),
        ({"paid_on": "2023-02-30"}, "INVALID_VALUE"),
        ({"paid_on": 20230206}, "INVALID_TYPE"),
        ({"supported_months_used": -1}, "INVALID_VALUE"),
        ({"method": "M2"}, "INVALID_VALUE"),
        ({"method": "AHEAD", "months": 36}, "RATE_NOT_CONFIGURED"),
        ({"method": "M3", "months": 4}, "MONTHS_NOT_ALLOWED"),
        ({"province_code": "16"}, "PROVINCE_NOT_VALID"),
        ({"personal_id": "079185012345"}, "UNKNOWN_FIELD"),
    ),
)
def test_a_price_that_cannot_be_told(api: Api, change: dict[str, Any], code: str) -> None:
    answer = api.call("POST", "/v1/quotes", {**QUOTE, **change})
    refused(answer, 422, code)


def test_faults_of_a_price_are_told_at_once(api: Api) -> None:
    body = {**without(QUOTE, "method"), "income": 1_510_000, "province_code": "16", "paid_on": "2023-02-06", "x": 1}
    answer = api.call("POST", "/v1/quotes", body)
    assert set(answer.codes) == {
        ("income", "INCOME_NOT_ON_STEP"),
        ("province_code", "PROVINCE_NOT_VALID"),
        ("method", "REQUIRED"),
        ("x", "UNKNOWN_FIELD"),
    }


def test_what_rests_on_an_unreadable_day_is_not_guessed(api: Api) -> None:
    answer = api.call("POST", "/v1/quotes", {**QUOTE, "paid_on": "yesterday", "income": 1_510_000, "method": None})
    assert set(answer.codes) == {("paid_on", "INVALID_VALUE"), ("method", "REQUIRED")}


@pytest.mark.parametrize("code", ("no-such-dossier", "000.00.79.G24-230206-9999", "a" * 64))
def test_an_unknown_dossier(api: Api, code: str) -> None:
    refused(api.call("GET", f"/v1/dossiers/{code}", caller=PORTAL), 404, "DOSSIER_NOT_FOUND")


@pytest.mark.parametrize("code", ("a" * 65, "h%C3%B2a", "a%20b", "a%0Ab", "%00"))
def test_what_can_be_no_name_is_not_looked_for(api: Api, code: str) -> None:
    refused(api.call("GET", f"/v1/dossiers/{code}", caller=PORTAL), 404, "NOT_FOUND")


def test_a_method_that_a_path_does_not_have(api: Api) -> None:
    answer = api.call("DELETE", "/v1/dossiers", caller=PORTAL)
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "POST"
