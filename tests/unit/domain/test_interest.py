"""Formula T1 in exact fractions, and money."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.interest import present_value, rate_millionths
from chalicelib.domain.money import dotted, round_half_up


@pytest.mark.parametrize(("rate", "millionths"), (("0.3100", 3_100), ("0.4833", 4_833), ("1.0000", 10_000)))
def test_rates_are_whole_millionths(rate: str, millionths: int) -> None:
    assert rate_millionths(rate) == millionths


@settings(max_examples=60, deadline=None)
@given(
    monthly=st.integers(0, 20_000_000),
    months=st.integers(0, 60),
    millionths=st.integers(0, 20_000),
    offset=st.sampled_from([0, 1]),
)
def test_the_fraction_is_the_sum_of_the_formula(monthly: int, months: int, millionths: int, offset: int) -> None:
    rate = f"{millionths // 10_000}.{millionths % 10_000:04d}"

    numerator, denominator = present_value((monthly, 1), months, rate, offset)

    with localcontext(prec=60):
        grown = 1 + Decimal(millionths) / 1_000_000
        expected = sum((Decimal(monthly) / grown ** (i - offset) for i in range(1, months + 1)), Decimal(0))
        assert abs(Decimal(numerator) / Decimal(denominator) - expected) < Decimal("1e-30")


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), ((0, 1, 0), (1, 2, 1), (49, 100, 0), (5, 2, 3), (3, 1, 3), (7, 3, 2))
)
def test_halves_are_rounded_up(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(0, 10**15), st.integers(1, 10**6))
def test_rounding_is_off_by_half_at_most(numerator: int, denominator: int) -> None:
    assert abs(2 * (round_half_up(numerator, denominator) * denominator - numerator)) <= denominator


@pytest.mark.parametrize(("amount", "text"), ((0, "0"), (999, "999"), (1_500_000, "1.500.000")))
def test_amounts_are_written_with_dots(amount: int, text: str) -> None:
    assert dotted(amount) == text
