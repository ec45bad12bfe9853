"""The rows of the law behind one amount, by the day of payment; what is missing or not allowed becomes a fault."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, TypeVar

from ..configuration.law import Law, LocalSupport, Row, Table
from ..errors import Fault, NotConfigured
from ..money import dotted
from ..months import Month

T = TypeVar("T")


# NamedTuples: what stays inside the calculator, and a dataclass costs a cold start seven times as much.
class IncomeRules(NamedTuple):
    line: Row[int]
    ceiling_name: str
    ceiling_base: Row[int]
    ceiling: int
    step: int
    rate: int


class SupportRules(NamedTuple):
    rate: Row[int]
    first_month: Month
    cap: int
    counts_old_months: bool


class Parameters(NamedTuple):
    """What every method needs. Amounts in VND, rates in percent; `local` is None where the province adds nothing."""

    income: IncomeRules
    support: SupportRules
    local: Row[LocalSupport] | None


def row(table: Table[T], day: date, field: str, faults: list[Fault]) -> Row[T] | None:
    """The row of a day; a missing one becomes a fault of the field that asked for it."""
    try:
        return table.on(day)
    except NotConfigured as gap:
        faults.append(Fault(field, gap.code, gap.detail))
        return None


def parameters(
    income: int, support_category: str, province_code: str, day: date, law: Law, faults: list[Fault]
) -> Parameters | None:
    """The rows for a choice on a day; None if one is missing. Every fault of the choice is added to `faults`."""
    income_rules = income_parameters(income, day, law, faults)
    support = support_parameters(support_category, day, law, faults)
    local = local_support(province_code, support_category, day, law, faults)
    if income_rules is None or support is None:
        return None
    return Parameters(income_rules, support, local)


def income_parameters(income: int, day: date, law: Law, faults: list[Fault]) -> IncomeRules | None:
    """Lowest and highest income, step and rate; faults INCOME_BELOW_MIN, INCOME_ABOVE_MAX, INCOME_NOT_ON_STEP."""
    base_table = law.income_ceiling_base(day)
    line = row(law.rural_poverty_line, day, "paid_on", faults)
    base = row(base_table, day, "paid_on", faults)
    multiple = row(law.income_ceiling_multiple, day, "paid_on", faults)
    step = row(law.income_step, day, "paid_on", faults)
    rate = row(law.contribution_rate, day, "paid_on", faults)
    if line is None or base is None or multiple is None or step is None or rate is None:
        return None
    rules = IncomeRules(line, base_table.name, base, base.value * multiple.value, step.value, rate.value)
    faults += _income_faults(income, rules)
    return rules


def _income_faults(income: int, rules: IncomeRules) -> list[Fault]:
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


def support_parameters(category: str, day: date, law: Law, faults: list[Fault]) -> SupportRules | None:
    """The State's support for a category; fault SUPPORT_CATEGORY_UNKNOWN."""
    rates = law.support_rates.get(category)
    if rates is None:
        message = "Không có loại đối tượng được hỗ trợ này."
        faults.append(Fault("support_category", "SUPPORT_CATEGORY_UNKNOWN", message))
        return None
    rate = row(rates, day, "paid_on", faults)
    first_month = row(law.support_first_month, day, "paid_on", faults)
    cap = row(law.support_cap_months, day, "paid_on", faults)
    old = row(law.support_cap_counts_old_months, day, "paid_on", faults)
    if rate is None or first_month is None or cap is None or old is None:
        return None
    return SupportRules(rate, first_month.value, cap.value, old.value)


def local_support(
    province_code: str, category: str | None, day: date, law: Law, faults: list[Fault]
) -> Row[LocalSupport] | None:
    """What the province adds; None where it adds nothing, or beside a fault.

    Faults PROVINCE_NOT_VALID, and LOCAL_SUPPORT_NOT_UNIFORM where people of one group get different amounts: then
    no calculation without the person's papers is right (QĐ 49).
    """
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


def highest_category(categories: Iterable[str], day: date, law: Law) -> str:
    """The category that counts for a person of several: the one with the highest rate on the day of payment.

    Of equal rates the first named. Raises KeyError for an unknown category, ValueError for none, `NotConfigured`
    for a day without rates. Source: NĐ 159/2025/NĐ-CP Art. 5.
    """
    return max(categories, key=lambda category: law.support_rates[category].on(day).value)
