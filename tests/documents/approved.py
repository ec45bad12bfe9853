"""Pages that a person has looked at and approved: five awkward covers, kept as pictures.

    .venv/bin/python -m tests.documents.approved

draws them anew after a change that is meant; look at each before it is committed.
"""

from __future__ import annotations

from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image

from chalicelib.documents.cover import CoverView, render_cover
from tests.documents.covers import ADDRESS, view

FOLDER = Path(__file__).resolve().parent / "approved"
DPI = 72

CASES: dict[str, CoverView] = {
    "long-name": view(
        full_name="CÔNG TẰNG TÔN NỮ NGUYỄN PHÚC HUYỀN TRÂN BẠCH YẾN NGỌC LAN THANH HƯƠNG QUỲNH ANH DIỄM THẢO MY"
    ),
    "minority-letters": view(full_name="Y BƠ̆K MLÔ-ƁUÔN YĂ'ČĂM ÊBAN Ơ̆ BƯ̆N", birth_date="05/1985"),
    "year-only": view(full_name="LÝ A", birth_date="1960", gender="Nam", signer_name=None),
    "one-endless-word": view(full_name="NGHIÊNG" * 14),
    "long-agency": view(
        agency="Bảo hiểm xã hội thành phố Hồ Chí Minh, cơ sở khu vực Bình Dương và Bà Rịa - Vũng Tàu",
        place="Thành phố Hồ Chí Minh",
        signer_title="GIÁM ĐỐC KHU VỰC",
        signer_name="Công Tằng Tôn Nữ Nguyễn Phúc Huyền Trân Bạch Yến Ngọc Lan",
        ordinal=2,
        serial="G24.79-20261122-0010000-C2",
    ),
}


def picture(name: str) -> Image.Image:
    """The page of a case as it is drawn now."""
    document = pypdfium2.PdfDocument(render_cover(CASES[name], ADDRESS))
    try:
        drawn: Image.Image = document[0].render(scale=DPI / 72).to_pil().convert("L")
        return drawn
    finally:
        document.close()


def main() -> None:
    """Write every picture anew."""
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        picture(name).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
