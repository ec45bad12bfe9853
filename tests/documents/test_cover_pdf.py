"""The PDF as a file: archival and accessible by structure, its data inside, nothing active in it.

veraPDF is in no package registry; these are the marks of PDF/A-3a and PDF/UA-1 that pikepdf can see.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest

from chalicelib.documents.cover import cover_json, render_cover
from tests.documents.covers import ADDRESS, VIEW, view

MM = 72 / 25.4


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_cover(VIEW, ADDRESS)


@pytest.fixture
def opened(pdf: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        yield document


def test_it_declares_pdf_a_3a_and_pdf_ua_1(opened: pikepdf.Pdf) -> None:
    with opened.open_metadata() as xmp:
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("3", "A")
        assert xmp["pdfuaid:part"] == "1"
        assert xmp["dc:title"] == "Sổ bảo hiểm xã hội (tờ bìa – bản điện tử)"


def test_it_is_sound_and_one_a4_page(opened: pikepdf.Pdf) -> None:
    assert opened.check_pdf_syntax() == []
    assert len(opened.pages) == 1
    assert [float(x) / MM for x in opened.pages[0].mediabox] == pytest.approx([0, 0, 210, 297], abs=0.01)


def test_it_is_tagged_vietnamese_with_a_title_to_show(opened: pikepdf.Pdf) -> None:
    assert bool(opened.Root.MarkInfo.Marked)
    assert str(opened.Root.Lang) == "vi-VN"
    assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)
    kinds = [str(each.S) for each in _elements(opened.Root.StructTreeRoot)]
    assert kinds.count("/H1") == 1
    assert kinds.count("/P") >= 6


def test_colours_are_defined_by_an_output_intent(opened: pikepdf.Pdf) -> None:
    (intent,) = opened.Root.OutputIntents
    assert intent.S == "/GTS_PDFA1"
    assert len(intent.DestOutputProfile.read_bytes()) > 100


def test_every_font_is_ours_and_embedded_with_its_text_map(opened: pikepdf.Pdf) -> None:
    fonts = list(opened.pages[0].Resources.Font.values())
    assert len(fonts) == 3
    for font in fonts:
        assert "BHXHSerif" in str(font.BaseFont)
        assert font.ToUnicode.read_bytes()
        (descendant,) = font.DescendantFonts
        assert descendant.FontDescriptor.FontFile2.read_bytes()


def test_the_data_is_attached_as_it_is(opened: pikepdf.Pdf) -> None:
    (attached,) = opened.Root.AF
    assert attached.AFRelationship == "/Data"
    assert attached.UF == "cover.json"
    assert attached.EF.F.Subtype == "/application/json"
    assert attached.EF.F.read_bytes() == cover_json(VIEW)
    assert list(opened.attachments) == ["cover.json"]


def test_nothing_in_it_is_active_encrypted_or_pretends_to_be_signed(opened: pikepdf.Pdf) -> None:
    assert not opened.is_encrypted
    forbidden = {"/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/URI", "/AcroForm", "/Sig", "/ByteRange"}
    for each in opened.objects:
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            assert forbidden.isdisjoint(each.keys())


def test_it_ends_where_an_incremental_signature_may_begin(pdf: bytes) -> None:
    assert pdf.endswith(b"\n%%EOF\n")
    assert pdf.count(b"%%EOF") == 1


def test_its_dates_are_the_instant_of_issue_in_utc(opened: pikepdf.Pdf) -> None:
    assert str(opened.docinfo.CreationDate).startswith("D:20261122030500Z")
    with opened.open_metadata() as xmp:
        assert datetime.fromisoformat(str(xmp["xmp:CreateDate"])) == VIEW.issued_at


def test_its_metadata_holds_nothing_personal(opened: pikepdf.Pdf) -> None:
    metadata = opened.Root.Metadata.read_bytes().decode() + str(dict(opened.docinfo.items()))
    for personal in (VIEW.full_name, VIEW.personal_id, VIEW.si_number, VIEW.birth_date):
        assert personal not in metadata


def test_places_of_signature_and_code_are_kept(pdf: bytes) -> None:
    document = pypdfium2.PdfDocument(pdf)
    scale = 4
    image = document[0].render(scale=scale).to_pil().convert("RGB")

    def pixel(x: float, y: float) -> tuple[int, ...]:
        colour = image.getpixel((round(x * MM * scale), round(y * MM * scale)))
        assert isinstance(colour, tuple)
        return colour

    red = (139, 26, 26)
    for edge in ((91, 229), (185, 229), (138, 217), (138, 241)):
        assert pixel(*edge) == red, edge
    box = (25, 204, 71.5, 250.5)
    area = image.crop(tuple(round(side * MM * scale) for side in box))
    assert area.getextrema() == ((0, 255), (0, 255), (0, 255))
    # The quiet zone of four modules is part of the code.
    for left, top, right, bottom in (
        (25, 204, 71.5, 207),
        (25, 247.5, 71.5, 250.5),
        (25, 204, 28, 250),
        (68.5, 204, 71, 250),
    ):
        edge = image.crop(tuple(round(side * MM * scale) for side in (left, top, right, bottom)))
        assert edge.getextrema() == ((255, 255), (255, 255), (255, 255))
    document.close()


@pytest.mark.parametrize(
    "changes",
    (
        {"full_name": "LÝ A", "birth_date": "1960", "signer_name": None},
        {"full_name": "CÔNG TẰNG TÔN NỮ NGUYỄN PHÚC HUYỀN TRÂN BẠCH YẾN NGỌC LAN THANH HƯƠNG QUỲNH ANH DIỄM THẢO MY"},
        {"full_name": "Ư" * 100},
        {"full_name": "W" * 98 + " A"},
        {"full_name": " ".join(["WWWW"] * 20)},
        {"full_name": " ".join(["W" * 24] * 4)},
        {"agency": "Bảo hiểm xã hội thành phố Hồ Chí Minh, cơ sở khu vực Bình Dương và Bà Rịa - Vũng Tàu"},
        {"signer_name": "Công Tằng Tôn Nữ Nguyễn Phúc Huyền Trân Bạch Yến Ngọc Lan"},
        {"serial": "000.00.79.H29-261122-99999999-C10"},
    ),
)
def test_long_and_short_texts_stay_in_their_places(changes: dict[str, str | None]) -> None:
    drawn = render_cover(view(**changes), ADDRESS)

    document = pypdfium2.PdfDocument(drawn)
    assert len(document) == 1
    page = document[0]
    text = page.get_textpage()
    agency_end = str(changes.get("agency", VIEW.agency)).upper().split()[-1]
    visible = (i for i in range(text.count_chars()) if text.get_text_range(i, 1).strip())
    for left, bottom, right, top in map(text.get_charbox, visible):
        assert 15 * MM < left <= right < 195 * MM
        assert 20 * MM < bottom <= top < 285 * MM
    # The fields end above the lower blocks, and the agency above the title.
    assert _bottom(text, "Mã số bảo hiểm xã hội") > (297 - 195) * MM
    assert _bottom(text, agency_end) > (297 - 55) * MM
    document.close()


def _bottom(text: Any, words: str) -> float:
    """How far above the page's lower edge some words stand, in points."""
    found = text.search(words).get_next()
    assert found is not None
    return float(text.get_charbox(found[0])[1])


def _elements(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The structure elements under a node, in reading order."""
    children: pikepdf.Object = node.get("/K", pikepdf.Array())
    for child in list(children) if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from _elements(child)
