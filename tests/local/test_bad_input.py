"""Bad input at the deployed doors: a clear answer, and a table that is as it was, but for the quarantine."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.storage.codec import decode
from chalicelib.storage.field_keys import FieldKeys
from chalicelib.storage.keys import FIELD_KEYS
from chalicelib.storage.table import Table as StoredTable
from infra.local.client import LocalClient, wait_until

from .harness import LocalRun
from .outside import Json, Outside, Subscription, person, refused

MONDAY = "2023-02-06T09:00:00+07:00"
PAID = "2023-02-06T09:15:22+07:00"
GOOD = person(700_000)
ADDRESS = GOOD["permanent_address"]
Table = dict[tuple[str, str], Json]


@pytest.fixture(scope="module")
def before(local_run: LocalRun, heard: Subscription) -> Iterator[Table]:
    """The table at rest, on 06/02/2023. Nothing in this file may write, so it is the same for all its tests."""
    local_run.client.set_clock(MONDAY)
    yield Outside(local_run.client, heard).quiet_table()
    local_run.client.set_clock(None)


@pytest.fixture
def door(local_run: LocalRun, heard: Subscription, before: Table) -> Iterator[LocalClient]:
    """A client whose calls must leave the table as it was."""
    yield local_run.client
    assert Outside(local_run.client, heard).table() == before


RAW = {
    "nothing": (b"", 400, "NOT_JSON"),
    "no JSON": (b"xin chao", 400, "NOT_JSON"),
    "half of it": (json.dumps(GOOD).encode()[:-9], 400, "NOT_JSON"),
    "a list": (json.dumps([GOOD]).encode(), 400, "NOT_JSON_OBJECT"),
    "NaN": (json.dumps({**GOOD, "income": float("nan")}).encode(), 400, "NOT_JSON"),
    "infinity": (json.dumps({**GOOD, "income": float("inf")}).encode(), 400, "NOT_JSON"),
    "a name twice": (b'{"income":1,' + json.dumps(GOOD).encode()[1:], 400, "NOT_JSON"),
    "no UTF-8": (json.dumps(GOOD, ensure_ascii=False).encode("utf-16"), 400, "NOT_JSON"),
    "oversized": (json.dumps({**GOOD, "email": "a" * 66_000}).encode(), 413, "BODY_TOO_LARGE"),
}


@pytest.mark.parametrize(("raw", "status", "code"), RAW.values(), ids=RAW.keys())
def test_a_body_that_cannot_be_read(door: LocalClient, raw: bytes, status: int, code: str) -> None:
    refused(door.call("POST", "/v1/dossiers", raw=raw, who="portal"), status, code)


def test_headers(door: LocalClient) -> None:
    other = {"Content-Type": "text/plain"}
    refused(door.call("POST", "/v1/dossiers", GOOD, who="portal", headers=other), 415, "UNSUPPORTED_MEDIA_TYPE")
    for key in ("a" * 256, "a b"):
        reply = door.call("POST", "/v1/dossiers", GOOD, who="portal", headers={"Idempotency-Key": key})
        refused(reply, 422, "IDEMPOTENCY_KEY_INVALID")
    bare = {"Idempotency-Key": None}
    reply = door.call("POST", "/v1/dossiers", GOOD, who="portal", headers=bare)  # type: ignore[arg-type]
    refused(reply, 428, "IDEMPOTENCY_KEY_REQUIRED")


FAULTS: dict[str, tuple[Json, str, str]] = {
    "income as text": ({"income": "1500000"}, "income", "INVALID_TYPE"),
    "income as a float": ({"income": 1_500_000.5}, "income", "INVALID_TYPE"),
    "income off the step": ({"income": 1_525_000}, "income", "INCOME_NOT_ON_STEP"),
    "income too low": ({"income": 1_450_000}, "income", "INCOME_BELOW_MIN"),
    "income too high": ({"income": 29_850_000}, "income", "INCOME_ABOVE_MAX"),
    "income negative": ({"income": -1_500_000}, "income", "INCOME_BELOW_MIN"),
    "an extra field": ({"discount": 100}, "discount", "UNKNOWN_FIELD"),
    "an extra field inside": (
        {"permanent_address": {**ADDRESS, "zip": "1"}},
        "permanent_address.zip",
        "UNKNOWN_FIELD",
    ),
    "a month in the past": ({"from_month": "2023-01"}, "from_month", "FROM_MONTH_PAST"),
    "a month that is none": ({"from_month": "2023-13"}, "from_month", "FROM_MONTH_INVALID"),
    "a province of another date": (
        {"permanent_address": {**ADDRESS, "province_code": "16"}},
        "permanent_address.province_code",
        "PROVINCE_NOT_VALID",
    ),
    "no district before 2025-07": (
        {"permanent_address": {**ADDRESS, "district_code": None}},
        "permanent_address.district_code",
        "DISTRICT_REQUIRED",
    ),
    "a name of 500 characters": ({"full_name": "Nguyễn " * 71 + "An"}, "full_name", "NAME_LENGTH"),
    "a name with an emoji": ({"full_name": "Nguyễn Thị Hòa 😀"}, "full_name", "NAME_INVALID"),
    "a name with a control character": ({"full_name": "Nguyễn\u0000Hòa"}, "full_name", "NAME_INVALID"),
    "a name with a line break": ({"full_name": "Nguyễn\nHòa"}, "full_name", "NAME_INVALID"),
    "a name with digits": ({"full_name": "Nguyễn Thị 7"}, "full_name", "NAME_INVALID"),
    "a name that turns the text": ({"full_name": "Nguyễn \u202eHòa"}, "full_name", "NAME_INVALID"),
    "11 digits": ({"personal_id": "07918501234"}, "personal_id", "PERSONAL_ID_FORMAT"),
    "another birth year": ({"birth_date": "1986-05-12"}, "personal_id", "PERSONAL_ID_BIRTH_YEAR"),
    "a birth date in the future": ({"birth_date": "2085-05-12"}, "birth_date", "BIRTH_DATE_INVALID"),
    "30 February": ({"birth_date": "1985-02-30"}, "birth_date", "BIRTH_DATE_INVALID"),
    "a phone that is none": ({"phone": "0123"}, "phone", "PHONE_INVALID"),
    "a foreigner": ({"nationality": "LA"}, "nationality", "NATIONALITY_NOT_VN"),
    "no phone": ({"phone": None}, "phone", "REQUIRED"),
    "no number to continue": ({"case_type": "CONTINUE"}, "si_number", "REQUIRED"),
    "a method not on the portal": ({"method": "LATE"}, "method", "METHOD_NOT_ENABLED"),
    "a paper book without an address": ({"book_form": "PAPER"}, "contact_address", "REQUIRED"),
}


@pytest.mark.parametrize(("change", "field", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named_with_its_field(door: LocalClient, change: Json, field: str, code: str) -> None:
    reply = door.call("POST", "/v1/dossiers", {**GOOD, **change}, who="portal")
    assert refused(reply, 422, code) == [(field, code)]
    for value in change.values():
        assert len(str(value)) < 6 or str(value) not in json.dumps(reply.body, ensure_ascii=False)


def test_fifteen_on_the_first_covered_day(door: LocalClient) -> None:
    young = {**GOOD, "personal_id": "079308012345", "birth_date": "2008-02-15"}
    reply = door.call("POST", "/v1/dossiers", young, who="portal")
    assert refused(reply, 422, "AGE_UNDER_15") == [("birth_date", "AGE_UNDER_15")]


def test_every_fault_at_once(door: LocalClient) -> None:
    changes = {
        "income": 1_525_000,
        "phone": "1",
        "full_name": "X😀",
        "from_month": "2022-12",
        "extra": 1,
        "gender": "?",
    }
    reply = door.call("POST", "/v1/dossiers", {**GOOD, **changes}, who="portal")
    assert reply.status == 422
    assert {(fault["field"], fault["code"]) for fault in reply.body["errors"]} >= {
        ("income", "INCOME_NOT_ON_STEP"),
        ("phone", "PHONE_INVALID"),
        ("full_name", "NAME_INVALID"),
        ("from_month", "FROM_MONTH_PAST"),
        ("extra", "UNKNOWN_FIELD"),
        ("gender", "INVALID_VALUE"),
    }


@pytest.mark.parametrize(
    "path", ("?limit=0", "?limit=101", "?limit=x", "?cursor=%21", "?state=WRONG", "?overdue=1", "?x=1")
)
def test_a_bad_query(door: LocalClient, path: str) -> None:
    reply = door.call("GET", f"/v1/officer/dossiers{path}", who="officer_79")
    assert reply.status == 422
    assert reply.body["code"] in {"INVALID_VALUE", "CURSOR_INVALID", "UNKNOWN_FIELD"}


def test_a_bad_quote(door: LocalClient) -> None:
    request = {"income": 1_525_000, "method": "M9", "from_month": "2023-02", "support_category": "OTHER"}
    reply = door.call("POST", "/v1/quotes", {**request, "province_code": "79", "supported_months_used": -1})
    assert {fault["field"] for fault in reply.body["errors"]} >= {"method", "supported_months_used"}
    assert reply.status == 422


def quarantine(outside: Outside) -> Table:
    return {key: item for key, item in outside.table().items() if key[0].startswith("QUARANTINE#")}


def opener(outside: Outside) -> Callable[[Json], str]:
    """Opens the text of a quarantined message, with the run's own keys."""
    client = outside.client
    (kms_key,) = {item["kms_key"]["S"] for (partition, _), item in outside.table().items() if partition == FIELD_KEYS}
    keys = FieldKeys(
        StoredTable(client.aws("dynamodb"), client.endpoints["table"]),
        client=lambda: client.aws("kms"),
        kms_key=kms_key,
        seconds=60,
        seals=True,
        now=lambda: datetime.now(UTC),
        tell=lambda code, facts: pytest.fail(f"{code}: {facts}"),
    )
    return lambda item: keys.open(str(decode(item["PK"])), "document", str(decode(item["sealed"])))


