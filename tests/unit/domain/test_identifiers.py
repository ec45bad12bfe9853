"""Identifiers: the examples of domain rules 4.4, 5.2 and 6.4, phones, e-mail and birth dates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.people.identity import BirthDate, Gender, full_years
from chalicelib.domain.registration import identifiers
from chalicelib.law import load

PROVINCES = load().provinces
PATTERN = load().unit_code.on(date(2023, 2, 6)).value


@pytest.mark.parametrize(
    ("number", "gender", "year", "codes"),
    (
        ("079185012345", Gender.FEMALE, 1985, []),
        ("001203004567", Gender.MALE, 2003, []),
        ("038093001234", Gender.FEMALE, 1993, ["PERSONAL_ID_GENDER"]),
        ("079185012345", Gender.FEMALE, 1986, ["PERSONAL_ID_BIRTH_YEAR"]),
        ("079185012345", Gender.MALE, 2085, ["PERSONAL_ID_GENDER", "PERSONAL_ID_BIRTH_YEAR"]),
        ("003185012345", Gender.FEMALE, 1985, []),
        ("07918501234", None, None, ["PERSONAL_ID_FORMAT"]),
        ("0791850123456", None, None, ["PERSONAL_ID_FORMAT"]),
        ("07918501234٣", None, None, ["PERSONAL_ID_FORMAT"]),
        ("079185012345\n", None, None, ["PERSONAL_ID_FORMAT"]),
        ("079185012345", None, None, []),
        ("079985012345", Gender.FEMALE, 2385, []),
        ("079810012345", Gender.MALE, 2310, []),
    ),
)
def test_personal_identifier(number: str, gender: Gender | None, year: int | None, codes: list[str]) -> None:
    faults = identifiers.personal_id_faults(number, gender, year)

    assert [fault.code for fault in faults] == codes
    assert {fault.field for fault in faults} <= {"personal_id"}
    assert not any(number.strip() in fault.message for fault in faults)


@pytest.mark.parametrize(("number", "codes"), (("079185012345", []), ("003185012345", ["PERSONAL_ID_PROVINCE"])))
def test_an_unknown_place_of_birth_is_only_a_warning(number: str, codes: list[str]) -> None:
    assert [fault.code for fault in identifiers.personal_id_warnings(number, PROVINCES)] == codes


@given(
    province=st.sampled_from(sorted(PROVINCES.birth_codes)),
    gender=st.sampled_from(Gender),
    year=st.integers(1900, 2399),
    serial=st.integers(0, 999_999),
)
def test_a_number_made_by_the_rule_agrees_with_its_facts(province: str, gender: Gender, year: int, serial: int) -> None:
    century = 2 * (year // 100 - 19) + (gender is Gender.FEMALE)
    number = f"{province}{century}{year % 100:02d}{serial:06d}"
    other = Gender.MALE if gender is Gender.FEMALE else Gender.FEMALE

    assert identifiers.personal_id_faults(number, gender, year) == []
    assert [fault.code for fault in identifiers.personal_id_faults(number, other, year)] == ["PERSONAL_ID_GENDER"]


@pytest.mark.parametrize(
    ("number", "faults", "warnings"),
    (
        ("7912345678", [], []),
        ("0112034567", [], []),
        ("9912345678", [], ["SI_NUMBER_PREFIX"]),
        ("9712345678", [], []),
        ("9812345678", [], []),
        ("791234567", ["SI_NUMBER_FORMAT"], []),
        ("79123456789", ["SI_NUMBER_FORMAT"], []),
        ("", ["SI_NUMBER_FORMAT"], ["SI_NUMBER_PREFIX"]),
    ),
)
def test_si_number(number: str, faults: list[str], warnings: list[str]) -> None:
    assert [fault.code for fault in identifiers.si_number_faults(number)] == faults
    assert [fault.code for fault in identifiers.si_number_warnings(number, PROVINCES)] == warnings


@pytest.mark.parametrize(
    ("typed", "stored"),
    (
        ("+84912345678", "0912345678"),
        ("84912345678", "0912345678"),
        ("0912345678", "0912345678"),
        ("0912.345.678", "0912345678"),
        ("(+84) 912 345-678", "0912345678"),
        ("0312345678", "0312345678"),
        ("0212345678", None),
        ("091234567", None),
        ("09123456789", None),
        ("+840912345678", None),
        ("+1912345678", None),
        ("", None),
        ("٠٩١٢٣٤٥٦٧٨", None),
        ("0912345678\n", None),
    ),
)
def test_phone(typed: str, stored: str | None) -> None:
    assert identifiers.normalise_phone(typed) == stored


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True), st.sampled_from(["", "+84", "84"]))
def test_every_way_to_write_a_mobile_number_is_stored_alike(number: str, prefix: str) -> None:
    typed = prefix + number[1:] if prefix else number

    assert identifiers.normalise_phone(typed) == number
    assert identifiers.normalise_phone(number) == number


@pytest.mark.parametrize(
    ("text", "valid"),
    (
        ("hoa@example.vn", True),
        ("nguyen.thi-hoa+bh@mail.example.com.vn", True),
        ("hoa", False),
        ("hoa@example", False),
        ("hoa@-example.vn", False),
        ("hoa @example.vn", False),
        ("hoa@example.vn\n", False),
        (f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.vn", True),
        (f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 59}.vn", False),
    ),
)
def test_email(text: str, valid: bool) -> None:
    assert identifiers.is_email(text) is valid


@pytest.mark.parametrize(
    ("text", "birth"),
    (
        ("1985-05-12", BirthDate(1985, 5, 12)),
        ("1985-05", BirthDate(1985, 5)),
        ("1985", BirthDate(1985)),
        ("1900", BirthDate(1900)),
        ("2023-02-06", BirthDate(2023, 2, 6)),
        ("2023", BirthDate(2023)),
        ("1899-12-31", None),
        ("2023-02-07", None),
        ("2023-03", None),
        ("2024", None),
        ("1985-02-30", None),
        ("1985-13", None),
        ("1985-5-12", None),
        ("12/05/1985", None),
        ("1985-05-12T00:00", None),
        ("", None),
    ),
)
def test_birth_date(text: str, birth: BirthDate | None) -> None:
    assert identifiers.parse_birth_date(text, date(2023, 2, 6)) == birth


@given(st.dates(date(1900, 1, 1), date(2023, 2, 6)), st.sampled_from([4, 7, 10]))
def test_a_birth_date_is_written_as_it_was_read(born: date, length: int) -> None:
    text = born.isoformat()[:length]

    birth = identifiers.parse_birth_date(text, date(2023, 2, 6))

    assert str(birth) == text
    assert birth is not None
    assert birth.precision == {4: "YEAR", 7: "MONTH", 10: "DAY"}[length]
    assert birth.earliest <= born
    assert birth.agrees_with(BirthDate(born.year, born.month, born.day))


def test_birth_dates_are_compared_as_far_as_both_are_known() -> None:
    assert BirthDate(1985).agrees_with(BirthDate(1985, 5, 12))
    assert not BirthDate(1985, 6).agrees_with(BirthDate(1985, 5, 12))
    assert not BirthDate(1986).agrees_with(BirthDate(1985, 5, 12))


@pytest.mark.parametrize(
    ("born", "on", "age"),
    (
        ("2008-02-15", "2023-02-01", 14),
        ("2008-02-15", "2023-02-15", 15),
        ("2008-02-29", "2023-02-28", 14),
        ("2008-02-29", "2023-03-01", 15),
    ),
)
def test_age_in_full_years(born: str, on: str, age: int) -> None:
    assert full_years(date.fromisoformat(born), date.fromisoformat(on)) == age


@pytest.mark.parametrize(
    ("number", "code"),
    (
        (1, "000.00.79.G24-230206-0001"),
        (9_999, "000.00.79.G24-230206-9999"),
        (10_000, "G24.79-20230206-0010000"),
        (9_999_999, "G24.79-20230206-9999999"),
    ),
)
def test_dossier_code(number: int, code: str) -> None:
    assert identifiers.dossier_code(PATTERN, "79", date(2023, 2, 6), number) == code


@pytest.mark.parametrize("number", (0, 10_000_000))
def test_a_day_has_a_last_dossier_code(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 9,999,999"):
        identifiers.dossier_code(PATTERN, "79", date(2023, 2, 6), number)


@pytest.mark.parametrize(
    ("text", "valid"),
    (
        ("000.00.79.G24-230206-0001", True),
        ("000.00.79.G24-230230-0001", False),
        ("000.00.79.G24-230206-001", False),
        ("000.00.79.g24-230206-0001", False),
        ("G09.20-20260609-0092637", True),
        ("G09.20-20260639-0092637", False),
        ("G09-20260609-0092637", True),
        ("000.00.79.G24-230206-0001\n", False),
        ("", False),
    ),
)
def test_dossier_codes_of_both_versions_are_known(text: str, valid: bool) -> None:
    assert identifiers.is_dossier_code(text) is valid


@given(st.sampled_from(["01", "79", "96"]), st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(1, 9_999_999))
def test_every_code_given_out_is_a_dossier_code(province: str, day: date, number: int) -> None:
    code = identifiers.dossier_code(PATTERN, province, day, number)

    assert identifiers.is_dossier_code(code)
    assert set(code) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-")
