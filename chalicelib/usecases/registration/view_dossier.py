"""Everything about one dossier, from one read of its partition."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ...domain.access import Caller
from ...domain.covers.cover import Cover, shown_cover
from ...domain.errors import Forbidden, NotFound
from ...domain.events import AuditLine
from ...domain.ledger.refund_case import RefundCase
from ...domain.people.participation import ParticipationPeriod
from ...domain.people.views import Look, Seen, admitted
from ...domain.registration.dossier import Dossier, Milestone
from ...log import facts, logger
from ...metrics import measured
from ...storage import keys
from ...storage.items.audit import lines_from
from ...storage.items.covers import cover_from
from ...storage.items.dossiers import dossier_from
from ...storage.items.people import period_from
from ...storage.items.refunds import refund_from
from ...wiring import Wiring
from ..people.log_view import log_view

log = logger(__name__)

LONGEST_CODE = 64
"""What is longer is no code of any version, and from 2 KB on no key that DynamoDB would look for."""

LOOK = Look(Seen.DOSSIER)


@dataclass(frozen=True, slots=True)
class DossierView:
    dossier: Dossier
    history: tuple[AuditLine, ...]
    """The whole trail, oldest first."""
    participation: tuple[ParticipationPeriod, ...]
    cover: Cover | None
    """The newest cover, but for one that is to replace another and is not issued yet."""
    now: datetime
    refund: RefundCase | None = None
    """The newest refund case."""


def view_dossier(code: str, caller: Caller, w: Wiring, look: Look = LOOK) -> DossierView:
    """Read a dossier for someone who may see it. An officer's look is in the view log before this answers.

    A look of emergency opens a dossier of another province to an officer, and rings an alarm.

    Raises:
        NotFound: DOSSIER_NOT_FOUND.
        Forbidden: another client's dossier, or another province's; an officer's try is written down as well.
        Unavailable: the look could not be written down.
    """
    view = read_dossier(code, w)
    seen = _admit(view.dossier, caller, look, w)
    log_view(code, seen, caller, w)
    if seen.emergency:
        told = facts(dossier_code=code, role=caller.role, action="break-glass")
        log.warning("a dossier was opened from outside its province", extra={**told, **measured(BreakGlass=1)})
    return view


def _admit(dossier: Dossier, caller: Caller, look: Look, w: Wiring) -> Look:
    try:
        return admitted(look, caller, client_id=dossier.client_id, province=dossier.province_code)
    except Forbidden as refused:
        log_view(dossier.code, look, caller, w, refusal=refused.code)
        raise


def unchanged_version(code: str, seen: Collection[int], caller: Caller, w: Wiring, look: Look = LOOK) -> int | None:
    """The present version where it is among those seen, for who may see the dossier; None where it must be read. AP36.

    Whatever the answer shows has moved the version, except what time alone does: from the due moment until the clock
    of the deadline has marked it, the dossier is read. A 304 shows nothing and is no look. Raises as `view_dossier`.
    """
    item = w.table.get(keys.dossier(code)) if len(code) <= LONGEST_CODE else None
    if item is None:
        raise _not_found()
    dossier = dossier_from(item)
    _admit(dossier, caller, look, w)
    unmarked = Milestone.OVERDUE not in dossier.milestones and _is_late(dossier, w.clock.now())
    return None if unmarked or dossier.version not in seen else dossier.version


def _is_late(dossier: Dossier, now: datetime) -> bool:
    """Its due moment has passed, or that of its step, which nobody has been told of yet."""
    step = None if Milestone.STEP_LATE in dossier.milestones or dossier.state.ended else dossier.step
    return dossier.is_overdue(now) or (step is not None and now > step.due_at)


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
            history += lines_from(item)
        elif sort_key.startswith(keys.VOUCHER):
            periods.append(item)
        elif sort_key.startswith(keys.REFUND):
            refunds.append(refund_from(item))
        elif keys.is_cover(sort_key):
            covers.append(cover_from(item))
    if dossier is None:
        raise _not_found()
    person = dossier.person
    return DossierView(
        dossier=dossier,
        history=tuple(history),
        participation=tuple(sorted((period_from(person, item) for item in periods), key=lambda period: period.span)),
        cover=shown_cover(covers),
        now=w.clock.now(),
        refund=max(refunds, key=lambda case: case.number, default=None),
    )


def _not_found() -> NotFound:
    return NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
