"""For officers and operators: what is stuck, why, and whose turn it is.

The use case is imported when the first such request comes: no cold start of the portal's pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.domain.oversight.expectation import CAUSES
from chalicelib.wiring import wiring

from .. import query
from ..incoming import Incoming
from ..operations import Reply, operation
from ..present import next_event
from ..wire import watchdog as wire

if TYPE_CHECKING:
    from chalicelib.storage.items.stuck import Stuck

bp = Blueprint(__name__)

FILTERS: Final = (query.province("province", "Chỉ tỉnh, thành phố này."),)


@operation(
    bp,
    "GET",
    "/v1/officer/stuck",
    answer=wire.StuckList,
    query=FILTERS,
    codes=((403, "PROVINCE_NOT_ALLOWED"), (422, "UNKNOWN_FIELD"), (422, "INVALID_VALUE")),
)
def show_stuck(request: Incoming) -> Reply:
    """Những việc bị tắc của tỉnh: việc gì chưa đến, nguyên nhân, đến lượt ai.

    As the last nightly sweep found them; what has moved since is left out. At most 500 of a province.
    """
    from chalicelib.usecases.oversight.stuck import list_stuck

    asked = query.read_query(request.query(), FILTERS)
    found = list_stuck(request.caller(), province=asked["province"], w=wiring())
    return Reply.of(wire.StuckList(items=tuple(map(_item, found))))


def _item(found: Stuck) -> wire.StuckItem:
    expected = found.expected
    return wire.StuckItem.model_validate(
        {
            "kind": found.kind,
            "subject": found.subject,
            "province_code": found.province_code,
            "dossier_code": found.dossier_code,
            "waits_for": next_event(expected),
            "cause": CAUSES[expected.what],
            "reason": found.reason,
            "found_at": instant_text(found.found_at),
        }
    )


REFUND_FILTERS: Final = (*FILTERS, query.limit(query.DEFAULT_LIMIT), query.CURSOR)


@operation(
    bp,
    "GET",
    "/v1/officer/refunds",
    answer=wire.RefundPage,
    query=REFUND_FILTERS,
    codes=(
        (403, "PROVINCE_NOT_ALLOWED"),
        (422, "UNKNOWN_FIELD"),
        (422, "INVALID_VALUE"),
        (422, "CURSOR_INVALID"),
    ),
)
def officer_refunds(request: Incoming) -> Reply:
    """Danh sách tiền chờ hoàn trả, lâu nhất trước.

    A case closes when accounting tells of the refund; until then it stands here, and on the list of what is stuck once
    it has waited too long.
    """
    from chalicelib.usecases.ledger.refund_list import list_refunds

    asked = query.read_query(request.query(), REFUND_FILTERS)
    page = list_refunds(request.caller(), **asked, w=wiring())
    items = tuple(
        wire.RefundItem(
            refund_id=row.case.refund_id,
            dossier_code=row.case.dossier_code,
            province_code=row.case.province_code,
            state="OPEN",
            amount=row.case.amount,
            voucher_ids=row.case.voucher_ids,
            cause=row.case.cause,
            opened_at=instant_text(row.case.opened_at),
            late=row.late,
            next_event=next_event(row.expected),
        )
        for row in page.items
    )
    return Reply.of(wire.RefundPage(items=items, next_cursor=page.next_cursor))
