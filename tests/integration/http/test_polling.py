"""A portal that polls: the ETag of the last answer, and 304 while nothing has changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.course.clockwork import reach
from chalicelib.domain.events import Act, By
from chalicelib.domain.registration.dossier import Milestone
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.writes import write_change
from chalicelib.usecases.registration.view_dossier import read_dossier
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock
from tests.integration.http.harness import OFFICER_01, OFFICER_79, OTHER_PORTAL, PORTAL, Answer, Api
from tests.integration.http.test_officers import decide, paid_dossier


def poll(api: Api, code: str, tag: str, caller: dict[str, str] = PORTAL) -> Answer:
    return api.call("GET", f"/v1/dossiers/{code}", caller=caller, headers={"If-None-Match": tag})


def test_unchanged_is_told_without_a_body_until_something_happens(api: Api) -> None:
    code = paid_dossier(api)
    tag = api.call("GET", f"/v1/dossiers/{code}", caller=PORTAL).headers["ETag"]
    for caller in (PORTAL, OFFICER_79):
        same = poll(api, code, tag, caller)
        assert (same.status, same.text, same.headers["ETag"]) == (304, "", tag)
        assert "Content-Type" not in same.headers
    assert decide(api, f"{code}-C1").status == 202
    other = poll(api, code, tag)
    assert (other.status, other.headers["ETag"], other.json["cover"]["state"]) == (200, '"4"', "CHECKED")


@pytest.mark.parametrize(
    ("tag", "status"),
    (('"3"', 304), ('W/"3"', 304), ('"1", "3"', 304), ('"2"', 200), ("*", 200), ("3", 200), ('"x"', 200), ("", 200)),
)
def test_tags(api: Api, tag: str, status: int) -> None:
    assert poll(api, paid_dossier(api), tag).status == status


def test_a_list_of_tags_ends_somewhere(api: Api) -> None:
    answer = poll(api, paid_dossier(api), '"1",' * 300)
    assert (answer.status, answer.codes) == (422, [("If-None-Match", "IF_NONE_MATCH_INVALID")])


@pytest.mark.parametrize(
    ("caller", "code"), ((OTHER_PORTAL, "DOSSIER_NOT_ALLOWED"), (OFFICER_01, "PROVINCE_NOT_ALLOWED"))
)
def test_a_tag_shows_nothing_to_who_may_not_look(api: Api, caller: dict[str, str], code: str) -> None:
    answer = poll(api, paid_dossier(api), '"3"', caller)
    assert (answer.status, answer.json["code"]) == (403, code)


@pytest.mark.parametrize("code", ("000.00.79.G24-230206-9999", "x" * 64))
def test_what_is_not_there_is_not_unchanged(api: Api, code: str) -> None:
    assert poll(api, code, '"1"').status == 404


def test_what_time_alone_changes_is_shown(api: Api, w: Wiring, clock: StandingClock) -> None:
    """Overdue from the due moment on, whether or not the clock of the deadline has marked it yet."""
    code = paid_dossier(api)
    clock.moment += timedelta(days=30)
    late = poll(api, code, '"3"')
    assert (late.status, late.json["overdue"]) == (200, True)
    marked = reach(read_dossier(code, w).dossier, Milestone.OVERDUE, Act(clock.moment, By.SYSTEM, "deadline"))
    transaction = Transaction()
    write_change(transaction, marked)
    transaction.commit(w.table)
    assert poll(api, code, '"4"').status == 304


def test_a_poll_reads_one_item(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    code = paid_dossier(api)

    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("the whole partition was read")

    monkeypatch.setattr(type(w.table), "query", refused)
    assert poll(api, code, '"3"').status == 304
