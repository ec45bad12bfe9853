"""Formula T1 in exact fractions, and money."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.amounts.interest import (
    compounded,
    future_value,
    greater,
    less,
    lesser,
    monthly_rate,
    plus,
    present_value,
    rate_millionths,
)
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


@settings(max_examples=60, deadline=None)
@given(monthly=st.integers(0, 20_000_000), months=st.integers(0, 120), millionths=st.integers(0, 20_000))
def test_missing_months_are_the_sum_of_the_formula(monthly: int, months: int, millionths: int) -> None:
    rate = f"{millionths // 10_000}.{millionths % 10_000:04d}"

    numerator, denominator = future_value((monthly, 1), months, rate)

    with localcontext(prec=60):
        grown = 1 + Decimal(millionths) / 1_000_000
        expected = sum((Decimal(monthly) * grown**i for i in range(1, months + 1)), Decimal(0))
        assert abs(Decimal(numerator) / Decimal(denominator) - expected) < Decimal("1e-30")


@settings(max_examples=60, deadline=None)
@given(monthly=st.integers(1, 20_000_000), months=st.integers(2, 120), millionths=st.integers(1, 20_000))
def test_paying_ahead_is_cheaper_and_paying_late_dearer_than_the_plain_sum(
    monthly: int, months: int, millionths: int
) -> None:
    rate = f"{millionths // 10_000}.{millionths % 10_000:04d}"
    ahead, ahead_unit = present_value((monthly, 1), months, rate, 1)
    missing, missing_unit = future_value((monthly, 1), months, rate)

    assert ahead < monthly * months * ahead_unit
    assert monthly * months * missing_unit < missing


@pytest.mark.parametrize(
    ("amount", "months", "total"),
    ((330_000, 1, 331_023), (660_000, 3, 666_157), (990_000, 2, 996_148), (3_960_000, 5, 4_021_762), (7, 0, 7)),
)
def test_late_amounts_of_domain_rule_3_5(amount: int, months: int, total: int) -> None:
    assert round_half_up(*compounded((amount, 1), months, "0.3100")) == total
    assert round_half_up(*compounded((amount * 10, 10), months, "0.3100")) == total


def test_golden_values_before_rounding() -> None:
    """G1 and G2 (A22), with the digits that domain rule 3.6 prints."""
    for monthly, months, rate, printed in (
        (2_156_000, 116, "0.4833", "335926545.9213"),
        (15_400, 105, "0.4833", "2110150.5646"),
        (2_640_000, 66, "0.6583", "218774491.43"),
    ):
        numerator, denominator = future_value((monthly, 1), months, rate)
        with localcontext(prec=40):
            exact = Decimal(numerator) / Decimal(denominator)
            assert exact.quantize(Decimal(printed)) == Decimal(printed)


def test_g1_needs_the_rounded_rate() -> None:
    with localcontext(prec=50):
        unrounded = 1 + Decimal("5.8") / 1200
        total = sum((2_156_000 * unrounded**i for i in range(1, 117)), Decimal(0))
    assert round(total) == 335_933_664
    assert monthly_rate("5.8") == "0.4833"


@pytest.mark.parametrize(
    ("yearly", "monthly"),
    (
        ("7.9", "0.6583"),
        ("5.8", "0.4833"),
        ("3.72", "0.3100"),
        ("4.36", "0.3633"),
        ("12", "1.0000"),
        ("0.0006", "0.0001"),
    ),
)
def test_a_yearly_rate_becomes_a_monthly_one_with_four_decimals(yearly: str, monthly: str) -> None:
    assert monthly_rate(yearly) == monthly


@pytest.mark.parametrize("text", ("", ".5", "5,8", "-1", "5.8.1", "a"))
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match=r"written like 5\.8"):
        monthly_rate(text)


FRACTIONS = st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**6))


@given(one=FRACTIONS, other=FRACTIONS)
def test_arithmetic_of_fractions(one: tuple[int, int], other: tuple[int, int]) -> None:
    first, second = Fraction(*one), Fraction(*other)

    assert Fraction(*plus(one, other)) == first + second
    assert Fraction(*less(one, other)) == first - second
    assert Fraction(*lesser(one, other)) == min(first, second)
    assert Fraction(*greater(one, other)) == max(first, second)


def test_of_equal_fractions_the_first_is_the_lesser_and_the_second_the_greater() -> None:
    assert lesser((1, 2), (2, 4)) == (1, 2)
    assert greater((1, 2), (2, 4)) == (2, 4)
    assert (plus((1, 2), (1, 3)), less((1, 2), (1, 3))) == ((5, 6), (1, 6))
    assert (lesser((1, 2), (1, 3)), greater((1, 2), (1, 3))) == ((1, 3), (1, 2))
