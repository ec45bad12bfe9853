"""The voucher desk over HTTP: what waits for a person, and what people decide about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.domain.events import first_broken_line
from chalicelib.storage import keys
from chalicelib.storage.items.audit import audit_from
from chalicelib.storage.items.desk import desk_from
from chalicelib.usecases.ledger import decide_voucher, quarantine, voucher_desk
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import (
    DECLARATION,
    OFFICER_01,
    OFFICER_79,
    OPS,
    PORTAL,
    SIGNER_79,
    Answer,
    Api,
    declared_in,
)
from tests.integration.http.vouchers import deliver, voucher_for

LIST = "/v1/officer/vouchers"
WHY = "Đã đối chiếu với kế toán."
PAID_AT = "2023-02-06T09:15:22+07:00"
ID = "KT79-2023-0001"
CODE = "000.00.79.G24-230206-0001"
WITHOUT_PROVINCE = {"sub": "officer-00", "role": "officer", "provinces": "00 79"}


def opened(api: Api, number: int = 1, **declared: Any) -> dict[str, Any]:
    """A dossier, and the voucher that would pay for it."""
    body = {**DECLARATION, "personal_id": f"07918501{number:04d}", "national_code": None, **declared}
    answer = api.declare(body, key=f"key-{number}")
    assert answer.status == 201, answer.text
    return voucher_for(answer.json, body, PAID_AT)


def stranger(api: Api, **changes: Any) -> dict[str, Any]:
    """A voucher whose name is another's: held."""
    voucher = {**opened(api), "full_name": "TRẦN THỊ KHÁC", **changes}
    deliver(voucher)
    return voucher


def items(api: Api, query: str = "", caller: Mapping[str, str] = OFFICER_79) -> list[dict[str, Any]]:
    answer = api.call("GET", f"{LIST}{query}", caller=caller)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def shown(api: Api, voucher_id: str = ID, caller: Mapping[str, str] = OFFICER_79) -> dict[str, Any]:
    answer = api.call("GET", f"{LIST}/{quote(voucher_id, safe='')}", caller=caller)
    assert answer.status == 200, answer.text
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    found: dict[str, Any] = answer.json
    return found


def settle(
    api: Api,
    action: str,
    *,
    version: int,
    voucher_id: str = ID,
    caller: Mapping[str, str] = OFFICER_79,
    key: str | None = None,
    **more: Any,
) -> Answer:
    headers = {"If-Match": f'"{version}"', **({"Idempotency-Key": key} if key else {})}
    body = {"action": action, "reason": WHY, **more}
    path = f"{LIST}/{quote(voucher_id, safe='')}/resolution"
    return api.call("POST", path, body, caller=caller, headers=headers)


def approve(
    api: Api, *, version: int, voucher_id: str = ID, caller: Mapping[str, str] = SIGNER_79, key: str | None = None
) -> Answer:
    headers = {"If-Match": f'"{version}"', **({"Idempotency-Key": key} if key else {})}
    path = f"{LIST}/{quote(voucher_id, safe='')}/resolution/approval"
    return api.call("POST", path, caller=caller, headers=headers)


def dossier(api: Api, code: str = CODE) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", f"/v1/dossiers/{code}", caller=PORTAL).json
    return found


# What waits


def test_what_waits_is_listed_with_its_reason_age_and_ways(api: Api, clock: StandingClock) -> None:
    stranger(api)
    clock.moment += timedelta(hours=3)
    (item,) = items(api)
    assert item == {
        "id": ID,
        "version": 1,
        "voucher_id": ID,
        "voucher_version": 1,
        "state": "HELD",
        "reason": "IDENTITY_MISMATCH",
        "message": "Họ tên, ngày sinh hoặc số định danh trên chứng từ khác hồ sơ.",
        "cause": None,
        "received_at": "2023-02-06T09:00:00+07:00",
        "age_hours": 3,
        "amount_received": 297_000,
        "dossier_code": CODE,
        "province_code": "79",
        "value_date": "2023-02-06",
        "explanation": item["explanation"],
        "actions": ["ACCEPT", "LINK", "REFUND", "UNLINK"],
        "two_persons": False,
        "proposal": None,
        "next_event": "DECISION",
        "next_at": None,
    }


