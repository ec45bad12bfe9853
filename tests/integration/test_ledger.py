"""The ledger to the item: short, too much, twice, cancelled, replaced, paid back, settled by hand (7.4, A8 to A10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.amounts.account import VoucherState
from chalicelib.domain.errors import Conflict, NotFound, Rejected, VersionConflict
from chalicelib.domain.events import Act, By, Event, first_broken_line
from chalicelib.domain.ledger.resolution import Action, Resolution
from chalicelib.domain.months import Month, MonthSpan
from chalicelib.domain.people.participation import PersonRecord
from chalicelib.domain.registration.declaration import AddressDraft, DeclarationDraft
from chalicelib.domain.registration.dossier import State
from chalicelib.storage import keys
from chalicelib.storage.items.fields import span_text
from chalicelib.storage.items.people import person_from
from chalicelib.storage.items.refunds import refund_from
from chalicelib.usecases.ledger.resolve_voucher import resolve
from tests.support.house import HOA, THREE_MONTHS, House, person, voucher

CODE = "000.00.79.G24-230206-0001"
OTHER = "000.00.79.G24-230206-0002"
BOOK = replace(HOA, case_type="CONTINUE", si_number="7912345678")
QUARTER = replace(BOOK, method="M3")
FEBRUARY = MonthSpan(Month(2023, 2), Month(2023, 2))


def name(number: int) -> str:
    return f"KT79-2023-{number:07d}"


def head(house: House, number: int = 1) -> tuple[str, str | None]:
    """(state, reason) of a voucher."""
    row = house.cloud.rows()[f"VOUCHER#{name(number)}", "HEAD"]
    return row["state"]["S"], row.get("reason", {}).get("S")


def record_of(house: House, draft: DeclarationDraft = HOA) -> PersonRecord:
    hashed = house.w.person(draft.personal_id or "")
    return person_from(hashed, house.w.table.get(keys.person(hashed)))


def cases(house: House, code: str = CODE) -> list[tuple[str, int, str]]:
    """(state, VND, cause) of every refund case of a dossier."""
    found = [refund_from(item) for item in house.w.table.query(keys.dossier_partition(code), keys.REFUND)]
    return [(case.state, case.amount, case.cause) for case in found]


def periods(house: House, code: str = CODE) -> list[tuple[str, str]]:
    return [(str(each.span.last), each.status) for each in house.view(code).participation]


def events(house: House, code: str = CODE) -> list[str]:
    view = house.view(code)
    assert first_broken_line(view.history, view.dossier.audit_hash) is None
    return [line.event for line in view.history]


def quarter(number: int, received: int, **changes: Any) -> dict[str, Any]:
    """A voucher of three months: 990,000 in all, 891,000 from the participant."""
    return voucher(number, CODE, QUARTER, **{**THREE_MONTHS, "amount_received": received, **changes})


@pytest.fixture(autouse=True)
def _one_way_of_money(house: House) -> Iterator[None]:
    """After every test: what is on record is what its people and their dossiers say."""
    yield
    rows = house.cloud.rows()
    for (partition, kind), row in rows.items():
        if not partition.startswith("PERSON#") or kind != "HEADER":
            continue
        active = [
            other
            for (pk, sk), other in rows.items()
            if pk == partition and sk.startswith("PERIOD#") and other["status"]["S"] == "ACTIVE"
        ]
        supported = sum(int(other["supported_months"]["N"]) for other in active)
        assert int(row["supported_months"]["N"]) == supported


# A8, A9


def test_a_payment_that_is_short_waits_for_its_top_up(house: House) -> None:
    """A8: nothing is recorded until the rest is there, and then with both vouchers."""
    house.opened(QUARTER)
    house.send(quarter(1, 801_000))
    assert head(house) == ("HELD", "UNDERPAID")
    assert house.dossier(CODE).payment_expires_at.isoformat() == "2023-02-09T17:00:00+07:00", "three working days"
    house.send(quarter(2, 90_000, paid_at="2023-02-08T10:00:00+07:00"))
    assert (head(house, 1), head(house, 2)) == (("APPLIED", None), ("APPLIED", None))
    view = house.view(CODE)
    (period,) = view.participation
    assert (period.voucher_ids, period.voucher_id) == ((name(1), name(2)), name(2))
    assert (view.dossier.state, cases(house)) == (State.RESULT_RETURNED, [])
    assert view.dossier.paid_at is not None
    assert view.dossier.paid_at.isoformat() == "2023-02-08T10:00:00+07:00", "the clock starts when all of it is there"
    assert record_of(house).supported_months == 3


def test_a_top_up_that_does_not_come_ends_in_a_refund_case(house: House) -> None:
    code = house.opened(QUARTER)
    house.send(quarter(1, 801_000))
    house.clock.moment += timedelta(hours=25)
    assert house.deadline(code, "EXPIRE_UNPAID")["done"] is False, "the first day is not the last any more"
    house.clock.moment = house.dossier(code).payment_expires_at
    assert house.deadline(code, "EXPIRE_UNPAID")["done"] is True
    assert house.dossier(code).state is State.EXPIRED
    assert cases(house) == [("OPEN", 801_000, "UNDERPAID")]
    assert record_of(house).open_dossiers == {}
    house.send(quarter(1, 801_000, event="REFUNDED", voucher_version=2))
    assert (head(house), cases(house)) == (("REFUNDED", None), [("PAID", 801_000, "UNDERPAID")])


def test_a_withdrawal_gives_back_what_was_paid_in_part(house: House) -> None:
    from chalicelib.usecases.course.change_course import withdraw
    from chalicelib.usecases.course.decide import Request
    from tests.support.house import PORTAL

    code = house.opened(QUARTER)
    house.send(quarter(1, 801_000))
    withdraw(Request(code, PORTAL), reason=None, present=lambda dossier, now: "{}", w=house.w)
    assert cases(house) == [("OPEN", 801_000, "UNDERPAID")]


def test_a_payment_that_is_too_much_is_recorded_and_the_rest_goes_back(house: House) -> None:
    """A9."""
    house.opened(QUARTER)
    house.send(quarter(1, 900_000))
    assert head(house) == ("APPLIED", None)
    assert periods(house) == [("2023-04", "ACTIVE")]
    assert cases(house) == [("OPEN", 9_000, "OVERPAID")]
    row = house.cloud.rows()[f"VOUCHER#{name(1)}", "HEAD"]
    assert (row["applied"], row["suspense"]) == ({"N": "891000"}, {"N": "9000"})


def test_of_two_payments_the_earlier_pays_whichever_comes_first(house: House) -> None:
    house.opened()
    house.send(voucher(2, CODE, paid_at="2023-02-06T09:20:00+07:00"))
    cover = house.cover(CODE).cover_id
    house.send(voucher(1, CODE))
    assert (head(house, 1), head(house, 2)) == (("APPLIED", None), ("HELD", "DOUBLE_PAYMENT"))
    view = house.view(CODE)
    assert [(each.voucher_id, each.status) for each in view.participation] == [
        (name(2), "VOIDED"),
        (name(1), "ACTIVE"),
    ]
    assert (view.dossier.paid_at or view.now).isoformat() == "2023-02-06T09:15:22+07:00"
    assert (house.cover(CODE).cover_id, house.cover(CODE).state) == (cover, "DATA_CREATED")
    assert cases(house) == [("OPEN", 297_000, "DOUBLE_PAYMENT")]
    assert record_of(house).covered == (FEBRUARY,)


def test_a_second_payment_takes_the_place_of_a_cancelled_first(house: House) -> None:
    house.opened(BOOK)
    house.send(voucher(1, CODE, BOOK), voucher(2, CODE, BOOK))
    assert cases(house) == [("OPEN", 297_000, "DOUBLE_PAYMENT")]
    house.send(voucher(1, CODE, BOOK, event="CANCELLED", voucher_version=2))
    assert (head(house, 1), head(house, 2)) == (("CANCELLED", None), ("APPLIED", None))
    assert cases(house) == [("WITHDRAWN", 297_000, "DOUBLE_PAYMENT")]
    assert record_of(house).covered == (FEBRUARY,)
    assert "PAYMENT_REVERSED" not in events(house)


# A10


def test_a_cancellation_takes_everything_back_and_another_payment_brings_it_again(house: House) -> None:
    """The cover's data goes at once, the counter goes back, the dossier waits; paid again it has a new cover."""
    house.paid()
    house.clock.moment += timedelta(hours=1)
    house.send(voucher(1, CODE, event="CANCELLED", voucher_version=2))
    record = record_of(house)
    assert (record.covered, record.supported_months, record.cover_id) == ((), 0, None)
    assert (head(house), periods(house)) == (("CANCELLED", None), [("2023-02", "VOIDED")])
    view = house.view(CODE)
    assert (view.dossier.state, view.dossier.paid_at, view.dossier.due_at) == (State.IN_PROCESS, None, None)
    assert view.dossier.payment_expires_at.isoformat() == "2023-02-09T17:00:00+07:00"
    assert house.cover(CODE).state == "REVOKED"
    assert events(house)[3:] == ["PAYMENT_REVERSED", "COVER_REVOKED", "DEADLINES_RESET"]
    house.send(voucher(2, CODE, paid_at="2023-02-08T10:00:00+07:00"))
    view = house.view(CODE)
    assert (view.dossier.state, house.cover(CODE).cover_id) == (State.IN_PROCESS, f"{CODE}-C2")
    assert (view.dossier.due_at or view.now).isoformat() == "2023-02-15T17:00:00+07:00"
    assert record_of(house).supported_months == 1
    assert periods(house) == [("2023-02", "VOIDED"), ("2023-02", "ACTIVE")]
    assert len(house.cloud.listing("SI#")) == 1


