"""GET /v1/officer/reconciliation and the sign-off of a day, over HTTP."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.usecases.ledger import reconcile_day
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock, TableContents
from tests.integration.http.harness import DECLARATION, OFFICER_01, OFFICER_79, OPS, PORTAL, SIGNER_79, Api
from tests.integration.http.vouchers import deliver, voucher_for

DAY = "/v1/officer/reconciliation?date=2023-02-06&province=79"
SIGN_OFF = "/v1/officer/reconciliation/sign-off"
TWO = {
    "type": "manifest",
    "date": "2023-02-06",
    "province_code": "79",
    "count": 2,
    "sum_received": 594_000,
    "first_voucher_id": "KT79-2023-0001",
    "last_voucher_id": "KT79-2023-0002",
}


def vouchers(api: Api, count: int, **changes: Any) -> list[dict[str, Any]]:
    """The vouchers of so many dossiers, each of another woman."""
    made = []
    for number in range(1, count + 1):
        declared = {**DECLARATION, "personal_id": f"07918501{number:04d}", "national_code": None}
        opened = api.declare(declared, key=f"key-{number}").json
        made.append({**voucher_for(opened, declared, "2023-02-06T09:15:22+07:00"), **changes})
    return made


def report(api: Api, caller: Mapping[str, str] = OFFICER_79, target: str = DAY) -> dict[str, Any]:
    answer = api.call("GET", target, caller=caller)
    assert answer.status == 200, answer.text
    (item,) = answer.json["items"]
    found: dict[str, Any] = item
    return found


def kinds(found: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["kind"], each["voucher_id"]) for each in found["differences"]]


def signed(api: Api, found: Mapping[str, Any] | None = None, **more: Any) -> Any:
    ids = [] if found is None else [each["id"] for each in found["differences"] if each["open"]]
    body = {"date": "2023-02-06", "province_code": "79", "note": "Đã kiểm tra.", "acknowledged": ids}
    caller, headers = more.pop("caller", OFFICER_79), more.pop("headers", None)
    return api.call("POST", SIGN_OFF, {**body, **more}, caller=caller, headers=headers)


def test_a_day_that_agrees_says_so(api: Api) -> None:
    deliver(*vouchers(api, 2), TWO)
    found = report(api)
    assert found["sent"] == found["received"] == found["applied"] == {"count": 2, "sum": 594_000}
    nothing = {"count": 0, "sum": 0}
    headings = ("suspense", "held", "parked", "quarantined", "refunded", "cancelled", "other_schemes")
    assert [found[heading] for heading in headings] == [nothing] * 7
    assert found["manifest"] == found["manifests"][0]
    assert found["manifest"] == {
        "number": 1,
        "count": 2,
        "sum_received": 594_000,
        "first_voucher_id": "KT79-2023-0001",
        "last_voucher_id": "KT79-2023-0002",
        "received_at": "2023-02-06T09:00:00+07:00",
    }
    assert (found["covers_issued"], found["open_differences"], found["complete"]) == (0, 0, True)
    assert kinds(found) == [("WITHOUT_COVER", "KT79-2023-0001"), ("WITHOUT_COVER", "KT79-2023-0002")]
    assert {each["state"] for each in found["differences"]} == {"DATA_CREATED"}
    assert not any(each["open"] for each in found["differences"])


def test_a_second_cover_that_is_not_issued_yet_is_told_as_well(api: Api) -> None:
    first = vouchers(api, 1)[0]
    deliver(first)
    deliver({**first, "message_id": str(uuid.uuid4()), "voucher_version": 2, "event": "CANCELLED"})
    receipt = {**first["receipt"], "number": "0000099"}
    deliver({**first, "message_id": str(uuid.uuid4()), "voucher_id": "KT79-2023-0009", "receipt": receipt})
    found = report(api)
    (unissued,) = [each for each in found["differences"] if each["kind"] == "WITHOUT_COVER"]
    assert (unissued["voucher_id"], unissued["state"]) == ("KT79-2023-0009", "DATA_CREATED")


def test_differences_are_listed_one_by_one(api: Api) -> None:
    first, second = vouchers(api, 2)
    short = {**second, "voucher_id": "KT79-2023-0003", "amount_received": 200_000}
    parked = {**second, "voucher_id": "KT79-2023-0005", "dossier_code": "none-yet", "from_month": "2023-09"}
    parked["receipt"] = {**second["receipt"], "number": "9000005"}
    illegible = {**second, "voucher_id": "KT79-2023-0006", "surprise": 1}
    moved = {**parked, "voucher_id": "KT79-2023-0004", "value_date": "2023-02-07"}
    moved["receipt"] = {**second["receipt"], "number": "9000004"}
    beyond = {**parked, "voucher_id": "KT79-2023-0099", "receipt": {**second["receipt"], "number": "9000099"}}
    manifest = {**TWO, "count": 8, "sum_received": 2_376_000, "last_voucher_id": "KT79-2023-0010"}
    deliver(first, short, parked, illegible, moved, beyond, manifest)
    found = report(api)
    assert found["received"] == {"count": 5, "sum": 3 * 297_000 + 200_000 + 297_000}
    assert found["held"] == {"count": 1, "sum": 200_000}
    assert found["parked"] == {"count": 2, "sum": 594_000}
    assert found["quarantined"] == {"count": 1, "sum": 297_000}
    assert kinds(found) == [
        ("COUNT_DIFFERS", None),
        ("SUM_DIFFERS", None),
        ("SEQUENCE_GAP", "KT79-2023-0002"),
        ("DATED_OTHERWISE", "KT79-2023-0004"),
        ("SEQUENCE_GAP", "KT79-2023-0007"),
        ("OUTSIDE_SEQUENCE", "KT79-2023-0099"),
        ("WITHOUT_COVER", "KT79-2023-0001"),
        ("NOT_SETTLED", "KT79-2023-0003"),
        ("NOT_SETTLED", "KT79-2023-0005"),
        ("NOT_SETTLED", "KT79-2023-0006"),
        ("NOT_SETTLED", "KT79-2023-0099"),
    ]
    gap, otherwise = found["differences"][4], found["differences"][3]
    assert (gap["last_voucher_id"], gap["found"]) == ("KT79-2023-0010", 4)
    assert gap["voucher_ids"] == [f"KT79-2023-{number:04d}" for number in (7, 8, 9, 10)]
    assert (otherwise["day"], otherwise["open"]) == ("2023-02-07", False)
    assert found["differences_total"] == 11
    held = found["differences"][7]
    assert (held["state"], held["reason"], held["found"]) == ("HELD", "UNDERPAID", 200_000)
    message = found["differences"][9]
    assert (message["state"], message["subject"][:12]) == ("QUARANTINED", "quarantined-")


def test_a_voucher_of_another_scheme_counts_and_nothing_of_it_is_kept(api: Api, table: TableContents) -> None:
    first, second = vouchers(api, 2)
    other = {**second, "scheme": "BHYT"}
    deliver(first, other, {**other, "message_id": "again"}, TWO)
    found = report(api)
    assert found["other_schemes"] == {"count": 1, "sum": 297_000}
    assert found["received"] == found["applied"] == {"count": 1, "sum": 297_000}
    assert (found["open_differences"], [kind for kind, _ in kinds(found)]) == (0, ["WITHOUT_COVER"])
    (kept,) = [item for item in table.items() if item["PK"]["S"] == f"OTHER#{second['voucher_id']}"]
    assert set(kept) == {
        "PK",
        "SK",
        "voucher_id",
        "province_code",
        "amount_received",
        "received_at",
        "GSI1PK",
        "GSI1SK",
    }
    deliver({"scheme": "BHYT"}, {**other, "voucher_id": 7}, {**other, "value_date": "?", "voucher_id": "x"})
    assert report(api)["other_schemes"]["count"] == 1


def test_a_province_that_never_was_is_a_fault_for_the_central_desk(api: Api, table: TableContents) -> None:
    deliver({**vouchers(api, 1)[0], "province_code": "99"})
    (message,) = [item for item in table.items() if item["SK"]["S"] == "MESSAGE"]
    assert (message["reason"]["S"], message["cause"]["S"], message["province_code"]["S"]) == (
        "PROVINCE_UNKNOWN",
        "RULE",
        "00",
    )
    assert not [item for item in table.items() if item["PK"]["S"].startswith("VOUCHER#")]


def test_a_second_manifest_that_differs_is_a_difference_and_the_last_one_counts(api: Api) -> None:
    other = {**TWO, "count": 3, "sum_received": 891_000}
    deliver(TWO, TWO, other, TWO)
    found = report(api)
    assert [each["number"] for each in found["manifests"]] == [1, 2]
    assert found["sent"] == {"count": 3, "sum": 891_000}
    (changed,) = [each for each in found["differences"] if each["kind"] == "MANIFEST_CHANGED"]
    assert (changed["expected"], changed["found"], changed["open"]) == (594_000, 891_000, True)


def test_without_a_manifest_what_was_received_is_told(api: Api) -> None:
    deliver(*vouchers(api, 1))
    found = report(api)
    assert (found["manifest"], found["sent"]) == (None, None)
    assert kinds(found)[0] == ("MANIFEST_MISSING", None)


def test_covers_of_the_day_are_counted(api: Api, w: Wiring) -> None:
    deliver(*vouchers(api, 1))
    w.table.client.put_item(
        TableName=w.settings.table,
        Item={
            "PK": {"S": "DOSSIER#x"},
            "SK": {"S": "COVER#1"},
            "GSI1PK": {"S": "ISSUED#2023-02-06#79#3"},
            "GSI1SK": {"S": "x-C1"},
        },
    )
    assert report(api)["covers_issued"] == 1


def test_each_sees_its_provinces_and_operators_all(api: Api) -> None:
    deliver(*vouchers(api, 1), {**TWO, "province_code": "01"})
    deliver({**vouchers(api, 1)[0], "voucher_id": "x", "province_code": "99", "surprise": 1})
    path = "/v1/officer/reconciliation?date=2023-02-06"

    def provinces(caller: Mapping[str, str]) -> list[str]:
        return [each["province_code"] for each in api.call("GET", path, caller=caller).json["items"]]

    assert provinces(OPS) == ["00", "01", "79"]
    assert provinces(OFFICER_79) == ["79"]
    assert provinces(OFFICER_01) == ["01"]
    answer = api.call("GET", DAY, caller=OFFICER_01)
    assert (answer.status, answer.json["code"]) == (403, "PROVINCE_NOT_ALLOWED")
    assert api.call("GET", DAY, caller=PORTAL).status == 403


def test_one_answer_reads_so_much_and_a_cursor_leads_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(*vouchers(api, 1), {**TWO, "province_code": "01"}, {**TWO, "province_code": "80"})
    monkeypatch.setattr(reconcile_day, "MOST_VOUCHERS", 1)
    path = "/v1/officer/reconciliation?date=2023-02-06"
    first = api.call("GET", path, caller=OPS).json
    assert [each["province_code"] for each in first["items"]] == ["01", "79"]
    assert first["next_cursor"] == "80"
    second = api.call("GET", f"{path}&cursor=80", caller=OPS).json
    assert ([each["province_code"] for each in second["items"]], second["next_cursor"]) == (["80"], None)
    answer = api.call("GET", f"{path}&cursor=80", caller=OFFICER_79)
    assert (answer.status, answer.codes) == (422, [("cursor", "CURSOR_INVALID")])
    monkeypatch.setattr(reconcile_day, "MOST_VOUCHERS", 20_000)
    monkeypatch.setattr(reconcile_day, "MOST_LISTED", 1)
    assert api.call("GET", path, caller=OPS).json["next_cursor"] == "02"


def test_a_day_that_holds_too_much_is_told_in_part_and_not_signed_off(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(*vouchers(api, 2), TWO)
    monkeypatch.setattr(reconcile_day, "MOST_VOUCHERS", 1)
    found = report(api)
    assert (found["complete"], found["received"]["count"]) == (False, 1)
    answer = signed(api, found)
    assert (answer.status, answer.json["code"]) == (409, "REPORT_INCOMPLETE")


# As a table


def test_the_table_says_the_same_and_no_cell_is_a_formula(api: Api) -> None:
    voucher, other = vouchers(api, 2)
    evil = {**other, "voucher_id": "=cmd|'/c calc'!A1", "amount_received": 100_000}
    deliver(voucher, evil, TWO)
    found = report(api)
    assert signed(api, found, note="=1+1").status == 200
    answer = api.call("GET", f"{DAY}&format=csv", caller=OFFICER_79)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="doi-soat-2023-02-06-79.csv"'
    assert answer.text.startswith("\ufeffrecord,date,province_code,")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    figures = {row["item"]: (row["count"], row["sum"]) for row in rows if row["record"] == "figure"}
    assert figures["sent"] == ("2", "594000")
    assert figures["held"] == ("1", "100000")
    assert figures["covers_issued"] == ("0", "")
    differences = [row for row in rows if row["record"] == "difference"]
    assert [row["item"] for row in differences] == [each["kind"] for each in found["differences"]]
    assert [row["id"] for row in differences] == [each["id"] for each in found["differences"]]
    assert {row["voucher_id"] for row in differences} >= {"'=cmd|'/c calc'!A1", "KT79-2023-0001"}
    assert (rows[-2]["record"], rows[-2]["state"], rows[-2]["text"]) == ("sign_off", "SIGNED_OFF", "'=1+1")
    assert (rows[-1]["record"], rows[-1]["item"]) == ("export", "officer-79")
    assert "dành riêng cho officer-79, lúc 2023-02-" in rows[-1]["text"]
    for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "|"))]


def test_what_a_table_leaves_out_it_says(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(*vouchers(api, 2), TWO, {**TWO, "province_code": "80"})
    from chalicelib.http.ledger import reconciliation_view

    monkeypatch.setattr(reconciliation_view, "MOST_DIFFERENCES", 1)
    monkeypatch.setattr(reconcile_day, "MOST_VOUCHERS", 1)
    answer = api.call("GET", "/v1/officer/reconciliation?date=2023-02-06&format=csv", caller=OPS)
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["record"], row["item"]) for row in rows if row["record"] == "next_cursor"] == [("next_cursor", "80")]
    monkeypatch.setattr(reconcile_day, "MOST_VOUCHERS", 20_000)
    answer = api.call("GET", f"{DAY}&format=csv", caller=OPS)
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["item"], row["count"]) for row in rows if row["record"] == "more"] == [("differences", "2")]


# A person signs the day off


def test_a_day_that_agrees_is_signed_off_and_a_later_change_shows(api: Api, table: TableContents) -> None:
    first, second = vouchers(api, 2)
    deliver(first, second, TWO)
    answer = signed(api, caller=SIGNER_79)
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json == {
        "number": 1,
        "date": "2023-02-06",
        "province_code": "79",
        "signed_by": "signer-79",
        "signed_at": "2023-02-06T09:00:00+07:00",
        "note": "Đã kiểm tra.",
        "acknowledged": [],
    }
    stands = report(api)["sign_off"]
    assert stands == {**answer.json, "changed_since": False, "changes": []}
    again = signed(api)
    assert (again.status, again.json["code"]) == (409, "ALREADY_SIGNED_OFF")
    late = {**first, "voucher_id": "KT79-2023-0003", "dossier_code": "none-yet", "from_month": "2023-09"}
    late["receipt"] = {**first["receipt"], "number": "9000003"}
    deliver(late)
    stands = report(api)["sign_off"]
    assert stands["changed_since"] is True
    assert {"figure": "received.count", "before": 2, "now": 3} in stands["changes"]
    assert {"figure": "parked.sum", "before": 0, "now": 297_000} in stands["changes"]
    assert signed(api).json["code"] == "DIFFERENCES_OPEN"
    second_time = signed(api, report(api))
    assert (second_time.status, second_time.json["number"]) == (200, 2)
    assert report(api)["sign_off"]["changed_since"] is False
    lines = [item for item in table.items() if item["PK"]["S"] == "DAY#2023-02-06#79" and "previous_hash" in item]
    assert [line["event"]["S"] for line in lines] == ["RECONCILIATION_SIGNED_OFF"] * 2
    assert lines[1]["previous_hash"] == lines[0]["hash"]


def test_open_differences_are_acknowledged_one_by_one(api: Api) -> None:
    deliver(*vouchers(api, 1), TWO)
    found = report(api)
    assert found["open_differences"] == 3
    refused = signed(api)
    assert (refused.status, refused.json["code"], refused.json["open"]) == (409, "DIFFERENCES_OPEN", 3)
    partly = signed(api, {"differences": found["differences"][:2]})
    assert (partly.status, partly.json["open"]) == (409, 1)
    unknown = signed(api, acknowledged=["0" * 16])
    assert (unknown.status, unknown.codes) == (422, [("acknowledged[0]", "ACKNOWLEDGED_UNKNOWN")])
    assert signed(api, found).status == 200


def test_a_repeated_request_gets_its_first_answer(api: Api) -> None:
    deliver(*vouchers(api, 2), TWO)
    first = signed(api, headers={"Idempotency-Key": "k"})
    again = signed(api, headers={"Idempotency-Key": "k"})
    assert (first.status, again.status, again.text) == (200, 200, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = signed(api, headers={"Idempotency-Key": "k"}, note="Khác.")
    assert (other.status, other.json["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("changes", "caller", "status", "code"),
    (
        ({}, OFFICER_01, 403, "PROVINCE_NOT_ALLOWED"),
        ({}, OPS, 403, "ROLE_NOT_ALLOWED"),
        ({}, PORTAL, 403, "ROLE_NOT_ALLOWED"),
        ({"province_code": "99"}, OFFICER_79, 404, "PROVINCE_NOT_FOUND"),
        ({"date": "2023-02-07"}, OFFICER_79, 422, "DAY_IN_FUTURE"),
        ({"date": "2023-02-05"}, OFFICER_79, 409, "NOTHING_TO_SIGN_OFF"),
        ({"date": "05/02/2023"}, OFFICER_79, 422, "INVALID_VALUE"),
        ({"note": " "}, OFFICER_79, 422, "INVALID_VALUE"),
        ({"acknowledged": ["x"]}, OFFICER_79, 422, "INVALID_VALUE"),
        ({"surprise": 1}, OFFICER_79, 422, "UNKNOWN_FIELD"),
    ),
)
def test_what_is_not_signed_off(
    api: Api, changes: dict[str, Any], caller: Mapping[str, str], status: int, code: str
) -> None:
    answer = signed(api, caller=caller, **changes)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_of_two_who_sign_at_once_one_is_told_that_it_is_done(
    api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(*vouchers(api, 2), TWO)
    real = reconcile_day.report_of
    raced: list[bool] = []

    def late(province: str, day: date, wired: Wiring) -> reconcile_day.Report:
        found = real(province, day, wired)
        if not raced:
            raced.append(True)
            assert signed(api, caller=SIGNER_79).status == 200
        return found

    monkeypatch.setattr(reconcile_day, "report_of", late)
    answer = signed(api)
    assert (answer.status, answer.json["code"]) == (409, "ALREADY_SIGNED_OFF")


def test_a_sign_off_that_never_gets_through_says_so(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(*vouchers(api, 2), TWO)
    monkeypatch.setattr(reconcile_day, "ROUNDS", 0)
    answer = signed(api)
    assert (answer.status, answer.json["code"]) == (503, "STORAGE_BUSY")


def test_the_day_asked_for_is_today_unless_told(api: Api, clock: StandingClock) -> None:
    deliver({**TWO, "date": "2023-02-08"})
    clock.moment += timedelta(days=2)
    answer = api.call("GET", "/v1/officer/reconciliation", caller=OFFICER_79).json
    assert (answer["date"], [each["manifest"]["count"] for each in answer["items"]]) == ("2023-02-08", [2])
