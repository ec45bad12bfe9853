"""Whatever dies while a dossier turns from its way: given the same work again, it ends where it would have anyway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.dossier import Dossier
from chalicelib.domain.registration.supplement import Corrections
from chalicelib.storage.transaction import Transaction
from chalicelib.usecases.answers import Answer, Idempotency
from chalicelib.usecases.course import change_course
from chalicelib.usecases.course.decide import Request
from tests.faults.crashes import survives_every_crash
from tests.support.house import HOA, OFFICER_79, PORTAL, House

CODE = "000.00.79.G24-230206-0001"


def present(dossier: Dossier, now: datetime) -> str:
    return f'"{dossier.state} {dossier.version}"'


def by_portal(key: str | None = "k") -> Request:
    return Request(CODE, PORTAL, idempotency=None if key is None else Idempotency(key, "f"))


def by_officer(key: str | None = "k") -> Request:
    return Request(CODE, OFFICER_79, idempotency=None if key is None else Idempotency(key, "f"))


def ask(house: House) -> Answer:
    return change_course.request_supplement(by_officer(), reason="x", asked=["phone"], present=present, w=house.w)


def supply(house: House) -> Answer:
    corrections = Corrections(HOA, frozenset({"phone"}))
    return change_course.supply(
        by_portal("s"), corrections, wire_faults=(), unreadable=frozenset(), present=present, w=house.w
    )


def relayed(house: House) -> None:
    assert house.relay() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "end",
    (
        lambda w: change_course.withdraw(by_portal(), reason=None, present=present, w=w),
        lambda w: change_course.refuse(by_officer(), reason="x", present=present, w=w),
        lambda w: change_course.stop(by_officer(), reason="x", present=present, w=w),
    ),
    ids=("withdrawal", "refusal", "stop"),
)
def test_an_end_with_a_refund_case(house: House, end: Callable[..., Answer]) -> None:
    house.paid()
    answers = set()

    def work() -> None:
        answers.add(end(house.w).body)
        relayed(house)

    calls = survives_every_crash(house, work)
    assert calls.count("transact_write_items") >= 1
    assert len(answers) == 1, "whoever asks again gets the first answer"
    assert house.view(CODE).refund is not None


@pytest.mark.slow
def test_a_supplement_and_the_execution_after_it(house: House) -> None:
    house.paid()

    def work() -> None:
        house.clock.moment = datetime(2023, 2, 8, 10, 0, tzinfo=VIETNAM)
        ask(house)
        house.clock.moment = datetime(2023, 2, 15, 10, 0, tzinfo=VIETNAM)
        supply(house)
        relayed(house)

    survives_every_crash(house, work)
    assert house.dossier(CODE).due_at == datetime(2023, 2, 20, 17, 0, tzinfo=VIETNAM)
    assert f"{CODE}-g2" in house.cloud.machines.executions


@pytest.mark.slow
@pytest.mark.parametrize("action", ("TIME_OUT_SUPPLEMENT", "HAND_OVER"))
def test_a_step_of_the_alarm_clock(house: House, action: str) -> None:
    house.paid()
    ask(house)
    house.clock.moment = datetime(2023, 3, 8, 18, 0, tzinfo=VIETNAM)

    def work() -> None:
        house.deadline(CODE, action)
        relayed(house)

    survives_every_crash(house, work)
    dossier = house.dossier(CODE)
    assert (dossier.state, dossier.generation) == (
        ("STOPPED", 1) if action == "TIME_OUT_SUPPLEMENT" else ("SUPPLEMENT_REQUESTED", 2)
    )


def test_who_decides_on_an_old_view_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given two officers at one moment / when both stop the dossier / then one wins, the other finds it ended."""
    house.paid()
    commit = Transaction.commit

    def slower(transaction: Transaction, table: object) -> None:
        monkeypatch.setattr(Transaction, "commit", commit)
        change_course.refuse(by_officer(None), reason="first", present=present, w=house.w)
        commit(transaction, table)  # type: ignore[arg-type]

    monkeypatch.setattr(Transaction, "commit", slower)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        change_course.stop(by_officer(None), reason="second", present=present, w=house.w)
    assert [line.reason for line in house.view(CODE).history if line.reason] == ["first"]
