"""What a refund would be (hoàn trả, procedure 602A): computed for anyone, with nothing personal and nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from chalice.app import Blueprint

from chalicelib.domain.amounts.contribution import Quote
from chalicelib.domain.configuration.law import Law
from chalicelib.domain.errors import Fault, Rejected
from chalicelib.wiring import wiring

from .. import present
from ..codes import CHOICE
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import refunds as wire
from ..wire.base import join, read
from . import quoting

bp = Blueprint(__name__)

AT: Final = "paid"


@operation(
    bp,
    "POST",
    "/v1/quotes/refund",
    signed_in=False,
    answer=wire.Refund,
    body=wire.RefundRequestBody,
    codes=(
        *CHOICE,
        (422, "REFUND_REASON_NOT_ALLOWED"),
        (422, "REFUND_METHOD_NOT_ALLOWED"),
        (422, "NOTHING_TO_REFUND"),
        (422, "REFUND_NEEDS_OFFICER"),
    ),
)
def calculate_refund(request: Incoming) -> Reply:
    """Tính số tiền được hoàn trả khi không còn được tham gia các tháng đã đóng trước.

    The amounts are those of the payment (NĐ 159/2025/NĐ-CP Art. 8). Nothing is stored: the refund itself is
    accounting's.
    """
    from chalicelib.domain.amounts.refund import RefundReason, RefundRequest, refund

    w = wiring()
    today, law = w.clock.now().date(), w.law
    body = request.json_object()
    form = read(wire.RefundRequestBody, body)
    if form.model is None or form.faults:
        raise Rejected(form.faults)
    paid = _paid(body[AT], today, law)
    made = refund(
        RefundRequest(
            paid=paid,
            reason=RefundReason(form.model.reason),
            event_month=form.model.event_month,
            asked_on=form.model.asked_on or today,
        ),
        law,
    )
    return Reply.of(
        wire.Refund(
            first_month=str(made.first_month),
            months=made.months,
            kept_months=0 if made.kept is None else made.kept.length,
            amount_gross=made.amount_gross,
            amount_participant=made.amount_participant,
            amount_state=made.amount_state,
            amount_local=made.amount_local,
            supported_months=made.supported_months,
            explanation=made.explanation,
            rules=dict(made.rules),
            sources=present.quote_sources(paid, law),
        )
    )


def _paid(body: Mapping[str, Any], today: date, law: Law) -> Quote:
    """The payment, priced by the law of its day. Raises `Rejected` with the faults' paths below `paid`."""
    try:
        return quoting.price(body, today, law)
    except Rejected as refused:
        raise Rejected([Fault(join(AT, fault.field), fault.code, fault.message) for fault in refused.faults]) from None