def test_a_dossier_that_is_not_paid_again_is_stopped(house: House) -> None:
    code = house.paid()
    house.send(voucher(1, CODE, event="CANCELLED", voucher_version=2))
    house.relay()
    assert f"{code}-g2" in house.cloud.machines.executions, "the clock is set to the new day"
    house.clock.moment = house.dossier(code).payment_expires_at
    assert house.deadline(code, "WHAT_IS_DUE", generation=2)["action"] == "EXPIRE_UNPAID"
    assert house.deadline(code, "EXPIRE_UNPAID", generation=2)["done"] is True
    assert house.dossier(code).state is State.STOPPED
    assert (record_of(house).open_dossiers, cases(house)) == ({}, [])
    house.send(voucher(2, CODE))
    assert head(house, 2) == ("HELD", "DOSSIER_CLOSED")
    assert cases(house) == [("OPEN", 297_000, "DOSSIER_CLOSED")]


def issued(house: House) -> None:
    """A paid dossier whose cover has been issued and returned."""
    from chalicelib.domain.covers.cover import StoredFile
    from chalicelib.usecases.covers.make_cover import record_issue

    code = house.paid()
    house.issue(code)
    record_issue(f"{code}-C1", code, StoredFile("k", "0" * 64, 1, "t"), house.w)
    assert house.dossier(code).state is State.RESULT_RETURNED


