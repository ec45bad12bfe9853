"""Who has looked at a dossier, as its citizen may know it: agencies and roles, no person's name."""

from __future__ import annotations

from dataclasses import dataclass

from ...domain.access import Caller, require_view
from ...domain.configuration.provinces import Province
from ...domain.errors import Fault, NotFound, Rejected
from ...domain.people.views import View
from ...storage import keys
from ...storage.items.dossiers import dossier_from
from ...storage.items.fields import text
from ...storage.items.views import view_from
from ...wiring import Wiring
from ..answers import Page
from ..paging import cursor_of, position_of
from ..registration.view_dossier import LONGEST_CODE


@dataclass(frozen=True, slots=True)
class ViewRow:
    view: View
    agencies: tuple[Province, ...]
    """The provinces that the looker worked for, as they stood on that day; empty for operations."""


def list_views(code: str, caller: Caller, *, limit: int, cursor: str | None, w: Wiring) -> Page[ViewRow]:
    """The looks at a dossier, newest first, denied ones among them (AP81). To read this list is no look itself.

    Raises:
        NotFound: DOSSIER_NOT_FOUND.
        Forbidden: the caller may not see the dossier.
        Rejected: CURSOR_INVALID.
    """
    item = w.table.get(keys.dossier(code)) if len(code) <= LONGEST_CODE else None
    if item is None:
        raise NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
    dossier = dossier_from(item)
    require_view(caller, client_id=dossier.client_id, province=dossier.province_code)
    found = w.table.page(keys.views_partition(code), keys.VIEW, before=_before(cursor), limit=limit + 1)
    rows = tuple(_row(view_from(each), w) for each in found[:limit])
    return Page(rows, cursor_of(text(found[limit - 1], "SK")) if len(found) > limit else None)


def _row(view: View, w: Wiring) -> ViewRow:
    known, day = w.law.provinces, view.at.date()
    return ViewRow(view, tuple(found for code in view.agencies if (found := known.get(code, day)) is not None))


def _before(cursor: str | None) -> str:
    position = position_of(cursor)
    if cursor is not None and not position.startswith(keys.VIEW):
        raise Rejected([Fault("cursor", "CURSOR_INVALID", "Con trỏ trang không hợp lệ.")])
    return position
