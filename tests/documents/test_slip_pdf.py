"""Slips as files and as pages: archival, accessible, their data inside, every word readable, a QR code that leads."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
import segno

from chalicelib.documents.slip import SlipView, render_slip, slip_json
from chalicelib.documents.slip_templates import slip_template_for, slip_template_named
from chalicelib.documents.typesetting import DocumentError, MissingGlyphError
from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.registration.slip import SlipKind
from chalicelib.domain.registration.supplement import ASKABLE
from tests.documents.slips import APOLOGY, CODE, HCMC, RECEIPT, REFUSAL, SUPPLEMENT, VIEWS, changed

ROOT = Path(__file__).resolve().parents[2]
DRAW = (
    "import hashlib; from tests.documents.slips import SUPPLEMENT; from chalicelib.documents.slip import render_slip;"
    "print(hashlib.sha256(render_slip(SUPPLEMENT)).hexdigest())"
)
MM = 72 / 25.4


@pytest.fixture(params=SlipKind, scope="module")
def view(request: pytest.FixtureRequest) -> SlipView:
    return VIEWS[request.param]


@pytest.fixture(scope="module")
def pdf(view: SlipView) -> bytes:
    return render_slip(view)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)
    finally:
        document.close()


def test_it_is_archival_and_accessible(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.check_pdf_syntax() == []
        with opened.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
        assert bool(opened.Root.MarkInfo.Marked)
        assert str(opened.Root.Lang) == "vi-VN"
        kinds = [
            str(each.get("/S")) for each in opened.objects if isinstance(each, pikepdf.Dictionary) and "/S" in each
        ]
        assert kinds.count("/H1") == 1
        figures = [
            each for each in opened.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"
        ]
        assert [str(each.Alt) for each in figures] == ["Mã QR dẫn đến trang tình trạng hồ sơ"]
        for font in opened.pages[0].Resources.Font.values():
            assert "BHXHSerif" in str(font.BaseFont)


def test_a_table_has_header_cells() -> None:
    for view in (RECEIPT, SUPPLEMENT):
        with pikepdf.open(io.BytesIO(render_slip(view))) as opened:
            kinds = [str(each.get("/S")) for each in opened.objects if isinstance(each, pikepdf.Dictionary)]
            assert kinds.count("/Table") == 1
            assert kinds.count("/TH") >= 4


def test_its_data_is_attached_and_its_metadata_holds_nothing_personal(view: SlipView, pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (attached,) = opened.Root.AF
        assert attached.AFRelationship == "/Data"
        assert attached.UF == "slip.json"
        assert attached.EF.F.read_bytes() == slip_json(view)
        metadata = opened.Root.Metadata.read_bytes().decode() + str(dict(opened.docinfo.items()))
    for personal in (view.applicant, view.address, view.phone):
        assert personal not in metadata
    data = json.loads(slip_json(view))
    assert (data["schema"], data["issued_on"], data["kind"]) == ("bhxh-slip/1", "2023-02-06", view.kind)


@pytest.mark.parametrize(
    ("view", "words"),
    (
        (
            RECEIPT,
            (
                "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
                "Mẫu số 01",
                f"Số: {CODE}/TN-1",
                "Ông (bà): NGUYỄN THỊ HÒA",
                "Thời gian nhận hồ sơ: 09 giờ 15 phút, ngày 06/02/2023",
                "Thời gian hẹn trả kết quả: 17 giờ 00 phút, ngày 13/02/2023",
                "2 Chứng từ đóng số KT79-2023-0000001 Điện tử 01",
            ),
        ),
        (
            SUPPLEMENT,
            (
                "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
                "Mẫu số 02",
                f"Số: {CODE}/HDHS-1",
                "Lý do: Địa chỉ chưa đủ số nhà. Họ tên phải đúng với căn cước công dân.",
                "TT Giấy tờ, thông tin Bản chính Bản sao chứng thực Bản chụp",
                "2 Họ và tên",
                "Bổ sung trước: 17 giờ 00 phút, ngày 10/03/2023",
            ),
        ),
        (
            REFUSAL,
            (
                "PHIẾU TỪ CHỐI GIẢI QUYẾT HỒ SƠ",
                "Mẫu số 03",
                "Lý do: Người tham gia không thuộc đối tượng của thủ tục này.",
                "Tiền đã nộp: Số tiền đã nộp được hoàn trả theo quy định",
            ),
        ),
        (
            APOLOGY,
            (
                "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ",
                "Mẫu số 04",
                "hẹn trả kết quả cũ: 17 giờ 00 phút, ngày 13/02/2023",
                "Thời gian hẹn lại: 17 giờ 00 phút, ngày 15/02/2023",
            ),
        ),
    ),
)
def test_it_says_what_its_form_asks_for(view: SlipView, words: tuple[str, ...]) -> None:
    text = text_of(render_slip(view))
    for each in (*words, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Thành phố Hồ Chí Minh, ngày 06 tháng 02 năm 2023"):
        assert each in text, each
    assert "Thư điện tử:" not in text, "what is not known is not printed"


def test_from_july_2025_no_number_of_a_form_is_printed() -> None:
    assert "Mẫu số" not in text_of(render_slip(changed(APOLOGY, template="2025-07-01")))


def test_templates_go_by_date() -> None:
    assert slip_template_for(date(2025, 6, 30)).version == "2018-11-23"
    assert slip_template_for(date(2025, 7, 1)).version == "2025-07-01"
    with pytest.raises(NotConfigured):
        slip_template_for(date(2018, 11, 22))
    with pytest.raises(DocumentError):
        slip_template_named("1999-01-01")


def test_a_word_that_a_template_lacks_is_refused() -> None:
    template = slip_template_for(date(2023, 2, 6))
    with pytest.raises(NotConfigured) as refused:
        template.word("channel", "CARRIER_PIGEON")
    assert refused.value.code == "SLIP_TEMPLATE_NOT_CONFIGURED"
    assert template.agency_of(HCMC) == "Bảo hiểm xã hội thành phố Hồ Chí Minh"


@pytest.mark.parametrize("version", ("2018-11-23", "2025-07-01"))
def test_every_field_that_may_be_asked_for_has_a_name(version: str) -> None:
    assert set(slip_template_named(version).words["field_labels"]) >= ASKABLE


def test_the_code_on_the_page_is_the_code_of_the_address() -> None:
    """Each module of the drawn code is read back from the page's pixels and compared with the code of the address."""
    wanted = [list(row) for row in segno.make_qr(RECEIPT.status_page, error="m").matrix]
    document = pypdfium2.PdfDocument(render_slip(RECEIPT))
    image = document[0].render(scale=6).to_pil().convert("L")
    dark = image.point(lambda value: 255 if value < 128 else 0)
    # The code stands above its caption, 32 mm wide with its quiet zone.
    text = document[0].get_textpage()
    first, count = text.search("Quét mã để xem tình trạng hồ sơ").get_next()
    boxes = [text.get_charbox(index) for index in range(first, first + count)]
    middle, above = (boxes[0][0] + boxes[-1][2]) / 2, 297 * MM - max(box[3] for box in boxes) - MM
    place = tuple(round(side * 6) for side in (middle - 16 * MM, above - 33 * MM, middle + 16 * MM, above))
    left, top, right, bottom = dark.crop(place).getbbox() or pytest.fail("no code on the page")
    assert right - left == pytest.approx(bottom - top, abs=2)
    size = (right - left) / len(wanted)

    def module(row: int, column: int) -> int:
        x, y = place[0] + left + (column + 0.5) * size, place[1] + top + (row + 0.5) * size
        return 1 if dark.getpixel((round(x), round(y))) else 0

    assert [[module(row, column) for column in range(len(wanted))] for row in range(len(wanted))] == wanted
    document.close()