def test_a_cancellation_after_the_issue_asks_two_persons_for_the_revocation(house: House) -> None:
    """A10: the participation is void and the counter back at once; the cover waits for two officers."""
    issued(house)
    house.send(voucher(1, CODE, event="CANCELLED", voucher_version=2))
    cover = house.cover(CODE)
    assert (cover.state, cover.revocation and cover.revocation.by) == ("ISSUED", "central-accounting")
    assert (house.dossier(CODE).state, periods(house)) == (State.RESULT_RETURNED, [("2023-02", "VOIDED")])
    assert record_of(house).supported_months == 0
    assert events(house)[-2:] == ["PAYMENT_REVERSED", "COVER_REVOCATION_REQUESTED"]
    house.send(voucher(2, CODE))
    assert (head(house, 2), house.cover(CODE).revocation) == (("APPLIED", None), None)
    assert events(house)[-1] == "COVER_REVOCATION_WITHDRAWN"
    assert periods(house) == [("2023-02", "VOIDED"), ("2023-02", "ACTIVE")]


def test_a_cover_that_two_persons_have_revoked_is_not_paid_for_again(house: House) -> None:
    from chalicelib.domain.access import Role
    from chalicelib.domain.covers.cover import approve_revocation, request_revocation
    from chalicelib.storage.transaction import Transaction
    from chalicelib.storage.writes import write_cover

    issued(house)
    house.send(voucher(1, CODE, event="CANCELLED", voucher_version=2))
    now = house.clock.now()
    asked = request_revocation(house.cover(CODE), by="o", reason="x", at=now, role=Role.OFFICER)
    for cover in (asked, approve_revocation(asked, by="s", role=Role.SIGNER, at=now)):
        transaction = Transaction()
        write_cover(transaction, cover)
        transaction.commit(house.w.table)
    house.send(voucher(2, CODE))
    assert head(house, 2) == ("HELD", "DOSSIER_CLOSED")


# Replaced


