"""The application in this process over moto, with a business clock that stands where a test puts it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.backends import get_backend

from chalicelib import settings
from chalicelib.domain.months import VIETNAM
from chalicelib.storage.plain_json import take_plain_json
from chalicelib.storage.table import Table
from chalicelib.wiring import Wiring, wiring
from tests.integration.http.harness import Api
from tests.support.environment import ACCOUNT, ENVIRONMENT, REGION
from tests.support.house import StandingClock as StandingClock
from tests.support.kms import Keys
from tests.support.signing import parameters, signing_keys

START = datetime(2023, 2, 6, 9, 0, tzinfo=VIETNAM)


def create_table(client: Any, name: str) -> None:
    names = ("PK", "SK", "GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK")

    def schema(prefix: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": f"{prefix}PK", "KeyType": "HASH"},
            {"AttributeName": f"{prefix}SK", "KeyType": "RANGE"},
        ]

    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in names],
        KeySchema=schema(""),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": schema(index), "Projection": {"ProjectionType": "ALL"}}
            for index in ("GSI1", "GSI2")
        ],
    )


@pytest.fixture(name="clients", scope="module")
def _clients() -> Iterator[dict[str, Any]]:
    """The mocked cloud of one file; a client takes longer to make than most tests take to run."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        made = {service: boto3.client(service) for service in ("dynamodb", "s3", "secretsmanager")}
        create_table(made["dynamodb"], ENVIRONMENT["TABLE_NAME"])
        made["kms"], made["ssm"] = Keys(rsa=signing_keys()), parameters()
        made["table"] = take_plain_json(Wiring(settings.read()).client("dynamodb"))
        made["secretsmanager"].create_secret(Name=ENVIRONMENT["IDENTIFIER_KEY_SECRET"], SecretString="k" * 32)
        for bucket in ("DOCUMENTS_BUCKET", "WORKING_BUCKET"):
            made["s3"].create_bucket(
                Bucket=ENVIRONMENT[bucket],
                CreateBucketConfiguration={"LocationConstraint": ENVIRONMENT["AWS_DEFAULT_REGION"]},
            )
        yield made


@pytest.fixture(name="w")
def _w(clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    """The process's wiring over an empty table."""
    name = ENVIRONMENT["TABLE_NAME"]
    monkeypatch.setattr(Wiring, "client", lambda _, service, **options: clients[service])
    get_backend("dynamodb")[ACCOUNT][REGION].tables[name].items.clear()
    wiring.cache_clear()
    made = wiring()
    made.__dict__["table"] = Table(clients["table"], name)
    made.__dict__["clock"] = StandingClock(START)
    yield made
    wiring.cache_clear()


@pytest.fixture(name="clock")
def _clock(w: Wiring) -> StandingClock:
    clock = w.clock
    assert isinstance(clock, StandingClock)
    return clock


@pytest.fixture(name="api")
def _api(w: Wiring) -> Api:
    return Api(importlib.import_module("app").app)


@dataclass(frozen=True)
class TableContents:
    """All that the table holds, to compare before and after."""

    client: Any
    name: str

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.scan(TableName=self.name)["Items"]
        return sorted(found, key=lambda item: (item["PK"]["S"], item["SK"]["S"]))


@pytest.fixture(name="table")
def _table(clients: dict[str, Any], w: Wiring) -> TableContents:
    return TableContents(clients["dynamodb"], w.settings.table)
