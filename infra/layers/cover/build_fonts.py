"""Make the three faces of "BHXH Serif" in `assets/fonts` from Liberation Serif 2.1.5; same input, same bytes.

Needed only when the repertoire changes (the faces are committed):

    apt-get install fonts-liberation2            # Debian 12, version 2.1.5-1
    python infra/layers/cover/build_fonts.py [folder with LiberationSerif-*.ttf]

The faces are renamed because the SIL Open Font License reserves "Liberation" (condition 3); its text
lies beside them (condition 2).
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from pathlib import Path

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import ROUND_XY_TO_GRID, Glyph, GlyphComponent

FAMILY = "BHXH Serif"
VERSION = "1.0"
DEBIAN_FOLDER = Path("/usr/share/fonts/truetype/liberation2")
ASSETS = Path(__file__).resolve().parent / "assets" / "fonts"

SOURCES = {
    "Regular": "29d12439831b7f59194efec85872f24f54eff05738933f9a860220d2abff88ba",
    "Bold": "446a4421f297698427170fd7db20e59169a4188baaaf940e9bea58af6341a723",
    "Italic": "c1830c433ab41379f1139fac388989d37c9f08c81e1bd643efdcc7946db30753",
}
"""SHA-256 of the files of fonts-liberation2 2.1.5-1: another version has other metrics, so it is refused."""

REPERTOIRE = (
    (0x0020, 0x007E),
    (0x00A0, 0x017F),
    # ƀ Ɔ Ǝ ɓ ɔ ɛ ɨ ʔ and the like: letters of minority orthographies outside Latin Extended-A.
    (0x0180, 0x0181),
    (0x0186, 0x0186),
    (0x0190, 0x0190),
    (0x0197, 0x0197),
    (0x01A0, 0x01A1),
    (0x01AF, 0x01B0),
    (0x01CD, 0x01DC),
    (0x01E6, 0x01E9),
    (0x01F0, 0x01F0),
    (0x01F8, 0x01F9),
    (0x0226, 0x0233),
    (0x0243, 0x0243),
    (0x0253, 0x0254),
    (0x025B, 0x025B),
    (0x0268, 0x0268),
    (0x0294, 0x0294),
    (0x02BC, 0x02BC),
    # Marks, for letters without a precomposed form: Ơ̆, Ư̆, Ê̆, Ô̆, C̆.
    (0x0300, 0x030C),
    (0x031B, 0x031B),
    (0x0323, 0x0325),
    (0x032D, 0x0331),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2015),
    (0x2018, 0x201E),
    (0x2020, 0x2022),
    (0x2026, 0x2026),
    (0x20AB, 0x20AB),
    (0x2116, 0x2116),
    (0x25CC, 0x25CC),
)
"""Inclusive ranges of code points; those that Liberation Serif lacks are left out by the subsetter."""

BREVE, MACRON = "\u0306", "\u0304"
COMPOSED = tuple(
    base + mark for mark, bases in ((BREVE, "ĂÂÊÔƠƯCJNYăâêôơưcjny"), (MACRON, "ĂÂÊÔƠƯăâêôơư")) for base in bases
)
"""Letters of Ê Đê, Gia Rai, Ba Na, M'nông and their neighbours without a code point of their own.

