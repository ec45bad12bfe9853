"""Officers see the work of their provinces, and a signer decides on a cover once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.covers.cover import StoredFile
from chalicelib.domain.months import instant_text
from chalicelib.usecases.covers.make_cover import record_issue
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import (
    OFFICER_01,
    OFFICER_79,
    OPS,
    OTHER_PORTAL,
    PORTAL,
    SIGNER_01,
    SIGNER_79,
    Answer,
    Api,
    declared_in,
)
from tests.integration.http.vouchers import pay

LISTS = ("/v1/officer/dossiers", "/v1/officer/covers")


def declaration(number: int, province: str = "79") -> dict[str, Any]:
    """A woman of her own for each number."""
    return declared_in(province, personal_id=f"079185{number:06d}")


def paid_dossier(api: Api, number: int = 1, province: str = "79") -> str:
    """A first-timer who has paid: her cover waits for an officer."""
    declared = declaration(number, province)
    opened = api.declare(declared, key=f"key-{number}").json
    pay(opened, declared)
    code: str = opened["dossier_code"]
    return code


def listed(api: Api, target: str, caller: Mapping[str, str]) -> list[dict[str, Any]]:
    answer = api.call("GET", target, caller=caller)
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def decide(
    api: Api, cover_id: str, *, version: str = '"1"', caller: Mapping[str, str] = SIGNER_79, key: str | None = None
) -> Answer:
    headers = {"If-Match": version, **({"Idempotency-Key": key} if key else {})}
    return api.call("POST", f"/v1/officer/covers/{cover_id}/issue", caller=caller, headers=headers)


def test_a_paid_first_timer_waits_for_an_officer(api: Api) -> None:
    """A1: due on 13/02/2023; the cover's data is there once."""
    code = paid_dossier(api)
    assert listed(api, "/v1/officer/dossiers", OFFICER_79) == [
        {
            "dossier_code": code,
            "state": "IN_PROCESS",
            "due_at": "2023-02-13T17:00:00+07:00",
            "overdue": False,
            "province_code": "79",
            "full_name": "Nguyễn Thị Hòa",
            "version": 3,
            "assignee": None,
            "remaining_working_hours": 48,
            "escalated": [],
            "step": {
                "step_code": "THAM_DINH",
                "since": "2023-02-06T09:15:22+07:00",
                "due_at": "2023-02-09T17:00:00+07:00",
                "late": False,
            },
            "next_event": {"what": "STEP", "by": "2023-02-09T17:00:00+07:00", "owner": "OFFICER"},
        }
    ]
    (cover,) = listed(api, "/v1/officer/covers?state=DATA_CREATED", OFFICER_79)
    assert {name: cover[name] for name in ("cover_id", "dossier_code", "state", "version", "full_name")} == {
        "cover_id": f"{code}-C1",
        "dossier_code": code,
        "state": "DATA_CREATED",
        "version": 1,
        "full_name": "Nguyễn Thị Hòa",
    }
    assert len(cover["si_number"]) == 10


def test_a_paid_dossier_shows_its_derivation_participation_and_cover(api: Api) -> None:
    code = paid_dossier(api)
    seen = api.call("GET", f"/v1/dossiers/{code}", caller=OFFICER_79).json
    counted = [day["date"] for day in seen["due_derivation"] if day["counted"]]
    assert counted == ["2023-02-07", "2023-02-08", "2023-02-09", "2023-02-10", "2023-02-13"]
    assert [period["amount_state"] for period in seen["participation"]] == [33_000]
    assert seen["participation"][0]["status"] == "ACTIVE"
    cover = {"cover_id": f"{code}-C1", "state": "DATA_CREATED", "version": 1, "issued_at": None}
    assert seen["cover"] == {**cover, "ended_at": None}
    assert [entry["state"] for entry in seen["history"]] == ["AWAITING_PAYMENT", "RECEIVED", "IN_PROCESS"]
    assert [entry["sequence"] for entry in seen["history"]] == [1, 2, 3]
    assert seen["payment"]["amount"] == 297_000


@pytest.mark.parametrize("path", LISTS)
def test_an_officer_sees_the_own_provinces_only(api: Api, path: str) -> None:
    paid_dossier(api)
    assert len(listed(api, path, OFFICER_79)) == 1
    assert listed(api, path, OFFICER_01) == []
    assert listed(api, path, {**OFFICER_01, "provinces": ""}) == []
    answer = api.call("GET", f"{path}?province=79", caller=OFFICER_01)
    assert (answer.status, answer.json["code"]) == (403, "PROVINCE_NOT_ALLOWED")


@pytest.mark.parametrize("path", LISTS)
def test_operators_see_every_province_without_names_and_numbers(api: Api, path: str) -> None:
    paid_dossier(api, 1)
    paid_dossier(api, 2, province="01")
    items = listed(api, path, OPS)
    assert len(items) == 2
    for item in items:
        assert item["full_name"] is None
        assert item.get("si_number") is None


