"""The register of requests about one's own data: over HTTP, by officers of the province, naming nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.audit import Chains
from chalicelib.domain.months import VIETNAM
from chalicelib.storage import keys
from chalicelib.storage.items.audit import trail_of
from chalicelib.usecases.oversight.stuck import list_stuck
from chalicelib.usecases.oversight.sweep import sweep
from chalicelib.usecases.oversight.watch import DATA_REQUEST_DUE, DATA_REQUEST_LATE, watch
from chalicelib.wiring import Wiring
from tests.integration.http.harness import DECLARATION, OFFICER_01, OFFICER_79, OPS, PORTAL, Answer, Api
from tests.integration.http.vouchers import pay
from tests.support.house import OFFICER_79 as OFFICER

PATH = "/v1/officer/data-requests"
CODE = "000.00.79.G24-230206-0001"
MONDAY = datetime(2026, 3, 2, 9, tzinfo=VIETNAM)
ENTRY = {
    "personal_id": DECLARATION["personal_id"],
    "province_code": "79",
    "kind": "ACCESS",
    "reference": "Đơn số 12/2026",
}


@pytest.fixture(autouse=True)
def _some_provinces(w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep of the whole country asks for hundreds of lists; here two provinces are enough."""
    monkeypatch.setattr(type(w.law.provinces), "codes", lambda _: frozenset({"01", "79"}))


@pytest.fixture(name="paid")
def _paid(api: Api, clock: Any) -> None:
    """A dossier of the person; a day of 2023."""
    pay(api.declare().json, DECLARATION)


@pytest.fixture(name="monday", autouse=True)
def _monday(request: pytest.FixtureRequest, clock: Any) -> None:
    if "paid" in request.fixturenames:
        request.getfixturevalue("paid")
    clock.moment = MONDAY


def record(api: Api, caller: Mapping[str, str] = OFFICER_79, **changes: Any) -> Answer:
    return api.call("POST", PATH, {**ENTRY, **changes}, caller=caller)


def step(api: Api, found: Answer, name: str, body: Any = None, **more: Any) -> Answer:
    """Take a step with the version that was seen last."""
    headers = {"If-Match": found.headers["ETag"]} | more.pop("headers", {})
    path = f"{PATH}/{found.json['request_id']}/{name}"
    return api.call("POST", path, body or {}, caller=more.pop("caller", OFFICER_79), headers=headers)


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def listed(api: Api, asked: str = "", caller: Mapping[str, str] = OFFICER_79) -> list[Any]:
    found: list[Any] = api.call("GET", f"{PATH}{asked}", caller=caller).json["items"]
    return found


def test_access_from_the_letter_to_the_answer(api: Api, w: Wiring, paid: None) -> None:
    # Given a request that came on a Monday
    recorded = record(api)
    assert recorded.status == 201, recorded.text
    told = recorded.json
    assert told["due"]["first_answer_by"] == told["next_answer_by"] == "2026-03-04T17:00:00+07:00"
    assert (told["state"], told["dossiers"], told["late"]) == ("RECEIVED", [CODE], False)
    # It can't be called granted before anything was handed out.
    granted = {"outcome": "FULFILLED", "answer": "Đã gửi báo cáo."}
    assert code(step(api, recorded, "answer", granted)) == (409, "REPORT_NOT_GIVEN")
    # When the first answer goes out, the limit is taken longer, everything held is handed out and answered
    first = step(api, recorded, "first-answer")
    assert (first.status, first.json["state"], first.json["next_answer_by"]) == (
        200,
        "ACKNOWLEDGED",
        "2026-03-12T17:00:00+07:00",
    )
    longer = step(api, first, "extension", {"reason": "Chờ xác minh"})
    assert longer.json["next_answer_by"] == "2026-03-27T17:00:00+07:00"
    assert code(step(api, longer, "extension", {"reason": "x"})) == (409, "EXTENSION_TAKEN")
    report = api.call("POST", f"{PATH}/{told['request_id']}/report", {}, caller=OFFICER_79)
    assert report.status == 200, report.text
    assert [each["full_name"] for each in report.json["dossiers"]] == ["Nguyễn Thị Hòa"]
    assert (report.json["kind"], report.json["due"]) == ("ACCESS", longer.json["due"])
    assert code(step(api, longer, "answer", granted)) == (412, "VERSION_CONFLICT")
    done = step(api, longer, "answer", granted, headers={"If-Match": report.headers["ETag"]})
    assert (done.status, done.json["state"], done.json["outcome"]) == (200, "ANSWERED", "FULFILLED")
    # Then it stands among the answered ones, with who did what, and nothing can be done with it any more
    assert listed(api) == []
    assert [each["request_id"] for each in listed(api, "?state=ANSWERED")] == [told["request_id"]]
    assert code(step(api, done, "first-answer")) == (409, "INVALID_TRANSITION")
    assert code(api.call("POST", f"{PATH}/{told['request_id']}/report", {}, caller=OFFICER_79))[0] == 409
    shown = api.call("GET", f"{PATH}/{told['request_id']}", caller=OFFICER_79).json
    assert [(line["number"], line["event"], line["actor"]) for line in shown["trail"]] == [
        (1, "DATA_REQUEST_RECORDED", "officer-79"),
        (2, "DATA_REQUEST_ACKNOWLEDGED", "officer-79"),
        (3, "DATA_REQUEST_EXTENDED", "officer-79"),
        (4, "DATA_REQUEST_REPORTED", "officer-79"),
        (5, "DATA_REQUEST_ANSWERED", "officer-79"),
    ]
    # The citizen reads who looked and for which request, and the trail is whole.
    views = api.call("GET", f"/v1/dossiers/{CODE}/views", caller=PORTAL).json["items"]
    assert {view["reason"] for view in views} == {f"Yêu cầu của chủ thể dữ liệu {told['request_id']}"}
    chains = Chains()
    for item in w.table.query(keys.data_request_partition(told["request_id"])):
        chains.take(item)
    assert list(chains.findings()) == []
    assert chains.count == 5


