"""A declaration over HTTP becomes a dossier; it is seen by whom it concerns, and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.http import operations, problems
from chalicelib.http.wire.answers import DossierOpened
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import (
    DECLARATION,
    OFFICER_01,
    OFFICER_79,
    OPS,
    OTHER_PORTAL,
    PORTAL,
    SIGNER_79,
    Api,
)

CODE = "000.00.79.G24-230206-0001"


def test_a_first_timer_gets_the_amount_to_pay(api: Api) -> None:
    answer = api.declare()
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/dossiers/{CODE}"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert problems.PROTECTED.items() <= answer.headers.items()
    assert "Idempotent-Replayed" not in answer.headers
    opened = answer.json
    assert opened["dossier_code"] == CODE
    assert opened["state"] == "AWAITING_PAYMENT"
    assert opened["payment"] == {"reference": CODE, "amount": 297_000, "expires_at": "2023-02-07T09:00:00+07:00"}
    assert opened["created_at"] == "2023-02-06T09:00:00+07:00"


@pytest.mark.parametrize("more", ({}, {"method": "M12"}, {"national_code": "000.00.00.G24-230206-000123"}))
def test_the_answer_is_what_the_contract_s_model_would_write(api: Api, more: dict[str, str]) -> None:
    text = api.declare({**DECLARATION, **more}).text

    assert DossierOpened.model_validate_json(text).model_dump_json() == text


def test_the_same_key_and_body_give_the_first_answer_again(
    api: Api, table: TableContents, clock: StandingClock
) -> None:
    first = api.declare()
    before = table.items()
    clock.moment += timedelta(hours=1)
    reordered = dict(reversed(DECLARATION.items()))
    again = api.declare(reordered)
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert table.items() == before


def test_the_same_key_with_another_body_is_a_conflict(api: Api, table: TableContents) -> None:
    api.declare()
    before = table.items()
    answer = api.declare({**DECLARATION, "income": 1_550_000})
    assert (answer.status, answer.json["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert table.items() == before


def test_keys_of_different_clients_are_different_keys(api: Api) -> None:
    api.declare()
    other = {**DECLARATION, "personal_id": "079185054321"}
    assert api.declare(other, caller=OTHER_PORTAL).status == 201


def test_a_second_dossier_for_the_same_months_names_the_first(api: Api, table: TableContents) -> None:
    api.declare()
    before = table.items()
    answer = api.declare(key="key-2")
    assert (answer.status, answer.json["code"]) == (409, "DUPLICATE_DOSSIER")
    assert answer.json["dossier_code"] == CODE
    assert CODE in answer.json["detail"]
    assert table.items() == before


def test_a_refused_declaration_may_be_sent_again_under_its_key(api: Api) -> None:
    assert api.declare({**DECLARATION, "income": 1}).status == 422
    assert api.declare().status == 201


@pytest.mark.parametrize("caller", (OFFICER_79, SIGNER_79, OPS))
def test_only_a_portal_opens_dossiers(api: Api, table: TableContents, caller: Mapping[str, str]) -> None:
    answer = api.declare(caller=caller)
    assert (answer.status, answer.json["code"]) == (403, "ROLE_NOT_ALLOWED")
    assert table.items() == []


def test_without_an_authoriser_nobody_is_let_in(api: Api) -> None:
    for method, path in (("POST", "/v1/dossiers"), ("GET", f"/v1/dossiers/{CODE}"), ("GET", "/v1/officer/covers")):
        body = DECLARATION if method == "POST" else None
        answer = api.call(method, path, body, headers={"Idempotency-Key": "k"})
        assert (answer.status, answer.json["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("context", ({"sub": "x", "role": "admin"}, {"role": "portal"}, {"sub": "x"}))
def test_a_context_that_proves_nothing_lets_nobody_in(api: Api, context: dict[str, str]) -> None:
    assert api.call("GET", f"/v1/dossiers/{CODE}", caller=context).status == 401


@pytest.mark.parametrize(
    ("caller", "status", "code"),
    (
        (PORTAL, 200, None),
        (OFFICER_79, 200, None),
        ({**OTHER_PORTAL, "also_sees": "dvc zalo"}, 200, None),
        (OTHER_PORTAL, 403, "DOSSIER_NOT_ALLOWED"),
        (OFFICER_01, 403, "PROVINCE_NOT_ALLOWED"),
        ({"sub": "officer", "role": "officer", "provinces": ""}, 403, "PROVINCE_NOT_ALLOWED"),
        (OPS, 403, "ROLE_NOT_ALLOWED"),
    ),
)
@pytest.mark.parametrize("path", ("", "/cover"))
def test_who_sees_a_dossier(api: Api, path: str, caller: Mapping[str, str], status: int, code: str | None) -> None:
    api.declare()
    answer = api.call("GET", f"/v1/dossiers/{CODE}{path}", caller=caller)
    if status == 200 and path:
        # There is no cover yet; that much is told.
        status, code = 404, "COVER_NOT_ISSUED"
    assert (answer.status, answer.json.get("code")) == (status, code)
    assert status < 400 or "Nguyễn" not in answer.text


def test_a_look_into_another_province_is_logged_without_names(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A21: denied and logged."""
    api.declare()
    told: list[Any] = []
    monkeypatch.setattr(operations.log, "handle", lambda record: told.append(vars(record)["facts"]))
    api.call("GET", f"/v1/dossiers/{CODE}", caller=OFFICER_01)
    assert told == [
        {
            "method": "GET",
            "route": "/v1/dossiers/{code}",
            "status": 403,
            "code": "PROVINCE_NOT_ALLOWED",
            "role": "officer",
            "trace_id": "request-1",
        }
    ]


