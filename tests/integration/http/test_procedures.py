"""A province's own procedure over HTTP: drafted, looked at, published by a second person, kept by running dossiers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from chalicelib.domain.events import first_broken_line
from chalicelib.domain.months import VIETNAM
from chalicelib.storage import keys
from chalicelib.storage.items.audit import audit_from
from chalicelib.storage.items.dossiers import dossier_from
from chalicelib.storage.transaction import Transaction
from chalicelib.usecases.configuration import publish_procedure, publish_rules
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import (
    OFFICER_01,
    OFFICER_79,
    OPS,
    PORTAL,
    SIGNER_79,
    Answer,
    Api,
    declared_in,
    without,
)
from tests.integration.http.vouchers import deliver, voucher_for

ONE = {"sub": "publisher-a", "role": "publisher", "provinces": "79"}
TWO = {"sub": "publisher-b", "role": "publisher", "provinces": "79"}
OF_01 = {"sub": "publisher-01", "role": "publisher", "provinces": "01"}
PATH = "/v1/officer/provinces/79/procedure"

STEPS: list[dict[str, Any]] = [
    {"step_code": "THAM_DINH", "role": "officer", "limit": 8, "limit_unit": "HOURS", "can_request_supplement": True},
    {"step_code": "KY_CAP", "role": "signer", "unit": "Ban Giám đốc", "limit": 1, "limit_unit": "WORKING_DAYS"},
]
STEPS[-1]["signs"] = True
THREE_DAYS: dict[str, Any] = {
    "effective_from": "2023-01-09",
    "source": "Quyết định của Giám đốc",
    "reason": "Rút ngắn thời gian giải quyết",
    "limit_working_days": 3,
    "reminder_working_days": 1,
    "steps": STEPS,
}


@pytest.fixture(autouse=True)
def _january(clock: StandingClock) -> None:
    clock.moment = moment(3, 9)


@dataclass(frozen=True)
class Opened:
    """A dossier, with what was declared and the number of its person."""

    answer: dict[str, Any]
    declared: dict[str, Any]
    number: int

    @property
    def code(self) -> str:
        return str(self.answer["dossier_code"])


def moment(day: int, hour: int, month: int = 1) -> datetime:
    return datetime(2023, month, day, hour, 0, tzinfo=VIETNAM)


def draft(api: Api, *, caller: Any = ONE, query: str = "", if_match: int | None = None, **changes: Any) -> Answer:
    headers = {} if if_match is None else {"If-Match": f'"{if_match}"'}
    return api.call("PUT", PATH + query, {**THREE_DAYS, **changes}, caller=caller, headers=headers)


def publish(api: Api, version: int, *, caller: Any = TWO, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.call("POST", f"{PATH}/{version}/publication", caller=caller, headers=named)


def restore(api: Api, version: int, effective_from: str, *, caller: Any = ONE, **headers: str) -> Answer:
    body = {"effective_from": effective_from, "reason": "Trở lại như trước"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.call("POST", f"{PATH}/{version}/restoration", body, caller=caller, headers=named)


def published(api: Api, **changes: Any) -> int:
    """Draft and publish; gives the version."""
    answer = draft(api, **changes)
    assert answer.status == 200, answer.text
    version: int = answer.json["draft"]["version"]
    done = publish(api, version)
    assert done.status == 200, done.text
    return version


def shown(api: Api, caller: Any = OFFICER_79) -> Any:
    answer = api.call("GET", PATH, caller=caller)
    assert answer.status == 200, answer.text
    return answer.json


def opened(api: Api, number: int, province: str = "79") -> Opened:
    """Register somebody of a province."""
    declared = declared_in(province, personal_id=f"079185{number:06d}", national_code=None)
    answer = api.declare(declared, key=f"key-{number}")
    assert answer.status == 201, answer.text
    return Opened(answer.json, declared, number)


def pay(opened: Opened, at: datetime) -> None:
    receipt = {"symbol": "BH23/E", "number": f"{opened.number:07d}", "date": at.date().isoformat()}
    numbered = {"voucher_id": f"KT-{opened.number}", "receipt": receipt}
    deliver({**voucher_for(opened.answer, opened.declared, at.isoformat()), **numbered})


def due(api: Api, opened: Opened) -> str:
    answer = api.call("GET", f"/v1/dossiers/{opened.code}", caller=PORTAL)
    found: str = answer.json["due_at"]
    return found


def test_a_province_without_its_own_shows_the_national_default(api: Api) -> None:
    answer = api.call("GET", PATH, caller=OFFICER_79)
    assert (answer.status, answer.json["latest_version"], answer.headers.get("ETag")) == (200, 0, None)
    in_force = answer.json["in_force"]
    assert (in_force["version"], in_force["limit_working_days"], in_force["payment_hours"]) == (None, 5, 24)
    assert [step["step_code"] for step in in_force["steps"]] == ["TIEP_NHAN", "THAM_DINH", "KY_CAP"]
    assert (answer.json["upcoming"], answer.json["draft"], answer.json["versions"]) == ([], None, [])


def test_a11_tet_and_province_limits(api: Api, clock: StandingClock) -> None:
    # given 79 = 3 working days from 09/01/2023 and 01 = 5, the national default
    assert published(api) == 1

    # when both receive on Tue 17/01/2023 10:00
    clock.moment = moment(17, 9)
    of_79, of_01 = opened(api, 1), opened(api, 2, "01")
    clock.moment = moment(17, 10)
    pay(of_79, clock.moment)
    pay(of_01, clock.moment)

    # then they are due on 27/01/2023 (18, 19, 27) and 31/01/2023
    found = api.call("GET", f"/v1/dossiers/{of_79.code}", caller=PORTAL).json
    assert found["due_at"] == "2023-01-27T17:00:00+07:00"
    assert [day["date"] for day in found["due_derivation"] if day["counted"]] == [
        "2023-01-18",
        "2023-01-19",
        "2023-01-27",
    ]
    assert due(api, of_01) == "2023-01-31T17:00:00+07:00"

    # when 79 changes to 2 days effective 01/02/2023
    waiting = opened(api, 3)
    assert published(api, effective_from="2023-02-01", limit_working_days=2) == 2

    # then the January dossiers keep 3, one that is paid in February too, and new ones get 2
    clock.moment = moment(1, 9, month=2)
    assert due(api, of_79) == "2023-01-27T17:00:00+07:00"
    new = opened(api, 4)
    clock.moment = moment(1, 10, month=2)
    pay(waiting, clock.moment)
    pay(new, clock.moment)
    assert due(api, waiting) == "2023-02-06T17:00:00+07:00"
    assert due(api, new) == "2023-02-03T17:00:00+07:00"


def test_a_dossier_pins_the_version_that_holds_on_its_day(api: Api, clock: StandingClock, w: Wiring) -> None:
    published(api, automatic_issue=True, steps=[STEPS[0], {**STEPS[1], "role": "system"}])
    pinned = []
    for number, day in enumerate((8, 9), start=1):
        clock.moment = moment(day, 23)
        stored = w.table.get(keys.dossier(opened(api, number).code))
        assert stored is not None
        pinned.append(dossier_from(stored).procedure)
    before, after = pinned
    assert (before.version, before.limit_working_days, before.automatic_issue) == ("quoc-gia-1", 5, False)
    assert (after.version, after.limit_working_days, after.automatic_issue) == ("79-1", 3, True)
    assert [(step.step_code, step.unit) for step in after.steps] == [("THAM_DINH", None), ("KY_CAP", "Ban Giám đốc")]
    assert after.may_request_supplement("officer")


def test_what_holds_what_will_and_what_was(api: Api, clock: StandingClock) -> None:
    published(api)
    published(api, effective_from="2023-02-01", limit_working_days=2)
    draft(api, effective_from="2023-03-01", limit_working_days=4)
    draft(api, effective_from="2023-03-02", limit_working_days=4, if_match=3)
    clock.moment = moment(10, 9)
    found = shown(api)
    assert found["in_force"]["version"] == 1
    assert [each["version"] for each in found["upcoming"]] == [2]
    assert (found["draft"]["version"], found["draft"]["effective_from"]) == (4, "2023-03-02")
    history = [(each["version"], each["state"], each["drafted_by"], each["published_by"]) for each in found["versions"]]
    assert history == [
        (4, "DRAFT", "publisher-a", None),
        (3, "REPLACED", "publisher-a", None),
        (2, "PUBLISHED", "publisher-a", "publisher-b"),
        (1, "PUBLISHED", "publisher-a", "publisher-b"),
    ]
    assert found["versions"][-1]["reason"] == "Rút ngắn thời gian giải quyết"
    assert found["versions"][-1]["published_at"] == "2023-01-03T09:00:00+07:00"
    assert shown(api, OPS) == found


def test_a_dry_run_shows_the_impact_and_stores_nothing(api: Api, clock: StandingClock, table: TableContents) -> None:
    pay(opened(api, 1), clock.moment)
    opened(api, 2)
    before = table.items()
    answer = draft(api, query="?dry_run=true", effective_from="2023-01-17")
    assert (answer.status, answer.json["draft"], answer.headers.get("ETag")) == (200, None, None)
    impact = answer.json["impact"]
    assert impact["open_dossiers"] == 2
    assert impact["open_due"] == [{"due_on": "2023-01-10", "dossiers": 1}, {"due_on": None, "dossiers": 1}]
    assert impact["new_dossiers"][0] == {
        "received_at": "2023-01-17T10:00:00+07:00",
        "due_before": "2023-01-31T17:00:00+07:00",
        "due_after": "2023-01-27T17:00:00+07:00",
    }
    assert len(impact["new_dossiers"]) == 14
    assert table.items() == before


def test_the_preview_knows_what_is_published_already(api: Api) -> None:
    published(api, effective_from="2023-01-18", limit_working_days=2)
    impact = draft(api, query="?dry_run=true", effective_from="2023-01-17").json["impact"]
    seventeenth, eighteenth = impact["new_dossiers"][:2]
    assert seventeenth["due_after"] == "2023-01-27T17:00:00+07:00"
    assert eighteenth["due_before"] == eighteenth["due_after"] == "2023-01-27T17:00:00+07:00"


def test_the_preview_counts_what_a_merged_province_has_left(api: Api, clock: StandingClock) -> None:
    # given a dossier of 74, Bình Dương, which 79 works on from 01/07/2025
    clock.moment = datetime(2025, 6, 27, 9, 0, tzinfo=VIETNAM)
    assert api.declare(declared_in("74", from_month="2025-07")).status == 201
    assert draft(api, query="?dry_run=true", effective_from="2025-08-01").json["impact"]["open_dossiers"] == 0
    clock.moment = datetime(2025, 7, 2, 9, 0, tzinfo=VIETNAM)
    assert draft(api, query="?dry_run=true", effective_from="2025-08-01").json["impact"]["open_dossiers"] == 1


def test_days_of_a_year_without_a_calendar_have_no_due_date(api: Api) -> None:
    impact = draft(api, query="?dry_run=true", effective_from="2026-12-24").json["impact"]
    assert impact["new_dossiers"][0]["due_after"] == "2026-12-29T17:00:00+07:00"
    assert impact["new_dossiers"][-1]["due_after"] is None


def test_a_draft_is_published_by_a_second_person_once(api: Api) -> None:
    answer = draft(api)
    assert (answer.headers["ETag"], answer.json["draft"]["state"]) == ('"1"', "DRAFT")
    refused = publish(api, 1, caller=ONE)
    assert (refused.status, refused.json["code"]) == (403, "SECOND_PERSON_REQUIRED")
    assert publish(api, 1, If_Match='"2"').json["code"] == "VERSION_CONFLICT"
    first = publish(api, 1, Idempotency_Key="once", If_Match='"1"')
    assert (first.status, first.json["state"], first.headers["ETag"]) == (200, "PUBLISHED", '"1"')
    again = publish(api, 1, Idempotency_Key="once", If_Match='"1"')
    assert (again.status, again.text, again.headers["Idempotent-Replayed"]) == (200, first.text, "true")
    assert (publish(api, 1).status, publish(api, 1).json["code"]) == (409, "INVALID_TRANSITION")
    assert publish(api, 2).json["code"] == publish(api, 0).json["code"] == "PROCEDURE_DRAFT_NOT_FOUND"
    assert api.call("POST", f"{PATH}/x/publication", caller=TWO).json["code"] == "PROCEDURE_DRAFT_NOT_FOUND"


def test_a_new_draft_takes_the_place_of_the_one_that_was_seen(api: Api) -> None:
    draft(api)
    assert (draft(api).status, draft(api).json["code"]) == (428, "IF_MATCH_REQUIRED")
    stale = draft(api, if_match=7)
    assert (stale.status, stale.json["code"], stale.json["version"]) == (412, "VERSION_CONFLICT", 1)
    assert draft(api, if_match=1).json["draft"]["version"] == 2
    # What was looked at is not what would be published.
    assert publish(api, 1).json["code"] == "INVALID_TRANSITION"
    assert publish(api, 2).status == 200
    assert draft(api, if_match=1).json["code"] == "VERSION_CONFLICT"
    assert draft(api, if_match=2).status == 200


def test_an_earlier_version_comes_back_as_a_new_one(api: Api, clock: StandingClock) -> None:
    published(api)
    published(api, effective_from="2023-02-01", limit_working_days=2)
    answer = restore(api, 1, "2023-02-06", Idempotency_Key="back")
    assert (answer.status, answer.headers["ETag"]) == (201, '"3"')
    made = answer.json["draft"]
    assert (made["restores"], made["limit_working_days"], made["effective_from"]) == (1, 3, "2023-02-06")
    assert answer.json["impact"]["new_dossiers"][0]["due_before"] == "2023-02-08T17:00:00+07:00"
    assert restore(api, 1, "2023-02-06", Idempotency_Key="back").headers["Idempotent-Replayed"] == "true"
    assert restore(api, 1, "2023-02-06").json["code"] == "IF_MATCH_REQUIRED"
    assert restore(api, 1, "2023-01-03", If_Match='"3"').json["code"] == "EFFECTIVE_NOT_IN_FUTURE"
    assert publish(api, 3, caller=ONE).json["code"] == "SECOND_PERSON_REQUIRED"
    assert publish(api, 3).status == 200
    clock.moment = moment(6, 9, month=2)
    assert shown(api)["in_force"]["limit_working_days"] == 3
    assert restore(api, 4, "2023-03-01").json["code"] == "PROCEDURE_VERSION_NOT_FOUND"
    draft(api, effective_from="2023-03-01")
    # A draft was never in force: there is nothing to come back to.
    assert restore(api, 4, "2023-03-01", If_Match='"4"').json["code"] == "PROCEDURE_VERSION_NOT_FOUND"


def test_every_fault_is_told_at_once(api: Api) -> None:
    bad_steps = [
        {**STEPS[1], "role": "system"},
        {**STEPS[1], "role": "system", "limit": 0, "can_request_supplement": True},
    ]
    answer = draft(
        api,
        effective_from="2023-01-03",
        limit_working_days=6,
        reminder_working_days=6,
        auto_accept=False,
        steps=bad_steps,
    )
    assert (answer.status, answer.codes) == (
        422,
        [
            ("effective_from", "EFFECTIVE_NOT_IN_FUTURE"),
            ("limit_working_days", "LIMIT_ABOVE_NATIONAL_MAX"),
            ("reminder_working_days", "REMINDER_NOT_BELOW_LIMIT"),
            ("steps[0].role", "STEP_NEEDS_PERSON"),
            ("steps[0].role", "SIGNING_ROLE_INVALID"),
            ("steps[1].step_code", "STEP_REPEATED"),
            ("steps[1].limit", "STEP_LIMIT_TOO_SHORT"),
            ("steps[1]", "STEP_UNREACHABLE"),
            ("steps[1].role", "SIGNING_ROLE_INVALID"),
            ("steps[1].can_request_supplement", "STEP_NEEDS_PERSON"),
        ],
    )
    assert api.call("PUT", PATH, {**without(THREE_DAYS, "steps"), "x": 1}, caller=ONE).codes == [
        ("steps", "REQUIRED"),
        ("x", "UNKNOWN_FIELD"),
    ]


def test_the_national_maximum_is_lifted_without_a_deploy(
    api: Api, monkeypatch: pytest.MonkeyPatch, clock: StandingClock
) -> None:
    monkeypatch.setattr(publish_rules, "CACHE_SECONDS", 0)
    row = {
        "from": "2023-01-09",
        "to": None,
        "value": {"working_days": 7, "hours_a_day": 8},
        "source": "Công văn của VSS",
    }
    rules = "/v1/officer/rules/procedure_maximum"
    drafted = api.call("PUT", rules, {"rows": [row], "reason": "Công văn mới"}, caller=ONE)
    assert drafted.status == 200, drafted.text
    assert api.call("POST", f"{rules}/1/publication", caller=TWO).status == 200
    assert draft(api, limit_working_days=6, effective_from="2023-01-08").json["code"] == "LIMIT_ABOVE_NATIONAL_MAX"
    assert draft(api, limit_working_days=6).status == 200


def test_a_draft_whose_day_has_come_is_not_published_any_more(api: Api, clock: StandingClock) -> None:
    draft(api)
    clock.moment = moment(9, 0)
    assert publish(api, 1).json["code"] == "EFFECTIVE_NOT_IN_FUTURE"


def test_only_publishers_of_the_province_draft_and_only_its_officers_look(api: Api) -> None:
    assert draft(api, caller=OFFICER_79).json["code"] == "ROLE_NOT_ALLOWED"
    assert draft(api, caller=OF_01).json["code"] == "PROVINCE_NOT_ALLOWED"
    draft(api)
    assert publish(api, 1, caller=OF_01).json["code"] == "PROVINCE_NOT_ALLOWED"
    assert restore(api, 1, "2023-03-01", caller=OF_01).json["code"] == "PROVINCE_NOT_ALLOWED"
    refused = api.call("GET", PATH, caller=OFFICER_01)
    assert (refused.status, refused.json["code"]) == (403, "PROVINCE_NOT_ALLOWED")
    assert api.call("GET", PATH, caller=PORTAL).json["code"] == "ROLE_NOT_ALLOWED"
    assert api.call("GET", PATH.replace("79", "00"), caller=OPS).json["code"] == "PROVINCE_NOT_FOUND"


def test_a_province_that_is_merged_by_then_has_no_procedure(api: Api) -> None:
    caller = {**ONE, "provinces": "74"}
    body = {**THREE_DAYS, "effective_from": "2025-07-01"}
    answer = api.call("PUT", PATH.replace("79", "74"), body, caller=caller)
    assert answer.codes == [("effective_from", "PROVINCE_NOT_VALID")]


def test_the_trail_of_a_province_is_one_chain(api: Api, w: Wiring) -> None:
    published(api)
    draft(api, effective_from="2023-02-01")
    lines = [audit_from(item) for item in w.table.query(keys.province_partition("79"), keys.AUDIT)]
    assert [(line.event.value, line.actor, line.subject) for line in lines] == [
        ("PROCEDURE_DRAFTED", "publisher-a", "79#1"),
        ("PROCEDURE_PUBLISHED", "publisher-b", "79#1"),
        ("PROCEDURE_DRAFTED", "publisher-a", "79#2"),
    ]
    head = w.table.get(keys.procedures("79"))
    assert head is not None
    assert first_broken_line(lines, str(head["audit_hash"])) is None


def test_two_signers_decide_where_the_province_wants_two(api: Api, clock: StandingClock, w: Wiring) -> None:
    # given a province whose signing step needs two persons, and a paid first-timer
    published(api, steps=[STEPS[0], {**STEPS[1], "needs_two_person": True}])
    clock.moment = moment(9, 9)
    dossier = opened(api, 1)
    pay(dossier, clock.moment)
    path = f"/v1/officer/covers/{dossier.code}-C1/issue"

    def issue(who: Any, version: int) -> Answer:
        return api.call("POST", path, caller=who, headers={"If-Match": f'"{version}"'})

    # when the first decides, then the cover waits for the second, who must be another person
    first = issue(SIGNER_79, 1)
    assert (first.status, first.json["state"], first.json["version"]) == (202, "DATA_CREATED", 2)
    assert issue({**SIGNER_79, "sub": "signer-79-b"}, 1).json["code"] == "VERSION_CONFLICT"
    again = issue(SIGNER_79, 2)
    assert (again.status, again.json["code"]) == (403, "SECOND_PERSON_REQUIRED")
    second = issue({**SIGNER_79, "sub": "signer-79-b"}, 2)
    assert (second.status, second.json["state"], second.json["version"]) == (202, "CHECKED", 3)

    # and both stand in the trail
    lines = [audit_from(item) for item in w.table.query(keys.dossier_partition(dossier.code), keys.AUDIT)]
    assert [(line.event.value, line.actor) for line in lines[-2:]] == [
        ("COVER_PROPOSED", "signer-79"),
        ("COVER_CHECKED", "signer-79-b"),
    ]


def test_of_two_that_publish_at_the_same_moment_one_wins(api: Api, monkeypatch: pytest.MonkeyPatch, w: Wiring) -> None:
    draft(api)
    other = {**TWO, "sub": "publisher-c"}
    write, answers = publish_procedure._written, []

    def interrupted(*arguments: Any) -> Transaction:
        # Between what the first read and what it writes, the other is done.
        monkeypatch.setattr(publish_procedure, "_written", write)
        answers.append(publish(api, 1, caller=other))
        return write(*arguments)

    monkeypatch.setattr(publish_procedure, "_written", interrupted)
    lost = publish(api, 1)
    assert (answers[0].status, lost.status, lost.json["code"]) == (200, 409, "INVALID_TRANSITION")
    assert shown(api)["versions"][0]["published_by"] == "publisher-c"


def test_of_two_that_draft_at_the_same_moment_one_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    write = publish_procedure._written

    def interrupted(*arguments: Any) -> Transaction:
        monkeypatch.setattr(publish_procedure, "_written", write)
        assert draft(api, caller=TWO).status == 200
        return write(*arguments)

    monkeypatch.setattr(publish_procedure, "_written", interrupted)
    lost = draft(api)
    assert (lost.status, lost.json["code"], lost.json["version"]) == (428, "IF_MATCH_REQUIRED", 1)
    assert shown(api)["draft"]["drafted_by"] == "publisher-b"


def test_a_registration_needs_no_further_read(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    published(api)
    # The first value of all makes the data key that seals, and the law is read.
    opened(api, 2)
    batches: list[int] = []
    read = w.table.client.batch_get_item

    def counted(**arguments: Any) -> Any:
        (asked,) = arguments["RequestItems"].values()
        batches.append(len(asked["Keys"]))
        return read(**arguments)

    for other in ("get_item", "query"):
        monkeypatch.setattr(w.table.client, other, None)
    monkeypatch.setattr(w.table.client, "batch_get_item", counted)
    opened(api, 1)
    assert len(batches) == 1
