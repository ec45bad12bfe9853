"""The packed table behaves as ministack's dictionaries do, and is a fraction of their size."""

from __future__ import annotations

import copy
import json
import tracemalloc
from typing import Any

import pytest

from infra.local.durable.rows import Fingerprint, Partitions, Records, pack

ITEM: dict[str, Any] = {"PK": {"S": "P"}, "SK": {"S": "S"}, "tên": {"S": "Nguyễn"}, "n": {"M": {"a": {"N": "1"}}}}


def test_rows_are_read_as_they_were_written() -> None:
    table: dict[str, Any] = {"items": {"P": {"S": ITEM}}}
    pack(table)
    items = table["items"]
    assert items.get("P", {}).get("S") == items["P"]["S"] == ITEM
    assert list(items["P"].values()) == [ITEM]
    assert list(items["P"].items()) == [("S", ITEM)]
    assert items.get("Q", {}).get("S") is None
    assert items["P"].get("T", "none") == "none"
    items.setdefault("Q", {})["T"] = ITEM
    assert items["Q"].pop("T") == ITEM
    assert items["Q"].pop("T", None) is None
    with pytest.raises(KeyError):
        items["Q"].pop("T")
    del items["Q"]
    assert json.loads(json.dumps(items)) == {"P": {"S": ITEM}}


def test_what_a_reader_changes_stays_the_readers() -> None:
    items = Partitions.of({"P": {"S": ITEM}})
    items["P"]["S"]["PK"]["S"] = "other"
    other = copy.deepcopy(items)
    other["P"]["S"] = {}
    assert items["P"]["S"] == ITEM


def test_a_streams_records_are_read_in_order_and_dropped_from_the_front() -> None:
    records = Records([{"n": 0}])
    for number in range(1, 4):
        records.append({"n": number})
    assert records[0] == {"n": 0}
    assert records[1:3] == [{"n": 1}, {"n": 2}]
    del records[:2]
    assert [each["n"] for each in records] == [2, 3]
    assert json.loads(json.dumps(list(records))) == [{"n": 2}, {"n": 3}]


def test_a_fingerprint_equals_what_says_the_same_and_nothing_else() -> None:
    known = Fingerprint({"a": 1, "b": [{"c": "x"}]})
    assert known == {"b": [{"c": "x"}], "a": 1}
    assert known != {"a": 1, "b": [{"c": "y"}]}


def test_a_row_takes_little_more_than_its_text() -> None:
    item = {f"attribute_{number}": {"S": f"value {number}"} for number in range(40)}
    text = len(json.dumps(item))
    items = Partitions()
    tracemalloc.start()
    try:
        for number in range(200):
            items.setdefault(f"P{number}")["S"] = json.loads(json.dumps(item))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 200 < 2 * text
