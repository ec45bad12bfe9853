"""What a PDF is made of, looked at with pyHanko's reader: its marks as an archive file, its data, its page's text."""

from __future__ import annotations

import json
import re
from typing import Any

from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader

from .page_text import UnreadablePageError, page_words

DATA_FILE = "cover.json"
_ACTIVE = frozenset({"/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/URI", "/XFA"})
_XMP = (("pdfaid:part", b"3"), ("pdfaid:conformance", b"A"), ("pdfuaid:part", b"1"))


class NoDataError(Exception):
    """The file carries no data, or not as a cover does; the message says which."""


def archive_faults(reader: PdfFileReader) -> list[str]:
    """The marks of PDF/A-3a and PDF/UA-1 that are missing, in English; empty where all are there.

    What a reader of the file can see at once: not a full validation, for which there are other tools.
    """
    root = reader.root
    marks = {
        "encrypted": not reader.encrypted,
        "not tagged": bool(_part(root, "/MarkInfo").get("/Marked")),
        "no language": bool(root.get("/Lang")),
        "the title is not shown": bool(_part(root, "/ViewerPreferences").get("/DisplayDocTitle")),
        "no output intent": [each.get("/S") for each in _members(root, "/OutputIntents")] == ["/GTS_PDFA1"],
        "active content": not (_ACTIVE & set(root) or "/JavaScript" in _part(root, "/Names")),
    }
    xmp = root["/Metadata"].data if "/Metadata" in root else b""
    for name, value in _XMP:
        # As an element or as an attribute.
        found = re.search(rb"\b%s(>|=['\"])%s\b" % (name.encode(), value), xmp)
        marks[f"{name} is not {value.decode()}"] = found is not None
    marks |= {f"font {name} is not embedded": _is_embedded(font) for name, font in _fonts(reader)}
    return [fault for fault, good in marks.items() if not good]


def embedded_data(reader: PdfFileReader) -> bytes:
    """The cover's data as attached. Raises NoDataError unless there is one attachment, in its place, by its name."""
    attached = _members(reader.root, "/AF")
    named = _members(_part(_part(reader.root, "/Names"), "/EmbeddedFiles"), "/Names")
    if len(attached) != 1 or len(named) != 2:
        raise NoDataError("not one attachment")
    (file,) = attached
    if named[1] != file or (named[0], file.get("/UF"), file.get("/AFRelationship")) != (DATA_FILE, DATA_FILE, "/Data"):
        raise NoDataError(f"the attachment is not {DATA_FILE}")
    content: bytes = file["/EF"]["/F"].data
    return content


def is_canonical(data: bytes) -> bool:
    """Whether JSON stands in the one form that its meaning has: sorted keys, no blanks, UTF-8."""
    try:
        parsed = json.loads(data)
    except ValueError:
        return False
    return data == json.dumps(parsed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def words_of_page(reader: PdfFileReader) -> str:
    """The text of the only page without blanks. Raises UnreadablePageError."""
    if reader.root["/Pages"]["/Count"] != 1:
        raise UnreadablePageError("not one page")
    maps = {name.lstrip("/"): font["/ToUnicode"].data for name, font in _fonts(reader) if "/ToUnicode" in font}
    return page_words(drawn_page(reader), maps)


def drawn_page(reader: PdfFileReader) -> bytes:
    """What is drawn on the first page, decoded. Raises UnreadablePageError."""
    drawn = _page(reader)["/Contents"]
    if not isinstance(drawn, StreamObject):
        raise UnreadablePageError("not one content stream")
    content: bytes = drawn.data
    return content


def _page(reader: PdfFileReader) -> Any:
    page_ref, _ = reader.find_page_for_modification(0)
    return page_ref.get_object()


def _fonts(reader: PdfFileReader) -> list[tuple[str, Any]]:
    fonts = _part(_page(reader)["/Resources"], "/Font")
    return [(name, fonts[name]) for name in fonts]


def _is_embedded(font: Any) -> bool:
    (descendant,) = _members(font, "/DescendantFonts") or [font]
    descriptor = _part(descendant, "/FontDescriptor")
    return any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def _part(of: Any, name: str) -> Any:
    """A dictionary within a dictionary, an empty one where there is none."""
    return of[name] if name in of else DictionaryObject()


def _members(of: Any, name: str) -> list[Any]:
    """The members of an array within a dictionary, no references; none where there is none."""
    array = of[name] if name in of else ()  # noqa: SIM401 -- `get` gives the reference
    return [array[number] for number in range(len(array))]
