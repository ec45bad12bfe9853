"""The customer's acceptance scenarios, played against the deployed system over HTTP, the queue and the topic."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdf
import pytest
import requests

from chalicelib.documents.token import keys_from
from chalicelib.documents.verification import examine
from chalicelib.storage.signing import SigningKeys
from infra.local.client import wait_until
from infra.local.samples import QUOTE
from infra.local.settings import STACK

from .harness import LocalRun
from .outside import Json, Outside, later, near_poor, person, refused

MONDAY = "2023-02-06T09:15:00+07:00"
PAID = "2023-02-06T09:15:22+07:00"


def test_a1_first_timer_monthly(outside: Outside, serial: int) -> None:
    # given a woman born in 1985 without a book; when she declares on 06/02/2023 09:15
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    reply = outside.try_to_declare(declaration)

    # then the amount is fixed and nothing is due yet
    assert reply.status == 201
    opened = reply.body
    code = opened["dossier_code"]
    assert reply.headers["Location"] == f"/v1/dossiers/{code}"
    assert reply.headers["ETag"] == '"1"'
    assert code.startswith("000.00.79.G24-230206-")
    assert (opened["state"], opened["national_status"], opened["version"]) == ("AWAITING_PAYMENT", 6, 1)
    assert (opened["procedure_code"], opened["national_code"]) == ("602e", declaration["national_code"])
    assert (opened["due_at"], opened["overdue"]) == (None, False)
    quote = opened["quote"]
    assert (quote["from_month"], quote["to_month"], quote["months"]) == ("2023-02", "2023-02", 1)
    assert (quote["monthly_contribution"], quote["amount_gross"]) == (330_000, 330_000)
    assert (quote["amount_state"], quote["amount_local"], quote["amount_participant"]) == (33_000, 0, 297_000)
    payment = opened["payment"]
    assert (payment["reference"], payment["amount"]) == (code, 297_000)
    created = datetime.fromisoformat(opened["created_at"])
    assert datetime.fromisoformat(payment["expires_at"]) - created == timedelta(hours=24)
    assert opened["created_at"].endswith("+07:00")

    # when accounting's voucher over 297,000 comes
    paid = outside.pay(declaration, opened, PAID)

    # then it is due on 13/02/2023 17:00, one month is recorded, and the cover's data is there once
    assert (paid["state"], paid["national_status"]) == ("IN_PROCESS", 4)
    assert paid["due_at"] == "2023-02-13T17:00:00+07:00"
    counted = [day for day in paid["due_derivation"] if day["counted"]]
    assert [day["date"][-2:] for day in counted] == ["07", "08", "09", "10", "13"]
    assert counted[0]["why"] == "ngày làm việc 1/5"
    (period,) = paid["participation"]
    assert period.pop("voucher_id").startswith("KT79-2023-")
    assert period == {
        "from_month": "2023-02",
        "to_month": "2023-02",
        "income": 1_500_000,
        "amount_gross": 330_000,
        "amount_participant": 297_000,
        "amount_state": 33_000,
        "amount_local": 0,
        "status": "ACTIVE",
    }
    assert (paid["cover"]["state"], paid["cover"]["version"], paid["cover"]["issued_at"]) == ("DATA_CREATED", 1, None)
    assert len(paid["si_number"]) == 10
    refused(outside.client.call("GET", f"/v1/dossiers/{code}/cover", who="portal"), 404, "COVER_NOT_ISSUED")
    assert outside.waiting_cover(code) == {
        "cover_id": paid["cover"]["cover_id"],
        "dossier_code": code,
        "state": "DATA_CREATED",
        "created_at": outside.waiting_cover(code)["created_at"],
        "full_name": "Nguyễn Thị Hòa",
        "si_number": paid["si_number"],
        "version": 1,
    }

    # when an officer issues the cover, then the result is returned, all before it is due
    done = outside.issue(code)
    assert (done["state"], done["national_status"], done["overdue"]) == ("RESULT_RETURNED", 10, False)
    assert done["cover"]["state"] == "ISSUED"
    assert done["cover"]["issued_at"] < done["due_at"]
    assert outside.waiting_cover(code) == {}
    assert [line["national_status"] for line in done["history"]] == [6, 2, 4, 9, 10]
    assert [line["sequence"] for line in done["history"]] == [1, 2, 3, 4, 5]

    # and the portal heard every change once, in order, without a gap
    heard = outside.heard.of(code, 5)
    assert [message["sequence"] for message in heard] == [1, 2, 3, 4, 5]
    assert [message["national_status"] for message in heard] == [6, 2, 4, 9, 10]
    assert [message["state"] for message in heard] == [line["state"] for line in done["history"]]
    assert {message["national_code"] for message in heard} == {declaration["national_code"]}
    assert [message["due_at"] for message in heard] == [None] + [done["due_at"]] * 4
    assert len({message["event_id"] for message in heard}) == 5
    check_cover(outside, code, ["NGUYỄN THỊ HÒA", "12/05/1985", "Nữ", "Việt Nam", declaration["personal_id"]])


def check_cover(outside: Outside, code: str, expected: list[str]) -> None:
    """The cover behind the link is the one issued, says what it should, and the link is short-lived."""
    reply = outside.client.call("GET", f"/v1/dossiers/{code}/cover", who="officer_79")
    assert reply.status == 200
    left = datetime.fromisoformat(reply.body["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    assert "X-Amz-Expires=300" in reply.body["url"]
    for personal in expected:
        assert personal not in reply.body["url"]
    file = requests.get(reply.body["url"], timeout=10)
    assert (file.status_code, file.headers["Content-Type"]) == (200, "application/pdf")
    assert hashlib.sha256(file.content).hexdigest() == reply.body["sha256"]
    text = " ".join(pypdf.PdfReader(io.BytesIO(file.content)).pages[0].extract_text().split())
    dossier = outside.client.dossier(code)
    for words in [*expected, dossier["si_number"], "SỔ BẢO HIỂM XÃ HỘI", "ngày 06 tháng 02 năm 2023"]:
        assert words in text
    check_signature(outside, file.content)
    # Never overwritten, and gone for whoever guesses the address without a signature.
    assert outside.client.aws("s3").head_object(
        Bucket=outside.client.endpoints["documents_bucket"], Key=f"covers/2023/02/{dossier['cover']['cover_id']}/v1.pdf"
    )


def check_signature(outside: Outside, pdf: bytes) -> None:
    """Signed by the run's own key, under the certificate of the run's own authority; poppler agrees."""
    path = f"/{STACK}/cover-certificates"
    (certificate,) = SigningKeys(outside.client.aws("kms"), outside.client.aws("ssm"), path).certificates()
    published = outside.client.call("GET", "/v1/cover-keys", who=None).body
    report = examine(pdf, roots=certificate.roots, code_keys=keys_from(published))
    assert report.faults == ()
    assert (report.sound, report.code_proven, report.certificate) == (True, True, certificate.fingerprint)
    with tempfile.NamedTemporaryFile(suffix=".pdf") as kept:
        kept.write(pdf)
        kept.flush()
        told = subprocess.run(["pdfsig", "-nocert", kept.name], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in told
    assert "Total document signed" in told


def test_a2_near_poor_for_a_year(outside: Outside, serial: int) -> None:
    # given a person on the near-poor list
    outside.client.set_clock("2023-03-02T08:30:00+07:00")
    declaration = near_poor(outside, serial)

    # when she declares M12 from 03/2023
    opened = outside.declare(declaration)

    # then she pays 4,290,000 of 5,280,000, and 03/2023-02/2024 is recorded
    quote = opened["quote"]
    assert (quote["amount_gross"], quote["amount_state"], quote["amount_participant"]) == (
        5_280_000,
        990_000,
        4_290_000,
    )
    assert quote["due_by"] == "2023-09-30"
    (period,) = outside.pay(declaration, opened, "2023-03-02T08:40:00+07:00")["participation"]
    assert (period["from_month"], period["to_month"]) == ("2023-03", "2024-02")
    assert (period["amount_gross"], period["amount_state"], period["amount_participant"]) == (
        5_280_000,
        990_000,
        4_290_000,
    )


@pytest.mark.parametrize(("category", "listed"), (("POOR", None), ("NEAR_POOR", None), ("POOR", "NEAR_POOR")))
def test_a3_not_on_the_list(
    outside: Outside, local_run: LocalRun, serial: int, category: str, listed: str | None
) -> None:
    # given a person who is not on the list that she names
    outside.client.set_clock(MONDAY)
    declaration = person(serial, support_category=category)
    if listed:
        row = {"personal_id": declaration["personal_id"], "category": listed, "valid_from": "2023-01-01"}
        outside.load("poor-households", {**row, "valid_to": "2023-12-31"})
    before = outside.quiet_table()

    # when she declares, then a message and no dossier
    reply = outside.try_to_declare(declaration)
    assert refused(reply, 422, "NOT_ON_POOR_LIST") == [("support_category", "NOT_ON_POOR_LIST")]
    assert outside.quiet_table() == before
    # and the log tells the attempt, and nothing of her
    log = (local_run.home / "run.log").read_text("utf-8")
    attempt = next(line for line in log.splitlines() if reply.body["trace_id"] in line)
    assert "NOT_ON_POOR_LIST" in attempt
    for personal in (declaration["personal_id"], declaration["full_name"], "0912345678", "912345678"):
        assert personal not in log


def test_a4_continues_without_a_new_cover(outside: Outside, serial: int) -> None:
    # given a book that is paid to 01/2023
    outside.client.set_clock("2023-02-10T10:00:00+07:00")
    number = f"79{serial:08d}"
    declaration = person(serial, case_type="CONTINUE", si_number=number, method="M3")
    book = {"personal_id": declaration["personal_id"], "si_number": number, "paid_through": "2023-01"}
    outside.load("books", book)

    # when three months are declared and paid
    opened = outside.declare(declaration)
    assert opened["payment"]["amount"] == 891_000
    done = outside.pay(declaration, opened, "2023-02-10T10:05:00+07:00")

    # then 02-04/2023 is recorded, and the dossier returned without a cover and without an officer
    assert (done["state"], done["national_status"], done["cover"]) == ("RESULT_RETURNED", 10, None)
    (period,) = done["participation"]
    assert (period["from_month"], period["to_month"]) == ("2023-02", "2023-04")
    assert done["si_number"] == number
    assert [message["national_status"] for message in outside.heard.of(opened["dossier_code"], 5)] == [6, 2, 4, 9, 10]
    refused(
        outside.client.call("GET", f"/v1/dossiers/{opened['dossier_code']}/cover", who="portal"),
        404,
        "COVER_NOT_ISSUED",
    )
    # and the same months cannot be declared again
    again = refused(outside.try_to_declare(declaration), 422, "OVERLAP")
    assert ("from_month", "OVERLAP") in again


def from_compulsory(outside: Outside, serial: int, **changes: Any) -> Json:
    """The declaration of a person with a book and compulsory insurance until 12/2022."""
    number = f"79{serial:08d}"
    declaration = person(serial, case_type="FROM_COMPULSORY", si_number=number, income=5_000_000, **changes)
    who = {"personal_id": declaration["personal_id"]}
    outside.load("books", {**who, "si_number": number, "paid_through": "2022-12"})
    outside.load("compulsory-periods", [{**who, "from_month": "2015-03", "to_month": "2022-12"}])
    return declaration


def test_a5_from_compulsory(outside: Outside, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    declaration = from_compulsory(outside, serial)

    opened = outside.declare(declaration)
    quote = opened["quote"]
    assert (quote["monthly_contribution"], quote["amount_state"], quote["amount_participant"]) == (
        1_100_000,
        33_000,
        1_067_000,
    )
    done = outside.pay(declaration, opened, PAID)
    assert (done["state"], done["cover"]) == ("RESULT_RETURNED", None)
    (period,) = done["participation"]
    assert (period["from_month"], period["income"]) == ("2023-02", 5_000_000)


@pytest.mark.parametrize(("now", "month"), (("2022-12-20T09:00:00+07:00", "2022-12"), (MONDAY, "2022-12")))
def test_a5_months_of_compulsory_insurance_are_refused(outside: Outside, serial: int, now: str, month: str) -> None:
    outside.client.set_clock(now)
    declaration = from_compulsory(outside, serial, from_month=month)
    before = outside.quiet_table()

    faults = refused(outside.try_to_declare(declaration), 422, "OVERLAP_COMPULSORY")
    assert faults[0] == ("from_month", "OVERLAP_COMPULSORY")
    assert outside.quiet_table() == before


def test_a6_one_voucher_three_times(outside: Outside, serial: int) -> None:
    # given a dossier over 891,000
    outside.client.set_clock(MONDAY)
    declaration = person(serial, method="M3")
    opened = outside.declare(declaration)
    voucher = outside.voucher(declaration, opened, PAID)
    assert voucher["amount_received"] == 891_000

    # when V1 is delivered three times, the last one as a sending of its own
    outside.client.send_voucher(voucher)
    outside.client.send_voucher(voucher)
    outside.client.send_voucher({**voucher, "message_id": str(uuid.uuid4())})
    outside.client.wait_for_state(opened["dossier_code"], "IN_PROCESS")
    outside.all_acknowledged()

    # then it is recorded once, with one cover, and each delivery is answered for
    dossier = outside.client.dossier(opened["dossier_code"])
    assert [line["national_status"] for line in dossier["history"]] == [6, 2, 4]
    assert len(dossier["participation"]) == 1
    waiting = outside.rows("/v1/officer/covers?state=DATA_CREATED", "signer_79")
    assert len([row for row in waiting if row["dossier_code"] == opened["dossier_code"]]) == 1
    # a fourth one, after the cover was issued, changes nothing either
    done = outside.issue(opened["dossier_code"])
    outside.client.send_voucher(voucher)
    outside.all_acknowledged()
    assert outside.client.dossier(opened["dossier_code"]) == done


def test_a6_cancelled_before_issued(outside: Outside, serial: int) -> None:
    # given a dossier that waits for its payment
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    opened = outside.declare(declaration)
    voucher = outside.voucher(declaration, opened, PAID)

    # when CANCELLED v2 comes before ISSUED v1
    outside.client.send_voucher({**voucher, "event": "CANCELLED", "voucher_version": 2})
    outside.wait_for_ledger(voucher, "CANCELLED")
    outside.client.send_voucher(voucher)
    outside.all_acknowledged()

    # then nothing is recorded
    dossier = outside.client.dossier(opened["dossier_code"])
    assert (dossier["state"], dossier["participation"], dossier["version"]) == ("AWAITING_PAYMENT", [], 1)
    assert dossier["cover"] is None
    # and another voucher still pays the dossier
    assert outside.pay(declaration, opened, PAID)["state"] == "IN_PROCESS"


def a7_vouchers() -> Iterator[tuple[str, str]]:
    """How a voucher may name what it pays: by the code to come, or by person, month and amount."""
    yield "PORTAL", "000.00.93.G24-230206-0001"
    yield "BANK_APP", ""


@pytest.mark.parametrize(("channel", "code"), tuple(a7_vouchers()))
def test_a7_voucher_first(outside: Outside, serial: int, channel: str, code: str) -> None:
    # given a payment at 08:20, before there is a dossier
    outside.client.set_clock("2023-02-06T08:20:00+07:00")
    declaration = person(serial, province="93" if code else "92")
    amounts = {"months": 1, "amount_participant": 297_000, "amount_state": 33_000, "amount_local": 0}
    expected = {"dossier_code": code or None, "quote": {**amounts, "amount_gross": 330_000}}
    voucher = outside.voucher(declaration, expected, "2023-02-06T08:19:50+07:00", channel=channel)
    outside.client.send_voucher(voucher)
    assert outside.wait_for_ledger(voucher, "PARKED")["reason"] == "DOSSIER_NOT_FOUND"
    outside.all_acknowledged()

    # when the dossier comes 40 minutes later
    outside.client.set_clock("2023-02-06T09:00:00+07:00")
    opened = outside.declare(declaration)
    assert opened["dossier_code"] == (code or opened["dossier_code"])
    assert opened["state"] == "AWAITING_PAYMENT"

    # then the parked voucher takes its effect by itself, and the clock starts at its paid_at
    paid = outside.client.wait_for_state(opened["dossier_code"], "IN_PROCESS")
    assert len(paid["participation"]) == 1
    assert paid["participation"][0]["voucher_id"] == voucher["voucher_id"]
    assert paid["due_at"] == "2023-02-13T17:00:00+07:00"
    assert outside.wait_for_ledger(voucher, "APPLIED")["dossier_code"] == opened["dossier_code"]
    assert [message["sequence"] for message in outside.heard.of(opened["dossier_code"], 3)] == [1, 2, 3]
    outside.all_acknowledged()


DUE_DATES = {
    "2023-01-17": ("2023-01-18 2023-01-19 2023-01-27 2023-01-30 2023-01-31", "before and through Tết"),
    "2023-01-19": ("2023-01-27 2023-01-30 2023-01-31 2023-02-01 2023-02-02", "the last day before Tết"),
    "2023-02-06": ("2023-02-07 2023-02-08 2023-02-09 2023-02-10 2023-02-13", "one weekend"),
    "2023-04-27": ("2023-04-28 2023-05-04 2023-05-05 2023-05-08 2023-05-09", "30/4 and 1/5"),
    "2023-08-30": ("2023-08-31 2023-09-05 2023-09-06 2023-09-07 2023-09-08", "2/9"),
    "2024-02-06": ("2024-02-07 2024-02-15 2024-02-16 2024-02-19 2024-02-20", "Tết 2024"),
    "2025-04-25": ("2025-04-26 2025-04-28 2025-04-29 2025-05-05 2025-05-06", "a swapped Saturday"),
    "2026-02-12": ("2026-02-13 2026-02-23 2026-02-24 2026-02-25 2026-02-26", "Tết 2026"),
}


@pytest.mark.parametrize(
    ("received", "counted"),
    [(day, row[0].split()) for day, row in DUE_DATES.items()],
    ids=[f"{day} {row[1]}" for day, row in DUE_DATES.items()],
)
def test_a11_due_dates(outside: Outside, serial: int, received: str, counted: list[str]) -> None:
    # given a dossier paid at 10:00 of that day
    now = f"{received}T10:00:00+07:00"
    outside.client.set_clock(now)
    declaration = person(serial, from_month=received[:7])
    if received >= "2025-07-01":
        declaration["permanent_address"]["district_code"] = None
    paid = outside.pay(declaration, outside.declare(declaration), now)

    # then exactly these five days count
    assert [day["date"] for day in paid["due_derivation"] if day["counted"]] == counted
    assert paid["due_at"] == f"{counted[-1]}T17:00:00+07:00"


@pytest.mark.parametrize(
    ("paid_at", "due"),
    (
        ("2023-02-10T16:59:59+07:00", "2023-02-17"),
        ("2023-02-10T17:00:01+07:00", "2023-02-20"),
        ("2023-02-11T09:00:00+07:00", "2023-02-20"),
    ),
)
def test_a_payment_out_of_hours_counts_from_the_next_working_day(
    outside: Outside, serial: int, paid_at: str, due: str
) -> None:
    outside.client.set_clock(later(paid_at, minutes=-5))
    declaration = person(serial)
    paid = outside.pay(declaration, outside.declare(declaration), paid_at)
    assert paid["due_at"] == f"{due}T17:00:00+07:00"


def test_a18_identity(outside: Outside, serial: int) -> None:
    # given a woman whose card number says male
    outside.client.set_clock(MONDAY)
    wrong = person(serial, personal_id=f"038093{serial:06d}", birth_date="1993-04-04")
    before = outside.quiet_table()
    assert refused(outside.try_to_declare(wrong), 422, "PERSONAL_ID_GENDER") == [("personal_id", "PERSONAL_ID_GENDER")]
    assert outside.quiet_table() == before

    # when the number is corrected but the population database knows another birth year
    right = {**wrong, "personal_id": f"038193{serial:06d}"}
    row = {
        "personal_id": right["personal_id"],
        "full_name": "Nguyễn Thị Hòa",
        "birth_date": "1992-04-04",
        "gender": "NU",
        "province_code": "79",
        "commune_code": "26734",
    }
    outside.load("population", row)
    before = outside.quiet_table()

    # then a message at the field, and no dossier
    reply = outside.try_to_declare(right)
    assert refused(reply, 422, "IDENTITY_MISMATCH") == [("birth_date", "IDENTITY_MISMATCH")]
    assert "1992" not in str(reply.body)
    assert outside.quiet_table() == before

    # and once the database is right, the same declaration opens one, whatever the case of the name on file
    outside.load("population", {**row, "birth_date": "1993-04-04", "full_name": "NGUYỄN THỊ HÒA"})
    assert outside.declare(right)["state"] == "AWAITING_PAYMENT"


def test_other_registers_refuse_too(outside: Outside, serials: Iterator[int]) -> None:
    outside.client.set_clock(MONDAY)
    one = person(next(serials))
    outside.load("books", {"personal_id": one["personal_id"], "si_number": "7911111111", "paid_through": "2020-05"})
    # somebody else's number
    other = {**one, "case_type": "RE_REGISTER", "si_number": "7922222222"}
    assert refused(outside.try_to_declare(other), 422, "SI_NUMBER_MISMATCH") == [("si_number", "SI_NUMBER_MISMATCH")]
    assert outside.declare({**other, "si_number": "7911111111"})["state"] == "AWAITING_PAYMENT"


def test_the_quote_is_what_the_declaration_costs(outside: Outside) -> None:
    request = {**QUOTE}
    reply = outside.client.call("POST", "/v1/quotes", request)
    assert reply.status == 200
    quote = reply.body
    assert (quote["amount_gross"], quote["amount_state"], quote["amount_participant"]) == (990_000, 99_000, 891_000)
    assert quote["due_by"] == "2023-04-30"
    assert quote["rules"] == {
        "rural_poverty_line": "2022-01-01",
        "base_salary": "2019-07-01",
        "support_rate": "2018-01-01",
    }
    # without paid_on, the business clock's day decides
    del request["paid_on"]
    outside.client.set_clock("2021-03-10T09:00:00+07:00")
    old = outside.client.call(
        "POST", "/v1/quotes", {**request, "income": 700_000, "method": "M1", "from_month": "2021-03"}
    )
    assert (old.body["amount_participant"], old.body["amount_state"]) == (138_600, 15_400)


def test_the_contract_is_served_without_a_token(outside: Outside) -> None:
    reply = outside.client.call("GET", "/v1/openapi.json")
    assert reply.status == 200
    assert reply.body["openapi"].startswith("3.1")
    assert set(reply.body["paths"]) >= {
        "/v1/quotes",
        "/v1/dossiers",
        "/v1/dossiers/{code}",
        "/v1/dossiers/{code}/cover",
        "/v1/provinces",
        "/v1/openapi.json",
        "/v1/officer/dossiers",
        "/v1/officer/covers",
        "/v1/officer/covers/{cover_id}/issue",
        "/sandbox/clock",
    }


def test_provinces_by_date(outside: Outside) -> None:
    old = outside.client.call("GET", "/v1/provinces?on=2025-06-30").body["items"]
    new = outside.client.call("GET", "/v1/provinces?on=2025-07-01").body["items"]
    assert (len(old), len(new)) == (63, 34)
    by_code = {row["code"]: row for row in new}
    assert by_code["24"]["name"] == "Bắc Ninh"
    assert sorted(by_code["24"]["predecessors"]) == ["24", "27"]
    assert {row["code"]: row["name"] for row in old}["24"] == "Bắc Giang"


def test_status_messages_come_for_every_dossier(outside: Outside, serials: Iterator[int]) -> None:
    """Twenty people at once: each dossier's messages are complete and in order, whatever the others do."""
    outside.client.set_clock(MONDAY)
    people = [person(next(serials)) for _ in range(20)]
    opened = [outside.declare(declaration) for declaration in people]
    for declaration, dossier in zip(people, opened, strict=True):
        outside.client.send_voucher(outside.voucher(declaration, dossier, PAID))
    codes = [dossier["dossier_code"] for dossier in opened]
    assert len(set(codes)) == 20
    for code in codes:
        assert [message["sequence"] for message in outside.heard.of(code, 3)] == [1, 2, 3]
    wait_until(
        lambda: [outside.client.dossier(code)["state"] for code in codes],
        lambda states: set(states) == {"IN_PROCESS"},
        "all paid",
    )
