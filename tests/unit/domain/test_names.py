"""Names: letters of every people of Việt Nam, storage, print (domain rules 4.2 and 6.1) and comparison."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.people.names import ALPHABET, clean_name, name_fault, printed_name, same_name

WRITTEN = [
    "Nguyễn Thị Hòa",
    "Đỗ Quỳnh Như",
    "Lê Ỷ Lan",
    "H'Hen Niê",
    "H’Len Niê",
    "Y Ƀlao Ayŭn",
    "Kpă Klơ̆ng",
    "Rơ Chăm H'Ƀê̆",
    "Nay Ñôn",
    "Siu Čơr",
    "A Tĭnh",
    "Bùi Thị Bằng-Tâm",
    "Kră Jăn Ŏi",
    "Ksor Blư̆ng",
    "Wang Fa Zơ",
]


@pytest.mark.parametrize("name", WRITTEN)
def test_names_of_every_people_are_accepted(name: str) -> None:
    assert name_fault(clean_name(name), "full_name") is None
    assert name_fault(clean_name(unicodedata.normalize("NFD", name)), "full_name") is None
    assert name_fault(printed_name(name), "full_name") is None


@pytest.mark.parametrize(
    ("name", "code"),
    (
        ("A", "NAME_LENGTH"),
        ("", "NAME_LENGTH"),
        ("Ơ̆", "NAME_LENGTH"),
        ("a" * 101, "NAME_LENGTH"),
        ("Nguyễn " * 72, "NAME_LENGTH"),
        ("Nguyễn Văn 2", "NAME_INVALID"),
        ("Nguyễn 😀", "NAME_INVALID"),
        ("Nguyễn\tVăn A", "NAME_INVALID"),
        ("Nguyễn\u0000A", "NAME_INVALID"),
        ("Nguyễn\u200bA", "NAME_INVALID"),
        ("Nguyễn_A", "NAME_INVALID"),
        ("Иван", "NAME_INVALID"),
        ("-Văn A", "NAME_INVALID"),
        ("Văn A'", "NAME_INVALID"),
        ("\u0301Văn", "NAME_INVALID"),
        ("Văn A\u0301\u0301", "NAME_INVALID"),
        ("<b>An</b>", "NAME_INVALID"),
    ),
)
def test_what_is_no_name(name: str, code: str) -> None:
    fault = name_fault(clean_name(name), "full_name")

    assert fault is not None
    assert (fault.field, fault.code) == ("full_name", code)


@pytest.mark.parametrize(("length", "accepted"), ((2, True), (100, True), (101, False)))
def test_marks_do_not_count_as_letters(length: int, accepted: bool) -> None:
    assert (name_fault("Ơ̆" * length, "full_name") is None) is accepted


@pytest.mark.parametrize(
    ("typed", "printed"),
    (
        ("nguyễn thị  hòa", "NGUYỄN THỊ HÒA"),
        ("  h'hen\u00a0niê ", "H'HEN NIÊ"),
        ("y ƀlao ayŭn", "Y ɃLAO AYŬN"),
        ("kpă klơ̆ng", "KPĂ KLƠ̆NG"),
        (unicodedata.normalize("NFD", "đỗ quỳnh như"), "ĐỖ QUỲNH NHƯ"),
    ),
)
def test_names_are_printed_in_upper_case_with_marks(typed: str, printed: str) -> None:
    assert printed_name(typed) == printed


def test_a_name_is_stored_as_typed_but_for_spaces_and_form() -> None:
    assert clean_name(" " + unicodedata.normalize("NFD", "nguyễn  Thị hòa") + " ") == "nguyễn Thị hòa"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    (
        ("Nguyễn Thị Hòa", "NGUYỄN THỊ HÒA", True),
        ("Nguyễn Thị Hòa", "Nguyễn  Thị Hoà", True),
        ("Nguyễn Thúy", "Nguyễn Thuý", True),
        ("H'Hen Niê", "H’HEN NIÊ", True),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoa", False),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hóa", False),
        ("Nguyễn Hòa Thị", "Nguyễn Thị Hòa", False),
        ("Lê Vân", "Lê Văn", False),
    ),
)
def test_names_are_compared_as_people_read_them(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


def test_the_alphabet_is_nfc_and_closed_under_case() -> None:
    for letter in ALPHABET:
        assert unicodedata.normalize("NFC", letter) == letter
        assert unicodedata.normalize("NFC", letter.upper()) in ALPHABET
        assert unicodedata.normalize("NFC", letter.lower()) in ALPHABET
        assert unicodedata.category(letter[0]).startswith("L")
        assert all(unicodedata.combining(mark) for mark in letter[1:])


def test_the_alphabet_has_every_vietnamese_letter() -> None:
    letters = set("aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ")

    assert len(letters) == 73
    assert letters | {letter.upper() for letter in letters} <= ALPHABET


names = st.lists(
    st.lists(st.sampled_from(sorted(ALPHABET)), min_size=1, max_size=8).map("".join), min_size=2, max_size=6
).map(" ".join)


@given(names)
def test_cleaning_and_printing_settle_after_once(name: str) -> None:
    cleaned = clean_name(unicodedata.normalize("NFD", name))

    assert cleaned == clean_name(name)
    assert clean_name(cleaned) == cleaned
    assert printed_name(printed_name(cleaned)) == printed_name(cleaned)
    assert name_fault(cleaned, "full_name") is None
    assert same_name(cleaned, printed_name(cleaned))


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    fault = name_fault(clean_name(text), "full_name")

    assert fault is None or fault.code in {"NAME_INVALID", "NAME_LENGTH"}
    assert same_name(text, text)
