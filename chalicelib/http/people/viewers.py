"""The view log of a dossier for its citizen, and the reason that an officer gives for a look (A21)."""

from __future__ import annotations

from typing import Final

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.usecases.people.list_views import ViewRow, list_views
from chalicelib.wiring import wiring

from .. import query
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import viewers as wire

bp = Blueprint(__name__)

OPERATIONS_DESK: Final = "Bộ phận vận hành hệ thống"

PAGE: Final = (query.limit(query.DEFAULT_LIMIT), query.CURSOR)


@operation(
    bp,
    "GET",
    "/v1/dossiers/{code}/views",
    answer=wire.ViewPage,
    query=PAGE,
    codes=(
        (403, "DOSSIER_NOT_ALLOWED"),
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "DOSSIER_NOT_FOUND"),
        (422, "UNKNOWN_FIELD"),
        (422, "INVALID_VALUE"),
        (422, "CURSOR_INVALID"),
    ),
)
def show_views(request: Incoming, code: str) -> Reply:
    """Ai đã xem hồ sơ: cơ quan, vai trò, mục đích, thời điểm; mới nhất trước.

    Every look of an officer at the dossier, its cover or its slips, those that were denied among them. Who looked is
    told by agency and role, never by name. An officer gives the reason in the header X-View-Reason or the query
    parameter `view_reason`; without one the log says `xử lý hồ sơ`. The citizen reads it.
    """
    asked = query.read_query(request.query(), PAGE)
    page = list_views(code, request.caller(), **asked, w=wiring())
    return Reply.of(wire.ViewPage(items=tuple(map(_item, page.items)), next_cursor=page.next_cursor))


def _item(row: ViewRow) -> wire.ViewItem:
    agencies = ", ".join(f"BHXH {province.name}" for province in row.agencies)
    return wire.ViewItem(
        number=row.view.number,
        at=instant_text(row.view.at),
        agency=agencies or OPERATIONS_DESK,
        role=row.view.role,
        what=row.view.what,
        reason=row.view.reason,
        allowed=row.view.refusal is None,
        emergency=row.view.emergency,
    )
