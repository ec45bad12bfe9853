"""What is held about a person: for an officer of the province, by number in the body, written into the view log."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.access import Caller
from chalicelib.domain.errors import Unavailable
from chalicelib.storage import keys
from chalicelib.usecases.people import report_person as module
from chalicelib.wiring import Wiring
from tests.integration.http.harness import DECLARATION, OFFICER_01, OFFICER_79, OPS, PORTAL, Answer, Api, declared_in
from tests.integration.http.vouchers import pay

REPORT = "/v1/officer/people/report"
ASKED = {
    "personal_id": DECLARATION["personal_id"],
    "reason": "Đơn số 12/2026",
    "received_at": "2026-02-13T09:00:00+07:00",
}
CODE = "000.00.79.G24-230206-0001"


def report(api: Api, caller: dict[str, str] = OFFICER_79, **changes: Any) -> Answer:
    return api.call("POST", REPORT, {**ASKED, **changes}, caller=caller)


@pytest.fixture(name="paid")
def _paid(api: Api) -> None:
    pay(api.declare().json, DECLARATION)


def test_everything_and_by_when_it_is_to_be_answered(api: Api, w: Wiring, paid: None) -> None:
    told = report(api)
    assert told.status == 200, told.text
    assert told.json["due"] == {
        "first_answer_by": "2026-02-24T17:00:00+07:00",
        "final_answer_by": "2026-02-24T17:00:00+07:00",
        "extended_until": "2026-03-11T17:00:00+07:00",
    }
    (dossier,) = told.json["dossiers"]
    assert (dossier["dossier_code"], dossier["full_name"], dossier["phone"]) == (CODE, "Nguyễn Thị Hòa", "0912345678")
    assert dossier["address"] == "12 Lê Lợi, 26734, 760, 79"
    assert (len(told.json["participation"]), told.json["supported_months"]) == (1, 1)
    assert told.json["si_number"].startswith("79")
    assert told.json["dossiers_elsewhere"] == 0
    # The citizen reads that, and why.
    (view,) = api.call("GET", dossier["views"], caller=PORTAL).json["items"]
    assert (view["what"], view["reason"], view["role"]) == ("PERSON", "Đơn số 12/2026", "officer")


def test_a_province_answers_for_its_own_dossiers(api: Api, w: Wiring, paid: None) -> None:
    moved = declared_in("01", from_month="2023-03", national_code=None)
    opened = api.declare(moved, key="moved")
    assert opened.status == 201, opened.text
    for caller, province in ((OFFICER_79, "79"), (OFFICER_01, "01")):
        told = report(api, caller).json
        assert [each["province_code"] for each in told["dossiers"]] == [province]
        assert told["dossiers_elsewhere"] == 1
    assert [item["SK"] for item in w.table.query(keys.views_partition(CODE))] == ["VIEW#00000001"]


def test_nobody_learns_whom_the_system_knows(api: Api, paid: None) -> None:
    known, unknown = report(api, OFFICER_01), report(api, OFFICER_01, personal_id="079185099999")
    assert (known.status, known.json["code"]) == (404, "PERSON_NOT_FOUND")
    assert {**unknown.json, "trace_id": ""} == {**known.json, "trace_id": ""}
    for caller in (OPS, PORTAL):
        assert report(api, caller).json["code"] == "ROLE_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    (
        ({"personal_id": "07918501234"}, "personal_id", "INVALID_VALUE"),
        ({"reason": ""}, "reason", "INVALID_VALUE"),
        ({"kind": "DELETION"}, "kind", "INVALID_VALUE"),
        ({"received_at": "yesterday"}, "received_at", "INVALID_VALUE"),
        ({"name": "x"}, "name", "UNKNOWN_FIELD"),
    ),
)
def test_what_is_not_asked_for_well(api: Api, changes: dict[str, Any], field: str, code: str) -> None:
    answer = report(api, **changes)
    assert (answer.status, answer.codes) == (422, [(field, code)])


def test_before_the_duty_began(api: Api, paid: None) -> None:
    assert report(api, received_at=None).json["code"] == "ANSWER_TIMES_NOT_CONFIGURED"


def test_what_cannot_be_written_down_is_not_shown(api: Api, paid: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(code: str, look: Any, caller: Caller, w: Wiring) -> None:
        raise Unavailable("STORAGE_BUSY", "bận")

    monkeypatch.setattr(module, "log_view", lost)
    assert report(api).status == 503
