"""How figures are written: the one place where a number becomes text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
LAKH = 100_000


def count(number: int) -> str:
    """Write a whole number with thousands separators."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun, which gets its plural from `noun`: student, company."""
    if number == 1:
        return f"1 {noun}"
    return f"{count(number)} {noun[:-1]}ies" if noun.endswith("y") else f"{count(number)} {noun}s"


def rate(part: int, whole: int) -> Decimal:
    """Return a share in percent with one decimal."""
    return _tenth(Decimal(100 * part) / whole)


def lakh(rupees: Decimal) -> Decimal:
    """Return an amount in lakh with one decimal."""
    return _tenth(rupees / LAKH)


def in_lakh(amount: Decimal) -> str:
    """Write an amount that is in lakh already."""
    return f"₹{amount:,} lakh"


def _tenth(number: Decimal) -> Decimal:
    return number.quantize(TENTH, ROUND_HALF_UP)
