"""The sandbox's registers, and a stage that has none: what they say decides the declaration (scenarios A3, A5, A18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.errors import Rejected, Unavailable
from chalicelib.domain.months import Month, MonthSpan
from chalicelib.domain.people.evidence import Book, Evidence, PersonOnFile, PoorListing
from chalicelib.domain.registration.declaration import BirthDate, DeclarationDraft, Gender
from chalicelib.registers.sandbox import Fact
from chalicelib.registers.unconnected import UnconnectedRegisters
from chalicelib.usecases.sandbox import Loaded, load_registers
from tests.support.house import HOA, House

ID = HOA.personal_id or ""
ON_FILE = PersonOnFile("Nguyễn Thị Hòa", BirthDate(1985, 5, 12), Gender.FEMALE, "79", "26734")
POOR = PoorListing("POOR", date(2023, 1, 1), date(2023, 12, 31))


def loaded(house: House, *facts: Fact) -> None:
    load_registers([Loaded(ID, fact) for fact in facts], house.w)


def evidence(house: House) -> Evidence:
    hashed = house.w.person(ID)
    wanted = house.w.registers.keys(hashed)
    return house.w.registers.evidence(hashed, ID, house.w.table.get_many(wanted))


def refusal(house: House, draft: DeclarationDraft) -> str | None:
    try:
        house.declare(draft)
    except Rejected as refused:
        return refused.code
    return None


def test_what_is_loaded_is_what_is_said(house: House) -> None:
    assert evidence(house) == Evidence()
    spans = (MonthSpan(Month(2020, 1), Month(2022, 12)), MonthSpan(Month(2015, 1), Month(2015, 1)))
    open_ended = PoorListing("NEAR_POOR", date(2024, 1, 1))
    book = Book("7912345678", Month(2023, 1))
    loaded(house, ON_FILE, POOR, open_ended, *spans, book)
    assert evidence(house) == Evidence(ON_FILE, (POOR, open_ended), spans, book)


def test_a_fact_again_changes_nothing_and_a_later_one_replaces(house: House) -> None:
    loaded(house, ON_FILE, POOR, Book("7912345678"))
    before = house.cloud.rows()
    loaded(house, POOR, ON_FILE)
    assert house.cloud.rows() == before
    loaded(house, replace(ON_FILE, gender=Gender.MALE, birth_date=BirthDate(1985)), Book("0000000001", Month(2022, 1)))
    found = evidence(house)
    assert found.person == replace(ON_FILE, gender=Gender.MALE, birth_date=BirthDate(1985))
    assert found.book == Book("0000000001", Month(2022, 1))
    assert found.poor == (POOR,)


def test_the_registers_lie_under_the_hash_of_the_person(house: House) -> None:
    loaded(house, ON_FILE)
    (key,) = house.cloud.listing()
    assert ID not in key


@pytest.mark.parametrize(
    ("fact", "draft", "code"),
    (
        (replace(ON_FILE, full_name="Nguyễn Thị Hoa"), HOA, "IDENTITY_MISMATCH"),
        (replace(ON_FILE, birth_date=BirthDate(1986, 5, 12)), HOA, "IDENTITY_MISMATCH"),
        (ON_FILE, HOA, None),
        (POOR, replace(HOA, support_category="POOR"), None),
        (replace(POOR, valid_to=date(2023, 2, 5)), replace(HOA, support_category="POOR"), "NOT_ON_POOR_LIST"),
        (MonthSpan(Month(2022, 1), Month(2023, 2)), HOA, "OVERLAP_COMPULSORY"),
        (MonthSpan(Month(2022, 1), Month(2022, 12)), HOA, None),
        (Book("7912345678", Month(2023, 1)), HOA, None),
        (Book("7912345678", Month(2023, 1)), replace(HOA, si_number="7911111111"), "SI_NUMBER_MISMATCH"),
    ),
)
def test_what_the_registers_say_decides(house: House, fact: Fact, draft: DeclarationDraft, code: str | None) -> None:
    loaded(house, fact)
    assert refusal(house, draft) == code


def test_who_is_on_no_list_is_not_poor(house: House) -> None:
    """A3: no dossier, nothing written."""
    assert refusal(house, replace(HOA, support_category="POOR")) == "NOT_ON_POOR_LIST"
    assert house.cloud.rows() == {}


def test_the_registers_ride_in_the_batch_of_the_declaration(house: House) -> None:
    loaded(house, ON_FILE)
    house.cloud.calls.forget()
    house.declare()
    assert house.cloud.calls.made.count("batch_get_item") == 1


def test_without_registers_nothing_is_taken_unchecked(house: House) -> None:
    house.w.__dict__["registers"] = UnconnectedRegisters()
    with pytest.raises(Unavailable, match="REGISTER_UNAVAILABLE"):
        house.declare()
    assert house.cloud.rows() == {}
    assert house.w.registers.keys("p") == ()


def test_whose_number_contradicts_the_declaration_learns_nothing_of_the_record(house: House) -> None:
    loaded(house, MonthSpan(Month(2022, 1), Month(2023, 2)))
    assert refusal(house, replace(HOA, birth_date="1986-05-12")) == "PERSONAL_ID_BIRTH_YEAR"
    assert refusal(house, replace(HOA, gender="NAM")) == "PERSONAL_ID_GENDER"
    assert refusal(house, HOA) == "OVERLAP_COMPULSORY"
