"""Reading a form: every fault is kept, none hides another, and what the door could not read is not asked for again."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from .errors import Fault

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)


class Form:
    """The faults of one form so far.

    `unreadable` are the JSON paths that were faulted before: neither they nor an object that holds one of them
    count as missing.
    """

    __slots__ = ("_unreadable", "faults")

    def __init__(self, unreadable: frozenset[str]) -> None:
        self._unreadable = unreadable
        self.faults: list[Fault] = []

    def fault(self, field: str, code: str, message: str) -> None:
        self.faults.append(Fault(field, code, message))

    def add(self, faults: list[Fault]) -> bool:
        """Keep these faults; True if there are none."""
        self.faults += faults
        return not faults

    def unread(self, field: str) -> bool:
        """Whether this field, what holds it, or a part of it was faulted before."""
        return any(
            field == path or field.startswith((f"{path}.", f"{path}[")) or path.startswith((f"{field}.", f"{field}["))
            for path in self._unreadable
        )

    def required(self, field: str, value: T | None) -> T | None:
        """The value; None with the fault REQUIRED if nothing was given."""
        if value is None and not self.unread(field):
            self.fault(field, "REQUIRED", "Thiếu trường bắt buộc này.")
        return value

    def choice(self, field: str, value: str | None, choices: type[Choice]) -> Choice | None:
        """One of the values of an enumeration; None with REQUIRED or VALUE_UNKNOWN."""
        if self.required(field, value) is None:
            return None
        for choice in choices:
            if choice == value:
                return choice
        self.fault(field, "VALUE_UNKNOWN", f"Giá trị phải là một trong: {', '.join(choices)}.")
        return None

    def text(self, field: str, value: str | None, longest: int) -> str | None:
        """A free text without control characters, None if empty; TEXT_INVALID otherwise."""
        if value is None:
            return None
        stripped = value.strip()
        if len(stripped) > longest or not stripped.isprintable():
            self.fault(field, "TEXT_INVALID", f"Nội dung dài quá {longest} ký tự hoặc có ký tự không hợp lệ.")
            return None
        return stripped or None