def rest(table: Table) -> Table:
    return {key: item for key, item in table.items() if not key[0].startswith("QUARANTINE#")}


MESSAGES: dict[str, tuple[Any, str]] = {
    "no JSON": ("xin chao", "NOT_JSON"),
    "half of it": ('{"voucher_id": "KT79-2023-1", ', "NOT_JSON"),
    "NaN": ({"amount_received": float("nan")}, "INVALID_TYPE"),
    "a list": ("[]", "INVALID_TYPE"),
    "nothing": ("{}", "REQUIRED"),
    "an amount as a float": ({"amount_received": 297_000.5}, "INVALID_TYPE"),
    "an amount as a whole float": ({"amount_received": 297_000.0}, "INVALID_TYPE"),
    "an amount as text": ({"amount_received": "297000"}, "INVALID_TYPE"),
    "a negative amount": ({"amount_received": -297_000}, "INVALID_VALUE"),
    "no money": ({"amount_received": 0}, "INVALID_VALUE"),
    "an amount beyond everything": ({"amount_received": 10**30}, "INVALID_VALUE"),
    "a negative part": ({"amount_state": -33_000, "amount_gross": 264_000}, "INVALID_VALUE"),
    "a wrong sum": ({"amount_gross": 330_001}, "AMOUNT_SUM"),
    "an extra field": ({"discount": 1}, "UNKNOWN_FIELD"),
    "another currency": ({"currency": "USD"}, "INVALID_VALUE"),
    "version 0": ({"voucher_version": 0}, "INVALID_VALUE"),
    "another event": ({"event": "PAID"}, "INVALID_VALUE"),
    "a moment without offset": ({"paid_at": "2023-02-06T09:15:22"}, "INVALID_VALUE"),
    "no identifier": ({"personal_id": None, "si_number": None}, "IDENTIFIER_REQUIRED"),
    "no dossier on the portal's channel": ({"dossier_code": None}, "DOSSIER_CODE_REQUIRED"),
    "a control character in its id": ({"voucher_id": "KT79-\a"}, "INVALID_VALUE"),
}


