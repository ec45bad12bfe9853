"""The cover sheet of the insurance book (tờ bìa sổ BHXH) as a PDF that carries its data.

What is printed is decided here and in the dated template; the same data, canonical JSON, is attached to the
PDF as `cover.json` (AFRelationship Data). The PDF is not signed: it says where the signature goes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib.domain.cover import Cover, CoverSnapshot
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.names import printed_name
from chalicelib.domain.provinces import Province

from .templates import template_for, template_named
from .typesetting import MissingGlyphError, typeset

DATA_SCHEMA = "bhxh-cover/1"


@dataclass(frozen=True, slots=True)
class CoverView:
    """What one cover sheet says, in the words printed (QĐ 1035/QĐ-BHXH Art. 4)."""

    template: str
    """Version of the template that draws it."""
    agency: str
    full_name: str
    birth_date: str
    """dd/MM/yyyy, MM/yyyy or yyyy: as precise as it is known."""
    gender: str
    nationality: str
    personal_id: str
    si_number: str
    ordinal: int
    """Cấp lần: 1 for the first issue."""
    serial: str
    place: str
    issued_at: datetime
    """The instant of the issue, with a time zone. The date printed is the one in Việt Nam."""
    signer_title: str
    signer_name: str | None
    """None leaves the line empty."""


def cover_view(cover: Cover, *, province: Province, issued_at: datetime, signer_name: str | None = None) -> CoverView:
    """What is printed for a cover.

    Args:
        cover: its snapshot is printed, whatever changed since.
        province: the one that issues, as it stands on the day of issue.
        issued_at: the stored instant of the officer's decision, so that a second drawing gives the same bytes.
        signer_name: full name of the director, None where it is not known.

    Raises:
        NotConfigured: COVER_TEMPLATE_NOT_CONFIGURED, no template or no word of it for this cover.
    """
    template = template_for(issued_at.astimezone(VIETNAM).date())
    person = cover.snapshot
    return CoverView(
        template=template.version,
        agency=template.agency_of(province),
        full_name=printed_name(person.full_name),
        birth_date=_printed_birth_date(person),
        gender=template.gender_word(person.gender),
        nationality=template.nationality_word(person.nationality),
        personal_id=person.personal_id,
        si_number=person.si_number,
        ordinal=cover.number,
        serial=cover.cover_id,
        place=template.place_of(province),
        issued_at=issued_at,
        signer_title=template.signer_title,
        signer_name=signer_name,
    )


def cover_json(view: CoverView) -> bytes:
    """The data of a cover as canonical JSON: sorted keys, no spaces, UTF-8. `issued_on` is yyyy-MM-dd in Việt Nam."""
    data = asdict(view)
    issued_at: datetime = data.pop("issued_at")
    data["issued_on"] = issued_at.astimezone(VIETNAM).date().isoformat()
    data["schema"] = DATA_SCHEMA
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def render_cover(view: CoverView) -> bytes:
    """Draw one A4 page: PDF/A-3a and PDF/UA-1, `cover.json` attached, the same bytes for the same view anywhere.

    Raises:
        MissingGlyphError: a character the fonts lack, or one that would not be seen; nothing is left out silently.
        DocumentError: the assets or typst are not what they should be.
        ValueError: `issued_at` has no time zone.
    """
    if view.issued_at.tzinfo is None:
        raise ValueError("the instant of issue has a time zone")
    texts = [value for value in asdict(view).values() if isinstance(value, str)]
    # Fonts need no glyph for controls and direction marks, which could make the page say something else.
    unseen = "".join(char for text in texts for char in text if not char.isprintable())
    if unseen:
        raise MissingGlyphError(unseen)
    return typeset(template_named(view.template).layout, cover_json(view), at=view.issued_at)


def _printed_birth_date(person: CoverSnapshot) -> str:
    born = person.birth_date
    known = [f"{part:02d}" for part in (born.day, born.month) if part is not None]
    return "/".join([*known, f"{born.year:04d}"])
