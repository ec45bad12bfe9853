"""What one state does: which is next and with what, or how long to wait, by ministack's interpreter of ASL.

What differs from ministack is what AWS does: retries with a longest delay and jitter, timeouts by path, and a task that
waits for a token fails when its function cannot be called.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from ministack.services import stepfunctions as asl

State: TypeAlias = Mapping[str, Any]
Context: TypeAlias = dict[str, Any]
LONGEST_SECONDS = 99_999_999
"""The longest timeout and delay that ASL allows."""

TOKEN = ".waitForTaskToken"  # noqa: S105
LAMBDA = "arn:aws:states:::lambda:invoke"


class Failed(asl._ExecutionError):  # type: ignore[misc]
    """An error by its ASL name."""


@dataclass(frozen=True, slots=True)
class Moved:
    """On to the next state; None ends the execution."""

    next_name: str | None
    output: Any


@lru_cache(maxsize=64)
def parsed(definition: str) -> dict[str, Any]:
    """A definition. Raises `ValueError` when it is no JSON."""
    found: dict[str, Any] = json.loads(definition)
    return found


def moment_of_wake(state: State, given: Any, context: Context) -> float:
    """When a Wait state ends, in seconds of the epoch."""
    seconds = 0.0
    if asl._state_query_language(state, context) == "JSONata":
        if "Seconds" in state:
            seconds = float(asl._jsonata_wait_seconds(state, given, context))
        elif "Timestamp" in state:
            seconds = _until(asl._jsonata_wait_timestamp(state, given, context))
    else:
        found = asl._apply_input_path(state, given, context)
        if "Seconds" in state:
            seconds = float(state["Seconds"])
        elif "SecondsPath" in state:
            seconds = float(asl._resolve_path_or_ctx(state["SecondsPath"], found, context))
        elif "Timestamp" in state:
            seconds = _until(state["Timestamp"])
        elif "TimestampPath" in state:
            seconds = _until(asl._resolve_path_or_ctx(state["TimestampPath"], found, context))
    return time.time() + max(0.0, seconds) * float(asl._SFN_WAIT_SCALE)


def _until(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp() - time.time()
    except ValueError as error:
        raise Failed("States.Runtime", f"no timestamp: {text!r}") from error


def after_wait(state: State, given: Any, context: Context) -> Moved:
    """What follows a Wait state that is over."""
    if asl._state_query_language(state, context) == "JSONata":
        output = asl._apply_jsonata_output(state, given, context, default=given)
        asl._apply_state_assign(state, given, context)
    else:
        output = asl._apply_output_path(state, asl._apply_input_path(state, given, context), context)
    return Moved(asl._next_or_end(state), output)


def arguments(state: State, given: Any, context: Context) -> Any:
    """What a task is called with."""
    if asl._state_query_language(state, context) == "JSONata":
        return asl._apply_jsonata_arguments(state, given, context)
    return asl._apply_parameters(state, asl._apply_input_path(state, given, context), context)


def timeout_seconds(state: State, given: Any, context: Context) -> float | None:
    """How long a task may take, or None. Raises `Failed` for what AWS refuses."""
    limit: Any = None
    if "TimeoutSecondsPath" in state:
        found = asl._apply_input_path(state, given, context)
        limit = asl._resolve_path_or_ctx(state["TimeoutSecondsPath"], found, context)
    elif "TimeoutSeconds" in state and isinstance(state["TimeoutSeconds"], str):
        limit = asl._jsonata_state_field(state, "TimeoutSeconds", "number", given, context)
    elif "TimeoutSeconds" in state:
        limit = state["TimeoutSeconds"]
    else:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= LONGEST_SECONDS:
        raise Failed("States.Runtime", f"TimeoutSeconds must be a whole number from 1 to {LONGEST_SECONDS}: {limit!r}")
    return float(limit)


def after_task(state: State, given: Any, result: Any, context: Context) -> Moved:
    """What follows a task that gave a result."""
    if asl._state_query_language(state, context) == "JSONata":
        output = asl._apply_jsonata_output(state, given, context, result=result, default=result)
        asl._apply_state_assign(state, given, context, result=result)
    else:
        output = asl._apply_result_path(state, given, asl._apply_result_selector(state, result))
        output = asl._apply_output_path(state, output, context)
    return Moved(asl._next_or_end(state), output)


def pause_before_retry(state: State, error: str, tries: dict[int, int]) -> float | None:
    """Seconds until the next try, which is counted in `tries`; None where there is none."""
    retrier, index = asl._find_matching_retrier(state.get("Retry", []), error, tries)
    if retrier is None:
        return None
    count = tries.get(index, 0)
    tries[index] = count + 1
    longest = retrier.get("MaxDelaySeconds", LONGEST_SECONDS)
    delay = min(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** count, longest)
    if retrier.get("JitterStrategy") == "FULL":
        delay = random.uniform(0, delay)  # noqa: S311
    return float(delay) * float(asl._SFN_WAIT_SCALE)


def caught(state: State, given: Any, error: asl._ExecutionError, context: Context) -> Moved:
    """Where a failed state goes on. Raises the error where nothing catches it."""
    catcher = asl._find_matching_catcher(state.get("Catch", []), error.error)
    if catcher is None:
        raise error
    told = {"Error": error.error, "Cause": error.cause}
    language = asl._state_query_language(state, context)
    return Moved(catcher["Next"], asl._apply_catcher(catcher, given, context, language, told))


def at_once(state: State, given: Any, context: Context) -> Moved:
    """A state that neither waits nor calls anything. Raises `Failed`."""
    kind = state.get("Type")
    if kind == "Succeed":
        output = asl._apply_output_path(state, asl._apply_input_path(state, given, context), context)
        return Moved(None, output)
    if kind == "Fail":
        raise Failed(*asl._fail_state_error(state, given, context))
    if kind in ("Pass", "Choice"):
        output, following = (asl._execute_pass if kind == "Pass" else asl._execute_choice)(state, given, context)
        return Moved(following, output)
    raise Failed("States.Runtime", f"unknown type of state: {kind}")


def call(state: State, given: Any) -> Any:
    """Call what a task names and wait for its answer. Raises `asl._ExecutionError`."""
    return asl._invoke_resource(str(state["Resource"]).removesuffix(TOKEN), given)