@pytest.mark.parametrize("first", (True, False), ids=("original first", "replacement first"))
def test_a_replacement_takes_the_place_of_its_original(house: House, first: bool) -> None:
    house.opened(BOOK)
    original = voucher(1, CODE, BOOK)
    new = voucher(2, CODE, BOOK, event="REPLACED", replaces_voucher_id=name(1), receipt=original["receipt"])
    house.send(*((original, new) if first else (new, original)))
    assert (head(house, 1), head(house, 2)) == (("REPLACED", name(2)), ("APPLIED", None))
    assert [period for period in periods(house) if period[1] == "ACTIVE"] == [("2023-02", "ACTIVE")]
    assert (record_of(house).covered, cases(house)) == ((FEBRUARY,), [])


def test_a_replacement_moves_the_money_to_another_dossier(house: House) -> None:
    """Two accounts and two people in one transaction."""
    other = person(1, case_type="CONTINUE", si_number="7912345679")
    house.opened(BOOK)
    house.opened(other, key="2")
    house.send(voucher(1, CODE, BOOK))
    house.cloud.calls.forget()
    house.send(voucher(2, OTHER, other, event="REPLACED", replaces_voucher_id=name(1)))
    assert house.cloud.calls.made.count("transact_write_items") == 1
    assert (record_of(house, BOOK).covered, record_of(house, other).covered) == ((), (FEBRUARY,))
    assert (head(house, 1), head(house, 2)) == (("REPLACED", name(2)), ("APPLIED", None))


def test_a_parked_voucher_that_is_replaced_waits_no_longer(house: House) -> None:
    house.send(voucher(1, CODE))
    house.send(voucher(2, CODE, event="REPLACED", replaces_voucher_id=name(1)))
    assert [key for key in house.cloud.listing() if "PENDING#" in key and name(1) in key] == []
    house.opened()
    house.relay()
    assert (head(house, 1), head(house, 2)) == (("REPLACED", name(2)), ("APPLIED", None))


def test_a_corrected_version_is_judged_anew(house: House) -> None:
    house.opened(BOOK)
    house.send(voucher(1, CODE, BOOK, full_name="TRẦN VĂN A"))
    assert head(house) == ("HELD", "IDENTITY_MISMATCH")
    house.send(voucher(1, CODE, BOOK, voucher_version=2))
    assert head(house) == ("APPLIED", None)
    house.send(voucher(1, CODE, BOOK, voucher_version=3, amount_received=1))
    assert (head(house), record_of(house).covered) == (("HELD", "UNDERPAID"), ())


# Paid back (602A)


@pytest.mark.parametrize("refund_first", (False, True))
def test_a_refund_of_some_months_shortens_the_participation(house: House, refund_first: bool) -> None:
    house.opened(QUARTER)
    paid = quarter(1, 891_000)
    back = quarter(1, 297_000, event="REFUNDED", voucher_version=2, from_month="2023-04", months=1)
    house.send(*((back, paid) if refund_first else (paid, back)))
    assert head(house) == ("APPLIED", None)
    assert [last for last, status in periods(house) if status == "ACTIVE"] == ["2023-03"]
    record = record_of(house)
    assert (record.supported_months, record.covered) == (2, (MonthSpan(Month(2023, 2), Month(2023, 3)),))
    row = house.cloud.rows()[f"VOUCHER#{name(1)}", "HEAD"]
    assert (row["applied"], row["refunded"]) == ({"N": "594000"}, {"N": "297000"})
    assert house.dossier(CODE).state is State.RESULT_RETURNED


def test_a_refund_of_all_months_leaves_none_and_the_book_stays(house: House) -> None:
    issued(house)
    house.send(voucher(1, CODE, event="REFUNDED", voucher_version=2))
    assert (head(house), periods(house)) == (("REFUNDED", None), [("2023-02", "VOIDED")])
    assert (house.cover(CODE).state, house.cover(CODE).revocation) == ("ISSUED", None)
    assert record_of(house).supported_months == 0


def test_a_refund_of_other_months_is_for_a_person_and_changes_nothing(house: House) -> None:
    house.opened(QUARTER)
    house.send(quarter(1, 891_000))
    house.send(quarter(1, 297_000, event="REFUNDED", voucher_version=2, from_month="2023-03", months=1))
    assert head(house) == ("HELD", "REFUND_MISMATCH")
    assert (periods(house), record_of(house).supported_months) == ([("2023-04", "ACTIVE")], 3)


