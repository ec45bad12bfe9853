"""The drawn code is read from its squares alone, in every shape that segno gives it."""

from __future__ import annotations

import io
import string

import pikepdf
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.documents.code_reading import Matrix, NoCodeError, drawn_code, read_code
from chalicelib.documents.cover import CODE_VERSION
from tests.documents.covers import VIEW
from tests.documents.signed import address_of, drawn

TEXTS = st.text(string.digits + string.ascii_uppercase + " $%*+-./:", min_size=1, max_size=300).map("HTTPS://".__add__)


def modules(code: segno.QRCode) -> Matrix:
    return [[bool(module) for module in row] for row in code.matrix]


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.sampled_from(range(8)))
def test_any_text_under_any_mask(text: str, mask: int) -> None:
    version = CODE_VERSION if len(text) <= 221 else None
    code = segno.make_qr(text, error="m", boost_error=False, version=version, mask=mask)
    assert read_code(modules(code)) == text


def test_small_letters_take_another_mode() -> None:
    code = segno.make_qr("https://example.vn/c/abc", error="m", boost_error=False, version=CODE_VERSION)
    assert read_code(modules(code)) == "https://example.vn/c/abc"


def test_the_code_on_the_page_is_the_address() -> None:
    with pikepdf.open(io.BytesIO(drawn())) as document:
        content = document.pages[0].Contents.read_bytes()
    assert read_code(drawn_code(content)) == address_of(VIEW)


def test_another_level_is_not_ours() -> None:
    with pytest.raises(NoCodeError, match="level"):
        read_code(modules(segno.make_qr("A", error="q", boost_error=False, version=CODE_VERSION)))


@pytest.mark.parametrize("content", (b"", b"4 4.5 m 9 4.5 l", b"1 52.5 m 9 52.5 l", b"50 52.5 m 90 52.5 l"))
def test_no_code_on_the_page(content: bytes) -> None:
    with pytest.raises(NoCodeError):
        drawn_code(content)
