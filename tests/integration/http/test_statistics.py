"""Statistics: every dossier in one row, moved by the relay, exact however its lines come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.course.clockwork import reach
from chalicelib.domain.course.tally import counted
from chalicelib.domain.events import Act, By
from chalicelib.domain.registration.dossier import Milestone
from chalicelib.storage.transaction import Refused, Transaction
from chalicelib.storage.writes import write_change
from chalicelib.usecases.course.count_dossier import count_dossier
from chalicelib.usecases.registration.view_dossier import read_dossier
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import OFFICER_01, OFFICER_79, OPS, PORTAL, Answer, Api
from tests.integration.http.test_officers import decide, declaration, paid_dossier

DAY = "from=2023-02-06&to=2023-02-06"
NOTHING: dict[str, Any] = {
    "received": 0,
    "on_time": 0,
    "late": 0,
    "in_process": 0,
    "overdue": 0,
    "waiting": {"payment": 0, "supplement": 0, "signer": 0},
    "unpaid": 0,
}


def asked(api: Api, query: str = DAY, caller: dict[str, str] = OFFICER_79) -> Answer:
    return api.call("GET", f"/v1/officer/statistics?{query}", caller=caller)


def total(api: Api, query: str = DAY, caller: dict[str, str] = OFFICER_79) -> dict[str, Any]:
    answer = asked(api, query, caller)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json["total"]
    return found


def officer(api: Api, code: str, what: str, version: int, **body: Any) -> int:
    path = f"/v1/officer/dossiers/{code}/{what}"
    answer = api.call("POST", path, body, caller=OFFICER_79, headers={"If-Match": f'"{version}"'})
    assert answer.status == 200, answer.text
    after: int = answer.json["version"]
    return after


def test_a_dossier_from_its_declaration_to_its_end(api: Api, w: Wiring, clock: StandingClock) -> None:
    code = api.declare(declaration(1)).json["dossier_code"]
    assert total(api) == NOTHING
    assert count_dossier(code, w)
    assert total(api) == {**NOTHING, "waiting": {"payment": 1, "supplement": 0, "signer": 0}}
    clock.moment += timedelta(days=1)
    api.call("POST", f"/v1/dossiers/{code}/withdrawal", {}, caller=PORTAL)
    count_dossier(code, w)
    assert total(api) == {**NOTHING, "unpaid": 1}


def test_who_is_waited_for(api: Api, w: Wiring) -> None:
    signer, supplement, checked, stopped = (paid_dossier(api, number) for number in (1, 2, 3, 4))
    officer(api, supplement, "supplement-request", 3, reason="Thiếu địa chỉ", fields=["email"])
    assert decide(api, f"{checked}-C1").status == 202
    officer(api, stopped, "stop", 3, reason="Chứng từ bị hủy")
    for code in (signer, supplement, checked, stopped):
        assert count_dossier(code, w)
    expected = {
        **NOTHING,
        "received": 4,
        "on_time": 1,
        "in_process": 1,
        "waiting": {"payment": 0, "supplement": 1, "signer": 1},
    }
    answer = asked(api).json
    assert answer["total"] == expected
    assert answer["items"] == [{**expected, "province_code": "79", "day": "2023-02-06"}]


def test_overdue_while_open_and_late_at_its_end(api: Api, w: Wiring, clock: StandingClock) -> None:
    code = paid_dossier(api)
    count_dossier(code, w)
    clock.moment += timedelta(days=30)
    late = reach(read_dossier(code, w).dossier, Milestone.OVERDUE, Act(clock.moment, By.SYSTEM, "deadline"))
    transaction = Transaction()
    write_change(transaction, late)
    transaction.commit(w.table)
    count_dossier(code, w)
    found = total(api)
    assert (found["received"], found["overdue"], found["waiting"]["signer"], found["late"]) == (1, 1, 1, 0)
    officer(api, code, "stop", 4, reason="Chứng từ bị hủy")
    count_dossier(code, w)
    assert total(api) == {**NOTHING, "received": 1, "late": 1}


def test_a_line_that_comes_again_counts_once(api: Api, w: Wiring, table: TableContents) -> None:
    code = paid_dossier(api)
    assert count_dossier(code, w)
    before = table.items()
    assert not count_dossier(code, w)
    assert not count_dossier("000.00.79.G24-230206-9999", w)
    assert table.items() == before


def test_who_is_overtaken_while_counting_counts_nothing_twice(
    api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = paid_dossier(api)
    overtaken: list[bool] = []

    def slow(*given: Any) -> Any:
        if not overtaken:
            overtaken.append(True)
            assert count_dossier(code, w)
        return counted(*given)

    monkeypatch.setattr("chalicelib.usecases.course.count_dossier.counted", slow)
    assert not count_dossier(code, w)
    assert total(api)["received"] == 1


def test_a_count_that_always_loses_comes_again(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    code = paid_dossier(api)

    def refused(transaction: Transaction, table: Any) -> None:
        raise Refused({"tally": None})

    monkeypatch.setattr(Transaction, "commit", refused)
    with pytest.raises(Exception, match="STORAGE_BUSY"):
        count_dossier(code, w)


def test_officers_see_the_own_provinces_and_operators_all(api: Api, w: Wiring) -> None:
    for number, province in ((1, "79"), (2, "01")):
        count_dossier(paid_dossier(api, number, province), w)
    assert total(api)["received"] == 1
    assert [item["province_code"] for item in asked(api, caller=OPS).json["items"]] == ["01", "79"]
    assert asked(api, caller=PORTAL).status == 403
    other = asked(api, f"{DAY}&province=79", OFFICER_01)
    assert (other.status, other.json["code"]) == (403, "PROVINCE_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("query", "first", "last"),
    (
        ("", "2023-01-31", "2023-02-06"),
        ("from=2023-01-01", "2023-01-01", "2023-01-07"),
        ("to=2023-01-31", "2023-01-25", "2023-01-31"),
        ("from=2023-01-01&to=2023-04-02", "2023-01-01", "2023-04-02"),
    ),
)
def test_periods(api: Api, query: str, first: str, last: str) -> None:
    answer = asked(api, query).json
    assert (answer["first_day"], answer["last_day"]) == (first, last)


@pytest.mark.parametrize(
    ("query", "fault"),
    (
        ("from=2023-01-01&to=2023-04-03", ("to", "PERIOD_TOO_LONG")),
        ("from=2023-02-07&to=2023-02-06", ("from", "PERIOD_INVALID")),
        ("from=0001-01-01&to=0001-01-01&x=1", ("x", "UNKNOWN_FIELD")),
        ("to=0001-01-02", ("to", "PERIOD_INVALID")),
        ("from=9999-12-30", ("from", "PERIOD_INVALID")),
    ),
)
def test_periods_that_are_none(api: Api, query: str, fault: tuple[str, str]) -> None:
    answer = asked(api, query)
    assert (answer.status, answer.codes) == (422, [fault])


def test_a_period_is_one_read_for_each_province(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        count_dossier(paid_dossier(api, number), w)
    client, reads = w.table.client, []
    original = client.query

    def read(**given: Any) -> Any:
        reads.append(given["TableName"])
        return original(**given)

    monkeypatch.setattr(client, "query", read)
    assert total(api, "from=2023-01-01&to=2023-04-02")["received"] == 3
    assert len(reads) == 1