def test_a_refund_closes_the_case_of_a_withdrawn_dossier_and_frees_its_months(house: House) -> None:
    from chalicelib.usecases.course.change_course import withdraw
    from chalicelib.usecases.course.decide import Request
    from tests.support.house import PORTAL

    code = house.paid()
    withdraw(Request(code, PORTAL), reason=None, present=lambda dossier, now: "{}", w=house.w)
    assert cases(house) == [("OPEN", 297_000, "DOSSIER_WITHDRAWN")]
    assert record_of(house).covered == (FEBRUARY,)
    house.send(voucher(1, CODE, event="REFUNDED", voucher_version=2))
    assert cases(house) == [("PAID", 297_000, "DOSSIER_WITHDRAWN")]
    assert record_of(house).covered == ()
    assert "GSI2PK" not in house.cloud.rows()[f"DOSSIER#{CODE}", "REFUND#1"]


# Months, people, codes


def test_a_month_on_record_for_another_dossier_is_held_until_it_is_free(house: House) -> None:
    """The months of a cancelled payment are paid anew; the first dossier's second payment finds them taken."""
    house.opened(BOOK)
    house.send(voucher(1, CODE, BOOK))
    house.send(voucher(1, CODE, BOOK, event="CANCELLED", voucher_version=2))
    house.opened(BOOK, key="2")
    house.send(voucher(2, OTHER, BOOK))
    house.send(voucher(3, CODE, BOOK))
    assert (head(house, 2), head(house, 3)) == (("APPLIED", None), ("HELD", "OVERLAP"))
    assert record_of(house).covered == (FEBRUARY,)
    with pytest.raises(Conflict, match="OVERLAP"):
        decide(house, 3, Action.ACCEPT)
    house.send(voucher(2, OTHER, BOOK, event="CANCELLED", voucher_version=2))
    assert decide(house, 3, Action.ACCEPT).state is VoucherState.APPLIED


@pytest.mark.parametrize("voucher_first", (True, False))
def test_a_code_that_nobody_knows_is_matched_by_person_month_and_amount(house: House, voucher_first: bool) -> None:
    wrong = voucher(1, "000.00.79.G24-230206-0099")
    if voucher_first:
        house.send(wrong)
        assert head(house) == ("PARKED", "DOSSIER_NOT_FOUND")
    house.opened()
    house.relay()
    if not voucher_first:
        house.send(wrong)
    assert head(house) == ("APPLIED", None)
    assert house.dossier(CODE).state is State.IN_PROCESS
    assert not [key for key in house.cloud.listing() if "PENDING#" in key]


def test_a_second_payment_without_a_code_is_known_by_what_is_recorded(house: House) -> None:
    house.opened(BOOK)
    house.send(voucher(1, CODE, BOOK))
    assert house.dossier(CODE).state is State.RESULT_RETURNED
    house.send(voucher(2, None, BOOK))
    assert head(house, 2) == ("HELD", "DOUBLE_PAYMENT")


def test_wrong_amounts_are_explained(house: House) -> None:
    house.opened()
    house.send(voucher(1, CODE, amount_gross=331_000, amount_state=34_000))
    lines = house.cloud.rows()[f"VOUCHER#{name(1)}", "HEAD"]["explanation"]["L"]
    assert [line["S"] for line in lines] == [
        "Tổng số tiền đóng: chứng từ 331.000 đ, hồ sơ 330.000 đ",
        "Nhà nước hỗ trợ: chứng từ 34.000 đ, hồ sơ 33.000 đ",
    ]


# A person settles it


def decide(house: House, number: int, action: Action, code: str | None = None, **more: Any) -> Any:
    act = Act(house.clock.now(), By.OFFICER, "officer-79")
    return resolve(name(number), Resolution(action, "Đã xác minh.", ("officer-79",), code), act, house.w, **more)


def test_an_officer_accepts_money_of_another_name(house: House) -> None:
    house.opened()
    house.send(voucher(1, CODE, full_name="TRẦN VĂN A"))
    assert decide(house, 1, Action.ACCEPT).state is VoucherState.APPLIED
    view = house.view(CODE)
    assert (view.dossier.state, len(view.participation)) == (State.IN_PROCESS, 1)
    (line,) = [each for each in view.history if each.event is Event.VOUCHER_RECORDED]
    assert (line.by, line.actor) == (By.OFFICER, "officer-79")
    row = house.cloud.rows()[f"VOUCHER#{name(1)}", "RESOLUTION#0001"]
    assert (row["action"], row["state"]) == ({"S": "ACCEPT"}, {"S": "APPLIED"})
    with pytest.raises(Conflict, match="VOUCHER_APPLIED"):
        decide(house, 1, Action.REFUND)


