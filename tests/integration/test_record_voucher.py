"""Vouchers of the queue: what each leaves behind, to the item (domain rule 7.4, scenarios A1, A4 to A9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import Rejected, Unavailable
from chalicelib.domain.events import first_broken_line
from chalicelib.domain.months import Month, MonthSpan
from chalicelib.domain.people.evidence import Book
from chalicelib.domain.people.participation import PersonRecord, new_si_number
from chalicelib.domain.registration.dossier import State
from chalicelib.queues.vouchers import voucher_consumer
from chalicelib.registers.sandbox import load
from chalicelib.storage import keys
from chalicelib.storage.codec import decode_item
from chalicelib.storage.items.people import person_from
from chalicelib.usecases.ledger.quarantine import kept_message
from tests.support.cloud import client_error
from tests.support.house import HOA, House, person, voucher

CODE = "000.00.79.G24-230206-0001"
VOUCHER = "KT79-2023-0000001"


def head(house: House, number: int = 1) -> tuple[str, str | None]:
    """(state, reason) of a voucher."""
    row = house.cloud.rows()[f"VOUCHER#KT79-2023-{number:07d}", "HEAD"]
    return row["state"]["S"], row.get("reason", {}).get("S")


def record_of(house: House, code: str = CODE) -> PersonRecord:
    hashed = house.dossier(code).person
    return person_from(hashed, house.w.table.get(keys.person(hashed)))


def quarantined(house: House) -> list[dict[str, Any]]:
    return [row for (pk, _), row in sorted(house.cloud.rows().items()) if pk.startswith("QUARANTINE#")]


# It takes effect


def test_a_first_timers_payment_and_everything_it_brings_about(house: House) -> None:
    """A1: one transaction for ledger, participation, number, cover, state and audit lines."""
    house.opened()
    house.cloud.calls.forget()
    assert house.send(voucher(1, CODE)) == []
    assert house.cloud.calls.made.count("transact_write_items") == 1
    view = house.view(CODE)
    assert view.dossier.state is State.IN_PROCESS
    assert view.dossier.due_at is not None
    assert view.dossier.due_at.isoformat() == "2023-02-13T17:00:00+07:00"
    (period,) = view.participation
    assert period.span == MonthSpan(Month(2023, 2), Month(2023, 2))
    assert (period.amount_gross, period.amount_participant, period.amount_state) == (330_000, 297_000, 33_000)
    assert period.voucher_id == VOUCHER
    number = new_si_number(view.dossier.person, "79", 0)
    assert view.cover is not None
    assert (view.cover.state, view.cover.snapshot.si_number, view.dossier.si_number) == ("DATA_CREATED", number, number)
    record = record_of(house)
    assert (record.si_number, record.cover_id, record.supported_months) == (number, f"{CODE}-C1", 1)
    assert record.covered == (MonthSpan(Month(2023, 2), Month(2023, 2)),)
    assert record.open_dossiers.keys() == {CODE}, "open until the cover is issued"
    assert head(house) == ("APPLIED", None)
    assert [line.event for line in view.history] == ["DOSSIER_OPENED", "VOUCHER_RECORDED", "COVER_CREATED"]
    assert first_broken_line(view.history, view.dossier.audit_hash) is None
    assert f"SI#{number} SI" in house.cloud.listing()
    assert "RECEIPT#BH23-79/E#0000001 RECEIPT" in house.cloud.listing()


@pytest.mark.parametrize("case_type", ("CONTINUE", "RE_REGISTER", "FROM_COMPULSORY"))
def test_who_has_a_book_needs_no_cover(house: House, case_type: str) -> None:
    """A4, A5: recorded, completed and returned; the SI number stays, nothing is left open."""
    house.opened(replace(HOA, case_type=case_type, si_number="7912345678"))
    assert house.send(voucher(1, CODE)) == []
    view = house.view(CODE)
    assert view.dossier.state is State.RESULT_RETURNED
    assert (view.cover, view.dossier.si_number) == (None, "7912345678")
    record = record_of(house)
    assert (record.si_number, record.cover_id, record.open_dossiers) == ("7912345678", None, {})
    assert house.cloud.listing("SI#") == ["SI#7912345678 SI"]
    assert "GSI2PK" not in house.cloud.rows()[f"DOSSIER#{CODE}", "META"]
    assert [line.status_sequence for line in view.history] == [1, 2, 3, 4, 5]


def test_a_persons_second_dossier_of_a_first_time_brings_no_second_cover(house: House) -> None:
    """One cover at most (A6): two open first-time dossiers of one person, for two months."""
    march = replace(HOA, from_month="2023-03")
    first, second = house.opened(key="1"), house.opened(march, key="2")
    assert house.send(voucher(1, first), voucher(2, second, march)) == []
    assert house.view(first).cover is not None
    assert house.view(second).cover is None
    assert house.dossier(second).state is State.RESULT_RETURNED
    record = record_of(house)
    assert record.covered == (MonthSpan(Month(2023, 2), Month(2023, 3)),)
    assert record.supported_months == 2
    assert record.open_dossiers.keys() == {first}
    assert len(house.cloud.listing("SI#")) == 1


def test_a_first_timer_with_a_book_is_recorded_under_its_number_without_a_cover(house: House) -> None:
    load(house.w.table, [(house.w.person(HOA.personal_id or ""), Book("7912345678", Month(2022, 12)))])
    house.opened()
    assert house.send(voucher(1, CODE)) == []
    view = house.view(CODE)
    assert (view.dossier.state, view.dossier.si_number, view.cover) == (State.RESULT_RETURNED, "7912345678", None)


def test_a_first_timer_with_a_number_but_no_book_gets_a_cover_with_that_number(house: House) -> None:
    house.opened(replace(HOA, si_number="7912345678"))
    assert house.send(voucher(1, CODE)) == []
    assert house.cover(CODE).snapshot.si_number == "7912345678"


def test_nobody_declares_the_number_of_another(house: House) -> None:
    house.paid()
    taken = house.dossier(CODE).si_number
    other = replace(person(2), case_type="RE_REGISTER", si_number=taken)
    with pytest.raises(Rejected) as refused:
        house.declare(other, key="key-2")
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("si_number", "SI_NUMBER_MISMATCH")]


def test_a_number_that_another_took_meanwhile_is_held_for_a_person(house: House) -> None:
    """Two persons declared one number while nobody had it; the second to pay is held, and nothing is recorded."""
    first, second = (replace(person(n), case_type="RE_REGISTER", si_number="7912345678") for n in (1, 2))
    codes = house.opened(first, key="key-1"), house.opened(second, key="key-2")
    assert house.send(voucher(1, codes[0], first), voucher(2, codes[1], second)) == []
    assert (head(house, 1), head(house, 2)) == (("APPLIED", None), ("HELD", "SI_NUMBER_OF_ANOTHER"))
    assert house.dossier(codes[1]).state is State.AWAITING_PAYMENT


def test_a_number_that_somebody_has_is_passed_over(house: House) -> None:
    hashed = house.w.person(HOA.personal_id or "")
    taken = [new_si_number(hashed, "79", attempt) for attempt in range(3)]
    for number in taken[:2]:
        house.w.table.put(keys.si_number(number), {"person": "somebody"})
    house.paid()
    assert house.dossier(CODE).si_number == taken[2]
    assert house.cover(CODE).snapshot.si_number == taken[2]
    assert record_of(house).si_number == taken[2]


def test_a_payment_the_calendar_does_not_know_is_held(house: House) -> None:
    house.opened()
    assert house.send(voucher(1, CODE, paid_at="2031-02-06T09:15:22+07:00")) == []
    assert head(house) == ("HELD", "CALENDAR_NOT_CONFIGURED")
    assert house.dossier(CODE).state is State.AWAITING_PAYMENT
    assert house.cloud.listing("SI#") == []


@pytest.mark.parametrize("paid_at", ("1999-02-06T09:15:22+07:00", "2010-02-06T09:15:22Z"))
def test_a_payment_from_before_any_rule_is_held(house: House, paid_at: str) -> None:
    house.opened()
    assert house.send(voucher(1, CODE, paid_at=paid_at)) == []
    assert head(house)[0] == "HELD"


# Again, late, in conflict


def test_the_same_voucher_three_times_records_once(house: House) -> None:
    """A6: in one batch, and in batches of its own; under new message ids."""
    house.opened()
    first = voucher(1, CODE)
    assert house.send(first, {**first, "message_id": "again"}) == []
    before = house.cloud.rows()
    house.cloud.calls.forget()
    assert house.send({**first, "message_id": "and-again"}) == []
    assert house.cloud.rows() == before
    assert "transact_write_items" not in house.cloud.calls.made


def test_the_same_version_with_other_content_goes_to_quarantine(house: House) -> None:
    house.opened()
    house.send(voucher(1, CODE))
    before = house.view(CODE)
    other = voucher(1, CODE, amount_received=300_000)
    assert house.send(other) == []
    assert house.send(other) == []
    (row,) = quarantined(house)
    assert row["reason"] == {"S": "VOUCHER_CONTENT_CONFLICT"}
    assert (row["voucher_id"], row["province_code"]) == ({"S": VOUCHER}, {"S": "79"})
    assert house.view(CODE) == before


def test_a_receipt_number_used_twice_goes_to_quarantine(house: House) -> None:
    house.opened()
    house.opened(person(1), key="2")
    second = voucher(2, "000.00.79.G24-230206-0002", person(1), receipt=voucher(1)["receipt"])
    assert house.send(voucher(1, CODE), second) == []
    (row,) = quarantined(house)
    assert row["reason"] == {"S": "RECEIPT_CONFLICT"}
    assert house.dossier("000.00.79.G24-230206-0002").state is State.AWAITING_PAYMENT
    assert "VOUCHER#KT79-2023-0000002 HEAD" not in house.cloud.listing()


def test_a_second_payment_is_held_and_the_first_stands(house: House) -> None:
    house.paid()
    before = house.view(CODE)
    assert house.send(voucher(2, CODE)) == []
    assert head(house, 2) == ("HELD", "DOUBLE_PAYMENT")
    after = house.view(CODE)
    assert (after.participation, after.cover, after.dossier.state) == (
        before.participation,
        before.cover,
        before.dossier.state,
    )
    assert after.refund is not None
    assert (after.refund.amount, after.refund.voucher_ids) == (297_000, ("KT79-2023-0000002",))
    assert [line.event for line in after.history[len(before.history) :]] == ["PAYMENT_HELD", "REFUND_CASE_OPENED"]
    assert first_broken_line(after.history, after.dossier.audit_hash) is None


@pytest.mark.parametrize("rate", (None, "0.3100", "0.31", 0.31))
def test_the_rate_may_be_written_as_text_or_number(house: House, rate: str | float | None) -> None:
    house.opened()
    assert house.send(voucher(1, CODE, rate_r=rate, rate_table_version="2026-01-01")) == []
    assert head(house) == ("APPLIED", None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    (
        ({"amount_received": 200_000}, "UNDERPAID"),
        ({"full_name": "TRẦN VĂN A"}, "IDENTITY_MISMATCH"),
        ({"income": 1_550_000}, "TERMS_MISMATCH"),
        ({"amount_gross": 331_000, "amount_state": 34_000}, "AMOUNT_MISMATCH"),
        ({"event": "REFUNDED"}, "ORIGINAL_MISSING"),
    ),
)
def test_what_needs_an_officer_waits_with_its_reason(house: House, changes: dict[str, Any], reason: str) -> None:
    """A8: no participation, no cover; on the list of vouchers that need a person, and in the dossier's trail."""
    house.opened()
    before = house.view(CODE)
    assert house.send(voucher(1, CODE, **changes)) == []
    assert head(house) == ("HELD", reason)
    row = house.cloud.rows()[f"VOUCHER#{VOUCHER}", "HEAD"]
    assert row["GSI2PK"] == {"S": "HELD#79#0"}
    after = house.view(CODE)
    assert (after.participation, after.cover, after.dossier.state) == ((), None, before.dossier.state)
    told = [] if reason == "ORIGINAL_MISSING" else ["PAYMENT_HELD"]
    assert [line.event for line in after.history[len(before.history) :]] == told
    assert house.cloud.listing("SI#") == []
    assert house.send(voucher(1, CODE, **changes)) == [], "again: a duplicate"
    assert house.view(CODE) == after


