"""Any set of events, in any order, however often, in any batches: the same ledger, every đồng in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.amounts.account import settle
from tests.support.cloud import Row
from tests.support.house import HOA, THREE_MONTHS, House, person, voucher

pytestmark = pytest.mark.slow

Message = dict[str, Any]
CODES = tuple(f"000.00.79.G24-230206-{number:04d}" for number in (1, 2, 3))
PEOPLE = (
    replace(HOA, case_type="CONTINUE", si_number="7912345678", method="M3"),
    person(1, case_type="CONTINUE", si_number="7912345679", method="M3"),
    person(2, method="M3"),
)
"""Two with a book, whose dossiers are done at once, and a first-timer."""
DEAD = {"CANCELLED", "REPLACED"}


def of(owner: int, number: int, **changes: Any) -> Message:
    """The `number`-th voucher of somebody: three months for 891,000."""
    minute = changes.pop("minute", number)
    paid_at = f"2023-02-06T09:{minute:02d}:00+07:00"
    return voucher(owner * 100 + number, CODES[owner], PEOPLE[owner], **{**THREE_MONTHS, "paid_at": paid_at, **changes})


def names(owner: int, number: int) -> str:
    return str(of(owner, number)["voucher_id"])


def events_of(owner: int) -> list[Message]:
    """What accounting may ever send about one dossier."""
    back = {"event": "REFUNDED", "from_month": "2023-04", "months": 1}
    return [
        of(owner, 1),
        of(owner, 1, event="CANCELLED", voucher_version=2),
        of(owner, 1, voucher_version=3, amount_received=900_000),
        of(owner, 2, amount_received=801_000),
        of(owner, 3, amount_received=90_000),
        of(owner, 3, event="CANCELLED", voucher_version=2, amount_received=90_000),
        of(owner, 4, minute=0),
        of(owner, 4, event="REFUNDED", voucher_version=2, minute=0),
        of(owner, 5, event="REPLACED", replaces_voucher_id=names(owner, 4)),
        of(owner, 6, full_name="TRẦN VĂN A"),
        of(owner, 1, **back, voucher_version=4),
        of(owner, 5, **back, voucher_version=2),
        of(owner, 7, event="REPLACED", replaces_voucher_id=names((owner + 1) % 3, 1)),
    ]


ALL = [message for owner in range(3) for message in events_of(owner)]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Message], list[list[Message]]]:
    """A set of events, and the same shuffled, doubled and split."""
    chosen = draw(st.lists(st.sampled_from(range(len(ALL))), min_size=1, max_size=14, unique=True))
    events = [ALL[number] for number in sorted(chosen)]
    left = draw(st.permutations([*events, *draw(st.lists(st.sampled_from(events), max_size=4))]))
    batches = []
    while left:
        size = draw(st.integers(1, 10))
        batches.append(list(left[:size]))
        left = left[size:]
    return events, batches


def text(row: Row, field: str) -> str | None:
    found = row.get(field)
    return None if found is None else str(next(iter(found.values())))


def ledger(house: House) -> dict[str, Any]:
    """What the ledger says of each voucher and its money, of each person's months and support, of each dossier."""
    state: dict[str, Any] = {}
    for (partition, kind), row in house.cloud.rows().items():
        if partition.startswith("VOUCHER#") and kind == "HEAD":
            money = [text(row, field) for field in ("applied", "suspense", "held", "refunded")]
            state[partition] = (text(row, "state"), text(row, "reason"), text(row, "account"), *money)
        elif partition.startswith("PERSON#") and kind == "HEADER":
            state[partition] = (row["covered"], text(row, "supported_months"))
        elif "#PERIOD#" in f"#{kind}" and text(row, "status") == "ACTIVE":
            fields = ("from_month", "to_month", "voucher_id", "amount_participant", "amount_state", "supported_months")
            state[f"{partition} {row['from_month']}"] = tuple(text(row, field) for field in fields)
    for code in CODES:
        account = house.dossier(code).account
        state[code] = (account.entries, account.recorded, account.terms)
        # Money that is short goes back once the dossier has ended, and whether it has is told by its history.
        short = settle(account, house.dossier(code).quote.terms).waiting
        cases = [case for case in account.cases if not set(case.voucher_ids) & set(short)]
        state[f"{code} cases"] = sorted((case.voucher_ids, case.amount) for case in cases)
    return state


def delivered(house: House, batches: list[list[Message]]) -> None:
    house.begin_again()
    for number, draft in enumerate(PEOPLE):
        assert house.opened(draft, key=f"key-{number}") == CODES[number]
    for batch in batches:
        assert house.send(*batch) == []
        every_dong_is_in_one_place(house)


def every_dong_is_in_one_place(house: House) -> None:
    """After any events: received = applied + suspense + held + refunded, and no month is recorded twice."""
    rows = house.cloud.rows()
    for (partition, kind), row in rows.items():
        if partition.startswith("VOUCHER#") and kind == "HEAD" and "issued" in row and text(row, "state") not in DEAD:
            parts = [int(text(row, field) or 0) for field in ("applied", "suspense", "held", "refunded")]
            assert sum(parts) == int(text(row, "amount_received") or 0), partition
    for partition, periods in _active(rows):
        months = [month for first, last, _ in periods for month in range(first, last + 1)]
        assert len(months) == len(set(months)), f"a month twice: {partition}"
        header = rows[partition, "HEADER"]
        assert int(header["supported_months"]["N"]) == sum(supported for *_, supported in periods)
        assert sum(_length(span["S"]) for span in header["covered"]["L"]) == len(months)
    for code in CODES:
        dossier = house.dossier(code)
        active = [each for each in house.view(code).participation if each.status == "ACTIVE"]
        assert len(active) == (1 if dossier.account.recorded else 0)


def _active(rows: dict[tuple[str, str], Row]) -> Iterator[tuple[str, list[tuple[int, int, int]]]]:
    for partition in {pk for pk, sk in rows if pk.startswith("PERSON#") and sk == "HEADER"}:
        periods = [row for (pk, sk), row in rows.items() if pk == partition and sk.startswith("PERIOD#")]
        yield (
            partition,
            [
                (_ordinal(row["from_month"]["S"]), _ordinal(row["to_month"]["S"]), int(row["supported_months"]["N"]))
                for row in periods
                if row["status"]["S"] == "ACTIVE"
            ],
        )


def _ordinal(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number)


def _length(span: str) -> int:
    first, _, last = span.partition("/")
    return _ordinal(last) - _ordinal(first) + 1


@given(deliveries())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_the_same_events_is_the_same_ledger(
    house: House, made: tuple[list[Message], list[list[Message]]]
) -> None:
    events, batches = made
    delivered(house, [[event] for event in events])
    expected = ledger(house)
    delivered(house, batches)
    assert ledger(house) == expected


def test_an_event_that_comes_last_may_undo_what_came_first(house: House) -> None:
    """The longest set, sorted and backwards."""
    delivered(house, [[event] for event in ALL])
    expected = ledger(house)
    delivered(house, [[event] for event in reversed(ALL)])
    assert ledger(house) == expected
