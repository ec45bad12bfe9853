"""The canary's dossier through the real functions: to its end, and away again whatever became of the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import audit
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.oversight import canary
from chalicelib.domain.oversight.canary_payment import declaration, voucher
from chalicelib.storage.codec import decode_item
from chalicelib.usecases.oversight import canary_dossier, canary_traces
from chalicelib.usecases.oversight.canary_dossier import sing_of_dossier
from tests.workflows.driver import VirtualClock
from tests.workflows.house import SWEEP_EVENT, House, open_house

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STAYS = ["CANARY# RUN", "COUNTER#99#261123 NUMBER"]
"""What there is of the canary when it is silent, however often it sang."""


@pytest.fixture
def house() -> Iterator[House]:
    with open_house(VirtualClock(MORNING)) as made:
        # What a test does by itself is the canary's doing.
        made._start("Canary")
        yield made


def items(house: House) -> list[dict[str, Any]]:
    return [decode_item(each) for each in house.own_client("dynamodb").scan(TableName=house.w.settings.table)["Items"]]


def listing(house: House) -> list[str]:
    """`PK SK` of every item but the keys of fields, which are everybody's."""
    return sorted(f"{item['PK']} {item['SK']}" for item in items(house) if item["PK"] != "FIELDKEYS")


def broken_chains(house: House) -> list[str]:
    chains = audit.Chains()
    for item in items(house):
        chains.take(item)
    return list(chains.findings())


def sing(house: House) -> Any:
    return sing_of_dossier(
        house.over_http("", canary_dossier.headers(house.w)), house.w, pause=lambda _: house.take_vouchers()
    )


def declare(house: House, **changes: Any) -> Any:
    ask = house.over_http("", canary_dossier.headers(house.w))
    body = declaration(house.w.clock.now().date(), with_district=False)
    return ask("POST", "/v1/dossiers", {**body, **changes})


def test_its_dossier_comes_to_its_end_and_nothing_is_left(house: House) -> None:
    assert set(house.sing()["dossier"]) == {"declared", "paid", "told", "removed"}
    assert listing(house) == STAYS
    (clock,) = house.started
    assert clock.name == "000.00.99.G24-261123-0001-g1"
    assert clock.name in house.dead
    assert not [each for each in house.calls if each.operation == "Publish"], "no portal hears of it"


def test_fifty_runs_leave_no_more_than_two(house: House) -> None:
    for _ in range(2):
        sing(house)
    after_two = listing(house)
    for _ in range(48):
        sing(house)
    assert listing(house) == after_two == STAYS
    assert len({each.name for each in house.started}) == 50, "no two dossiers had one code"
    assert house.dead == {each.name for each in house.started}


def test_another_day_takes_the_counter_of_the_day_before_along(house: House) -> None:
    house.sing()
    house.clock.now += timedelta(days=3)
    house.sing()
    assert listing(house) == ["CANARY# RUN", "COUNTER#99#261126 NUMBER"]


class Crash(BaseException):
    """The function dies here: nothing may catch it."""


CHANGES = frozenset({"put_item", "transact_write_items", "delete_item", "send_message", "stop_execution"})
PARTS = ("table", "executions", "canary_voice")


@contextmanager
def dying(house: House, at: int) -> Iterator[None]:
    """The canary dies before its change number `at`: to the table, the queue or an execution."""
    make, left = house.w.__dict__["client"], [at]

    def client(service: str, **more: Any) -> Any:
        return Dying(make(service, **more), house, left)

    for part in PARTS:
        house.w.__dict__.pop(part, None)
    house.w.__dict__["client"] = client
    try:
        yield
    finally:
        del house._running[1:]
        for part in PARTS:
            house.w.__dict__.pop(part, None)
        house.w.__dict__["client"] = make


@dataclass
class Dying:
    """A client that counts the canary's changes down."""

    _client: Any
    _house: House
    _left: list[int]

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._client, name)
        if name not in CHANGES:
            return target

        def call(**parameters: Any) -> Any:
            if self._house._running[-1] == "Canary":
                self._left[0] -= 1
                if self._left[0] == 0:
                    raise Crash
            return target(**parameters)

        return call


