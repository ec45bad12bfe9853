"""Moves executions along: each step on a thread of a small pool, each sleep as an entry of one clock.

Where an execution stands is its record's `position`: the state, what it was given, its token. `turn` counts the steps;
whoever wants to move an execution on (the clock, an answer to its token, the end of a call) claims its turn, so only
the first of them does.
"""

from __future__ import annotations

import heapq
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

from ministack.core.responses import new_uuid, now_iso
from ministack.services import stepfunctions as asl

from ..durable.table import scope
from . import states

log = logging.getLogger(__name__)

Key: TypeAlias = tuple[str, str, str]
"""Account, region, ARN."""
Record: TypeAlias = dict[str, Any]
Outcome: TypeAlias = list[Any]
"""How a sleep or a call ended: `[DONE, result]`, `[FAULT, error, cause]`, `[AGAIN]`."""

DONE, FAULT, AGAIN = "done", "fault", "again"
TOO_LATE: Outcome = [FAULT, "States.Timeout", "the task took longer than its TimeoutSeconds"]
AT_ONCE = 4
"""Threads for the executions of one state machine: a flood of one holds up no other."""
LONGEST_NAP_SECONDS = 3600.0
STALE = 1000
"""Entries of the clock whose turn has passed, after which it is worth looking through."""


class Clock:
    """One thread that wakes everybody."""

    def __init__(self, wake: Callable[[Key, int, Outcome], None]) -> None:
        self._wake = wake
        self._entries: list[tuple[float, int, Key, int, Outcome]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def at(self, moment: float, key: Key, turn: int, outcome: Outcome) -> None:
        """Wake `key` at a moment (seconds of the epoch), unless its turn has passed by then."""
        with self._changed:
            heapq.heappush(self._entries, (moment, next(self._numbers), key, turn, outcome))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="steps-clock", daemon=True)
                self._thread.start()
            if self._entries[0][2] == key:
                self._changed.notify()

    def __len__(self) -> int:
        return len(self._entries)

    def drop(self, holds: Callable[[Key, int], bool]) -> None:
        """Let go of entries whose turn has passed."""
        with self._changed:
            self._entries = [entry for entry in self._entries if holds(entry[2], entry[3])]
            heapq.heapify(self._entries)

    def _loop(self) -> None:
        while True:
            with self._changed:
                until = self._entries[0][0] - time.time() if self._entries else LONGEST_NAP_SECONDS
                if until > 0:
                    self._changed.wait(min(until, LONGEST_NAP_SECONDS))
                    continue
                _, _, key, turn, outcome = heapq.heappop(self._entries)
            try:
                self._wake(key, turn, outcome)
            except Exception:
                log.exception("%s could not be woken", key[2])


