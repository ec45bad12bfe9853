"""The course of a dossier with the real definition and the real functions: supplements, apology, a late holiday."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.months import VIETNAM
from tests.integration.http.harness import OFFICER_79, PORTAL
from tests.workflows.driver import Ran, VirtualClock
from tests.workflows.house import House, vietnam

QUIET = {"AwaitEnd", "WhatIsDue", "Choose"}


def loud(ran: Ran) -> list[str]:
    """What an execution did, beside looking and sleeping."""
    return [name for name in ran.path if name not in QUIET]


def outcome(ran: Ran) -> str:
    """Why an execution that was woken ended."""
    assert ran.status == "SUCCEEDED"
    assert ran.path[-1] == "AwaitEnd"
    told: str = (ran.output or {})["end"]["outcome"]
    return told


def officer(house: House, code: str, what: str, body: dict[str, Any]) -> None:
    headers = {"If-Match": f'"{house.dossier(code)["version"]}"'}
    answer = house.call("POST", f"/v1/officer/dossiers/{code}/{what}", body, caller=OFFICER_79, headers=headers)
    assert answer.status == 200, answer.text
    house.pump()


def ask(house: House, code: str) -> None:
    officer(house, code, "supplement-request", {"reason": "Số điện thoại không liên lạc được.", "fields": ["phone"]})


def supply(house: House, code: str) -> None:
    answer = house.call("POST", f"/v1/dossiers/{code}/supplements", {"phone": "0987654321"}, caller=PORTAL)
    assert answer.status == 200, answer.text
    house.pump()


def notices(house: House) -> list[str]:
    published = [call.parameters for call in house.calls if call.operation == "Publish"]
    told = [each for each in published if each["TopicArn"] == house.w.settings.notice_topic_arn]
    return [json.loads(each["Message"])["event"] for each in told]


def test_a12_the_alarm_clock_follows_a_supplement(house: House, clock: VirtualClock) -> None:
    # Given a dossier paid on 06/02 and asked about on 08/02, so that its clock stands
    code = house.declare()
    clock.at(vietnam(2023, 2, 6, 9, 30), lambda: house.pay(code))
    clock.at(vietnam(2023, 2, 8, 10, 0), lambda: ask(house, code))
    later: list[Ran] = []

    def supplied() -> None:
        # When the citizen supplies on 15/02, then the next deadline comes before the old alarm: a new execution
        supply(house, code)
        assert house.started[-1].name == f"{code}-g2"
        clock.at(vietnam(2023, 2, 22, 9, 0), house.run_cover_signed)
        later.append(house.run_dossier(code))

    clock.at(vietnam(2023, 2, 15, 10, 0), supplied)
    first = house.run_dossier(code)

    # Then the old one did nothing while the clock stood and ends, the new one keeps the new date: 20/02 + 1 day
    assert (loud(first), outcome(first)) == ([], "SUPERSEDED")
    (second,) = later
    assert loud(second) == ["MarkStepLate", "RemindOfficer", "Apologise", "MarkOverdue", "Escalate"]
    assert outcome(second) == "CLOSED"
    assert house.dossier(code)["due_at"] == "2023-02-20T17:00:00+07:00"


def test_a_supplement_that_never_comes_ends_the_dossier(house: House, clock: VirtualClock) -> None:
    code = house.declare()
    clock.at(vietnam(2023, 2, 6, 9, 30), lambda: house.pay(code))
    clock.at(vietnam(2023, 2, 8, 10, 0), lambda: ask(house, code))

    ran = house.run_dossier(code)

    assert loud(ran) == ["TimeOutSupplement"]
    assert ran.ended.astimezone(VIETNAM).date().isoformat() == "2023-03-10"
    seen = house.dossier(code)
    assert (seen["state"], seen["cover"]["state"], seen["refund"]["amount"]) == ("STOPPED", "REVOKED", 297_000)
    assert seen["history"][-1]["reason"] == "Quá thời hạn bổ sung mà chưa nhận được hồ sơ bổ sung."
    assert notices(house) == ["REFUND_CASE_OPENED"]


def test_a13_the_new_date_of_an_apology_has_its_own_reminder(house: House, clock: VirtualClock) -> None:
    # Given a warning on 10/02 that the apology must go out; when it does, with 15/02
    code = house.declare()
    clock.at(vietnam(2023, 2, 6, 9, 30), lambda: house.pay(code))
    body = {"reason": "Hệ thống ký số bị gián đoạn.", "new_due_on": "2023-02-15"}
    clock.at(vietnam(2023, 2, 10, 15, 0), lambda: officer(house, code, "apology", body))
    clock.at(vietnam(2023, 2, 16, 9, 0), house.run_cover_signed)

    ran = house.run_dossier(code)

    # Then there is one warning, a reminder for each date, and the mark after the second
    assert loud(ran)[:5] == ["MarkStepLate", "RemindOfficer", "Apologise", "RemindOfficer", "MarkOverdue"]
    assert notices(house)[1:5] == ["OFFICER_REMINDED", "APOLOGY_DUE", "OFFICER_REMINDED", "OVERDUE_MARKED"]
    assert outcome(ran) == "CLOSED"


def test_a_withdrawn_dossier_lets_its_executions_end(house: House, clock: VirtualClock) -> None:
    code = house.declare()
    clock.at(vietnam(2023, 2, 6, 9, 30), lambda: house.pay(code))

    def withdraw() -> None:
        assert house.call("POST", f"/v1/dossiers/{code}/withdrawal", caller=PORTAL).status == 200
        house.pump()

    clock.at(vietnam(2023, 2, 7, 8, 0), withdraw)

    ran = house.run_dossier(code)
    assert (ran.path, outcome(ran), ran.ended) == (("AwaitEnd",), "CLOSED", vietnam(2023, 2, 7, 8, 0))
    assert house.run_cover(code).path == ("AwaitSigner", "Obsolete")


def test_a_late_holiday_notice_moves_what_is_promised(house: House, clock: VirtualClock) -> None:
    # Given a dossier due on 13/02; when 09/02 is declared a day off on 08/02
    code = house.declare()
    house.pay(code)
    clock.now = datetime(2023, 2, 8, 2, 0, tzinfo=UTC)
    shipped = json.loads((house_data() / "holidays.json").read_text("utf-8"))["years"]
    year = next(dict(each) for each in shipped if each["year"] == 2023)
    year["days_off"] = [*year["days_off"], {"from": "2023-02-09", "to": "2023-02-09", "why": "nghỉ quốc tang"}]
    path = "/v1/officer/rules/holiday_calendar"
    drafted = house.call("PUT", path, {"rows": [year], "correction": True, "reason": "Thông báo"}, caller=publisher(1))
    assert drafted.status == 200, drafted.text
    version = drafted.json["change"]["version"]
    assert house.call("POST", f"{path}/{version}/publication", caller=publisher(2)).status == 200
    house.pump()

    # Then it is due a day later, and its trail says why
    seen = house.dossier(code)
    assert seen["due_at"] == "2023-02-14T17:00:00+07:00"
    assert {"date": "2023-02-09", "counted": False, "why": "nghỉ quốc tang"} in seen["due_derivation"]
    before = seen["version"]
    house.relayed.clear()
    house.pump()
    assert house.dossier(code)["version"] == before, "told again: nothing moves any more"


def publisher(number: int) -> dict[str, str]:
    return {"sub": f"publisher-{number}", "role": "publisher", "provinces": "79"}


def house_data() -> Any:
    from chalicelib.law import DATA

    return DATA