def test_a_correction_is_linked_to_the_dossier_that_was_put_right(api: Api, w: Wiring, paid: None) -> None:
    recorded = record(api, kind="CORRECTION")
    granted = {"outcome": "FULFILLED", "answer": "Đã sửa.", "dossier_code": CODE}
    assert code(step(api, recorded, "answer", granted)) == (409, "CORRECTION_NOT_MADE")
    assert code(step(api, recorded, "answer", {**granted, "dossier_code": None})) == (409, "CORRECTION_NOT_MADE")
    other = step(api, recorded, "answer", {**granted, "dossier_code": "000.00.79.G24-230206-0099"})
    assert (other.status, other.codes) == (422, [("dossier_code", "DOSSIER_NOT_OF_REQUEST")])
    # When the officer asks for a supplement, and the citizen sends the right phone
    path, tag = f"/v1/dossiers/{CODE}", api.call("GET", f"/v1/dossiers/{CODE}", caller=OFFICER_79).headers["ETag"]
    ask = {"reason": "Sửa số điện thoại.", "fields": ["phone"]}
    asked = api.call(
        "POST", f"/v1/officer/dossiers/{CODE}/supplement-request", ask, caller=OFFICER_79, headers={"If-Match": tag}
    )
    assert asked.status == 200, asked.text
    supplied = api.call(
        "POST", f"{path}/supplements", {"phone": "+84987654321"}, caller=PORTAL, headers={"Idempotency-Key": "s"}
    )
    assert supplied.status == 200, supplied.text
    # Then the answer names the line by which it was put right
    done = step(api, recorded, "answer", granted)
    assert done.status == 200, done.text
    found, _, number = done.json["corrected_by"].partition("#")
    lines = trail_of(w.table.query(keys.dossier_partition(found), keys.AUDIT))
    assert [line.event for line in lines if line.version == int(number)] == ["SUPPLEMENT_SUPPLIED"]
    assert found == CODE
    assert done.json["first_answered_at"] == done.json["answered_at"]