def test_an_officer_links_and_unlinks(house: House) -> None:
    other = person(1)
    house.opened()
    house.opened(other, key="2")
    house.send(voucher(1, OTHER, HOA))
    assert head(house) == ("HELD", "IDENTITY_MISMATCH")
    after = decide(house, 1, Action.LINK, CODE)
    assert (after.state, after.dossier_code, house.dossier(CODE).state) == ("APPLIED", CODE, State.IN_PROCESS)
    assert house.dossier(OTHER).account.entries == ()
    assert decide(house, 1, Action.UNLINK).reason == "UNLINKED"
    assert (house.dossier(CODE).state, record_of(house).covered) == (State.IN_PROCESS, ())
    house.send(voucher(1, CODE, HOA, voucher_version=2))
    assert head(house) == ("HELD", "UNLINKED"), "automatic matching is off"
    with pytest.raises(Rejected, match="DOSSIER_NOT_FOUND"):
        decide(house, 1, Action.LINK, "000.00.79.G24-230206-0099")
    assert decide(house, 1, Action.LINK, CODE).state is VoucherState.APPLIED


@pytest.mark.parametrize("opened", (True, False))
def test_an_officer_gives_held_money_back(house: House, opened: bool) -> None:
    if opened:
        house.opened()
    house.send(voucher(1, CODE, amount_received=200_000))
    after = decide(house, 1, Action.REFUND)
    assert (after.state, after.reason) == ("REFUNDED", "REFUND_ORDERED")
    assert "GSI2PK" not in house.cloud.rows()[f"VOUCHER#{name(1)}", "HEAD"]
    assert cases(house) == ([("OPEN", 200_000, "REFUND_ORDERED")] if opened else [])
    with pytest.raises(Conflict, match="VOUCHER_SETTLED"):
        decide(house, 1, Action.ACCEPT)
    house.send(voucher(1, CODE, amount_received=200_000, event="REFUNDED", voucher_version=2))
    assert head(house) == ("REFUNDED", None)
    assert cases(house) == ([("PAID", 200_000, "REFUND_ORDERED")] if opened else [])


def test_a_decision_is_taken_once_and_about_what_was_seen(house: House) -> None:
    house.opened()
    house.send(voucher(1, CODE, full_name="TRẦN VĂN A"))
    with pytest.raises(VersionConflict):
        decide(house, 1, Action.ACCEPT, expected_revision=7)
    with pytest.raises(NotFound, match="VOUCHER_NOT_FOUND"):
        decide(house, 2, Action.ACCEPT)
    seen: list[str | None] = []
    decide(
        house,
        1,
        Action.ACCEPT,
        expected_revision=1,
        permit=lambda found, dossier: seen.append(dossier and dossier.code),
        more=lambda transaction, after: transaction.put_new("more", ("A", "B"), {"state": after.state}),
    )
    assert seen == [CODE]
    assert house.cloud.rows()["A", "B"]["state"] == {"S": "APPLIED"}


# A14, A16, A17


def test_the_cap_of_supported_months_goes_back_and_forth(house: House) -> None:
    """A17: of twelve months five are supported; ten are paid back, and three of the five are free again."""
    house.clock.moment = house.clock.moment.replace(year=2026, month=8, day=3)
    draft = replace(
        BOOK,
        method="M12",
        from_month="2026-08",
        national_code=None,
        permanent_address=AddressDraft("12 Lê Lợi", "26734", None, "79"),
    )
    hashed = house.w.person(draft.personal_id or "")
    paid_before = MonthSpan(Month(2017, 1), Month(2026, 7))
    house.w.table.put(
        keys.person(hashed),
        {"version": 1, "covered": [span_text(paid_before)], "supported_months": 115, "si_number": "7912345678"},
    )
    house.w.table.put(keys.period(hashed, paid_before.first, "OLD", 1), {"status": "ACTIVE", "supported_months": 115})
    code = house.opened(draft)
    assert house.dossier(code).quote.amount_participant == 3_630_000
    year = {
        "method": "M12",
        "months": 12,
        "amount_gross": 3_960_000,
        "amount_state": 330_000,
        "amount_participant": 3_630_000,
        "amount_received": 3_630_000,
        "paid_at": "2026-08-03T09:10:00+07:00",
        "value_date": "2026-08-03",
    }
    house.send(voucher(1, code, draft, **year))
    assert head(house) == ("APPLIED", None)
    assert record_of(house, draft).supported_months == 120
    back = {"event": "REFUNDED", "voucher_version": 2, "from_month": "2026-10", "months": 10}
    house.send(voucher(1, code, draft, **{**year, **back}))
    assert record_of(house, draft).supported_months == 117
