"""What a province decides reaches the machines: covers without a signer, time limits of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.workflows.driver import VirtualClock
from tests.workflows.house import House

PATH = "/v1/officer/provinces/79/procedure"
ONE = {"sub": "publisher-a", "role": "publisher", "provinces": "79"}
TWO = {"sub": "publisher-b", "role": "publisher", "provinces": "79"}

AUTOMATIC: dict[str, Any] = {
    "effective_from": "2023-02-06",
    "source": "Quyết định của Giám đốc",
    "reason": "Cấp tờ bìa tự động",
    "limit_working_days": 2,
    "reminder_working_days": 1,
    "automatic_issue": True,
    "steps": [{"step_code": "CAP_TU_DONG", "role": "system", "limit": 1, "limit_unit": "HOURS", "signs": True}],
}


@pytest.fixture
def clock() -> VirtualClock:
    """The day before, a Sunday."""
    return VirtualClock(datetime(2023, 2, 5, 2, 0, tzinfo=UTC))


def publish(house: House, body: dict[str, Any]) -> None:
    drafted = house.call("PUT", PATH, body, caller=ONE)
    assert drafted.status == 200, drafted.text
    version = drafted.json["draft"]["version"]
    assert house.call("POST", f"{PATH}/{version}/publication", caller=TWO).status == 200
    house.pump()


def test_a_first_timers_cover_is_issued_without_a_signer(house: House, clock: VirtualClock) -> None:
    # Given a province that from Monday on issues covers by itself
    publish(house, AUTOMATIC)
    clock.now = datetime(2023, 2, 6, 2, 15, tzinfo=UTC)

    # When a first-timer declares and pays
    code = house.declare()
    house.pay(code)
    ran = house.run_cover(code)

    # Then nobody is awaited: the cover is issued and the dossier returned, by the system
    assert ran.path == ("AwaitSigner", "RenderAndSign", "RecordIssue")
    seen = house.dossier(code)
    assert (seen["state"], seen["cover"]["state"]) == ("RESULT_RETURNED", "ISSUED")
    assert seen["due_at"] == "2023-02-08T17:00:00+07:00"
    assert [line["by"] for line in seen["history"]] == ["portal", "accounting", "accounting", "system", "system"]


def test_a_running_dossier_waits_for_its_signer_though_the_province_has_changed(
    house: House, clock: VirtualClock
) -> None:
    # Given a dossier that was opened while signers issued, and a province that issues by itself from the next day on
    code = house.declare()
    publish(house, AUTOMATIC)
    clock.now = datetime(2023, 2, 6, 1, 0, tzinfo=UTC)
    house.pay(code)

    # When its cover is made, then a signer is awaited, and the five days of its own version are promised
    assert "AwaitSigner" in house.run_cover_signed(code).path
    assert house.dossier(code)["due_at"] == "2023-02-13T17:00:00+07:00"
