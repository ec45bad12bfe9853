"""AWS throttles, conflicts, fails or loses an answer at any call of any path: given again, it ends in the same table.

And one bad message never holds up its neighbours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.queues.messages import read_message
from tests.faults.crashes import beginning_of, same, settled
from tests.faults.figures import TRIED, Tried
from tests.support.cloud import boto_clients, client_error
from tests.support.house import HOA, House, person, voucher

pytestmark = pytest.mark.slow

CODE, SECOND = "000.00.79.G24-230206-0001", "000.00.79.G24-230206-0002"
DELIVERIES = 5
"""How often the queue gives a message before it is dead."""
LONG = 20
"""More faults in a row than anything inside one delivery waits out."""

Work = Callable[[House], None]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def throttled(name: str, arguments: dict[str, Any]) -> None:
    raise client_error("ProvisionedThroughputExceededException", name)


def in_conflict(name: str, arguments: dict[str, Any]) -> None:
    """Another transaction holds one of the items; a read or a plain call is throttled instead."""
    if name != "transact_write_items":
        raise client_error("ThrottlingException", name)
    reasons = [{"Code": "None"} for _ in arguments["TransactItems"]]
    reasons[-1] = {"Code": "TransactionConflict"}
    raise client_error("TransactionCanceledException", name, CancellationReasons=reasons)


def answer_lost(name: str, arguments: dict[str, Any]) -> None:
    """The write takes effect, and nobody hears of it; moto knows no client token, so the next try finds it done."""
    if name in ("transact_write_items", "put_item"):
        getattr(boto_clients()["table"], name)(**arguments)
    raise client_error("InternalServerError", name)


FAULTS = (throttled, in_conflict, answer_lost)


def until_acknowledged(house: House, *messages: Any) -> None:
    """As the queue does it: what failed comes again, alone, at most five times."""
    left = list(messages)
    for _ in range(DELIVERIES):
        left = [left[int(number)] for number in house.send(*left)]
        if not left:
            return
    raise AssertionError(f"{len(left)} messages are dead")


def until_relayed(house: House) -> None:
    for _ in range(DELIVERIES):
        if not house.relay():
            return
    raise AssertionError("the relay gave up")


def until_answered(house: House) -> None:
    """As the portal does it: 503 means the same declaration with the same key again."""
    for _ in range(DELIVERIES):
        try:
            house.declare()
        except Exception as error:
            if not isinstance(error, Unavailable) and "Error" not in getattr(error, "response", {}):
                raise
        else:
            return
    raise AssertionError("the declaration was never taken")


def paid_twice_and_more(house: House) -> None:
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 2, "sum_received": 594_000}
    receipt = {"symbol": "BH23-79/E", "number": "0000001", "date": "2023-02-06"}
    conflict = voucher(3, CODE, receipt=receipt)
    until_acknowledged(house, voucher(1, CODE), voucher(1, CODE), "not JSON", conflict, manifest, voucher(4, SECOND))


def parked_then_declared(house: House) -> None:
    until_acknowledged(house, voucher(1, CODE))
    until_answered(house)
    until_relayed(house)


def cancelled_then_issued(house: House) -> None:
    until_acknowledged(house, voucher(1, CODE, event="CANCELLED", voucher_version=2))
    until_acknowledged(house, voucher(1, CODE))


def in_two_parts(house: House) -> None:
    until_acknowledged(house, voucher(1, CODE, amount_received=200_000))
    until_acknowledged(house, voucher(2, CODE, amount_received=97_000))


def opened(house: House) -> None:
    house.opened()


def paid(house: House) -> None:
    house.paid()


PATHS: dict[str, tuple[Work, Work]] = {
    "a registration": (lambda house: None, until_answered),
    "a payment": (opened, lambda house: until_acknowledged(house, voucher(1, CODE))),
    "a payment that is held": (
        opened,
        lambda house: until_acknowledged(house, voucher(1, CODE, full_name="TRẦN VĂN NAM")),
    ),
    "a payment before its dossier": (lambda house: None, parked_then_declared),
    "a cancellation before its voucher": (
        opened,
        cancelled_then_issued,
    ),
    "a cancellation behind its effect": (
        paid,
        lambda house: until_acknowledged(house, voucher(1, CODE, event="CANCELLED", voucher_version=2)),
    ),
    "a payment in two parts": (
        opened,
        in_two_parts,
    ),
    "a payment that is replaced": (
        paid,
        lambda house: until_acknowledged(
            house, voucher(2, CODE, event="REPLACED", replaces_voucher_id="KT79-2023-0000001")
        ),
    ),
    "a mixed batch": (opened, paid_twice_and_more),
    "the relay of a paid dossier": (paid, until_relayed),
}


def disturbed(house: House, work: Work, number: int, times: int, fault: Callable[..., None]) -> None:
    """The work, with a fault at `times` calls in a row from the one of this number on."""
    calls = house.cloud.calls
    left = times

    def hook(name: str, arguments: dict[str, Any]) -> None:
        nonlocal left
        if len(calls.made) > number and left:
            left -= 1
            TRIED[Tried.FAULTS] += 1
            fault(name, arguments)

    with calls.hooked(hook):
        work(house)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call(house: House, path: str, fault: Callable[..., None]) -> None:
    prepare, work = PATHS[path]
    prepare(house)
    start = beginning_of(house)
    start()
    work(house)
    calls = list(house.cloud.calls.made)
    expected = settled(house)
    assert calls
    for number, name in enumerate(calls):
        start()
        disturbed(house, work, number, 1, fault)
        same(settled(house), expected, f"{fault.__name__} at call {number} ({name})")


@pytest.mark.parametrize("fault", (throttled, in_conflict))
def test_a_long_outage_of_the_table_uses_up_deliveries_but_loses_nothing(
    house: House, fault: Callable[..., None]
) -> None:
    """Given faults for longer than one delivery waits / then the message comes again, and has its effect once."""
    house.opened()
    start = beginning_of(house)
    assert house.send(voucher(1, CODE)) == []
    expected = settled(house)
    start()
    with pytest.raises(AssertionError, match="1 messages are dead"):
        disturbed(house, lambda h: until_acknowledged(h, voucher(1, CODE)), 0, 10 * LONG, fault)
    house.restart()
    until_acknowledged(house, voucher(1, CODE))
    same(settled(house), expected, "after the outage")


def test_what_is_tried_again_waits_longer_each_time_and_never_in_step(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three more tries with growing pauses, jittered by half: two consumers in conflict do not meet again."""
    house.opened()
    monkeypatch.setattr("chalicelib.storage.transaction.FIRST_PAUSE_SECONDS", 0.02)

    def pauses() -> list[float]:
        naps: list[float] = []
        monkeypatch.setattr(time, "sleep", naps.append)

        with house.cloud.calls.hooked(in_conflict_on_write):
            assert house.send(voucher(1, CODE)) == ["0"]
        return naps

    one, other = pauses(), pauses()
    assert len(one) == len(other) == 3
    for naps in (one, other):
        for nap, middle in zip(naps, (0.02, 0.06, 0.18), strict=True):
            assert middle * 0.5 <= nap <= middle * 1.5
    assert one != other


