"""The stream reader of the local run hands records over as AWS does: in order per key, partly, and not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ministack.services import dynamodb, lambda_svc

from infra.local.durable.table import scope
from infra.local.streams import StreamReader

ACCOUNT, REGION, TABLE = "000000000000", "ap-southeast-1", "dossiers"
STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}/stream/2026-11-22T00:00:00.000"

Record = dict[str, Any]
Handler = Callable[[list[Record]], dict[str, Any]]


class Relay:
    """A function behind a mapping: remembers what it was given, answers as told."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.answer: Handler = lambda records: {"body": {"batchItemFailures": []}}
        self._lock = threading.Lock()

    def __call__(self, function: Any, event: dict[str, Any]) -> dict[str, Any]:
        records: list[Record] = event["Records"]
        with self._lock:
            self.batches.append([name(record) for record in records])
        return self.answer(records)

    @property
    def given(self) -> list[str]:
        return [each for batch in self.batches for each in batch]


def name(record: Record) -> str:
    return f"{record['dynamodb']['Keys']['PK']['S']}{record['dynamodb']['SequenceNumber']}"


def failing(*names: str) -> Handler:
    """Report these records, and as AWS's contract asks only the first of a batch matters."""
    return lambda records: {
        "body": {
            "batchItemFailures": [
                {"itemIdentifier": record["dynamodb"]["SequenceNumber"]} for record in records if name(record) in names
            ]
        }
    }


@pytest.fixture
def mapping() -> Iterator[dict[str, Any]]:
    """A mapping of the table's stream, on an empty stream."""
    mapping = {
        "UUID": "mapping-1",
        "FunctionName": "relay",
        "EventSourceArn": STREAM,
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 2,
        "Enabled": True,
    }
    with scope(ACCOUNT, REGION):
        lambda_svc._esms["mapping-1"] = mapping
        yield mapping
        lambda_svc._esms.pop("mapping-1")
        lambda_svc._dynamodb_stream_positions.pop("mapping-1", None)
        dynamodb._stream_records.pop(TABLE, None)
        dynamodb._stream_trimmed.pop(TABLE, None)


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of records that went to the failure queue."""
    found: list[str] = []
    monkeypatch.setattr(
        lambda_svc,
        "_send_ddb_stream_failure_record",
        lambda mapping, function, records, *rest: found.extend(map(name, records)),
    )
    return found


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Relay:
    relay = Relay()
    monkeypatch.setattr(lambda_svc, "_execute_function", relay)
    monkeypatch.setattr(lambda_svc, "_get_func_record_for_qualifier", lambda *_: ({"config": {}}, {}))
    return relay


def write(*keys: str, event: str = "INSERT") -> None:
    """One record for each key, in this order; the n-th of all has sequence number n."""
    with scope(ACCOUNT, REGION):
        records = dynamodb._stream_records.setdefault(TABLE, [])
        for key in keys:
            number = str(len(records) + 1)
            records.append({"eventName": event, "dynamodb": {"Keys": {"PK": {"S": key}}, "SequenceNumber": number}})


def read(mapping: dict[str, Any], passes: int = 1) -> None:
    reader = StreamReader(threading.Event(), threading.RLock())
    for _ in range(passes):
        reader._read(ACCOUNT, REGION, mapping)
        reader._mappings["mapping-1"].paused_until = 0.0


def position() -> int:
    with scope(ACCOUNT, REGION):
        found: int = lambda_svc._dynamodb_stream_positions.get("mapping-1", 0)
        return found


def test_records_are_handed_over_once(mapping: dict[str, Any], relay: Relay) -> None:
    write("a", "b", "a")
    read(mapping, passes=3)
    assert relay.batches == [["a1", "b2", "a3"]]
    assert position() == 3


def test_a_reported_failure_comes_again_and_what_follows_it(mapping: dict[str, Any], relay: Relay) -> None:
    # given a function that fails at the second of three records, once
    write("a", "a", "a")
    relay.answer = failing("a2")
    reader = StreamReader(threading.Event(), threading.RLock())
    reader._read(ACCOUNT, REGION, mapping)
    assert position() == 1

    # when it has recovered
    relay.answer = failing()
    reader._mappings["mapping-1"].paused_until = 0.0
    reader._read(ACCOUNT, REGION, mapping)
    reader._read(ACCOUNT, REGION, mapping)

    # then what failed came alone, then the rest, and the first was not repeated
    assert relay.batches == [["a1", "a2", "a3"], ["a2"], ["a3"]]
    assert position() == 3


def test_a_record_that_always_fails_is_given_up(mapping: dict[str, Any], relay: Relay, given_up: list[str]) -> None:
    write("a", "a")
    relay.answer = failing("a1")
    read(mapping, passes=6)
    assert relay.given.count("a1") == 3  # the first attempt and MaximumRetryAttempts more
    assert given_up == ["a1"]
    assert relay.batches[-1] == ["a2"]
    assert position() == 2


def test_a_function_that_raises_fails_the_batch(mapping: dict[str, Any], relay: Relay, given_up: list[str]) -> None:
    write("a", "a")
    relay.answer = lambda records: {"error": True, "body": {"errorType": "Unavailable"}}
    read(mapping)
    assert position() == 0
    assert given_up == []


def test_lanes_keep_the_order_of_a_key_and_do_not_wait_for_each_other(mapping: dict[str, Any], relay: Relay) -> None:
    # given records of many keys, and a key that fails
    mapping["ParallelizationFactor"] = 4
    write(*"abcdabcdabcd")
    relay.answer = failing("a1")
    reader = StreamReader(threading.Event(), threading.RLock())
    reader._read(ACCOUNT, REGION, mapping)

    # then other lanes were handed all of theirs, in order
    lanes = [[each for each in batch if each[0] in "bcd"] for batch in relay.batches]
    for key in "bcd":
        of_key = [each for batch in lanes for each in batch if each[0] == key]
        if not any("a1" in batch for batch in relay.batches if of_key[0] in batch):
            assert len(of_key) == 3
        assert of_key == sorted(of_key, key=lambda each: int(each[1:]))
    assert position() == 0

    # when the key recovers, nothing of the finished lanes is repeated
    before = relay.given
    relay.answer = failing()
    for _ in range(3):
        reader._mappings["mapping-1"].paused_until = 0.0
        reader._read(ACCOUNT, REGION, mapping)
    assert position() == 12
    assert set(relay.given[len(before) :]) & set(before) <= {
        each for batch in relay.batches if "a1" in batch for each in batch
    }


def test_what_the_filter_leaves_out_is_passed_over(mapping: dict[str, Any], relay: Relay) -> None:
    mapping["FilterCriteria"] = {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}
    write("a", event="MODIFY")
    write("a")
    read(mapping, passes=2)
    assert relay.given == ["a2"]
    assert position() == 2


def test_an_unknown_identifier_fails_the_whole_batch(mapping: dict[str, Any], relay: Relay) -> None:
    write("a", "a")
    relay.answer = lambda records: {"body": {"batchItemFailures": [{"itemIdentifier": "?"}]}}
    read(mapping)
    assert position() == 0
