"""dossier.asl.json: every branch, with scripted answers where the function stands."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.driver import BEFORE, LambdaRefuses, Machine, Payload, Ran, TimedOut, VirtualClock, no_person

START = datetime(2023, 2, 6, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)
WHO = {"schema": 1, "dossier_code": "000.00.79.G24-230206-0001", "generation": 1, "clock_version": 0}
STARTED = "2023-02-06T02:15:00Z"
CLOSED: Payload = {"action": "CLOSED", "wakes": 7}
MILESTONES = {
    "EXPIRE_UNPAID": "ExpireUnpaid",
    "TIME_OUT_SUPPLEMENT": "TimeOutSupplement",
    "REMIND_OFFICER": "RemindOfficer",
    "APOLOGISE": "Apologise",
    "MARK_OVERDUE": "MarkOverdue",
    "MARK_STEP_LATE": "MarkStepLate",
    "ESCALATE": "Escalate",
    "HAND_OVER": "HandOver",
}
ENDING = {"EXPIRE_UNPAID", "TIME_OUT_SUPPLEMENT"}
"""With these the execution ends."""
WOKEN = ("AwaitEnd", "WhatIsDue", "Choose")


class DossierStillOpen(Exception):
    """Named as the use case's is."""


class Unavailable(Exception):
    """Named as the domain's passing fault is; the machine knows the name only."""


