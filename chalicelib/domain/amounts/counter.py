"""What is paid by the methods that take an officer's check: missing years (T2) and late payment (T3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from ..configuration.law import Law, Row
from ..errors import Fault, NotConfigured, Rejected
from ..money import dotted
from ..months import Month
from ..people.identity import BirthDate, Gender
from ..people.retirement import Retirement, age_text, retirement
from .contribution import due_by
from .interest import Fraction, compounded, future_value, plus
from .parameters import parameters, row
from .pricing import (
    Formula,
    Quote,
    QuoteRequest,
    Size,
    Worth,
    before_support,
    months_used,
    numeric_faults,
    percent_text,
    plainly,
    priced,
    supported_months,
)

MISSING, LATE = "MISSING", "LATE"


@dataclass(frozen=True, slots=True)
class Retiree:
    """Who pays for missing years. `contributed_months` are those on record, None if nobody has looked."""

    birth_date: BirthDate
    gender: Gender
    contributed_months: int | None = None


def quote_missing(request: QuoteRequest, person: Retiree, law: Law) -> Quote:
    """The amount for the years that a person of retirement age lacks for a pension: formula T2.

    `request.months` are the missing months. They are counted, not dated: `from_month` only says where the record is
    written, and support does not ask in which year they lie (golden test G1). Raises `Rejected` with every fault:
    METHOD_UNKNOWN, MONTHS_NOT_ALLOWED, MISSING_TOO_LONG, MISSING_BEYOND_NEED, RETIREMENT_AGE_NOT_REACHED,
    RETIREMENT_AGE_NOT_CONFIGURED, RATE_NOT_CONFIGURED, MISSING_SUPPORT_NOT_CONFIGURED, and those of `quote`.
    Source: NĐ 134/2015/NĐ-CP Art. 9; NĐ 159/2025/NĐ-CP Art. 7.
    """
    day, faults = request.paid_on, _faults_of_form(request, MISSING)
    limit = row(law.missing_limit_months, day, "paid_on", faults)
    months = _missing_months(request.months, person, limit, day, law, faults)
    terms = parameters(request.income, request.support_category, request.province_code, day, law, faults)
    formula = _missing_formula(person, limit, day, law, faults)
    if faults or terms is None or formula is None:
        raise Rejected(faults)
    supported = supported_months(terms.support, months, 0, months_used(request, terms.support))
    return priced(request, Size(request.income, months, supported), terms, formula, day)


def quote_late(request: QuoteRequest, registered_method: str, law: Law) -> Quote:
    """The amount for periods of a registered method that were missed: formula T3 for each period, summed.

    `request.months` is one or more whole periods from `request.from_month`, without months it is one; each is late
    by months of its own. Parameters are those of the day of payment. Raises `Rejected` with every fault:
    METHOD_UNKNOWN, REGISTERED_METHOD_INVALID, MONTHS_NOT_ALLOWED, NOT_LATE, RATE_NOT_CONFIGURED, and those of
    `quote`. Source: QĐ 595/QĐ-BHXH Đ.11.
    """
    day, faults = request.paid_on, _faults_of_form(request, LATE)
    periods = _periods(request, registered_method, law, faults)
    terms = parameters(request.income, request.support_category, request.province_code, day, law, faults)
    formula = _late_formula(periods, day, law, faults)
    if faults or terms is None or formula is None:
        raise Rejected(faults)
    months = sum(period.months for period in periods)
    unsupported = before_support(terms.support, request.from_month)
    supported = supported_months(terms.support, months, unsupported, months_used(request, terms.support))
    return priced(request, Size(request.income, months, supported), terms, formula, day)


def _faults_of_form(request: QuoteRequest, method: str) -> list[Fault]:
    faults = numeric_faults(request)
    if request.method != method:
        faults.append(Fault("method", "METHOD_UNKNOWN", f"Cách tính này chỉ dùng cho phương thức {method}."))
    return faults


def _missing_months(
    months: int | None, person: Retiree, limit: Row[int] | None, day: date, law: Law, faults: list[Fault]
) -> int:
    """The number of missing months; 0 beside a fault."""
    needed = row(law.pension_contribution_months, day, "paid_on", faults)
    if limit is None or needed is None:
        return 0
    if months is None or months < 1:
        faults.append(Fault("months", "MONTHS_NOT_ALLOWED", "Số tháng còn thiếu phải từ 1 trở lên."))
        return 0
    if months > limit.value:
        message = f"Chỉ được đóng một lần cho tối đa {limit.value} tháng còn thiếu."
        faults.append(Fault("months", "MISSING_TOO_LONG", message))
    if person.contributed_months is not None and person.contributed_months + months > needed.value:
        message = f"Đã đóng {person.contributed_months} tháng: không cần thêm quá mức {needed.value} tháng."
        faults.append(Fault("months", "MISSING_BEYOND_NEED", message))
    return months


def _retirement(person: Retiree, day: date, law: Law, faults: list[Fault]) -> Retirement | None:
    """When the person reaches retirement age, None beside a fault."""
    lead = row(law.missing_lead_months, day, "paid_on", faults)
    try:
        retires = retirement(person.birth_date, person.gender, law.retirement_age)
    except NotConfigured as gap:
        faults.append(Fault("birth_date", gap.code, gap.detail))
        return None
    if lead is None:
        return None
    earliest = retires.month.plus(-lead.value)
    if Month.of(day) < earliest:
        message = f"Chưa đủ tuổi nghỉ hưu: được đóng cho những năm còn thiếu từ tháng {_shown(earliest)}."
        faults.append(Fault("birth_date", "RETIREMENT_AGE_NOT_REACHED", message))
    return retires


def _missing_formula(
    person: Retiree, limit: Row[int] | None, day: date, law: Law, faults: list[Fault]
) -> Formula | None:
    retires = _retirement(person, day, law, faults)
    rate = row(law.fund_rate, day, "method", faults)
    mode = row(law.missing_support_mode, day, "method", faults)
    if limit is None or retires is None or rate is None or mode is None:
        return None
    grown = partial(_grown, rate.value)
    supports: dict[str, Worth] = {"COMPOUNDED_FIRST_K": grown, "FLAT": plainly, "NONE": _nothing}
    reached = f"Đủ tuổi nghỉ hưu ({age_text(retires.age_months)}) trong tháng {_shown(retires.month)}"
    return Formula(
        gross=grown,
        support=supports[mode.value],
        rate=rate.value,
        described=partial(_missing_described, reached, rate.value),
        rows={
            "fund_monthly_rate": rate.effective_from,
            "missing_limit_months": limit.effective_from,
            "missing_support_mode": mode.effective_from,
            "retirement_age": retires.row.effective_from,
        },
    )


def _grown(rate: str, monthly: int, months: int) -> Fraction:
    return future_value((monthly, 10_000), months, rate)


def _nothing(monthly: int, months: int) -> Fraction:
    return 0, 1


def _missing_described(reached: str, rate: str, months: int, monthly: int, gross: int) -> list[str]:
    return [
        reached,
        f"{months} tháng x {dotted(monthly)}, tính lãi gộp r = {percent_text(rate)}/tháng: {dotted(gross)} đ",
        f"Trong đó tiền lãi: {dotted(gross - months * monthly)} đ",
    ]


@dataclass(frozen=True, slots=True)
class _Period:
    """One missed period of the registered method, with the last day on which it would not have been late."""

    first: Month
    months: int
    due: date


def _periods(request: QuoteRequest, registered: str, law: Law, faults: list[Fault]) -> tuple[_Period, ...]:
    """The missed periods in order; none beside a fault."""
    method = law.payment_methods.get(registered)
    if method is None or method.due_within_months is None:
        message = "Phương thức đã đăng ký phải là phương thức đóng định kỳ."
        faults.append(Fault("registered_method", "REGISTERED_METHOD_INVALID", message))
        return ()
    length = method.months[0]
    months = length if request.months is None else request.months
    if months < 1 or months % length:
        message = f"Phương thức đóng {method.name} chỉ đóng bù theo kỳ {length} tháng."
        faults.append(Fault("months", "MONTHS_NOT_ALLOWED", message))
        return ()
    firsts = [request.from_month.plus(n) for n in range(0, months, length)]
    periods = tuple(_Period(first, length, due_by(first, method, request.paid_on)) for first in firsts)
    if request.paid_on <= periods[-1].due:
        message = f"Kỳ từ tháng {_shown(periods[-1].first)} chưa quá hạn đóng ({periods[-1].due:%d/%m/%Y})."
        faults.append(Fault("paid_on", "NOT_LATE", message))
        return ()
    return periods


def _late_formula(periods: tuple[_Period, ...], day: date, law: Law, faults: list[Fault]) -> Formula | None:
    rate = row(law.fund_rate, day, "method", faults)
    origin = row(law.late_month_origin, day, "method", faults)
    mode = row(law.late_support_mode, day, "method", faults)
    if rate is None or origin is None or mode is None:
        return None
    after_due = origin.value == "AFTER_DUE_MONTH"
    late = [_months_late(Month.of(period.due).plus(1) if after_due else period.first, day) for period in periods]
    spans = tuple((period.months, months) for period, months in zip(periods, late, strict=True))
    with_interest = partial(_with_interest, rate.value, spans)
    return Formula(
        gross=with_interest,
        support=with_interest if mode.value == "COMPOUNDED" else plainly,
        rate=rate.value,
        described=partial(_late_described, rate.value, spans),
        rows={
            "fund_monthly_rate": rate.effective_from,
            "late_month_origin": origin.effective_from,
            "late_support_mode": mode.effective_from,
        },
    )


def _months_late(origin: Month, day: date) -> int:
    """How many months of interest: the origin is the first."""
    return Month.of(day).ordinal - origin.ordinal + 1


def _with_interest(rate: str, spans: tuple[tuple[int, int], ...], monthly: int, months: int) -> Fraction:
    """T3 over the first so many months of the periods (length, months late)."""
    total = (0, 1)
    for length, late in spans:
        counted = min(length, months)
        months -= counted
        total = plus(total, compounded((monthly * counted, 10_000), late, rate))
    return total


def _late_described(rate: str, spans: tuple[tuple[int, int], ...], months: int, monthly: int, gross: int) -> list[str]:
    terms = (f"{length} x {dotted(monthly)} x (1 + {percent_text(rate)})^{late}" for length, late in spans)
    return [
        f"{' + '.join(terms)} = {dotted(gross)} đ",
        f"Trong đó tiền lãi: {dotted(gross - months * monthly)} đ",
    ]


def _shown(month: Month) -> str:
    return f"{month.month:02d}/{month.year}"
