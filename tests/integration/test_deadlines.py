"""The deadline's tasks, the nightly sweep and the sandbox's clock: early, late, doubled and dead executions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock as clocks
from chalicelib.clock import RealClock, SandboxClock
from chalicelib.domain.errors import Conflict, DomainError, NotFound
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.dossier import State
from chalicelib.law import load
from chalicelib.storage import keys
from chalicelib.usecases import sandbox
from chalicelib.usecases.oversight.sweep import Swept, sweep
from chalicelib.usecases.sandbox import set_clock
from tests.support.cloud import client_error
from tests.support.house import House, person, voucher

CODE = "000.00.79.G24-230206-0001"
DUE = datetime(2023, 2, 13, 17, 0, tzinfo=VIETNAM)


@pytest.fixture(name="_one_province")
def __one_province(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep looks into every province's list; here all happens in one."""
    monkeypatch.setattr(type(load().provinces), "codes", lambda _: frozenset({"79"}))


def events(house: House) -> list[str]:
    return [line.event for line in house.view(CODE).history]


# What is due


def test_an_unpaid_dossier_sleeps_until_it_expires(house: House) -> None:
    house.opened()
    told = house.deadline(CODE, "WHAT_IS_DUE")
    assert told["action"] == "WAIT"
    assert (told["wake_at"], told["seconds"]) == ("2023-02-07T02:15:01Z", 24 * 3600 + 1)
    assert house.deadline(CODE, "EXPIRE_UNPAID")["done"] is False, "a wake before its time does nothing"
    house.clock.moment += timedelta(hours=24)
    assert house.deadline(CODE, "WHAT_IS_DUE") == {"action": "EXPIRE_UNPAID", "wakes": 0}


