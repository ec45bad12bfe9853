"""Functions without a right to the data keys carry sealed and plain numbers as they stand. Found by `make upgrade`."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chalicelib.domain.registration.deadlines import Action
from chalicelib.domain.registration.dossier import State
from chalicelib.storage import keys
from chalicelib.usecases.course.change_course import request_supplement
from chalicelib.usecases.course.decide import Request
from chalicelib.usecases.course.keep_deadline import Execution, carry_out
from tests.support.house import OFFICER_79, House


class NoRight:
    """What a function has that may not use the keys."""

    def seal(self, owner: str, field: str, value: str) -> str:
        raise AssertionError(f"{field} of {owner} is sealed")

    def open(self, owner: str, field: str, stored: str) -> str:
        raise AssertionError(f"{field} of {owner} is opened")


@pytest.mark.parametrize("sealed", (True, False), ids=("sealed", "of-the-version-before"))
def test_a_supplement_that_never_comes_ends_the_dossier_without_the_keys(house: House, *, sealed: bool) -> None:
    # given a paid dossier with a cover, asked for a supplement
    house.w.fields.seals = sealed
    code = house.paid()
    house.relay()
    request = Request(code, OFFICER_79)
    request_supplement(request, reason="Số điện thoại", asked=["phone"], present=lambda *_: "{}", w=house.w)
    before = house.w.table.get(keys.cover(code, 1))

    # when its time is over, and the function of deadlines has no keys
    house.w.__dict__["fields"] = NoRight()
    house.clock.moment += timedelta(days=40)
    generation = house.dossier(code).generation
    assert carry_out(Action.TIME_OUT_SUPPLEMENT, code, Execution(generation, 0), house.w)

    # then it has ended, and the number in its cover stands as it stood
    assert house.dossier(code).state is State.STOPPED
    after = house.w.table.get(keys.cover(code, 1))
    assert before is not None
    assert after is not None
    assert after["state"] == "REVOKED"
    assert json.dumps(after["personal_id"]) == json.dumps(before["personal_id"])
    assert str(before["personal_id"]).startswith("~") is sealed
