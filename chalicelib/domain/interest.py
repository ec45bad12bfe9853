"""Interest formulas in exact fractions: nothing is rounded before the total (domain rule 0.2)."""

from __future__ import annotations

_MILLION = 1_000_000
"""A monthly rate in percent has four decimals, so it is a whole number of millionths."""


def rate_millionths(rate: str) -> int:
    """A monthly rate such as `0.3100` (percent, four decimals) in millionths: 3100."""
    whole, _, decimals = rate.partition(".")
    return int(whole + decimals)


def present_value(monthly: tuple[int, int], months: int, rate: str, exponent_offset: int) -> tuple[int, int]:
    """T1: the sum of a monthly amount over months i = 1.., each divided by (1 + r)^(i - offset).

    `monthly` and the result are fractions (numerator, denominator) in VND; `rate` is in percent a month with four
    decimals; the offset is 1 (the first month is not discounted) or 0. Source: NĐ 159/2025/NĐ-CP Art. 6.
    """
    amount, unit = monthly
    grown = _MILLION + rate_millionths(rate)
    highest = max(months - exponent_offset, 0)
    term = _MILLION ** (1 - exponent_offset) * grown ** max(months - 1, 0)
    total = 0
    for _ in range(months):
        total += term
        term = term * _MILLION // grown
    return amount * total, unit * int(grown**highest)