@pytest.mark.parametrize("path", LISTS)
def test_portals_have_no_work_lists(api: Api, path: str) -> None:
    answer = api.call("GET", path, caller=PORTAL)
    assert (answer.status, answer.json["code"]) == (403, "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_comes_page_by_page_without_gap_or_repetition(api: Api, path: str, clock: StandingClock) -> None:
    for number in range(1, 6):
        paid_dossier(api, number)
        clock.moment += timedelta(minutes=1)
    seen: list[str] = []
    target, pages = f"{path}?limit=2", 0
    while target:
        page = api.call("GET", target, caller=OFFICER_79).json
        seen += [item["dossier_code"] for item in page["items"]]
        target = f"{path}?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        pages += 1
    assert (len(seen), len(set(seen)), pages) == (5, 5, 3)


def test_the_work_list_is_filtered(api: Api, clock: StandingClock) -> None:
    code = paid_dossier(api, 1)
    waiting = api.declare(declaration(2), key="key-2").json["dossier_code"]

    def codes(query: str) -> list[str]:
        return [item["dossier_code"] for item in listed(api, f"/v1/officer/dossiers?{query}", OFFICER_79)]

    assert codes("") == [code, waiting], "the most urgent first, what has no date last"
    assert codes("state=AWAITING_PAYMENT") == [waiting]
    assert codes("overdue=true") == []
    assert codes("due_before=2023-02-13") == []
    assert codes("due_before=2023-02-14") == [code]
    assert codes("state=&overdue=&due_before=&province=79") == [code, waiting]
    clock.moment += timedelta(days=8)
    assert codes("overdue=true") == [code]
    assert codes("overdue=false") == [waiting]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    (
        ("limit=0", "limit", "INVALID_VALUE"),
        ("limit=101", "limit", "INVALID_VALUE"),
        ("limit=ten", "limit", "INVALID_VALUE"),
        ("limit=-1", "limit", "INVALID_VALUE"),
        ("limit=%D9%A1", "limit", "INVALID_VALUE"),
        ("state=DRAFT", "state", "INVALID_VALUE"),
        ("province=Hanoi", "province", "INVALID_VALUE"),
        ("limit=1&limit=2", "limit", "INVALID_VALUE"),
        ("colour=red", "colour", "UNKNOWN_FIELD"),
        ("colour=", "colour", "UNKNOWN_FIELD"),
        ("cursor=%21%21", "cursor", "INVALID_VALUE"),
        ("cursor=" + "a" * 600, "cursor", "INVALID_VALUE"),
        ("cursor=h%C3%B2a", "cursor", "INVALID_VALUE"),
        ("cursor=a", "cursor", "CURSOR_INVALID"),
    ),
)
@pytest.mark.parametrize("path", LISTS)
def test_a_bad_query_is_told(api: Api, path: str, query: str, field: str, code: str) -> None:
    answer = api.call("GET", f"{path}?{query}", caller=OFFICER_79)
    assert (answer.status, answer.json["code"]) == (422, code)
    assert answer.codes == [(field, code)]


def test_faults_of_a_query_are_told_at_once(api: Api) -> None:
    answer = api.call("GET", "/v1/officer/dossiers?overdue=yes&due_before=soon&x=1&limit=5", caller=OFFICER_79)
    assert set(answer.codes) == {
        ("overdue", "INVALID_VALUE"),
        ("due_before", "INVALID_VALUE"),
        ("x", "UNKNOWN_FIELD"),
    }


def test_a_signer_decides_and_the_file_follows(api: Api) -> None:
    code = paid_dossier(api)
    answer = decide(api, f"{code}-C1")
    assert answer.status == 202
    assert answer.headers["ETag"] == '"2"'
    assert answer.json == {
        "cover_id": f"{code}-C1",
        "state": "CHECKED",
        "version": 2,
        "issued_at": None,
        "dossier_code": code,
        "ended_at": None,
        "replaces": None,
        "replaced_by": None,
        "revocation": None,
    }
    assert listed(api, "/v1/officer/covers", OFFICER_79) == []
    assert len(listed(api, "/v1/officer/covers?state=CHECKED", OFFICER_79)) == 1


@pytest.mark.parametrize(
    ("caller", "code"),
    (
        (OFFICER_79, "ROLE_NOT_ALLOWED"),
        (PORTAL, "ROLE_NOT_ALLOWED"),
        (OTHER_PORTAL, "ROLE_NOT_ALLOWED"),
        (OPS, "ROLE_NOT_ALLOWED"),
        ({"sub": "p", "role": "publisher", "provinces": "79"}, "ROLE_NOT_ALLOWED"),
        (SIGNER_01, "PROVINCE_NOT_ALLOWED"),
    ),
)
def test_who_may_not_decide(api: Api, table: TableContents, caller: Mapping[str, str], code: str) -> None:
    cover_id = f"{paid_dossier(api)}-C1"
    before = table.items()
    answer = decide(api, cover_id, caller=caller)
    assert (answer.status, answer.json["code"]) == (403, code)
    assert table.items() == before


