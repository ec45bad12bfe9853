"""A short-lived link to a slip of the one-stop shop; the slip is drawn when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...domain.access import Caller
from ...domain.errors import NotFound
from ...domain.months import VIETNAM
from ...domain.people.views import DEFAULT_REASON, Look, Seen
from ...domain.registration.slip import Slip, SlipKind, newest_slip
from ...storage.files import LINK_SECONDS
from ...wiring import Wiring
from .view_dossier import view_dossier


@dataclass(frozen=True, slots=True)
class SlipLink:
    slip: Slip
    url: str
    sha256: str
    expires_at: datetime
    """Real time: links do not follow the sandbox's clock."""


def slip_link(code: str, kind: str, caller: Caller, w: Wiring, reason: str = DEFAULT_REASON) -> SlipLink:
    """Hand out the newest slip of a kind that a dossier's trail has issued.

    Raises:
        NotFound: DOSSIER_NOT_FOUND, SLIP_KIND_UNKNOWN, or SLIP_NOT_ISSUED as long as there is none.
        Forbidden: the caller may not see the dossier.
        Conflict: SLIP_NOT_PRINTABLE.
        NotConfigured: SLIP_TEMPLATE_NOT_CONFIGURED.
        Unavailable: SLIP_NOT_READY, it could not be drawn now.
    """
    if kind not in set(SlipKind):
        raise NotFound("SLIP_KIND_UNKNOWN", "Không có loại phiếu này.")
    slip = newest_slip(view_dossier(code, caller, w, Look(Seen.SLIP, reason)).history, SlipKind(kind))
    if slip is None:
        raise NotFound("SLIP_NOT_ISSUED", "Hồ sơ này chưa có phiếu loại này.")
    file = w.documents.find(slip.object_key) or w.renderer.draw_slip(slip)
    expires = datetime.now(UTC).astimezone(VIETNAM) + timedelta(seconds=LINK_SECONDS)
    return SlipLink(slip=slip, url=w.documents.link(file.key), sha256=file.sha256, expires_at=expires)