def test_nothing_is_late_unnoticed(api: Api, w: Wiring, clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    recorded = record(api)
    name = recorded.json["request_id"]
    assert watch(w) == ()
    # On the day before, then behind the limit
    clock.moment = MONDAY + timedelta(days=1, hours=16)
    assert watch(w) == (DATA_REQUEST_DUE,)
    assert listed(api)[0]["due_soon"] is True
    assert listed(api, "?late=true") == []
    clock.moment = datetime(2026, 3, 5, 1, tzinfo=VIETNAM)
    assert watch(w) == (DATA_REQUEST_LATE,)
    assert getattr(caplog.records[-1], "facts")["request_id"] == name  # noqa: B009 -- a field of our own
    assert [each["late"] for each in listed(api, "?late=true&province=79")] == [True]
    # The sweep names it for officers and operators.
    sweep(w)
    (stuck,) = (each for each in list_stuck(OFFICER, province=None, w=w) if each.kind == "request")
    assert (stuck.subject, stuck.expected.what) == (name, "ANSWER")
    shown = api.call("GET", "/v1/officer/stuck", caller=OPS).json["items"]
    assert name in [each["subject"] for each in shown]
    # Answered late, it leaves both lists and still says so.
    refused = {"outcome": "REFUSED", "answer": "Nghĩa vụ theo Luật BHXH."}
    assert step(api, recorded, "answer", refused).json["late"] is True
    assert watch(w) == ()


def test_the_next_limit_comes_first(api: Api, clock: Any) -> None:
    late = record(api, kind="WITHDRAWAL").json["request_id"]
    early = record(api, received_at="2026-02-27T09:00:00+07:00").json["request_id"]
    assert [each["request_id"] for each in listed(api)] == [early, late]
    page = api.call("GET", f"{PATH}?limit=1", caller=OFFICER_79).json
    assert [each["request_id"] for each in page["items"]] == [early]
    rest = api.call("GET", f"{PATH}?limit=1&cursor={page['next_cursor']}", caller=OFFICER_79).json
    assert [each["request_id"] for each in rest["items"]] == [late]
    assert listed(api, "?state=ACKNOWLEDGED") == []


def test_who_may(api: Api) -> None:
    recorded = record(api)
    one = f"{PATH}/{recorded.json['request_id']}"
    assert code(record(api, OFFICER_01)) == (403, "PROVINCE_NOT_ALLOWED")
    assert code(record(api, PORTAL)) == (403, "ROLE_NOT_ALLOWED")
    assert code(record(api, OPS)) == (403, "ROLE_NOT_ALLOWED")
    for method, path, body in (
        ("GET", one, None),
        ("POST", f"{one}/first-answer", {}),
        ("POST", f"{one}/extension", {"reason": "x"}),
        ("POST", f"{one}/answer", {"outcome": "REFUSED", "answer": "x"}),
        ("POST", f"{one}/report", {}),
    ):
        headers = {"If-Match": '"1"'}
        assert code(api.call(method, path, body, caller=OFFICER_01, headers=headers)) == (403, "PROVINCE_NOT_ALLOWED")
        assert code(api.call(method, path, body, caller=PORTAL, headers=headers)) == (403, "ROLE_NOT_ALLOWED")
        nobody = path.replace(recorded.json["request_id"], "79-0000000000000000")
        assert code(api.call(method, nobody, body, caller=OFFICER_79, headers=headers)) == (
            404,
            "DATA_REQUEST_NOT_FOUND",
        )
    assert listed(api, caller=OFFICER_01) == []
    # Operators see that there is one and when it is due, and none of the officers' words.
    (seen,) = listed(api, caller=OPS)
    assert (seen["reference"], seen["next_answer_by"]) == (None, recorded.json["next_answer_by"])
    assert api.call("GET", one, caller=OPS).json["request"]["reference"] is None


def test_a_step_is_taken_once(api: Api) -> None:
    again = {"Idempotency-Key": "k"}
    sent = [api.call("POST", PATH, ENTRY, caller=OFFICER_79, headers=again) for _ in range(2)]
    assert sent[0].json == sent[1].json
    assert sent[1].headers["Idempotent-Replayed"] == "true"
    other = api.call("POST", PATH, {**ENTRY, "kind": "CORRECTION"}, caller=OFFICER_79, headers=again)
    assert code(other) == (409, "IDEMPOTENCY_KEY_REUSED")
    first = [step(api, sent[0], "first-answer", headers={"Idempotency-Key": "f"}) for _ in range(2)]
    assert [each.json["version"] for each in first] == [2, 2]
    path = f"{PATH}/{sent[0].json['request_id']}/first-answer"
    assert code(api.call("POST", path, {}, caller=OFFICER_79)) == (428, "IF_MATCH_REQUIRED")


def test_what_is_not_asked_for_well(api: Api, clock: Any) -> None:
    bad: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"personal_id": "07918501234"}, "personal_id", "INVALID_VALUE"),
        ({"received_at": "2026-03-02T09:00:01+07:00"}, "received_at", "RECEIVED_IN_FUTURE"),
        ({"reference": ""}, "reference", "INVALID_VALUE"),
        ({"name": "x"}, "name", "UNKNOWN_FIELD"),
    )
    for changes, field, fault in bad:
        refused = record(api, **changes)
        assert (refused.status, refused.codes) == (422, [(field, fault)])
    assert code(record(api, received_at="2023-06-30T09:00:00+07:00")) == (422, "ANSWER_TIMES_NOT_CONFIGURED")


def test_nobody_is_named_in_keys_and_trail(api: Api, w: Wiring, table: Any, paid: None) -> None:
    recorded = record(api)
    step(api, recorded, "first-answer")
    stored = [item for item in table.items() if item["PK"]["S"].startswith("REQUEST#")]
    assert len(stored) == 3
    written = json.dumps(stored, ensure_ascii=False)
    assert DECLARATION["personal_id"] not in written
    assert DECLARATION["full_name"] not in written
    assert w.person(DECLARATION["personal_id"]) in written
    assert w.person(DECLARATION["personal_id"]) not in recorded.text


def test_somebody_of_whom_nothing_is_held_is_answered_too(api: Api) -> None:
    recorded = record(api, personal_id="079185099999")
    assert (recorded.status, recorded.json["dossiers"]) == (201, [])
    path = f"{PATH}/{recorded.json['request_id']}/report"
    assert code(api.call("POST", path, {}, caller=OFFICER_79)) == (404, "PERSON_NOT_FOUND")
    nothing = {"outcome": "FULFILLED", "answer": "Không lưu dữ liệu nào."}
    assert step(api, recorded, "answer", nothing).json["state"] == "ANSWERED"