def test_a_payment_of_an_expired_dossier_is_held(house: House) -> None:
    code = house.opened()
    house.clock.moment = house.dossier(code).payment_expires_at
    house.deadline(code, "EXPIRE_UNPAID")
    assert house.send(voucher(1, code)) == []
    assert head(house) == ("HELD", "DOSSIER_CLOSED")


def test_a_cancellation_before_the_voucher(house: House) -> None:
    """A6: the tombstone of v2 comes first; v1 is kept and has no effect."""
    house.opened()
    assert house.send(voucher(1, CODE, event="CANCELLED", voucher_version=2)) == []
    tombstone = house.cloud.rows()[f"VOUCHER#{VOUCHER}", "HEAD"]
    house.clock.moment = house.clock.moment.replace(hour=11)
    assert house.send(voucher(1, CODE, amount_received=1)) == []
    assert head(house) == ("CANCELLED", None)
    after = house.cloud.rows()[f"VOUCHER#{VOUCHER}", "HEAD"]
    assert {name: after[name] for name in ("received_at", "voucher_version")} == {
        name: tombstone[name] for name in ("received_at", "voucher_version")
    }
    assert after["amount_received"] == {"N": "1"}, (
        "what came is what the voucher brought, not what the cancellation says"
    )
    assert house.dossier(CODE).state is State.AWAITING_PAYMENT
    assert [key.split()[1] for key in house.cloud.listing("VOUCHER#")] == ["HEAD", "V#00000001", "V#00000002"]


