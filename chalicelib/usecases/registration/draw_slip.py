"""Draws a slip as its audit line issued it and stores the file once; only the renderer's function imports this."""

from __future__ import annotations

from ...documents.slip import render_slip, slip_view
from ...domain.configuration.provinces import Province
from ...domain.covers.cover import StoredFile
from ...domain.errors import NotConfigured, NotFound
from ...domain.months import at_vietnam
from ...domain.registration.declaration import Declaration
from ...domain.registration.dossier import Dossier
from ...domain.registration.slip import Slip, SlipKind, slips_of
from ...storage import keys
from ...storage.items.dossiers import declaration_from, open_declaration
from ...wiring import Wiring
from .view_dossier import read_dossier


def draw_slip(code: str, kind: SlipKind, number: int, w: Wiring) -> StoredFile:
    """Draw a slip and store it under its one key.

    A file that lies there already, from an earlier try, is taken as it is: it was drawn from the same trail, and
    nothing is ever written over.

    Raises:
        NotFound: DOSSIER_NOT_FOUND, SLIP_NOT_ISSUED.
        NotConfigured: no template, or no province, for the day of the slip.
    """
    view = read_dossier(code, w)
    slip = next((each for each in slips_of(view.history) if (each.kind, each.number) == (kind, number)), None)
    if slip is None:
        raise NotFound("SLIP_NOT_ISSUED", "Hồ sơ này chưa có phiếu loại này.")
    stored = w.documents.find(slip.object_key)
    if stored is not None:
        return stored
    declaration = open_declaration(_declared(slip, view.dossier, w), code, w.fields)
    drawn = slip_view(
        slip,
        view.dossier,
        declaration,
        province=_issuing_province(slip, view.dossier, w),
        home=_home(declaration, view.dossier, w),
        status_page=w.settings.status_page,
    )
    return w.documents.put_once(
        slip.object_key, render_slip(drawn), content_type="application/pdf", template_version=drawn.template
    )


def _declared(slip: Slip, dossier: Dossier, w: Wiring) -> Declaration:
    """The declaration as it stood at the slip's audit line: a correction keeps the one before it. AP24."""
    for item in w.table.query(keys.dossier_partition(dossier.code), keys.DECLARATION):
        if int(str(item["SK"]).removeprefix(keys.DECLARATION)) >= slip.version:
            return declaration_from(str(item["declaration"]))
    return dossier.declaration


def _issuing_province(slip: Slip, dossier: Dossier, w: Wiring) -> Province:
    """The province that works on the dossier on the day of the slip: the successor, after a merger."""
    opened, day = at_vietnam(dossier.created_at).date(), at_vietnam(slip.issued_at).date()
    code = w.law.provinces.working_code(dossier.province_code, opened, day)
    return _province(w.law.provinces.get(code, day))


def _home(declaration: Declaration, dossier: Dossier, w: Wiring) -> Province:
    opened = at_vietnam(dossier.created_at).date()
    return _province(w.law.provinces.get(declaration.permanent_address.province_code, opened))


def _province(found: Province | None) -> Province:
    if found is None:
        raise NotConfigured("PROVINCE_NOT_CONFIGURED", "Chưa có tỉnh, thành phố cho ngày của phiếu.")
    return found