def test_each_state_has_its_next_event(api: Api) -> None:
    short = {**opened(api, 1), "amount_received": 200_000}
    parked = {**opened(api, 2), "dossier_code": "none-yet", "full_name": "TRẦN THỊ KHÁC"}
    parked["personal_id"] = "079185999999"
    deliver(short, parked, "no JSON", {**short, "surprise": 1, "voucher_id": "X"})
    by_state = {item["state"]: item for item in items(api)}
    assert set(by_state) == {"HELD", "PARKED", "QUARANTINED"}
    held, waits, message = (by_state[state] for state in ("HELD", "PARKED", "QUARANTINED"))
    # Three working days after Monday, at closing time.
    assert (held["reason"], held["next_event"], held["next_at"]) == (
        "UNDERPAID",
        "TOP_UP",
        "2023-02-09T17:00:00+07:00",
    )
    assert (waits["next_event"], waits["next_at"]) == ("DOSSIER", "2023-02-07T09:00:00+07:00")
    assert (message["next_event"], message["cause"], message["actions"]) == (
        "DECISION",
        "SCHEMA",
        ["RETRY", "DISCARD"],
    )
    assert (message["voucher_id"], message["explanation"]) == ("X", ["surprise: UNKNOWN_FIELD"])
    assert message["id"].startswith("quarantined-")
    assert [len(items(api, f"?state={state}")) for state in ("HELD", "PARKED", "QUARANTINED")] == [1, 1, 1]


def test_who_sees_what(api: Api) -> None:
    stranger(api)
    deliver("no JSON")
    assert [item["province_code"] for item in items(api, caller=OFFICER_79)] == ["79"]
    assert items(api, caller=OFFICER_01) == []
    assert {item["province_code"] for item in items(api, caller=OPS)} == {"00", "79"}
    assert {item["province_code"] for item in items(api, caller=WITHOUT_PROVINCE)} == {"00", "79"}
    assert api.call("GET", LIST, caller=PORTAL).status == 403
    assert api.call("GET", f"{LIST}?province=79", caller=OFFICER_01).json["code"] == "PROVINCE_NOT_ALLOWED"
    assert api.call("GET", f"{LIST}/{ID}", caller=OFFICER_01).json["code"] == "PROVINCE_NOT_ALLOWED"
    assert api.call("GET", f"{LIST}/{ID}", caller=PORTAL).json["code"] == "ROLE_NOT_ALLOWED"
    assert api.call("GET", f"{LIST}/unknown", caller=OFFICER_79).json["code"] == "VOUCHER_NOT_FOUND"


def test_pages_follow_one_another(api: Api) -> None:
    for number in (1, 2, 3):
        deliver({**opened(api, number), "full_name": "TRẦN THỊ KHÁC"})
    first = api.call("GET", f"{LIST}?limit=2", caller=OFFICER_79).json
    second = api.call("GET", f"{LIST}?limit=2&cursor={first['next_cursor']}", caller=OFFICER_79).json
    assert [item["id"] for item in (*first["items"], *second["items"])] == [f"KT79-2023-000{n}" for n in (1, 2, 3)]
    assert second["next_cursor"] is None
    assert api.call("GET", f"{LIST}?cursor=%21", caller=OFFICER_79).status == 422


def test_what_the_index_still_names_but_is_settled_is_left_out(api: Api, w: Wiring) -> None:
    stranger(api)
    w.table.client.update_item(
        TableName=w.settings.table,
        Key={"PK": {"S": f"VOUCHER#{ID}"}, "SK": {"S": "HEAD"}},
        UpdateExpression="SET #state = :applied",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":applied": {"S": "APPLIED"}},
    )
    assert items(api) == []


def test_one_voucher_with_its_versions_masked(api: Api, table: TableContents) -> None:
    stranger(api, si_number="7912345678")
    found = shown(api)
    (version,) = found["versions"]
    assert (version["personal_id"], version["si_number"]) == ("079*****0001", "791***5678")
    assert (version["full_name"], version["receipt_number"]) == ("TRẦN THỊ KHÁC", "0000001")
    assert found["money"] == {"applied": 0, "suspense": 0, "held": 297_000, "refunded": 0}
    assert (found["decisions"], found["trail"], found["content"]) == ([], [], None)
    (look,) = [item for item in table.items() if item["SK"]["S"].startswith("VIEW#")]
    assert (look["what"]["S"], look["actor"]["S"]) == ("VOUCHER", "officer-79")
    (version,) = shown(api, caller=OPS)["versions"]
    assert (version["personal_id"], version["si_number"], version["full_name"]) == (None, None, None)


