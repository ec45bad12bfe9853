"""Slips in the deployed system: drawn when the portal first asks, and fetched by their links."""

from __future__ import annotations

import hashlib
import io
import json

import pikepdf
import requests

from .outside import Json, Outside, person, refused

MONDAY = "2023-02-06T09:00:00+07:00"
WEDNESDAY = "2023-02-08T10:00:00+07:00"


def fetched(outside: Outside, code: str, kind: str, who: str = "portal") -> tuple[Json, bytes]:
    """The answer and the file behind its link."""
    reply = outside.client.call("GET", f"/v1/dossiers/{code}/slips/{kind}", who=who)
    assert reply.status == 200, reply.body
    file = requests.get(reply.body["url"], timeout=10)
    assert (file.status_code, file.headers["Content-Type"]) == (200, "application/pdf")
    assert hashlib.sha256(file.content).hexdigest() == reply.body["sha256"]
    return reply.body, file.content


def data_of(pdf: bytes) -> Json:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        data: Json = json.loads(opened.attachments["slip.json"].get_file().read_bytes())
    return data


def test_receipt_and_apology_from_declaration_to_file(outside: Outside, serial: int) -> None:
    # given a declaration on Monday 06/02/2023, for which nothing is issued before it is paid
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    opened = outside.declare(declaration)
    code = opened["dossier_code"]
    refused(outside.client.call("GET", f"/v1/dossiers/{code}/slips/receipt", who="portal"), 404, "SLIP_NOT_ISSUED")

    # when it is paid, then the portal gets the receipt, and an officer the same file
    dossier = outside.pay(declaration, opened, MONDAY)
    told, receipt = fetched(outside, code, "receipt")
    assert fetched(outside, code, "receipt", "officer_79")[1] == receipt
    assert f"slips/2023/02/{code}/receipt-1.pdf" in told["url"]
    data = data_of(receipt)
    assert (data["number"], data["applicant"]) == (f"{code}/TN-1", declaration["full_name"].upper())
    assert data["due_at"] == "17 giờ 00 phút, ngày 13/02/2023"
    assert data["status_page"].endswith(code)

    # and another province's officer does not
    refused(
        outside.client.call("GET", f"/v1/dossiers/{code}/slips/receipt", who="officer_01"), 403, "PROVINCE_NOT_ALLOWED"
    )

    # when an officer apologises, then the slip tells the old date and the new one, and the receipt stays as it was
    outside.client.set_clock(WEDNESDAY)
    reply = outside.client.call(
        "POST",
        f"/v1/officer/dossiers/{code}/apology",
        {"reason": "Hệ thống ký số bị gián đoạn.", "new_due_on": "2023-02-15"},
        who="officer_79",
        headers={"If-Match": f'"{dossier["version"]}"'},
    )
    assert reply.status == 200, reply.body
    data = data_of(fetched(outside, code, "apology")[1])
    assert data["old_due_at"] == "17 giờ 00 phút, ngày 13/02/2023"
    assert data["due_at"] == "17 giờ 00 phút, ngày 15/02/2023"
    assert fetched(outside, code, "receipt")[1] == receipt