class Engine:
    """Runs executions. `gate` guards turns; `rests` is told, with it held, when one falls asleep or was answered."""

    def __init__(
        self,
        gate: threading.RLock,
        definition_of: Callable[[Record], str],
        rests: Callable[[Key, Record], None],
        ended: Callable[[Key, Record], None],
    ) -> None:
        self._gate, self._definition_of, self._rests, self._ended = gate, definition_of, rests, ended
        self._clock = Clock(self.wake)
        self._stale = 0
        self._tokens: dict[str, tuple[Key, int]] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def begin(self, key: Key, record: Record) -> None:
        """Enter the first state of a new execution."""
        self._submit(key, record, None)

    def resume(self, key: Key, record: Record) -> None:
        """Go on where a record says it stands, after a restart."""
        with self._gate:
            position = record["position"]
            if "outcome" in position:
                self._submit(key, record, position.pop("outcome"))
            elif "calls" in position:
                self._submit(key, record, [AGAIN])
            elif "until" in position or "token" in position:
                self._lie_down(key, record)
            else:
                self._submit(key, record, None)

    def wake(self, key: Key, turn: int, outcome: Outcome) -> None:
        """Move on one that slept or took too long; nothing where its turn has passed."""
        with self._gate:
            record = self._claim(key, turn)
            if record is not None:
                self._submit(key, record, outcome)

    def answer(self, token: str, outcome: Outcome) -> bool:
        """Take the answer to a token. False where nobody waits for it."""
        with self._gate:
            key, turn = self._tokens.pop(token, (None, 0))
            record = self._claim(key, turn) if key else None
            if key is None or record is None:
                return False
            record["position"]["outcome"] = outcome
            self._rests(key, record)
            del record["position"]["outcome"]
            self._submit(key, record, outcome)
            return True

    def waits_for(self, token: str) -> bool:
        """Whether an execution waits for this token."""
        return token in self._tokens

    def forget(self, record: Record) -> None:
        """One that was stopped: nothing wakes it any more."""
        self._tokens.pop(record.get("position", {}).get("token", ""), None)

    def _claim(self, key: Key, turn: int) -> Record | None:
        if not _holds(key, turn):
            return None
        record: Record = asl._executions.get_scoped(*key)
        record["turn"] = turn + 1
        self._tokens.pop(record["position"].get("token", ""), None)
        self._stale += 1
        if self._stale > max(STALE, len(self._clock) // 2):
            self._stale = 0
            self._clock.drop(_holds)
        return record

    def _submit(self, key: Key, record: Record, outcome: Outcome | None) -> None:
        machine = record["stateMachineArn"]
        if machine not in self._pools:
            self._pools[machine] = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="steps")
        self._pools[machine].submit(self._move, key, record, outcome)

    def _lie_down(self, key: Key, record: Record) -> None:
        position = record["position"]
        if "token" in position:
            self._tokens[position["token"]] = (key, record["turn"])
        if "until" in position:
            late = "token" in position or "calls" in position
            self._clock.at(position["until"], key, record["turn"], TOO_LATE if late else [AGAIN])

    def _move(self, key: Key, record: Record, outcome: Outcome | None) -> None:
        with scope(key[0], key[1]):
            try:
                _Walk(self, key, record).go(outcome)
            except asl._ExecutionError as error:
                self._finish(key, record, partial(asl._fail_execution, record, error.error, error.cause))
            except Exception as error:
                log.exception("%s failed", key[2])
                self._finish(key, record, partial(asl._fail_execution, record, "States.Runtime", str(error)))

    def _finish(self, key: Key, record: Record, end: Callable[[], None]) -> None:
        with self._gate:
            if record["status"] == "RUNNING":
                end()
                record["position"] = {}
                self._ended(key, record)


def _holds(key: Key, turn: int) -> bool:
    record = asl._executions.get_scoped(*key)
    return record is not None and record["status"] == "RUNNING" and record.get("turn") == turn