# Before its dossier


@pytest.mark.parametrize("code", (CODE, None))
def test_a_voucher_before_its_dossier_is_matched_when_it_comes(house: House, code: str | None) -> None:
    """A7: parked by dossier code, or by person, month and amount."""
    assert house.send(voucher(1, code)) == []
    assert head(house) == ("PARKED", "DOSSIER_NOT_FOUND")
    assert house.send(voucher(1, code)) == []
    house.clock.moment = house.clock.moment.replace(minute=55)
    house.declare()
    assert house.dossier(CODE).state is State.AWAITING_PAYMENT
    assert house.relay() == []
    assert house.dossier(CODE).state is State.IN_PROCESS
    assert head(house) == ("APPLIED", None)
    assert house.dossier(CODE).paid_at is not None
    assert not [key for key in house.cloud.listing() if "PENDING#" in key]
    assert house.cloud.rows()[f"VOUCHER#{VOUCHER}", "HEAD"]["dossier_code"] == {"S": CODE}


@pytest.mark.parametrize("changes", ({"amount_received": 1}, {"from_month": "2023-04"}))
def test_a_voucher_of_the_person_for_another_month_or_amount_keeps_waiting(
    house: House, changes: dict[str, Any]
) -> None:
    house.send(voucher(1, None, **changes))
    house.declare()
    assert house.relay() == []
    assert head(house) == ("PARKED", "DOSSIER_NOT_FOUND")
    assert house.dossier(CODE).state is State.AWAITING_PAYMENT


