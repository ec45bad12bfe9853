"""Query strings, read as strictly as bodies: unknown names and bad values are faults, all told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.errors import Fault, Rejected

from .wire.base import MESSAGES, UNKNOWN_FIELD, join, read_day

_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,512}", re.ASCII)

_VISIBLE = re.compile(r"[!-~]{1,128}", re.ASCII)

MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 50


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: how it is read (ValueError for a bad value), its JSON Schema, and what it is when absent."""

    name: str
    read: Callable[[str], Any]
    schema: Mapping[str, Any]
    description: str
    default: Any = None


def read_query(query: Mapping[str, list[str]], parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Every parameter by name, its default where it is absent.

    Raises:
        Rejected: UNKNOWN_FIELD for a name that the call does not know, INVALID_VALUE for a bad or repeated value.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for parameter in parameters:
        given = query.get(parameter.name, [])
        try:
            values[parameter.name] = _only(given, parameter)
        except ValueError:
            faults.append(Fault(parameter.name, "INVALID_VALUE", MESSAGES["INVALID_VALUE"]))
    unknown = query.keys() - {parameter.name for parameter in parameters}
    faults += [Fault(join(name), UNKNOWN_FIELD, "Tham số này không có trong hợp đồng.") for name in sorted(unknown)]
    if faults:
        raise Rejected(faults)
    return values


def _only(given: list[str], parameter: Parameter) -> Any:
    if len(given) > 1:
        raise ValueError("given more than once")
    return parameter.read(given[0]) if given else parameter.default


def choice(name: str, values: type[StrEnum], description: str, default: StrEnum | None = None) -> Parameter:
    schema: dict[str, Any] = {"type": "string", "enum": [value.value for value in values]}
    return Parameter(name, values, schema | ({"default": default.value} if default else {}), description, default)


def flag(name: str, description: str) -> Parameter:
    return Parameter(name, _flag, {"type": "boolean"}, description)


def day(name: str, description: str) -> Parameter:
    return Parameter(name, read_day, {"type": "string", "format": "date"}, description)


def province(name: str, description: str) -> Parameter:
    return Parameter(name, _province, {"type": "string", "pattern": "^[0-9]{2}$"}, description)


def visible(name: str, description: str) -> Parameter:
    """A name of 1 to 128 visible ASCII characters."""
    return Parameter(name, _visible, {"type": "string", "pattern": "^[!-~]{1,128}$"}, description)


def limit(default: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
    return Parameter("limit", _limit, schema, "Số dòng mỗi trang, nhiều nhất 100.", default)


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("true or false")
    return text == "true"


def _province(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isdigit()):
        raise ValueError("a province code has two digits")
    return text


def _visible(text: str) -> str:
    if _VISIBLE.fullmatch(text) is None:
        raise ValueError("1 to 128 visible characters")
    return text


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise ValueError("1..100")
    return int(text)


def _cursor(text: str) -> str:
    if _CURSOR.fullmatch(text) is None:
        raise ValueError("not a cursor of ours")
    return text


CURSOR: Final = Parameter(
    "cursor",
    _cursor,
    {"type": "string", "maxLength": 512, "pattern": "^[A-Za-z0-9_-]{1,512}$"},
    "Giá trị next_cursor của trang trước.",
)
