"""A short-lived link to the issued cover's PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...domain.access import Caller
from ...domain.covers.cover import CoverState
from ...domain.errors import NotFound
from ...domain.months import VIETNAM
from ...domain.people.views import DEFAULT_REASON, Look, Seen
from ...storage.files import LINK_SECONDS
from ...wiring import Wiring
from ..registration.view_dossier import view_dossier


@dataclass(frozen=True, slots=True)
class CoverLink:
    url: str
    sha256: str
    expires_at: datetime
    """Real time: links do not follow the sandbox's clock."""


def cover_link(code: str, caller: Caller, w: Wiring, reason: str = DEFAULT_REASON) -> CoverLink:
    """Hand out the newest issued cover of a dossier.

    Raises:
        NotFound: DOSSIER_NOT_FOUND, or COVER_NOT_ISSUED as long as there is no file.
        Forbidden: the caller may not see the dossier.
    """
    cover = view_dossier(code, caller, w, Look(Seen.COVER, reason)).cover
    if cover is None or cover.file is None or cover.state is not CoverState.ISSUED:
        raise NotFound("COVER_NOT_ISSUED", "Hồ sơ này chưa có tờ bìa sổ BHXH đã cấp.")
    expires = datetime.now(UTC).astimezone(VIETNAM) + timedelta(seconds=LINK_SECONDS)
    return CoverLink(url=w.documents.link(cover.file.key), sha256=cover.file.sha256, expires_at=expires)
