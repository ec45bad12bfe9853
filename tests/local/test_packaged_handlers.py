"""The main path with handlers started from the packaged zip and its layers, in processes of their own.

Neither the source tree nor the developer's packages can be imported there: what is missing in the package is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from infra.demo import play
from infra.local.client import LocalClient, wait_until
from infra.package import build

from .harness import LocalRun
from .outside import Json, person

MONDAY, DAY_AFTER = "2023-02-06T09:00:00+07:00", "2023-02-07T09:30:00+07:00"


@pytest.fixture(scope="module")
def packaged_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    run = LocalRun(tmp_path_factory.mktemp("packaged"), handlers="process").start()
    yield run
    run.stop()


@pytest.fixture(scope="module")
def packaged(packaged_run: LocalRun) -> LocalClient:
    return packaged_run.client


def test_a_first_timer_from_declaration_to_cover(
    packaged_run: LocalRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # when scenario A1 is played
    cover = tmp_path / "cover.pdf"
    play(packaged_run.client, cover, packaged_run.home / "ca.pem")

    # then a cover sheet came out of the layer's typst, signed by its pyHanko, and every step was told
    assert cover.read_bytes().startswith(b"%PDF-1.7")
    told = capsys.readouterr().out
    assert "RESULT_RETURNED" in told
    assert "11 checks passed" in told
    assert "recorded once: 2023-02 to 2023-02, gross 330,000 đ, the State adds 33,000 đ" in told


def test_it_publishes_the_same_contract_as_the_source_tree(packaged: LocalClient, system: LocalClient) -> None:
    # given the public doors of both runs
    packaged_document = requests.get(packaged.endpoints["api"] + "/v1/openapi.json", timeout=30).content
    source_document = requests.get(system.endpoints["api"] + "/v1/openapi.json", timeout=30).content

    # then they publish the same contract
    assert hashlib.sha256(packaged_document).digest() == hashlib.sha256(source_document).digest()


def test_a_bad_token_is_refused_by_the_authoriser_of_the_layer(packaged: LocalClient) -> None:
    reply = packaged.call("GET", "/v1/officer/covers", who="eyJhbGciOiJub25lIn0.e30.x")
    assert reply.status == 401
    assert reply.code == "UNAUTHORIZED"


def test_a_release_goes_beneath_what_is_under_way(packaged_run: LocalRun) -> None:
    """Last of this file: it changes the stack. `make upgrade` plays it between versions, with hundreds of people."""
    # given a dossier whose execution sleeps
    client = packaged_run.client
    client.set_clock(MONDAY)
    asleep = declared(client, 900_001)
    states = client.aws("stepfunctions")
    machines = [each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]]
    (machine,) = [arn for arn in machines if arn.endswith("-dossier")]
    executions = f"{machine.replace(':stateMachine:', ':execution:')}:{asleep}-g"
    wait_until(
        lambda: [each["executionArn"] for each in states.list_executions(stateMachineArn=machine)["executions"]],
        lambda found: any(arn.startswith(executions) for arn in found),
        "its execution",
    )

    # when the stack is updated, and every second call goes to the functions as they are now
    packaged_run.release(build("sandbox").folder, every=2, parameters={"CompactStorage": "off"})
    codes = [declared(client, 900_002 + number) for number in range(4)]

    # then both have worked side by side
    kept = {item["PK"]["S"]: item for item in table(client) if item["SK"]["S"] == "META" and "quote" in item}
    assert sorted(next(iter(kept[f"DOSSIER#{code}"]["quote"])) for code in codes) == ["B", "B", "S", "S"]

    # and what slept goes on
    packaged_run.release_machines()
    packaged_run.end_release()
    client.set_clock(DAY_AFTER)
    for code in (asleep, *codes):
        client.wait_for_state(code, "EXPIRED")


def declared(client: LocalClient, serial: int) -> str:
    reply = client.call("POST", "/v1/dossiers", person(serial), who="portal")
    assert reply.status == 201, reply.body
    code: str = reply.body["dossier_code"]
    return code


def table(client: LocalClient) -> list[Json]:
    pages = client.aws("dynamodb").get_paginator("scan").paginate(TableName=client.endpoints["table"])
    return [item for page in pages for item in page["Items"]]