def test_a_rush_at_one_provinces_counter_costs_time_and_no_answer(house: House) -> None:
    """Given others at the counter for thirty tries / then the citizen has the next number, and no 503."""
    house.opened(person(1), key="other")
    left = 30

    def hook(name: str, arguments: dict[str, Any]) -> None:
        nonlocal left
        if name == "transact_write_items" and left:
            left -= 1
            if left == 15:
                # One of the others came through: its number is taken.
                house.cloud.calls.hook = None
                house.opened(person(2), key="another")
                house.cloud.calls.hook = hook
            in_conflict(name, arguments)

    with house.cloud.calls.hooked(hook):
        assert house.opened() == "000.00.79.G24-230206-0003"


def test_a_crowd_that_never_ends_is_told_in_the_end(house: House) -> None:
    house.opened(person(1), key="other")
    with house.cloud.calls.hooked(in_conflict_on_write), pytest.raises(Unavailable, match="STORAGE_BUSY"):
        house.declare()
    assert house.opened() == SECOND


def in_conflict_on_write(name: str, arguments: dict[str, Any]) -> None:
    if name == "transact_write_items":
        in_conflict(name, arguments)


def poison(house: House, where: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A message that fails every time, in the reading of it or in its transaction."""
    message = voucher(66, SECOND, person(1))
    if where == "reading":

        def stumbles(body: str) -> Any:
            if "KT79-2023-0000066" in body:
                raise RecursionError("nobody foresaw this")
            return read_message(body)

        monkeypatch.setattr("chalicelib.queues.vouchers.read_message", stumbles)
    else:

        def hook(name: str, arguments: dict[str, Any]) -> None:
            if name == "transact_write_items" and "KT79-2023-0000066" in json.dumps(arguments):
                raise client_error("ValidationException", name)

        house.cloud.calls.hook = hook
    return message


def batches(bad: Any, good: list[Any]) -> Iterator[list[Any]]:
    """The bad one first, last and in the middle."""
    for place in (0, len(good) // 2, len(good)):
        yield [*good[:place], bad, *good[place:]]


@pytest.mark.parametrize("where", ("reading", "writing"))
def test_a_poison_message_never_blocks_its_neighbours(
    house: House, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Nine good vouchers beside one that fails for ever: they are applied at once, it alone comes again."""
    people = [HOA, *(person(number) for number in range(1, 10))]
    codes = [house.opened(draft, key=f"key-{number}") for number, draft in enumerate(people)]
    others = [number for number, code in enumerate(codes) if code != SECOND]
    good = [voucher(number + 1, codes[number], people[number]) for number in others]
    bring_back = house.cloud.save()
    for batch in batches(poison(house, where, monkeypatch), good):
        hook = house.cloud.calls.hook
        bring_back()
        house.restart()
        house.cloud.calls.hook = hook
        place = next(number for number, message in enumerate(batch) if message["voucher_id"].endswith("0000066"))
        assert house.send(*batch) == [str(place)]
        assert [house.dossier(codes[number]).state for number in others] == ["IN_PROCESS"] * 9
        for _ in range(DELIVERIES - 1):
            assert house.send(batch[place]) == ["0"]
        assert house.dossier(SECOND).state == "AWAITING_PAYMENT"
