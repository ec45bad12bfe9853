"""Executions of the local run: asleep they are records without a thread, and a restart finds them where they were."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import eventbridge, stepfunctions

from infra.local.durable.executions import Executions
from infra.local.durable.recorder import Recorder
from infra.local.journal import read_journal
from infra.local.steps.engine import AT_ONCE

CLOCK = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "TimestampPath": "$.wake_at", "Next": "Woken"},
        "Woken": {"Type": "Succeed"},
    },
}
ASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "TimeoutSecondsPath": "$.seconds",
    "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
    "ResultPath": "$.answer",
    "Retry": [{"ErrorEquals": ["Unavailable"], "IntervalSeconds": 1, "MaxAttempts": 2, "MaxDelaySeconds": 1}],
    "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.late", "Next": "Late"}],
    "Next": "Answered",
}
ASKING = {
    "StartAt": "Ask",
    "States": {"Ask": ASK, "Answered": {"Type": "Succeed"}, "Late": {"Type": "Pass", "End": True}},
}
PATCHED = (
    "_start_execution",
    "_stop_execution",
    "_send_task_success",
    "_send_task_failure",
    "_parse_jsonpath_tokens",
    "_call_lambda",
)


class Cloud:
    """Step Functions over a folder, which may be left and entered again as after a crash."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self._lives = home, 0
        self.asked: list[str] = []
        self.faults: list[Exception] = []
        monkeypatch.setattr(stepfunctions, "_call_lambda", self._ask)
        monkeypatch.setattr(stepfunctions, "_resolve_lambda_function_ref", lambda name, optimized: name)
        self.enter()

    def enter(self) -> None:
        """A process of its own: what was journalled is there, and nothing else."""
        machines, stepfunctions._executions = stepfunctions._state_machines, AccountRegionScopedDict()
        recorder = Recorder()
        executions = self.executions = Executions(recorder, self.home)
        executions.install()
        for life in range(1, self._lives + 1):
            for entry in read_journal(self.home / f"{life}.jsonl"):
                executions.replay(entry)
        stepfunctions._state_machines = machines
        executions.adopt()
        self._lives += 1
        recorder.start(self.home / f"{self._lives}.jsonl")
        executions.restart_interrupted()

    def _ask(self, function: str, payload: Any) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.asked.append(payload["token"])

    def machine(self, definition: Any) -> str:
        made = _answer(
            stepfunctions._create_state_machine(
                {"name": "m", "definition": json.dumps(definition), "roleArn": "arn:aws:iam::000000000000:role/r"}
            )
        )
        return str(made["stateMachineArn"])


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    for name in PATCHED:
        monkeypatch.setattr(stepfunctions, name, getattr(stepfunctions, name))
    monkeypatch.setattr(stepfunctions, "_executions", AccountRegionScopedDict())
    monkeypatch.setattr(eventbridge, "_events_log_list", eventbridge._events_log_list)
    yield Cloud(tmp_path, monkeypatch)
    stepfunctions.reset()


def _answer(response: Any) -> dict[str, Any]:
    status, _, body = response
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer


def _start(machine: str, name: str, given: Any) -> str:
    request = {"stateMachineArn": machine, "name": name, "input": json.dumps(given)}
    return str(_answer(stepfunctions._start_execution(request))["executionArn"])


def _start_clock(machine: str, code: str, clock: int, *, generation: int = 1, seconds: float = 3600) -> str:
    wake = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    given = {"dossier_code": code, "generation": generation, "clock_version": clock, "wake_at": wake}
    return _start(machine, f"{code}-g{generation}-c{clock}", given)


def _status(arn: str) -> str:
    return str(stepfunctions._executions.get(arn)["status"])


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def _sleeps(arn: str) -> bool:
    return "until" in stepfunctions._executions.get(arn)["position"]


def _waits_for_token(cloud: Cloud, arn: str, asked: int) -> bool:
    position = stepfunctions._executions.get(arn)["position"]
    return len(cloud.asked) == asked and "calls" not in position and position.get("token") == cloud.asked[-1]


