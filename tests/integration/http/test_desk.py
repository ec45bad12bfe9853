"""The officers' desk: assignment, many at once, and what a latecomer is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.domain.events import first_broken_line
from chalicelib.usecases.registration.view_dossier import read_dossier
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import TableContents
from tests.integration.http.harness import (
    OFFICER_01,
    OFFICER_79,
    OPS,
    PORTAL,
    SIGNER_01,
    SIGNER_79,
    Answer,
    Api,
)
from tests.integration.http.test_officers import decide, listed, paid_dossier

SECOND_SIGNER = {**SIGNER_79, "sub": "signer-79-b"}
COLLEAGUE = {**OFFICER_79, "sub": "officer-79-b"}
UNKNOWN = "000.00.79.G24-230206-9999"


def assign(
    api: Api, code: str, assignee: str | None, *, version: int = 3, caller: Mapping[str, str] = OFFICER_79, **more: Any
) -> Answer:
    headers = {"If-Match": f'"{version}"', **more.pop("headers", {})}
    body = {"assignee": assignee, **more}
    return api.call("POST", f"/v1/officer/dossiers/{code}/assignment", body, caller=caller, headers=headers)


def issue_many(
    api: Api, *cover_ids: str, caller: Mapping[str, str] = SIGNER_79, key: str | None = None, **more: Any
) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"cover_ids": list(cover_ids), **more}
    return api.call("POST", "/v1/officer/covers/issue", body, caller=caller, headers=headers)


def outcome(answer: Answer) -> list[tuple[int, str | None]]:
    """(status, code) of every item."""
    assert answer.status == 200, answer.text
    return [(item["status"], item["problem"] and item["problem"]["code"]) for item in answer.json["items"]]


def test_a_dossier_is_assigned_reassigned_and_given_back(api: Api, w: Wiring) -> None:
    code = paid_dossier(api)
    answer = assign(api, code, "can-bo-17", reason="Nhận việc")
    assert (answer.status, answer.headers["ETag"], answer.json["assignee"]) == (200, '"4"', "can-bo-17")
    (row,) = listed(api, "/v1/officer/dossiers?assignee=can-bo-17", OFFICER_79)
    assert (row["assignee"], row["version"]) == ("can-bo-17", 4)
    assert listed(api, "/v1/officer/dossiers?assignee=can-bo-18", OFFICER_79) == []
    assert assign(api, code, "can-bo-18", version=4).status == 200
    assert assign(api, code, None, version=5).json["assignee"] is None
    (row,) = listed(api, "/v1/officer/dossiers", OFFICER_79)
    assert row["assignee"] is None
    view = read_dossier(code, w)
    told = [(line.event, line.actor, line.subject, line.reason) for line in view.history[3:]]
    assert told == [
        ("DOSSIER_ASSIGNED", "officer-79", "can-bo-17", "Nhận việc"),
        ("DOSSIER_ASSIGNED", "officer-79", "can-bo-18", None),
        ("DOSSIER_ASSIGNED", "officer-79", None, None),
    ]
    assert first_broken_line(view.history, view.dossier.audit_hash) is None


def test_an_assignment_stays_through_what_follows(api: Api) -> None:
    code = paid_dossier(api)
    assign(api, code, "can-bo-17")
    assert decide(api, f"{code}-C1").status == 202
    (row,) = listed(api, "/v1/officer/dossiers", OFFICER_79)
    assert (row["assignee"], row["version"]) == ("can-bo-17", 5)


def test_an_assignment_sent_twice_is_made_once(api: Api, table: TableContents) -> None:
    code = paid_dossier(api)
    first = assign(api, code, "can-bo-17", headers={"Idempotency-Key": "k"})
    before = table.items()
    again = assign(api, code, "can-bo-17", headers={"Idempotency-Key": "k"})
    assert (again.status, again.text, again.headers["Idempotent-Replayed"]) == (200, first.text, "true")
    assert table.items() == before
    other = assign(api, code, "can-bo-18", headers={"Idempotency-Key": "k"})
    assert (other.status, other.json["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("caller", "status", "code"),
    (
        (OFFICER_01, 403, "PROVINCE_NOT_ALLOWED"),
        (PORTAL, 403, "ROLE_NOT_ALLOWED"),
        (OPS, 403, "ROLE_NOT_ALLOWED"),
    ),
)
def test_who_may_not_assign(api: Api, table: TableContents, caller: Mapping[str, str], status: int, code: str) -> None:
    dossier = paid_dossier(api)
    before = table.items()
    answer = assign(api, dossier, "can-bo-17", caller=caller)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert table.items() == before


def test_what_cannot_be_assigned(api: Api) -> None:
    code = paid_dossier(api)
    assert assign(api, UNKNOWN, "a").json["code"] == "DOSSIER_NOT_FOUND"
    missing = api.call("POST", f"/v1/officer/dossiers/{code}/assignment", {"assignee": "a"}, caller=OFFICER_79)
    assert (missing.status, missing.json["code"]) == (428, "IF_MATCH_REQUIRED")
    assert assign(api, code, "cán bộ").codes == [("assignee", "INVALID_VALUE")]
    assert api.call(
        "POST", f"/v1/officer/dossiers/{code}/assignment", {}, caller=OFFICER_79, headers={"If-Match": '"3"'}
    ).codes == [("assignee", "REQUIRED")]


def test_an_ended_dossier_is_not_assigned(api: Api) -> None:
    code = paid_dossier(api)
    stop = {"reason": "Chứng từ bị hủy"}
    stopped = api.call(
        "POST", f"/v1/officer/dossiers/{code}/stop", stop, caller=OFFICER_79, headers={"If-Match": '"3"'}
    )
    assert stopped.status == 200
    answer = assign(api, code, "a", version=stopped.json["version"])
    assert (answer.status, answer.json["code"], answer.json["state"]) == (409, "INVALID_TRANSITION", "STOPPED")


def test_the_second_officer_is_told_what_the_first_did(api: Api) -> None:
    """Both looked at version 3; the slower one hears of the assignment and of the cover's check."""
    code = paid_dossier(api)
    assert assign(api, code, "officer-79", reason="Tôi xử lý").status == 200
    assert decide(api, f"{code}-C1").status == 202
    late = assign(api, code, "officer-79-b", caller=COLLEAGUE)
    assert (late.status, late.json["code"], late.json["version"], late.json["state"]) == (
        412,
        "VERSION_CONFLICT",
        5,
        "IN_PROCESS",
    )
    assert late.json["changes"] == [
        {
            "version": 4,
            "event": "DOSSIER_ASSIGNED",
            "state": "IN_PROCESS",
            "at": "2023-02-06T09:00:00+07:00",
            "by": "officer",
            "reason": "Tôi xử lý",
        },
        {
            "version": 5,
            "event": "COVER_CHECKED",
            "state": "IN_PROCESS",
            "at": "2023-02-06T09:00:00+07:00",
            "by": "officer",
            "reason": None,
        },
    ]
    assert "officer-79" not in late.text