def test_a_message_is_shown_with_its_long_numbers_masked(api: Api) -> None:
    deliver({**opened(api), "surprise": 1})
    (item,) = items(api)
    content = shown(api, item["id"])["content"]
    assert '"079*****0001"' in content
    assert "079185010001" not in content
    assert shown(api, item["id"], OPS)["content"] is None


def test_a_voucher_may_be_named_as_accounting_likes(api: Api) -> None:
    name = "KT 79/2023 số 1?"
    stranger(api, voucher_id=name)
    (item,) = items(api)
    assert (item["voucher_id"], item["id"]) == (name, "~S1QgNzkvMjAyMyBz4buRIDE_")
    assert shown(api, item["id"])["id"] == shown(api, name)["id"] == item["id"]
    assert settle(api, "ACCEPT", version=1, voucher_id=item["id"]).json["state"] == "APPLIED"


# What people decide


def test_an_accepted_voucher_pays(api: Api) -> None:
    stranger(api)
    answer = settle(api, "ACCEPT", version=1)
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert answer.json == {
        "id": ID,
        "version": 2,
        "action": "ACCEPT",
        "pending": False,
        "state": "APPLIED",
        "reason": None,
        "dossier_code": CODE,
        "decided_by": "officer-79",
        "decided_at": "2023-02-06T09:00:00+07:00",
    }
    assert dossier(api)["state"] == "IN_PROCESS"
    assert items(api) == []
    found = shown(api)
    assert found["money"]["applied"] == 297_000
    assert found["decisions"] == [
        {
            "number": 1,
            "action": "ACCEPT",
            "dossier_code": None,
            "reason": WHY,
            "decided_by": ["officer-79"],
            "decided_at": "2023-02-06T09:00:00+07:00",
            "state": "APPLIED",
        }
    ]
    assert [(line["event"], line["actor"]) for line in found["trail"]] == [("VOUCHER_RESOLVED", "officer-79")]


def test_a_parked_voucher_is_linked_to_its_dossier(api: Api) -> None:
    voucher = opened(api)
    deliver({**voucher, "dossier_code": "mistyped", "personal_id": None, "si_number": "7912345678"})
    (item,) = items(api, "?state=PARKED")
    answer = settle(api, "LINK", version=item["version"], dossier_code=CODE)
    assert (answer.status, answer.json["state"], answer.json["dossier_code"]) == (200, "APPLIED", CODE)
    assert dossier(api)["state"] == "IN_PROCESS"


def test_held_money_goes_back(api: Api, clock: StandingClock) -> None:
    voucher = opened(api)
    again = {**voucher, "voucher_id": "KT79-2023-0002", "receipt": {**voucher["receipt"], "number": "9000002"}}
    deliver(voucher, again)
    (item,) = items(api)
    assert (item["reason"], item["actions"]) == ("DOUBLE_PAYMENT", ["LINK", "REFUND", "UNLINK"])
    answer = settle(api, "REFUND", version=item["version"], voucher_id="KT79-2023-0002")
    assert (answer.json["state"], answer.json["reason"]) == ("REFUNDED", "REFUND_ORDERED")
    assert items(api) == []
    assert shown(api, "KT79-2023-0002")["money"]["refunded"] == 297_000
    assert dossier(api)["state"] == "IN_PROCESS", "what pays for it stays"


def test_an_unlinked_voucher_is_matched_no_more(api: Api) -> None:
    voucher = stranger(api)
    answer = settle(api, "UNLINK", version=1)
    assert (answer.json["state"], answer.json["reason"]) == ("HELD", "UNLINKED")
    corrected = {**voucher, "voucher_version": 2, "full_name": DECLARATION["full_name"].upper()}
    deliver(corrected)
    found = shown(api)
    assert (found["state"], found["reason"], found["actions"]) == ("HELD", "UNLINKED", ["LINK", "REFUND"])
    assert dossier(api)["state"] == "AWAITING_PAYMENT"
    answer = settle(api, "LINK", version=found["version"], dossier_code=CODE)
    assert (answer.json["state"], dossier(api)["state"]) == ("APPLIED", "IN_PROCESS")


