"""cover.asl.json: every branch, with scripted answers where the functions stand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.driver import LambdaRefuses, Machine, Payload, Ran, TimedOut, VirtualClock, no_person

INPUT = {"schema": 1, "dossier_code": "000.00.79.G24-230206-0001", "cover_id": "000.00.79.G24-230206-0001-C1", "run": 1}
STORED = {"key": "covers/2023/02/x-C1/v1.pdf", "sha256": "ab" * 32, "size": 60_000, "template_version": "1"}
TASKS = ("AWAIT_SIGNER", "RENDER", "RECORD_ISSUE")
ISSUED = ("AwaitSigner", "RenderAndSign", "RecordIssue")


class Unavailable(Exception):
    """Named as the domain's passing fault is; the machine knows the name only."""


class CoverObsolete(Exception):
    """Named as the use case's is."""


class Office:
    """The two functions and the officer, scripted."""

    def __init__(self, clock: VirtualClock, **answers: object) -> None:
        self.answers: Mapping[str, object] = {"RENDER": STORED, **answers}
        self.faults: dict[str, Iterator[Exception]] = {}
        self.machine = Machine("cover.asl.json", {"CoverTaskArn": self.cover, "CoverRendererArn": self.render}, clock)

    def cover(self, payload: Payload) -> object:
        return self._answer(payload["action"])

    def render(self, payload: Payload) -> object:
        return self._answer("RENDER")

    def _answer(self, action: str) -> object:
        for fault in self.faults.get(action, ()):
            raise fault
        return self.answers.get(action)

    def run(self, person: Callable[[str], None] = no_person) -> Ran:
        self.machine.person = person
        return self.machine.run(INPUT)


@pytest.fixture
def signs(client: Any) -> Callable[[str], None]:
    """An officer who issues as soon as asked."""
    return lambda token: client.send_task_success(taskToken=token, output=json.dumps({"checked": True}))


def test_an_officer_issues(clock: VirtualClock, signs: Callable[[str], None]) -> None:
    office = Office(clock)

    ran = office.run(signs)

    assert ran.path == ISSUED, "four transitions, with the start"
    assert ran.status == "SUCCEEDED"


def test_each_task_gets_names_and_numbers_only(clock: VirtualClock, signs: Callable[[str], None]) -> None:
    office = Office(clock)
    office.run(signs)

    await_signer, render, record = office.machine.payloads
    of_cover = {name: value for name, value in INPUT.items() if name != "run"}
    assert await_signer.pop("task_token")
    assert await_signer == {**INPUT, "action": "AWAIT_SIGNER", "looks_first": True}
    assert render == of_cover
    assert record == {**of_cover, **STORED, "action": "RECORD_ISSUE"}


def test_the_token_stays_out_of_the_state(clock: VirtualClock, signs: Callable[[str], None]) -> None:
    office = Office(clock)
    ran = office.run(signs)

    token = office.machine.payloads[0]["task_token"]
    assert token not in json.dumps(ran.output)


def test_a_province_that_issues_by_itself_asks_nobody(clock: VirtualClock, signs: Callable[[str], None]) -> None:
    """The task answers its own token: before anybody could, and before it has ended."""
    office = Office(clock)

    def task(payload: Payload) -> object:
        if payload["action"] == "AWAIT_SIGNER":
            signs(payload["task_token"])
        return office.cover(payload)

    office.machine.tasks = {**office.machine.tasks, "CoverTaskArn": task}
    ran = office.run()

    assert (ran.path, ran.lasted) == (ISSUED, timedelta())


@pytest.mark.parametrize("action", TASKS)
def test_a_cover_that_is_not_wanted_ends_quietly(
    clock: VirtualClock, signs: Callable[[str], None], action: str
) -> None:
    office = Office(clock)
    office.faults[action] = iter([CoverObsolete()])

    ran = office.run(signs)

    assert (ran.status, ran.path) == ("SUCCEEDED", (*ISSUED[: TASKS.index(action) + 1], "Obsolete"))


def test_a_silent_officer_is_asked_again_every_thirty_days(clock: VirtualClock, signs: Callable[[str], None]) -> None:
    office = Office(clock)
    asked = itertools.count(1)

    ran = office.run(lambda token: signs(token) if next(asked) == 4 else None)

    assert ran.lasted == timedelta(days=90)
    assert (ran.path.count("AwaitSigner"), ran.path[-1]) == (4, "RecordIssue")
    tokens = {payload["task_token"] for payload in office.machine.payloads if "task_token" in payload}
    assert len(tokens) == 4


def test_an_operator_may_fail_the_wait(clock: VirtualClock, client: Any) -> None:
    ran = Office(clock).run(lambda token: client.send_task_failure(taskToken=token, error="Stopped", cause="operator"))

    assert (ran.status, ran.error) == ("FAILED", "CoverNeedsOperator")


PASSING = [
    Unavailable("busy"),
    TimedOut(),
    LambdaRefuses("TooManyRequestsException"),
    LambdaRefuses("ServiceException"),
]


@pytest.mark.parametrize("action", TASKS)
@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_passing_fault_is_tried_again(
    clock: VirtualClock, signs: Callable[[str], None], action: str, fault: Exception
) -> None:
    office = Office(clock)
    office.faults[action] = iter([fault, fault])

    ran = office.run(signs)

    assert (ran.status, ran.path[-1]) == ("SUCCEEDED", "RecordIssue")
    # A token that nobody could be given in time is asked for anew, without a pause.
    assert len(ran.pauses) == (0 if action == "AWAIT_SIGNER" and isinstance(fault, TimedOut) else 2)


@pytest.mark.parametrize("action", TASKS)
def test_a_lasting_fault_waits_for_an_operator(clock: VirtualClock, signs: Callable[[str], None], action: str) -> None:
    office = Office(clock)
    office.faults[action] = iter([ValueError("bug")])

    ran = office.run(signs)

    assert (ran.status, ran.error, ran.pauses) == ("FAILED", "CoverNeedsOperator", ())


@pytest.mark.parametrize("action", TASKS)
def test_tries_end_at_an_operator(clock: VirtualClock, signs: Callable[[str], None], action: str) -> None:
    office = Office(clock)
    office.faults[action] = itertools.repeat(Unavailable("busy"))

    ran = office.run(signs)

    assert len(ran.pauses) == 12
    assert (ran.status, ran.error) == ("FAILED", "CoverNeedsOperator")


def test_a_renderer_that_forgets_a_fact_is_noticed(clock: VirtualClock, signs: Callable[[str], None]) -> None:
    ran = Office(clock, RENDER={"key": STORED["key"]}).run(signs)

    assert ran.status == "FAILED"