def test_the_second_signer_of_a_cover_is_told_too(api: Api) -> None:
    code = paid_dossier(api)
    assert decide(api, f"{code}-C1").status == 202
    late = decide(api, f"{code}-C1", caller=SECOND_SIGNER)
    assert (late.status, late.json["version"], late.json["state"]) == (412, 2, "CHECKED")
    assert [(each["event"], each["by"]) for each in late.json["changes"]] == [("COVER_CHECKED", "officer")]


def test_two_officers_between_reading_and_writing(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one's transaction comes between the second one's read and write: one wins, the other is told."""
    code = paid_dossier(api)
    table_type = type(w.table)
    read = table_type.get_many
    raced: list[int] = []

    def overtaken(table: Any, wanted: Any) -> Any:
        found = read(table, wanted)
        if not raced:
            raced.append(0)
            raced[0] = assign(api, code, "officer-79").status
        return found

    monkeypatch.setattr(table_type, "get_many", overtaken)
    late = assign(api, code, "officer-79-b", caller=COLLEAGUE)
    assert raced == [200]
    assert (late.status, late.json["code"]) == (412, "VERSION_CONFLICT")
    assert [each["event"] for each in late.json["changes"]] == ["DOSSIER_ASSIGNED"]
    (row,) = listed(api, "/v1/officer/dossiers", OFFICER_79)
    assert (row["assignee"], row["version"]) == ("officer-79", 4)


def test_many_covers_each_with_its_own_result(api: Api) -> None:
    codes = [paid_dossier(api, number) for number in (1, 2, 3)]
    elsewhere = paid_dossier(api, 4, province="01")
    covers = [f"{code}-C1" for code in (*codes, elsewhere, UNKNOWN)]
    assert decide(api, covers[1], caller=SECOND_SIGNER).status == 202
    answer = issue_many(api, *covers, "x")
    assert outcome(answer) == [
        (202, None),
        (409, "INVALID_TRANSITION"),
        (202, None),
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "COVER_NOT_FOUND"),
        (404, "COVER_NOT_FOUND"),
    ]
    assert answer.json["items"][0]["cover"] == {
        "cover_id": covers[0],
        "state": "CHECKED",
        "version": 2,
        "issued_at": None,
        "dossier_code": codes[0],
        "ended_at": None,
        "replaces": None,
        "replaced_by": None,
        "revocation": None,
    }
    assert {item["cover_id"] for item in listed(api, "/v1/officer/covers?state=CHECKED", SIGNER_79)} == set(covers[:3])


def test_versions_of_covers_are_held_against_what_was_seen(api: Api) -> None:
    covers = [f"{paid_dossier(api, number)}-C1" for number in (1, 2)]
    decide(api, covers[1], caller=SECOND_SIGNER)
    answer = issue_many(api, *covers, versions={covers[0]: 1, covers[1]: 1})
    assert outcome(answer) == [(202, None), (412, "VERSION_CONFLICT")]
    problem = answer.json["items"][1]["problem"]
    assert (problem["version"], problem["state"]) == (2, "CHECKED")
    assert [each["event"] for each in problem["changes"]] == ["COVER_CHECKED"]
    slip = issue_many(api, covers[0], versions={"x": 1})
    assert (slip.status, [code for _, code in slip.codes]) == (422, ["INVALID_VALUE"])


def test_many_covers_sent_twice_are_issued_once(api: Api, table: TableContents) -> None:
    covers = [f"{paid_dossier(api, number)}-C1" for number in (1, 2)]
    first = issue_many(api, *covers, UNKNOWN, key="bulk-1")
    before = table.items()
    again = issue_many(api, *covers, UNKNOWN, key="bulk-1")
    assert (again.text, again.headers["Idempotent-Replayed"]) == (first.text, "true")
    assert table.items() == before
    other = issue_many(api, covers[0], key="bulk-1")
    assert (other.status, other.json["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_what_was_not_reached_in_time_is_done_by_the_same_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    covers = [f"{paid_dossier(api, number)}-C1" for number in (1, 2)]
    monkeypatch.setattr("chalicelib.usecases.course.bulk.SECONDS", -1.0)
    assert outcome(issue_many(api, *covers, key="bulk-1")) == [(503, "NOT_ATTEMPTED")] * 2
    monkeypatch.undo()


def test_the_rest_follows_beside_what_was_done(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    covers = [f"{paid_dossier(api, number)}-C1" for number in (1, 2)]
    moments = iter((0.0, 0.0, 100.0))
    with monkeypatch.context() as patch:
        # this module's clock alone: the law book and the sandbox clock look at the real one
        clock = SimpleNamespace(monotonic=lambda: next(moments), time=time.time)
        patch.setattr("chalicelib.usecases.course.bulk.time", clock)
        assert outcome(issue_many(api, *covers, key="bulk-1")) == [(202, None), (503, "NOT_ATTEMPTED")]
    done = issue_many(api, *covers, key="bulk-1")
    assert outcome(done) == [(202, None), (202, None)]
    assert "Idempotent-Replayed" not in done.headers
    assert issue_many(api, *covers, key="bulk-1").headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "code"),
    (
        ({"cover_ids": []}, "INVALID_VALUE"),
        ({"cover_ids": [f"c{number}" for number in range(101)]}, "TOO_LONG"),
        ({"cover_ids": ["a", "a"]}, "DUPLICATE_ITEM"),
        ({"cover_ids": "a"}, "INVALID_TYPE"),
        ({}, "REQUIRED"),
        ({"cover_ids": ["a"], "force": True}, "UNKNOWN_FIELD"),
    ),
)
def test_requests_for_many_that_are_none(api: Api, body: dict[str, Any], code: str) -> None:
    answer = api.call("POST", "/v1/officer/covers/issue", body, caller=SIGNER_79)
    assert (answer.status, [found for _, found in answer.codes]) == (422, [code])


@pytest.mark.parametrize("caller", (OFFICER_79, PORTAL, OPS))
def test_only_signers_issue_many(api: Api, caller: Mapping[str, str]) -> None:
    assert issue_many(api, "a", caller=caller).json["code"] == "ROLE_NOT_ALLOWED"


def test_many_dossiers_are_assigned_to_one_officer(api: Api) -> None:
    codes = [paid_dossier(api, number) for number in (1, 2)]
    elsewhere = paid_dossier(api, 3, province="01")
    body = {"dossier_codes": [*codes, elsewhere, UNKNOWN], "assignee": "can-bo-17", "reason": "Chia việc"}
    answer = api.call("POST", "/v1/officer/assignments", body, caller=OFFICER_79)
    assert outcome(answer) == [
        (200, None),
        (200, None),
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "DOSSIER_NOT_FOUND"),
    ]
    assert {row["dossier_code"] for row in listed(api, "/v1/officer/dossiers?assignee=can-bo-17", OFFICER_79)} == set(
        codes
    )
    assert api.call("POST", "/v1/officer/assignments", body, caller=PORTAL).status == 403


def test_a_look_into_another_province_is_denied_and_logged_without_a_name(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """A21: an officer of 01 opens a dossier of 79."""
    code = paid_dossier(api)
    caplog.set_level(logging.INFO)
    answer = api.call("GET", f"/v1/dossiers/{code}", caller=OFFICER_01)
    assert (answer.status, answer.json["code"]) == (403, "PROVINCE_NOT_ALLOWED")
    (refused,) = [record for record in caplog.records if record.getMessage() == "refused"]
    told = str(refused.__dict__)
    assert "PROVINCE_NOT_ALLOWED" in told
    assert "officer" in told
    for personal in ("Nguyễn", "079185", "912345678"):
        assert personal not in caplog.text + told


def test_signers_of_another_province_issue_none(api: Api) -> None:
    cover = f"{paid_dossier(api)}-C1"
    assert outcome(issue_many(api, cover, caller=SIGNER_01)) == [(403, "PROVINCE_NOT_ALLOWED")]
