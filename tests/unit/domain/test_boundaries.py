"""Boundaries and exact words that no scenario happens to touch: each of these tests stands for a mutant that lived."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from chalicelib.domain.amounts.interest import monthly_rate, rate_millionths
from chalicelib.domain.configuration.law import Row, Table, TableFault
from chalicelib.domain.configuration.provinces import Provinces
from chalicelib.domain.errors import Fault, Rejected
from chalicelib.domain.form import Form
from chalicelib.domain.months import VIETNAM, Month, MonthSpan
from chalicelib.domain.people import names
from chalicelib.domain.people.address import Address, AddressDraft, check_address
from chalicelib.domain.people.evidence import Book, Contract, Evidence, History, PoorListing
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.domain.registration.deadlines import Suspension, due_date
from chalicelib.domain.registration.declaration import BookForm, CaseType, Declaration, assess
from chalicelib.domain.registration.identifiers import (
    dossier_code,
    is_dossier_code,
    is_email,
    personal_id_warnings,
    si_number_warnings,
)
from chalicelib.law import load
from tests.unit.domain.made import A1
from tests.unit.domain.test_declaration import CONTINUE, faults, judge

LAW = load()


def row(first: str, last: str | None, source: str = "made up") -> Row[int]:
    return Row(date.fromisoformat(first), date.fromisoformat(last) if last else None, 1, source)


@pytest.mark.parametrize(
    ("rows", "code", "day", "told"),
    (
        (
            [row("2020-01-01", "2020-12-31"), row("2020-12-31", None)],
            "RULE_OVERLAP",
            date(2020, 12, 31),
            "made_up: rows overlap (2020-12-31)",
        ),
        (
            [row("2020-01-01", None), row("2021-01-01", None)],
            "RULE_OVERLAP",
            date(2021, 1, 1),
            "made_up: rows overlap (2021-01-01)",
        ),
        (
            [row("2020-01-02", "2020-01-01")],
            "RULE_INVALID",
            date(2020, 1, 2),
            "made_up: a row ends before it starts (2020-01-02)",
        ),
        (
            [row("2020-01-01", None, source="")],
            "RULE_INVALID",
            date(2020, 1, 1),
            "made_up: a row has no source (2020-01-01)",
        ),
    ),
)
def test_a_broken_table_tells_where(rows: list[Row[int]], code: str, day: date, told: str) -> None:
    with pytest.raises(TableFault) as broken:
        Table("made_up", rows)

    assert (broken.value.code, broken.value.table, broken.value.day) == (code, "made_up", day)
    assert str(broken.value) == told


def test_a_gap_tells_where() -> None:
    with pytest.raises(TableFault, match="made_up: no row between two others") as broken:
        Table("made_up", [row("2020-01-01", "2020-12-31"), row("2021-01-02", None)])

    assert (broken.value.code, broken.value.table) == ("RULE_GAP", "made_up")
    assert date(2021, 1, 1) <= broken.value.day <= date(2021, 1, 2)


def test_a_row_may_hold_for_a_single_day_and_a_table_has_a_plain_label() -> None:
    table = Table("made_up", [row("2020-01-01", "2020-01-01")])

    assert table.on(date(2020, 1, 1)).value == 1
    assert (table.name, table.label) == ("made_up", "quy định")


@pytest.mark.parametrize(
    ("day", "listed"), (("2023-01-31", False), ("2023-02-01", True), ("2023-02-28", True), ("2023-03-01", False))
)
def test_a_listing_holds_from_its_first_to_its_last_day(day: str, listed: bool) -> None:
    listing = PoorListing("POOR", date(2023, 2, 1), date(2023, 2, 28))

    assert listing.holds_on(date.fromisoformat(day)) is listed


def checked(draft: AddressDraft, day: str) -> tuple[Address | None, list[Fault]]:
    form = Form(frozenset())
    return check_address(form, "permanent_address", draft, date.fromisoformat(day), LAW), form.faults


def test_a_sound_address_is_kept_whole() -> None:
    assert checked(AddressDraft(" 12 Lê Lợi ", "26734", "760", "79"), "2023-02-06") == (
        Address("12 Lê Lợi", "26734", "760", "79"),
        [],
    )
    assert checked(AddressDraft(None, "26734", None, "79"), "2025-07-01") == (Address(None, "26734", None, "79"), [])


@pytest.mark.parametrize(
    ("draft", "code"),
    (
        (AddressDraft(None, "26734", "760", "99"), "PROVINCE_NOT_VALID"),
        (AddressDraft(None, "2673", "760", "79"), "COMMUNE_CODE_INVALID"),
        (AddressDraft(None, "26734", "76", "79"), "DISTRICT_CODE_INVALID"),
    ),
)
def test_an_address_with_a_wrong_code_is_none(draft: AddressDraft, code: str) -> None:
    address, found = checked(draft, "2023-02-06")

    assert address is None
    assert [fault.code for fault in found] == [code]


def test_warnings_name_their_field() -> None:
    assert [fault.field for fault in personal_id_warnings("003185012345", LAW.provinces)] == ["personal_id"]
    assert [fault.field for fault in si_number_warnings("9912345678", LAW.provinces)] == ["si_number"]
    assert Provinces([]).birth_codes == frozenset()


def test_lengths_and_counters_at_their_limits() -> None:
    domain = ".".join(["a" * 60] * 3) + "." + "b" * 6
    assert is_email(f"{'x' * (254 - len(domain) - 1)}@{domain}")
    assert not is_email(f"{'x' * (255 - len(domain) - 1)}@{domain}")
    pattern, day = "000.00.{province}.G24", date(2023, 2, 6)
    assert dossier_code(pattern, "79", day, 9_999) == "000.00.79.G24-230206-9999"
    assert dossier_code(pattern, "79", day, 10_000) == "G24.79-20230206-0010000"
    with pytest.raises(ValueError, match=r"^a day has 1 to 9,999,999 dossier codes$"):
        dossier_code(pattern, "79", day, 0)


@pytest.mark.parametrize("text", ("G09.20-20261209-0092637", "000.00.79.G24-231231-0001"))
def test_both_digits_of_a_month_count(text: str) -> None:
    assert is_dossier_code(text)
    assert not is_dossier_code(text.replace("1209", "2209").replace("1231", "2231"))


def test_rates_are_read_from_the_left() -> None:
    assert rate_millionths("12.3400") == 123_400
    with pytest.raises(ValueError, match=r"^a yearly rate is written like 5\.8$"):
        monthly_rate("")


def test_a_rejection_needs_a_fault() -> None:
    with pytest.raises(ValueError, match=r"^a rejection needs at least one fault$"):
        Rejected([])


def test_birth_dates_read_as_they_are_known() -> None:
    assert [str(BirthDate(1985)), str(BirthDate(1985, 5)), str(BirthDate(985, 5, 2))] == [
        "1985",
        "1985-05",
        "0985-05-02",
    ]


def test_names_agree_word_by_word_with_the_tone_on_either_vowel() -> None:
    assert names.same_name("Nguyễn Thị Hòa", "NGUYỄN THỊ HOÀ")
    assert not names.same_name("Nguyễn Thị Hòa", "Nguyễn Thị Hóa")
    assert not names.same_name("Ân Na", "Anna")
    assert not names.same_name("An Na", "Ana N")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def test_a_suspension_may_begin_with_the_receipt_and_end_at_once() -> None:
    received = at("2023-02-06 10:00")

    same = due_date(received, 5, LAW.calendar, [Suspension(received, received)])

    assert same.due_at == at("2023-02-13 17:00")
    with pytest.raises(ValueError, match=r"^a suspended clock has no due date$"):
        due_date(received, 5, LAW.calendar, [Suspension(received)])
    with pytest.raises(ValueError, match=r"^a suspension lies after the receipt and ends after it began$"):
        due_date(received, 5, LAW.calendar, [Suspension(at("2023-02-06 09:00"), received)])
    with pytest.raises(ValueError, match=r"^a time limit is at least one working day$"):
        due_date(received, 0, LAW.calendar)


def continued(through: str, first: str, on: str, method: str = "M1") -> list[tuple[str, str]]:
    evidence = Evidence(book=Book("7912345678", Month.parse(through)))
    return faults(judge(replace(CONTINUE, method=method), on=on, evidence=evidence, from_month=first))


def test_who_goes_on_may_pay_on_the_last_day_and_not_after_it() -> None:
    assert continued("2022-11", "2022-12", "2023-02-28", "M3") == []
    assert continued("2022-11", "2022-12", "2023-03-01", "M3") == [("from_month", "DUE_TIME_MISSED")]


def test_a_month_beyond_the_next_is_a_gap_and_in_the_past() -> None:
    assert continued("2022-10", "2022-12", "2023-02-06") == [("from_month", "GAP"), ("from_month", "FROM_MONTH_PAST")]


def test_a_missing_rule_is_a_fault_of_the_method_in_a_declaration() -> None:
    """A declaration has no `paid_on`: what a quote tells of it is told of the method."""
    law = replace(LAW, portal_methods=Table("portal_methods", []))

    result = assess(A1, unreadable=frozenset(), now=at("2023-02-06 09:00"), law=law, evidence=None, history=History())

    assert faults(result) == [("method", "PORTAL_METHODS_NOT_CONFIGURED")]


EVERYTHING = replace(
    A1,
    email="hoa@example.vn",
    contact_address=AddressDraft("5 Hai Bà Trưng", "26740", "761", "79"),
    support_category="POOR",
    support_proof_no=" 79/2023 ",
    ethnicity="01",
    agency_code="07900",
    consent_version="2023-01",
    case_type="RE_REGISTER",
    si_number="7912345678",
    book_form="PAPER",
    income=2_000_000,
    method="M3",
)
LISTED = Evidence(poor=(PoorListing("POOR", date(2023, 1, 1)),), book=Book("7912345678"))


def test_every_field_of_a_declaration_is_kept() -> None:
    assert judge(EVERYTHING, evidence=LISTED).declaration == Declaration(
        case_type=CaseType.RE_REGISTER,
        personal_id="079185012345",
        full_name="Nguyễn Thị Hòa",
        birth_date=BirthDate(1985, 5, 12),
        gender=Gender.FEMALE,
        nationality="VN",
        si_number="7912345678",
        phone="0912345678",
        email="hoa@example.vn",
        permanent_address=Address("12 Lê Lợi", "26734", "760", "79"),
        contact_address=Address("5 Hai Bà Trưng", "26740", "761", "79"),
        support_category="POOR",
        support_proof_no="79/2023",
        income=2_000_000,
        method="M3",
        months=3,
        from_month=Month(2023, 2),
        book_form=BookForm.PAPER,
        ethnicity="01",
        agency_code="07900",
        consent_version="2023-01",
        has_book=True,
    )


def test_a_refused_declaration_keeps_its_quote_and_group() -> None:
    contract = Contract(date(2024, 1, 1), None, ((date(2025, 9, 1), date(2025, 9, 30)),))
    address = AddressDraft("12 Lê Lợi", "26734", None, "79")
    draft = replace(A1, permanent_address=address, from_month="2025-09", phone="1")

    result = judge(draft, on="2025-09-03", evidence=Evidence(contracts=(contract,)))

    assert faults(result) == [("phone", "PHONE_INVALID")]
    assert result.participant_group == "SUSPENDED_CONTRACT"
    assert result.quote is not None
    assert result.quote.amount_participant == 264_000


def test_every_month_that_is_paid_ahead_counts_as_declared() -> None:
    address = AddressDraft("12 Lê Lợi", "26734", None, "79")
    later = MonthSpan(Month(2029, 1), Month(2029, 1))

    def ahead(months: int) -> list[tuple[str, str]]:
        draft = replace(A1, permanent_address=address, from_month="2026-08", method="AHEAD", months=months)
        return faults(judge(draft, on="2026-08-03", evidence=Evidence(compulsory=(later,))))

    assert ahead(24) == []
    assert ahead(36) == [("from_month", "OVERLAP_COMPULSORY")]


@pytest.mark.parametrize("field", ("consent_version", "ethnicity", "agency_code", "support_proof_no", "national_code"))
def test_texts_have_a_longest_length_and_their_field(field: str) -> None:
    longest = 64 if field == "national_code" else 50
    path = "consent.version" if field == "consent_version" else field

    def of(text: str) -> list[tuple[str, str]]:
        changed: dict[str, Any] = {field: text}
        return faults(judge(A1, **changed))

    assert of("x" * longest) == []
    assert of("x" * (longest + 1)) == of("a\nb") == [(path, "TEXT_INVALID")]


def test_a_text_is_kept_without_its_outer_spaces() -> None:
    form = Form(frozenset())

    assert [form.text("field", text, 3) for text in (" a ", "  ", None, "abc")] == ["a", None, None, "abc"]
    assert form.faults == []


def test_refusals_say_what_would_be_right() -> None:
    overlap = judge(replace(CONTINUE, from_month="2023-02"), evidence=Evidence(book=Book("7912345678", Month(2023, 3))))
    unknown = judge(A1, book_form="STONE")

    assert overlap.faults[0].message == "Đã có tháng được đóng rồi; có thể đăng ký từ tháng 04/2023."
    assert unknown.faults[0].message == "Giá trị phải là một trong: ELECTRONIC, PAPER."


@pytest.mark.parametrize(
    ("district", "day", "code"),
    (
        (None, "2023-02-06", "DISTRICT_REQUIRED"),
        ("76", "2023-02-06", "DISTRICT_CODE_INVALID"),
        ("760", "2025-07-01", "DISTRICT_ABOLISHED"),
    ),
)
def test_an_address_with_a_wrong_district_is_none(district: str | None, day: str, code: str) -> None:
    address, found = checked(AddressDraft("12 Lê Lợi", "26734", district, "79"), day)

    assert address is None
    assert [fault.code for fault in found] == [code]
