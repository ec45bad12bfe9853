"""What a reader gets out of a cover is what was put in: every letter, nothing else, or an error."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.documents.cover import cover_json, render_cover
from chalicelib.documents.typesetting import MissingGlyphError
from chalicelib.domain.people.names import ALPHABET, name_fault, printed_name
from tests.documents.covers import ADDRESS, VIEW, name_in, text_by_pdfium, text_by_pypdf, view

LETTERS = st.sampled_from(sorted(ALPHABET))
WORDS = st.lists(LETTERS, min_size=1, max_size=9).map("".join)
JOINED = st.lists(WORDS, min_size=1, max_size=2).flatmap(
    lambda parts: st.sampled_from("'’-").map(lambda j: j.join(parts))
)
NAMES = st.lists(JOINED, min_size=1, max_size=6).map(" ".join).filter(lambda name: name_fault(name, "name") is None)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@example("AẶAAAAAA'AAô̆AAAAAA AẶAAAAAA'AAô̆AAAAAA")
@example("AAAAAA AAAAAA ê̆AAAAAA'AAAAḄAAAA ê̆AAAAAA'AAAAḄAAAA")
@example("Aô̆AAAA'AAḄAAAAAA A Aô̆AAAA'AAḄAAAAAA")
@given(NAMES)
def test_a_thousand_names_can_be_copied_out_again(name: str) -> None:
    printed = printed_name(name)

    drawn = render_cover(view(full_name=printed))
    read = name_in(text_by_pdfium(drawn))

    if read != printed:
        # PDFium takes text that lies below its like for a shadow and leaves it out: then a word stands there twice,
        # nothing else is changed, and another reader finds all of it.
        words, left = printed.split(), iter(printed.split())
        assert len(set(words)) < len(words)
        assert all(word in left for word in read.split())
        assert set(read.split()) == set(words)
        assert name_in(text_by_pypdf(drawn)) == printed


@settings(max_examples=60, deadline=None)
@example("AẶAAAAAA'AAô̆AAAAAA AẶAAAAAA'AAô̆AAAAAA")
@given(NAMES)
def test_a_simpler_reader_finds_the_same_names(name: str) -> None:
    printed = printed_name(name)

    assert name_in(text_by_pypdf(render_cover(view(full_name=printed)))) == printed


@settings(max_examples=15, deadline=None)
@given(st.lists(LETTERS, min_size=40, max_size=100).map("".join))
def test_a_word_too_long_for_the_page_loses_no_letter(name: str) -> None:
    printed = printed_name(name)

    drawn = render_cover(view(full_name=printed))

    assert name_in(text_by_pdfium(drawn)).replace(" ", "") == printed
    assert name_in(text_by_pypdf(drawn)).replace(" ", "") == printed


@pytest.mark.parametrize("letter", sorted({printed_name(letter) for letter in ALPHABET}))
def test_every_letter_of_the_alphabet_is_read_as_itself(letter: str) -> None:
    # Twice, and beside others: a mark shared by two letters once made readers mix them up.
    name = f"{letter}A {letter} Ơ{letter}"

    drawn = render_cover(view(full_name=name))

    assert name_in(text_by_pypdf(drawn)) == name
    assert name_in(text_by_pdfium(drawn)) == name


def test_every_field_in_reading_order() -> None:
    assert text_by_pdfium(render_cover(VIEW, ADDRESS)) == (
        "BẢO HIỂM XÃ HỘI VIỆT NAM BẢO HIỂM XÃ HỘI THÀNH PHỐ ĐÀ NẴNG"
        " CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc"
        " SỔ BẢO HIỂM XÃ HỘI (Tờ bìa – bản điện tử)"
        " Họ và tên: NGUYỄN HỮU ĐẶNG DIỄM PHƯỢNG"
        " Ngày, tháng, năm sinh: 02/09/1984"
        " Giới tính: Nữ"
        " Quốc tịch: Việt Nam"
        " Số định danh cá nhân/hộ chiếu: 048184012345"
        " Mã số bảo hiểm xã hội: 0922121676"
        " Quét mã để xác thực Sê-ri: 000.00.48.H17-261122-000007-C1 Cấp lần: 1"
        " Thành phố Đà Nẵng, ngày 22 tháng 11 năm 2026 GIÁM ĐỐC"
        " Ký bởi: Bảo hiểm xã hội thành phố Đà Nẵng Thời gian ký: 22-11-2026 10:05:00 +07:00 Đỗ Hữu Thiện"
    )


def test_days_below_ten_and_the_first_two_months_have_a_zero() -> None:
    drawn = render_cover(view(issued_at=VIEW.issued_at.replace(month=2, day=6)))
    assert "ngày 06 tháng 02 năm 2026" in text_by_pdfium(drawn)
    drawn = render_cover(view(issued_at=VIEW.issued_at.replace(month=3, day=6)))
    assert "ngày 06 tháng 3 năm 2026" in text_by_pdfium(drawn)


@pytest.mark.parametrize(
    "markup", ("A#[*b*] $x$ \\ @r", "#panic()", '"; #sys.inputs', "<a> // /* `code` */ = H", "_x_ ~ --")
)
def test_markup_is_printed_as_it_stands(markup: str) -> None:
    assert name_in(text_by_pdfium(render_cover(view(full_name=markup)))) == markup


@pytest.mark.parametrize(
    ("name", "missing"),
    (
        ("NGUYỄN 陳 ẶÑ", ("U+9673",)),
        ("LÊ 陳 THỊ 😀", ("U+9673", "U+1F600")),
        ("LÊ ٣", ("U+0663",)),
        ("LÊ\u200bLAN", ("U+200B",)),
        ("LÊ \u202eNAL", ("U+202E",)),
        ("LÊ\nLAN", ("U+000A",)),
        ("LÊ\x00", ("U+0000",)),
        ("LÊ\ud800", ("U+D800",)),
    ),
)
def test_a_character_that_cannot_be_seen_is_an_error_and_never_left_out(name: str, missing: tuple[str, ...]) -> None:
    with pytest.raises(MissingGlyphError) as refused:
        render_cover(view(full_name=name))

    assert refused.value.code_points == missing
    assert "LÊ" not in str(refused.value)


def test_the_error_shows_nothing_personal_in_its_chain() -> None:
    with pytest.raises(MissingGlyphError) as refused:
        render_cover(view(full_name="NGUYỄN 陳"))

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_no_signer_leaves_the_line_empty() -> None:
    drawn = render_cover(view(signer_name=None), ADDRESS)

    assert text_by_pdfium(drawn).endswith("10:05:00 +07:00")
    assert b'"signer_name":null' in cover_json(view(signer_name=None))