@pytest.mark.parametrize(
    ("version", "status", "code"),
    (
        ('"7"', 412, "VERSION_CONFLICT"),
        ("1", 422, "IF_MATCH_INVALID"),
        ("*", 422, "IF_MATCH_INVALID"),
        ('W/"1"', 422, "IF_MATCH_INVALID"),
        ('"1", "2"', 422, "IF_MATCH_INVALID"),
        ('"0"', 422, "IF_MATCH_INVALID"),
        ('"-1"', 422, "IF_MATCH_INVALID"),
        ('"' + "9" * 5000 + '"', 422, "IF_MATCH_INVALID"),
    ),
)
def test_the_version_that_was_seen_must_hold(
    api: Api, table: TableContents, version: str, status: int, code: str
) -> None:
    cover_id = f"{paid_dossier(api)}-C1"
    before = table.items()
    answer = decide(api, cover_id, version=version)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert table.items() == before


def test_the_version_must_be_named(api: Api) -> None:
    code = paid_dossier(api)
    answer = api.call("POST", f"/v1/officer/covers/{code}-C1/issue", caller=SIGNER_79)
    assert (answer.status, answer.json["code"]) == (428, "IF_MATCH_REQUIRED")


def test_a_decision_is_taken_once(api: Api, table: TableContents) -> None:
    cover_id = f"{paid_dossier(api)}-C1"
    first = decide(api, cover_id, key="i-1")
    before = table.items()
    again = decide(api, cover_id, key="i-1")
    assert (again.status, again.text, again.headers["Idempotent-Replayed"]) == (202, first.text, "true")
    other_key = decide(api, cover_id, key="i-2")
    assert (other_key.status, other_key.json["code"]) == (412, "VERSION_CONFLICT")
    seen_it = decide(api, cover_id, version='"2"')
    assert (seen_it.status, seen_it.json["code"]) == (409, "INVALID_TRANSITION")
    assert table.items() == before


def test_a_key_is_for_one_cover(api: Api) -> None:
    one, two = (f"{paid_dossier(api, number)}-C1" for number in (1, 2))
    decide(api, one, key="i-1")
    answer = decide(api, two, key="i-1")
    assert (answer.status, answer.json["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("cover_id", ("nothing", "a-C", "a-Cx", "000.00.79.G24-230206-0001-C7", "a-C" + "9" * 60))
def test_an_unknown_cover(api: Api, cover_id: str) -> None:
    answer = decide(api, cover_id)
    assert (answer.status, answer.json["code"]) == (404, "COVER_NOT_FOUND")


def test_the_decision_takes_no_fields(api: Api) -> None:
    cover_id = f"{paid_dossier(api)}-C1"
    path, headers = f"/v1/officer/covers/{cover_id}/issue", {"If-Match": '"1"'}
    answer = api.call("POST", path, {"force": True}, caller=SIGNER_79, headers=headers)
    assert answer.codes == [("force", "UNKNOWN_FIELD")]
    assert api.call("POST", path, {}, caller=SIGNER_79, headers=headers).status == 202


def test_an_issued_cover_can_be_fetched(api: Api, w: Wiring, clients: dict[str, Any], clock: StandingClock) -> None:
    code = paid_dossier(api)
    decide(api, f"{code}-C1")
    content = b"%PDF-1.7 made for a test"
    key = f"covers/2023/02/{code}-C1/v1.pdf"
    clients["s3"].put_object(Bucket=w.settings.documents_bucket, Key=key, Body=content)
    digest = hashlib.sha256(content).hexdigest()
    clock.moment += timedelta(minutes=5)
    record_issue(f"{code}-C1", code, StoredFile(key, digest, len(content), "1"), w)
    link = api.call("GET", f"/v1/dossiers/{code}/cover", caller=PORTAL)
    assert link.status == 200
    assert set(link.json) == {"url", "sha256", "expires_at"}
    assert link.json["sha256"] == digest
    assert key in link.json["url"]
    seen = api.call("GET", f"/v1/dossiers/{code}", caller=PORTAL).json
    assert (seen["state"], seen["national_status"]) == ("RESULT_RETURNED", 10)
    assert seen["cover"]["state"] == "ISSUED"
    assert seen["cover"]["issued_at"] == instant_text(clock.moment)
    assert [entry["state"] for entry in seen["history"]][-2:] == ["COMPLETED", "RESULT_RETURNED"]
    assert listed(api, "/v1/officer/dossiers", OFFICER_79) == []