def test_a_voucher_without_a_code_finds_the_open_dossier_of_its_person(house: House) -> None:
    house.opened()
    assert house.send(voucher(1, None)) == []
    assert head(house) == ("APPLIED", None)


def test_a_voucher_that_names_nobody_we_could_know_is_held(house: House) -> None:
    assert house.send(voucher(1, None, personal_id=None, si_number="7912345678")) == []
    assert head(house) == ("HELD", "NO_MATCHING_KEY")


def test_a_parked_voucher_that_is_cancelled_never_takes_effect(house: House) -> None:
    house.send(voucher(1, CODE))
    house.send(voucher(1, CODE, event="CANCELLED", voucher_version=2))
    assert not [key for key in house.cloud.listing() if "PENDING#" in key]
    house.declare()
    house.relay()
    assert house.dossier(CODE).state is State.AWAITING_PAYMENT
    assert head(house) == ("CANCELLED", None)


@pytest.mark.parametrize("code", (CODE, None))
def test_a_dossier_that_opens_while_its_voucher_is_being_parked(house: House, code: str | None) -> None:
    """Whoever commits second sees the first: the voucher is recorded at once, nothing is left waiting."""
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            house.declare()

    with house.cloud.calls.hooked(hook):
        assert house.send(voucher(1, code)) == []
    assert head(house) == ("APPLIED", None)
    assert not [key for key in house.cloud.listing() if "PENDING#" in key]


