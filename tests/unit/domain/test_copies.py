"""A changed copy is what `dataclasses.replace` would make, whatever the class is like."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.amounts.account import Account, Entry
from chalicelib.domain.copies import replace
from chalicelib.domain.events import Act, By
from chalicelib.domain.months import Month, at_vietnam
from chalicelib.domain.people.participation import PersonRecord

MOMENT = at_vietnam(datetime(2023, 2, 6, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class One:
    only: int


@dataclass(frozen=True)
class Slotless:
    first: int
    second: int = 2


@dataclass(frozen=True, slots=True)
class Reckoned:
    first: int
    double: int = field(init=False, default=0)


@pytest.mark.parametrize(
    ("before", "changes"),
    (
        (Act(MOMENT, By.SYSTEM, "clock"), {"actor": "relay"}),
        (Act(MOMENT, By.SYSTEM, "clock"), {}),
        (Entry("KT79-1", MOMENT, 297_000), {"misfit": "AMOUNT_MISMATCH", "ordered": True}),
        (Account(), {"recorded": ("KT79-1",), "periods": 1}),
        (PersonRecord("hash"), {"version": 1, "open_dossiers": {}}),
        (Month(2023, 2), {"month": 3}),
        (One(1), {"only": 2}),
        (Slotless(1), {"second": 3}),
        (Reckoned(1), {"first": 3}),
    ),
)
def test_a_copy_differs_in_what_was_named_and_in_nothing_else(before: Any, changes: dict[str, Any]) -> None:
    as_it_was = repr(before)

    copy = replace(before, **changes)

    assert type(copy) is type(before)
    assert copy == dataclasses.replace(before, **changes)
    assert repr(copy) == repr(dataclasses.replace(before, **changes))
    assert repr(before) == as_it_was


@pytest.mark.parametrize("before", (Act(MOMENT, By.SYSTEM, "clock"), Month(2023, 2), Slotless(1)))
def test_a_field_that_the_class_does_not_have_is_refused(before: Any) -> None:
    with pytest.raises(TypeError, match="colour"):
        replace(before, colour="red")


def test_what_the_class_checks_is_checked_of_a_copy() -> None:
    with pytest.raises(ValueError, match="no such month"):
        replace(Month(2023, 2), month=13)


@pytest.mark.parametrize("before", (Act(MOMENT, By.SYSTEM, "clock"), Slotless(1)))
def test_a_copy_is_frozen(before: Any) -> None:
    name = dataclasses.fields(before)[0].name
    copy: Any = replace(before, **{name: MOMENT})

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(copy, name, MOMENT)
