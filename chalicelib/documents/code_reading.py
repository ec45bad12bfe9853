"""Reads the verification code out of a cover's page: the drawn squares themselves, no picture and no camera.

The drawing is exact, so the error correction of ISO/IEC 18004 is not needed: what the squares say is what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

_STROKE = re.compile(rb"(?<![\d.])(\d+) (\d+)\.5 m (\d+) \2\.5 l")
"""A row's black stretch, as the template draws it: in whole modules, through the middle of the row."""
QUIET = 4
MEDIUM = 0
"""Level M of error correction, in the format's bits."""
_FORMAT_MASK = 0x5412
_ALIGNMENT = {8: (6, 24, 42), 9: (6, 26, 46), 10: (6, 28, 50)}
_BLOCKS = {8: (38, 38, 39, 39), 9: (36, 36, 36, 37, 37), 10: (43, 43, 43, 43, 44)}
"""Data codewords of each block at level M, by version: the versions that a cover's code may have."""
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda row, column: (row + column) % 2,
    lambda row, _: row % 2,
    lambda _, column: column % 3,
    lambda row, column: (row + column) % 3,
    lambda row, column: (row // 2 + column // 3) % 2,
    lambda row, column: row * column % 2 + row * column % 3,
    lambda row, column: (row * column % 2 + row * column % 3) % 2,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2,
)
"""A module is turned over where its mask gives 0."""

Matrix = Sequence[Sequence[bool]]


class NoCodeError(Exception):
    """The page has no code that can be read; the message says why."""


def drawn_code(content: bytes) -> Matrix:
    """The modules of the code that a page's content stream draws. Raises NoCodeError."""
    strokes = [(int(row) - QUIET, int(start) - QUIET, int(end) - QUIET) for start, row, end in _STROKE.findall(content)]
    size = 1 + max((row for row, _, _ in strokes), default=-1)
    if size - 17 not in {4 * version for version in _ALIGNMENT}:
        raise NoCodeError("no drawn code of a known size")
    modules = [[False] * size for _ in range(size)]
    for row, start, end in strokes:
        if row < 0 or start < 0 or not start < end <= size:
            raise NoCodeError("a stroke outside the code")
        modules[row][start:end] = [True] * (end - start)
    return modules


def read_code(modules: Matrix) -> str:
    """The text of a code of version 8 to 10, level M. Raises NoCodeError."""
    version = (len(modules) - 17) // 4
    level, mask = _format(modules)
    if level != MEDIUM:
        raise NoCodeError("not of level M")
    words = list(_codewords(modules, version, mask))
    return _text(_data(words, _BLOCKS[version]), version)


def _format(modules: Matrix) -> tuple[int, int]:
    around = [modules[8][column] for column in (*range(6), 7, 8)] + [modules[row][8] for row in (7, *range(5, -1, -1))]
    bits = _number(around) ^ _FORMAT_MASK
    return bits >> 13, bits >> 10 & 7


def _codewords(modules: Matrix, version: int, mask: int) -> Iterator[int]:
    """All codewords in the order of the standard's walk."""
    turned = _MASKS[mask]
    bits = [modules[row][column] ^ (turned(row, column) == 0) for row, column in _walk(version)]
    for start in range(0, len(bits) - 7, 8):
        yield _number(bits[start : start + 8])


@lru_cache(maxsize=len(_BLOCKS))
def _walk(version: int) -> Sequence[tuple[int, int]]:
    """The modules that hold data: two columns at a time, up and down, from the right."""
    size = 17 + 4 * version
    rows = range(size - 1, -1, -1)
    found: list[tuple[int, int]] = []
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        pairs = ((row, column) for row in rows for column in (right, right - 1))
        found += [(row, column) for row, column in pairs if not _is_pattern(row, column, version)]
        rows = rows[::-1]
    return tuple(found)


def _is_pattern(row: int, column: int, version: int) -> bool:
    """Whether a module belongs to what every code of the version has, and not to its data."""
    far = 17 + 4 * version - 8
    corner = (row <= 8 and (column <= 8 or column >= far)) or (row >= far and column <= 8)
    told = (row < 6 and far - 3 <= column < far) or (column < 6 and far - 3 <= row < far)
    return corner or told or row == 6 or column == 6 or _is_aligning(row, column, version)


def _is_aligning(row: int, column: int, version: int) -> bool:
    centres = _ALIGNMENT[version]
    first, last = centres[0], centres[-1]
    near = [(y, x) for y in centres for x in centres if abs(row - y) <= 2 and abs(column - x) <= 2]
    return any(centre not in {(first, first), (first, last), (last, first)} for centre in near)


def _data(words: Sequence[int], blocks: Sequence[int]) -> bytes:
    """The data codewords, which are dealt out to the blocks one by one, in the blocks' order."""
    dealt: list[list[int]] = [[] for _ in blocks]
    source = iter(words)
    for place in range(max(blocks)):
        for block, length in zip(dealt, blocks, strict=True):
            if place < length:
                block.append(next(source))
    return bytes(word for block in dealt for word in block)


def _text(data: bytes, version: int) -> str:
    bits = [bool(byte >> place & 1) for byte in data for place in range(7, -1, -1)]
    position = 0

    def take(count: int) -> int:
        nonlocal position
        if position + count > len(bits):
            raise NoCodeError("the code ends within its text")
        position += count
        return _number(bits[position - count : position])

    text = ""
    while len(bits) - position >= 4 and (mode := take(4)) != 0:
        if mode == 2:
            count = take(9 if version < 10 else 11)
            for _ in range(count // 2):
                first, second = divmod(take(11), 45)
                text += _ALPHANUMERIC[first] + _ALPHANUMERIC[second]
            text += _ALPHANUMERIC[take(6)] if count % 2 else ""
        elif mode == 4:
            count = take(8 if version < 10 else 16)
            text += bytes(take(8) for _ in range(count)).decode("latin-1")
        else:
            raise NoCodeError("text in a mode that a cover's code does not use")
    return text


def _number(bits: Sequence[bool]) -> int:
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value
