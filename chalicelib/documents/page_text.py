"""The words of a page as its fonts' own tables spell them, and what a cover's page has to say.

Only what typst writes is understood (strings of two-byte codes in fonts with a text map); anything else is refused, so
that nothing on a page goes unread. Blanks are left out: on a page they are distances.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .typesetting import DocumentError

_TOKENS = re.compile(
    rb"(?P<opened><<)|(?P<closed>>>)|/(?P<font>\w+)\s+[-\d.]+\s+Tf|<(?P<hex>[0-9A-Fa-f\s]*)>"
    rb"|\((?P<literal>(?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*)\)|(?P<strange>\(|\bID\s)",
    re.DOTALL,
)
_ESCAPES = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_SECTIONS = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])")


class UnreadablePageError(DocumentError):
    """The page holds text in a form that the cover's template does not make."""


def page_words(content: bytes, text_maps: Mapping[str, bytes]) -> str:
    """The text of a content stream, in the order in which it is drawn, without blanks.

    Args:
        content: the decoded content stream.
        text_maps: the decoded ToUnicode table of each font, by the font's name in the page's resources.

    Raises:
        UnreadablePageError: a font without a table, a code that its table lacks, or strings of another form.
    """
    tables = {name: _table(each) for name, each in text_maps.items()}
    table: Mapping[bytes, str] | None = None
    depth = 0
    found: list[str] = []
    for token in _TOKENS.finditer(content):
        # Properties of marked content hold no text of the page, but boxes and languages.
        depth += (token["opened"] is not None) - (token["closed"] is not None)
        if token["strange"]:
            raise UnreadablePageError("a string or an image of another form")
        if token["font"]:
            table = tables.get(token["font"].decode())
        codes = _codes(token)
        if codes is not None and depth == 0:
            if table is None:
                raise UnreadablePageError("text without a font, or a font without a text map")
            found += _spelt(codes, table)
    return "".join("".join(found).split())


def _codes(token: re.Match[bytes]) -> bytes | None:
    """The bytes of a string (ISO 32000-1, 7.3.4), None where the token is none."""
    if token["literal"] is not None:
        return _ESCAPES.sub(_unescaped, token["literal"])
    return None if token["hex"] is None else bytes.fromhex(token["hex"].decode())


def _unescaped(escape: re.Match[bytes]) -> bytes:
    told = escape[1]
    return bytes([int(told, 8) & 255]) if told[:1].isdigit() else _ESCAPED.get(told, told)


def _spelt(codes: bytes, table: Mapping[bytes, str]) -> Iterator[str]:
    for start in range(0, len(codes), 2):
        letter = table.get(codes[start : start + 2])
        if letter is None:
            raise UnreadablePageError("a glyph that its font does not spell")
        yield letter


def _table(text_map: bytes) -> Mapping[bytes, str]:
    table: dict[bytes, str] = {}
    for kind, body in _SECTIONS.findall(text_map):
        values = [match[1] for match in _HEX.finditer(body)]
        if None in values:
            raise UnreadablePageError("a text map with lists")
        if kind == b"bfchar":
            for code, letter in zip(values[::2], values[1::2], strict=True):
                table[bytes.fromhex(code.decode())] = _letter(letter)
        else:
            for first, last, letter in zip(values[::3], values[1::3], values[2::3], strict=True):
                start = _letter(letter)
                for step in range(int(last, 16) - int(first, 16) + 1):
                    code = (int(first, 16) + step).to_bytes(2)
                    table[code] = start[:-1] + chr(ord(start[-1]) + step)
    return table


def _letter(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")


def unsaid(page: str, data: Mapping[str, Any], words_file: Path) -> tuple[list[str], str]:
    """Compare a page with the data it carries: the parts that the page lacks, and what it says beside them.

    Args:
        page: its text without blanks, as of `page_words`.
        data: the cover's data.
        words_file: the wording of the template that drew it.
    """
    lacking = []
    for part in sorted(_parts(data, json.loads(words_file.read_bytes())), key=len, reverse=True):
        bare = "".join(part.split())
        if bare in page:
            # Not joined: what stands left and right of it were not neighbours.
            page = page.replace(bare, "\0", 1)
        else:
            lacking.append(part)
    return lacking, page.replace("\0", "")


def _parts(data: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[str]:
    """Every text of the page, each in one piece."""
    yield from (words[name] for name in ("national_title", "motto", "title", "subtitle"))
    yield words["parent_agency"].upper()
    yield data["agency"].upper()
    for field in words["fields"]:
        yield f"{field['label']} {data[field['key']]}"
    yield f"{words['serial_label']} {data['serial']}"
    yield f"{words['ordinal_label']} {data['ordinal']}"
    yield printed_date_line(words["date_line"], data["place"], data["issued_on"])
    yield data["signer_title"]
    if data["signer_name"] is not None:
        yield data["signer_name"]
    if "signed_by" in words:
        yield words["code_label"]
        yield words["signed_by"].replace("{agency}", data["agency"])
        yield words["signed_at"].replace("{at}", printed_instant(data["issued_at"]))
    else:
        # The first template does not say who signed.
        yield words["signature_place"]


def printed_date_line(pattern: str, place: str, day: str) -> str:
    """Days below 10 and the months 1 and 2 with a zero (NĐ 30/2020/NĐ-CP, Phụ lục I). `day` is yyyy-MM-dd."""
    year, month, number = day.split("-")
    month = month if int(month) <= 2 else str(int(month))
    told = pattern.replace("{place}", place).replace("{day}", number)
    return told.replace("{month}", month).replace("{year}", year)


def printed_instant(at: str) -> str:
    """`2026-11-22T10:05:00+07:00` as `22-11-2026 10:05:00 +07:00`. Raises ValueError."""
    moment = datetime.fromisoformat(at)
    return f"{moment:%d-%m-%Y %H:%M:%S} {at[-6:]}"
