"""Why this amount: every row of the law behind a quote, with its value, dates and legal source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from ..configuration.law import Law, LocalSupport, RetirementAge, Table
from ..money import dotted
from ..people.retirement import age_text
from .pricing import Quote

_STANDING = ("contribution_rate", "income_step", "income_ceiling_multiple", "support_cap_months", "support_first_month")
"""Tables that every quote rests on and that `Quote.rules` does not name."""

_UNITS = {
    "rural_poverty_line": " đ/tháng",
    "base_salary": " đ/tháng",
    "reference_level": " đ/tháng",
    "income_step": " đ",
    "income_ceiling_multiple": " lần",
    "contribution_rate": "%",
    "support_rate": "%",
    "support_cap_months": " tháng",
    "missing_limit_months": " tháng",
    "fund_monthly_rate": "%/tháng",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One row of a table. `value` is text for people: amounts in VND, rates in percent, ages in years and months."""

    table: str
    label: str
    value: str
    effective_from: date
    effective_to: date | None
    source: str


def sources_of(quote: Quote, law: Law) -> tuple[Source, ...]:
    """The rows that `Quote.rules` names, then those that every quote of that day rests on.

    A row that a correction has moved since is left out: the quote keeps its amount, the row is no longer there.
    """
    named = [(name, date.fromisoformat(day)) for name, day in quote.rules.items()]
    found = []
    for name, day in [*named, *((name, quote.paid_on) for name in _STANDING)]:
        table = _table(name, quote, law)
        row = table.find(day)
        if row is not None and (name in _STANDING or row.effective_from == day):
            shown = _shown(row.value) + _UNITS.get(name, "")
            found.append(Source(name, table.label, shown, row.effective_from, row.effective_to, row.source))
    return tuple(found)


def _table(name: str, quote: Quote, law: Law) -> Table[Any]:
    if name == "support_rate":
        return law.support_rates[quote.support_category]
    if name == "local_support":
        return law.local_support[quote.province_code, quote.support_category]
    table: Table[Any] = getattr(law, "fund_rate" if name == "fund_monthly_rate" else name)
    return table


def _shown(value: object) -> str:
    match value:
        case int():
            return dotted(value)
        case LocalSupport():
            return f"{value.value}%" if value.kind == "PERCENT" else f"{dotted(value.value)} đ/tháng"
        case RetirementAge():
            return f"nam {age_text(value.men)}, nữ {age_text(value.women)}"
    return str(value).replace(".", ",")
