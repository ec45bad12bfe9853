"""A price for a body that may be faulty: the faults of its form and of its content are told together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from chalicelib.domain.amounts.contribution import Quote, QuoteRequest, quote
from chalicelib.domain.configuration.law import Law
from chalicelib.domain.errors import Fault, Rejected
from chalicelib.domain.months import Month

from ..wire.base import Read, read
from ..wire.quote import QuoteRequestBody

JUDGED_WITH: Final[Mapping[str, frozenset[str]]] = {
    "income": frozenset({"income", "paid_on"}),
    "method": frozenset({"method", "paid_on"}),
    "months": frozenset({"months", "method"}),
    "province_code": frozenset({"province_code", "paid_on", "support_category"}),
}
"""Which fields a fault of the content rests on; a field that is not named rests on itself alone."""


def price(body: Mapping[str, Any], today: date, law: Law) -> Quote:
    """The quote for the body of `POST /v1/quotes`; `paid_on` defaults to today.

    Raises:
        Rejected: every fault at once.
    """
    form = read(QuoteRequestBody, body)
    try:
        made = quote(_request(form, today), law)
    except Rejected as content:
        unreadable = form.unreadable
        judged = [fault for fault in content.faults if not unreadable & _grounds(fault)]
        raise Rejected([*judged, *form.faults]) from None
    if form.faults:
        raise Rejected(form.faults)
    return made


def _grounds(fault: Fault) -> frozenset[str]:
    return JUDGED_WITH.get(fault.field, frozenset({fault.field}))


def _request(form: Read[QuoteRequestBody], today: date) -> QuoteRequest:
    """The request, with a stand-in for each unreadable field; what rests on a stand-in is never told."""
    asked = form.model
    if asked is None:
        asked = QuoteRequestBody.model_validate({**_stand_ins(today), **form.sound})
    return QuoteRequest(
        income=asked.income,
        method=asked.method,
        months=asked.months,
        from_month=asked.from_month,
        support_category=asked.support_category,
        province_code=asked.province_code,
        paid_on=asked.paid_on or today,
        supported_months_used=asked.supported_months_used,
    )


def _stand_ins(today: date) -> dict[str, Any]:
    return {
        "income": 0,
        "method": "M1",
        "from_month": str(Month.of(today)),
        "support_category": "OTHER",
        "province_code": "79",
    }
