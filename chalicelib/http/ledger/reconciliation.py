"""The reconciliation of a day with accounting: looked at, exported, signed off (contract 4).

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint

from chalicelib.wiring import wiring

from .. import query
from ..codes import KEY
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import reconciliation as wire
from ..wire.base import parse

if TYPE_CHECKING:
    from chalicelib.domain.ledger.sign_off import SignOff

bp = Blueprint(__name__)


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


ASKED: Final = (
    query.day("date", "Ngày hạch toán; mặc định hôm nay."),
    query.province("province", "Chỉ tỉnh, thành phố này."),
    query.choice("format", Format, "Dạng trả lời.", Format.JSON),
    query.CURSOR,
)


@operation(
    bp,
    "GET",
    "/v1/officer/reconciliation",
    answer=wire.ReconciliationPage,
    other_type="text/csv",
    query=ASKED,
    codes=(
        (403, "PROVINCE_NOT_ALLOWED"),
        (422, "UNKNOWN_FIELD"),
        (422, "INVALID_VALUE"),
        (422, "CURSOR_INVALID"),
    ),
)
def show_reconciliation(request: Incoming) -> Reply:
    """Đối soát một ngày với Kế toán tập trung: đã gửi, đã nhận, đã ghi nhận, đang giữ, tờ bìa đã cấp, từng chênh lệch.

    Without `province` every province of the caller where something was sent, received or issued; `next_cursor` leads
    on where one answer would read more than 20,000 vouchers or list more than 5,000 differences. A voucher belongs to
    the day of its value date. `format=csv` gives the same as a table, one line for each figure and each difference;
    its last line says for whom the copy was made, and when.
    """
    from chalicelib.usecases.ledger.reconcile_day import reconciliation

    from . import reconciliation_view as view

    asked, w = query.read_query(request.query(), ASKED), wiring()
    day = asked["date"] or w.clock.now().date()
    page = reconciliation(request.caller(), day=day, province=asked["province"], cursor=asked["cursor"], w=w)
    if asked["format"] is Format.CSV:
        name = "-".join(["doi-soat", day.isoformat(), *([asked["province"]] if asked["province"] else [])])
        headers = {
            "Content-Type": "text/csv; charset=utf-8; header=present",
            "Content-Disposition": f'attachment; filename="{name}.csv"',
        }
        return Reply(200, view.table(page, by=request.caller().sub, at=w.clock.now()), headers)
    return Reply.of(view.page(day, page))


@operation(
    bp,
    "POST",
    "/v1/officer/reconciliation/sign-off",
    answer=wire.SignOffAnswer,
    body=wire.SignOffRequest,
    request_headers=("Idempotency-Key",),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *KEY,
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "PROVINCE_NOT_FOUND"),
        (409, "DIFFERENCES_OPEN"),
        (409, "ALREADY_SIGNED_OFF"),
        (409, "NOTHING_TO_SIGN_OFF"),
        (409, "REPORT_INCOMPLETE"),
        (422, "ACKNOWLEDGED_UNKNOWN"),
        (422, "DAY_IN_FUTURE"),
    ),
)
def sign_off_reconciliation(request: Incoming) -> Reply:
    """Chốt đối soát một ngày của một tỉnh.

    Refused while a difference is open, unless the request acknowledges it by its id. A figure that moves afterwards
    shows as changed since; the day may then be signed off again.
    """
    from chalicelib.usecases.ledger.reconcile_day import sign_off_day

    body = request.json_object()
    form = parse(wire.SignOffRequest, body)
    answer = sign_off_day(
        form.date,
        form.province_code,
        note=form.note,
        acknowledged=form.acknowledged,
        idempotency=request.optional_idempotency(body),
        caller=request.caller(),
        present=_signed_off,
        w=wiring(),
    )
    return Reply.of_answer(answer)


def _signed_off(signed: SignOff) -> str:
    from . import reconciliation_view as view

    return wire.SignOffAnswer(**view.sign_off_fields(signed)).model_dump_json()
