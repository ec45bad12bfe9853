"""The sleep of a dossier's execution: who ends it, and that nothing hangs on its being ended."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import NotConfigured
from chalicelib.law import load
from chalicelib.storage import keys
from chalicelib.usecases.course.await_end import UNTOLD, end_sleep
from chalicelib.usecases.oversight.sweep import sweep
from tests.support.cloud import client_error
from tests.support.house import House, voucher

CODE = "000.00.79.G24-230206-0001"
EXPIRED = timedelta(hours=24)


def outcomes(house: House) -> dict[str, str]:
    return {token: json.loads(output)["outcome"] for token, output in house.cloud.machines.answered.items()}


def expire(house: House) -> None:
    house.clock.moment += EXPIRED
    assert house.deadline(CODE, "EXPIRE_UNPAID")["done"] is True


def test_a_token_lies_apart_from_its_dossier_and_not_for_long(house: House) -> None:
    house.opened()
    assert house.fall_asleep(CODE, "a-token") is False
    kept = house.w.table.get(keys.clock_token(CODE))
    assert kept is not None
    assert (kept["token"], kept["generation"]) == ("a-token", 1)
    # A day behind 07/02 02:15:01 UTC.
    assert kept["expires_at"] == 1_675_822_501
    dossier = [row for key, row in house.cloud.rows().items() if key[0] == f"DOSSIER#{CODE}"]
    assert dossier
    assert "a-token" not in str(dossier)


def test_the_relay_ends_the_sleep_of_a_dossier_that_has_ended(house: House) -> None:
    house.opened()
    house.relay()
    house.fall_asleep(CODE, "T")
    expire(house)
    assert outcomes(house) == {}
    house.relay()
    assert outcomes(house) == {"T": "CLOSED"}
    house.relayed.clear()
    house.relay()
    assert outcomes(house) == {"T": "CLOSED"}, "told again: nobody sleeps any more"


def test_what_ended_before_it_fell_asleep_ends_at_once(house: House) -> None:
    house.opened()
    expire(house)
    assert house.fall_asleep(CODE, "T") is True
    assert outcomes(house) == {"T": "CLOSED"}


def test_an_open_dossier_lets_it_sleep(house: House) -> None:
    house.opened()
    house.fall_asleep(CODE, "T")
    house.send(voucher(1, CODE))
    house.relay()
    assert end_sleep(CODE, house.w) is False
    assert outcomes(house) == {}


def test_an_older_generation_that_falls_asleep_late_ends_and_leaves_the_newer_asleep(house: House) -> None:
    house.opened()
    house.w.table.client.update_item(
        TableName=house.w.settings.table,
        Key={"PK": {"S": f"DOSSIER#{CODE}"}, "SK": {"S": "META"}},
        UpdateExpression="SET generation = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    assert house.fall_asleep(CODE, "new", generation=2) is False
    assert house.fall_asleep(CODE, "old") is True
    assert outcomes(house) == {"old": "SUPERSEDED"}


def test_the_next_generation_ends_the_sleep_of_the_one_before(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(load().provinces), "codes", lambda _: frozenset({"79"}))
    house.opened()
    house.relay()
    house.fall_asleep(CODE, "T")
    house.cloud.machines.status[f"{CODE}-g1"] = "FAILED"
    assert sweep(house.w).dossiers_restarted == 1
    assert f"{CODE}-g2" in house.cloud.machines.executions
    assert outcomes(house) == {"T": "SUPERSEDED"}


def test_an_end_that_is_told_again_does_not_end_what_watches_a_reopened_dossier(house: House) -> None:
    """The stream repeats the line of an end after another generation fell asleep for the dossier, open again."""
    house.opened()
    expire(house)
    ended = house.lines()
    house.w.table.client.update_item(
        TableName=house.w.settings.table,
        Key={"PK": {"S": f"DOSSIER#{CODE}"}, "SK": {"S": "META"}},
        UpdateExpression="SET generation = :two, #state = :open",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":two": {"N": "2"}, ":open": {"S": "IN_PROCESS"}},
    )
    house.fall_asleep(CODE, "T", generation=2)
    assert [key[1] for key, _ in ended] == ["AUDIT#00000001", "AUDIT#00000002"]
    house.relay()
    assert outcomes(house) == {}


FAULTS = ("ThrottlingException", "AccessDeniedException")


@pytest.mark.parametrize("call", ("batch_get_item", "send_task_success"))
@pytest.mark.parametrize("fault", FAULTS)
def test_an_end_that_cannot_be_told_holds_nobody_up(
    house: House, caplog: pytest.LogCaptureFixture, call: str, fault: str
) -> None:
    house.opened()
    house.relay()
    house.fall_asleep(CODE, "T")
    expire(house)
    ended: list[bool] = []

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == "send_task_success" or (name == "batch_get_item" and "CLOCK#" in str(arguments)):
            ended.append(True)
            if name == call:
                raise client_error(fault, name)

    with caplog.at_level(logging.WARNING), house.cloud.calls.hooked(hook):
        assert house.relay() == []
    assert ended
    assert outcomes(house) == {}
    assert UNTOLD in [getattr(each, "facts", {}).get("reason") for each in caplog.records]
    assert house.cloud.topics.status[-1]["state"] == "EXPIRED", "whoever waits for the news hears it"
    # It wakes at its moment, asks and closes.
    assert house.deadline(CODE, "WHAT_IS_DUE")["action"] == "CLOSED"


def test_a_token_that_cannot_be_kept_lets_it_sleep_unless_the_fault_lasts(house: House) -> None:
    house.opened()
    for code, passes in (("ThrottlingException", True), ("AccessDeniedException", False)):

        def hook(name: str, _: dict[str, Any], code: str = code) -> None:
            if name == "put_item":
                raise client_error(code, name)

        with house.cloud.calls.hooked(hook):
            if passes:
                assert house.fall_asleep(CODE, "T") is False
            else:
                with pytest.raises(Exception, match=code):
                    house.fall_asleep(CODE, "T")
    assert house.w.table.get(keys.clock_token(CODE)) is None


def test_a_dossier_that_is_not_there_lets_it_sleep(house: House) -> None:
    assert house.fall_asleep("000.00.79.G24-230206-0099", "T") is False


def test_an_execution_starts_with_the_seconds_to_its_first_wake(house: House) -> None:
    house.opened()
    house.clock.moment += timedelta(hours=3, microseconds=1)
    house.relay()
    due = house.cloud.machines.executions[f"{CODE}-g1"]["next"]["due"]
    assert due == {"action": "WAIT", "wake_at": "2023-02-07T02:15:01Z", "seconds": 21 * 3600, "wakes": 1}


def test_a_late_start_looks_in_a_second(house: House) -> None:
    house.opened()
    house.clock.moment += EXPIRED
    house.relay()
    due = house.cloud.machines.executions[f"{CODE}-g1"]["next"]["due"]
    assert (due["seconds"], due["wake_at"]) == (1, "2023-02-07T02:15:01Z")


def test_a_missing_calendar_lets_it_start_and_say_so_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.paid()

    def missing(*_: object) -> None:
        raise NotConfigured("CALENDAR_NOT_CONFIGURED", "x")

    monkeypatch.setattr("chalicelib.usecases.course.keep_deadline.next_step", missing)
    house.relay()
    assert house.cloud.machines.executions[f"{CODE}-g1"]["next"]["due"]["seconds"] == 1
    with pytest.raises(NotConfigured):
        house.deadline(CODE, "WHAT_IS_DUE")


def test_an_ended_dossier_gets_no_execution(house: House) -> None:
    house.opened()
    expire(house)
    house.relay()
    assert house.cloud.machines.executions == {}
