"""Whatever happens to a dossier in whatever order, and whichever token or answer is lost: nothing that is due is late.

The machine is played here by the rules of `dossier.asl.json` alone, which `tests/workflows` holds against the file: an
execution sleeps the seconds that it was told, or without a token to the moment; wakes, asks, does, and sleeps again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import Conflict, DomainError, Rejected, Unavailable
from chalicelib.domain.registration.supplement import Corrections
from chalicelib.law import load
from chalicelib.usecases.course import change_course
from chalicelib.usecases.course.keep_deadline import step_of
from chalicelib.usecases.oversight.sweep import sweep
from tests.faults.figures import TRIED, Tried
from tests.faults.test_course_crashes import CODE, by_officer, by_portal, present
from tests.support.cloud import client_error
from tests.support.house import HOA, START, House, voucher

pytestmark = pytest.mark.slow

LATEST = timedelta(seconds=2)
"""A moment is kept to the second by the rules, and to the next by Step Functions."""


@dataclass
class Execution:
    """One execution of the dossier machine."""

    name: str
    told: dict[str, Any]
    token: str = ""
    alarm: datetime = START
    lives: bool = True

    @property
    def generation(self) -> int:
        return int(self.name.rpartition("-g")[2])


@dataclass
class Step:
    """What Step Functions does for one house."""

    house: House
    faults: Iterator[bool]
    executions: dict[str, Execution] = field(default_factory=dict)
    wakes: int = 0

    def hook(self, name: str, arguments: dict[str, Any]) -> None:
        """A token that cannot be laid, an answer that is lost."""
        lays = name == "put_item" and "CLOCK#" in str(arguments.get("Item"))
        if (lays or name == "send_task_success") and next(self.faults, False):
            raise client_error("AccessDeniedException" if lays else "ThrottlingException", name)

    def settle(self) -> None:
        """What was started sleeps, what was answered ends, and the stream is told."""
        machines = self.house.cloud.machines
        quiet = False
        while not quiet:
            assert self.house.relay() == []
            new = [name for name in machines.executions if name not in self.executions and "-C" not in name]
            for name in new:
                self.executions[name] = Execution(name, machines.executions[name]["next"]["due"])
                self.sleep(self.executions[name])
            quiet = not new
        for each in self.executions.values():
            each.lives = each.lives and each.token not in machines.answered

    def sleep(self, each: Execution) -> None:
        now, wake_at = self.house.clock.moment, each.told["wake_at"]
        self.wakes += 1
        each.token = f"{each.name}-{self.wakes}"
        try:
            self.house.fall_asleep(CODE, each.token, generation=each.generation, wake_at=wake_at)
            each.alarm = now + timedelta(seconds=each.told["seconds"])
        except ClientError:
            self.house.cloud.machines.waiting.discard(each.token)
            each.alarm = max(now, datetime.strptime(wake_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC))

    def wake(self, each: Execution) -> None:
        """Its time is over: nobody can answer its token any more."""
        self.house.cloud.machines.waiting.discard(each.token)
        action = "WHAT_IS_DUE"
        for _ in range(10):
            told = dict(self.house.deadline(CODE, action, generation=each.generation))
            action = str(told["action"])
            if action in ("CLOSED", "SUPERSEDED"):
                each.lives = False
                return
            if action == "WAIT":
                each.told = json.loads(json.dumps(told))
                self.sleep(each)
                return
        raise AssertionError(f"{each.name} does {action} without end")

    def living(self) -> list[Execution]:
        return [each for each in self.executions.values() if each.lives]

    def advance(self, until: datetime) -> None:
        """Let time pass, with everything that wakes on the way."""
        while due := [each for each in self.living() if each.alarm <= until]:
            first = min(due, key=lambda each: each.alarm)
            self.house.clock.moment = max(self.house.clock.moment, first.alarm)
            self.wake(first)
            self.settle()
            self.nothing_is_late()
        self.house.clock.moment = max(self.house.clock.moment, until)

    def nothing_is_late(self) -> None:
        """Somebody of the present generation wakes in time for the next thing that is due."""
        dossier, now = self.house.dossier(CODE), self.house.clock.moment
        TRIED[Tried.TABLES] += 1
        if dossier.state.ended:
            return
        step = step_of(dossier, now, self.house.w)
        alarms = [each.alarm for each in self.living() if each.generation == dossier.generation]
        assert alarms, f"nobody watches generation {dossier.generation}"
        assert min(alarms) <= (step.wake_at or now) + LATEST, step


def pay(step: Step) -> None:
    step.house.send(voucher(1, CODE))


def withdraw(step: Step) -> None:
    change_course.withdraw(by_portal(None), reason=None, present=present, w=step.house.w)


def ask(step: Step) -> None:
    change_course.request_supplement(by_officer(None), reason="x", asked=["phone"], present=present, w=step.house.w)


def supply(step: Step) -> None:
    corrections = Corrections(HOA, frozenset({"phone"}))
    change_course.supply(
        by_portal(None), corrections, wire_faults=(), unreadable=frozenset(), present=present, w=step.house.w
    )


def apologise(step: Step) -> None:
    day = step.house.w.law.calendar.next_working_day(step.house.clock.moment.date() + timedelta(days=4))
    change_course.apologise(by_officer(None), reason="x", new_due_on=day, present=present, w=step.house.w)


def stop(step: Step) -> None:
    change_course.stop(by_officer(None), reason="x", present=present, w=step.house.w)


def tell_all_again(step: Step) -> None:
    step.house.relayed.clear()


def die(step: Step) -> None:
    """The newest execution dies; the night's sweep finds it."""
    living = step.living()
    if living:
        living[-1].lives = False
        step.house.cloud.machines.status[living[-1].name] = "FAILED"
        step.house.cloud.machines.waiting.discard(living[-1].token)
    sweep(step.house.w)


HAPPENS: tuple[Callable[[Step], None], ...] = (pay, ask, supply, ask, supply, apologise, tell_all_again, die)
ENDS: tuple[Callable[[Step], None], ...] = (withdraw, stop)
GAPS = st.integers(0, 3 * 24 * 60)
"""Minutes from one event to the next."""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paid=st.none() | st.integers(0, 26 * 60),
    events=st.lists(st.tuples(GAPS, st.sampled_from(HAPPENS)), max_size=8),
    ends=st.lists(st.tuples(GAPS, st.sampled_from(ENDS)), max_size=1),
    faults=st.lists(st.booleans(), max_size=20),
)
def test_nothing_that_is_due_is_late(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    paid: int | None,
    events: list[tuple[int, Callable[[Step], None]]],
    ends: list[tuple[int, Callable[[Step], None]]],
    faults: list[bool],
) -> None:
    monkeypatch.setattr(type(load().provinces), "codes", lambda _: frozenset({"79"}))
    house.begin_again()
    house.clock.moment = START
    step = Step(house, iter(faults))
    TRIED[Tried.ORDERS] += 1
    course = [*([] if paid is None else [(paid, pay)]), *events, *ends]
    with house.cloud.calls.hooked(step.hook):
        house.opened()
        step.settle()
        for gap, happens in course:
            step.advance(house.clock.moment + timedelta(minutes=gap))
            try:
                happens(step)
            except (Conflict, Rejected, Unavailable, DomainError):
                # Not allowed as the dossier stands.
                continue
            finally:
                step.settle()
                step.nothing_is_late()
        # Whoever still sleeps finds the end by itself, or hands over after 300 days.
        step.advance(house.clock.moment + timedelta(days=100))
        if house.dossier(CODE).state.ended:
            assert step.living() == []