def _history(arn: str) -> list[str]:
    request = {"executionArn": arn, "maxResults": 1000}
    return [event["type"] for event in _answer(stepfunctions._get_execution_history(request))["events"]]


def test_those_who_sleep_hold_no_thread(cloud: Cloud) -> None:
    machine, threads = cloud.machine(CLOCK), threading.active_count()
    arns = [_start_clock(machine, f"dossier-{number}", 1) for number in range(50)]
    assert _eventually(lambda: all(map(_sleeps, arns)))
    assert threading.active_count() <= threads + AT_ONCE + 1  # the clock


def test_a_newer_clock_ends_the_wait_of_the_older(cloud: Cloud) -> None:
    machine = cloud.machine(CLOCK)
    older = _start_clock(machine, "000.00.79.G24-230206-0001", 1)
    other = _start_clock(machine, "000.00.79.G24-230206-0002", 1, seconds=1.5)
    assert _eventually(lambda: _sleeps(older) and _sleeps(other))
    newer = _start_clock(machine, "000.00.79.G24-230206-0001", 2, seconds=1.5)
    assert _status(older) == "ABORTED"
    # the dossier's newer clock, and other dossiers, wake in their time
    assert _eventually(lambda: _status(newer) == _status(other) == "SUCCEEDED")
    assert _status(older) == "ABORTED"


def test_an_execution_that_starts_late_ends_nothing_that_is_newer(cloud: Cloud) -> None:
    machine = cloud.machine(CLOCK)
    newer = _start_clock(machine, "000.00.79.G24-230206-0003", 2, seconds=2)
    assert _eventually(lambda: _sleeps(newer))
    _start_clock(machine, "000.00.79.G24-230206-0003", 1, seconds=0)
    assert _status(newer) == "RUNNING"
    assert _eventually(lambda: _status(newer) == "SUCCEEDED")


def test_an_answer_to_a_token_is_taken_once(cloud: Cloud) -> None:
    arn = _start(cloud.machine(ASKING), "one", {"seconds": 3600})
    assert _eventually(lambda: _waits_for_token(cloud, arn, 1))
    answer = {"taskToken": cloud.asked[0], "output": '{"by": "signer"}'}
    assert stepfunctions._send_task_success(answer)[0] == 200
    assert _eventually(lambda: _status(arn) == "SUCCEEDED")
    assert json.loads(stepfunctions._executions.get(arn)["output"]) == {"seconds": 3600, "answer": {"by": "signer"}}
    assert stepfunctions._send_task_success(answer)[0] == 400


def test_a_token_nobody_answers_times_out_by_path(cloud: Cloud) -> None:
    arn = _start(cloud.machine(ASKING), "one", {"seconds": 1})
    assert _eventually(lambda: _status(arn) == "SUCCEEDED")
    told = json.loads(stepfunctions._executions.get(arn)["output"])
    assert told["late"]["Error"] == "States.Timeout"
    assert stepfunctions._send_task_success({"taskToken": cloud.asked[0], "output": "{}"})[0] == 400
    assert _history(arn)[:4] == ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskFailed"]


def test_asking_that_fails_is_tried_again_with_another_token(cloud: Cloud) -> None:
    cloud.faults = [stepfunctions._ExecutionError("Unavailable", "throttled")]
    arn = _start(cloud.machine(ASKING), "one", {"seconds": 3600})
    assert _eventually(lambda: _waits_for_token(cloud, arn, 1))
    assert _history(arn).count("TaskScheduled") == 2


def test_asking_that_fails_for_good_fails_the_execution_by_name(cloud: Cloud) -> None:
    cloud.faults = [stepfunctions._ExecutionError("Broken", "for good")]
    arn = _start(cloud.machine(ASKING), "one", {"seconds": 3600})
    assert _eventually(lambda: _status(arn) == "FAILED")
    assert stepfunctions._executions.get(arn)["error"] == "Broken"


@pytest.mark.parametrize("seconds", (0, -1, "soon", True))
def test_a_timeout_that_aws_refuses_fails(cloud: Cloud, seconds: object) -> None:
    arn = _start(cloud.machine(ASKING), "one", {"seconds": seconds})
    assert _eventually(lambda: _status(arn) == "FAILED")
    assert cloud.asked == []


