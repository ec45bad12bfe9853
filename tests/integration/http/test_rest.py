"""Acceptance, steps, delivery and reopening over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import boto3
import pytest

from chalicelib.domain.covers.cover import StoredFile
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import Action
from chalicelib.usecases.course.keep_deadline import Execution, carry_out
from chalicelib.usecases.covers.make_cover import record_issue
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock
from tests.integration.http.harness import DECLARATION, OFFICER_01, OFFICER_79, OPS, PORTAL, SIGNER_79, Answer, Api
from tests.integration.http.vouchers import deliver, pay, voucher_for

CODE = "000.00.79.G24-230206-0001"
OFFICER = f"/v1/officer/dossiers/{CODE}"
PATH = "/v1/officer/provinces/79/procedure"
STEPS = [
    {"step_code": "TIEP_NHAN", "role": "officer", "limit": 4, "limit_unit": "HOURS", "can_request_supplement": True},
    {"step_code": "KY_CAP", "role": "signer", "limit": 2, "limit_unit": "WORKING_DAYS", "signs": True},
]
MANUAL = {
    "effective_from": "2023-02-06",
    "source": "QĐ 12/QĐ-BHXH",
    "reason": "Tiếp nhận thủ công",
    "limit_working_days": 3,
    "reminder_working_days": 1,
    "clock_start": "ACCEPTED",
    "auto_accept": False,
    "steps": STEPS,
}


def show(api: Api) -> dict[str, Any]:
    shown: dict[str, Any] = api.call("GET", f"/v1/dossiers/{CODE}", caller=PORTAL).json
    return shown


def officer(api: Api, what: str, body: Any = None, *, caller: Mapping[str, str] = OFFICER_79) -> Answer:
    headers = {"If-Match": f'"{show(api)["version"]}"'}
    return api.call("POST", f"{OFFICER}/{what}", body, caller=caller, headers=headers)


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.text


@pytest.fixture(name="manual")
def _manual(api: Api, clock: StandingClock) -> None:
    """Province 79 looks at each dossier from 06/02/2023 on."""
    today = clock.moment
    clock.moment = datetime(2023, 1, 9, 9, tzinfo=VIETNAM)
    one, other = ({"sub": name, "role": "publisher", "provinces": "79"} for name in ("a", "b"))
    assert api.call("PUT", PATH, MANUAL, caller=one).status == 200
    assert api.call("POST", f"{PATH}/1/publication", caller=other).status == 200
    clock.moment = today


@pytest.mark.usefixtures("manual")
def test_a_paid_dossier_rests_until_an_officer_accepts_it(api: Api, clock: StandingClock) -> None:
    # given a province that accepts by hand and counts from the acceptance
    pay(api.declare().json, DECLARATION)
    paid = show(api)
    assert (paid["state"], paid["national_status"], paid["due_at"], paid["cover"]) == ("SUBMITTED", 1, None, None)
    assert paid["participation"][0]["voucher_id"]
    assert paid["si_number"]
    (row,) = api.call("GET", "/v1/officer/dossiers?state=SUBMITTED", caller=OFFICER_79).json["items"]
    assert (row["dossier_code"], row["due_at"]) == (CODE, None)
    # when another province's officer tries, then an officer of the province accepts
    refused(officer(api, "acceptance", caller=OFFICER_01), 403, "PROVINCE_NOT_ALLOWED")
    clock.moment = datetime(2023, 2, 7, 9, tzinfo=VIETNAM)
    accepted = officer(api, "acceptance")
    # then the clock starts, the receipt slip is issued and the cover waits for its signer
    assert accepted.status == 200, accepted.text
    assert (accepted.json["state"], accepted.json["due_at"]) == ("IN_PROCESS", "2023-02-10T17:00:00+07:00")
    shown = show(api)
    assert [each["state"] for each in shown["history"]] == ["AWAITING_PAYMENT", "SUBMITTED", "RECEIVED", "IN_PROCESS"]
    assert shown["cover"]["state"] == "DATA_CREATED"
    refused(officer(api, "acceptance"), 409, "INVALID_TRANSITION")
    refused(officer(api, "steps/TIEP_NHAN/completion"), 409, "STEP_NOT_PRESENT")
    refused(officer(api, "steps/KY_CAP/completion"), 403, "STEP_OF_ANOTHER_ROLE")
    refused(officer(api, "steps/KY_CAP/completion", caller=SIGNER_79), 409, "STEP_IS_LAST")


@pytest.mark.usefixtures("manual")
def test_refused_at_intake_the_money_goes_back(api: Api) -> None:
    pay(api.declare().json, DECLARATION)
    ended = officer(api, "refusal", {"reason": "Không thuộc đối tượng."})
    assert (ended.json["state"], ended.json["national_status"]) == ("NOT_ACCEPTED", 3)
    assert show(api)["refund"]["amount"] == 297_000


@pytest.mark.usefixtures("manual")
def test_accepted_where_a_book_exists_it_is_done(api: Api) -> None:
    book = {"personal_id": DECLARATION["personal_id"], "si_number": "7912345678", "paid_through": "2023-01"}
    assert api.call("POST", "/sandbox/books", book).status == 204
    continuing = {"case_type": "CONTINUE", "si_number": "7912345678"}
    opened = api.declare({**DECLARATION, **continuing}).json
    pay(opened, {**DECLARATION, **continuing})
    assert show(api)["state"] == "SUBMITTED"
    assert officer(api, "acceptance").json["state"] == "RESULT_RETURNED"
    assert show(api)["cover"] is None


def test_an_examined_dossier_is_handed_on(api: Api) -> None:
    pay(api.declare().json, DECLARATION)
    moved = officer(api, "steps/THAM_DINH/completion")
    assert (moved.status, moved.json["state"]) == (200, "IN_PROCESS")
    refused(officer(api, "steps/THAM_DINH/completion"), 409, "STEP_NOT_PRESENT")


def issued_on_paper(api: Api, w: Wiring) -> None:
    """A first-timer who wants paper: the cover is issued."""
    paper = {**DECLARATION, "book_form": "PAPER", "contact_address": DECLARATION["permanent_address"]}
    pay(api.declare(paper).json, DECLARATION)
    headers = {"If-Match": '"1"'}
    assert api.call("POST", f"/v1/officer/covers/{CODE}-C1/issue", caller=SIGNER_79, headers=headers).status == 202
    record_issue(f"{CODE}-C1", CODE, StoredFile("covers/2023/02/x/v1.pdf", "0" * 64, 1, "t"), w)


def test_a_paper_cover_waits_for_its_delivery(api: Api, w: Wiring) -> None:
    issued_on_paper(api, w)
    assert (show(api)["state"], show(api)["cover"]["state"]) == ("COMPLETED", "ISSUED")
    (row,) = api.call("GET", "/v1/officer/dossiers?state=COMPLETED", caller=OFFICER_79).json["items"]
    assert row["dossier_code"] == CODE
    assert api.call("GET", "/v1/officer/dossiers", caller=OFFICER_79).json["items"] == []
    refused(officer(api, "reopening", {"reason": "x"}), 409, "PAYMENT_NOT_REVERSED")
    assert officer(api, "delivery", {"channel": "X"}).status == 422
    delivered = officer(api, "delivery", {"channel": "POST", "tracking_no": "EK123456789VN"})
    assert (delivered.status, delivered.json["state"]) == (200, "RESULT_RETURNED")
    assert show(api)["history"][-1]["reason"] == "Đã gửi tờ bìa qua bưu chính, số vận đơn EK123456789VN."
    assert api.call("GET", "/v1/officer/dossiers?state=COMPLETED", caller=OFFICER_79).json["items"] == []
    refused(officer(api, "delivery", {"channel": "COUNTER"}), 409, "INVALID_TRANSITION")


def test_two_persons_reopen_what_was_reversed(api: Api, w: Wiring) -> None:
    # given a completed dossier whose cover was revoked after its payment was reversed
    issued_on_paper(api, w)
    client, key = boto3.client("dynamodb"), {"PK": {"S": f"DOSSIER#{CODE}"}, "SK": {"S": "META"}}
    client.update_item(
        TableName=w.settings.table,
        Key=key,
        UpdateExpression="SET payment_reversed_at = :at",
        ExpressionAttributeValues={":at": {"S": f"{date(2023, 2, 7).isoformat()}T09:00:00+07:00"}},
    )
    refused(officer(api, "delivery", {"channel": "COUNTER"}), 409, "PAYMENT_REVERSED")
    refused(officer(api, "reopening", {"reason": "Nộp lại"}), 409, "COVER_STILL_VALID")
    client.update_item(
        TableName=w.settings.table,
        Key={**key, "SK": {"S": "COVER#1"}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "REVOKED"}},
    )
    refused(officer(api, "reopening/approval", caller=SIGNER_79), 409, "REOPENING_NOT_REQUESTED")
    assert officer(api, "reopening", {"reason": "Nộp lại"}, caller=SIGNER_79).json["state"] == "COMPLETED"
    refused(officer(api, "reopening/approval"), 403, "ROLE_NOT_ALLOWED")
    refused(officer(api, "reopening/approval", caller=SIGNER_79), 403, "SECOND_PERSON_REQUIRED")
    reopened = officer(api, "reopening/approval", caller={**SIGNER_79, "sub": "signer-2"})
    assert (reopened.status, reopened.json["state"]) == (200, "IN_PROCESS")
    # then its months are guarded again
    again = api.declare({**DECLARATION, "national_code": "000.00.00.G24-230206-000999"}, key="again")
    refused(again, 409, "DUPLICATE_DOSSIER")


def test_what_is_to_be_paid_back_is_listed(api: Api, clock: StandingClock) -> None:
    pay(api.declare().json, DECLARATION)
    assert api.call("GET", "/v1/officer/refunds", caller=OFFICER_79).json == {"items": [], "next_cursor": None}
    assert api.call("POST", f"/v1/dossiers/{CODE}/withdrawal", caller=PORTAL).status == 200
    (row,) = api.call("GET", "/v1/officer/refunds?province=79&limit=1", caller=OFFICER_79).json["items"]
    assert (row["dossier_code"], row["amount"], row["state"], row["late"]) == (CODE, 297_000, "OPEN", False)
    assert (row["next_event"]["what"], row["next_event"]["owner"]) == ("REFUND", "ACCOUNTING")
    assert show(api)["next_event"]["what"] == "REFUND"
    clock.moment = datetime(2023, 3, 2, 9, tzinfo=VIETNAM)
    (row,) = api.call("GET", "/v1/officer/refunds", caller=OPS).json["items"]
    assert row["late"]
    assert api.call("GET", "/v1/officer/refunds", caller=OFFICER_01).json["items"] == []
    refused(api.call("GET", "/v1/officer/refunds?province=79", caller=OFFICER_01), 403, "PROVINCE_NOT_ALLOWED")
    refused(api.call("GET", "/v1/officer/refunds", caller=PORTAL), 403, "ROLE_NOT_ALLOWED")


def test_the_ministry_sees_what_was_escalated_to_it(api: Api, clock: StandingClock, w: Wiring) -> None:
    pay(api.declare().json, DECLARATION)
    execution = Execution(generation=1, clock_version=0)
    levels = {
        "HEAD_OF_UNIT": datetime(2023, 2, 14, 18, tzinfo=VIETNAM),
        "MINISTRY": datetime(2023, 2, 16, 18, tzinfo=VIETNAM),
    }
    listed = {}
    for level, moment in levels.items():
        clock.moment = moment
        for action in (Action.MARK_OVERDUE, Action.ESCALATE):
            carry_out(action, CODE, execution, w)
        for asked in levels:
            found = api.call("GET", f"/v1/officer/dossiers?escalated={asked}", caller=OPS).json["items"]
            listed[level, asked] = [row["escalated"] for row in found]
    assert listed == {
        ("HEAD_OF_UNIT", "HEAD_OF_UNIT"): [["HEAD_OF_UNIT"]],
        ("HEAD_OF_UNIT", "MINISTRY"): [],
        ("MINISTRY", "HEAD_OF_UNIT"): [["HEAD_OF_UNIT", "MINISTRY"]],
        ("MINISTRY", "MINISTRY"): [["HEAD_OF_UNIT", "MINISTRY"]],
    }
    assert api.call("GET", "/v1/officer/dossiers?escalated=KING", caller=OPS).status == 422


def test_a_reversed_payment_is_reopened_and_paid_again(api: Api, w: Wiring, clock: StandingClock) -> None:
    """From the cancelled voucher of a finished paper dossier to its second cover, by the doors alone."""
    # given a cover issued on paper, whose payment accounting takes back
    issued_on_paper(api, w)
    first = voucher_for(show(api), DECLARATION, "2023-02-06T09:15:22+07:00")
    clock.moment = datetime(2023, 2, 8, 9, tzinfo=VIETNAM)
    deliver({**first, "message_id": str(uuid.uuid4()), "voucher_version": 2, "event": "CANCELLED"})
    assert (show(api)["state"], show(api)["next_event"]["what"]) == ("COMPLETED", "REOPENING")
    # when the cover is revoked by a second person, and two reopen the dossier
    doors = f"/v1/officer/covers/{CODE}-C1/revocation"
    for door, body, caller in (
        (doors, {"reason": "Hủy chứng từ."}, OFFICER_79),
        (f"{doors}/approval", None, SIGNER_79),
    ):
        headers = {"If-Match": f'"{show(api)["cover"]["version"]}"'}
        revoked = api.call("POST", door, body, caller=caller, headers=headers)
        assert revoked.status in {200, 202}, revoked.text
    assert officer(api, "reopening", {"reason": "Người tham gia nộp lại."}).status == 200
    reopened = officer(api, "reopening/approval", caller=SIGNER_79)
    assert (reopened.status, reopened.json["state"]) == (200, "IN_PROCESS")
    assert show(api)["next_event"]["what"] == "PAYMENT"
    # and the citizen pays again
    again = {"voucher_id": "KT79-2023-7777777", "receipt": {**first["receipt"], "number": "7777777"}}
    deliver({**first, **again, "message_id": str(uuid.uuid4()), "paid_at": "2023-02-08T10:00:00+07:00"})
    # then it is recorded again, and a second cover waits for its signer
    paid = show(api)
    assert (paid["state"], paid["cover"]["cover_id"], paid["cover"]["state"]) == (
        "IN_PROCESS",
        f"{CODE}-C2",
        "DATA_CREATED",
    )
    assert [each["status"] for each in paid["participation"]].count("ACTIVE") == 1
    assert paid["due_at"] == "2023-02-15T17:00:00+07:00"
