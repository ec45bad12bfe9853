"""dossier.asl.json: every branch, with scripted answers where the function stands."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.driver import LambdaRefuses, Machine, Payload, Ran, TimedOut, VirtualClock

WHO = {"schema": 1, "dossier_code": "000.00.79.G24-230206-0001", "generation": 1, "clock_version": 0}
STARTED = "2023-02-06T02:15:00Z"
INPUT = {**WHO, "started_at": STARTED, "next": {"due": {"wakes": 0}}}
CLOSED: Payload = {"action": "CLOSED", "wake_at": None, "wakes": 7}
MILESTONES = {
    "EXPIRE_UNPAID": "ExpireUnpaid",
    "TIME_OUT_SUPPLEMENT": "TimeOutSupplement",
    "REMIND_OFFICER": "RemindOfficer",
    "APOLOGISE": "Apologise",
    "MARK_OVERDUE": "MarkOverdue",
    "ESCALATE": "Escalate",
    "HAND_OVER": "HandOver",
}


class Unavailable(Exception):
    """Named as the domain's passing fault is; the machine knows the name only."""


def wait_until(moment: datetime) -> Payload:
    return {"action": "WAIT", "wakes": 7, "wake_at": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def due(action: str) -> Payload:
    return {"action": action, "wake_at": None, "wakes": 7}


def script(*answers: object) -> Callable[[Payload], object]:
    """Answers WHAT_IS_DUE in this order, an exception by raising it; carries out everything else silently."""
    following = iter(answers)

    def task(payload: Payload) -> object:
        if payload["action"] != "WHAT_IS_DUE":
            return None
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


def run(clock: VirtualClock, task: Callable[[Payload], object]) -> Ran:
    return Machine("dossier.asl.json", {"DossierTaskArn": task}, clock).run(INPUT)


def test_a_dossier_that_nobody_pays_expires_after_a_day(clock: VirtualClock) -> None:
    ran = run(clock, script(wait_until(clock.now + timedelta(hours=24)), due("EXPIRE_UNPAID"), CLOSED))

    assert ran.path == (
        *("WhatIsDue", "Choose", "WaitUntil"),
        *("WhatIsDue", "Choose", "ExpireUnpaid"),
        *("WhatIsDue", "Choose", "Closed"),
    )
    assert (ran.status, ran.lasted) == ("SUCCEEDED", timedelta(hours=24))


def test_a_year_of_an_overdue_dossier_plays_at_once(clock: VirtualClock) -> None:
    # Given a paid dossier: a reminder before its due day, overdue after it, then a look every 30 days
    remind = datetime(2023, 2, 10, 1, 0, tzinfo=UTC)
    overdue = datetime(2023, 2, 13, 10, 0, tzinfo=UTC)
    looks = [overdue + timedelta(days=30 * n) for n in range(1, 12)]
    steps = [wait_until(remind), due("REMIND_OFFICER"), wait_until(overdue), due("MARK_OVERDUE")]

    # When it stays open for a year, less than the longest life of an execution
    ran = run(clock, script(*steps, *map(wait_until, looks), CLOSED))

    # Then each milestone is passed once and it sleeps in between
    assert [name for name in ran.path if name in MILESTONES.values()] == ["RemindOfficer", "MarkOverdue"]
    assert ran.path.count("WaitUntil") == 13
    assert (ran.status, ran.ended) == ("SUCCEEDED", looks[-1])


def test_an_older_generation_ends_at_its_next_wake(clock: VirtualClock) -> None:
    ran = run(clock, script(wait_until(clock.now + timedelta(days=2)), due("SUPERSEDED")))

    assert ran.path[-1] == "Superseded"
    assert ran.status == "SUCCEEDED"


def test_a_wake_in_the_past_does_not_wait(clock: VirtualClock) -> None:
    ran = run(clock, script(wait_until(clock.now - timedelta(hours=1)), CLOSED))

    assert ran.lasted == timedelta(0)


def test_an_action_of_another_deploy_fails_by_name(clock: VirtualClock) -> None:
    ran = run(clock, script(due("FORGET")))

    assert (ran.status, ran.error, ran.path[-1]) == ("FAILED", "UnknownAction", "UnknownAction")


def test_tasks_get_names_and_numbers_only(clock: VirtualClock) -> None:
    task = script(due("REMIND_OFFICER"), CLOSED)
    machine = Machine("dossier.asl.json", {"DossierTaskArn": task}, clock)
    machine.run(INPUT)

    asked = {**WHO, "action": "WHAT_IS_DUE", "started_at": STARTED}
    assert machine.payloads == [{**asked, "wakes": 0}, {**WHO, "action": "REMIND_OFFICER"}, {**asked, "wakes": 7}]


REFUSALS = ("ServiceException", "AWSLambdaException", "SdkClientException", "TooManyRequestsException")
PASSING = [Unavailable("busy"), TimedOut(), *map(LambdaRefuses, REFUSALS)]


@pytest.mark.parametrize("action", ("WHAT_IS_DUE", *MILESTONES))
@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_passing_fault_is_tried_again(clock: VirtualClock, action: str, fault: Exception) -> None:
    answers = [CLOSED] if action == "WHAT_IS_DUE" else [due(action), CLOSED]

    ran = run(clock, faulty(action, [fault, fault], answers))

    assert (ran.status, ran.path[-1]) == ("SUCCEEDED", "Closed")
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
        ("WhatIsDue", "DossierNeedsOperator"),
    )


@pytest.mark.parametrize("action", ("WHAT_IS_DUE", *MILESTONES))
def test_a_lasting_fault_waits_for_an_operator_at_once(clock: VirtualClock, action: str) -> None:
    answers = [] if action == "WHAT_IS_DUE" else [due(action)]

    ran = run(clock, faulty(action, [ValueError("bug")], answers))

    assert (ran.status, ran.error, ran.pauses) == ("FAILED", "DossierNeedsOperator", ())


def test_a_milestone_answer_leaves_no_trace_in_the_state(clock: VirtualClock) -> None:
    def task(payload: Payload) -> Any:
        return {"a": "b"} if payload["action"] == "MARK_OVERDUE" else next(answers)

    answers = iter([due("MARK_OVERDUE"), CLOSED])
    ran = run(clock, task)

    assert ran.output == {**INPUT, "next": {"due": CLOSED}}


@pytest.mark.parametrize(("action", "state"), tuple(MILESTONES.items()))
def test_each_thing_that_is_due_has_a_state_of_its_name(clock: VirtualClock, action: str, state: str) -> None:
    ran = run(clock, script(due(action), CLOSED))

    assert ran.path == ("WhatIsDue", "Choose", state, "WhatIsDue", "Choose", "Closed")
