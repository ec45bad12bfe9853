"""Step Functions: every execution outlives the process, and goes on where it slept, with its token, as on AWS.

Journalled are the beginning, each sleep and each answer to a token, and the end. What was under way between two sleeps
is done again from the last one; the product's tasks allow that, for a task may run twice on AWS too. An execution keeps
the definition that it began with, whatever is deployed meanwhile (`definitions.py`).

One that a newer execution of the same dossier has replaced ends here at once, where on AWS it would sleep until its
next wake, find itself superseded and end then: a sandbox whose clock is set often would hold a crowd of them.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
    now_iso,
)
from ministack.services import eventbridge, stepfunctions

from ..journal import Entry
from ..steps.engine import DONE, FAULT, Engine, Key, Record
from ..steps.history import DAYS_KEPT, Histories, History
from .definitions import Definitions
from .recorder import Recorder
from .table import scope

BEGAN, STANDS, ENDED = "began", "stands", "ended"
INTERRUPTED = "States.ServiceRestart"
"""What ministack makes of an execution that was running when it stopped."""
_KEPT = ("state_machines", "tags", "activities", "state_machine_versions", "state_machine_aliases", "map_runs")
"""What ministack keeps of Step Functions beside executions."""
log = logging.getLogger(__name__)

Subject: TypeAlias = tuple[str, str]
"""State machine and dossier code: what executions may replace one another for."""
Age: TypeAlias = tuple[int, int]


class Executions:
    """Takes the place of ministack's Step Functions, but for machines and their versions. Its files are in `root`."""

    def __init__(self, recorder: Recorder, root: Path) -> None:
        self._recorder = recorder
        self._histories = Histories(root / "history")
        self.definitions = Definitions(root / "definitions")
        self._asleep: dict[Subject, dict[Key, Age]] = {}
        self._engine = Engine(recorder.gate, self._definition_of, self._note_rest, self._note_end)
        self._stop = stepfunctions._stop_execution
        self._success, self._failure = stepfunctions._send_task_success, stepfunctions._send_task_failure

    def install(self) -> None:
        """Put the wrappers in place. Once, before state is loaded."""
        stepfunctions._start_execution = self.start
        stepfunctions._stop_execution = self.stop
        stepfunctions._send_task_success = self._succeed
        stepfunctions._send_task_failure = self._fail
        stepfunctions._parse_jsonpath_tokens = lru_cache(4096)(stepfunctions._parse_jsonpath_tokens)
        # Nobody reads the list of all events that were ever sent.
        eventbridge._events_log_list = list

    def start(self, data: dict[str, Any]) -> Any:
        """StartExecution."""
        asked = str(data.get("stateMachineArn", ""))
        arn = stepfunctions._resolve_state_machine_arn(asked)
        if arn is None:
            return error_response_json("StateMachineDoesNotExist", f"State machine {asked} not found", 400)
        machine = stepfunctions._state_machines[arn]
        name = data.get("name") or new_uuid()
        account, region = get_account_id(), get_region()
        key = (account, region, f"arn:aws:states:{region}:{account}:execution:{machine['name']}:{name}")
        version = stepfunctions._state_machine_versions.get(stepfunctions._execution_version_arn(asked)) or machine
        with self._recorder.gate:
            if key[2] in stepfunctions._executions:
                return error_response_json("ExecutionAlreadyExists", f"Execution already exists: '{key[2]}'", 400)
            record = self._new(key, arn, name, data.get("input", "{}"), version)
            stepfunctions._executions[key[2]] = record
            self._recorder.write([BEGAN, key[0], key[1], _plain(record)])
            self._call_off_older(record)
            self._engine.begin(key, record)
        stepfunctions._emit_execution_status_event(record)
        return json_response({"executionArn": key[2], "startDate": record["startDate"]})

    def _new(self, key: Key, machine: str, name: str, given: str, version: dict[str, Any]) -> Record:
        began = now_iso()
        events = History(self._histories)
        started = {"input": given, "roleArn": version.get("roleArn", "")}
        events.append(
            {"id": 1, "type": "ExecutionStarted", "timestamp": began, "executionStartedEventDetails": started}
        )
        return {
            "executionArn": key[2],
            "stateMachineArn": machine,
            "name": name,
            "status": "RUNNING",
            "startDate": began,
            "stopDate": None,
            "input": given,
            "output": None,
            "error": None,
            "cause": None,
            "definition": self.definitions.begin(machine, version["definition"]),
            "position": {},
            "turn": 0,
            "events": events,
        }

    def _definition_of(self, record: Record) -> str:
        return self.definitions.read(record["definition"])

    def stop(self, data: dict[str, Any]) -> Any:
        """StopExecution."""
        with self._recorder.gate:
            answer = self._stop(data)
            record = stepfunctions._executions.get(data.get("executionArn"))
            if record and record["status"] == "ABORTED":
                self._engine.forget(record)
                self._note_end((get_account_id(), get_region(), record["executionArn"]), record)
        return answer

    def _succeed(self, data: dict[str, Any]) -> Any:
        try:
            result = json.loads(data.get("output", "{}"))
        except ValueError:
            return error_response_json("InvalidOutput", "the output is no JSON", 400)
        if self._engine.answer(data.get("taskToken", ""), [DONE, result]):
            return json_response({})
        return self._success(data)

    def _fail(self, data: dict[str, Any]) -> Any:
        told = [FAULT, data.get("error") or "States.TaskFailed", data.get("cause") or ""]
        return json_response({}) if self._engine.answer(data.get("taskToken", ""), told) else self._failure(data)

    def _note_rest(self, key: Key, record: Record) -> None:
        """One fell asleep, or its token was answered. Called with the gate held."""
        self._recorder.write([STANDS, *key, record["position"], record["events"].settle()])
        subject, age = _subject_and_age(record)
        if subject is not None:
            self._asleep.setdefault(subject, {})[key] = age

    def _note_end(self, key: Key, record: Record) -> None:
        record["position"] = {}
        subject, _ = _subject_and_age(record)
        sleepers = self._asleep.get(subject) if subject else None
        if subject and sleepers and sleepers.pop(key, None) and not sleepers:
            del self._asleep[subject]
        self._recorder.write([ENDED, key[0], key[1], _plain(record)])

    def _call_off_older(self, new: Record) -> None:
        """End what sleeps for the dossier of a new execution and is of an earlier generation or clock."""
        subject, age = _subject_and_age(new)
        for key in [key for key, other in self._asleep.get(subject, {}).items() if other < age] if subject else ():
            self.stop({"executionArn": key[2], "error": "Superseded", "cause": "a newer one began"})

    def replay(self, entry: Entry) -> None:
        """Apply one journal line of kind BEGAN, STANDS or ENDED."""
        with scope(entry[1], entry[2]):
            if entry[0] != STANDS:
                stepfunctions._executions[entry[3]["executionArn"]] = entry[3]
            elif entry[3] in stepfunctions._executions:
                stepfunctions._executions[entry[3]].update(position=entry[4], events=entry[5])

    def adopt(self) -> None:
        """After loading: histories are found again, and what runs keeps the definition that it was running with."""
        oldest = time.time() - DAYS_KEPT * 24 * 3600
        for (account, region, arn), record in list(stepfunctions._executions.all_items()):
            record["events"] = History.found(self._histories, record.get("events"))
            if not _interrupted(record):
                if record["stopDate"] and datetime.fromisoformat(record["stopDate"]).timestamp() < oldest:
                    stepfunctions._executions._data.pop((account, region, arn))
                continue
            with scope(account, region):
                machine = stepfunctions._state_machines.get(record["stateMachineArn"])
            if machine is None:
                # A child of a map run, or its machine is gone: whoever began it begins it again.
                stepfunctions._executions._data.pop((account, region, arn))
            elif "definition" not in record:
                record["definition"] = self.definitions.keep(machine["definition"])
        self._histories.forget_old()

    def restart_interrupted(self) -> int:
        """Let go on what was running when the launcher ended. Answers how many had not slept."""
        awake = 0
        with self._recorder.gate:
            for key, record in list(stepfunctions._executions.all_items()):
                if _interrupted(record):
                    record.update(status="RUNNING", stopDate=None, error=None, cause=None, output=None)
                    record.update(position=record.get("position") or {}, turn=record.get("turn", 0) + 1)
                    awake += "until" not in record["position"] and "token" not in record["position"]
                    subject, age = _subject_and_age(record)
                    if subject is not None and record["position"]:
                        self._asleep.setdefault(subject, {})[key] = age
                    self._engine.resume(key, record)
        return awake

    def state(self) -> dict[str, Any]:
        """What a snapshot writes, without a copy: call with the gate held, and write it out at once."""
        plain = AccountRegionScopedDict()
        plain._data.update({key: _plain(record) for key, record in stepfunctions._executions.all_items()})
        return {**{name: getattr(stepfunctions, f"_{name}") for name in _KEPT}, "executions": plain}


def _interrupted(record: Record) -> bool:
    return record["status"] == "RUNNING" or record.get("error") == INTERRUPTED


def _plain(record: Record) -> Record:
    """A record as it is written down."""
    events = record["events"]
    return {**record, "events": events.settle() if isinstance(events, History) else events}


def _subject_and_age(record: Record) -> tuple[Subject | None, Age]:
    """Whose clock an execution is, and which of its dossier's; None for an execution that is no clock."""
    try:
        given = json.loads(record["input"])
        age = (int(given["generation"]), int(given["clock_version"]))
        return (record["stateMachineArn"], str(given["dossier_code"])), age
    except (KeyError, TypeError, ValueError):
        return None, (0, 0)
