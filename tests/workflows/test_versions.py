"""Executions that began under the definitions of the version before, ended by today's functions."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.http.harness import PORTAL
from tests.workflows.driver import BEFORE, VirtualClock
from tests.workflows.house import SWEEP_EVENT, House, vietnam


def declare_before(house: House) -> str:
    """A dossier whose execution the relay of the version before has started."""
    code = house.declare()
    house.started[-1].input["next"] = {"due": {"wakes": 0}}
    return code


def test_a_dossier_that_nobody_pays(house: House) -> None:
    code = declare_before(house)

    ran = house.run_dossier(folder=BEFORE)

    asleep, asked = ("WhatIsDue", "Choose", "WaitUntil"), ("WhatIsDue", "Choose")
    assert ran.path == (*asleep, *asked, "ExpireUnpaid", *asked, "Closed")
    assert timedelta(hours=24) <= ran.lasted < timedelta(hours=24, minutes=1)
    assert house.dossier(code)["state"] == "EXPIRED"


def test_a_dossier_and_its_cover(house: House, clock: VirtualClock) -> None:
    code = declare_before(house)
    covers = []

    def pay() -> None:
        house.pay(code)
        clock.at(vietnam(2023, 2, 7, 8, 30), house.sign)
        covers.append(house.run_cover(folder=BEFORE))

    clock.at(vietnam(2023, 2, 6, 9, 30), pay)
    ran = house.run_dossier(folder=BEFORE)

    assert [each.path for each in covers] == [
        ("PrepareCover", "WhoIssues", "AwaitSigner", "RenderAndSign", "RecordIssue", "Issued")
    ]
    assert house.dossier(code)["state"] == "RESULT_RETURNED"
    assert ran.path == ("WhatIsDue", "Choose", "WaitUntil", "WhatIsDue", "Choose", "Closed")


def test_a_cover_that_is_not_wanted_any_more(house: House, clock: VirtualClock) -> None:
    code = declare_before(house)
    house.pay(code)
    assert house.call("POST", f"/v1/dossiers/{code}/withdrawal", caller=PORTAL).status == 200
    house.pump()

    assert house.run_cover(code, folder=BEFORE).path == ("PrepareCover", "WhoIssues", "Obsolete")


def test_milestones_and_the_hand_over_to_a_generation_of_today(house: House, clock: VirtualClock) -> None:
    # Given an officer who does nothing until the next year
    code = declare_before(house)
    house.pay(code)
    clock.at(vietnam(2024, 1, 22, 9, 0), house.run_cover_signed)

    # When the execution of the version before has lived for 300 days
    first = house.run_dossier(folder=BEFORE)

    # Then it has done all that was due, and one of today goes on
    quiet = {"WhatIsDue", "Choose", "WaitUntil"}
    assert [name for name in first.path if name not in quiet] == [
        *("MarkStepLate", "RemindOfficer", "Apologise", "MarkOverdue", "Escalate", "Escalate", "HandOver", "Superseded")
    ]
    assert house.started[-1].name == f"{code}-g2"
    second = house.run_dossier()
    assert (second.status, (second.output or {})["end"]) == ("SUCCEEDED", {"outcome": "CLOSED"})


def test_a_generation_of_today_lets_the_one_before_end_at_its_next_wake(house: House, clock: VirtualClock) -> None:
    code = declare_before(house)
    house.dead.add(house.started[-1].name)
    clock.at(clock.now + timedelta(hours=1), lambda: house.invoke("Sweeper", SWEEP_EVENT))
    started = house.started[-1]
    before = house.run_dossier(code, folder=BEFORE)

    assert before.path[-1] == "Superseded"
    assert (started.name, house.started[-1].name) == (f"{code}-g1", f"{code}-g2")