class _Walk:
    """One execution on its way from one sleep to the next."""

    def __init__(self, engine: Engine, key: Key, record: Record) -> None:
        self._engine, self._key, self._record = engine, key, record
        definition = states.parsed(engine._definition_of(record))
        position = record["position"]
        self._states = definition.get("States", {})
        self._name: str | None = position.get("state") or definition.get("StartAt")
        self._given = json.loads(position.get("given") or record["input"])
        self._tries = {int(index): count for index, count in position.get("tries", {}).items()}
        self._context = {
            "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
            "Execution": {
                "Id": record["executionArn"],
                "Input": json.loads(record["input"]),
                "Name": record["name"],
                "StartTime": record["startDate"],
            },
            "StateMachine": {
                "Id": record["stateMachineArn"],
                "Name": record["stateMachineArn"].rpartition(":")[2],
            },
            "variables": position.get("variables", {}),
        }

    def go(self, outcome: Outcome | None) -> None:
        """Walk until it sleeps, ends, or another has its turn."""
        while self._name is not None:
            state = self._states.get(self._name)
            if state is None:
                raise states.Failed("States.Runtime", f"state {self._name!r} not found in definition")
            kind = state.get("Type")
            self._context["State"] = {
                "Name": self._name,
                "EnteredTime": now_iso(),
                "RetryCount": sum(self._tries.values()),
            }
            if outcome is None:
                self._tell(f"{kind}StateEntered", "stateEnteredEventDetails", name=self._name, input=self._text())
            if kind == "Task":
                moved = self._task(state, outcome)
            elif kind == "Wait":
                moved = self._wait(state, outcome)
            elif kind in ("Parallel", "Map"):
                run = asl._execute_parallel if kind == "Parallel" else asl._execute_map
                output, following = run(state, self._given, self._record, self._context)
                moved = states.Moved(following, output)
            else:
                moved = states.at_once(state, self._given, self._context)
            if moved is None:
                return
            outcome = None
            self._given = moved.output
            self._tell(f"{kind}StateExited", "stateExitedEventDetails", name=self._name, output=self._text())
            self._name, self._tries = moved.next_name, {}
            if self._record["status"] != "RUNNING":
                return
        self._engine._finish(self._key, self._record, self._succeed)

    def _succeed(self) -> None:
        self._record.update(status="SUCCEEDED", output=self._text(), stopDate=now_iso())
        self._tell("ExecutionSucceeded", "executionSucceededEventDetails", output=self._record["output"])
        asl._emit_execution_status_event(self._record)

    def _wait(self, state: states.State, outcome: Outcome | None) -> states.Moved | None:
        if outcome is not None:
            return states.after_wait(state, self._given, self._context)
        self._sleep(until=states.moment_of_wake(state, self._given, self._context))
        return None

    def _task(self, state: states.State, outcome: Outcome | None) -> states.Moved | None:
        """Call the task, or take what came of it. None where the execution sleeps or is another's now."""
        if outcome is None or outcome[0] == AGAIN:
            outcome = self._call(state)
            if outcome is None:
                return None
        if outcome[0] == DONE:
            self._tell("TaskSucceeded", "taskSucceededEventDetails", output=json.dumps(outcome[1]))
            try:
                return states.after_task(state, self._given, outcome[1], self._context)
            except asl._ExecutionError as error:
                return states.caught(state, self._given, error, self._context)
        failure = states.Failed(outcome[1], outcome[2])
        self._tell("TaskFailed", "taskFailedEventDetails", error=failure.error, cause=failure.cause)
        pause = states.pause_before_retry(state, failure.error, self._tries)
        if pause is None:
            return states.caught(state, self._given, failure, self._context)
        self._sleep(until=time.time() + pause)
        return None

    def _call(self, state: states.State) -> Outcome | None:
        """One try of a task. None where it waits for its token, or somebody else has moved the execution on."""
        awaits = str(state["Resource"]).endswith(states.TOKEN)
        if awaits:
            self._context["Task"] = {"Token": new_uuid()}
        try:
            limit = states.timeout_seconds(state, self._given, self._context)
            given = states.arguments(state, self._given, self._context)
        except asl._ExecutionError as error:
            return [FAULT, error.error, error.cause]
        self._tell("TaskScheduled", "taskScheduledEventDetails", resource=state["Resource"], resourceType="lambda")
        sleep: dict[str, Any] = {} if limit is None else {"until": time.time() + limit}
        if awaits:
            sleep["token"] = self._context["Task"]["Token"]
        engine, record = self._engine, self._record
        with engine._gate:
            turn = record["turn"]
            self._stand(**sleep, calls=True)
            engine._lie_down(self._key, record)
        try:
            outcome: Outcome = [DONE, states.call(state, given)]
        except asl._ExecutionError as error:
            outcome = [FAULT, error.error, error.cause]
        with engine._gate:
            if record["status"] != "RUNNING" or record["turn"] != turn:
                return None
            if awaits and outcome[0] == DONE:
                del record["position"]["calls"]
                engine._rests(self._key, record)
                return None
            return outcome if engine._claim(self._key, turn) else None

    def _sleep(self, until: float) -> None:
        engine, record = self._engine, self._record
        with engine._gate:
            if record["status"] == "RUNNING":
                self._stand(until=until)
                engine._lie_down(self._key, record)
                engine._rests(self._key, record)

    def _stand(self, **sleep: Any) -> None:
        """Note where the execution is."""
        position = {"state": self._name, "given": self._text(), **sleep}
        if self._tries:
            position["tries"] = dict(self._tries)
        if self._context["variables"]:
            position["variables"] = self._context["variables"]
        self._record["position"] = position

    def _text(self) -> str:
        return json.dumps(self._given)

    def _tell(self, kind: str, details: str, **told: Any) -> None:
        if kind != "FailStateExited":
            asl._add_event(self._record, kind, {details: told})
