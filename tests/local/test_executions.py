"""Waiting executions of the local run: a dossier has one, however often the sandbox's clock is set."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ministack.services import stepfunctions

from infra.local.durable.executions import Executions
from infra.local.durable.recorder import Recorder

MACHINE = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "TimestampPath": "$.wake_at", "Next": "Woken"},
        "Woken": {"Type": "Succeed"},
    },
}
PATCHED = (
    *("_start_execution", "_run_execution", "_stop_execution", "_execute_wait", "_scaled_sleep"),
    *("_state_machines", "_update_state_machine"),
)


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> Executions:
    for name in PATCHED:
        monkeypatch.setattr(stepfunctions, name, getattr(stepfunctions, name))
    made = Executions(Recorder())
    made.install()
    return made


@pytest.fixture
def machine(executions: Executions) -> Iterator[str]:
    made = _answer(
        stepfunctions._create_state_machine(
            {"name": "clock", "definition": json.dumps(MACHINE), "roleArn": "arn:aws:iam::000000000000:role/r"}
        )
    )
    yield made["stateMachineArn"]
    stepfunctions.reset()


def _answer(response: Any) -> dict[str, Any]:
    status, _, body = response
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer


def _start(machine: str, code: str, clock: int, *, generation: int = 1, seconds: float = 3600) -> str:
    wake = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    given = {"dossier_code": code, "generation": generation, "clock_version": clock, "wake_at": wake}
    request = {"stateMachineArn": machine, "name": f"{code}-g{generation}-c{clock}", "input": json.dumps(given)}
    arn: str = _answer(stepfunctions._start_execution(request))["executionArn"]
    return arn


def _status(arn: str) -> str:
    return str(stepfunctions._executions.get(arn)["status"])


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def _waits(arn: str) -> bool:
    return any(event["type"] == "WaitStateEntered" for event in stepfunctions._executions.get(arn)["events"])


def test_a_newer_clock_ends_the_wait_of_the_older_and_its_thread(machine: str) -> None:
    threads = threading.active_count()
    older = _start(machine, "000.00.79.G24-230206-0001", 1)
    other = _start(machine, "000.00.79.G24-230206-0002", 1, seconds=1.5)
    assert _eventually(lambda: _waits(older) and _waits(other))
    newer = _start(machine, "000.00.79.G24-230206-0001", 2, seconds=1.5)
    assert _status(older) == "ABORTED"
    assert _eventually(lambda: threading.active_count() <= threads + 2)
    # the dossier's newer clock, and other dossiers, wake in their time
    assert _eventually(lambda: _status(newer) == _status(other) == "SUCCEEDED")
    assert _status(older) == "ABORTED"


def test_an_execution_that_starts_late_ends_nothing_that_is_newer(machine: str) -> None:
    newer = _start(machine, "000.00.79.G24-230206-0003", 2, seconds=4)
    assert _eventually(lambda: _waits(newer))
    _start(machine, "000.00.79.G24-230206-0003", 1, seconds=0)
    assert _status(newer) == "RUNNING"
    assert _eventually(lambda: _status(newer) == "SUCCEEDED")


def test_an_execution_keeps_the_definition_it_began_under_when_it_is_started_over(
    machine: str, executions: Executions
) -> None:
    # given an execution that sleeps, and a machine that is changed meanwhile
    arn = _start(machine, "000.00.79.G24-230206-0005", 1, seconds=3600)
    assert _eventually(lambda: _waits(arn))
    changed = {"StartAt": "New", "States": {"New": {"Type": "Succeed"}}}
    _answer(stepfunctions._update_state_machine({"stateMachineArn": machine, "definition": json.dumps(changed)}))

    # when the launcher has ended and starts what ran
    assert executions.restart_interrupted() == 1

    # then it waits as before, and only a new one runs under the new definition
    assert _eventually(lambda: _waits(arn))
    newer = _start(machine, "000.00.79.G24-230206-0006", 1)
    assert _eventually(lambda: _status(newer) == "SUCCEEDED")
    assert _status(arn) == "RUNNING"


def test_while_two_versions_work_a_part_of_the_executions_begins_under_the_new_definition(
    machine: str, executions: Executions
) -> None:
    executions.definitions.hold(every=3)
    changed = {"StartAt": "New", "States": {"New": {"Type": "Succeed"}}}
    _answer(stepfunctions._update_state_machine({"stateMachineArn": machine, "definition": json.dumps(changed)}))
    begun = [_start(machine, f"000.00.79.G24-230206-{number:04d}", 1) for number in range(10, 13)]
    assert _eventually(lambda: _status(begun[2]) == "SUCCEEDED" and all(_waits(arn) for arn in begun[:2]))
    executions.definitions.release()
    last = _start(machine, "000.00.79.G24-230206-0013", 1)
    assert _eventually(lambda: _status(last) == "SUCCEEDED")
