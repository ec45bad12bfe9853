"""A crash before and after every call of whatever moves money on an account, then redelivery: the same table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.domain.events import Act, By
from chalicelib.domain.ledger.resolution import Action, Resolution
from chalicelib.usecases.ledger.resolve_voucher import resolve
from tests.faults.crashes import survives_every_crash
from tests.support.house import HOA, THREE_MONTHS, House, person, voucher

pytestmark = pytest.mark.slow

CODE, OTHER = "000.00.79.G24-230206-0001", "000.00.79.G24-230206-0002"
BOOK = replace(HOA, case_type="CONTINUE", si_number="7912345678")
NEIGHBOUR = person(1, case_type="CONTINUE", si_number="7912345679")
Message = dict[str, Any]


def name(number: int) -> str:
    return f"KT79-2023-{number:07d}"


def quarter(number: int, **changes: Any) -> Message:
    """Three months for 891,000."""
    return voucher(number, CODE, BOOK, **{**THREE_MONTHS, **changes})


def taken(house: House, *messages: Message) -> None:
    assert house.send(*messages) == []


CANCEL: Message = {"event": "CANCELLED", "voucher_version": 2}
CASES: dict[str, tuple[tuple[Message, ...], Message, str]] = {
    "short": ((), voucher(1, CODE, BOOK, amount_received=200_000), "M1"),
    "top-up": ((quarter(1, amount_received=801_000),), quarter(2, amount_received=90_000), "M3"),
    "too much": ((), quarter(1, amount_received=900_000), "M3"),
    "twice": ((voucher(1, CODE, BOOK),), voucher(2, CODE, BOOK), "M1"),
    "an earlier payment": (
        (voucher(1, CODE, BOOK),),
        voucher(2, CODE, BOOK, paid_at="2023-02-06T08:00:00+07:00"),
        "M1",
    ),
    "cancelled after the record": ((voucher(1, CODE, BOOK),), voucher(1, CODE, BOOK, **CANCEL), "M1"),
    "cancelled, and the second pays": (
        (voucher(1, CODE, BOOK), voucher(2, CODE, BOOK)),
        voucher(1, CODE, BOOK, **CANCEL),
        "M1",
    ),
    "replaced": (
        (voucher(1, CODE, BOOK),),
        voucher(2, OTHER, NEIGHBOUR, event="REPLACED", replaces_voucher_id=name(1)),
        "M1",
    ),
    "replaced before it came": (
        (voucher(2, CODE, BOOK, event="REPLACED", replaces_voucher_id=name(1)),),
        voucher(1, CODE, BOOK),
        "M1",
    ),
    "some months paid back": (
        (quarter(1),),
        quarter(1, event="REFUNDED", voucher_version=2, from_month="2023-04", months=1),
        "M3",
    ),
    "all months paid back": ((quarter(1),), quarter(1, event="REFUNDED", voucher_version=2), "M3"),
    "paid back before it came": ((quarter(1, event="REFUNDED", voucher_version=2),), quarter(1), "M3"),
    "corrected": ((voucher(1, CODE, BOOK),), voucher(1, CODE, BOOK, voucher_version=2, amount_received=1), "M1"),
}


@pytest.mark.parametrize("case", tuple(CASES))
def test_an_event_that_moves_money(house: House, case: str) -> None:
    before, event, method = CASES[case]
    house.opened(replace(BOOK, method=method))
    house.opened(NEIGHBOUR, key="2")
    for message in before:
        taken(house, message)
    calls = survives_every_crash(house, lambda: taken(house, event))
    assert calls.count("transact_write_items") == 1, "the whole effect is one transaction"


def test_a_first_timers_payment_taken_back_and_paid_again(house: House) -> None:
    house.paid()

    def work() -> None:
        taken(house, voucher(1, CODE, **CANCEL))
        taken(house, voucher(2, CODE))

    survives_every_crash(house, work)
    assert house.cover(CODE).cover_id == f"{CODE}-C2"


def test_the_end_of_a_dossier_that_was_paid_in_part(house: House) -> None:
    house.opened()
    taken(house, voucher(1, CODE, amount_received=200_000))
    house.clock.moment = house.dossier(CODE).payment_expires_at + timedelta(hours=1)

    def work() -> None:
        assert house.deadline(CODE, "EXPIRE_UNPAID")["done"] in {True, False}

    survives_every_crash(house, work)
    assert house.dossier(CODE).account.cases != ()


DECISIONS: dict[Action, Callable[[], Message]] = {
    Action.ACCEPT: lambda: voucher(1, CODE, full_name="TRẦN VĂN A"),
    Action.LINK: lambda: voucher(1, "000.00.79.G24-230206-0099", person(7)),
    Action.UNLINK: lambda: voucher(1, CODE),
    Action.REFUND: lambda: voucher(1, CODE, amount_received=200_000),
}


@pytest.mark.parametrize("action", tuple(DECISIONS))
def test_a_persons_decision(house: House, action: Action) -> None:
    """Asked again after a crash it is either taken now or refused because it was: never twice."""
    house.opened()
    taken(house, DECISIONS[action]())

    def work() -> None:
        try:
            act = Act(house.clock.now(), By.OFFICER, "officer-79")
            resolve(name(1), Resolution(action, "x", ("officer-79",), CODE), act, house.w, expected_revision=1)
        except Conflict:
            assert house.cloud.rows()[f"VOUCHER#{name(1)}", "RESOLUTION#0001"]

    survives(house, work)


def survives(house: House, work: Callable[[], None]) -> None:
    from chalicelib.domain.errors import VersionConflict

    def patient() -> None:
        try:
            work()
        except VersionConflict:
            assert house.cloud.rows()[f"VOUCHER#{name(1)}", "RESOLUTION#0001"]

    survives_every_crash(house, patient)