def test_two_vouchers_of_one_dossier_at_the_same_moment(house: House) -> None:
    """Two consumers have both read an unpaid dossier: both are judged by what stands, and the first to be paid pays."""
    house.opened()
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            house.send(voucher(2, CODE))

    with house.cloud.calls.hooked(hook):
        assert house.send(voucher(1, CODE)) == []
    assert (head(house, 1), head(house, 2)) == (("APPLIED", None), ("HELD", "DOUBLE_PAYMENT"))
    assert [period.voucher_id for period in house.view(CODE).participation if period.status == "ACTIVE"] == [VOUCHER]


# The batch


def test_one_bad_message_does_not_keep_the_others(house: House) -> None:
    """Quarantined whole, with what is wrong and never the value; nothing comes again."""
    house.opened()
    house.opened(person(1), key="2")
    bad = {**voucher(3, CODE), "amount_received": 297_000.5, "surprise": 1}
    batch = (voucher(1, CODE), "{not JSON", bad, voucher(2, "000.00.79.G24-230206-0002", person(1)))
    assert house.send(*batch) == []
    assert house.dossier(CODE).state is State.IN_PROCESS
    assert house.dossier("000.00.79.G24-230206-0002").state is State.IN_PROCESS
    found = {row["reason"]["S"]: row for row in quarantined(house)}
    assert found.keys() == {"NOT_JSON", "UNKNOWN_FIELD"}
    assert kept_message(decode_item(found["NOT_JSON"]), house.w) == "{not JSON"
    faults = {fault["S"] for fault in found["UNKNOWN_FIELD"]["faults"]["L"]}
    assert faults == {"amount_received: INVALID_TYPE", "surprise: UNKNOWN_FIELD"}


@pytest.mark.parametrize(
    ("changes", "code"),
    (
        ({"amount_received": -1}, "INVALID_VALUE"),
        ({"amount_received": "297000"}, "INVALID_TYPE"),
        ({"amount_gross": 1}, "AMOUNT_SUM"),
        ({"dossier_code": None, "channel": "PORTAL"}, "DOSSIER_CODE_REQUIRED"),
        ({"dossier_code": None, "channel": "AGENT", "personal_id": None}, "IDENTIFIER_REQUIRED"),
        ({"event": "REPLACED"}, "REPLACED_VOUCHER_REQUIRED"),
        ({"birth_date": "1985-02-30"}, "INVALID_VALUE"),
        ({"paid_at": "2023-02-06T09:15:22"}, "INVALID_VALUE"),
        ({"paid_at": "0001-01-01T00:00:00+14:00"}, "PAID_AT_INVALID"),
        ({"paid_at": "9999-12-31T23:59:59-14:00"}, "PAID_AT_INVALID"),
        ({"voucher_id": "a\nb"}, "INVALID_VALUE"),
        ({"currency": "USD"}, "INVALID_VALUE"),
    ),
)
def test_what_is_no_voucher_is_quarantined_under_its_code(house: House, changes: dict[str, Any], code: str) -> None:
    assert house.send({**voucher(1, CODE), **changes}) == []
    (row,) = quarantined(house)
    faults = [fault["S"].split(": ")[1] for fault in row["faults"]["L"]]
    assert code in faults
    assert house.cloud.listing("VOUCHER#") == []


