"""A province changes its procedure on the running system: scenario A11, from a run of its own whose clock is 2023."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.client import LocalClient

from .harness import LocalRun
from .outside import Outside, Subscription, person, refused

PATH = "/v1/officer/provinces/79/procedure"

THREE_DAYS: dict[str, Any] = {
    "effective_from": "2023-01-09",
    "source": "Quyết định của Giám đốc BHXH Thành phố Hồ Chí Minh",
    "reason": "Rút ngắn thời gian giải quyết",
    "limit_working_days": 3,
    "reminder_working_days": 1,
    "steps": [
        {
            "step_code": "THAM_DINH",
            "role": "officer",
            "limit": 8,
            "limit_unit": "HOURS",
            "can_request_supplement": True,
        },
        {"step_code": "KY_CAP", "role": "signer", "limit": 1, "limit_unit": "WORKING_DAYS", "signs": True},
    ],
}


@pytest.fixture(scope="module")
def own_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """The deployed system for this file alone: what is published here would move the due dates of other scenarios."""
    run = LocalRun(tmp_path_factory.mktemp("procedures")).start()
    yield run
    run.stop()


@pytest.fixture
def there(own_run: LocalRun) -> Outside:
    client = own_run.client
    return Outside(client, Subscription(client, client.endpoints["status_queue_url"]))


def publish(client: LocalClient, **changes: Any) -> int:
    """One publisher drafts, the other publishes; gives the version."""
    latest = client.call("GET", PATH, who="officer_79").body["latest_version"]
    headers = {"If-Match": f'"{latest}"'} if latest else {}
    drafted = client.call("PUT", PATH, {**THREE_DAYS, **changes}, who="publisher_79", headers=headers)
    assert drafted.status == 200, drafted.body
    version: int = drafted.body["draft"]["version"]
    alone = client.call("POST", f"{PATH}/{version}/publication", who="publisher_79")
    refused(alone, 403, "SECOND_PERSON_REQUIRED")
    done = client.call("POST", f"{PATH}/{version}/publication", who="publisher2_79")
    assert (done.status, done.body["state"]) == (200, "PUBLISHED"), done.body
    return version


def test_a11_tet_and_province_limits(there: Outside, serials: Iterator[int]) -> None:
    # given 79 = 3 working days, published before it takes effect, and 01 = 5, the national default
    client = there.client
    client.set_clock("2023-01-03T09:00:00+07:00")
    preview = client.call(
        "PUT", f"{PATH}?dry_run=true", {**THREE_DAYS, "effective_from": "2023-01-17"}, who="publisher_79"
    )
    assert preview.body["impact"]["new_dossiers"][0] == {
        "received_at": "2023-01-17T10:00:00+07:00",
        "due_before": "2023-01-31T17:00:00+07:00",
        "due_after": "2023-01-27T17:00:00+07:00",
    }
    assert publish(client) == 1

    # when both receive on Tue 17/01/2023 10:00
    client.set_clock("2023-01-17T09:55:00+07:00")
    of_79, of_01 = person(next(serials)), person(next(serials), province="01")
    opened = [(declaration, there.declare(declaration)) for declaration in (of_79, of_01)]
    client.set_clock("2023-01-17T10:00:00+07:00")
    paid = [there.pay(declaration, dossier, "2023-01-17T10:00:00+07:00") for declaration, dossier in opened]

    # then 79 is due on 27/01/2023 (18, 19, 27), 01 on 31/01/2023
    assert [dossier["due_at"] for dossier in paid] == ["2023-01-27T17:00:00+07:00", "2023-01-31T17:00:00+07:00"]
    counted = [day["date"] for day in paid[0]["due_derivation"] if day["counted"]]
    assert counted == ["2023-01-18", "2023-01-19", "2023-01-27"]

    # when 79 changes to 2 days effective 01/02/2023
    refused(
        client.call("PUT", PATH, {**THREE_DAYS, "effective_from": "2023-01-17"}, who="publisher_79"),
        422,
        "EFFECTIVE_NOT_IN_FUTURE",
    )
    assert publish(client, effective_from="2023-02-01", limit_working_days=2) == 2

    # then the January dossier keeps 3, and a February one gets 2
    client.set_clock("2023-02-01T10:00:00+07:00")
    assert client.dossier(paid[0]["dossier_code"])["due_at"] == "2023-01-27T17:00:00+07:00"
    declaration = person(next(serials))
    late = there.pay(declaration, there.declare(declaration), "2023-02-01T10:00:00+07:00")
    assert late["due_at"] == "2023-02-03T17:00:00+07:00"
    shown = client.call("GET", PATH, who="officer_79").body
    assert (shown["in_force"]["version"], [each["version"] for each in shown["versions"]]) == (2, [2, 1])
    refused(client.call("GET", PATH, who="officer_01"), 403, "PROVINCE_NOT_ALLOWED")


def test_covers_are_issued_without_a_signer_where_the_province_says_so(there: Outside, serial: int) -> None:
    # given a province whose procedure issues by itself from 06/03/2023
    client = there.client
    client.set_clock("2023-03-03T09:00:00+07:00")
    by_itself = [{"step_code": "CAP_TU_DONG", "role": "system", "limit": 1, "limit_unit": "HOURS", "signs": True}]
    publish(client, effective_from="2023-03-06", automatic_issue=True, steps=by_itself)

    # when a first-timer pays, then the cover comes and the dossier is returned, and no officer did anything
    client.set_clock("2023-03-06T09:15:00+07:00")
    declaration = person(serial, from_month="2023-03")
    opened = there.declare(declaration)
    there.pay(declaration, opened, "2023-03-06T09:15:22+07:00")
    done = client.wait_for_state(opened["dossier_code"], "RESULT_RETURNED")
    assert done["cover"]["state"] == "ISSUED"
    assert {line["by"] for line in done["history"]} == {"portal", "accounting", "system"}
    link = client.call("GET", f"/v1/dossiers/{opened['dossier_code']}/cover", who="portal")
    assert link.status == 200