def test_a_dossier_shows_all_that_is_known(api: Api) -> None:
    opened = api.declare().json
    answer = api.call("GET", f"/v1/dossiers/{CODE}", caller=PORTAL)
    assert answer.headers["ETag"] == '"1"'
    seen = answer.json
    assert {name: seen[name] for name in opened} == opened
    assert {source["table"]: source["effective_from"] for source in seen["sources"]}.items() >= seen["quote"][
        "rules"
    ].items()
    assert (seen["due_derivation"], seen["participation"], seen["si_number"], seen["cover"]) == ([], [], None, None)
    assert seen["history"] == [
        {
            "sequence": 1,
            "state": "AWAITING_PAYMENT",
            "national_status": 6,
            "at": "2023-02-06T09:00:00+07:00",
            "by": "portal",
            "reason": None,
        }
    ]


def test_no_key_and_no_index_holds_anything_personal(api: Api, table: TableContents) -> None:
    api.declare()
    personal = ("079185012345", "Nguyễn", "0912345678", "912345678")
    for item in table.items():
        keys = [value["S"] for name, value in item.items() if name in {"PK", "SK"} or name.startswith("GSI")]
        assert not [key for key in keys for value in personal if value in key]


def given(api: Api, path: str, facts: Any) -> None:
    answer = api.call("POST", f"/sandbox/{path}", facts)
    assert (answer.status, answer.text) == (204, "")


PERSON = {
    "personal_id": "079185012345",
    "full_name": "NGUYỄN THỊ HÒA",
    "birth_date": "1985-05-12",
    "gender": "NU",
    "province_code": "79",
    "commune_code": "26734",
}


def test_a_person_on_file_as_declared_is_accepted(api: Api) -> None:
    given(api, "population", PERSON)
    assert api.declare().status == 201


def test_a_person_on_file_who_differs_is_told_first(api: Api, table: TableContents) -> None:
    """A18: the birth year differs from the population database: a message, no dossier."""
    given(api, "population", [{**PERSON, "birth_date": "1985-06-12"}])
    before = table.items()
    answer = api.declare({**DECLARATION, "phone": "1"})
    assert (answer.status, answer.json["code"]) == (422, "IDENTITY_MISMATCH")
    assert ("phone", "PHONE_INVALID") in answer.codes
    assert table.items() == before


@pytest.mark.parametrize(
    ("category", "valid_from", "valid_to", "status"),
    (
        ("NEAR_POOR", "2023-01-01", "2023-12-31", 201),
        ("NEAR_POOR", "2023-01-01", None, 201),
        ("POOR", "2023-01-01", None, 422),
        ("NEAR_POOR", "2022-01-01", "2022-12-31", 422),
    ),
)
def test_the_list_of_poor_households_decides(
    api: Api, category: str, valid_from: str, valid_to: str | None, status: int
) -> None:
    """A2 and A3."""
    stay = {"personal_id": "079185012345", "category": category, "valid_from": valid_from, "valid_to": valid_to}
    given(api, "poor-households", stay)
    answer = api.declare({**DECLARATION, "support_category": "NEAR_POOR"})
    assert answer.status == status
    if status == 422:
        assert answer.json["code"] == "NOT_ON_POOR_LIST"
    else:
        assert answer.json["payment"]["amount"] == 330_000 - 82_500


def test_compulsory_months_cannot_be_paid_voluntarily(api: Api) -> None:
    """A5."""
    given(api, "compulsory-periods", {"personal_id": "079185012345", "from_month": "2020-01", "to_month": "2023-02"})
    answer = api.declare()
    assert (answer.status, answer.json["code"]) == (422, "OVERLAP_COMPULSORY")


def test_who_has_a_book_declares_its_number_or_none(api: Api) -> None:
    given(api, "books", {"personal_id": "079185012345", "si_number": "7912345678", "paid_through": "2023-01"})
    following = {**DECLARATION, "case_type": "CONTINUE", "si_number": "7911111111", "method": "M3"}
    refused = api.declare(following)
    assert (refused.status, refused.json["code"]) == (422, "SI_NUMBER_MISMATCH")
    assert api.declare({**following, "si_number": "7912345678"}).json["payment"]["amount"] == 891_000


def test_addresses_have_two_levels_from_july_2025(api: Api, clock: StandingClock) -> None:
    clock.moment = clock.moment.replace(year=2025, month=8)
    body = {**DECLARATION, "from_month": "2025-08"}
    assert ("permanent_address.district_code", "DISTRICT_ABOLISHED") in api.declare(body).codes
    address = {"house_street": "12 Lê Lợi", "commune_code": "26734", "province_code": "79"}
    opened = api.declare({**body, "permanent_address": address})
    assert opened.status == 201
    assert opened.json["quote"]["rules"]["reference_level"] == "2025-07-01"
