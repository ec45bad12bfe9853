"""Deadlines as outsiders see them when the business clock is set: expiry, reminder, overdue, and back again."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.client import wait_until

from .outside import Json, Outside, Subscription, later, person, refused

MONDAY = "2023-02-06T09:00:00+07:00"
OVERDUE = "/v1/officer/dossiers?overdue=true"


def test_an_unpaid_dossier_expires_after_24_hours(outside: Outside, serial: int) -> None:
    # given a dossier that waits for its payment
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    opened = outside.declare(declaration)
    code, expires = opened["dossier_code"], opened["payment"]["expires_at"]

    # when it is a minute before, then nothing has happened
    outside.client.set_clock(later(expires, minutes=-1))
    outside.quiet_table()
    assert outside.client.dossier(code)["state"] == "AWAITING_PAYMENT"

    # when the moment has come, then it is expired by itself, and the portal hears it
    outside.client.set_clock(expires)
    dossier = outside.client.wait_for_state(code, "EXPIRED")
    assert [line["state"] for line in dossier["history"]] == ["AWAITING_PAYMENT", "EXPIRED"]
    assert dossier["history"][1]["by"] == "system"
    assert [message["state"] for message in outside.heard.of(code, 2)] == ["AWAITING_PAYMENT", "EXPIRED"]
    assert all(row["dossier_code"] != code for row in outside.rows("/v1/officer/dossiers", "officer_79"))

    # and money that comes after that waits for an officer and records nothing
    late = outside.voucher(declaration, opened, expires)
    outside.client.send_voucher(late)
    assert outside.wait_for_ledger(late, "HELD")["reason"] == "DOSSIER_CLOSED"
    assert outside.client.dossier(code)["participation"] == []

    # and the months are free for a new dossier
    assert outside.declare(declaration)["dossier_code"] != code


def test_several_that_are_due_at_once_all_expire(outside: Outside, serials: Iterator[int]) -> None:
    outside.client.set_clock(MONDAY)
    codes = [outside.declare(person(next(serials)))["dossier_code"] for _ in range(15)]
    outside.client.set_clock(later(MONDAY, hours=25))
    for code in codes:
        outside.client.wait_for_state(code, "EXPIRED")
        assert [message["sequence"] for message in outside.heard.of(code, 2)] == [1, 2]


def test_reminder_then_overdue(outside: Outside, notices: Subscription, serial: int) -> None:
    # given a paid dossier, due on Monday 13/02/2023 17:00
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    paid = outside.pay(declaration, outside.declare(declaration), MONDAY)
    code = paid["dossier_code"]
    assert paid["due_at"] == "2023-02-13T17:00:00+07:00"

    # when the working day before begins, then the officers are reminded, once
    outside.client.set_clock("2023-02-10T08:00:01+07:00")
    (reminder,) = told(notices, code, 1)
    assert (reminder["event"], reminder["province_code"], reminder["due_at"]) == (
        "OFFICER_REMINDED",
        "79",
        paid["due_at"],
    )
    assert not outside.client.dossier(code)["overdue"]
    assert overdue_row(outside, code) == {}

    # when the due moment has passed without a result
    outside.client.set_clock("2023-02-13T17:00:02+07:00")

    # then the dossier is flagged, the list shows it first among the most urgent, and the officers hear it
    assert [notice["event"] for notice in told(notices, code, 2)] == ["OFFICER_REMINDED", "OVERDUE_MARKED"]
    dossier = outside.client.dossier(code)
    assert (dossier["overdue"], dossier["state"], len(dossier["history"])) == (True, "IN_PROCESS", 3)
    assert overdue_row(outside, code) == {
        "dossier_code": code,
        "state": "IN_PROCESS",
        "due_at": paid["due_at"],
        "overdue": True,
        "province_code": "79",
        "full_name": "Nguyễn Thị Hòa",
        "version": dossier["version"],
        "assignee": None,
        "remaining_working_hours": 0,
        "escalated": [],
        "step": {
            "step_code": "THAM_DINH",
            "since": paid["step"]["since"],
            "due_at": "2023-02-09T17:00:00+07:00",
            "late": True,
        },
        "next_event": {"what": "STEP", "by": "2023-02-09T17:00:00+07:00", "owner": "OFFICER"},
    }
    due = [row["due_at"] for row in outside.rows("/v1/officer/dossiers", "officer_79") if row["due_at"]]
    assert due == sorted(due)

    # and a late result still ends it; overdue is no state, so the portal's messages have no gap
    done = outside.issue(code)
    assert [message["sequence"] for message in outside.heard.of(code, 5)] == [1, 2, 3, 4, 5]
    assert done["state"] == "RESULT_RETURNED"
    assert overdue_row(outside, code) == {}
    outside.quiet_table()
    assert len(told(notices, code, 2)) == 2


def test_the_clock_goes_back(outside: Outside, notices: Subscription, serials: Iterator[int]) -> None:
    # given one dossier unpaid and one paid
    outside.client.set_clock(MONDAY)
    unpaid = outside.declare(person(next(serials)))
    declaration = person(next(serials))
    paid = outside.pay(declaration, outside.declare(declaration), MONDAY)

    # when the clock goes back a month, then nothing is due and nothing is done
    outside.client.set_clock("2023-01-09T09:00:00+07:00")
    outside.quiet_table()
    assert outside.client.dossier(unpaid["dossier_code"])["state"] == "AWAITING_PAYMENT"
    assert not outside.client.dossier(paid["dossier_code"])["overdue"]

    # when it goes on to the day they are due, then both deadlines fire all the same
    outside.client.set_clock("2023-02-14T09:00:00+07:00")
    outside.client.wait_for_state(unpaid["dossier_code"], "EXPIRED")
    assert outside.client.dossier(paid["dossier_code"])["overdue"]
    assert told(notices, paid["dossier_code"], 1)[-1]["event"] == "OVERDUE_MARKED"

    # when it goes back again, then the dossier is not overdue any more, and can be handled
    outside.client.set_clock("2023-02-08T09:00:00+07:00")
    assert not outside.client.dossier(paid["dossier_code"])["overdue"]
    assert overdue_row(outside, paid["dossier_code"]) == {}
    assert outside.issue(paid["dossier_code"])["state"] == "RESULT_RETURNED"


def test_a_paid_dossier_does_not_expire(outside: Outside, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    paid = outside.pay(declaration, outside.declare(declaration), MONDAY)
    outside.client.set_clock(later(MONDAY, days=2))
    outside.quiet_table()
    assert outside.client.dossier(paid["dossier_code"])["state"] == "IN_PROCESS"


def test_real_time_comes_back(outside: Outside) -> None:
    outside.client.set_clock(MONDAY)
    assert old_minimum(outside) == 330_000
    outside.client.set_clock(None)
    reply = outside.client.call("DELETE", "/sandbox/clock")
    assert (reply.status, reply.body) == (204, b"")


def old_minimum(outside: Outside) -> int:
    request: Json = {"income": 1_500_000, "method": "M1", "from_month": "2023-02", "support_category": "OTHER"}
    reply = outside.client.call("POST", "/v1/quotes", {**request, "province_code": "79", "supported_months_used": 0})
    assert reply.status == 200, reply.body
    amount: int = reply.body["amount_gross"]
    return amount


def test_a_clock_that_is_none_is_refused(outside: Outside) -> None:
    for body, code in (({}, "REQUIRED"), ({"now": "2023-02-06"}, "INVALID_VALUE"), ({"now": 5}, "INVALID_TYPE")):
        refused(outside.client.call("PUT", "/sandbox/clock", body), 422, code)
    refused(outside.client.call("PUT", "/sandbox/clock", {"now": "2023-02-06T09:15:00"}), 422, "INVALID_VALUE")


def told(notices: Subscription, code: str, count: int) -> list[Json]:
    """What officers were told of the dossier's deadline, as soon as it is so much."""
    return wait_until(
        lambda: [each for each in notices.of(code, 0) if each["event"] in ("OFFICER_REMINDED", "OVERDUE_MARKED")],
        lambda found: len(found) >= count,
        f"{count} notices of {code}",
    )


def overdue_row(outside: Outside, code: str) -> Json:
    """The dossier on the list of overdue ones; empty when it is not there."""
    return next((row for row in outside.rows(OVERDUE, "officer_79") if row["dossier_code"] == code), {})
