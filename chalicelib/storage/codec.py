"""Plain values to DynamoDB attribute values and back: text, whole numbers, truth, nothing, lists, maps.

The documents among the attributes are packed (`packing`); whoever reads an item gets their text, packed or not.

Written here because boto3's serializer turns numbers into Decimal (the house has integers only), and
costs as much CPU as the rest of a small write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, Union

from .compact import COMPACT
from .packing import packed, packed_shared, unpacked

Value: TypeAlias = Union[str, int, bool, Sequence["Value"], Mapping[str, "Value"], None]  # noqa: UP007 -- forward references
Item: TypeAlias = Mapping[str, Value]
Attributes: TypeAlias = dict[str, dict[str, object]]

DOCUMENTS: Final = frozenset({"account", "declaration", "due", "procedure", "quote", "step"})
"""The attributes that hold a pinned document, which nothing searches inside and no index projects. Not those of a
voucher's version, which stays within a kilobyte without it, nor of a kept answer, where it would save one unit once."""

_SHARED: Final = frozenset({"due", "procedure"})
"""Those of them that a day's dossiers have in common."""


def encode(value: Value) -> dict[str, object]:
    """One attribute value. Raises TypeError for a float: money and months are whole."""
    if isinstance(value, str):
        return {"S": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: encode(inner) for name, inner in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [encode(inner) for inner in value]}
    raise TypeError(f"{type(value).__name__} is not stored")


def encode_named(name: str, value: Value) -> dict[str, object]:
    """One attribute of an item, packed where it is a document."""
    if type(value) is str:
        if not COMPACT or name not in DOCUMENTS:
            return {"S": value}
        short = packed_shared(value) if name in _SHARED else packed(value)
        return {"S": value} if short is None else {"B": short}
    return {"N": str(value)} if type(value) is int else encode(value)


def encode_item(item: Item) -> Attributes:
    # Most attributes are short texts: those without a call of their own.
    return {
        name: {"S": value} if type(value) is str and name not in DOCUMENTS else encode_named(name, value)
        for name, value in item.items()
    }


def decode(attribute: Mapping[str, object]) -> Value:
    """The plain value of one attribute value as DynamoDB answers it."""
    ((kind, value),) = attribute.items()
    if kind == "S" and isinstance(value, str):
        return value
    match kind, value:
        case "N", str():
            return int(value)
        case "B", str() | bytes():
            return unpacked(value)
        case "BOOL", bool():
            return value
        case "NULL", _:
            return None
        case "M", Mapping():
            return {name: decode(inner) for name, inner in value.items()}
        case "L", Sequence():
            return [decode(inner) for inner in value]
    raise TypeError(f"attribute kind {kind} is not stored here")


def decode_item(attributes: Mapping[str, Mapping[str, object]]) -> dict[str, Value]:
    return {name: decode(attribute) for name, attribute in attributes.items()}