def test_a_message_larger_than_an_item_is_kept_as_far_as_it_fits(house: House) -> None:
    """SQS carries a megabyte, an item holds 400 KB: cut, with its true size and a mark of the whole."""
    huge = {**voucher(1, CODE), **{f"unknown_{number}_{'ứ' * 90}": number for number in range(3000)}}
    body = json.dumps(huge, ensure_ascii=False)
    assert len(body.encode()) > 400 * 1024
    assert house.send(body) == []
    (row,) = quarantined(house)
    assert row["bytes"] == {"N": str(len(body.encode()))}
    assert len(json.dumps(row, ensure_ascii=False).encode()) < 380 * 1024
    assert house.send(body + " ") == []
    assert len(quarantined(house)) == 2, "another message that begins alike is another message"


def test_a_quarantined_message_again_keeps_its_first_arrival(house: House) -> None:
    house.send("nope")
    before = house.cloud.rows()
    house.clock.moment = house.clock.moment.replace(hour=12)
    assert house.send("nope") == []
    assert house.cloud.rows() == before


def test_another_scheme_is_acknowledged_and_leaves_its_number_alone(house: House) -> None:
    assert house.send({**voucher(1, CODE), "scheme": "BHYT"}) == []
    assert list(house.cloud.rows()) == [(f"OTHER#{VOUCHER}", "SEEN")]


def test_a_manifest_is_kept_and_a_different_one_behind_it(house: House) -> None:
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 2, "sum_received": 594_000}
    assert house.send(manifest) == []
    assert house.send({**manifest, "count": 3, "last_voucher_id": "v3"}, manifest) == []
    rows = house.cloud.rows()
    assert rows["DAY#2023-02-06#79", "MANIFEST"]["number"] == {"N": "2"}
    first, second = (rows["DAY#2023-02-06#79", f"MANIFEST#{number:06d}"] for number in (1, 2))
    assert (first["count"], first["sum_received"]) == ({"N": "2"}, {"N": "594000"})
    assert (second["count"], second["last_voucher_id"]) == ({"N": "3"}, {"S": "v3"})


def test_two_manifests_at_the_same_moment_are_both_kept(house: House) -> None:
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 2, "sum_received": 594_000}
    raced: list[bool] = []

    def meanwhile(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not raced:
            raced.append(True)
            assert house.send({**manifest, "count": 3}) == []

    with house.cloud.calls.hooked(meanwhile):
        assert house.send(manifest) == []
    counts = [house.cloud.rows()["DAY#2023-02-06#79", f"MANIFEST#{number:06d}"]["count"]["N"] for number in (1, 2)]
    assert counts == ["3", "2"]


def test_a_manifest_that_never_gets_through_comes_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.ledger.keep_manifest.ROUNDS", 0)
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 2, "sum_received": 594_000}
    assert house.send(manifest) == ["0"]


def busy(voucher_id: str) -> Callable[[str, dict[str, Any]], None]:
    """A table that is throttled for one voucher."""

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == "transact_write_items" and voucher_id in json.dumps(arguments):
            raise client_error("ThrottlingException", "TransactWriteItems")

    return hook


