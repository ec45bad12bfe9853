"""Scenarios A12 and A13, and the early ends of a dossier, against the deployed system."""

from __future__ import annotations

from typing import Any

from infra.local.client import Reply, wait_until

from .outside import Json, Outside, Subscription, person, refused

MONDAY = "2023-02-06T09:15:00+07:00"
ASK = {"reason": "Số điện thoại không liên lạc được.", "fields": ["phone"]}


def paid_on_monday(outside: Outside, serial: int) -> Json:
    """Received on Monday 06/02/2023, due on Monday 13/02/2023."""
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    paid = outside.pay(declaration, outside.declare(declaration), MONDAY)
    assert paid["due_at"] == "2023-02-13T17:00:00+07:00"
    return paid


def officer(outside: Outside, code: str, what: str, body: Any) -> Reply:
    version = outside.client.dossier(code)["version"]
    path = f"/v1/officer/dossiers/{code}/{what}"
    return outside.client.call("POST", path, body, who="officer_79", headers={"If-Match": f'"{version}"'})


def events(notices: Subscription, code: str, count: int) -> list[str]:
    return [notice["event"] for notice in notices.of(code, count)]


def test_a12_supplement(outside: Outside, notices: Subscription, serial: int) -> None:
    code = paid_on_monday(outside, serial)["dossier_code"]

    # when the officer asks on 08/02, two days used
    outside.client.set_clock("2023-02-08T10:00:00+07:00")
    asked = officer(outside, code, "supplement-request", ASK)
    assert (asked.status, asked.body["state"], asked.body["national_status"]) == (200, "SUPPLEMENT_REQUESTED", 5)

    # then the clock stands: nobody is reminded, and it is not overdue behind the old date
    outside.client.set_clock("2023-02-15T10:00:00+07:00")
    outside.quiet_table()
    waiting = outside.client.dossier(code)
    assert (waiting["due_at"], waiting["overdue"]) == (None, False)
    assert (waiting["supplement"]["reason"], waiting["supplement"]["fields"]) == (ASK["reason"], ["phone"])

    # when the citizen supplies on Wed 15/02
    supplied = outside.client.call("POST", f"/v1/dossiers/{code}/supplements", {"phone": "0987654321"}, who="portal")
    assert supplied.status == 200, supplied.body

    # then 16, 17 and 20/02 are counted
    dossier = outside.client.dossier(code)
    assert (dossier["state"], dossier["due_at"]) == ("IN_PROCESS", "2023-02-20T17:00:00+07:00")
    counted = [day["date"] for day in dossier["due_derivation"] if day["counted"]]
    assert counted == ["2023-02-07", "2023-02-08", "2023-02-16", "2023-02-17", "2023-02-20"]
    heard = outside.heard.of(code, 5)
    assert [message["national_status"] for message in heard] == [6, 2, 4, 5, 4]
    assert [message["due_at"] for message in heard][-2:] == [None, "2023-02-20T17:00:00+07:00"]
    assert heard[3]["reason"] == ASK["reason"]

    # and the new date has its reminder
    outside.client.set_clock("2023-02-17T08:00:01+07:00")
    assert events(notices, code, 2) == ["OFFICER_REMINDED", "APOLOGY_DUE"]

    # and a second request makes the KPI flag late
    assert dossier["kpi_late"] is False
    assert officer(outside, code, "supplement-request", ASK).status == 200
    assert outside.client.dossier(code)["kpi_late"] is True


def test_a13_overdue_and_apology(outside: Outside, notices: Subscription, serial: int) -> None:
    code = paid_on_monday(outside, serial)["dossier_code"]

    # given no result by 10/02, the last working day before: the officers are told that the apology must go out
    outside.client.set_clock("2023-02-10T08:00:01+07:00")
    assert events(notices, code, 2) == ["OFFICER_REMINDED", "APOLOGY_DUE"]

    # when it does, then the new date holds
    apology = {"reason": "Hệ thống ký số bị gián đoạn.", "new_due_on": "2023-02-15"}
    given = officer(outside, code, "apology", apology)
    assert (given.status, given.body["due_at"]) == (200, "2023-02-15T17:00:00+07:00")
    dossier = outside.client.dossier(code)
    assert dossier["apology"]["reason"] == apology["reason"]

    # and a second one is refused
    refused(officer(outside, code, "apology", {**apology, "new_due_on": "2023-02-17"}), 409, "APOLOGY_ALREADY_ISSUED")

    # and only behind the new date is it overdue
    outside.client.set_clock("2023-02-14T09:00:00+07:00")
    assert outside.client.dossier(code)["overdue"] is False
    outside.client.set_clock("2023-02-15T17:00:02+07:00")
    wait_until(
        lambda: notices.of(code, 3), lambda found: found[-1]["event"] == "OVERDUE_MARKED", "the mark behind 15/02"
    )
    assert outside.client.dossier(code)["overdue"] is True
    assert outside.issue(code)["kpi_late"] is True


def test_a_withdrawal_takes_the_cover_off_the_list(outside: Outside, serial: int) -> None:
    code = paid_on_monday(outside, serial)["dossier_code"]
    answer = outside.client.call("POST", f"/v1/dossiers/{code}/withdrawal", {"reason": "Đổi ý."}, who="portal")
    assert (answer.status, answer.body["state"]) == (200, "WITHDRAWN")
    seen = outside.client.dossier(code)
    assert (seen["cover"]["state"], seen["refund"]["amount"]) == ("REVOKED", 297_000)
    assert outside.waiting_cover(code) == {}
    refused(officer(outside, code, "stop", {"reason": "x"}), 409, "INVALID_TRANSITION")


def test_an_officer_stops_a_dossier(outside: Outside, serial: int) -> None:
    code = paid_on_monday(outside, serial)["dossier_code"]
    stopped = officer(outside, code, "stop", {"reason": "Chứng từ bị hủy."})
    assert (stopped.status, stopped.body["national_status"]) == (200, 8)
    assert outside.heard.of(code, 4)[-1]["reason"] == "Chứng từ bị hủy."
