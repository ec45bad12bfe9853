"""What a participant pays: gross contribution, State and local support, by the law of the day of payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from .errors import Fault, NotConfigured, Rejected
from .interest import present_value
from .law import Law, LocalSupport, PaymentMethod, Row, Table
from .money import dotted, round_half_up
from .months import Month

T = TypeVar("T")

_LAST_YEAR = 9000
"""Months beyond it are refused: arithmetic with dates ends at the year 9999."""


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """A choice to be priced. `income` in VND a month; `months` only where the method leaves a choice."""

    income: int
    method: str
    months: int | None
    from_month: Month
    support_category: str
    province_code: str
    paid_on: date
    """The day of payment: it selects every parameter (domain rule 0.2)."""
    supported_months_used: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """An amount with its derivation; amounts in VND, `amount_gross` = participant + State + local.

    `rate_r` is the monthly rate in percent with four decimals, for AHEAD; `rules` names the first day of each row
    of the law that was used.
    """

    income: int
    method: str
    support_category: str
    province_code: str
    paid_on: date
    months: int
    from_month: Month
    to_month: Month
    monthly_contribution: int
    amount_gross: int
    amount_state: int
    amount_local: int
    amount_participant: int
    supported_months: int
    rate_r: str | None
    due_by: date
    explanation: tuple[str, ...]
    rules: Mapping[str, str]


# What stays in this module is a NamedTuple: a dataclass costs a cold start seven times as much.
class _IncomeRules(NamedTuple):
    line: Row[int]
    ceiling_name: str
    ceiling_base: Row[int]
    ceiling: int
    step: int
    rate: int


class _SupportRules(NamedTuple):
    rate: Row[int]
    first_month: Month
    cap: int


class _Discount(NamedTuple):
    """How a payment for years ahead is discounted."""

    rate: Row[str]
    exponent_offset: int
    support_discounted: bool


class _Amounts(NamedTuple):
    gross: int
    state: int
    local: int
    participant: int


def quote(request: QuoteRequest, law: Law) -> Quote:
    """The amount to pay for a choice, by the rows of the law of `paid_on`.

    State support first, then local support, cut so that nobody pays below zero; at most the configured number of
    months in a life is supported. Raises `Rejected` with every fault; fields are those of `POST /v1/quotes`.
    Source: NĐ 134/2015, NĐ 159/2025, QĐ 595 Đ.10 and Đ.12.
    """
    day, faults = request.paid_on, _faults_of_numbers(request)
    method = _method(request.method, day, law, faults)
    months = _months(request.months, method, faults)
    income_rules = _income_rules(day, law, faults)
    if income_rules is not None:
        faults += _income_faults(request.income, income_rules)
    support = _support_rules(request.support_category, day, law, faults)
    local = _local_support(request.province_code, request.support_category, day, law, faults)
    discount = _discount(method, day, law, faults)
    if faults or method is None or income_rules is None or support is None:
        raise Rejected(faults)

    supported = _supported_months(request, months, support)
    amounts = _amounts((request.income, months, supported), income_rules, support, local, discount)
    due = due_by(request.from_month, method, day)
    return Quote(
        income=request.income,
        method=request.method,
        support_category=request.support_category,
        province_code=request.province_code,
        paid_on=day,
        months=months,
        from_month=request.from_month,
        to_month=request.from_month.plus(months - 1),
        monthly_contribution=round_half_up(request.income * income_rules.rate, 100),
        amount_gross=amounts.gross,
        amount_state=amounts.state,
        amount_local=amounts.local,
        amount_participant=amounts.participant,
        supported_months=supported,
        rate_r=discount.rate.value if discount else None,
        due_by=due,
        explanation=(
            *_gross_explained(request.income, months, income_rules, discount, amounts),
            *_support_explained((supported, months), income_rules, support, local, amounts),
            f"Người tham gia đóng: {dotted(amounts.participant)} đ, hạn đóng {due:%d/%m/%Y}",
        ),
        rules=_rules_used(income_rules, support, local, discount),
    )


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
        _discount(chosen, paid_on, law, faults)
    rules = _income_rules(paid_on, law, faults) if income is not None else None
    if income is not None and rules is not None:
        faults += _income_faults(income, rules)
    if support_category is not None:
        _support_rules(support_category, paid_on, law, faults)
    if province_code is not None:
        _local_support(province_code, support_category, paid_on, law, faults)
    return faults


def due_by(from_month: Month, method: PaymentMethod, registered_on: date) -> date:
    """The last day to pay for a period, until 23:59:59 Vietnam time; not moved off days without work (domain 3.1)."""
    if method.due_within_months is None:
        return registered_on
    return from_month.plus(method.due_within_months - 1).last_day


def _row(table: Table[T], day: date, field: str, faults: list[Fault]) -> Row[T] | None:
    """The row of a day; a missing one becomes a fault of the field that asked for it."""
    try:
        return table.on(day)
    except NotConfigured as gap:
        faults.append(Fault(field, gap.code, gap.detail))
        return None


def _faults_of_numbers(request: QuoteRequest) -> list[Fault]:
    faults = []
    if request.from_month.year > _LAST_YEAR:
        faults.append(Fault("from_month", "FROM_MONTH_TOO_FAR", "Tháng bắt đầu đóng quá xa."))
    if request.supported_months_used < 0:
        message = "Số tháng đã được hỗ trợ không thể âm."
        faults.append(Fault("supported_months_used", "SUPPORTED_MONTHS_INVALID", message))
    return faults


def _method(code: str, day: date, law: Law, faults: list[Fault]) -> PaymentMethod | None:
    method = law.payment_methods.get(code)
    if method is None:
        faults.append(Fault("method", "METHOD_UNKNOWN", "Không có phương thức đóng này."))
        return None
    enabled = _row(law.portal_methods, day, "paid_on", faults)
    if enabled is None:
        return None
    if code not in enabled.value:
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


def _income_rules(day: date, law: Law, faults: list[Fault]) -> _IncomeRules | None:
    base_table = law.income_ceiling_base(day)
    line = _row(law.rural_poverty_line, day, "paid_on", faults)
    base = _row(base_table, day, "paid_on", faults)
    multiple = _row(law.income_ceiling_multiple, day, "paid_on", faults)
    step = _row(law.income_step, day, "paid_on", faults)
    rate = _row(law.contribution_rate, day, "paid_on", faults)
    if line is None or base is None or multiple is None or step is None or rate is None:
        return None
    return _IncomeRules(line, base_table.name, base, base.value * multiple.value, step.value, rate.value)


def _income_faults(income: int, rules: _IncomeRules) -> list[Fault]:
    faults = []
    line = rules.line.value
    if income < line:
        message = f"Mức thu nhập thấp nhất là {dotted(line)} đồng (chuẩn hộ nghèo khu vực nông thôn)."
        faults.append(Fault("income", "INCOME_BELOW_MIN", message))
    if income > rules.ceiling:
        faults.append(Fault("income", "INCOME_ABOVE_MAX", f"Mức thu nhập cao nhất là {dotted(rules.ceiling)} đồng."))
    if rules.step and (income - line) % rules.step:
        message = f"Mức thu nhập bằng {dotted(line)} đồng cộng bội số của {dotted(rules.step)} đồng."
        faults.append(Fault("income", "INCOME_NOT_ON_STEP", message))
    return faults


def _support_rules(category: str, day: date, law: Law, faults: list[Fault]) -> _SupportRules | None:
    rates = law.support_rates.get(category)
    if rates is None:
        message = "Không có loại đối tượng được hỗ trợ này."
        faults.append(Fault("support_category", "SUPPORT_CATEGORY_UNKNOWN", message))
        return None
    rate = _row(rates, day, "paid_on", faults)
    first_month = _row(law.support_first_month, day, "paid_on", faults)
    cap = _row(law.support_cap_months, day, "paid_on", faults)
    if rate is None or first_month is None or cap is None:
        return None
    return _SupportRules(rate, first_month.value, cap.value)


def _local_support(
    province_code: str, category: str | None, day: date, law: Law, faults: list[Fault]
) -> Row[LocalSupport] | None:
    """What the province adds; None where it adds nothing, or beside a fault."""
    if law.provinces.get(province_code, day) is None:
        message = "Mã tỉnh, thành phố không có hiệu lực vào ngày này."
        faults.append(Fault("province_code", "PROVINCE_NOT_VALID", message))
        return None
    table = law.local_support.get((province_code, category or ""))
    local = table.find(day) if table else None
    if local and not local.value.uniform_per_group:
        message = "Nơi này hỗ trợ thêm theo nhiều mức: vui lòng đăng ký tại tổ chức dịch vụ thu hoặc cơ quan BHXH."
        faults.append(Fault("province_code", "LOCAL_SUPPORT_NOT_UNIFORM", message))
    return local


def _discount(method: PaymentMethod | None, day: date, law: Law, faults: list[Fault]) -> _Discount | None:
    if method is None or not method.discounted:
        return None
    rate = _row(law.fund_rate, day, "method", faults)
    offset = _row(law.ahead_exponent_offset, day, "method", faults)
    mode = _row(law.ahead_support_mode, day, "method", faults)
    if rate is None or offset is None or mode is None:
        return None
    return _Discount(rate, offset.value, support_discounted=mode.value == "DISCOUNTED")


def _supported_months(request: QuoteRequest, months: int, support: _SupportRules) -> int:
    """How many of the months the State supports: not before the first month of support, not beyond the cap."""
    if not support.rate.value:
        return 0
    too_early = max(0, support.first_month.ordinal - request.from_month.ordinal)
    left = max(0, support.cap - request.supported_months_used)
    return min(max(0, months - too_early), left)


def _amounts(
    size: tuple[int, int, int],
    rules: _IncomeRules,
    support: _SupportRules,
    local_row: Row[LocalSupport] | None,
    discount: _Discount | None,
) -> _Amounts:
    """Totals in VND for (income, months, supported months).

    The participant's total is rounded once, half-up; the State bears what the others leave. Local support goes
    with the months that the State supports. Monthly amounts are in units of 1/10,000 đồng: two percentages multiplied.
    """
    income, months, supported = size
    monthly = income * rules.rate * 100
    state = min(rules.line.value * rules.rate * support.rate.value, monthly)
    local = min(_monthly_local(rules, local_row), monthly - state)
    support_discount = discount if discount and discount.support_discounted else None
    gross_exact = _worth(monthly, months, discount)
    gross = round_half_up(*gross_exact)
    participant = round_half_up(*_less(gross_exact, _worth(state + local, supported, support_discount)))
    local_total = min(round_half_up(*_worth(local, supported, support_discount)), gross - participant)
    return _Amounts(gross, gross - participant - local_total, local_total, participant)


def _monthly_local(rules: _IncomeRules, local_row: Row[LocalSupport] | None) -> int:
    if local_row is None:
        return 0
    local = local_row.value
    return rules.line.value * rules.rate * local.value if local.kind == "PERCENT" else local.value * 10_000


def _worth(monthly: int, months: int, discount: _Discount | None) -> tuple[int, int]:
    """What a monthly amount of 1/10,000 đồng comes to, as a fraction in đồng."""
    if discount is None:
        return monthly * months, 10_000
    return present_value((monthly, 10_000), months, discount.rate.value, discount.exponent_offset)


def _less(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] * other[1] - other[0] * one[1], one[1] * other[1]


def _gross_explained(
    income: int, months: int, rules: _IncomeRules, discount: _Discount | None, amounts: _Amounts
) -> list[str]:
    monthly, gross = dotted(round_half_up(income * rules.rate, 100)), dotted(amounts.gross)
    lines = [f"{rules.rate}% x {dotted(income)} = {monthly} đ/tháng"]
    if discount is None:
        lines.append(f"{months} tháng x {monthly} = {gross} đ")
    else:
        rate = discount.rate.value.replace(".", ",")
        lines.append(f"{months} tháng x {monthly}, chiết khấu r = {rate}%/tháng: {gross} đ")
    return lines


def _support_explained(
    counted: tuple[int, int],
    rules: _IncomeRules,
    support: _SupportRules,
    local: Row[LocalSupport] | None,
    amounts: _Amounts,
) -> list[str]:
    supported, months = counted
    span = f"{supported} tháng" if supported == months else f"{supported}/{months} tháng"
    basis = f"{support.rate.value}% x {rules.rate}% x {dotted(rules.line.value)}"
    lines = [f"Nhà nước hỗ trợ {basis} trong {span}: {dotted(amounts.state)} đ"]
    if local is not None:
        lines.append(f"Địa phương hỗ trợ thêm trong {span}: {dotted(amounts.local)} đ")
    return lines


def _rules_used(
    rules: _IncomeRules, support: _SupportRules, local: Row[LocalSupport] | None, discount: _Discount | None
) -> dict[str, str]:
    used = {
        "rural_poverty_line": rules.line.effective_from,
        rules.ceiling_name: rules.ceiling_base.effective_from,
        "support_rate": support.rate.effective_from,
    }
    if local is not None:
        used["local_support"] = local.effective_from
    if discount is not None:
        used["fund_monthly_rate"] = discount.rate.effective_from
    return {name: day.isoformat() for name, day in used.items()}