def test_after_a_crash_each_goes_on_where_it_slept(cloud: Cloud) -> None:
    machine = cloud.machine(CLOCK)
    sleeper = _start_clock(machine, "dossier-1", 1, seconds=2)
    assert _eventually(lambda: _sleeps(sleeper))
    until = stepfunctions._executions.get(sleeper)["position"]["until"]
    cloud.enter()
    assert stepfunctions._executions.get(sleeper)["position"]["until"] == until
    assert _eventually(lambda: _status(sleeper) == "SUCCEEDED")
    assert _history(sleeper).count("WaitStateEntered") == 1


def test_a_token_outlives_a_crash_and_so_does_its_answer(cloud: Cloud) -> None:
    machine = cloud.machine(ASKING)
    waiting, answered = (_start(machine, name, {"seconds": 3600}) for name in ("waiting", "answered"))
    assert _eventually(lambda: len(cloud.asked) == 2)
    position = stepfunctions._executions.get(answered)["position"]
    assert _eventually(lambda: "calls" not in position)
    assert stepfunctions._send_task_success({"taskToken": position["token"], "output": "1"})[0] == 200
    token = stepfunctions._executions.get(waiting)["position"]["token"]
    # what is deployed meanwhile is no business of those that run
    stepfunctions._state_machines[machine]["definition"] = json.dumps(CLOCK)
    cloud.enter()
    assert _eventually(lambda: _status(answered) == "SUCCEEDED")
    assert stepfunctions._send_task_success({"taskToken": token, "output": "2"})[0] == 200
    assert _eventually(lambda: _status(waiting) == "SUCCEEDED")
    assert json.loads(stepfunctions._executions.get(waiting)["output"])["answer"] == 2
    assert len(cloud.asked) == 2


def test_what_an_earlier_version_left_running_starts_over(cloud: Cloud) -> None:
    machine = cloud.machine(ASKING)
    arn = _start(machine, "one", {"seconds": 3600})
    assert _eventually(lambda: _waits_for_token(cloud, arn, 1))
    record = stepfunctions._executions.get(arn)
    old = {name: record[name] for name in ("executionArn", "stateMachineArn", "name", "startDate", "input")}
    old |= {"status": "FAILED", "error": "States.ServiceRestart", "stopDate": record["startDate"], "events": []}
    account, region, _ = next(iter(stepfunctions._executions._data))
    (cloud.home / "1.jsonl").write_text(json.dumps(["ended", account, region, old]) + "\n", "utf-8")
    cloud.enter()
    assert _eventually(lambda: _waits_for_token(cloud, arn, 2))


def test_a_snapshot_holds_no_events_and_the_history_is_still_told(cloud: Cloud) -> None:
    arn = _start(cloud.machine(ASKING), "one", {"seconds": 3600})
    assert _eventually(lambda: _waits_for_token(cloud, arn, 1))
    (record,) = cloud.executions.state()["executions"]._data.values()
    assert record["events"]["count"] == 3
    assert "TaskScheduled" not in json.dumps(record)
    assert _history(arn) == ["ExecutionStarted", "TaskStateEntered", "TaskScheduled"]


def test_while_two_versions_work_a_part_of_the_executions_begins_under_the_new_definition(cloud: Cloud) -> None:
    machine = cloud.machine(CLOCK)
    cloud.executions.definitions.hold()
    changed = {"StartAt": "New", "States": {"New": {"Type": "Succeed"}}}
    _answer(stepfunctions._update_state_machine({"stateMachineArn": machine, "definition": json.dumps(changed)}))
    first = _start_clock(machine, "dossier-9", 1)
    assert _eventually(lambda: _sleeps(first))
    cloud.executions.definitions.lead(every=3)
    begun = [_start_clock(machine, f"dossier-{number}", 1) for number in range(3)]
    assert _eventually(lambda: _status(begun[2]) == "SUCCEEDED" and all(map(_sleeps, begun[:2])))
    cloud.executions.definitions.release()
    last = _start_clock(machine, "dossier-4", 1)
    assert _eventually(lambda: _status(last) == "SUCCEEDED")
