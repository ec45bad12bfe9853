"""What a change of the tables does to the amounts people pay: a panel of choices priced before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ...domain.amounts.contribution import QuoteRequest, quote
from ...domain.configuration.law import Law
from ...domain.errors import DomainError
from ...domain.months import Month

MOST = 200
"""So many differences are told."""

INCOMES = (3_000_000, 10_000_000)
"""Beside the lowest incomes of both tables; VND a month."""


@dataclass(frozen=True, slots=True)
class AmountDifference:
    """One choice whose amount, or whose refusal, is another. Amounts in VND."""

    paid_on: date
    income: int
    method: str
    support_category: str
    province_code: str
    before: int | None
    after: int | None
    before_code: str | None
    after_code: str | None


def amount_differences(old: Law, new: Law, days: Sequence[date]) -> Iterator[AmountDifference]:
    """The choices of the panel that cost another amount from these days on, at most `MOST`."""
    told = 0
    for choice in _panel(old, new, days):
        before, after = _amount(old, choice), _amount(new, choice)
        if before != after:
            yield AmountDifference(
                choice.paid_on,
                choice.income,
                choice.method,
                choice.support_category,
                choice.province_code,
                before[0],
                after[0],
                before[1],
                after[1],
            )
            told += 1
            if told == MOST:
                return


def _panel(old: Law, new: Law, days: Sequence[date]) -> Iterator[QuoteRequest]:
    for day in days:
        lowest = {row.value for law in (old, new) if (row := law.rural_poverty_line.find(day)) is not None}
        provinces = {"01", "79"} | {province for law in (old, new) for province, _ in law.local_support}
        for province in sorted(provinces):
            for category in sorted(set(old.support_rates) | set(new.support_rates)):
                for method, months in (("M1", None), ("M12", None), ("AHEAD", 24), ("AHEAD", 60)):
                    for income in sorted({*lowest, *INCOMES}):
                        yield QuoteRequest(income, method, months, Month.of(day), category, province, day)


def _amount(law: Law, choice: QuoteRequest) -> tuple[int | None, str | None]:
    try:
        return quote(choice, law).amount_participant, None
    except DomainError as refused:
        return None, refused.code