def test_what_a_run_that_died_anywhere_has_left_the_next_one_removes(house: House) -> None:
    died = 0
    while True:
        with dying(house, died + 1), suppress(Crash):
            assert sing(house) is not None
            break
        died += 1
        assert broken_chains(house) == [], died
        # Its right to sing has run out by then.
        _forget_right(house, canary_dossier.HELD_SECONDS + 1)
        # What it had sent may come before the next run, or in the middle of it.
        if died % 2:
            house.take_vouchers()
        assert sing(house) is not None, died
        assert listing(house) == STAYS, died
    assert died > 15


@pytest.mark.parametrize("at", range(1, 5))
def test_a_run_that_died_early_on_another_day_leaves_no_counter_behind(house: House, at: int) -> None:
    sing(house)
    house.clock.now += timedelta(days=1)
    with dying(house, at), pytest.raises(Crash):
        sing(house)
    _forget_right(house, canary_dossier.HELD_SECONDS + 1)
    house.clock.now += timedelta(hours=2)
    sing(house)
    assert listing(house) == ["CANARY# RUN", "COUNTER#99#261124 NUMBER"]


def _forget_right(house: House, seconds: int) -> None:
    key = {"PK": {"S": "CANARY#"}, "SK": {"S": "RUN"}}
    table = house.own_client("dynamodb")
    found = table.get_item(TableName=house.w.settings.table, Key=key).get("Item")
    if found:
        until = int(found["held_until"]["N"]) - seconds
        table.put_item(TableName=house.w.settings.table, Item={**found, "held_until": {"N": str(until)}})


def test_two_at_a_time_are_one(house: House) -> None:
    heard = []

    def pause(_: float) -> None:
        heard.append(sing(house))
        house.take_vouchers()

    ask = house.over_http("", canary_dossier.headers(house.w))
    assert sing_of_dossier(ask, house.w, pause=pause) is not None
    assert set(heard) == {None}
    assert listing(house) == STAYS


def test_a_payment_that_takes_no_effect_is_told_by_its_step(house: House, caplog: pytest.LogCaptureFixture) -> None:
    ask = house.over_http("", canary_dossier.headers(house.w))
    with pytest.raises(Unavailable):
        sing_of_dossier(ask, house.w, pause=lambda _: None)
    told = getattr(caplog.records[-1], "facts")  # noqa: B009 -- a field of our own on the record
    assert (told["action"], told["code"]) == ("PAID", "LATE")
    assert told["dossier_code"] == "000.00.99.G24-261123-0001"
    # It stays to be looked at; the relay has not told it yet, so the next run waits for it, fails and makes no other.
    with pytest.raises(Unavailable):
        sing_of_dossier(ask, house.w, pause=lambda _: None)
    assert getattr(caplog.records[-1], "facts")["action"] == "LEFT_OVER"  # noqa: B009
    assert len([each for each in listing(house) if each.endswith("META")]) == 1
    # After an hour it is gone all the same.
    house.clock.now += timedelta(hours=2)
    assert sing(house) is not None
    assert listing(house) == STAYS


def test_its_voucher_leaves_nothing_where_its_dossier_is_gone(house: House) -> None:
    declared = declare(house)
    code = declared.body["dossier_code"]
    body = declaration(house.w.clock.now().date(), with_district=False)
    late = voucher(code, body, declared.body["quote"], house.w.clock.now())
    house.pump()
    canary_traces.remove(code, house.w)
    before = listing(house)
    house.deliver(json.dumps(late))
    assert listing(house) == before == STAYS[1:]


def test_what_was_removed_is_counted_no_more(house: House) -> None:
    """The relay is at work on a line while the canary removes its dossier."""
    declare(house)
    removed: list[int] = []

    def meanwhile(**parameters: Any) -> None:
        if not removed and "ConditionCheck" in str(parameters):
            removed.append(canary_traces.remove("000.00.99.G24-261123-0001", house.w))

    client = house.w.table.client
    client.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems", lambda params, **_: meanwhile(**params)
    )
    house.pump()
    assert removed
    assert listing(house) == STAYS[1:]


