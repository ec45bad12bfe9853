"""An officer looks at a cover before it is issued: a draft, marked as one all over, unsigned and without a code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ...domain.access import OFFICERS, Caller, require_province, require_role
from ...domain.covers.cover import UNISSUED, Cover, refused
from ...domain.errors import DomainError
from ...domain.months import VIETNAM, at_vietnam
from ...domain.people.views import DEFAULT_REASON, Look, Seen
from ...storage.files import LINK_SECONDS
from ...storage.items.covers import cover_from
from ...wiring import Wiring
from ..people.log_view import log_view
from .cover_link import CoverLink
from .decide_cover import cover_keys, cover_not_found


def preview_cover(cover_id: str, caller: Caller, w: Wiring, reason: str = DEFAULT_REASON) -> CoverLink:
    """A link to the draft of a cover as it would be issued today; drawn when it is first asked for. AP74.

    Raises:
        Forbidden: not an officer, or of another province.
        NotFound: COVER_NOT_FOUND.
        Conflict: INVALID_TRANSITION, it is issued or ended; COVER_NOT_PRINTABLE.
        NotConfigured: COVER_TEMPLATE_NOT_CONFIGURED.
        Unavailable: COVER_NOT_READY, it could not be drawn now.
    """
    require_role(caller, *OFFICERS)
    key, _ = cover_keys(cover_id)
    stored = w.table.get(key)
    if stored is None:
        raise cover_not_found()
    cover = cover_from(stored)
    look = Look(Seen.COVER, reason)
    try:
        require_province(caller, cover.province_code)
    except DomainError as error:
        log_view(cover.dossier_code, look, caller, w, refusal=error.code)
        raise
    log_view(cover.dossier_code, look, caller, w)
    require_unissued(cover)
    file = w.working.find(draft_key(cover, w)) or w.renderer.draw_preview(cover)
    expires = datetime.now(UTC).astimezone(VIETNAM) + timedelta(seconds=LINK_SECONDS)
    return CoverLink(url=w.working.link(file.key), sha256=file.sha256, expires_at=expires)


def require_unissued(cover: Cover) -> None:
    """Raise `Conflict` (INVALID_TRANSITION) for a cover that is issued or ended: it has no draft any more."""
    if cover.state not in UNISSUED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không còn bản xem trước.")


def draft_key(cover: Cover, w: Wiring) -> str:
    """Where the draft of a cover's version lies: one for each day, for the day is printed on it."""
    return f"previews/{cover.cover_id}/{cover.version}-{at_vietnam(w.clock.now()):%Y%m%d}.pdf"