def test_money_on_record_is_taken_off_by_two_persons(api: Api) -> None:
    deliver(opened(api))
    found = shown(api)
    assert (found["state"], found["actions"], found["two_persons"]) == ("APPLIED", ["UNLINK"], True)
    proposed = settle(api, "UNLINK", version=found["version"])
    assert (proposed.json["pending"], proposed.json["state"]) == (True, "APPLIED")
    assert dossier(api)["state"] == "IN_PROCESS"
    answer = approve(api, version=proposed.json["version"])
    assert (answer.json["pending"], answer.json["state"], answer.json["reason"]) == (False, "HELD", "UNLINKED")
    assert dossier(api)["participation"] == [] or dossier(api)["participation"][0].get("status") == "VOIDED"


MUCH = {"method": "M12", "income": 20_000_000}


def much(api: Api) -> dict[str, Any]:
    """Held money of more than one person may settle."""
    return stranger_of(api, **MUCH)


def stranger_of(api: Api, **declared: Any) -> dict[str, Any]:
    voucher = {**opened(api, **declared), "full_name": "TRẦN THỊ KHÁC"}
    deliver(voucher)
    return voucher


def test_much_money_waits_for_a_second_person(api: Api, w: Wiring) -> None:
    much(api)
    (item,) = items(api)
    assert (item["amount_received"] > 10_000_000, item["two_persons"]) == (True, True)
    first = settle(api, "ACCEPT", version=1, key="first")
    assert (first.json["pending"], first.json["state"], first.json["version"]) == (True, "HELD", 2)
    assert settle(api, "ACCEPT", version=1, key="first").headers["Idempotent-Replayed"] == "true"
    (item,) = items(api)
    assert item["proposal"] == {
        "action": "ACCEPT",
        "dossier_code": None,
        "reason": WHY,
        "proposed_by": "officer-79",
        "proposed_at": "2023-02-06T09:00:00+07:00",
    }
    assert item["next_event"] == "APPROVAL"
    own = approve(api, version=2, caller=OFFICER_79)
    assert (own.status, own.json["code"]) == (403, "SECOND_PERSON_REQUIRED")
    answer = approve(api, version=2, key="second")
    assert (answer.json["pending"], answer.json["state"]) == (False, "APPLIED")
    assert approve(api, version=2, key="second").text == answer.text
    found = shown(api)
    assert found["proposal"] is None
    assert [each["decided_by"] for each in found["decisions"]] == [["officer-79", "signer-79"]]
    assert [line["event"] for line in found["trail"]] == ["VOUCHER_RESOLUTION_PROPOSED", "VOUCHER_RESOLVED"]
    partition = keys.voucher_partition(ID)
    trail = [audit_from(line) for line in w.table.query(partition, keys.AUDIT)]
    assert first_broken_line(trail, desk_from(w.table.get(keys.desk(partition))).last_hash) is None


def test_a_proposal_lapses_with_the_voucher_it_was_about(api: Api) -> None:
    voucher = much(api)
    settle(api, "REFUND", version=1)
    deliver({**voucher, "voucher_version": 2, "birth_date": "1985-05"})
    found = shown(api)
    assert (found["version"], found["proposal"]) == (3, None)
    assert approve(api, version=2).json["code"] == "VERSION_CONFLICT"
    assert approve(api, version=3).json["code"] == "RESOLUTION_NOT_PROPOSED"


def test_another_proposal_takes_the_place_of_the_first(api: Api) -> None:
    much(api)
    settle(api, "REFUND", version=1)
    again = settle(api, "ACCEPT", version=2, caller=SIGNER_79)
    assert (again.status, again.json["version"]) == (200, 3)
    assert approve(api, version=3, caller=OFFICER_79).json["state"] == "APPLIED"


