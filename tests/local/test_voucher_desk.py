"""The voucher desk and the reconciliation as officers and accounting see them, on the running system."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from infra.local.client import LocalClient, Reply, wait_until

from .harness import LocalRun
from .outside import Json, Outside, person
from .test_same_moment import together

TUESDAY = "2023-03-14T09:00:00+07:00"
DAY = "/v1/officer/reconciliation?date=2023-03-14&province=01"
WHO = "officer_01"


def settle(address: str, version: int, action: str) -> Callable[[LocalClient], Reply]:
    def call(client: LocalClient) -> Reply:
        path = f"/v1/officer/vouchers/{address}/resolution"
        body = {"action": action, "reason": "Đã đối chiếu với kế toán."}
        return client.call("POST", path, body, who=WHO, headers={"If-Match": f'"{version}"'})

    return call


def report(outside: Outside) -> Json:
    reply = outside.client.call("GET", DAY, who=WHO)
    assert reply.status == 200, reply.body
    found: Json = reply.body["items"][0]
    return found


def test_a_day_is_settled_and_signed_off(outside: Outside, serials: Iterator[int], local_run: LocalRun) -> None:
    # given two vouchers of a day: one fits its dossier, one names somebody else
    outside.client.set_clock(TUESDAY)
    vouchers = []
    series = next(serials)
    for number, serial in enumerate((next(serials), next(serials))):
        declaration = person(serial, province="01", from_month="2023-03")
        opened = outside.declare(declaration)
        vouchers.append(outside.voucher(declaration, opened, TUESDAY, voucher_id=f"KT01/2023 {series:07d}{number + 1}"))
    vouchers[1]["full_name"] = "TRẦN THỊ KHÁC"
    for voucher in vouchers:
        outside.client.send_voucher(voucher)
    manifest = {
        "type": "manifest",
        "date": "2023-03-14",
        "province_code": "01",
        "count": 2,
        "sum_received": sum(voucher["amount_received"] for voucher in vouchers),
        "first_voucher_id": vouchers[0]["voucher_id"],
        "last_voucher_id": vouchers[1]["voucher_id"],
    }
    outside.client.send_voucher(manifest)
    held, applied = outside.wait_for_ledger(vouchers[1], "HELD"), outside.wait_for_ledger(vouchers[0], "APPLIED")
    assert (held["reason"], applied["voucher_id"]) == ("IDENTITY_MISMATCH", vouchers[0]["voucher_id"])

    # when the officer looks, then it is on the list, and the day shows it by name
    rows = [
        row for row in outside.rows("/v1/officer/vouchers?state=HELD", WHO) if row["voucher_id"] == held["voucher_id"]
    ]
    assert [row["actions"] for row in rows] == [["ACCEPT", "LINK", "REFUND", "UNLINK"]]
    found = wait_until(lambda: report(outside), lambda told: told["manifest"] is not None, "the manifest")
    assert found["sent"] == found["received"]
    assert [(each["kind"], each["voucher_id"]) for each in found["differences"] if each["open"]] == [
        ("NOT_SETTLED", held["voucher_id"])
    ]

    # when two officers settle it at the same moment, then one does and the other is told
    ways = [settle(rows[0]["id"], rows[0]["version"], action) for action in ("ACCEPT", "ACCEPT")]
    replies = together(*ways, home=local_run.home)
    assert sorted(reply.status for reply in replies) == [200, 412], [reply.body for reply in replies]
    outside.wait_for_ledger(vouchers[1], "APPLIED")

    # then the day agrees, and a person signs it off
    found = report(outside)
    assert (found["sent"], found["open_differences"]) == (found["applied"], 0)
    signed = {"date": "2023-03-14", "province_code": "01", "note": "Khớp đúng."}
    reply = outside.client.call("POST", "/v1/officer/reconciliation/sign-off", signed, who=WHO)
    assert (reply.status, reply.body["number"]) == (200, 1)
    assert report(outside)["sign_off"]["changed_since"] is False

    # and the table for the spreadsheet says the same
    text = outside.client.call("GET", f"{DAY}&format=csv", who=WHO)
    assert text.headers["Content-Type"].startswith("text/csv")
    rows_told = list(csv.DictReader(io.StringIO(text.body.decode("utf-8-sig"))))
    figures = {row["item"]: row["sum"] for row in rows_told if row["record"] == "figure"}
    assert figures["sent"] == figures["applied"] == str(found["sent"]["sum"])
