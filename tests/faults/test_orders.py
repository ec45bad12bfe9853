"""However the queue delivers, in whatever order, however often: the same table in the end (scenarios A6, A7, A20)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.crashes import same, settled
from tests.faults.figures import TRIED, Tried
from tests.support.house import HOA, House, person, voucher

pytestmark = pytest.mark.slow

A, B, C = HOA, person(1), person(2)
CODES = {n: f"000.00.79.G24-230206-{n:04d}" for n in (1, 2, 3)}
Message = dict[str, Any]
Step = Callable[[House], None]
"""One thing that happens to the system."""

VOUCHERS: tuple[Message, ...] = (
    voucher(1, CODES[1], A),
    voucher(2, None, B),
    voucher(3, CODES[3], C, amount_received=1),
    voucher(4, None, person(9)),
)
"""Exact by code, exact by person, held, and one whose dossier never comes."""

ORDERS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def declared(house: House) -> None:
    """Three people declare, always in the same order: the counter numbers their dossiers."""
    for number, draft in enumerate((A, B, C), 1):
        assert house.opened(draft, key=f"key-{number}") == CODES[number]


def relayed(house: House) -> None:
    assert house.relay() == []


def delivered(house: House, batches: Sequence[Sequence[Message]]) -> None:
    for batch in batches:
        TRIED[Tried.MESSAGES] += len(batch)
        assert house.send(*batch) == []


@st.composite
def deliveries(draw: st.DrawFn, messages: tuple[Message, ...]) -> list[list[Message]]:
    """Every message at least once and some again, shuffled, in batches of one to ten."""
    again = draw(st.lists(st.sampled_from(messages), max_size=4))
    left = draw(st.permutations((*messages, *again)))
    TRIED[Tried.ORDERS] += 1
    batches = []
    while left:
        size = draw(st.integers(1, 10))
        batches.append(list(left[:size]))
        left = left[size:]
    return batches


def plain(house: House) -> dict[str, Any]:
    """What is settled, but for the order of what different dossiers say."""
    state = settled(house)
    state["status"] = sorted(state["status"], key=lambda message: (message["dossier_code"], message["sequence"]))
    # How long an execution sleeps first follows from the moment at which the relay started it: it looks when it wakes,
    # and a deadline that comes nearer starts the next generation.
    state["executions"] = {
        name: {part: value for part, value in given.items() if part != "next"}
        for name, given in state["executions"].items()
    }
    for (partition, _), row in state["table"].items():
        # How often a voucher's head was written tells of the way, not of the result.
        row.pop("revision", None)
        if partition.startswith("TOTALS#"):
            # A dossier that was counted somewhere and left again leaves a zero: the same as never counted there.
            for name in [name for name, value in row.items() if value == {"N": "0"}]:
                del row[name]
    state["table"] = {key: row for key, row in state["table"].items() if row.keys() - {"PK", "SK"}}
    return state


@given(deliveries(VOUCHERS))
@ORDERS
def test_batches_shuffled_doubled_and_split(house: House, batches: list[list[Message]]) -> None:
    # given
    house.begin_again()
    declared(house)
    bring_back = house.cloud.save()
    delivered(house, [VOUCHERS])
    expected = plain(house)
    # when
    bring_back()
    delivered(house, batches)
    # then
    same(plain(house), expected, "another order of the same vouchers")


@given(deliveries(VOUCHERS), st.integers(0, 6), st.integers(0, 6))
@ORDERS
def test_dossiers_and_the_relay_come_between_the_vouchers(
    house: House, batches: list[list[Message]], declaring: int, relaying: int
) -> None:
    """Vouchers before, between and after their dossiers; the relay early, late and again."""
    # given: dossiers first, then vouchers
    house.begin_again()
    declared(house)
    delivered(house, [VOUCHERS])
    house.relay()
    expected = plain(house)
    # when: any other order
    house.begin_again()
    steps: list[Step] = [lambda h, batch=batch: delivered(h, [batch]) for batch in batches]  # type: ignore[misc]
    steps.insert(min(declaring, len(steps)), declared)
    steps.insert(min(relaying, len(steps)), relayed)
    for step in steps:
        step(house)
    house.relay()
    # then
    same(plain(house), expected, "another order of dossiers, vouchers and the relay")


@given(st.permutations([1, 1, 2, 2]), st.booleans())
@ORDERS
def test_a_cancellation_that_comes_first_or_last(house: House, versions: list[int], paid_first: bool) -> None:
    """A6: ISSUED v1 and CANCELLED v2 of one voucher, each twice, before the dossier: nothing is recorded."""
    house.begin_again()
    messages = {
        1: voucher(1, CODES[1], A),
        2: voucher(1, CODES[1], A, event="CANCELLED", voucher_version=2),
    }
    batches = [[messages[version] for version in versions]] if paid_first else [[messages[v]] for v in versions]
    delivered(house, batches)
    house.opened(A)
    house.relay()
    assert house.dossier(CODES[1]).state == "AWAITING_PAYMENT"
    head = house.cloud.rows()[f"VOUCHER#{messages[1]['voucher_id']}", "HEAD"]
    assert head["state"] == {"S": "CANCELLED"}
    assert head["fingerprints"]["M"].keys() == {"1", "2"}
    assert not [key for key in house.cloud.listing() if "PENDING#" in key]
