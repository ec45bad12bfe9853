"""Step Functions: which executions began and how they ended; one that a crash cut short starts again by its own name.

On AWS an execution outlives everything. Here it is a thread, so it starts over from its first state with its first
input; the product's tasks allow that, for a task may run twice on AWS too.

A waiting thread costs what a waiting execution on AWS does not. So one that a newer execution of the same dossier has
replaced ends here at once, where on AWS it would sleep until its next wake, find itself superseded and end then.

The definition under which an execution began is kept with it (`definitions.py`).
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from ..journal import Entry
from .definitions import DIGEST, Definitions
from .recorder import Recorder
from .table import scope

BEGAN, ENDED = "began", "ended"
log = logging.getLogger(__name__)

Subject: TypeAlias = tuple[str, str]
"""State machine and dossier code: what executions may replace one another for."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sleeper:
    """An execution in a Wait state."""

    arn: str
    age: tuple[int, int]
    called_off: threading.Event = field(default_factory=threading.Event)


class _Nap(threading.local):
    """Which Wait state this thread is in; None outside of one."""

    sleeper: _Sleeper | None = None


class Executions:
    """Wraps ministack's Step Functions."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.definitions = Definitions()
        self._sleepers: dict[Subject, set[_Sleeper]] = {}
        self._nap = _Nap()
        self._wait, self._sleep = stepfunctions._execute_wait, stepfunctions._scaled_sleep
        self._start, self._run = stepfunctions._start_execution, stepfunctions._run_execution
        self._stop = stepfunctions._stop_execution

    def install(self) -> None:
        """Put the wrappers in place. Once, before state is loaded."""
        self.definitions.install()
        stepfunctions._start_execution = self._start_durably
        stepfunctions._run_execution = self._run_durably
        stepfunctions._stop_execution = self._stop_durably
        stepfunctions._execute_wait = self._wait_until_called_off
        stepfunctions._scaled_sleep = self._sleep_until_called_off

    def _start_durably(self, data: dict[str, Any]) -> Any:
        with self._recorder.gate:
            answer = self._start(data)
            arn = _started(answer)
            if arn:
                begun_under = data.get(DIGEST) or self.definitions.begin(data["stateMachineArn"])
                stepfunctions._executions[arn][DIGEST] = begun_under
                self._recorder.write([BEGAN, get_account_id(), get_region(), stepfunctions._executions.get(arn)])
                self._call_off_older(data)
            return answer

    def _call_off_older(self, data: dict[str, Any]) -> None:
        """End what waits for the dossier of a new execution and is of an earlier generation or clock."""
        subject, age = _subject_and_age(data["stateMachineArn"], json.loads(data.get("input") or "{}"))
        if subject is None:
            return
        for sleeper in [each for each in self._sleepers.get(subject, ()) if each.age < age]:
            sleeper.called_off.set()
            self._stop_durably({"executionArn": sleeper.arn, "error": "Superseded", "cause": "a newer one began"})

    def _wait_until_called_off(self, state: dict[str, Any], given: Any, context: Any = None) -> tuple[Any, str | None]:
        execution = (context or {}).get("Execution", {})
        subject, age = _subject_and_age((context or {}).get("StateMachine", {}).get("Id"), execution.get("Input"))
        if subject is None:
            return self._wait(state, given, context)  # type: ignore[no-any-return]
        sleeper = _Sleeper(execution["Id"], age)
        with self._recorder.gate:
            self._sleepers.setdefault(subject, set()).add(sleeper)
        self._nap.sleeper = sleeper
        try:
            output, following = self._wait(state, given, context)
        finally:
            self._nap.sleeper = None
            with self._recorder.gate:
                self._sleepers[subject].discard(sleeper)
                if not self._sleepers[subject]:
                    del self._sleepers[subject]
        return output, None if sleeper.called_off.is_set() else following

    def _sleep_until_called_off(self, seconds: float) -> None:
        sleeper = self._nap.sleeper
        if sleeper is None:
            self._sleep(seconds)
        else:
            sleeper.called_off.wait(min(seconds * stepfunctions._SFN_WAIT_SCALE, threading.TIMEOUT_MAX))

    def _run_durably(self, arn: str) -> None:
        with self._recorder.gate:  # until it is known under which definition it began
            execution = stepfunctions._executions.get(arn)
        with self.definitions.running(execution):
            self._run(arn)
        self._note_end(arn)

    def _stop_durably(self, data: dict[str, Any]) -> Any:
        answer = self._stop(data)
        self._note_end(data.get("executionArn", ""))
        return answer

    def _note_end(self, arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        if execution and execution["status"] != "RUNNING":
            self._recorder.write([ENDED, get_account_id(), get_region(), execution])

    def replay(self, entry: Entry) -> None:
        """Apply one journal line of kind BEGAN or ENDED."""
        with scope(entry[1], entry[2]):
            stepfunctions._executions[entry[3]["executionArn"]] = entry[3]

    def restart_interrupted(self) -> int:
        """Start again what was running when the launcher ended. Answers how many."""
        count = 0
        for (account, region, arn), execution in list(stepfunctions._executions.all_items()):
            if execution["status"] == "RUNNING" or execution.get("error") == "States.ServiceRestart":
                with scope(account, region):
                    del stepfunctions._executions[arn]
                    request = {
                        "stateMachineArn": execution["stateMachineArn"],
                        "name": execution["name"],
                        "input": execution["input"],
                        DIGEST: execution.get(DIGEST),
                    }
                    if _started(stepfunctions._start_execution(request)):
                        count += 1
                    else:
                        log.warning("%s could not be started again: its state machine is gone", arn)
        return count


def _subject_and_age(machine: str | None, given: Any) -> tuple[Subject | None, tuple[int, int]]:
    """Whose clock an execution is, and which of its dossier's; None for an execution that is no clock."""
    try:
        return (str(machine), str(given["dossier_code"])), (int(given["generation"]), int(given["clock_version"]))
    except (KeyError, TypeError, ValueError):
        return None, (0, 0)


def _started(answer: Any) -> str | None:
    """The ARN in a successful answer of StartExecution."""
    status, _, body = answer
    if status != 200:
        return None
    arn: str = json.loads(body)["executionArn"]
    return arn