@pytest.mark.parametrize(
    ("action", "more", "caller", "version", "status", "code"),
    (
        ("ACCEPT", {}, OFFICER_01, 1, 403, "PROVINCE_NOT_ALLOWED"),
        ("ACCEPT", {}, OPS, 1, 403, "ROLE_NOT_ALLOWED"),
        ("ACCEPT", {}, PORTAL, 1, 403, "ROLE_NOT_ALLOWED"),
        ("ACCEPT", {}, OFFICER_79, 2, 412, "VERSION_CONFLICT"),
        ("LINK", {}, OFFICER_79, 1, 422, "REQUIRED"),
        ("LINK", {"dossier_code": "unknown"}, OFFICER_79, 1, 422, "DOSSIER_NOT_FOUND"),
        ("REFUND", {"dossier_code": CODE}, OFFICER_79, 1, 422, "INVALID_VALUE"),
        ("DISCARD", {}, OFFICER_79, 1, 409, "INVALID_TRANSITION"),
        ("APPLY", {}, OFFICER_79, 1, 422, "INVALID_VALUE"),
        ("ACCEPT", {"reason": ""}, OFFICER_79, 1, 422, "INVALID_VALUE"),
        ("ACCEPT", {"surprise": 1}, OFFICER_79, 1, 422, "UNKNOWN_FIELD"),
    ),
)
def test_what_is_refused_changes_nothing(
    api: Api,
    table: TableContents,
    action: str,
    more: dict[str, Any],
    caller: Mapping[str, str],
    version: int,
    status: int,
    code: str,
) -> None:
    stranger(api)
    before = table.items()
    answer = settle(api, action, version=version, caller=caller, **more)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert table.items() == before


def test_a_version_must_be_named(api: Api) -> None:
    stranger(api)
    path = f"{LIST}/{ID}/resolution"
    answer = api.call("POST", path, {"action": "ACCEPT", "reason": WHY}, caller=OFFICER_79)
    assert (answer.status, answer.json["code"]) == (428, "IF_MATCH_REQUIRED")
    assert settle(api, "ACCEPT", version=1, voucher_id="unknown").json["code"] == "VOUCHER_NOT_FOUND"


def test_a_voucher_is_not_linked_to_a_dossier_of_another_province(api: Api) -> None:
    stranger(api)
    there = opened(api, 2, permanent_address=declared_in("01")["permanent_address"])
    answer = settle(api, "LINK", version=1, dossier_code=there["dossier_code"])
    assert (answer.status, answer.json["code"]) == (403, "PROVINCE_NOT_ALLOWED")


def test_nothing_is_settled_twice(api: Api) -> None:
    stranger(api)
    first = settle(api, "ACCEPT", version=1, key="k")
    again = settle(api, "ACCEPT", version=1, key="k")
    assert (again.status, again.text, again.headers["Idempotent-Replayed"]) == (200, first.text, "true")
    assert settle(api, "REFUND", version=1, key="k").json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert settle(api, "REFUND", version=1).json["code"] == "VERSION_CONFLICT"
    assert settle(api, "REFUND", version=2).json["code"] == "INVALID_TRANSITION"