def test_what_fails_for_a_passing_reason_comes_again_alone(house: House) -> None:
    """Partial batch response: the neighbours are acknowledged."""
    house.opened()
    house.opened(person(1), key="2")
    batch = (voucher(1, CODE), voucher(2, "000.00.79.G24-230206-0002", person(1)), "nope")
    with house.cloud.calls.hooked(busy(VOUCHER)):
        assert house.send(*batch) == ["0"]
    assert house.dossier("000.00.79.G24-230206-0002").state is State.IN_PROCESS
    assert house.send(batch[0]) == []
    assert house.dossier(CODE).state is State.IN_PROCESS


def test_a_batch_whose_reads_fail_comes_again_but_for_what_needs_none(house: House) -> None:
    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "batch_get_item":
            raise client_error("ThrottlingException", "BatchGetItem")

    with house.cloud.calls.hooked(hook):
        assert house.send(voucher(1, CODE), "nope", voucher(2, CODE)) == ["0", "2"]
    assert len(quarantined(house)) == 1


def test_a_function_that_runs_out_of_time_reports_the_rest(house: House) -> None:
    house.opened()
    left = iter([30_000, 1_000, 500])

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return next(left)

    records = [
        {"messageId": str(number), "body": json.dumps(voucher(number, CODE)), "receiptHandle": "h"}
        for number in (1, 2, 3)
    ]
    answer = voucher_consumer({"Records": records}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}
    assert head(house) == ("APPLIED", None)


def test_a_voucher_that_never_wins_is_told_as_busy(house: House) -> None:
    """Somebody else moves the dossier's person in every round: eight rounds, then another try later."""
    from chalicelib.queues.messages import ContributionVoucherMessage
    from chalicelib.usecases.ledger.record_voucher import VoucherFacts, record_voucher

    house.opened()
    message = ContributionVoucherMessage.model_validate_json(json.dumps(voucher(1, CODE)))
    read = message.voucher()
    hashed = house.dossier(CODE).person

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items":
            stored = house.w.table.get(keys.person(hashed))
            assert stored is not None
            assert isinstance(stored["version"], int)
            moved = {**stored, "version": stored["version"] + 1}
            house.w.table.put(keys.person(hashed), {k: v for k, v in moved.items() if k not in {"PK", "SK"}})

    facts = VoucherFacts([read], house.w).of(read)
    with house.cloud.calls.hooked(hook), pytest.raises(Unavailable, match="STORAGE_BUSY"):
        record_voucher(read, facts, house.w)
    assert house.dossier(CODE).state is State.AWAITING_PAYMENT


def test_two_messages_of_one_voucher_for_two_people_in_one_batch(house: House) -> None:
    """Each is judged by its own person: the second version corrects whom the money is for."""
    house.opened(person(1), key="2")
    assert house.send(voucher(1, None, HOA), voucher(1, None, person(1), voucher_version=2)) == []
    assert head(house) == ("APPLIED", None)
    assert house.dossier(CODE).state is State.IN_PROCESS


def test_a_voucher_without_a_name_is_known_by_its_number(house: House) -> None:
    house.opened()
    assert house.send(voucher(1, CODE, full_name=None)) == []
    assert head(house) == ("APPLIED", None)


def test_accounting_names_its_vouchers_as_it_likes(house: House) -> None:
    house.opened()
    assert house.send(voucher(1, CODE, voucher_id="Phiếu thu số 1/79")) == []
    assert house.dossier(CODE).state is State.IN_PROCESS


def test_what_is_legible_of_a_bad_message_brings_it_before_its_province(house: House) -> None:
    house.send(voucher(1, CODE, amount_received=297000.5), voucher(2, CODE, voucher_id="a\nb", income=-1), "[1]")
    listed = {(row["GSI2PK"]["S"], row.get("voucher_id", {}).get("S")) for row in quarantined(house)}
    assert listed == {("HELD#00#0", None), ("HELD#79#0", None), ("HELD#79#0", VOUCHER)}
