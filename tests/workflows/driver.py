"""Runs the real state machine files in moto's interpreter, with time that is only counted.

A wait, a retry's pause and a task's timeout move the virtual clock instead of the wall clock, so that a year of
deadlines plays in the time its tasks take. What is replaced of moto is named in `virtual_time`, and nothing else is.
"""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint
from moto.stepfunctions.parser.asl.parse import asl_parser

MACHINES = Path(__file__).resolve().parents[2] / "infra" / "statemachines"
BEFORE = Path(__file__).resolve().parent / "before"
"""The definitions of the version before (commit 8108da8): executions that began under them run on for 300 days."""

REGION = "ap-southeast-1"
ROLE = "arn:aws:iam::123456789012:role/machine"
PATIENCE = 90.0
"""Real seconds after which an execution that has not ended fails the test."""

Payload = dict[str, Any]
Handler = Callable[[Payload], object]
CONFIG: Any = {"stepfunctions": {"execute_state_machine": True}, "core": {"reset_boto3_session": False}}


class TimedOut(Exception):
    """Raised by a scripted handler that takes longer than its task's TimeoutSeconds."""


class LambdaRefuses(Exception):
    """Raised by a scripted handler that Lambda does not even start; the message is Lambda's error code."""


class RememberingParser(ASLParser):
    """Reads a definition once in a run of tests, where moto reads it twice for each execution."""

    trees: ClassVar[dict[str, Any]] = {}

    def state_machine(self) -> Any:
        text = self.getTokenStream().tokenSource.inputStream.strdata
        if text not in self.trees:
            self.trees[text] = super().state_machine()  # type: ignore[no-untyped-call]
        return self.trees[text]


@dataclass
class VirtualClock:
    """Time as the machines see it, and what else happens meanwhile."""

    now: datetime
    pauses: list[float] = field(default_factory=list)
    """Seconds of every retry's pause, in order."""
    _agenda: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)

    def at(self, moment: datetime, happens: Callable[[], object]) -> None:
        """Let something happen when time comes to a moment."""
        heapq.heappush(self._agenda, (moment, len(self._agenda), happens))

    def advance(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass; what was agreed for a moment on the way happens then, and may end the wait early."""
        if seconds <= 0:
            return
        target = self.now + timedelta(seconds=seconds)
        while self._agenda and self._agenda[0][0] <= target:
            moment, _, happens = heapq.heappop(self._agenda)
            self.now = max(self.now, moment)
            happens()
            if until():
                return
        self.now = max(self.now, target)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.advance(seconds)


@dataclass(frozen=True)
class Ran:
    """How an execution went."""

    status: str
    path: tuple[str, ...]
    """Names of the states entered, in order."""
    error: str | None
    output: Payload | None
    started: datetime
    ended: datetime
    pauses: tuple[float, ...]

    @property
    def lasted(self) -> timedelta:
        """Virtual time."""
        return self.ended - self.started


def no_person(token: str) -> None:
    """Nobody answers a task token."""


@dataclass
class Machine:
    """One of the state machine files, its tasks bound to handlers.

    `tasks` maps the names that the file puts in for functions (`DossierTaskArn`) to handlers, which get the payload
    and answer, or raise as the function would. `person` is called with each task token that is waited for; one who
    answers does so with the client (`send_task_success`).
    """

    file_name: str
    tasks: Mapping[str, Handler]
    clock: VirtualClock
    person: Callable[[str], object] = no_person
    payloads: list[Payload] = field(default_factory=list)
    """What the tasks were given, in order."""
    folder: Path = MACHINES
    starts_at: str = "AwaitEnd"
    """The parameter of the same name."""

    def run(self, execution_input: Payload, name: str = "one") -> Ran:
        """Start an execution and follow it to its end."""
        client = boto3.client("stepfunctions", region_name=REGION)
        definition = (self.folder / self.file_name).read_text("utf-8")
        for task in self.tasks:
            definition = definition.replace(f"${{{task}}}", f"arn:aws:lambda:{REGION}:123456789012:function:{task}")
        definition = definition.replace("${DossierStartsAt}", self.starts_at)
        started, pauses = self.clock.now, len(self.clock.pauses)
        with virtual_time(self.clock, self._invoke, self.person):
            machine = client.create_state_machine(
                name=f"{self.file_name.split('.')[0]}-{time.monotonic_ns()}", definition=definition, roleArn=ROLE
            )["stateMachineArn"]
            execution = client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(execution_input))[
                "executionArn"
            ]
            done = _await_end(client, execution)
        return Ran(
            status=done["status"],
            path=tuple(_entered(client, execution)),
            error=done.get("error"),
            output=json.loads(done["output"]) if "output" in done else None,
            started=started,
            ended=self.clock.now,
            pauses=tuple(self.clock.pauses[pauses:]),
        )

    def _invoke(self, parameters: Payload, region: str, state_credentials: object) -> Payload:
        """Lambda's Invoke, as the interpreter calls it: an error is an answer with its class name."""
        payload = json.loads(parameters["Payload"])
        self.payloads.append(payload)
        handler = self.tasks[parameters["FunctionName"].rpartition(":")[2]]
        try:
            answer = json.loads(json.dumps(handler(payload)))
        except TimedOut:
            raise EvalTimeoutError from None
        except LambdaRefuses as refusal:
            error = {"Code": str(refusal), "Message": "refused"}
            answer = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 500, "RequestId": "r"}}
            raise ClientError(answer, "Invoke") from None
        except Exception as error:
            body = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": body}
        return {"StatusCode": 200, "Payload": answer}


@contextmanager
def virtual_time(
    clock: VirtualClock, invoke: Callable[[Payload, str, object], Payload], person: Callable[[str], object]
) -> Iterator[None]:
    """Replaces what of moto's interpreter knows the wall clock, calls Lambda, or waits for a person."""

    def until(wait: Timestamp, env: Any) -> int:
        wait.string.eval(env=env)
        moment = datetime.strptime(env.stack.pop(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return int((moment - clock.now).total_seconds())

    def wait(function: WaitFunction, env: Any, wait_seconds: int) -> None:
        clock.advance(wait_seconds)

    def await_person(endpoint: CallbackEndpoint, timeout: float | None = None) -> Any:
        person(endpoint.callback_id)
        if endpoint.get_outcome() is None:
            clock.advance(timeout or 0, until=lambda: endpoint.get_outcome() is not None)
        return endpoint.get_outcome()

    with (
        patch.object(Timestamp, "_get_wait_seconds", until),
        patch.object(WaitFunction, "_wait_interval", wait),
        patch.object(CallbackEndpoint, "wait", await_person),
        patch.object(retrier_decl, "time", SimpleNamespace(sleep=clock.pause)),
        patch.object(lambda_eval_utils, "_invoke_lambda_function", invoke),
        patch.object(asl_parser, "ASLParser", RememberingParser),
    ):
        yield


@contextmanager
def step_functions() -> Iterator[Any]:
    """moto with an interpreter that runs; gives the client."""
    with mock_aws(config=CONFIG):
        yield boto3.client("stepfunctions", region_name=REGION)


def _await_end(client: Any, execution: str) -> Payload:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found: Payload = client.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.002)
    raise TimeoutError(f"{execution} runs on; entered {list(_entered(client, execution))}")


def _entered(client: Any, execution: str) -> Iterator[str]:
    for event in client.get_execution_history(executionArn=execution, maxResults=1000)["events"]:
        if event["type"].endswith("StateEntered"):
            yield event["stateEnteredEventDetails"]["name"]