def wait_until(moment: datetime, now: datetime) -> Payload:
    seconds = max(1, int((moment - now).total_seconds()))
    return {"action": "WAIT", "wakes": 7, "seconds": seconds, "wake_at": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


FIRST: Payload = {**wait_until(START + DAY, START), "wakes": 1}
INPUT = {**WHO, "started_at": STARTED, "next": {"due": FIRST}}


def due(action: str) -> Payload:
    return {"action": action, "wakes": 7}


def script(*answers: object) -> Callable[[Payload], object]:
    """What is due, in this order, for whoever asks or has just done something; an exception is raised."""
    following = iter(answers)

    def task(payload: Payload) -> object:
        if payload["action"] == "AWAIT_END":
            return {"ended": False}
        answer = next(following)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return task


def faulty(action: str, faults: Iterable[Exception], answers: Iterable[object]) -> Callable[[Payload], object]:
    """Raises these faults at this action, one a call, and otherwise answers as `script` does."""
    pending, calm = iter(faults), script(*answers)

    def task(payload: Payload) -> object:
        if payload["action"] == action:
            for fault in pending:
                raise fault
        return calm(payload)

    return task


def run(
    clock: VirtualClock, task: Callable[[Payload], object], person: Callable[[str], object] = no_person, **given: Any
) -> Ran:
    return Machine("dossier.asl.json", {"DossierTaskArn": task}, clock, person).run({**INPUT, **given})


@pytest.fixture
def ends(client: Any) -> Callable[[str], None]:
    """Whoever hears that the dossier has ended."""
    return lambda token: client.send_task_success(taskToken=token, output=json.dumps({"outcome": "CLOSED"}))


# Sleeping


def test_a_dossier_that_ends_in_time_takes_two_transitions(clock: VirtualClock, ends: Callable[[str], None]) -> None:
    def person(token: str) -> None:
        clock.at(START + timedelta(hours=3), lambda: ends(token))

    ran = run(clock, script(), person)

    assert (ran.status, ran.path, ran.lasted) == ("SUCCEEDED", ("AwaitEnd",), timedelta(hours=3))
    assert ran.output == {**INPUT, "end": {"outcome": "CLOSED"}}, "an operator reads why it ended"


def test_a_dossier_that_nobody_pays_expires_after_a_day(clock: VirtualClock) -> None:
    ran = run(clock, script(due("EXPIRE_UNPAID"), CLOSED))

    assert ran.path == (*WOKEN, "ExpireUnpaid"), "five transitions, with the start"
    assert (ran.status, ran.lasted) == ("SUCCEEDED", DAY)


@pytest.mark.parametrize("action", sorted(ENDING))
def test_what_finds_nothing_to_end_lets_the_execution_go_on(clock: VirtualClock, action: str) -> None:
    """A payment, or a supplement, at the last moment."""
    asleep = wait_until(START + 3 * DAY, START + DAY)

    ran = run(clock, faulty(action, [DossierStillOpen()], [due(action), asleep, CLOSED]))

    assert ran.path == (*WOKEN, MILESTONES[action], "WhatIsDue", "Choose", *WOKEN, "Closed")
    assert (ran.status, ran.lasted, ran.pauses) == ("SUCCEEDED", 3 * DAY, ())


def test_a_year_of_an_overdue_dossier_plays_at_once(clock: VirtualClock) -> None:
    # Given a paid dossier: a reminder before its due day, overdue after it, then a look every 30 days
    remind = datetime(2023, 2, 10, 1, 0, tzinfo=UTC)
    overdue = datetime(2023, 2, 13, 10, 0, tzinfo=UTC)
    looks = [overdue + timedelta(days=30 * n) for n in range(1, 12)]
    moments = [START + DAY, remind, overdue, *looks]
    sleeps = [wait_until(to, after) for after, to in itertools.pairwise(moments)]
    steps = [sleeps[0], due("REMIND_OFFICER"), sleeps[1], due("MARK_OVERDUE"), *sleeps[2:]]

    # When it stays open for a year, less than the longest life of an execution
    ran = run(clock, script(*steps, CLOSED))

    # Then each milestone is passed once and it sleeps in between
    assert [name for name in ran.path if name in MILESTONES.values()] == ["RemindOfficer", "MarkOverdue"]
    assert ran.path.count("AwaitEnd") == 14
    assert (ran.status, ran.ended) == ("SUCCEEDED", looks[-1])


def test_a_wake_that_nobody_answered_finds_the_end(clock: VirtualClock) -> None:
    ran = run(clock, script(CLOSED))

    assert (ran.path, ran.lasted) == ((*WOKEN, "Closed"), DAY)


def test_an_older_generation_ends_at_its_next_wake(clock: VirtualClock) -> None:
    ran = run(clock, script(due("SUPERSEDED")))

    assert ran.path[-1] == "Superseded"
    assert ran.status == "SUCCEEDED"


def test_something_that_is_due_already_does_not_wait(clock: VirtualClock) -> None:
    ran = run(clock, script(CLOSED), next={"due": {**FIRST, "seconds": 1}})

    assert ran.lasted == timedelta(seconds=1)


FAULTS = [Unavailable("busy"), ValueError("bug"), LambdaRefuses("TooManyRequestsException")]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_a_token_that_cannot_be_laid_changes_no_moment(clock: VirtualClock, fault: Exception) -> None:
    """Trying again would begin the sleep anew, later: it sleeps without a token instead."""
    ran = run(clock, faulty("AWAIT_END", itertools.repeat(fault), [due("EXPIRE_UNPAID"), CLOSED]))

    assert ran.path == ("AwaitEnd", "WaitUntil", "WhatIsDue", "Choose", "ExpireUnpaid")
    assert (ran.status, ran.lasted, ran.pauses) == ("SUCCEEDED", DAY, ())


def test_an_operator_who_fails_the_wait_changes_no_moment(clock: VirtualClock, client: Any) -> None:
    ran = run(clock, script(CLOSED), lambda token: client.send_task_failure(taskToken=token, error="E", cause="c"))

    assert (ran.status, ran.lasted) == ("SUCCEEDED", DAY)


def test_every_sleep_has_a_token_of_its_own(clock: VirtualClock) -> None:
    again = wait_until(START + 2 * DAY, START + DAY)
    machine = Machine("dossier.asl.json", {"DossierTaskArn": script(again, CLOSED)}, clock)
    ran = machine.run(INPUT)

    laid = [payload for payload in machine.payloads if payload["action"] == "AWAIT_END"]
    assert [each["wake_at"] for each in laid] == [FIRST["wake_at"], again["wake_at"]]
    tokens = {each["task_token"] for each in laid}
    assert len(tokens) == 2
    assert not any(token in json.dumps(ran.output) for token in tokens)


# Doing


def test_an_action_of_another_deploy_fails_by_name(clock: VirtualClock) -> None:
    ran = run(clock, script(due("FORGET")))

    assert (ran.status, ran.error, ran.path[-1]) == ("FAILED", "UnknownAction", "UnknownAction")


def test_tasks_get_names_and_numbers_only(clock: VirtualClock) -> None:
    task = script(due("REMIND_OFFICER"), CLOSED)
    machine = Machine("dossier.asl.json", {"DossierTaskArn": task}, clock)
    machine.run(INPUT)

    slept, asked, reminded = machine.payloads
    assert slept.pop("task_token")
    assert slept == {**WHO, "action": "AWAIT_END", "wake_at": FIRST["wake_at"]}
    told = {**WHO, "started_at": STARTED}
    assert asked == {**told, "action": "WHAT_IS_DUE", "due": FIRST}
    assert reminded == {**told, "action": "REMIND_OFFICER", "due": due("REMIND_OFFICER")}


REFUSALS = ("ServiceException", "AWSLambdaException", "SdkClientException", "TooManyRequestsException")
PASSING = [Unavailable("busy"), TimedOut(), *map(LambdaRefuses, REFUSALS)]


@pytest.mark.parametrize("action", ("WHAT_IS_DUE", *MILESTONES))
@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_passing_fault_is_tried_again(clock: VirtualClock, action: str, fault: Exception) -> None:
    answers = [CLOSED] if action == "WHAT_IS_DUE" else [due(action), CLOSED]

    ran = run(clock, faulty(action, [fault, fault], answers))

    assert (ran.status, ran.path[-1]) == ("SUCCEEDED", MILESTONES[action] if action in ENDING else "Closed")
    assert len(ran.pauses) == 2


def test_tries_spread_out_and_end_at_an_operator(clock: VirtualClock) -> None:
    ran = run(clock, faulty("WHAT_IS_DUE", itertools.repeat(Unavailable()), []))

    assert len(ran.pauses) == 12
    longest = [min(900, 2 * 2**n) for n in range(12)]
    assert all(0 <= pause <= limit for pause, limit in zip(ran.pauses, longest, strict=True))
    # Full jitter: twelve pauses that all hit their limit are no accident.
    assert list(ran.pauses) != longest
    assert (ran.status, ran.error, ran.path) == (
        "FAILED",
        "DossierNeedsOperator",
        ("AwaitEnd", "WhatIsDue", "DossierNeedsOperator"),
    )


@pytest.mark.parametrize("action", ("WHAT_IS_DUE", *MILESTONES))
def test_a_lasting_fault_waits_for_an_operator_at_once(clock: VirtualClock, action: str) -> None:
    answers = [] if action == "WHAT_IS_DUE" else [due(action)]

    ran = run(clock, faulty(action, [ValueError("bug")], answers))

    assert (ran.status, ran.error, ran.pauses) == ("FAILED", "DossierNeedsOperator", ())


def test_what_is_due_next_comes_with_the_answer(clock: VirtualClock) -> None:
    asleep = wait_until(START + 3 * DAY, START + DAY)

    ran = run(clock, script(due("MARK_OVERDUE"), {"done": True, **asleep}, CLOSED))

    assert ran.path == (*WOKEN, "MarkOverdue", "Choose", *WOKEN, "Closed")
    assert (ran.lasted, ran.output) == (3 * DAY, {**INPUT, "next": {"due": CLOSED}})


@pytest.mark.parametrize(("action", "state"), tuple(MILESTONES.items()))
def test_each_thing_that_is_due_has_a_state_of_its_name(clock: VirtualClock, action: str, state: str) -> None:
    ran = run(clock, script(due(action), CLOSED))

    assert ran.path == ((*WOKEN, state) if action in ENDING else (*WOKEN, state, "Choose", "Closed"))


# Versions side by side


def test_tasks_of_the_version_before_serve_it(clock: VirtualClock) -> None:
    """They know no AWAIT_END, tell no seconds and, having done something, not what is due."""
    due_at = START + 2 * DAY
    answers = iter([{"action": "WAIT", "wakes": 1, "wake_at": f"{due_at:%Y-%m-%dT%H:%M:%SZ}"}, due("REMIND_OFFICER")])

    def task(payload: Payload) -> object:
        if payload["action"] == "AWAIT_END":
            raise ValueError("1 validation error for DossierPayload")
        return next(answers, CLOSED) if payload["action"] == "WHAT_IS_DUE" else {"done": True}

    ran = run(clock, task)

    asked = ("WaitUntil", "WhatIsDue", "Choose")
    assert ran.path == ("AwaitEnd", *asked, *asked, "RemindOfficer", "Choose", "WhatIsDue", "Choose", "Closed")
    assert (ran.status, ran.ended) == ("SUCCEEDED", due_at)


def test_a_start_by_the_version_before_asks_first(clock: VirtualClock) -> None:
    """For as long as it may start executions, the parameter lets them begin as it knows them."""
    first = wait_until(START + DAY, START)
    machine = Machine("dossier.asl.json", {"DossierTaskArn": script(first, CLOSED)}, clock, starts_at="WhatIsDue")
    ran = machine.run({**WHO, "started_at": STARTED, "next": {"due": {"wakes": 0}}})

    assert (ran.status, ran.path, ran.lasted) == ("SUCCEEDED", ("WhatIsDue", "Choose", *WOKEN, "Closed"), DAY)


def test_the_version_before_understands_what_is_started_now(clock: VirtualClock) -> None:
    machine = Machine("dossier.asl.json", {"DossierTaskArn": script(CLOSED)}, clock, folder=BEFORE)
    ran = machine.run(INPUT)

    assert (ran.status, ran.path) == ("SUCCEEDED", ("WhatIsDue", "Choose", "Closed"))
    assert machine.payloads == [{**WHO, "action": "WHAT_IS_DUE", "started_at": STARTED, "wakes": 1}]
