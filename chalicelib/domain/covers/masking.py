"""What a stranger may see of a person: enough to compare with a paper in hand, too little to learn anything from."""

from __future__ import annotations

import unicodedata

HIDDEN = "***"


def masked_name(name: str) -> str:
    """The first letter of each word: `NGUYỄN THỊ HÒA` -> `N*** T*** H***`. The lengths are hidden as well."""
    return " ".join(_first_letter(word) + HIDDEN for word in name.split())


def masked_number(number: str) -> str:
    """The first two and the last three characters: `7912345678` -> `79*****678`. Shorter ones are hidden whole."""
    if len(number) < 8:
        return "*" * len(number)
    return number[:2] + "*" * (len(number) - 5) + number[-3:]


def _first_letter(word: str) -> str:
    """With the marks that Unicode writes behind it."""
    end = 1
    while end < len(word) and unicodedata.combining(word[end]):
        end += 1
    return word[:end]
