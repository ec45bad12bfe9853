"""What the verification of a cover shows of a person."""

from __future__ import annotations

import pytest

from chalicelib.domain.covers.masking import masked_name, masked_number


@pytest.mark.parametrize(
    ("name", "shown"),
    (
        ("NGUYỄN THỊ HÒA", "N*** T*** H***"),
        ("ĐẶNG Ẩ", "Đ*** Ẩ***"),
        ("Ơ̆ BƯ̆N", "Ơ̆*** B***"),
        ("LÊ", "L***"),
        ("", ""),
    ),
)
def test_a_name_shows_its_initials_only(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"), (("7912345678", "79*****678"), ("079185012345", "07*******345"), ("1234567", "*******"))
)
def test_a_number_shows_its_ends_only(number: str, shown: str) -> None:
    assert masked_number(number) == shown