def test_a_wake_is_told_in_real_time_whole_seconds_and_not_too_early(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.opened()
    offset = timedelta(days=365_0, milliseconds=250)
    monkeypatch.setattr(house.clock.__class__, "to_real", lambda _, moment: moment.astimezone(UTC) + offset)
    expires = house.dossier(CODE).payment_expires_at + offset
    wake = datetime.strptime(house.deadline(CODE, "WHAT_IS_DUE")["wake_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta() <= wake - expires <= timedelta(seconds=1)


def test_an_expired_dossier_leaves_room_and_is_closed(house: House) -> None:
    house.opened()
    house.clock.moment += timedelta(hours=24)
    assert house.deadline(CODE, "EXPIRE_UNPAID")["done"] is True
    assert house.deadline(CODE, "EXPIRE_UNPAID")["done"] is False
    assert house.deadline(CODE, "WHAT_IS_DUE") == {"action": "CLOSED", "wakes": 0}
    assert events(house) == ["DOSSIER_OPENED", "PAYMENT_EXPIRED"]
    record = house.w.table.get(keys.person(house.dossier(CODE).person))
    assert record is not None
    assert record["open_dossiers"] == {}


def test_a_payment_at_the_last_moment_beats_the_expiry(house: House) -> None:
    """The payment commits between the task's look and its transaction."""
    house.opened()
    house.clock.moment += timedelta(hours=24)
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            assert house.send(voucher(1, CODE)) == []

    with house.cloud.calls.hooked(hook):
        assert house.deadline(CODE, "EXPIRE_UNPAID")["done"] is False
    assert house.dossier(CODE).state is State.IN_PROCESS


def test_the_milestones_of_a_paid_dossier_happen_once_each(house: House) -> None:
    """A13: reminded on Friday 10/02, overdue after Monday 13/02 17:00; then a long sleep."""
    house.paid()
    house.clock.moment = datetime(2023, 2, 10, 7, 59, tzinfo=VIETNAM)
    assert house.deadline(CODE, "REMIND_OFFICER")["done"] is False
    house.clock.moment = datetime(2023, 2, 10, 8, 0, tzinfo=VIETNAM)
    assert house.deadline(CODE, "WHAT_IS_DUE")["action"] == "REMIND_OFFICER"
    assert [house.deadline(CODE, "REMIND_OFFICER")["done"] for _ in range(2)] == [True, False]
    assert house.deadline(CODE, "MARK_OVERDUE")["done"] is False
    house.clock.moment = DUE + timedelta(seconds=1)
    assert house.deadline(CODE, "WHAT_IS_DUE")["action"] == "MARK_OVERDUE"
    assert [house.deadline(CODE, "MARK_OVERDUE")["done"] for _ in range(2)] == [True, False]
    assert house.deadline(CODE, "WHAT_IS_DUE")["action"] == "WAIT"
    assert events(house)[-2:] == ["OFFICER_REMINDED", "OVERDUE_MARKED"]
    assert house.dossier(CODE).state is State.IN_PROCESS


def test_an_execution_of_an_older_generation_ends_and_one_of_an_older_clock_reckons_anew(house: House) -> None:
    house.opened()
    assert house.deadline(CODE, "WHAT_IS_DUE", generation=2) == {"action": "SUPERSEDED", "wakes": 0}
    house.clock.version = 1
    from chalicelib.workflows.dossier import dossier_task

    payload = {"schema": 1, "action": "WHAT_IS_DUE", "dossier_code": CODE, "generation": 1}
    assert dossier_task({**payload, "clock_version": 0}, None)["action"] == "WAIT"
    assert house.clock.forgotten == 0
    assert dossier_task({**payload, "clock_version": 2}, None)["action"] == "WAIT"
    assert house.clock.forgotten == 1, "an execution that knows of a newer clock makes the function look again"


def test_a_wake_for_a_dossier_that_is_not_there(house: House) -> None:
    with pytest.raises(NotFound, match="DOSSIER_NOT_FOUND"):
        house.deadline("000.00.79.G24-230206-0099", "WHAT_IS_DUE")


def test_an_action_that_ends_its_execution_tells_where_nothing_was_to_end(house: House) -> None:
    from chalicelib.workflows.dossier import dossier_task
    from chalicelib.workflows.task import DossierStillOpen

    house.opened()
    ends = {"schema": 1, "action": "EXPIRE_UNPAID", "dossier_code": CODE, "generation": 1, "clock_version": 0}
    with pytest.raises(DossierStillOpen):
        dossier_task({**ends, "ends": True}, None)
    house.clock.moment += timedelta(hours=24)
    assert dossier_task({**ends, "ends": True}, None)["done"] is True
    assert dossier_task({**ends, "ends": True}, None) == {"done": False, "action": "CLOSED", "wakes": 0}


# The sweep


@pytest.mark.usefixtures("_one_province")
def test_what_runs_is_left_alone(house: House) -> None:
    house.paid()
    house.relay()
    before = house.cloud.rows()
    assert sweep(house.w) == Swept(dossiers=1, dossiers_restarted=0, covers=1, covers_restarted=0)
    assert house.cloud.rows() == before


@pytest.mark.usefixtures("_one_province")
def test_what_the_stream_lost_is_started_and_matched(house: House) -> None:
    house.send(voucher(1, CODE))
    house.opened()
    house.relayed |= {key for key, _ in house.lines()}
    assert sweep(house.w).dossiers_restarted == 1
    assert f"{CODE}-g1" in house.cloud.machines.executions
    assert house.dossier(CODE).state is State.IN_PROCESS, "its parked voucher was matched"


@pytest.mark.usefixtures("_one_province")
def test_dead_executions_are_followed_by_the_next(house: House) -> None:
    house.paid()
    house.relay()
    status = house.cloud.machines.status
    for name in status:
        status[name] = "FAILED"
    swept = sweep(house.w)
    assert (swept.dossiers_restarted, swept.covers_restarted) == (1, 1)
    assert set(house.cloud.machines.executions) == {
        f"{CODE}-g1",
        f"{CODE}-g2",
        f"{CODE}-C1-v1-r1",
        f"{CODE}-C1-v1-r2",
    }
    assert (house.dossier(CODE).generation, house.cover(CODE).run) == (2, 2)
    assert sweep(house.w) == Swept(1, 0, 1, 0)
    assert house.deadline(CODE, "WHAT_IS_DUE", generation=1) == {"action": "SUPERSEDED", "wakes": 0}
    assert house.cover_step(CODE, "PREPARE", run=1)["outcome"] == "OBSOLETE"


@pytest.mark.usefixtures("_one_province")
def test_a_decision_from_an_earlier_read_does_not_bring_the_dead_generation_back(house: House) -> None:
    """The sweep moves the generation between the read and the commit of a payment."""
    house.opened()
    house.relay()
    house.cloud.machines.status[f"{CODE}-g1"] = "TIMED_OUT"
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            sweep(house.w)

    with house.cloud.calls.hooked(hook):
        house.send(voucher(1, CODE))
    assert house.dossier(CODE).state is State.IN_PROCESS
    assert house.dossier(CODE).generation == 2


@pytest.mark.usefixtures("_one_province")
def test_a_signers_decision_whose_line_was_lost_is_released(house: House) -> None:
    house.paid()
    house.relay()
    house.cloud.machines.waiting.add("T")
    house.cover_step(CODE, "AWAIT_SIGNER", task_token="T")
    house.issue(CODE)
    house.relayed |= {key for key, _ in house.lines()}
    sweep(house.w)
    assert set(house.cloud.machines.answered) == {"T"}


@pytest.mark.usefixtures("_one_province")
def test_a_dossier_that_moves_during_the_sweep_waits_for_the_next(house: House) -> None:
    house.opened()
    house.relay()
    house.cloud.machines.status[f"{CODE}-g1"] = "ABORTED"
    lost = client_error(
        "TransactionCanceledException", "TransactWriteItems", CancellationReasons=[{"Code": "ConditionalCheckFailed"}]
    )

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items":
            raise lost

    with house.cloud.calls.hooked(hook):
        assert sweep(house.w).dossiers_restarted == 0
    assert sweep(house.w).dossiers_restarted == 1


@pytest.mark.usefixtures("_one_province")
def test_the_sweep_reads_lists_of_any_length(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.oversight.sweep.CHUNK", 2)
    for number in range(5):
        house.opened(person(number), key=str(number))
    assert sweep(house.w) == Swept(5, 5, 0, 0)


def test_an_ended_dossier_is_not_swept(house: House) -> None:
    house.opened()
    house.clock.moment += timedelta(hours=24)
    house.deadline(CODE, "EXPIRE_UNPAID")
    assert sweep(house.w) == Swept(0, 0, 0, 0)


# The sandbox's clock


@pytest.fixture(name="clock")
def _clock(house: House, monkeypatch: pytest.MonkeyPatch) -> SandboxClock:
    monkeypatch.setattr(sandbox, "CACHE_SECONDS", 0)
    clock = SandboxClock(house.w.table)
    house.w.__dict__["clock"] = clock
    return clock


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=20)


def test_business_time_goes_forwards_backwards_and_back_to_real(house: House, clock: SandboxClock) -> None:
    assert (clock.version, near(clock.now(), datetime.now(VIETNAM))) == (0, True)
    for version, moment in enumerate((datetime(2023, 2, 6, 9, 15, tzinfo=VIETNAM), DUE, DUE - timedelta(days=400)), 1):
        set_clock(moment, house.w)
        assert (clock.version, near(clock.now(), moment)) == (version, True)
        assert near(clock.to_real(moment), datetime.now(UTC))
        assert clock.now().utcoffset() == timedelta(hours=7)
    set_clock(None, house.w)
    assert (clock.version, near(clock.now(), datetime.now(VIETNAM))) == (4, True)
    lines = [key for key in house.cloud.listing("SANDBOX#") if "AUDIT#" in key]
    assert len(lines) == 4


def test_another_process_sees_a_new_time_when_what_it_knows_is_old(
    house: House, clock: SandboxClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SandboxClock(house.w.table)
    monkeypatch.setattr(clocks, "CACHE_SECONDS", 60)
    assert other.version == 0
    set_clock(DUE, house.w)
    assert other.version == 0, "it believes what it has read"
    other.forget()
    assert other.version == 1
    monkeypatch.setattr(clocks, "CACHE_SECONDS", 0)
    set_clock(None, house.w)
    assert other.version == 2


def test_a_clock_that_others_keep_setting(house: House, clock: SandboxClock) -> None:
    lost = client_error(
        "TransactionCanceledException", "TransactWriteItems", CancellationReasons=[{"Code": "ConditionalCheckFailed"}]
    )

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items":
            raise lost

    with house.cloud.calls.hooked(hook), pytest.raises(Conflict, match="CLOCK_BUSY"):
        set_clock(DUE, house.w)
    assert clock.version == 0


def test_production_has_no_clock_to_set(house: House) -> None:
    house.w.__dict__["clock"] = RealClock()
    with pytest.raises(NotFound):
        set_clock(DUE, house.w)
    real = RealClock()
    assert near(real.now(), datetime.now(VIETNAM))
    assert real.to_real(DUE) == DUE
    assert real.version == 0
    real.forget()


def test_every_refusal_of_these_is_one_of_the_domains(house: House) -> None:
    with pytest.raises(DomainError):
        house.deadline("nobody", "MARK_OVERDUE")