def test_messages_that_are_no_vouchers_go_to_quarantine(outside: Outside, serial: int) -> None:
    # given a dossier that a good voucher would pay
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    opened = outside.declare(declaration)
    good = outside.voucher(declaration, opened, PAID)
    before = rest(outside.quiet_table())
    kept = quarantine(outside)

    # when accounting sends one of each kind of bad message
    sent = {}
    for name, (change, code) in MESSAGES.items():
        body = change if isinstance(change, str) else json.dumps({**good, **change}, ensure_ascii=False)
        sent[name] = (outside.client.send_voucher(body), body, code)
    outside.all_acknowledged()

    # then each lies in quarantine with its text and its reason, and nothing else has changed
    new = {item["message_id"]["S"]: item for key, item in quarantine(outside).items() if key not in kept}
    told = {name: new.get(message_id, {}).get("reason", {}).get("S") for name, (message_id, _, _) in sent.items()}
    assert told == {name: code for name, (_, _, code) in sent.items()}
    # ... sealed as a whole: what could not be read may name somebody anywhere
    text_of = opener(outside)
    assert all(text_of(new[message_id]) == body for message_id, body, _ in sent.values())
    assert all("document" not in item for item in new.values())
    assert len(new) == len(sent)
    assert rest(outside.quiet_table()) == before

    # and the same bad message again is not kept twice
    outside.client.send_voucher("xin chao")
    outside.all_acknowledged()
    assert len(quarantine(outside)) == len(kept) + len(new)