def test_nothing_personal_is_in_the_address() -> None:
    assert RECEIPT.status_page.endswith(CODE)
    for personal in (RECEIPT.applicant, RECEIPT.phone):
        assert personal not in RECEIPT.status_page


@pytest.mark.parametrize(
    ("changes", "missing"),
    (
        ({"reason": "Sai họ 陳"}, ("U+9673",)),
        ({"reason": "Sai \u202eohc"}, ("U+202E",)),
        ({"applicant": "LÊ\x00"}, ("U+0000",)),
        ({"items": ({"name": "😀", "original": "–", "certified": "–", "photo": "–"},)}, ("U+1F600",)),
        ({"items": ({"name": "a\u200bb", "original": "–", "certified": "–", "photo": "–"},)}, ("U+200B",)),
    ),
)
def test_what_cannot_be_seen_is_an_error(changes: dict[str, object], missing: tuple[str, ...]) -> None:
    with pytest.raises(MissingGlyphError) as refused:
        render_slip(changed(SUPPLEMENT, **changes))
    assert refused.value.code_points == missing


def test_markup_is_printed_as_it_stands() -> None:
    markup = "A#[*b*] $x$ \\ @r #panic() `c` = H"
    assert markup in text_of(render_slip(changed(REFUSAL, reason=markup)))


def test_long_texts_stay_on_the_page_and_go_on_to_the_next() -> None:
    label = "Địa chỉ thường trú: quận, huyện"
    items = tuple({"name": label, "original": "–", "certified": "–", "photo": "–"} for _ in range(30))
    drawn = render_slip(
        changed(SUPPLEMENT, reason="Lý do dài. " * 60 + "W" * 340, items=items, applicant="W" * 100, email="a" * 254)
    )
    document = pypdfium2.PdfDocument(drawn)
    assert len(document) >= 2
    for page in document:
        text = page.get_textpage()
        for left, bottom, right, top in (
            text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()
        ):
            assert 15 * MM < left <= right < 200 * MM
            assert 10 * MM < bottom <= top < 287 * MM
    document.close()


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        render_slip(changed(RECEIPT, issued_at=RECEIPT.issued_at.replace(tzinfo=None)))


def test_the_same_bytes_in_another_process() -> None:
    here = hashlib.sha256(render_slip(SUPPLEMENT)).hexdigest()
    clean = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME"}}
    done = subprocess.run(
        [sys.executable, "-c", DRAW],
        env=clean | {"TZ": "America/St_Johns", "PYTHONHASHSEED": "4242", "LC_ALL": "C"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == here
