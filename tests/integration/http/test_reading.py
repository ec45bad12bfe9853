"""How a body is read: strictly, and with every fault of its form at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.errors import Unreadable
from chalicelib.http.incoming import canonical, is_json_type, read_json
from chalicelib.http.wire.base import join, read
from chalicelib.http.wire.declaration import DeclarationRequest, read_declaration
from chalicelib.http.wire.rules import RulesDraft
from chalicelib.http.wire.sandbox import ClockSetting, CompulsoryEntry, PoorHouseholdEntry, PopulationEntry
from tests.integration.http.harness import DECLARATION, without


@pytest.mark.parametrize(
    "raw",
    (
        b"",
        b"{",
        b"nope",
        b'{"income": NaN}',
        b'{"income": Infinity}',
        b'{"income": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"name": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"name": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b'{"income": 01}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 30_000 + b"]" * 30_000,
        '{"name": "Hòa"}'.encode("utf-16"),
    ),
)
def test_what_is_no_json_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read_json(raw)
    assert caught.value.code == "NOT_JSON"


def test_surrogate_pairs_are_one_letter() -> None:
    assert read_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_equal_bodies_have_one_canonical_form() -> None:
    assert canonical(read_json(b'{"b":1, "a" : "\\u00e0"}')) == canonical(read_json('{"a":"à","b":1}'.encode()))
    assert canonical({"a": 1}) != canonical({"a": "1"})


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    (
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json; charset=latin-1", False),
        ("text/json", False),
        ("application/x-www-form-urlencoded", False),
        ("text/plain, application/json", False),
        ("application/problem+json", False),
    ),
)
def test_only_json_in_utf8_is_accepted(content_type: str, *, accepted: bool) -> None:
    assert is_json_type(content_type) is accepted


def faults(model: Any, body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in read(model, body).faults]


def test_a_sound_declaration_has_no_faults() -> None:
    draft, form = read_declaration(DECLARATION)
    assert form.faults == ()
    assert form.model is not None
    assert draft.full_name == "Nguyễn Thị Hòa"
    assert draft.permanent_address is not None
    assert draft.permanent_address.commune_code == "26734"


def test_every_fault_of_the_form_is_told_at_once() -> None:
    body = {
        **without(DECLARATION, "phone", "gender"),
        "income": 1_500_000.0,
        "method": "WEEKLY",
        "case_type": 3,
        "personal_id": 79185012345,
        "months": True,
        "support_proof_no": "x" * 51,
        "ethnicity": "Ê\x00Đê",
        "book_form": None,
        "permanent_address": {
            **without(DECLARATION["permanent_address"], "commune_code"),
            "province_code": 79,
            "zip": "7",
        },
        "colour": "red",
    }
    assert sorted(faults(DeclarationRequest, body)) == sorted(
        [
            ("phone", "REQUIRED"),
            ("gender", "REQUIRED"),
            ("income", "INVALID_TYPE"),
            ("method", "INVALID_VALUE"),
            ("case_type", "INVALID_TYPE"),
            ("personal_id", "INVALID_TYPE"),
            ("months", "INVALID_TYPE"),
            ("support_proof_no", "TOO_LONG"),
            ("ethnicity", "INVALID_VALUE"),
            ("book_form", "REQUIRED"),
            ("permanent_address.commune_code", "REQUIRED"),
            ("permanent_address.province_code", "INVALID_TYPE"),
            ("permanent_address.zip", "UNKNOWN_FIELD"),
            ("colour", "UNKNOWN_FIELD"),
        ]
    )


def test_the_sound_rest_still_reaches_the_domain() -> None:
    address = {**DECLARATION["permanent_address"], "province_code": 79, "zip": "7"}
    draft, form = read_declaration({**DECLARATION, "income": "1500000", "permanent_address": address, "colour": "red"})
    assert form.unreadable == {"income", "permanent_address.province_code"}
    assert draft.income is None
    assert draft.permanent_address is not None
    assert draft.permanent_address.province_code is None
    assert draft.permanent_address.commune_code == "26734"
    assert draft.full_name == "Nguyễn Thị Hòa"


@pytest.mark.parametrize("address", ("12 Lê Lợi", 7, ["a"], True))
def test_an_address_of_another_type_is_one_fault(address: Any) -> None:
    draft, form = read_declaration({**DECLARATION, "permanent_address": address})
    assert [(fault.field, fault.code) for fault in form.faults] == [("permanent_address", "INVALID_TYPE")]
    assert draft.permanent_address is None


@pytest.mark.parametrize("income", (True, False, "1500000", 1_500_000.0, [1_500_000], {"value": 1}))
def test_money_is_an_integer_and_nothing_else(income: Any) -> None:
    assert faults(DeclarationRequest, {**DECLARATION, "income": income}) == [("income", "INVALID_TYPE")]


def test_faults_never_repeat_a_value() -> None:
    secret = "079185012399"
    body = {**DECLARATION, "income": secret, "method": secret, "support_proof_no": secret * 10, "gender": [secret]}
    told = json.dumps([str(fault) for fault in read(DeclarationRequest, body).faults])
    assert secret not in told


def test_consent_is_read_whole() -> None:
    consent = {"version": "2023-01", "time": "2023-02-06T09:00:00+07:00", "purposes": ["SMS", "EMAIL"]}
    draft, form = read_declaration({**DECLARATION, "consent": consent, "amount": 1})
    assert form.faults == ()
    assert draft.consent_version == "2023-01"
    bad = {"version": "2023-01", "time": "yesterday", "purposes": ["SMS", 3], "ticked": True}
    assert sorted(faults(DeclarationRequest, {**DECLARATION, "consent": bad})) == [
        ("consent.purposes[1]", "INVALID_TYPE"),
        ("consent.ticked", "UNKNOWN_FIELD"),
        ("consent.time", "INVALID_VALUE"),
    ]


def test_a_flood_of_unknown_fields_is_not_echoed_whole() -> None:
    body = {**DECLARATION, "income": None, **{f"x{n}": n for n in range(5000)}}
    listed = faults(DeclarationRequest, body)
    assert listed[0] == ("income", "REQUIRED")
    assert len(listed) == 101


def test_nothing_but_unknown_fields_is_still_read() -> None:
    """More of them than are told, and some within the objects of a list: found by schemathesis, as 500."""
    flood = read(DeclarationRequest, {**DECLARATION, **{f"x{n}": n for n in range(200)}})
    assert flood.model is not None
    assert len(flood.faults) == 100
    row = {"from": "2024-02-10", "to": "2024-02-14", "why": "Tết", "extra": 1}
    table = read(RulesDraft, {"rows": [{"year": 2024, "days_off": [row], "source": "x"}], "reason": "x"})
    assert [(fault.field, fault.code) for fault in table.faults] == [("rows[0].days_off[0].extra", "UNKNOWN_FIELD")]


def test_a_hostile_name_cannot_garble_the_answer() -> None:
    assert join("a\n\x1b[31m" + "b" * 500) == "a\ufffd\ufffd[31m" + "b" * 57


@pytest.mark.parametrize(
    "now",
    (
        "2023-02-06",
        "2023-02-06T09:15:00",
        "2023-02-30T09:15:00+07:00",
        "2023-02-06T25:15:00+07:00",
        "0001-01-01T00:00:00+14:00",
        "20230206T091500+0700",
        1675649700,
        None,
    ),
)
def test_the_clock_takes_instants_only(now: Any) -> None:
    assert len(faults(ClockSetting, {"now": now})) == 1


@pytest.mark.parametrize("now", ("2023-02-06T09:15:00+07:00", "2023-02-06T02:15:00Z", "2023-02-06T02:15:00.5Z"))
def test_the_clock_takes_every_offset(now: str) -> None:
    assert faults(ClockSetting, {"now": now}) == []


def test_registers_take_whole_facts_only() -> None:
    person = {
        "personal_id": "079185012345",
        "full_name": "Nguyễn Thị Hòa",
        "birth_date": "1985-05",
        "gender": "NU",
        "province_code": "79",
        "commune_code": "26734",
    }
    assert faults(PopulationEntry, person) == []
    assert faults(PopulationEntry, {**person, "birth_date": "1985-13", "personal_id": "1"}) == [
        ("personal_id", "INVALID_VALUE"),
        ("birth_date", "INVALID_VALUE"),
    ]


def test_a_stay_or_a_span_cannot_end_before_it_starts() -> None:
    stay = {"personal_id": "079185012345", "category": "POOR", "valid_from": "2023-02-01", "valid_to": "2023-01-31"}
    assert faults(PoorHouseholdEntry, stay) == [("valid_to", "INVALID_VALUE")]
    assert faults(PoorHouseholdEntry, {**stay, "valid_to": None}) == []
    span = {"personal_id": "079185012345", "from_month": "2023-02", "to_month": "2023-01"}
    assert faults(CompulsoryEntry, span) == [("to_month", "INVALID_VALUE")]