def test_good_vouchers_among_bad_messages(outside: Outside, serials: Iterator[int]) -> None:
    # given seven dossiers
    outside.client.set_clock(MONDAY)
    people = [person(next(serials)) for _ in range(7)]
    opened = [outside.declare(declaration) for declaration in people]
    good = [outside.voucher(declaration, dossier, PAID) for declaration, dossier in zip(people, opened, strict=True)]
    kept = quarantine(outside)
    bad = [f"no JSON {uuid.uuid4()}", {**good[0], "amount_received": -1}, {**good[1], "amount_received": 1.5}]

    # when their vouchers come in one batch with three bad messages among them
    bodies: list[Any] = [good[0], bad[0], *good[1:4], bad[1], *good[4:6], bad[2], good[6]]
    entries = [
        {"Id": str(n), "MessageBody": body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)}
        for n, body in enumerate(bodies)
    ]
    url = outside.client.endpoints["voucher_queue_url"]
    assert len(outside.client.aws("sqs").send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10

    # then every good one is recorded, every bad one kept, and the queue goes on
    for dossier in opened:
        assert len(outside.client.wait_for_state(dossier["dossier_code"], "IN_PROCESS")["participation"]) == 1
    outside.all_acknowledged()
    assert len(quarantine(outside)) == len(kept) + 3


def test_what_contradicts_a_dossier_waits_for_a_person(outside: Outside, serials: Iterator[int]) -> None:
    outside.client.set_clock(MONDAY)
    declaration = person(next(serials), method="M3")
    opened = outside.declare(declaration)
    exact = outside.voucher(declaration, opened, PAID)
    cases: dict[str, Json] = {
        "UNDERPAID": {"amount_received": 890_999},
        "IDENTITY_MISMATCH": {"full_name": "TRẦN VĂN NAM"},
        "TERMS_MISMATCH": {"from_month": "2023-03"},
    }
    for reason, change in cases.items():
        held = {**outside.voucher(declaration, opened, PAID), **change}
        outside.client.send_voucher(held)
        assert outside.wait_for_ledger(held, "HELD")["reason"] == reason
    assert outside.client.dossier(opened["dossier_code"])["state"] == "AWAITING_PAYMENT"

    # the exact one takes effect, a second payment is held, and its receipt under another voucher is quarantined
    outside.client.send_voucher(exact)
    outside.client.wait_for_state(opened["dossier_code"], "IN_PROCESS")
    double = outside.voucher(declaration, opened, PAID)
    outside.client.send_voucher(double)
    assert outside.wait_for_ledger(double, "HELD")["reason"] == "DOUBLE_PAYMENT"
    kept = quarantine(outside)
    outside.client.send_voucher({**exact, "voucher_id": f"{exact['voucher_id']}-X"})
    outside.client.send_voucher({**exact, "amount_received": 1})
    new = wait_until(
        lambda: {key: item for key, item in quarantine(outside).items() if key not in kept},
        lambda found: len(found) == 2,
        "the two to be quarantined",
    )
    assert {item["reason"]["S"] for item in new.values()} == {"RECEIPT_CONFLICT", "VOUCHER_CONTENT_CONFLICT"}
    outside.all_acknowledged()
    assert len(outside.client.dossier(opened["dossier_code"])["participation"]) == 1


def test_a_voucher_of_another_scheme_is_acknowledged(outside: Outside, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    opened = outside.declare(declaration)
    before = outside.quiet_table()
    outside.client.send_voucher({**outside.voucher(declaration, opened, PAID), "scheme": "BHYT"})
    outside.all_acknowledged()
    after = outside.quiet_table()
    ((key, counted),) = [(key, item) for key, item in after.items() if key not in before]
    assert key[0].startswith("OTHER#")
    assert declaration["personal_id"] not in str(counted)
    assert {key: item for key, item in after.items() if key in before} == before


def test_a_huge_message_is_kept(outside: Outside) -> None:
    kept = quarantine(outside)
    outside.client.send_voucher("x" * 200_000)
    outside.all_acknowledged()
    assert len(quarantine(outside)) == len(kept) + 1
