"""Who looked at a dossier (A21): written before it is shown, denied looks as well; the citizen reads agencies only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import GENESIS
from chalicelib.domain.people.views import Look, Seen, View
from chalicelib.storage import keys
from chalicelib.storage.items.views import view_from
from chalicelib.storage.transaction import Refused, Transaction
from chalicelib.usecases.people import log_view as log_view_module
from chalicelib.usecases.people.log_view import log_view
from chalicelib.wiring import Wiring
from tests.integration.http.harness import OFFICER_01, OFFICER_79, OPS, OTHER_PORTAL, PORTAL, SIGNER_79, Answer, Api

OFFICER = Caller("officer-79", Role.OFFICER, provinces=frozenset({"79"}))


def opened(api: Api) -> str:
    code: str = api.declare().json["dossier_code"]
    return code


def look(api: Api, code: str, caller: Mapping[str, str], path: str = "", **headers: str) -> Answer:
    return api.call("GET", f"/v1/dossiers/{code}{path}", caller=caller, headers=headers)


def log_of(w: Wiring, code: str) -> list[View]:
    """The log as stored, its chain checked."""
    views = [view_from(item) for item in w.table.query(keys.views_partition(code))]
    previous = GENESIS
    for number, view in enumerate(views, 1):
        assert (view.number, view.previous_hash, view.hash) == (number, previous, view.digest())
        previous = view.hash
    return views


def told(api: Api, code: str, query: str = "", caller: Mapping[str, str] = PORTAL) -> Any:
    answer = look(api, code, caller, f"/views{query}")
    assert answer.status == 200, answer.text
    return answer.json


def test_an_officers_look_is_written_and_the_citizen_reads_who(api: Api, w: Wiring) -> None:
    code = opened(api)
    before = look(api, code, PORTAL).headers["ETag"]
    assert look(api, code, OFFICER_79).status == 200
    reason = {"X-View-Reason": "%C4%91%E1%BB%91i%20chi%E1%BA%BFu"}
    assert look(api, code, SIGNER_79, **reason).status == 200
    assert look(api, code, OFFICER_01).status == 403
    assert look(api, code, OPS).status == 403
    assert look(api, code, OFFICER_79, "/slips/apology?view_reason=khi%E1%BA%BFu+n%E1%BA%A1i").status == 404
    assert look(api, code, OFFICER_79, "/cover").status == 404

    assert [(view.actor, view.role, view.what, view.reason, view.refusal) for view in log_of(w, code)] == [
        ("officer-79", "officer", "DOSSIER", "xử lý hồ sơ", None),
        ("signer-79", "signer", "DOSSIER", "đối chiếu", None),
        ("officer-01", "officer", "DOSSIER", "xử lý hồ sơ", "PROVINCE_NOT_ALLOWED"),
        ("ops-1", "ops", "DOSSIER", "xử lý hồ sơ", "ROLE_NOT_ALLOWED"),
        ("officer-79", "officer", "SLIP", "khiếu nại", None),
        ("officer-79", "officer", "COVER", "xử lý hồ sơ", None),
    ]
    told_all = told(api, code)
    assert told_all["next_cursor"] is None
    assert [(item["number"], item["agency"], item["allowed"]) for item in told_all["items"]] == [
        (6, "BHXH Thành phố Hồ Chí Minh", True),
        (5, "BHXH Thành phố Hồ Chí Minh", True),
        (4, "Bộ phận vận hành hệ thống", False),
        (3, "BHXH Hà Nội", False),
        (2, "BHXH Thành phố Hồ Chí Minh", True),
        (1, "BHXH Thành phố Hồ Chí Minh", True),
    ]
    assert not [name for name in ("officer-79", "signer-79", "officer-01", "ops-1") if name in str(told_all)]
    # A look moves nothing that the portal polls.
    assert look(api, code, PORTAL).headers["ETag"] == before


def test_pages_newest_first(api: Api) -> None:
    code = opened(api)
    for _ in range(5):
        look(api, code, OFFICER_79)
    first = told(api, code, "?limit=2")
    second = told(api, code, f"?limit=2&cursor={first['next_cursor']}", OFFICER_79)
    third = told(api, code, f"?limit=2&cursor={second['next_cursor']}")
    assert [[item["number"] for item in page["items"]] for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert third["next_cursor"] is None
    assert told(api, code, "?limit=5")["next_cursor"] is None


@pytest.mark.parametrize("cursor", ("xxxx", "VklFVw", "_w"))
def test_a_foreign_cursor_is_refused(api: Api, cursor: str) -> None:
    answer = look(api, opened(api), PORTAL, f"/views?cursor={cursor}")
    assert (answer.status, answer.json["code"]) == (422, "CURSOR_INVALID")


def test_the_portal_and_a_poll_that_shows_nothing_write_nothing(api: Api, w: Wiring) -> None:
    code = opened(api)
    tag = look(api, code, PORTAL).headers["ETag"]
    assert look(api, code, OTHER_PORTAL).status == 403
    assert look(api, code, OFFICER_79, **{"If-None-Match": tag}).status == 304
    assert log_of(w, code) == []
    # A tag is no way around the log of what is refused.
    assert look(api, code, OFFICER_01, **{"If-None-Match": tag}).status == 403
    assert [view.refusal for view in log_of(w, code)] == ["PROVINCE_NOT_ALLOWED"]


@pytest.mark.parametrize("reason", ("%FF", "", "%0a", "a" * 201))
def test_a_reason_is_readable(api: Api, w: Wiring, reason: str) -> None:
    code = opened(api)
    answer = look(api, code, OFFICER_79, **{"X-View-Reason": reason})
    assert (answer.status, answer.codes) == (422, [("X-View-Reason", "VIEW_REASON_INVALID")])
    assert log_of(w, code) == []


@pytest.mark.parametrize(
    ("caller", "code"), ((OTHER_PORTAL, "DOSSIER_NOT_ALLOWED"), (OFFICER_01, "PROVINCE_NOT_ALLOWED"))
)
def test_the_log_is_for_who_may_see_the_dossier(api: Api, caller: Mapping[str, str], code: str) -> None:
    answer = look(api, opened(api), caller, "/views")
    assert (answer.status, answer.json["code"]) == (403, code)
    assert look(api, "000.00.79.G24-230206-9999", PORTAL, "/views").status == 404


def test_two_at_the_same_moment_both_stand_in_the_chain(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    code = opened(api)
    commit, raced = Transaction.commit, [3]

    def slower(transaction: Transaction, table: Any) -> None:
        if raced[0]:
            raced[0] -= 1
            monkeypatch.setattr(Transaction, "commit", commit)
            log_view(code, Look(Seen.DOSSIER, "nhanh hơn"), OFFICER, w)
            monkeypatch.setattr(Transaction, "commit", slower)
        commit(transaction, table)

    monkeypatch.setattr(Transaction, "commit", slower)
    log_view(code, Look(Seen.COVER, "chậm hơn"), OFFICER, w)
    assert [view.reason for view in log_of(w, code)] == ["nhanh hơn"] * 3 + ["chậm hơn"]


def test_what_cannot_be_written_down_is_not_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    code = opened(api)

    def lost(transaction: Transaction, table: Any) -> None:
        raise Unavailable("STORAGE_BUSY", "bận")

    monkeypatch.setattr(Transaction, "commit", lost)
    assert look(api, code, OFFICER_79).status == 503
    assert look(api, code, PORTAL).status == 200


def test_a_race_without_end_is_told(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    code = opened(api)
    look(api, code, OFFICER_79)
    (first,) = w.table.query(keys.views_partition(code))

    def beaten(transaction: Transaction, table: Any) -> None:
        raise Refused({"view": first})

    monkeypatch.setattr(Transaction, "commit", beaten)
    monkeypatch.setattr(log_view_module, "ROUNDS", 2)
    with pytest.raises(Unavailable):
        log_view(code, Look(Seen.DOSSIER), OFFICER, w)
    monkeypatch.setattr(Transaction, "commit", lambda *_: (_ for _ in ()).throw(Refused({"view": None})))
    with pytest.raises(TypeError):
        log_view(code, Look(Seen.DOSSIER), OFFICER, w)


# An emergency: an officer of another province says why, sees the dossier, and everybody hears of it

WHY = "c%E1%BA%A5p%20c%E1%BB%A9u%20t%E1%BA%A1i%20B%E1%BB%87nh%20vi%E1%BB%87n%20B%E1%BA%A1ch%20Mai"


def test_who_breaks_the_glass_is_seen_by_the_citizen_and_rings_an_alarm(
    api: Api, w: Wiring, caplog: pytest.LogCaptureFixture
) -> None:
    code = opened(api)
    caplog.set_level("INFO", logger="chalicelib")
    tag = look(api, code, PORTAL).headers["ETag"]
    # A tag that is still good brings the dossier all the same: an emergency is a look.
    headers = {"X-Break-Glass": "1", "X-View-Reason": WHY, "If-None-Match": tag}
    answer = look(api, code, OFFICER_01, **headers)
    assert (answer.status, answer.json["dossier_code"]) == (200, code)
    (view,) = log_of(w, code)
    assert (view.actor, view.emergency, view.refusal) == ("officer-01", True, None)
    assert view.reason == "cấp cứu tại Bệnh viện Bạch Mai"
    (shown,) = told(api, code)["items"]
    assert (shown["agency"], shown["allowed"], shown["emergency"]) == ("BHXH Hà Nội", True, True)
    (rung,) = [record for record in caplog.records if getattr(record, "metrics", {}).get("BreakGlass") == 1]
    assert getattr(rung, "facts", None) == {"dossier_code": code, "role": "officer", "action": "break-glass"}


def test_breaking_the_glass_opens_nothing_else(api: Api, w: Wiring) -> None:
    code = opened(api)
    headers = {"X-Break-Glass": "1", "X-View-Reason": WHY}
    # At home it is a look like any other, and neither another portal nor the operators get in by it.
    assert look(api, code, OFFICER_79, **headers).status == 200
    assert look(api, code, OTHER_PORTAL, **headers).json["code"] == "DOSSIER_NOT_ALLOWED"
    assert look(api, code, OPS, **headers).json["code"] == "ROLE_NOT_ALLOWED"
    assert [(view.emergency, view.refusal) for view in log_of(w, code)] == [(False, None), (True, "ROLE_NOT_ALLOWED")]
    for path in ("/cover", "/views", "/slips/apology"):
        assert look(api, code, OFFICER_01, path, **headers).json["code"] == "PROVINCE_NOT_ALLOWED", path


@pytest.mark.parametrize("headers", ({"X-Break-Glass": "yes", "X-View-Reason": WHY}, {"X-Break-Glass": "1"}))
def test_breaking_the_glass_takes_a_word_and_a_reason(api: Api, w: Wiring, headers: dict[str, str]) -> None:
    code = opened(api)
    answer = look(api, code, OFFICER_01, **headers)
    assert (answer.status, answer.json["code"]) == (422, "BREAK_GLASS_INVALID")
    assert log_of(w, code) == []
