"""The small part of CBOR (RFC 8949) that tokens and keys need, in its deterministic form (4.2.1).

Integers, byte strings, texts, arrays, maps and tags; definite lengths, the shortest heads, map keys in order of their
bytes. What is written otherwise is refused, so that one value has one encoding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Value: TypeAlias = "int | bytes | str | Sequence[Value] | Mapping[int | str, Value] | Tagged"

_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under a tag, such as 18 for COSE_Sign1 (RFC 9052, 2)."""

    tag: int
    value: Value


def encode(value: Value) -> bytes:
    """The one encoding of a value. Raises TypeError for what is none of the kinds above."""
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case Tagged():
            return _head(6, value.tag) + encode(value.value)
        case Mapping():
            pairs = sorted((encode(key), encode(each)) for key, each in value.items())
            return _head(5, len(pairs)) + b"".join(key + each for key, each in pairs)
        case Sequence():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case _:
            raise TypeError(f"no CBOR for {type(value).__name__}")


def decode(content: bytes) -> Value:
    """The value of an encoding. Raises ValueError for anything but the one that `encode` makes."""
    try:
        value, end = _read(content, 0, 0)
    except (IndexError, TypeError, UnicodeDecodeError):
        raise ValueError("not CBOR") from None
    if end != len(content) or encode(value) != content:
        raise ValueError("not the one encoding of its value")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | extra]) + number.to_bytes(size)
    raise ValueError("too large a number")


def _read(content: bytes, at: int, depth: int) -> tuple[Value, int]:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    major, number = content[at] >> 5, content[at] & 31
    at += 1
    if number > 27:
        raise ValueError("no definite length")
    if number >= 24:
        size = 1 << number - 24
        number, at = int.from_bytes(_cut(content, at, size)), at + size
    if major >= 4:
        return _read_container(content, at, major, number, depth + 1)
    if major >= 2:
        part = _cut(content, at, number)
        return part if major == 2 else part.decode(), at + number
    return number if major == 0 else -1 - number, at


def _read_container(content: bytes, at: int, major: int, number: int, depth: int) -> tuple[Value, int]:
    if major == 4:
        items: list[Value] = []
        for _ in range(number):
            item, at = _read(content, at, depth)
            items.append(item)
        return items, at
    if major == 5:
        pairs: dict[int | str, Value] = {}
        for _ in range(number):
            key, at = _read(content, at, depth)
            if not isinstance(key, int | str):
                raise ValueError("a key is a number or a text here")
            pairs[key], at = _read(content, at, depth)
        return pairs, at
    if major == 6:
        value, at = _read(content, at, depth)
        return Tagged(number, value), at
    raise ValueError("a kind that is not used here")


def _cut(content: bytes, at: int, size: int) -> bytes:
    part = content[at : at + size]
    if len(part) != size:
        raise ValueError("cut off")
    return part
