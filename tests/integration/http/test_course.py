"""Supplements, withdrawal, refusal, stop and apology over HTTP: scenarios A12 and A13, and who may do what when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import Action
from chalicelib.usecases.course.keep_deadline import Execution, carry_out
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import (
    DECLARATION,
    OFFICER_01,
    OFFICER_79,
    OPS,
    OTHER_PORTAL,
    PORTAL,
    SIGNER_79,
    Answer,
    Api,
)
from tests.integration.http.vouchers import pay

CODE = "000.00.79.G24-230206-0001"
DOSSIER = f"/v1/dossiers/{CODE}"
OFFICER = f"/v1/officer/dossiers/{CODE}"
ASK = {"reason": "Địa chỉ chưa đủ số nhà.", "fields": ["permanent_address.house_street"]}
SUPPLY = {"permanent_address": {"house_street": "12 Lê Lợi, tầng 2"}}
REASON = {"reason": "Không thuộc đối tượng tham gia."}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.fixture(name="opened")
def _opened(api: Api) -> dict[str, Any]:
    opened: dict[str, Any] = api.declare().json
    return opened


@pytest.fixture(name="paid")
def _paid(api: Api, opened: dict[str, Any]) -> dict[str, Any]:
    """Scenario A1 up to the voucher: received on Monday 06/02/2023, due on 13/02/2023."""
    pay(opened, DECLARATION)
    return show(api)


def show(api: Api) -> dict[str, Any]:
    shown: dict[str, Any] = api.call("GET", DOSSIER, caller=PORTAL).json
    return shown


def officer(
    api: Api, what: str, body: Any, *, version: int | None = None, caller: Mapping[str, str] = OFFICER_79, key: str = ""
) -> Answer:
    version = show(api)["version"] if version is None else version
    headers = {"If-Match": f'"{version}"', **({"Idempotency-Key": key} if key else {})}
    return api.call("POST", f"{OFFICER}/{what}", body, caller=caller, headers=headers)


def portal(api: Api, what: str, body: Any = None, *, caller: Mapping[str, str] = PORTAL, version: int = 0) -> Answer:
    headers = {"If-Match": f'"{version}"'} if version else {}
    return api.call("POST", f"{DOSSIER}/{what}", body, caller=caller, headers=headers)


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.text


def test_a12_a_supplement_stands_the_clock(api: Api, clock: StandingClock, paid: dict[str, Any]) -> None:
    # given received Mon 06/02, due 13/02; when asked on 08/02
    assert paid["due_at"] == "2023-02-13T17:00:00+07:00"
    clock.moment = at("2023-02-08 10:00")
    asked = officer(api, "supplement-request", ASK)
    assert asked.status == 200
    assert (asked.json["state"], asked.json["national_status"], asked.json["due_at"]) == (
        "SUPPLEMENT_REQUESTED",
        5,
        None,
    )
    assert asked.headers["ETag"] == f'"{asked.json["version"]}"'
    # then the clock stands, also behind the old due date, and the portal sees what is asked for
    clock.moment = at("2023-02-15 10:00")
    waiting = show(api)
    assert (waiting["due_at"], waiting["overdue"], waiting["kpi_late"]) == (None, False, False)
    assert waiting["supplement"] == {
        "reason": ASK["reason"],
        "fields": ASK["fields"],
        "requested_at": "2023-02-08T10:00:00+07:00",
        "expires_at": "2023-03-10T17:00:00+07:00",
    }
    assert [day["date"] for day in waiting["due_derivation"] if day["counted"]] == ["2023-02-07", "2023-02-08"]
    assert waiting["history"][-1]["reason"] == ASK["reason"]
    # when supplied on Wed 15/02, then 16, 17 and 20/02 are counted
    answer = portal(api, "supplements", SUPPLY)
    assert (answer.status, answer.json["state"], answer.json["due_at"]) == (
        200,
        "IN_PROCESS",
        "2023-02-20T17:00:00+07:00",
    )
    after = show(api)
    assert [day["date"] for day in after["due_derivation"] if day["counted"]][2:] == [
        "2023-02-16",
        "2023-02-17",
        "2023-02-20",
    ]
    why = {day["date"]: day["why"] for day in after["due_derivation"]}
    assert why["2023-02-10"] == "tạm dừng chờ bổ sung hồ sơ"
    assert (after["supplement"], after["kpi_late"]) == (None, False)
    assert [entry["state"] for entry in after["history"]][-2:] == ["SUPPLEMENT_REQUESTED", "IN_PROCESS"]
    # and a second request makes the KPI flag late
    officer(api, "supplement-request", ASK)
    assert show(api)["kpi_late"] is True


def test_a13_one_apology_in_time(api: Api, clock: StandingClock, paid: dict[str, Any]) -> None:
    # given no result by Friday 10/02, the last working day before; when the officer apologises with 15/02
    clock.moment = at("2023-02-10 15:00")
    apology = {"reason": "Hệ thống ký số bị gián đoạn.", "new_due_on": "2023-02-15"}
    answer = officer(api, "apology", apology)
    # then it is due then, and the derivation says why
    assert (answer.status, answer.json["due_at"]) == (200, "2023-02-15T17:00:00+07:00")
    shown = show(api)
    assert shown["due_derivation"][-1] == {
        "date": "2023-02-15",
        "counted": True,
        "why": "ngày làm việc 2/2 theo ngày hẹn lại",
    }
    assert shown["apology"] == {
        "reason": apology["reason"],
        "issued_at": "2023-02-10T15:00:00+07:00",
        "old_due_at": "2023-02-13T17:00:00+07:00",
    }
    assert shown["state"] == "IN_PROCESS"
    # and a second new date is refused
    refused(officer(api, "apology", {**apology, "new_due_on": "2023-02-17"}), 409, "APOLOGY_ALREADY_ISSUED")
    assert show(api)["due_at"] == "2023-02-15T17:00:00+07:00"


@pytest.mark.parametrize(
    ("now", "new_due_on", "status", "code"),
    (
        ("2023-02-13 09:00", "2023-02-15", 409, "APOLOGY_TOO_LATE"),
        ("2023-02-14 09:00", "2023-02-15", 409, "APOLOGY_TOO_LATE"),
        ("2023-02-12 22:00", "2023-02-15", 200, None),
        ("2023-02-10 09:00", "2023-02-13", 422, "NEW_DUE_NOT_LATER"),
        ("2023-02-10 09:00", "2023-02-18", 422, "NEW_DUE_NOT_WORKING_DAY"),
        ("2023-02-10 09:00", "2031-02-18", 422, "CALENDAR_NOT_CONFIGURED"),
    ),
)
def test_an_apology_at_the_wrong_time_or_day(
    api: Api, clock: StandingClock, paid: dict[str, Any], now: str, new_due_on: str, status: int, code: str | None
) -> None:
    clock.moment = at(now)
    answer = officer(api, "apology", {"reason": "Chậm.", "new_due_on": new_due_on})
    assert (answer.status, answer.json.get("code")) == (status, code)


def test_the_work_list_shows_a_standing_clock_last(api: Api, clock: StandingClock, paid: dict[str, Any]) -> None:
    officer(api, "supplement-request", ASK)
    (row,) = api.call("GET", "/v1/officer/dossiers?state=SUPPLEMENT_REQUESTED", caller=OFFICER_79).json["items"]
    assert (row["dossier_code"], row["due_at"], row["overdue"]) == (CODE, None, False)


def test_a_corrected_name_reaches_the_cover(api: Api, paid: dict[str, Any]) -> None:
    officer(api, "supplement-request", {"reason": "Họ tên sai dấu.", "fields": ["full_name"]})
    answer = portal(api, "supplements", {"full_name": "Nguyễn Thị Hoà Bình"})
    assert answer.status == 200, answer.text
    (cover,) = api.call("GET", "/v1/officer/covers?state=DATA_CREATED", caller=SIGNER_79).json["items"]
    assert (cover["full_name"], cover["version"]) == ("Nguyễn Thị Hoà Bình", 2)
    (row,) = api.call("GET", "/v1/officer/dossiers", caller=OFFICER_79).json["items"]
    assert row["full_name"] == "Nguyễn Thị Hoà Bình"


@pytest.mark.parametrize(
    ("fields", "body", "codes"),
    (
        (["full_name"], {}, [("full_name", "REQUIRED")]),
        (["full_name", "phone"], {"full_name": "X"}, [("phone", "REQUIRED"), ("full_name", "NAME_LENGTH")]),
        (["phone"], {"phone": "0912", "nickname": "Hòa"}, [("phone", "PHONE_INVALID"), ("nickname", "UNKNOWN_FIELD")]),
        (["phone"], {"phone": 912}, [("phone", "INVALID_TYPE")]),
        (["phone"], {"phone": "0912345679", "full_name": "Lê Thị Lan"}, [("full_name", "FIELD_NOT_ASKED")]),
        (["income"], {"income": 2_000_000}, [("income", "FIXED_BY_PAYMENT")]),
        (["gender"], {"gender": "NAM"}, [("personal_id", "PERSONAL_ID_GENDER")]),
        (
            ["permanent_address"],
            {"permanent_address": {"commune_code": "1"}},
            [("permanent_address.commune_code", "COMMUNE_CODE_INVALID")],
        ),
        (
            ["contact_address"],
            {"contact_address": {"house_street": "1 Lê Lai"}},
            [
                ("contact_address.province_code", "REQUIRED"),
                ("contact_address.commune_code", "REQUIRED"),
                ("contact_address.district_code", "DISTRICT_REQUIRED"),
            ],
        ),
    ),
)
def test_a_supplement_is_judged_like_the_declaration(
    api: Api,
    table: TableContents,
    paid: dict[str, Any],
    fields: list[str],
    body: dict[str, Any],
    codes: list[tuple[str, str]],
) -> None:
    officer(api, "supplement-request", {"reason": "Cần bổ sung.", "fields": fields})
    before = table.items()
    answer = portal(api, "supplements", body)
    assert (answer.status, answer.codes) == (422, codes)
    assert table.items() == before


def test_an_unchanged_declaration_may_come_along(api: Api, paid: dict[str, Any]) -> None:
    officer(api, "supplement-request", {"reason": "Số điện thoại không liên lạc được.", "fields": ["phone", "income"]})
    same = {name: value for name, value in DECLARATION.items() if name not in {"national_code", "phone"}}
    answer = portal(api, "supplements", {**same, "phone": "0987654321"})
    assert answer.status == 200, answer.text


def test_what_the_registers_say_of_a_field_that_was_asked_for(api: Api, paid: dict[str, Any]) -> None:
    officer(api, "supplement-request", {"reason": "Họ tên.", "fields": ["full_name"]})
    on_file = {"personal_id": "079185012345", "full_name": "Nguyễn Thị Hạnh", "birth_date": "1985-01-01"}
    more = {"gender": "NU", "province_code": "79", "commune_code": "26734"}
    assert api.call("POST", "/sandbox/population", {**on_file, **more}).status == 204
    answer = portal(api, "supplements", {"full_name": "Nguyễn Thị Hương"})
    assert (answer.status, answer.codes) == (422, [("full_name", "IDENTITY_MISMATCH")])
    assert portal(api, "supplements", {"full_name": "Nguyễn Thị Hạnh"}).status == 200


@pytest.mark.parametrize(
    ("body", "codes"),
    (
        ({"reason": "x", "fields": ["nickname"]}, [("fields[0]", "FIELD_UNKNOWN")]),
        ({"reason": "x", "fields": []}, [("fields", "INVALID_VALUE")]),
        ({"reason": " ", "fields": ["phone"]}, [("reason", "INVALID_VALUE")]),
        ({"fields": ["phone"]}, [("reason", "REQUIRED")]),
    ),
)
def test_a_request_names_fields_and_a_reason(
    api: Api, paid: dict[str, Any], body: dict[str, Any], codes: list[tuple[str, str]]
) -> None:
    answer = officer(api, "supplement-request", body)
    assert (answer.status, answer.codes) == (422, codes)


def test_a_withdrawal_frees_the_months_of_an_unpaid_dossier(api: Api, opened: dict[str, Any]) -> None:
    answer = portal(api, "withdrawal")
    assert (answer.status, answer.json["state"], answer.json["national_status"]) == (200, "WITHDRAWN", 7)
    shown = show(api)
    assert (shown["refund"], shown["history"][-1]["by"], shown["history"][-1]["reason"]) == (None, "portal", None)
    assert api.declare(key="again").status == 201
    assert [
        row["dossier_code"] for row in api.call("GET", "/v1/officer/dossiers", caller=OFFICER_79).json["items"]
    ] == ["000.00.79.G24-230206-0002"]


@pytest.mark.parametrize(
    ("how", "state", "national"), (("withdrawal", "WITHDRAWN", 7), ("refusal", "STOPPED", 8), ("stop", "STOPPED", 8))
)
def test_the_end_of_a_paid_dossier_opens_a_refund_case(
    api: Api, paid: dict[str, Any], how: str, state: str, national: int
) -> None:
    answer = portal(api, how, REASON) if how == "withdrawal" else officer(api, how, REASON)
    assert (answer.status, answer.json["state"], answer.json["national_status"]) == (200, state, national)
    shown = show(api)
    assert shown["refund"] == {
        "refund_id": f"{CODE}-R1",
        "state": "OPEN",
        "amount": 297_000,
        "opened_at": "2023-02-06T09:00:00+07:00",
    }
    assert shown["history"][-1]["reason"] == REASON["reason"]
    # The cover is off the signers' list and can't be issued any more; the months stay recorded until the refund.
    assert shown["cover"]["state"] == "REVOKED"
    assert api.call("GET", "/v1/officer/covers?state=DATA_CREATED", caller=SIGNER_79).json["items"] == []
    headers = {"If-Match": f'"{shown["cover"]["version"]}"'}
    issue = api.call("POST", f"/v1/officer/covers/{CODE}-C1/issue", caller=SIGNER_79, headers=headers)
    refused(issue, 409, "INVALID_TRANSITION")
    refused(api.declare(key="again"), 422, "OVERLAP")
    # Nothing more can be decided about it.
    for what in ("refusal", "stop"):
        refused(officer(api, what, REASON), 409, "INVALID_TRANSITION")
    refused(officer(api, "supplement-request", ASK), 409, "INVALID_TRANSITION")
    refused(officer(api, "apology", {"reason": "x", "new_due_on": "2023-02-15"}), 409, "INVALID_TRANSITION")
    refused(portal(api, "withdrawal"), 409, "INVALID_TRANSITION")
    refused(portal(api, "supplements", SUPPLY), 409, "INVALID_TRANSITION")


@pytest.mark.parametrize("what", ("supplement-request", "refusal", "stop", "apology"))
def test_an_unpaid_dossier_is_only_waited_for(api: Api, opened: dict[str, Any], what: str) -> None:
    body = {"supplement-request": ASK, "apology": {"reason": "x", "new_due_on": "2023-02-15"}}.get(what, REASON)
    answer = officer(api, what, body)
    refused(answer, 409, "INVALID_TRANSITION")
    assert (answer.json["state"], answer.json["version"]) == ("AWAITING_PAYMENT", 1)


def test_a_result_that_is_being_signed_is_not_taken_back(api: Api, paid: dict[str, Any]) -> None:
    headers = {"If-Match": '"1"'}
    assert api.call("POST", f"/v1/officer/covers/{CODE}-C1/issue", caller=SIGNER_79, headers=headers).status == 202
    refused(portal(api, "withdrawal"), 409, "INVALID_TRANSITION")
    refused(officer(api, "stop", REASON), 409, "INVALID_TRANSITION")
    refused(officer(api, "supplement-request", ASK), 409, "INVALID_TRANSITION")


def test_no_cover_is_issued_while_a_supplement_is_awaited(api: Api, paid: dict[str, Any]) -> None:
    officer(api, "supplement-request", ASK)
    headers = {"If-Match": '"1"'}
    answer = api.call("POST", f"/v1/officer/covers/{CODE}-C1/issue", caller=SIGNER_79, headers=headers)
    refused(answer, 409, "INVALID_TRANSITION")


@pytest.mark.parametrize("what", ("supplement-request", "refusal", "stop", "apology"))
@pytest.mark.parametrize(
    ("caller", "status", "code"),
    ((OFFICER_01, 403, "PROVINCE_NOT_ALLOWED"), (PORTAL, 403, "ROLE_NOT_ALLOWED"), (OPS, 403, "ROLE_NOT_ALLOWED")),
)
def test_only_officers_of_the_province_decide(
    api: Api, paid: dict[str, Any], what: str, caller: dict[str, str], status: int, code: str
) -> None:
    body = {"supplement-request": ASK, "apology": {"reason": "x", "new_due_on": "2023-02-15"}}.get(what, REASON)
    refused(officer(api, what, body, version=1, caller=caller), status, code)


@pytest.mark.parametrize(("what", "body"), (("supplements", SUPPLY), ("withdrawal", REASON)))
def test_only_the_client_that_opened_it_answers(
    api: Api, paid: dict[str, Any], what: str, body: dict[str, Any]
) -> None:
    refused(portal(api, what, body, caller=OTHER_PORTAL), 403, "DOSSIER_NOT_ALLOWED")
    refused(portal(api, what, body, caller=OFFICER_79), 403, "ROLE_NOT_ALLOWED")


def test_versions_are_asked_of_officers_and_honoured_from_portals(api: Api, paid: dict[str, Any]) -> None:
    missing = api.call("POST", f"{OFFICER}/stop", REASON, caller=OFFICER_79)
    refused(missing, 428, "IF_MATCH_REQUIRED")
    conflict = officer(api, "stop", REASON, version=1)
    refused(conflict, 412, "VERSION_CONFLICT")
    assert (conflict.json["version"], conflict.json["state"]) == (paid["version"], "IN_PROCESS")
    refused(portal(api, "withdrawal", version=1), 412, "VERSION_CONFLICT")
    assert portal(api, "withdrawal", version=paid["version"]).status == 200


def test_a_reminder_does_not_turn_away_the_decision_it_reminds_of(
    api: Api, clock: StandingClock, w: Wiring, paid: dict[str, Any]
) -> None:
    # given an officer who looked at the dossier; when the clock notes a reminder before the decision arrives
    clock.moment = at("2023-02-10 09:00")
    assert carry_out(Action.REMIND_OFFICER, CODE, Execution(generation=1, clock_version=0), w)
    assert show(api)["version"] == paid["version"] + 1
    apology = {"reason": "Hệ thống ký số bị gián đoạn.", "new_due_on": "2023-02-15"}
    # then a version that never was is still refused, and the one that was seen is good enough
    refused(officer(api, "apology", apology, version=paid["version"] + 2), 412, "VERSION_CONFLICT")
    assert officer(api, "apology", apology, version=paid["version"]).status == 200
    # and behind a decision of somebody else it is not
    refused(officer(api, "stop", REASON, version=paid["version"]), 412, "VERSION_CONFLICT")


def test_the_same_key_gets_the_first_answer(api: Api, paid: dict[str, Any]) -> None:
    first = officer(api, "supplement-request", ASK, key="k")
    again = officer(api, "supplement-request", ASK, version=paid["version"], key="k")
    assert (again.status, again.text, again.headers["Idempotent-Replayed"]) == (200, first.text, "true")
    other = officer(api, "supplement-request", {**ASK, "reason": "khác"}, key="k")
    refused(other, 409, "IDEMPOTENCY_KEY_REUSED")


def test_nobody_finds_what_is_not_there(api: Api) -> None:
    answer = api.call("POST", "/v1/dossiers/000.00.79.G24-230206-0009/withdrawal", caller=PORTAL)
    refused(answer, 404, "DOSSIER_NOT_FOUND")


@pytest.mark.parametrize("text", ("Thiếu giấy tờ \U0001f4c4", "陈", "a\u202eb", "\u200b", "a\x00b", "a\u2028b"))
def test_a_reason_that_no_slip_could_show_is_refused(api: Api, paid: dict[str, Any], text: str) -> None:
    answer = officer(api, "refusal", {"reason": text}, version=paid["version"])
    assert (answer.status, answer.codes) == (422, [("reason", "INVALID_VALUE")])


def test_a_reason_is_kept_as_it_is_printed(api: Api, paid: dict[str, Any]) -> None:
    typed = "Thie\u0302\u0301u so\u0302\u0301\u00a0nha\u0300\t(1)\r\nva\u0300 \u2018ngo\u0303\u2019"
    assert officer(api, "refusal", {"reason": typed}, version=paid["version"]).status == 200
    assert show(api)["history"][-1]["reason"] == "Thiếu số nhà (1)\nvà \u2018ngõ\u2019"
