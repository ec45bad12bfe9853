"""What a participant pays for the methods one may choose alone: M1, M3, M6, M12 and years ahead."""

from __future__ import annotations

from datetime import date
from functools import partial

from ..configuration.law import Law, PaymentMethod, Row
from ..errors import Fault, Rejected
from ..money import dotted
from ..months import Month
from .interest import Fraction, present_value
from .parameters import income_parameters, local_support, parameters, row, support_parameters
from .pricing import (
    Formula,
    Size,
    before_support,
    months_used,
    numeric_faults,
    percent_text,
    plainly,
    priced,
    supported_months,
)
from .pricing import Quote as Quote
from .pricing import QuoteRequest as QuoteRequest


def quote(request: QuoteRequest, law: Law) -> Quote:
    """The amount to pay for a choice, by the rows of the law of `paid_on`.

    State support first, then local support, cut so that nobody pays below zero; at most the configured number of
    months in a life is supported. Raises `Rejected` with every fault; fields are those of `POST /v1/quotes`.
    Source: NĐ 134/2015, NĐ 159/2025, QĐ 595 Đ.10 and Đ.12.
    """
    day, faults = request.paid_on, numeric_faults(request)
    method = _method(request.method, day, law, faults)
    months = _months(request.months, method, faults)
    terms = parameters(request.income, request.support_category, request.province_code, day, law, faults)
    formula = _formula(method, day, law, faults)
    if faults or method is None or terms is None or formula is None:
        raise Rejected(faults)
    unsupported = before_support(terms.support, request.from_month)
    supported = supported_months(terms.support, months, unsupported, months_used(request, terms.support))
    due = due_by(request.from_month, method, day)
    return priced(request, Size(request.income, months, supported), terms, formula, due)


def partial_faults(
    law: Law,
    paid_on: date,
    *,
    income: int | None,
    method: str | None,
    months: int | None,
    support_category: str | None,
    province_code: str | None,
) -> list[Fault]:
    """The faults of a choice of which some parts could not be read: each rule whose inputs are there."""
    faults: list[Fault] = []
    if method is not None:
        chosen = _method(method, paid_on, law, faults)
        _months(months, chosen, faults)
        _formula(chosen, paid_on, law, faults)
    if income is not None:
        income_parameters(income, paid_on, law, faults)
    if support_category is not None:
        support_parameters(support_category, paid_on, law, faults)
    if province_code is not None:
        local_support(province_code, support_category, paid_on, law, faults)
    return faults


def due_by(from_month: Month, method: PaymentMethod, registered_on: date) -> date:
    """The last day to pay for a period, until 23:59:59 Vietnam time; not moved off days without work (domain 3.1)."""
    if method.due_within_months is None:
        return registered_on
    return from_month.plus(method.due_within_months - 1).last_day


def years_ahead(rate: str, day: date, law: Law, faults: list[Fault]) -> Formula | None:
    """Formula T1 by the options of a day, at a monthly rate in percent; None beside a fault."""
    offset = row(law.ahead_exponent_offset, day, "method", faults)
    mode = row(law.ahead_support_mode, day, "method", faults)
    if offset is None or mode is None:
        return None
    discounted = partial(_discounted, rate, offset.value)
    return Formula(
        gross=discounted,
        support=discounted if mode.value == "DISCOUNTED" else plainly,
        rate=rate,
        described=partial(_ahead_described, rate),
        rows={"ahead_exponent_offset": offset.effective_from, "ahead_support_mode": mode.effective_from},
    )


def _discounted(rate: str, exponent_offset: int, monthly: int, months: int) -> Fraction:
    return present_value((monthly, 10_000), months, rate, exponent_offset)


def _ahead_described(rate: str, months: int, monthly: int, gross: int) -> list[str]:
    return [
        f"{months} tháng x {dotted(monthly)}, chiết khấu r = {percent_text(rate)}/tháng: {dotted(gross)} đ",
        f"Thấp hơn đóng từng tháng: {dotted(months * monthly - gross)} đ",
    ]


def _method(code: str, day: date, law: Law, faults: list[Fault]) -> PaymentMethod | None:
    method = law.payment_methods.get(code)
    if method is None:
        faults.append(Fault("method", "METHOD_UNKNOWN", "Không có phương thức đóng này."))
        return None
    enabled = row(law.portal_methods, day, "paid_on", faults)
    if enabled is None:
        return None
    if code not in enabled.value or method.at_counter_only:
        message = f"Chưa tiếp nhận trực tuyến phương thức đóng {method.name}."
        faults.append(Fault("method", "METHOD_NOT_ENABLED", message))
        return None
    return method


def _months(months: int | None, method: PaymentMethod | None, faults: list[Fault]) -> int:
    """The number of months to pay for; 0 beside a fault."""
    if method is None:
        return 0
    if months is None and len(method.months) == 1:
        return method.months[0]
    if months is None or months not in method.months:
        choices = ", ".join(map(str, method.months))
        message = f"Phương thức đóng {method.name} áp dụng cho số tháng: {choices}."
        faults.append(Fault("months", "MONTHS_NOT_ALLOWED", message))
        return 0
    return months


def _formula(method: PaymentMethod | None, day: date, law: Law, faults: list[Fault]) -> Formula | None:
    if method is None or not method.discounted:
        return _PLAIN
    rate: Row[str] | None = row(law.fund_rate, day, "method", faults)
    if rate is None:
        return None
    formula = years_ahead(rate.value, day, law, faults)
    return formula and formula._replace(rows={"fund_monthly_rate": rate.effective_from, **formula.rows})


_PLAIN = Formula()
