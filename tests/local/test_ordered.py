"""The local cloud's index in order: a page asks for its own entries alone, and the answer is what ministack gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ministack.services import dynamodb

from infra.local.ordered import Ordered

KEYS = ("PK", "SK", "GSI2PK", "GSI2SK")
TABLE = {
    "TableName": "ordered",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "GSI2",
            "KeySchema": [
                {"AttributeName": "GSI2PK", "KeyType": "HASH"},
                {"AttributeName": "GSI2SK", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}


@pytest.fixture(name="ordered")
def _ordered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ordered]:
    for name in ("_query", "_index_members", "_index_item"):
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    ordered = Ordered()
    ordered.install()
    dynamodb._create_table(TABLE)
    yield ordered
    dynamodb._delete_table({"TableName": "ordered"})


def put(name: str, partition: str, sort: str) -> None:
    item = {"PK": {"S": name}, "SK": {"S": "META"}, "GSI2PK": {"S": partition}, "GSI2SK": {"S": sort}}
    dynamodb._put_item({"TableName": "ordered", "Item": item})


def remove(name: str) -> None:
    dynamodb._delete_item({"TableName": "ordered", "Key": {"PK": {"S": name}, "SK": {"S": "META"}}})


def asked(partition: str, limit: int, after: str | None = None, before: str | None = None) -> dict[str, Any]:
    condition, values = "GSI2PK = :pk", {":pk": {"S": partition}}
    if before is not None:
        condition += " AND GSI2SK BETWEEN :after AND :before"
        values |= {":after": {"S": after or " "}, ":before": {"S": before}}
    elif after is not None:
        condition += " AND GSI2SK > :after"
        values |= {":after": {"S": after}}
    return {
        "TableName": "ordered",
        "IndexName": "GSI2",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "Limit": limit,
    }


def body(answer: Any) -> Any:
    return json.loads(answer[2])


NAMES = st.sampled_from([f"d{number}" for number in range(8)])
SORTS = st.sampled_from(["1", "2", "2#a", "3", "ế"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, st.sampled_from(["p", "q"]), SORTS), st.tuples(st.just("remove"), NAMES)
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, limit=st.integers(1, 5), after=st.none() | SORTS, before=st.none() | SORTS)
def test_the_answer_is_what_ministack_gives(
    steps: list[tuple[str, ...]], limit: int, after: str | None, before: str | None
) -> None:
    if before is not None and (after or " ") > before:
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_query", "_index_members", "_index_item"):
            patch.setattr(dynamodb, name, getattr(dynamodb, name))
        plain = dynamodb._query
        ordered = Ordered()
        ordered.install()
        dynamodb._create_table(TABLE)
        try:
            for step in steps:
                # Asked in between, so that the partition is kept and must follow what is written.
                body(ordered.query(asked("p", 3)))
                put(*step[1:]) if step[0] == "put" else remove(step[1])
            question = asked("p", limit, after, before)
            assert body(ordered.query(question)) == body(plain(question))
        finally:
            dynamodb._delete_table({"TableName": "ordered"})


def test_a_page_looks_at_its_own_entries_alone(ordered: Ordered, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        put(f"d{number}", "p", f"{number:04d}")
    looked: list[object] = []
    evaluate = dynamodb._evaluate_condition

    def counted(condition: str, item: object, *args: object, **more: object) -> object:
        looked.append(item)
        return evaluate(condition, item, *args, **more)

    monkeypatch.setattr(dynamodb, "_evaluate_condition", counted)
    page = body(dynamodb._query(asked("p", 10, after="0100")))
    assert [item["PK"]["S"] for item in page["Items"]] == [f"d{number}" for number in range(101, 111)]
    assert len(looked) == 10
    assert body(dynamodb._query({**asked("p", 10), "ScanIndexForward": False}))["Items"][0]["PK"]["S"] == "d299"
