"""Which slips a trail has issued: number, place and what the audit line told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.amounts.account import EMPTY
from chalicelib.domain.course.lifecycle import Situation, apologise, refuse, request_supplement, supply
from chalicelib.domain.events import Act, AuditLine, By
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.dossier import Change, Dossier
from chalicelib.domain.registration.slip import SlipKind, newest_slip, request_behind, slips_of
from tests.unit.domain.made import CODE, LAW, PAID_AT, opening, paying

RULES = LAW.deadline_rules.on(PAID_AT.date()).value


def act(day: int, hour: int = 10) -> Act:
    return Act(datetime(2023, 2, day, hour, tzinfo=VIETNAM), By.OFFICER, "officer-79")


def asked(dossier: Dossier, day: int) -> Change:
    return request_supplement(
        Situation(dossier),
        reason="Thiếu số nhà.",
        asked=("full_name",),
        rules=RULES,
        calendar=LAW.calendar,
        act=act(day),
    ).change


def supplied(dossier: Dossier, day: int) -> Change:
    declaration = replace(dossier.declaration, full_name="Nguyễn Thị Hoà")
    return supply(Situation(dossier), declaration, calendar=LAW.calendar, act=act(day)).change


def paid() -> tuple[Dossier, list[AuditLine]]:
    change = paying()
    return change.dossier, [*opening().lines, *change.lines]


def test_nothing_is_issued_before_the_dossier_is_received() -> None:
    assert slips_of(opening().lines) == ()
    assert newest_slip(opening().lines, SlipKind.RECEIPT) is None


def test_the_receipt_tells_the_promise_of_its_line() -> None:
    dossier, history = paid()

    (receipt,) = slips_of(history)

    assert (receipt.kind, receipt.number, receipt.version) == (SlipKind.RECEIPT, 1, 2)
    assert receipt.subject == "KT79-2023-0000001"
    assert receipt.due_at == dossier.due_at
    assert receipt.issued_at == PAID_AT
    assert not receipt.refunded
    assert receipt.object_key == f"slips/2023/02/{CODE}/receipt-1.pdf"


def test_a_key_goes_by_the_day_in_vietnam() -> None:
    _, history = paid()
    (receipt,) = slips_of(history)
    late = datetime(2023, 1, 31, 18, 0, tzinfo=VIETNAM) + timedelta(hours=7)
    assert replace(receipt, issued_at=late).object_key.startswith("slips/2023/02/")


def test_supplements_are_numbered_and_each_asks_for_its_own() -> None:
    dossier, history = paid()
    for first, second in ((7, 8), (9, 10)):
        change = asked(dossier, first)
        answer = supplied(change.dossier, second)
        dossier, history = answer.dossier, [*history, *change.lines, *answer.lines]

    receipt, one, two = slips_of(history)

    assert [each.number for each in (receipt, one, two)] == [1, 1, 2]
    assert two.object_key.endswith("/supplement-2.pdf")
    assert newest_slip(history, SlipKind.SUPPLEMENT) == two
    assert request_behind(one, dossier).requested_at == act(7).at
    assert request_behind(two, dossier).requested_at == act(9).at
    with pytest.raises(ValueError, match="receipt"):
        request_behind(receipt, dossier)


def test_a_refusal_says_why_and_whether_money_goes_back() -> None:
    dossier, history = paid()
    for account, refunded in ((dossier.account, True), (EMPTY, False)):
        found = Situation(replace(dossier, account=account))
        change = refuse(found, reason="Không thuộc đối tượng.", act=act(8)).change

        refusal = newest_slip([*history, *change.lines], SlipKind.REFUSAL)

        assert refusal is not None
        assert (refusal.number, refusal.reason, refusal.refunded) == (1, "Không thuộc đối tượng.", refunded)


def test_an_apology_tells_the_new_date() -> None:
    dossier, history = paid()
    new_day = datetime(2023, 2, 15, tzinfo=VIETNAM).date()
    change = apologise(dossier, reason="Lỗi ký số.", new_due_on=new_day, calendar=LAW.calendar, act=act(8)).change

    apology = newest_slip([*history, *change.lines], SlipKind.APOLOGY)

    assert apology is not None
    assert apology.due_at == datetime(2023, 2, 15, 17, tzinfo=VIETNAM)
    assert newest_slip([*history, *change.lines], SlipKind.REFUSAL) is None
