"""Money is a whole number of đồng: the one rounding, and how amounts are written for people."""

from __future__ import annotations


def round_half_up(numerator: int, denominator: int) -> int:
    """The quotient of two whole numbers, not negative, rounded half-up to 1 đồng (domain rule 0.2)."""
    return (2 * numerator + denominator) // (2 * denominator)


def dotted(amount: int) -> str:
    """An amount the Vietnamese way: `1.500.000`."""
    return f"{amount:,}".replace(",", ".")
