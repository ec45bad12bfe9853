"""Step Functions: which executions began and how they ended; one that a crash cut short starts again by its own name.

On AWS an execution outlives everything. Here it is a thread, so it starts over from its first state with its first
input; the product's tasks allow that, for a task may run twice on AWS too.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from ..journal import Entry
from .recorder import Recorder
from .table import scope

BEGAN, ENDED = "began", "ended"
log = logging.getLogger(__name__)


class Executions:
    """Wraps ministack's Step Functions."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._start, self._run = stepfunctions._start_execution, stepfunctions._run_execution
        self._stop = stepfunctions._stop_execution

    def install(self) -> None:
        """Put the wrappers in place. Once, before state is loaded."""
        stepfunctions._start_execution = self._start_durably
        stepfunctions._run_execution = self._run_durably
        stepfunctions._stop_execution = self._stop_durably

    def _start_durably(self, data: dict[str, Any]) -> Any:
        with self._recorder.gate:
            answer = self._start(data)
            arn = _started(answer)
            if arn:
                self._recorder.write([BEGAN, get_account_id(), get_region(), stepfunctions._executions.get(arn)])
            return answer

    def _run_durably(self, arn: str) -> None:
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
                    }
                    if _started(stepfunctions._start_execution(request)):
                        count += 1
                    else:
                        log.warning("%s could not be started again: its state machine is gone", arn)
        return count


def _started(answer: Any) -> str | None:
    """The ARN in a successful answer of StartExecution."""
    status, _, body = answer
    if status != 200:
        return None
    arn: str = json.loads(body)["executionArn"]
    return arn
