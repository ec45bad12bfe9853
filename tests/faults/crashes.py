"""A process that dies before and after every call it makes, followed by one that is given the same work again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.cloud import Crash, Row
from tests.support.house import House

from .figures import TRIED, Tried

State = dict[str, Any]


def settled(house: House) -> State:
    """All that can be seen from outside: table, bucket, executions, answered tokens, messages."""
    machines, topics = house.cloud.machines, house.cloud.topics
    return {
        "table": house.cloud.rows(),
        "objects": house.cloud.objects(),
        "executions": dict(machines.executions),
        "answered": dict(machines.answered),
        "status": list(topics.status),
        # A notice may be told twice, as any message of a standard topic.
        "notices": {str(notice) for notice in topics.notices},
    }


def beginning_of(house: House) -> Callable[[], None]:
    """A way back to how everything is now, with a process that remembers nothing."""
    bring_back, relayed = house.cloud.save(), set(house.relayed)

    def start() -> None:
        bring_back()
        house.relayed = set(relayed)
        house.restart()

    return start


def survives_every_crash(house: House, work: Callable[[], None]) -> list[str]:
    """Do the work once undisturbed, then with a crash before and after each of its calls, each time from the start.

    After each crash a fresh process is given the work again. Gives the calls of the undisturbed run.
    """
    start = beginning_of(house)
    start()
    work()
    calls = list(house.cloud.calls.made)
    expected = settled(house)
    assert calls, "this work never leaves the process"
    for number, name in enumerate(calls):
        for after in (False, True):
            start()
            house.cloud.calls.crash_at, house.cloud.calls.after = number, after
            TRIED[Tried.CRASHES] += 1
            where = f"crash {'after' if after else 'before'} call {number} ({name})"
            try:
                work()
            except Crash:
                pass
            else:
                raise AssertionError(f"{where}: somebody caught it")
            house.cloud.calls.forget()
            house.restart()
            work()
            same(settled(house), expected, where)
    return calls


def same(found: State, expected: State, where: str) -> None:
    """Two states are one; what differs is named."""
    before: dict[tuple[str, str], Row] = expected["table"]
    after: dict[tuple[str, str], Row] = found["table"]
    assert sorted(after) == sorted(before), where
    for key, row in before.items():
        assert after[key] == row, f"{where}: {key}"
    assert {**found, "table": None} == {**expected, "table": None}, where
    TRIED[Tried.TABLES] += 1
