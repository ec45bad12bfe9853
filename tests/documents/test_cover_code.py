"""The verification code as a scanner sees it: on the page at the resolution of a screen, and on a bad print of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageFilter

from chalicelib.documents.cover import render_cover
from tests.documents.covers import ADDRESS, VIEW, text_by_pdfium

pytestmark = pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbar-tools is not installed")


def page(dpi: int) -> Image.Image:
    document = pypdfium2.PdfDocument(render_cover(VIEW, ADDRESS))
    try:
        image: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("L")
        return image
    finally:
        document.close()


def scanned(image: Image.Image, path: Path, quality: int = 100) -> list[str]:
    """What zbar reads in a picture, one text per code."""
    image.save(path, quality=quality)
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--nodbus", str(path)], capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def test_the_code_is_read_off_the_page_at_96_dpi(tmp_path: Path) -> None:
    assert scanned(page(96), tmp_path / "page.png") == [ADDRESS]


def test_it_is_read_off_a_poor_copy(tmp_path: Path) -> None:
    tilted = page(150).rotate(7, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1))
    assert scanned(tilted, tmp_path / "copy.jpg", quality=25) == [ADDRESS]


def test_a_draft_has_no_code_and_says_what_it_is(tmp_path: Path) -> None:
    draft = render_cover(VIEW)
    document = pypdfium2.PdfDocument(draft)
    image = document[0].render(scale=2).to_pil().convert("L")
    document.close()

    assert scanned(image, tmp_path / "draft.png") == []
    text = text_by_pdfium(draft)
    assert "BẢN XEM TRƯỚC" in text
    assert "không có giá trị sử dụng" in text
    assert "Quét mã" not in text
    assert "Ký bởi" not in text
