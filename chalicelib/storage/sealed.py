"""Values of the table that are encrypted by themselves: how they look, and what may be done with them unopened.

A sealed value is `~<data key>.<base64>`. It is bound to its owner, the partition of what it belongs to, and to the
name of its field: in another place it does not open. Whoever does not need the value carries it unopened; to compare
or to show it so is an error of the program, and raises.
"""

from __future__ import annotations

from typing import NoReturn, Protocol

MARK = "~"
"""No personal id and no telephone number begins so."""


class SealBroken(Exception):
    """A sealed value does not open: forged, moved from another item, or of a data key that is gone.

    The text names item and field, never the value.
    """

    def __init__(self, owner: str, field: str) -> None:
        super().__init__(f"the sealed {field} of {owner} does not open")
        self.owner, self.field = owner, field


class Sealed(str):
    """A value as it stands in the table, unopened."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sealed):
            return str.__eq__(self, other)
        return self._unopened()

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __str__(self) -> str:
        return self._unopened()

    def __format__(self, spec: str) -> str:
        return self._unopened()

    def _unopened(self) -> NoReturn:
        raise TypeError("a sealed value is compared or shown before it is opened")

    @property
    def stored(self) -> str:
        """The text that stands in the table."""
        return str.__str__(self)


class Unsealed(str):
    """A value that stands in the table in plain form: of a version, or a setting, that did not seal."""

    __slots__ = ()

    @property
    def stored(self) -> str:
        """The text that stands in the table."""
        return str.__str__(self)


class Seals(Protocol):
    """What seals and opens values."""

    def seal(self, owner: str, field: str, value: str) -> str:
        """The text to store."""

    def open(self, owner: str, field: str, stored: str) -> str:
        """The value of a sealed text. Raises `SealBroken`."""


def as_stored(text: str) -> Sealed | Unsealed:
    """A text of the table, for whoever carries it or opens it."""
    return Sealed(text) if text.startswith(MARK) else Unsealed(text)


def to_store(owner: str, field: str, value: str, seals: Seals | None) -> str:
    """The text to write for a value: what was carried unopened stays as it was, anything else is sealed now.

    Without `seals` (a function that has no right to the key) a value can only be carried. Raises TypeError for a new
    one.
    """
    if isinstance(value, Sealed):
        return value.stored
    if seals is not None:
        return seals.seal(owner, field, value)
    if isinstance(value, Unsealed):
        return value.stored
    raise TypeError(f"a new {field} is to be written by a function that does not seal")


def opened(owner: str, field: str, value: str, seals: Seals) -> str:
    """The value itself, whether it was carried sealed or plain. Raises `SealBroken`."""
    if isinstance(value, Sealed):
        return seals.open(owner, field, value.stored)
    return value.stored if isinstance(value, Unsealed) else value
