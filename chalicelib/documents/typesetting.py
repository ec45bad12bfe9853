"""Turns a template and JSON data into PDF/A-3a + PDF/UA-1 bytes: same input, same bytes, in any process.

typst and the fonts lie in a layer of the one function that draws covers. The layer holds

    python/typst/...        the renderer
    cover/fonts/            the only fonts there are: a letter they lack is an error, never another font
    cover/templates/        dated templates

so on Lambda the assets are `/opt/cover`. `COVER_ASSETS` names another folder; without it they are looked for
beside the layer's `python` folder, in `/opt/cover`, and in the source tree. typst is imported on first use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typst

TYPST_VERSION = "0.15.2"
RENDERER_VERSION = f"typst-{TYPST_VERSION}"
"""Recorded with each document: another version of typst makes other bytes of the same data."""

_LAYER_FOLDER = Path("/opt/cover")
_SOURCE_FOLDER = Path(__file__).resolve().parents[2] / "infra" / "layers" / "cover" / "assets"
_NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")

_compiling = Lock()
"""Handlers run in threads on the local cloud; one compiler serves them one after the other."""


class DocumentError(Exception):
    """A document could not be made. The message holds nothing personal."""


class MissingGlyphError(DocumentError):
    """The fonts cannot show some characters; `code_points` names them, like `U+9673`."""

    def __init__(self, characters: str) -> None:
        self.code_points = tuple(f"U+{ord(char):04X}" for char in sorted(set(characters)))
        super().__init__(f"no glyph for {', '.join(self.code_points)}")


def assets_folder() -> Path:
    """The folder with `fonts` and `templates`. Raises DocumentError where there is none."""
    named = os.environ.get("COVER_ASSETS")
    for folder in (Path(named),) if named else (*_beside_typst(), _LAYER_FOLDER, _SOURCE_FOLDER):
        if (folder / "templates").is_dir() and (folder / "fonts").is_dir():
            return folder
    raise DocumentError("no fonts and templates: the cover layer is not there")


def typeset(template: Path, data: bytes, *, at: datetime, more: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """Draw one document.

    Args:
        template: a file in the `templates` folder; reads its data from `sys.inputs.data`.
        data: JSON in UTF-8. Never becomes source: markup in it is printed as it stands.
        at: the instant printed into the PDF's dates, with a time zone; the clock is not read.
        more: further members of `sys.inputs`, such as a drawing; not attached to the PDF.

    Raises:
        MissingGlyphError: the fonts lack a character of the text.
        DocumentError: anything else that typst refuses or warns of, or a foreign version of typst.
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the instant of a document has a time zone")
    with _compiling:
        return _compile(template, {**more, "data": data.decode()}, int(at.timestamp()))


def _compile(template: Path, inputs: dict[str, str], at: int) -> bytes:
    compiler = _compiler(template.parent.parent)
    import typst

    try:
        made, warnings = compiler.compile_with_warnings(
            input=str(template),
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=["a-3a", "ua-1"],
            timestamp=at,
        )
    except typst.TypstError as error:
        # Not chained: typst's own message shows the text around, and that is personal.
        raise _explained(error) from None
    if warnings or not isinstance(made, bytes):
        raise DocumentError(f"{template.name}: typst warns: {'; '.join(w.message for w in warnings) or 'no PDF'}")
    # typst ends at %%EOF; an incremental signature after that would break PDF/A-3 (6.1.9).
    return made + b"\n"


def _explained(error: typst.TypstError) -> DocumentError:
    # typst tells of every missing glyph in `diagnostic`, of the first one only in `message`.
    shown = "".join(_NO_GLYPH.findall(error.diagnostic))
    if shown:
        return MissingGlyphError(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), shown))
    return DocumentError(f"typst refuses: {error.message}")


@lru_cache(maxsize=1)
def _compiler(assets: Path) -> typst.Compiler:
    import typst

    version = vars(typst).get("__version__")  # not in its type stubs
    if version != TYPST_VERSION:
        raise DocumentError(f"typst {version} is not {TYPST_VERSION}")
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(assets / "fonts")])
    return typst.Compiler(root=str(assets / "templates"), font_paths=fonts)


def _beside_typst() -> tuple[Path, ...]:
    """Where a layer unpacked elsewhere than in /opt has its assets."""
    found = find_spec("typst")
    return (Path(found.origin).parents[2] / "cover",) if found and found.origin else ()
