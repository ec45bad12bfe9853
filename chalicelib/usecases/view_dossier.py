"""Everything about one dossier, from one read of its partition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..domain.access import Caller, require_view
from ..domain.cover import Cover
from ..domain.dossier import Dossier
from ..domain.errors import NotFound
from ..domain.events import AuditLine
from ..domain.participation import ParticipationPeriod
from ..domain.refund_case import RefundCase
from ..storage import keys
from ..storage.items.audit import audit_from
from ..storage.items.covers import cover_from
from ..storage.items.dossiers import dossier_from
from ..storage.items.people import period_from
from ..storage.items.refunds import refund_from
from ..wiring import Wiring

LONGEST_CODE = 64
"""What is longer is no code of any version, and from 2 KB on no key that DynamoDB would look for."""


@dataclass(frozen=True, slots=True)
class DossierView:
    dossier: Dossier
    history: tuple[AuditLine, ...]
    """The whole trail, oldest first."""
    participation: tuple[ParticipationPeriod, ...]
    cover: Cover | None
    """The newest cover."""
    now: datetime
    refund: RefundCase | None = None
    """The newest refund case."""


def view_dossier(code: str, caller: Caller, w: Wiring) -> DossierView:
    """Read a dossier for someone who may see it.

    Raises:
        NotFound: DOSSIER_NOT_FOUND.
        Forbidden: another client's dossier, or another province's.
    """
    view = read_dossier(code, w)
    require_view(caller, client_id=view.dossier.client_id, province=view.dossier.province_code)
    return view


def read_dossier(code: str, w: Wiring) -> DossierView:
    """Read a dossier whole, for the system itself (AP2). Raises `NotFound` (DOSSIER_NOT_FOUND)."""
    dossier: Dossier | None = None
    history, periods, covers, refunds = [], [], [], []
    items = w.table.query(keys.dossier_partition(code)) if len(code) <= LONGEST_CODE else ()
    for item in items:
        sort_key = str(item["SK"])
        if sort_key == "META":
            dossier = dossier_from(item)
        elif sort_key.startswith(keys.AUDIT):
            history.append(audit_from(item))
        elif sort_key.startswith(keys.VOUCHER):
            periods.append(item)
        elif sort_key.startswith(keys.REFUND):
            refunds.append(refund_from(item))
        elif sort_key.startswith(keys.COVER) and not sort_key.endswith(keys.TOKEN):
            covers.append(cover_from(item))
    if dossier is None:
        raise NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
    person = dossier.person
    return DossierView(
        dossier=dossier,
        history=tuple(history),
        participation=tuple(sorted((period_from(person, item) for item in periods), key=lambda period: period.span)),
        cover=max(covers, key=lambda cover: cover.number, default=None),
        now=w.clock.now(),
        refund=max(refunds, key=lambda case: case.number, default=None),
    )
