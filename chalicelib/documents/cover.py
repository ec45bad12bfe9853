"""The cover sheet of the insurance book (tờ bìa sổ BHXH) as a PDF that carries its data.

What is printed is decided here and in the dated template; the same data, canonical JSON, is attached to the
PDF as `cover.json` (AFRelationship Data). The PDF is not signed: it says where the signature goes.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib.domain.configuration.provinces import Province
from chalicelib.domain.covers.cover import Cover, CoverSnapshot
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.people.names import printed_name

from .templates import template_for, template_named
from .typesetting import MissingGlyphError, typeset

DATA_SCHEMA = "bhxh-cover/1"
CODE_VERSION = 8
"""Every cover's code looks alike: 49 modules a side."""


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
    salt: str | None = None
    """128 bits in hex, in the attached data only: nobody guesses those by the commitment of the code. None: a draft."""


def cover_view(
    cover: Cover, *, province: Province, issued_at: datetime, signer_name: str | None = None, salt: str | None = None
) -> CoverView:
    """What is printed for a cover.

    Args:
        cover: its snapshot is printed, whatever changed since.
        province: the one that issues, as it stands on the day of issue.
        issued_at: the stored instant of the officer's decision, so that a second drawing gives the same bytes.
        signer_name: full name of the director, None where it is not known.
        salt: of the cover's proof; None for a draft.

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
        signer_title=template.title_of(province),
        signer_name=signer_name,
        salt=salt,
    )


def cover_json(view: CoverView) -> bytes:
    """The data of a cover as canonical JSON: sorted keys, no spaces, UTF-8. Its times are those of Việt Nam."""
    data = {name: value for name, value in asdict(view).items() if name != "salt" or value is not None}
    issued_at = view.issued_at.astimezone(VIETNAM)
    data["issued_at"] = issued_at.isoformat(timespec="seconds")
    data["issued_on"] = issued_at.date().isoformat()
    data["schema"] = DATA_SCHEMA
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def view_from(data: bytes) -> CoverView:
    """What `cover_json` was made of. Raises ValueError, KeyError, TypeError for what is no data of a cover."""
    said = json.loads(data)
    issued_at = datetime.fromisoformat(said.pop("issued_at"))
    del said["issued_on"], said["schema"]
    return CoverView(issued_at=issued_at, **said)


def render_cover(view: CoverView, address: str | None = None) -> bytes:
    """Draw one A4 page: PDF/A-3a and PDF/UA-1, `cover.json` attached, the same bytes for the same view anywhere.

    `address` is what the verification code holds; without one the page is a draft and says so.

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
    more = {} if address is None else {"qr": verification_code(address)}
    return typeset(template_named(view.template).layout, cover_json(view), at=view.issued_at, more=more)


def verification_code(address: str) -> str:
    """A QR code as SVG: version 8, error correction M, with the quiet zone of four modules of ISO/IEC 18004.

    An address of upper-case letters, digits and `$%*+-./:` needs no larger one up to 221 characters; a longer one gets
    the next version that holds it.
    """
    import segno

    code = segno.make_qr(address, error="m", boost_error=False)
    if int(code.version) < CODE_VERSION:
        code = segno.make_qr(address, error="m", boost_error=False, version=CODE_VERSION)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=4, xmldecl=False, svgclass=None, lineclass=None)
    return drawn.getvalue().decode()


def _printed_birth_date(person: CoverSnapshot) -> str:
    born = person.birth_date
    known = [f"{part:02d}" for part in (born.day, born.month) if part is not None]
    return "/".join([*known, f"{born.year:04d}"])
