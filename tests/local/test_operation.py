"""What `make rehearse-restore` and `make upgrade` play with hundreds of people, with a few."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from infra.local.client import wait_until
from infra.package import build
from tests.operation.restore import rehearse
from tests.operation.stage import staged
from tests.operation.versions import NoHistoryError, commit_of

from .harness import LocalRun
from .outside import person

pytestmark = pytest.mark.slow
MONDAY, EXPIRED = "2023-02-06T09:00:00+07:00", "2023-02-07T09:30:00+07:00"


def test_a_stack_made_from_an_export_goes_on_where_the_lost_one_stood(tmp_path: Path) -> None:
    with staged(LocalRun(tmp_path / "first"), each=1) as stage:
        found = rehearse(stage, tmp_path / "second", ahead=4.0)
    assert found.good, list(found.lines())
    assert found.figures["items restored"] > 100
    assert found.figures["statuses published again"] == 0


def test_a_release_goes_beneath_what_is_under_way(tmp_path: Path) -> None:
    # given the packaged system with a dossier whose execution sleeps
    run = LocalRun(tmp_path / "local", handlers="process").start()
    try:
        client = run.client
        client.set_clock(MONDAY)
        opened = client.call("POST", "/v1/dossiers", person(900_001), who="portal")
        code = opened.body["dossier_code"]
        states = client.aws("stepfunctions")
        (machine,) = [
            each["stateMachineArn"]
            for each in states.list_state_machines()["stateMachines"]
            if each["name"].endswith("-dossier")
        ]
        wait_until(lambda: states.list_executions(stateMachineArn=machine)["executions"], bool, "its execution")

        # when another version of the stack is released, and every second call goes there
        run.release(build("sandbox").folder, every=2, parameters={"PackedDocuments": "off"})
        for number in range(4):
            key = {"Idempotency-Key": str(uuid.uuid4())}
            reply = client.call("POST", "/v1/dossiers", person(900_002 + number), who="portal", headers=key)
            assert reply.status == 201, reply.body
        table = client.aws("dynamodb").scan(TableName=client.endpoints["table"])["Items"]
        stored = [next(iter(item["quote"])) for item in table if item["SK"]["S"] == "META" and "quote" in item]

        # then both versions have worked, side by side
        assert sorted(stored) == ["B", "B", "B", "S", "S"]
        run.release_machines()
        run.end_release()
        assert client.dossier(code)["state"] == "AWAITING_PAYMENT"
        client.set_clock(EXPIRED)
        client.wait_for_state(code, "EXPIRED")
    finally:
        run.stop()


def test_a_version_that_this_clone_lacks_is_said_so() -> None:
    with pytest.raises(NoHistoryError, match="git fetch --unshallow"):
        commit_of("0" * 40)
