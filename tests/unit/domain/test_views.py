"""The view log: every entry names the one before it, and no field can be changed unseen."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.events import GENESIS
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.people.views import Look, Seen, View, admitted, next_view

NOW = datetime(2023, 2, 6, 9, 0, tzinfo=VIETNAM)
OFFICER = Caller("officer-79", Role.OFFICER, provinces=frozenset({"79", "74"}))
LOOK = Look(Seen.COVER, "đối chiếu")


def test_the_first_entry_begins_the_chain_and_the_next_follows() -> None:
    first = next_view(None, "D1", LOOK, OFFICER, NOW)
    assert (first.number, first.previous_hash, first.agencies, first.refusal) == (1, GENESIS, ("74", "79"), None)
    second = next_view(first, "D1", LOOK, OFFICER, NOW, refusal="PROVINCE_NOT_ALLOWED")
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert first.hash == first.digest() != second.hash == second.digest()


CHANGES = {
    "dossier_code": "D2",
    "number": 2,
    "at": NOW + timedelta(seconds=1),
    "actor": "x",
    "role": "ops",
    "agencies": ("01",),
    "what": Seen.SLIP,
    "reason": "khác",
    "refusal": "X",
    "previous_hash": "1" * 64,
    "emergency": True,
}


@pytest.mark.parametrize("name", tuple(CHANGES))
def test_a_changed_field_changes_the_hash(name: str) -> None:
    view = next_view(None, "D1", LOOK, OFFICER, NOW)
    assert replace(view, **{name: CHANGES[name]}).digest() != view.hash  # type: ignore[arg-type]


def test_no_field_is_left_out() -> None:
    assert {field.name for field in fields(View)} == {*CHANGES, "hash"}


def admit(caller: Caller, *, emergency: bool, province: str = "79") -> Look:
    return admitted(replace(LOOK, emergency=emergency), caller, client_id="portal-a", province=province)


def test_an_emergency_is_one_only_where_the_caller_could_not_look_otherwise() -> None:
    assert admit(OFFICER, emergency=True) == LOOK
    assert admit(OFFICER, emergency=True, province="01") == replace(LOOK, emergency=True)
    with pytest.raises(Forbidden, match="PROVINCE_NOT_ALLOWED"):
        admit(OFFICER, emergency=False, province="01")
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        admit(Caller("ops-1", Role.OPS), emergency=True)
