"""Money that is short, too much or paid back, as accounting, portal and officers see it (A8, A9, A10, A16)."""

from __future__ import annotations

from typing import Any

from infra.local.client import wait_until

from .outside import Json, Outside, near_poor, person
from .test_law import resident

MORNING = "2023-03-02T08:30:00+07:00"


def active(dossier: Json) -> list[Json]:
    return [period for period in dossier["participation"] if period["status"] == "ACTIVE"]


def test_a8_too_little_waits_for_its_top_up(outside: Outside, serial: int) -> None:
    # given 4,290,000 to pay
    outside.client.set_clock(MORNING)
    declaration = near_poor(outside, serial)
    opened = outside.declare(declaration)
    assert opened["payment"]["amount"] == 4_290_000

    # when 4,200,000 come, then they are held, nothing is recorded, and the dossier waits three working days
    short = outside.voucher(declaration, opened, "2023-03-02T08:40:00+07:00", amount_received=4_200_000)
    outside.client.send_voucher(short)
    assert outside.wait_for_ledger(short, "HELD")["reason"] == "UNDERPAID"
    waiting = outside.client.dossier(opened["dossier_code"])
    assert (waiting["state"], waiting["participation"], waiting["cover"]) == ("AWAITING_PAYMENT", [], None)
    assert waiting["payment"]["expires_at"] == "2023-03-07T17:00:00+07:00"

    # when 90,000 follow on the last of them, then both vouchers pay for twelve months
    outside.client.set_clock("2023-03-07T10:00:00+07:00")
    own = {"amount_received": 90_000, "amount_participant": 90_000, "amount_state": 0, "amount_gross": 90_000}
    rest = outside.voucher(declaration, opened, "2023-03-07T09:55:00+07:00", **own)
    outside.client.send_voucher(rest)
    paid = outside.client.wait_for_state(opened["dossier_code"], "IN_PROCESS")
    (period,) = active(paid)
    assert (period["from_month"], period["to_month"], period["amount_participant"]) == ("2023-03", "2024-02", 4_290_000)
    assert {outside.ledger(each)["state"] for each in (short, rest)} == {"APPLIED"}


def test_a8_without_a_top_up_it_is_paid_back(outside: Outside, serial: int) -> None:
    outside.client.set_clock(MORNING)
    declaration = near_poor(outside, serial)
    opened = outside.declare(declaration)
    short = outside.voucher(declaration, opened, "2023-03-02T08:40:00+07:00", amount_received=4_200_000)
    outside.client.send_voucher(short)
    outside.wait_for_ledger(short, "HELD")
    outside.client.set_clock("2023-03-07T17:00:01+07:00")
    over = outside.client.wait_for_state(opened["dossier_code"], "EXPIRED")
    assert (over["refund"]["state"], over["refund"]["amount"]) == ("OPEN", 4_200_000)

    # when accounting tells that it was paid back, then the case is closed
    outside.client.send_voucher({**short, "event": "REFUNDED", "voucher_version": 2})
    outside.wait_for_ledger(short, "REFUNDED")
    assert outside.client.dossier(opened["dossier_code"])["refund"]["state"] == "PAID"


def test_a9_too_much_is_kept_aside(outside: Outside, serial: int) -> None:
    outside.client.set_clock("2023-02-06T09:00:00+07:00")
    declaration = person(serial, method="M3")
    opened = outside.declare(declaration)
    much = outside.voucher(declaration, opened, "2023-02-06T09:15:22+07:00", amount_received=900_000)
    outside.client.send_voucher(much)
    paid = outside.client.wait_for_state(opened["dossier_code"], "IN_PROCESS")
    (period,) = active(paid)
    assert (period["from_month"], period["to_month"], period["amount_participant"]) == ("2023-02", "2023-04", 891_000)
    assert (paid["refund"]["state"], paid["refund"]["amount"]) == ("OPEN", 9_000)
    assert outside.ledger(much)["suspense"] == "9000"


def test_a10_a_cancelled_payment_gives_everything_back_and_another_one_takes_its_place(
    outside: Outside, serial: int
) -> None:
    # given a first-timer's payment on record
    outside.client.set_clock("2023-02-06T09:00:00+07:00")
    declaration = person(serial)
    opened = outside.declare(declaration)
    first = outside.voucher(declaration, opened, "2023-02-06T09:15:22+07:00")
    outside.client.send_voucher(first)
    code = opened["dossier_code"]
    number = outside.client.wait_for_state(code, "IN_PROCESS")["si_number"]

    # when accounting cancels it, then nothing is paid any more and the cover's data is off the list
    outside.client.send_voucher({**first, "event": "CANCELLED", "voucher_version": 2})
    outside.wait_for_ledger(first, "CANCELLED")
    back = outside.client.dossier(code)
    assert (back["state"], active(back), back["due_at"], back["cover"]["state"]) == ("IN_PROCESS", [], None, "REVOKED")

    # when another voucher pays in time, then the dossier goes on under the same number, with a new cover
    second = outside.voucher(declaration, opened, "2023-02-08T10:00:00+07:00")
    outside.client.set_clock("2023-02-08T10:05:00+07:00")
    outside.client.send_voucher(second)
    outside.wait_for_ledger(second, "APPLIED")
    again = outside.client.dossier(code)
    assert (len(active(again)), again["si_number"], again["due_at"]) == (1, number, "2023-02-15T17:00:00+07:00")
    assert outside.issue(code)["cover"]["cover_id"] == f"{code}-C2"


def test_a16_sixteen_months_are_left(outside: Outside, serial: int) -> None:
    # given three years ahead for 20,142,885
    outside.client.set_clock("2026-08-03T09:00:00+07:00")
    declaration = resident(serial, income=3_000_000, method="AHEAD", months=36, from_month="2026-08")
    opened = outside.declare(declaration)
    assert opened["quote"]["amount_participant"] == 20_142_885
    code = opened["dossier_code"]
    paid = outside.voucher(declaration, opened, "2026-08-03T09:10:00+07:00")
    outside.client.send_voucher(paid)
    outside.client.wait_for_state(code, "IN_PROCESS")

    # when accounting pays back the last twenty months
    tail: dict[str, Any] = {"from_month": "2027-12", "months": 20, "event": "REFUNDED", "voucher_version": 2}
    outside.client.send_voucher({**paid, **tail})
    outside.all_acknowledged()

    # then sixteen are left, and 10,880,152 went back
    (period,) = wait_until(
        lambda: active(outside.client.dossier(code)), lambda found: found[0]["to_month"] == "2027-11", "sixteen months"
    )
    assert (period["from_month"], period["amount_state"]) == ("2026-08", 1_056_000)
    assert 20_142_885 - period["amount_participant"] == 10_880_152
    assert outside.ledger(paid)["refunded"] == "10880152"
