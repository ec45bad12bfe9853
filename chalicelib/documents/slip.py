"""The slips of the one-stop shop as PDFs that carry their data, with a QR code to the dossier's status page.

What is printed is decided here and in the dated template; the same data, canonical JSON, is attached to the PDF as
`slip.json` (AFRelationship Data). The PDF is not signed: it says where the signature goes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib.domain.configuration.provinces import Province
from chalicelib.domain.months import at_vietnam
from chalicelib.domain.people.names import printed_name
from chalicelib.domain.registration.declaration import Address, Declaration
from chalicelib.domain.registration.dossier import Dossier
from chalicelib.domain.registration.slip import Slip, SlipKind, request_behind

from .slip_templates import SlipTemplate, slip_template_for, slip_template_named
from .typesetting import MissingGlyphError, typeset

DATA_SCHEMA = "bhxh-slip/1"


@dataclass(frozen=True, slots=True)
class SlipView:
    """What one slip says, in the words printed; what is None is not printed."""

    template: str
    """Version of the template that draws it."""
    kind: SlipKind
    number: str
    agency: str
    place: str
    issued_at: datetime
    """The instant of the decision, with a time zone. The date printed is the one in Việt Nam."""
    dossier_code: str
    national_code: str | None
    procedure: str
    applicant: str
    address: str
    phone: str
    email: str | None
    received_at: str | None
    due_at: str | None
    old_due_at: str | None
    answer_until: str | None
    reason: str | None
    """As a person wrote it; may have several lines."""
    refund: str | None
    channel: str
    receiver: str
    items: tuple[Mapping[str, str], ...]
    """Rows of the table, by the keys that the template names."""
    status_page: str
    """Where the QR code leads."""


def slip_view(
    slip: Slip, dossier: Dossier, declaration: Declaration, *, province: Province, home: Province, status_page: str
) -> SlipView:
    """What is printed for a slip.

    Args:
        slip: as its audit line issued it.
        dossier: the dossier of the slip, today; only what never changes again is taken from it.
        declaration: as it stood when the slip was issued.
        province: the one that issues, as it stands on the day of issue.
        home: the province of the permanent address, as it stood on the day of the declaration.
        status_page: address of the portal's status pages, with `{code}` where the dossier's code goes.

    Raises:
        NotConfigured: SLIP_TEMPLATE_NOT_CONFIGURED, no template or no word of it for this slip.
    """
    template = slip_template_for(at_vietnam(slip.issued_at).date())
    words = template.words
    apology = dossier.apology if slip.kind is SlipKind.APOLOGY else None
    asked = request_behind(slip, dossier) if slip.kind is SlipKind.SUPPLEMENT else None
    return SlipView(
        template=template.version,
        kind=slip.kind,
        number=template.kind(slip.kind)["number"].format(code=slip.dossier_code, n=slip.number),
        agency=template.agency_of(province),
        place=template.place_of(province),
        issued_at=slip.issued_at,
        dossier_code=slip.dossier_code,
        national_code=dossier.national_code,
        procedure=words["procedure"],
        applicant=printed_name(declaration.full_name),
        address=_address(declaration.permanent_address, home, template),
        phone=declaration.phone,
        email=declaration.email,
        received_at=_moment(dossier.paid_at, template),
        due_at=_moment(slip.due_at, template),
        old_due_at=None if apology is None else _moment(apology.old_due_at, template),
        answer_until=None if asked is None else _moment(asked.expires_at, template),
        reason=slip.reason,
        refund=words["refund"] if slip.refunded else None,
        channel=template.word("channel", declaration.book_form),
        receiver=words["receiver"],
        items=_items(slip, () if asked is None else asked.fields, template),
        status_page=status_page.format(code=slip.dossier_code),
    )


def slip_json(view: SlipView) -> bytes:
    """The data of a slip as canonical JSON: sorted keys, no spaces, UTF-8. `issued_on` is yyyy-MM-dd in Việt Nam."""
    data = asdict(view)
    issued_at: datetime = data.pop("issued_at")
    data["issued_on"] = at_vietnam(issued_at).date().isoformat()
    data["schema"] = DATA_SCHEMA
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def render_slip(view: SlipView) -> bytes:
    """Draw A4 pages: PDF/A-3a and PDF/UA-1, `slip.json` attached, the same bytes for the same view anywhere.

    Raises:
        MissingGlyphError: a character the fonts lack, or one that would not be seen; nothing is left out silently.
        DocumentError: the assets or typst are not what they should be.
        ValueError: `issued_at` has no time zone.
    """
    texts = [value for value in asdict(view).values() if isinstance(value, str)]
    texts += [text for item in view.items for text in item.values()]
    # Fonts need no glyph for controls and direction marks, which could make the page say something else.
    unseen = "".join(char for text in texts for char in text if not char.isprintable() and char != "\n")
    if unseen:
        raise MissingGlyphError(unseen)
    layout = slip_template_named(view.template).layout
    return typeset(layout, slip_json(view), at=view.issued_at, more={"qr": _qr(view.status_page)})


def _qr(address: str) -> str:
    """A QR code as SVG, with the quiet zone of four modules of ISO/IEC 18004; level M, or a better one for free."""
    import segno

    drawn = io.BytesIO()
    segno.make_qr(address, error="m").save(drawn, kind="svg", border=4, xmldecl=False, svgclass=None, lineclass=None)
    return drawn.getvalue().decode()


def _items(slip: Slip, asked: tuple[str, ...], template: SlipTemplate) -> tuple[Mapping[str, str], ...]:
    """The rows of the table: the template's own, one for each field that is asked for where it speaks of fields."""
    rows: list[Mapping[str, str]] = []
    for row in template.kind(slip.kind)["items"]:
        if "{field}" in row["name"]:
            rows += [{**row, "name": row["name"].format(field=template.word("field_labels", name))} for name in asked]
        else:
            rows.append({**row, "name": row["name"].format(subject=slip.subject)})
    return tuple(rows)


def _address(address: Address, province: Province, template: SlipTemplate) -> str:
    """Codes of communes stay codes: their names are no part of the law tables."""
    pattern: str = template.words["address" if address.house_street else "address_without_street"]
    place = template.place_of(province)
    return pattern.format(house_street=address.house_street, commune=address.commune_code, province=place)


def _moment(at: datetime | None, template: SlipTemplate) -> str | None:
    if at is None:
        return None
    there, pattern = at_vietnam(at), template.words["moment"]
    parts = {"hour": f"{there:%H}", "minute": f"{there:%M}", "day": f"{there:%d}", "month": f"{there:%m}"}
    moment: str = pattern.format(**parts, year=f"{there:%Y}")
    return moment