def test_of_two_officers_at_once_one_settles(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger(api)
    real = voucher_desk.subject_of
    raced: list[Answer] = []

    def meanwhile(*arguments: Any) -> Any:
        found = real(*arguments)
        if not raced:
            raced.append(Answer(0, {}, ""))
            raced.append(settle(api, "REFUND", version=1, caller=SIGNER_79))
        return found

    monkeypatch.setattr(decide_voucher, "subject_of", meanwhile)
    answer = settle(api, "ACCEPT", version=1)
    assert (raced[1].status, raced[1].json["state"]) == (200, "REFUNDED")
    assert (answer.status, answer.json["code"]) == (412, "VERSION_CONFLICT")
    assert shown(api)["state"] == "REFUNDED"
    assert dossier(api)["state"] == "AWAITING_PAYMENT"


# Messages in quarantine


def quarantined(api: Api) -> dict[str, Any]:
    (item,) = items(api, "?state=QUARANTINED")
    return item


def test_a_message_that_accounting_put_right_is_discarded(api: Api) -> None:
    voucher = opened(api)
    deliver({**voucher, "surprise": 1})
    item = quarantined(api)
    deliver(voucher)
    answer = settle(api, "DISCARD", version=item["version"], voucher_id=item["id"])
    assert (answer.status, answer.json["state"], answer.json["version"]) == (200, "DISCARDED", 2)
    assert items(api) == []
    found = shown(api, item["id"])
    assert [each["action"] for each in found["decisions"]] == ["DISCARD"]
    assert settle(api, "DISCARD", version=2, voucher_id=item["id"]).json["code"] == "INVALID_TRANSITION"
    deliver({**voucher, "surprise": 1})
    assert items(api) == [], "the same message again is known"


def test_a_message_is_read_again_by_the_rules_of_today(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    voucher = opened(api)
    deliver({**voucher, "surprise": 1})
    item = quarantined(api)
    still = settle(api, "RETRY", version=1, voucher_id=item["id"])
    assert (still.status, still.json["code"], still.json["reason"]) == (409, "MESSAGE_STILL_REFUSED", "UNKNOWN_FIELD")
    from chalicelib.queues import messages

    real = messages.read_message
    monkeypatch.setattr(messages, "read_message", lambda body: real(body.replace(', "surprise": 1', "")))
    answer = settle(api, "RETRY", version=1, voucher_id=item["id"])
    assert (answer.status, answer.json["state"]) == (200, "RETRIED")
    assert dossier(api)["state"] == "IN_PROCESS"
    assert items(api) == []


@pytest.mark.parametrize("said", ("manifest", "another scheme"))
def test_a_message_read_again_may_be_something_else(
    api: Api, monkeypatch: pytest.MonkeyPatch, said: str, table: TableContents
) -> None:
    deliver("no JSON at all")
    (item,) = items(api, caller=WITHOUT_PROVINCE)
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 1, "sum_received": 1}
    from chalicelib.queues import messages

    real = messages.read_message
    body = json.dumps(manifest) if said == "manifest" else json.dumps({"scheme": "BHYT"})
    monkeypatch.setattr(messages, "read_message", lambda _: real(body))
    answer = settle(api, "RETRY", version=1, voucher_id=item["id"], caller=WITHOUT_PROVINCE)
    assert (answer.status, answer.json["state"]) == (200, "RETRIED")
    kept = [row for row in table.items() if row["PK"]["S"] == "DAY#2023-02-06#79"]
    assert bool(kept) is (said == "manifest")


def test_a_contradiction_is_read_again_from_the_ledgers_own_form(api: Api) -> None:
    first, second = opened(api, 1), opened(api, 2)
    deliver(first, {**second, "receipt": first["receipt"]})
    item = quarantined(api)
    assert (item["reason"], item["cause"]) == ("RECEIPT_CONFLICT", "RECEIPT_CONFLICT")
    still = settle(api, "RETRY", version=1, voucher_id=item["id"])
    assert (still.json["code"], still.json["reason"]) == ("MESSAGE_STILL_REFUSED", "RECEIPT_CONFLICT")


def test_a_message_of_much_money_is_discarded_by_two(api: Api) -> None:
    deliver({**opened(api), "amount_received": 20_000_000, "surprise": 1})
    item = quarantined(api)
    first = settle(api, "DISCARD", version=1, voucher_id=item["id"])
    assert (first.json["pending"], first.json["state"]) == (True, "QUARANTINED")
    assert quarantined(api)["next_event"] == "APPROVAL"
    answer = approve(api, version=2, voucher_id=item["id"])
    assert (answer.json["state"], answer.json["version"]) == ("DISCARDED", 3)
    assert [each["decided_by"] for each in shown(api, item["id"])["decisions"]] == [["officer-79", "signer-79"]]


def test_a_message_that_was_cut_can_not_be_read_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "DOCUMENT_BYTES", 10)
    deliver("no JSON at all")
    monkeypatch.undo()
    monkeypatch.setattr(voucher_desk, "DOCUMENT_BYTES", 10)
    (item,) = items(api, caller=WITHOUT_PROVINCE)
    assert item["actions"] == ["DISCARD"]


def test_what_never_gets_through_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger(api)
    monkeypatch.setattr(decide_voucher, "ROUNDS", 0)
    answer = settle(api, "ACCEPT", version=1)
    assert (answer.status, answer.json["code"]) == (503, "STORAGE_BUSY")
