"""How an amount is put together, whatever the method: gross, State and local support, the words that explain it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from ..configuration.law import LocalSupport, Row
from ..errors import Fault
from ..money import dotted, round_half_up
from ..months import Month
from .account import Terms
from .interest import Fraction, less, lesser
from .parameters import IncomeRules, Parameters, SupportRules

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
    """Months of this life that the State has supported before."""
    supported_months_old: int = 0
    """How many of those were paid before 2025-07-01, under NĐ 134/2015; matters only if they stop counting."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An amount with its derivation; amounts in VND, `amount_gross` = participant + State + local.

    `rate_r` is the monthly rate in percent with four decimals, for methods with interest; `rules` names the first
    day of each row of the law that was used (`sources.sources_of` tells values and documents).
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

    @property
    def terms(self) -> Terms:
        """What the months cost, and how many of them the State supports."""
        return Terms(
            self.months,
            self.amount_gross,
            self.amount_state,
            self.amount_local,
            self.amount_participant,
            self.supported_months,
        )


Worth: TypeAlias = Callable[[int, int], Fraction]
"""What a monthly amount (in 1/10,000 đồng) comes to over the first so many months, in đồng."""


def plainly(monthly: int, months: int) -> Fraction:
    """So many times the monthly amount, without interest."""
    return monthly * months, 10_000


Described: TypeAlias = Callable[[int, int, int], list[str]]
"""The lines that explain a gross amount, from months, monthly contribution and the amount in VND."""


def plainly_described(months: int, monthly: int, gross: int) -> list[str]:
    return [f"{months} tháng x {dotted(monthly)} = {dotted(gross)} đ"]


class Formula(NamedTuple):
    """How a method turns months into an amount.

    `rows` are the first days of the rows of the law it used, by table.
    """

    gross: Worth = plainly
    support: Worth = plainly
    rate: str | None = None
    described: Described = plainly_described
    rows: Mapping[str, date] = MappingProxyType({})


class Size(NamedTuple):
    """How much is paid for: income in VND a month, months, and how many of them are supported."""

    income: int
    months: int
    supported: int


class Totals(NamedTuple):
    """Exact amounts, before the one rounding."""

    gross: Fraction
    participant: Fraction
    local: Fraction


class Amounts(NamedTuple):
    gross: int
    state: int
    local: int
    participant: int


def numeric_faults(request: QuoteRequest) -> list[Fault]:
    """FROM_MONTH_TOO_FAR, SUPPORTED_MONTHS_INVALID."""
    faults = []
    if request.from_month.year > _LAST_YEAR:
        faults.append(Fault("from_month", "FROM_MONTH_TOO_FAR", "Tháng bắt đầu đóng quá xa."))
    if not 0 <= request.supported_months_old <= request.supported_months_used:
        message = "Số tháng đã được hỗ trợ không thể âm; số tháng trước 01/07/2025 nằm trong số đó."
        faults.append(Fault("supported_months_used", "SUPPORTED_MONTHS_INVALID", message))
    return faults


def supported_months(support: SupportRules, months: int, unsupported_first: int, used: int) -> int:
    """How many of the months the State supports, after the first ones that it does not, within the cap of a life."""
    if not support.rate.value:
        return 0
    left = max(0, support.cap - used)
    return min(max(0, months - unsupported_first), left)


def months_used(request: QuoteRequest, support: SupportRules) -> int:
    """The supported months that count towards the cap."""
    return request.supported_months_used - (0 if support.counts_old_months else request.supported_months_old)


def before_support(support: SupportRules, from_month: Month) -> int:
    """How many months from this one on lie before the first month that is supported at all."""
    return max(0, support.first_month.ordinal - from_month.ordinal)


def totals(size: Size, terms: Parameters, formula: Formula) -> Totals:
    """Exact totals of the first `size.months` months.

    State support first, then local support, cut so that nobody pays below zero; local support goes with the months
    that the State supports. Monthly amounts are in 1/10,000 đồng: two percentages multiplied.
    """
    rules = terms.income
    monthly = size.income * rules.rate * 100
    state_monthly = min(rules.line.value * rules.rate * terms.support.rate.value, monthly)
    local_monthly = min(_monthly_local(rules, terms.local), monthly - state_monthly)
    gross = formula.gross(monthly, size.months)
    after_state = less(gross, lesser(formula.support(state_monthly, size.supported), gross))
    local = lesser(formula.support(local_monthly, size.supported), after_state)
    return Totals(gross, less(after_state, local), local)


def rounded(exact: Totals) -> Amounts:
    """Whole đồng: gross and the participant's share are rounded once, half-up; the State bears what is left."""
    gross, participant = round_half_up(*exact.gross), round_half_up(*exact.participant)
    local = min(round_half_up(*exact.local), gross - participant)
    return Amounts(gross, gross - participant - local, local, participant)


def priced(request: QuoteRequest, size: Size, terms: Parameters, formula: Formula, due: date) -> Quote:
    """The quote for a choice whose parameters are gathered. `due` is the last day to pay."""
    amounts = rounded(totals(size, terms, formula))
    monthly = round_half_up(size.income * terms.income.rate, 100)
    return Quote(
        income=size.income,
        method=request.method,
        support_category=request.support_category,
        province_code=request.province_code,
        paid_on=request.paid_on,
        months=size.months,
        from_month=request.from_month,
        to_month=request.from_month.plus(size.months - 1),
        monthly_contribution=monthly,
        amount_gross=amounts.gross,
        amount_state=amounts.state,
        amount_local=amounts.local,
        amount_participant=amounts.participant,
        supported_months=size.supported,
        rate_r=formula.rate,
        due_by=due,
        explanation=(
            f"{terms.income.rate}% x {dotted(size.income)} = {dotted(monthly)} đ/tháng",
            *formula.described(size.months, monthly, amounts.gross),
            *_support_described(size, terms, amounts),
            f"Người tham gia đóng: {dotted(amounts.participant)} đ, hạn đóng {due.day:02}/{due.month:02}/{due.year}",
        ),
        rules=_rules(terms, formula),
    )


def percent_text(rate: str) -> str:
    """A rate the Vietnamese way: `0,3100%`."""
    return f"{rate.replace('.', ',')}%"


def _monthly_local(rules: IncomeRules, local_row: Row[LocalSupport] | None) -> int:
    if local_row is None:
        return 0
    local = local_row.value
    return rules.line.value * rules.rate * local.value if local.kind == "PERCENT" else local.value * 10_000


def _support_described(size: Size, terms: Parameters, amounts: Amounts) -> list[str]:
    support, rules = terms.support, terms.income
    span = f"{size.supported} tháng" if size.supported == size.months else f"{size.supported}/{size.months} tháng"
    basis = f"{support.rate.value}% x {rules.rate}% x {dotted(rules.line.value)}"
    lines = [f"Nhà nước hỗ trợ {basis} trong {span}: {dotted(amounts.state)} đ"]
    if terms.local is not None:
        lines.append(f"Địa phương hỗ trợ thêm trong {span}: {dotted(amounts.local)} đ")
    return lines


def _rules(terms: Parameters, formula: Formula) -> dict[str, str]:
    used = {
        "rural_poverty_line": terms.income.line.effective_from,
        terms.income.ceiling_name: terms.income.ceiling_base.effective_from,
        "support_rate": terms.support.rate.effective_from,
    }
    if terms.local is not None:
        used["local_support"] = terms.local.effective_from
    return {name: day.isoformat() for name, day in {**used, **formula.rows}.items()}
