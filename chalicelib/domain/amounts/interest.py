"""Interest formulas in exact fractions: nothing is rounded before the total (domain rule 0.2).

A fraction is (numerator, denominator), the denominator positive; amounts in VND, a rate in percent a month with four
decimals such as `0.3100`.
"""

from __future__ import annotations

from typing import TypeAlias

from ..money import round_half_up

Fraction: TypeAlias = tuple[int, int]

_MILLION = 1_000_000
"""A monthly rate in percent has four decimals, so it is a whole number of millionths."""


def rate_millionths(rate: str) -> int:
    """A monthly rate such as `0.3100` (percent, four decimals) in millionths: 3100."""
    whole, _, decimals = rate.partition(".")
    return int(whole + decimals)


def present_value(monthly: Fraction, months: int, rate: str, exponent_offset: int) -> Fraction:
    """T1: the sum of a monthly amount over months i = 1.., each divided by (1 + r)^(i - offset).

    The offset is 1 (the first month is not discounted) or 0. Source: NĐ 159/2025/NĐ-CP Art. 6.
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


def future_value(monthly: Fraction, months: int, rate: str) -> Fraction:
    """T2: the sum of a monthly amount over months i = 1.., each multiplied by (1 + r)^i.

    Source: NĐ 159/2025/NĐ-CP Art. 7; it reproduces the official calculation of 2020 to the đồng (golden test G1).
    """
    amount, unit = monthly
    grown = _MILLION + rate_millionths(rate)
    total, unit_power = 0, 1
    for _ in range(months):
        # Horner's rule: one month more is what there is and one month, all grown by a month.
        total = (total + unit_power) * grown
        unit_power *= _MILLION
    return amount * total, unit * unit_power


def compounded(amount: Fraction, months: int, rate: str) -> Fraction:
    """T3: an amount with compound interest for a number of months. Source: QĐ 595/QĐ-BHXH Đ.11."""
    grown = _MILLION + rate_millionths(rate)
    return amount[0] * int(grown**months), amount[1] * int(_MILLION**months)


def plus(one: Fraction, other: Fraction) -> Fraction:
    """The sum of two fractions."""
    return one[0] * other[1] + other[0] * one[1], one[1] * other[1]


def less(one: Fraction, other: Fraction) -> Fraction:
    """The difference of two fractions."""
    return one[0] * other[1] - other[0] * one[1], one[1] * other[1]


def lesser(one: Fraction, other: Fraction) -> Fraction:
    """The smaller of two fractions."""
    return one if one[0] * other[1] <= other[0] * one[1] else other


def greater(one: Fraction, other: Fraction) -> Fraction:
    """The greater of two fractions."""
    return other if one[0] * other[1] <= other[0] * one[1] else one


def monthly_rate(yearly: str) -> str:
    """The monthly rate in percent, four decimals, for a yearly one such as `5.8`: a twelfth, rounded half-up.

    The official calculation of 2020 uses the rounded rate (golden test G1). Raises ValueError for what is no rate.
    """
    whole, _, decimals = yearly.partition(".")
    if not (whole + decimals).isdecimal() or not whole:
        raise ValueError("a yearly rate is written like 5.8")
    ten_thousandths = round_half_up(int(whole + decimals) * 10_000, 12 * int(10 ** len(decimals)))
    return f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04d}"
