"""Reading and writing single attributes: wrong kinds are an error, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from ...domain.months import Month, MonthSpan
from ...domain.registration.declaration import BirthDate
from ..codec import Item, Value


def text(item: Mapping[str, Value], name: str) -> str:
    value = item[name]
    if not isinstance(value, str):
        raise TypeError(f"attribute {name} holds no text")
    return value


def number(item: Mapping[str, Value], name: str) -> int:
    value = item[name]
    if not isinstance(value, int):
        raise TypeError(f"attribute {name} holds no number")
    return value


def maybe(item: Mapping[str, Value], name: str) -> str | None:
    return None if item.get(name) is None else text(item, name)


def instant(item: Mapping[str, Value], name: str) -> datetime | None:
    text = maybe(item, name)
    return None if text is None else datetime.fromisoformat(text)


def present(item: Item) -> dict[str, Value]:
    """The item without its empty attributes."""
    return {name: value for name, value in item.items() if value is not None}


def dump(document: object) -> str:
    """Compact JSON text."""
    return to_json(document).decode()


def read(document: str) -> Any:
    """What a document says (untyped: it is what one of ours wrote)."""
    return from_json(document, cache_strings="keys")


def birth_date(text: str) -> BirthDate:
    """`1985-05-12`, `1985-05` or `1985` as stored."""
    return BirthDate(*(int(part) for part in text.split("-")))


def span_text(span: MonthSpan) -> str:
    """`2023-02/2023-04` as stored."""
    return f"{span.first}/{span.last}"


def span_from(text: str) -> MonthSpan:
    first, _, last = text.partition("/")
    return MonthSpan(Month.parse(first), Month.parse(last))