def test_nobody_counts_it_and_no_anchor_names_it(house: House, caplog: pytest.LogCaptureFixture) -> None:
    code = declare(house).body["dossier_code"]
    assert canary.PROVINCE not in house.w.law.provinces.codes()
    house.pump()
    assert not [each for each in listing(house) if each.startswith("TOTALS#")]
    told = [record for record in caplog.records if record.getMessage() == "audit line relayed"]
    assert told
    assert not [record for record in told if hasattr(record, "metrics")], "people who register are counted, it is not"
    assert broken_chains(house) == []
    house.clock.now += timedelta(days=1)
    assert house.invoke("AuditAnchor", SWEEP_EVENT) == {"anchored": {"2026-11-23": 0}}
    assert canary_traces.remove(code, house.w)


@pytest.mark.parametrize(
    ("changes", "status", "problem"),
    (
        ({"personal_id": "079190000001"}, 403, "ROLE_NOT_ALLOWED"),
        ({"permanent_address": {"commune_code": "26734", "province_code": "79"}}, 422, "PROVINCE_NOT_VALID"),
    ),
)
def test_it_declares_nobody_and_nowhere_else(house: House, changes: Any, status: int, problem: str) -> None:
    answer = declare(house, **changes)
    assert answer.status == status
    assert problem in json.dumps(answer.body)


def test_nobody_else_declares_its_person_or_in_its_province(house: House) -> None:
    own = declaration(house.w.clock.now().date(), with_district=False)
    portal = {"sub": "portal-dvc", "role": "portal", "client_id": "dvc"}
    headers = {"Idempotency-Key": "1"}
    answer = house.call("POST", "/v1/dossiers", own, caller=portal, headers=headers)
    assert (answer.status, answer.json["code"]) == (403, "ROLE_NOT_ALLOWED")
    real = {**own, "personal_id": "079190000001"}
    answer = house.call("POST", "/v1/dossiers", real, caller=portal, headers=headers)
    assert (answer.status, answer.json["code"]) == (422, "PROVINCE_NOT_VALID")


def test_its_token_opens_two_routes(house: House) -> None:
    ask = house.over_http("", canary_dossier.headers(house.w))
    code = declare(house).body["dossier_code"]
    assert ask("GET", f"/v1/dossiers/{code}", None).status == 200
    for method, path in (
        ("GET", f"/v1/dossiers/{code}/views"),
        ("GET", f"/v1/dossiers/{code}/slips/appointment"),
        ("GET", "/v1/officer/dossiers"),
        ("POST", "/v1/portal/deliveries/redelivery"),
    ):
        answer = ask(method, path, {} if method == "POST" else None)
        assert (answer.status, answer.body["code"]) == (403, "ROLE_NOT_ALLOWED"), path


CANARY_ROLE, ACCOUNTING = "AROACANARY:bhxh-602e-production-canary", "AROAACCOUNTING:interface"


def take(house: House, body: dict[str, Any], sender: str) -> None:
    """One message of a sender, as Lambda hands it over where roles are told apart."""
    house.w.settings = replace(house.w.settings, canary_sender="AROACANARY")
    attributes = {"SenderId": sender}
    record = {"messageId": "m", "receiptHandle": "r", "body": json.dumps(body), "attributes": attributes}
    assert house.invoke("VoucherConsumer", {"Records": [record]}) == {"batchItemFailures": []}


def test_the_queue_takes_from_the_canarys_role_its_vouchers_and_from_nobody_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    opened = declare(house).body
    own = voucher(
        opened["dossier_code"],
        declaration(house.w.clock.now().date(), with_district=False),
        opened["quote"],
        house.w.clock.now(),
    )
    before = listing(house)
    # With its rights nobody pays for a real dossier, sends totals of a day or fills the quarantine.
    manifest = {"type": "manifest", "date": "2026-11-23", "province_code": "79", "count": 0, "sum_received": 0}
    for forged in ({**own, "dossier_code": "000.00.79.G24-261123-0001"}, {**own, "scheme": "BHYT"}, manifest, {"x": 1}):
        take(house, forged, CANARY_ROLE)
    take(house, own, ACCOUNTING)
    assert listing(house) == before
    refused = [each for each in caplog.records if each.getMessage() == "message refused"]
    assert [getattr(each, "facts")["reason"] for each in refused] == ["SENDER_NOT_ALLOWED"] * 5  # noqa: B009
    take(house, own, CANARY_ROLE)
    assert len(listing(house)) > len(before)
