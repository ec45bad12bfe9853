"""Draws and signs a checked cover and stores the file once; only the renderer's function imports this."""

from __future__ import annotations

from datetime import date

from ...documents.cover import cover_view, render_cover
from ...domain.configuration.provinces import Province
from ...domain.covers.cover import Cover, StoredFile
from ...domain.errors import NotConfigured
from ...domain.months import at_vietnam
from ...storage.items.covers import open_cover
from ...wiring import Wiring
from .make_cover import checked_cover, cover_of
from .preview_cover import draft_key, require_unissued
from .prove_cover import proved
from .sign_cover import sign_cover


def draw_cover(cover_id: str, code: str, w: Wiring) -> StoredFile:
    """Draw the cover as it was checked and store it under its one key.

    A file that lies there already, from an earlier try, is taken as it is: it was drawn from the same
    snapshot, and nothing is ever written over.

    Raises:
        NotConfigured: no template, or no certificate, for the day of issue.
        SigningError: the signed file does not pass its examination; nothing is stored.
        ValueError: nobody checked the cover.
    """
    cover = open_cover(checked_cover(cover_id, code, w), w.fields)
    stored = w.documents.find(cover.object_key)
    if stored is not None:
        return stored
    day = (cover.checked_at or cover.created_at).date()
    proof = proved(cover, _issuing_province(cover, day, w), w)
    signed = sign_cover(render_cover(proof.view, proof.address(w)), proof.view, w)
    return w.documents.put_once(
        cover.object_key, signed, content_type="application/pdf", template_version=proof.view.template
    )


def draw_preview(cover_id: str, code: str, w: Wiring) -> StoredFile:
    """Draw a cover that is not issued as it would be issued today: a draft, neither signed nor with a code.

    Raises:
        NotFound: COVER_NOT_FOUND. Conflict: INVALID_TRANSITION, it is issued or ended.
        NotConfigured: no template, or no province, for today.
    """
    cover = open_cover(cover_of(cover_id, code, w), w.fields)
    require_unissued(cover)
    today = at_vietnam(w.clock.now())
    view = cover_view(cover, province=_issuing_province(cover, today.date(), w), issued_at=today)
    draft = render_cover(view)
    return w.working.put_once(
        draft_key(cover, w), draft, content_type="application/pdf", template_version=view.template
    )


def _issuing_province(cover: Cover, day: date, w: Wiring) -> Province:
    """The province that works on the dossier on the day of issue: the successor, after a merger."""
    code = w.law.provinces.working_code(cover.province_code, cover.created_at.date(), day)
    province = w.law.provinces.get(code, day)
    if province is None:
        raise NotConfigured("PROVINCE_NOT_CONFIGURED", "Chưa có tỉnh, thành phố cấp tờ bìa cho ngày này.")
    return province
