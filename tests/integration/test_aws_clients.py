"""The clients as they are in production: what goes over the wire, what comes back, what others still see of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from chalicelib.aws import CONFIG, session
from chalicelib.storage.plain_json import take_plain_json

Answer = tuple[int, dict[str, Any]]
WRITES = [{"Put": {"TableName": "t", "Item": {"PK": {"S": "Nguyễn Thị Hòa"}, "SK": {"L": [{"N": "1"}]}}}}]


class Wire:
    """A DynamoDB client whose requests end here. `answers` are given in turn, the last one again and again."""

    def __init__(self) -> None:
        self.client = take_plain_json(session().create_client("dynamodb", config=CONFIG))
        self.sent: list[AWSPreparedRequest] = []
        self.answers: list[Answer] = [(200, {})]
        self.client.meta.events.register("before-send", self._answer)

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.sent.append(request)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return AWSResponse(request.url, status, {}, Raw(json.dumps(body).encode()))

    def body(self, number: int = 0) -> Any:
        return json.loads(self.sent[number].body)


class Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


@pytest.fixture(name="wire")
def _wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    return Wire()


def test_what_is_asked_goes_over_the_wire_as_it_is_and_signed(wire: Wire) -> None:
    wire.client.transact_write_items(TransactItems=WRITES, ClientRequestToken="one decision")
    (request,) = wire.sent
    assert request.url == "https://dynamodb.ap-southeast-1.amazonaws.com/"
    assert request.headers["X-Amz-Target"] == b"DynamoDB_20120810.TransactWriteItems"
    assert request.headers["Authorization"].startswith(b"AWS4-HMAC-SHA256 ")
    assert wire.body() == {"TransactItems": WRITES, "ClientRequestToken": "one decision"}


def test_a_transaction_without_a_token_gets_one(wire: Wire) -> None:
    wire.client.transact_write_items(TransactItems=WRITES)
    assert len(wire.body()["ClientRequestToken"]) == 36


def test_a_retry_sends_the_same_body(wire: Wire) -> None:
    wire.answers = [(500, {"__type": "com.amazonaws.dynamodb#InternalServerError"}), (200, {})]
    wire.client.transact_write_items(TransactItems=WRITES)
    assert len(wire.sent) == 2
    assert wire.body(0) == wire.body(1)


ASKED: list[tuple[str, dict[str, Any]]] = [
    (
        "batch_get_item",
        {"RequestItems": {"t": {"Keys": [{"PK": {"S": "a"}, "SK": {"S": "b"}}], "ConsistentRead": True}}},
    ),
    ("get_item", {"TableName": "t", "Key": {"PK": {"S": "a"}, "SK": {"S": "b"}}, "ConsistentRead": True}),
    ("put_item", {"TableName": "t", "Item": {"PK": {"S": "a"}, "n": {"NULL": True}}}),
    (
        "query",
        {"TableName": "t", "KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": "a"}}},
    ),
]


@pytest.mark.parametrize(("operation", "parameters"), ASKED)
def test_every_operation_is_sent_as_it_is_asked_and_seen_by_hooks(
    wire: Wire, operation: str, parameters: dict[str, Any]
) -> None:
    seen: list[dict[str, Any]] = []
    see: Callable[..., None] = lambda params, **_: seen.append(dict(params))  # noqa: E731
    wire.client.meta.events.register("before-parameter-build", see)
    answer = {"Item": {"PK": {"S": "a"}, "M": {"M": {"x": {"BOOL": False}}}}, "Count": 1}
    wire.answers = [(200, answer)]
    found = getattr(wire.client, operation)(**parameters)
    assert wire.body() == seen[0] == parameters
    assert {name: found[name] for name in answer} == answer
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_cancelled_transaction_still_tells_its_reasons(wire: Wire) -> None:
    standing = {"PK": {"S": "a"}, "version": {"N": "3"}}
    reasons = [{"Code": "ConditionalCheckFailed", "Message": "no", "Item": standing}, {"Code": "None"}]
    kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    wire.answers = [(400, {"__type": kind, "CancellationReasons": reasons})]
    with pytest.raises(ClientError) as refused:
        wire.client.transact_write_items(TransactItems=WRITES)
    assert refused.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert refused.value.response["CancellationReasons"] == reasons


def test_an_address_of_the_environment_is_kept_to(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4599")
    local = Wire()
    local.client.get_item(TableName="t", Key={"PK": {"S": "a"}, "SK": {"S": "b"}})
    assert local.sent[0].url == "http://127.0.0.1:4599/"
