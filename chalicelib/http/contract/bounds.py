"""Says of every value in the OpenAPI document how large it may get, where its model does not say it more narrowly.

The limits are the ones that hold anyway: a body ends at 64 KiB, and no JSON reader is sure of an integer beyond 2^53.
"""

from __future__ import annotations

from typing import Any, Final

LONGEST_TEXT: Final = 64 * 1024
"""Characters, and items of a list: more never fits into a body."""

LONGEST_PARAMETER: Final = 1024
"""Characters of a header, a part of a path or a value of the query; no single one is read that is longer."""

LARGEST_INTEGER: Final = 2**53 - 1
"""RFC 8259, 6: integers up to here are understood alike by everybody."""

_LENGTHS: Final = {"date": 10, "date-time": 40, "uri": 2048}
_DATA: Final = frozenset({"example", "examples", "default", "const", "enum"})
"""Members of a schema that are values, not schemas."""


def bounded(value: Any, longest: int = LONGEST_TEXT) -> Any:
    """The same part of a document with limits in each of its schemas; texts have at most `longest` characters."""
    if isinstance(value, list):
        return [bounded(each, longest) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: inner if name in _DATA else bounded(inner, longest) for name, inner in value.items()}
    match made.get("type"):
        case "string" if not made.keys() & {"maxLength", "enum", "const"}:
            made["maxLength"] = _LENGTHS.get(made.get("format", ""), longest)
        case "integer":
            made.setdefault("format", "int64")
            if not made.keys() & {"minimum", "exclusiveMinimum", "const", "enum"}:
                made["minimum"] = -LARGEST_INTEGER
            if not made.keys() & {"maximum", "exclusiveMaximum", "const", "enum"}:
                made["maximum"] = LARGEST_INTEGER
        case "array":
            made.setdefault("maxItems", LONGEST_TEXT)
    return made