Liberation Serif has no anchors for them: it draws the mark beside the letter. Each gets a glyph of its
own, which also makes its text in the PDF unambiguous for every reader.
"""

STACK_GAP = 50
"""Between a mark and the mark above it, in units of 1/2048 em."""


def _options() -> Options:
    options = Options()
    options.hinting = False
    options.layout_features = ["ccmp", "kern", "mark", "mkmk"]
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.recommended_glyphs = True
    options.recalc_timestamp = False
    options.drop_tables += ["FFTM", "kern"]
    return options


def _compose(font: TTFont, letters: str) -> str:
    """Add the glyph of one letter and mark; returns its `ccmp` rule.

    The mark sits as high as on the font's own Ŏ or ō, in the middle of the bare letter (so that a horn does
    not move it), or above the base's own mark.
    """
    base, mark = letters[0], letters[1]
    cmap, glyphs = font.getBestCmap(), font["glyf"]
    decomposed = unicodedata.normalize("NFD", base)
    skeleton, own_marks = decomposed[0], decomposed[1:]
    model = glyphs[cmap[ord(unicodedata.normalize("NFC", ("O" if base.isupper() else "o") + mark))]]
    mark_name, height = model.components[1].glyphName, model.components[1].y
    # A mark takes the place of the dot of j.
    undotted = {"j": "ȷ"}
    base_name = cmap[ord(undotted.get(base, base))]
    below, bare, drawn = glyphs[base_name], glyphs[cmap[ord(undotted.get(skeleton, skeleton))]], glyphs[mark_name]
    if any(unicodedata.combining(own) == unicodedata.combining(mark) for own in own_marks):
        height = below.yMax + STACK_GAP - drawn.yMin
    across = (bare.xMin + bare.xMax - drawn.xMin - drawn.xMax) // 2
    composed = Glyph()
    composed.numberOfContours = -1
    composed.components = []
    for name, x, y in ((base_name, 0, 0), (mark_name, across, height)):
        component = GlyphComponent()
        component.glyphName, component.x, component.y, component.flags = name, x, y, ROUND_XY_TO_GRID
        composed.components.append(component)
    added = f"uni{ord(base):04X}{ord(mark):04X}"
    font.setGlyphOrder([*font.getGlyphOrder(), added])
    glyphs[added] = composed
    composed.recalcBounds(glyphs)
    font["hmtx"][added] = (font["hmtx"][base_name][0], composed.xMin)
    font["GDEF"].table.GlyphClassDef.classDefs[added] = 1
    return f"sub {cmap[ord(base)]} {cmap[ord(mark)]} by {added};"


def _rename(font: TTFont, style: str) -> None:
    """Give the face its own name; copyright and licence entries stay as they are."""
    postscript = f"{FAMILY.replace(' ', '')}-{style}"
    full = FAMILY if style == "Regular" else f"{FAMILY} {style}"
    names = {
        1: FAMILY,
        2: style,
        3: f"{postscript};{VERSION}",
        4: full,
        5: f"Version {VERSION}",
        6: postscript,
        10: "Subset of Liberation Serif 2.1.5, renamed as its licence asks. SIL Open Font License 1.1.",
    }
    table = font["name"]
    kept = {0, 8, 9, 11, 13, 14}
    table.names = [entry for entry in table.names if entry.nameID in kept and entry.platformID == 3]
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, 0x409)


def build(source: Path, style: str, target: Path) -> int:
    """Write one face. Returns the number of its code points; ValueError for another source file."""
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != SOURCES[style]:
        raise ValueError(f"{source} is not the file of fonts-liberation2 2.1.5-1")
    font = TTFont(source, recalcTimestamp=False)
    rules = "\n".join(_compose(font, letters) for letters in COMPOSED)
    addOpenTypeFeaturesFromString(font, f"feature ccmp {{\n{rules}\n}} ccmp;", tables={"GSUB"})
    wanted = [code for first, last in REPERTOIRE for code in range(first, last + 1)]
    subsetter = Subsetter(_options())
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    _rename(font, style)
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target)
    return len(font.getBestCmap())


def main(arguments: list[str]) -> None:
    """Build all faces from the folder named on the command line, Debian's by default."""
    folder = Path(arguments[0]) if arguments else DEBIAN_FOLDER
    for style in SOURCES:
        target = ASSETS / f"BHXHSerif-{style}.ttf"
        count = build(folder / f"LiberationSerif-{style}.ttf", style, target)
        sys.stdout.write(f"{target.name}: {count} code points, {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
