"""Audit lines become status messages, executions and notices: at least once, in order, by derived names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.months import VIETNAM
from chalicelib.queues.relay import stream_relay
from tests.support.cloud import client_error
from tests.support.house import HOA, House, person, record, voucher

CODE = "000.00.79.G24-230206-0001"
OTHER = "000.00.79.G24-230206-0002"


def done(house: House) -> str:
    """A dossier from its declaration to the returned result."""
    code = house.paid()
    house.issue(code)
    file = {"key": "k", "sha256": "s", "size": 1, "template_version": "t"}
    house.cover_step(code, "RECORD_ISSUE", **file)
    return code


def test_the_portal_hears_every_state_in_order_without_gaps(house: House) -> None:
    done(house)
    assert house.relay() == []
    heard = [(message["sequence"], message["state"]) for message in house.cloud.topics.status]
    assert heard == [
        (1, "AWAITING_PAYMENT"),
        (2, "RECEIVED"),
        (3, "IN_PROCESS"),
        (4, "COMPLETED"),
        (5, "RESULT_RETURNED"),
    ]
    assert {message["dossier_code"] for message in house.cloud.topics.status} == {CODE}
    assert house.cloud.topics.status[1] == {
        "event_id": house.view(CODE).history[1].event_id,
        "sequence": 2,
        "dossier_code": CODE,
        "national_code": HOA.national_code,
        "state": "RECEIVED",
        "national_status": 2,
        "occurred_at": "2023-02-06T09:15:00+07:00",
        "due_at": "2023-02-13T17:00:00+07:00",
        "reason": None,
    }


def test_executions_start_under_derived_names_with_nothing_personal(house: House) -> None:
    house.paid()
    house.relay()
    assert house.cloud.machines.executions == {
        f"{CODE}-g1": {
            "schema": 1,
            "dossier_code": CODE,
            "generation": 1,
            "clock_version": 0,
            "started_at": "2023-02-06T02:15:00Z",
            # The step is due on Thursday 09/02 at 17:00, in Việt Nam.
            "next": {"due": {"action": "WAIT", "wake_at": "2023-02-09T10:00:02Z", "seconds": 287_102, "wakes": 1}},
        },
        f"{CODE}-C1-v1-r1": {"schema": 1, "dossier_code": CODE, "cover_id": f"{CODE}-C1", "run": 1},
    }


def test_everything_may_be_told_twice(house: House) -> None:
    house.paid()
    house.relay()
    before = (house.cloud.rows(), dict(house.cloud.machines.executions), list(house.cloud.topics.status))
    house.relayed.clear()
    assert house.relay() == []
    assert (house.cloud.rows(), house.cloud.machines.executions, house.cloud.topics.status) == before


@pytest.mark.parametrize(("at", "failed", "told"), ((1, ["0", "1"], []), (2, ["1"], [1]), (3, ["1"], [1, 2])))
def test_behind_a_failure_the_rest_of_the_batch_comes_again(
    house: House, at: int, failed: list[str], told: list[int]
) -> None:
    """Otherwise a later state would overtake an earlier one. The lines of one decision come in one record."""
    house.paid()
    published = []

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == "publish":
            published.append(arguments)
            if len(published) == at:
                raise client_error("ThrottlingException", "Publish")

    with house.cloud.calls.hooked(hook):
        assert house.relay() == failed
    assert [message["sequence"] for message in house.cloud.topics.status] == told
    assert house.relay() == []
    assert [message["sequence"] for message in house.cloud.topics.status] == [1, 2, 3]


def test_only_what_was_put_in_is_told(house: House) -> None:
    house.declare()
    ((_, row),) = house.lines()
    for kind in ("MODIFY", "REMOVE"):
        assert stream_relay({"Records": [{**record(0, row), "eventName": kind}]}, None) == {"batchItemFailures": []}
    assert house.cloud.topics.status == []


def test_officers_hear_of_a_reminder_and_of_the_overdue_day(house: House) -> None:
    """A13: a reminder on the last working day before, a mark after the due moment."""
    code = house.paid()
    house.clock.moment = house.clock.moment.replace(day=10, hour=8, minute=0)
    assert house.deadline(code, "REMIND_OFFICER")["done"] is True
    house.clock.moment = house.clock.moment.replace(day=13, hour=17, minute=0, second=1)
    assert house.deadline(code, "MARK_OVERDUE")["done"] is True
    house.relay()
    assert [(notice["event"], notice["dossier_code"], notice["due_at"]) for notice in house.cloud.topics.notices] == [
        ("OFFICER_REMINDED", CODE, "2023-02-13T17:00:00+07:00"),
        ("OVERDUE_MARKED", CODE, "2023-02-13T17:00:00+07:00"),
    ]
    assert [message["sequence"] for message in house.cloud.topics.status] == [1, 2, 3], "no state changed"
    assert "Hòa" not in str(house.cloud.topics)


def test_every_dossier_has_its_own_order(house: House) -> None:
    house.opened()
    house.opened(person(1), key="2")
    house.send(voucher(2, OTHER, person(1)), voucher(1, CODE))
    house.relay()
    for code in (CODE, OTHER):
        assert [m["sequence"] for m in house.cloud.topics.status if m["dossier_code"] == code] == [1, 2, 3]


def test_setting_the_clock_wakes_what_is_due_by_it_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An audit line of the clock itself: a new generation for what is due within a day; the rest sleeps on."""
    from chalicelib.clock import SandboxClock
    from chalicelib.usecases import sandbox
    from chalicelib.usecases.sandbox import set_clock

    monkeypatch.setattr(sandbox, "CACHE_SECONDS", 0)
    unpaid = house.opened()
    done = house.opened(person(1), key="2")
    paid = house.opened(person(2), key="3")
    house.send(voucher(3, paid, person(2)))
    house.clock.moment += timedelta(hours=25)
    house.deadline(done, "EXPIRE_UNPAID")
    house.relay()
    house.w.__dict__["clock"] = SandboxClock(house.w.table)
    set_clock(house.clock.moment.astimezone(VIETNAM), house.w)
    assert house.relay() == []
    anew = [name for name in house.cloud.machines.executions if "-g2" in name]
    assert anew == [f"{unpaid}-g2"], "the paid one is due in a week, the expired one never"
    assert house.dossier(unpaid).generation == 2
    set_clock(house.clock.moment.astimezone(VIETNAM) + timedelta(days=3), house.w)
    assert house.relay() == []
    assert f"{paid}-g2" in house.cloud.machines.executions


def test_a_line_whose_dossier_is_gone_is_relayed_all_the_same(house: House) -> None:
    """A stream outlives a deletion by an operator: the state is told, nothing is started."""
    house.declare()
    ((_, row),) = house.lines()
    house.cloud.empty()
    house.restart()
    assert stream_relay({"Records": [record(0, row)]}, None) == {"batchItemFailures": []}
    assert len(house.cloud.topics.status) == 1
    assert house.cloud.machines.executions == {}
