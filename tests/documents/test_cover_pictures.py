"""Awkward covers look as somebody approved them; what differs by the smoothing of letters alone does not count."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests.documents.approved import CASES, FOLDER, picture

CLEARLY = 96
"""Of 255 shades: so much is no smoothing any more."""

FEW = 0.0005
"""Of all pixels: a moved accent is more."""


def clearly_different(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ clearly."""
    histogram = ImageChops.difference(one, other).histogram()
    return sum(histogram[CLEARLY:]) / sum(histogram)


@pytest.mark.parametrize("name", CASES)
def test_an_awkward_cover_looks_as_approved(name: str) -> None:
    with Image.open(FOLDER / f"{name}.png") as approved:
        drawn = picture(name)
        assert drawn.size == approved.size
        assert clearly_different(drawn, approved.convert("L")) <= FEW


def test_the_comparison_sees_one_moved_line() -> None:
    drawn = picture("year-only")
    moved = drawn.copy()
    line = drawn.crop((0, 260, drawn.width, 275))
    moved.paste(ImageChops.offset(line, 2, 0), (0, 260))
    assert clearly_different(drawn, moved) > FEW


def test_every_picture_belongs_to_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(CASES)
