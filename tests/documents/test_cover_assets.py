"""The shipped fonts and templates: every letter of every name has its glyph, and a published form stays as it is."""

from __future__ import annotations

import hashlib
import json
import re
import string
import unicodedata
from datetime import date

import pytest
from fontTools.ttLib import TTFont

from chalicelib.documents.slip_templates import LAYOUT as SLIP_LAYOUT
from chalicelib.documents.typesetting import assets_folder
from chalicelib.domain.people.names import ALPHABET, printed_name
from chalicelib.http.wire.course import PRINTED
from chalicelib.law import load

FACES = ("Regular", "Bold", "Italic")
ASSETS = assets_folder()
DAYS = (date(2023, 2, 6), date(2026, 11, 22))


def _font(face: str) -> TTFont:
    return TTFont(ASSETS / "fonts" / f"BHXHSerif-{face}.ttf")


def _pairs(font: TTFont) -> dict[tuple[str, str], str]:
    """The pairs of glyphs that become one: the letters that have no code point of their own."""
    return {
        (first, ligature.Component[0]): ligature.LigGlyph
        for lookup in font["GSUB"].table.LookupList.Lookup
        for table in lookup.SubTable
        for first, ligatures in table.ligatures.items()
        for ligature in ligatures
    }


@pytest.mark.parametrize("face", FACES)
def test_every_letter_of_a_name_is_one_glyph(face: str) -> None:
    font = _font(face)
    cmap, pairs = font.getBestCmap(), _pairs(font)
    for letter in ALPHABET | {printed_name(letter) for letter in ALPHABET}:
        glyphs = [cmap.get(ord(char)) for char in letter]
        assert None not in glyphs, letter
        assert len(glyphs) == 1 or tuple(glyphs) in pairs, letter


@pytest.mark.parametrize("face", FACES)
def test_everything_else_on_the_page_has_a_glyph(face: str) -> None:
    cmap = _font(face).getBestCmap()
    names = "".join(each.name for day in DAYS for each in load().provinces.on(day))
    words = "".join(path.read_text() for path in (ASSETS / "templates").glob("*.json")).replace("\n", "")
    for char in set(string.digits + string.punctuation + "–—‘’“”ʼ₫ " + names + names.upper() + words + words.upper()):
        assert ord(char) in cmap, f"U+{ord(char):04X}"


@pytest.mark.parametrize("face", FACES)
def test_a_mark_on_a_letter_of_its_own_stands_over_the_letter(face: str) -> None:
    font = _font(face)
    cmap, glyphs, pairs = font.getBestCmap(), font["glyf"], _pairs(font)
    for letter in (each for each in ALPHABET if len(each) == 2):
        drawn = glyphs[pairs[cmap[ord(letter[0])], cmap[ord(letter[1])]]]
        base = glyphs[cmap[ord(letter[0])]]
        assert drawn.yMax > base.yMax or letter[0] == "j", letter
        bare = glyphs[cmap[ord(unicodedata.normalize("NFD", letter[0])[0])]]
        mark = drawn.components[1]
        shape = glyphs[mark.glyphName]
        middle = mark.x + (shape.xMin + shape.xMax) / 2
        assert bare.xMin < middle < bare.xMax, letter


@pytest.mark.parametrize("face", FACES)
def test_the_fonts_carry_their_own_name_and_their_licence(face: str) -> None:
    names = {entry.nameID: str(entry) for entry in _font(face)["name"].names}

    assert names[1] == "BHXH Serif"
    assert all("Liberation" not in names[key] for key in (1, 2, 3, 4, 6))
    assert "Red Hat" in names[0]
    assert "SIL Open Font License" in names[13]


def test_the_licence_text_lies_beside_the_fonts() -> None:
    text = (ASSETS / "fonts" / "OFL.txt").read_text()

    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert "Reserved Font Name Liberation" in text


PUBLISHED = {
    "2016-01-01": "53be1563df38e251abf1a62de369d49d7509745b0e339d4189a6783a68a7f570",
    "2023-01-01": "b28f07479e163f9db2310d0eb0182bbf47115249bd67af2ad3a74cf0047e8b9b",
}
"""Digest of each template with its wording and fonts. A form once used is not changed: add a new one."""

PUBLISHED_SLIPS = {
    "2018-11-23": "37c2dccf1d94e506d1bd667d033641b56c8fd5256fb8292bde79c2410f0534f2",
    "2025-07-01": "044d08727640f01cfd99641e856fa7c95a529c5b655ea9f6fb75af8cbebd5e92",
}
"""The same for slips: each version has words of its own; the layout is one."""


def test_a_published_template_does_not_change() -> None:
    fonts = b"".join(path.read_bytes() for path in sorted((ASSETS / "fonts").glob("*.ttf")))
    for version, digest in PUBLISHED.items():
        layout = (ASSETS / "templates" / f"cover-{version}.typ").read_bytes()
        words = (ASSETS / "templates" / f"cover-{version}.json").read_bytes()
        assert hashlib.sha256(layout + words + fonts).hexdigest() == digest, version
    layout = (ASSETS / "templates" / SLIP_LAYOUT).read_bytes()
    for version, digest in PUBLISHED_SLIPS.items():
        words = (ASSETS / "templates" / f"slip-{version}.json").read_bytes()
        assert hashlib.sha256(layout + words + fonts).hexdigest() == digest, version


def test_every_template_is_described_and_registered() -> None:
    words = {path: json.loads(path.read_bytes()) for path in (ASSETS / "templates").glob("*.json")}

    expected = {f"cover-{version}" for version in PUBLISHED} | {f"slip-{version}" for version in PUBLISHED_SLIPS}
    assert {path.stem for path in words} == expected
    for path, each in words.items():
        kind, _, version = path.stem.partition("-")
        assert version == each["version"] == each["effective_from"]
        assert each["source"]
        assert kind == "slip" or path.with_suffix(".typ").is_file()


@pytest.mark.parametrize("face", FACES)
def test_what_an_officer_may_write_has_a_glyph_and_is_seen(face: str) -> None:
    """A slip can always be drawn: the door refuses what the fonts lack."""
    cmap, allowed = _font(face).getBestCmap(), re.compile(f"[{PRINTED}]")
    written = [chr(code) for code in range(0x30000) if allowed.fullmatch(chr(code))]
    assert len(written) > 600
    assert [char for char in written if char != "\n" and (ord(char) not in cmap or not char.isprintable())] == []
    assert all(allowed.fullmatch(char) for letter in ALPHABET for char in letter)
