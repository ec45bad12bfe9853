"""The search of a test run's own log sees what the product logs, and would find what was sent."""

from __future__ import annotations

import json

from chalicelib.log import facts, logger
from tests.local.personal import Personal
from tests.support.house import HOA, House
from tests.support.logs import Kept


def test_what_comes_in_is_noted_and_what_is_logged_is_kept(
    house: House, nothing_personal_is_logged: tuple[Personal, Kept]
) -> None:
    personal, kept = nothing_personal_is_logged
    code = house.opened()
    assert {HOA.personal_id, HOA.full_name} <= personal.values
    logger("chalicelib.tests").info("looked for", extra=facts(dossier_code=code))
    assert json.loads(kept.lines[-1])["dossier_code"] == code
    assert personal.found_among([f"refused {HOA.personal_id}", "refused"]) == [0]
