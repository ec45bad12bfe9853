"""Strict reading of a request body: every fault of its form at once, and what is sound passed on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.domain.errors import Fault, Rejected
from chalicelib.domain.months import Month
from chalicelib.domain.people.identity import BirthDate
from chalicelib.domain.registration.identifiers import parse_birth_date


class Wire(BaseModel):
    """Where untrusted data enters: no unknown fields, no conversions.

    Schemas are built on first use: an import of all models must not cost a cold start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True, hide_input_in_errors=True)


class Nothing(Wire):
    """Không có trường nào: thân yêu cầu để trống hoặc là {}."""


M = TypeVar("M", bound=Wire)

PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control characters; anything else is judged by the domain."""


def _reader(kind: str, read: Any, schema: dict[str, Any]) -> tuple[PlainValidator, WithJsonSchema]:
    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError("invalid_type", "not a string")
        try:
            return read(value)
        except (ValueError, OverflowError):
            raise PydanticCustomError("invalid_value", "not written as {kind}", {"kind": kind}) from None

    return PlainValidator(validate, json_schema_input_type=str), WithJsonSchema({"type": "string", **schema})


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"(19|2\d)\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def read_day(text: str) -> date:
    """Read `2023-02-06`; anything else is a ValueError."""
    if _DAY.fullmatch(text) is None:
        raise ValueError("a date is written yyyy-MM-dd")
    return date.fromisoformat(text)


def read_instant(text: str) -> datetime:
    """Read RFC 3339 with an offset, years 1900-2999; anything else is a ValueError."""
    if _INSTANT.fullmatch(text) is None:
        raise ValueError("an instant is written as RFC 3339 with its offset")
    return datetime.fromisoformat(text)


def _read_birth_date(text: str) -> BirthDate:
    birth = parse_birth_date(text, date.max)
    if birth is None:
        raise ValueError("a birth date is written yyyy-MM-dd, yyyy-MM or yyyy")
    return birth


_month_validator, _month_schema = _reader(
    "a month", Month.parse, {"pattern": r"^\d{4}-(0[1-9]|1[0-2])$", "examples": ["2023-02"]}
)
_day_validator, _day_schema = _reader("a date", read_day, {"format": "date"})
_instant_validator, _instant_schema = _reader("an instant", read_instant, {"format": "date-time"})

_birth_validator, _birth_schema = _reader(
    "a birth date", _read_birth_date, {"pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$", "examples": ["1985-05-12"]}
)

WireMonth = Annotated[Month, _month_validator, _month_schema]
WireDay = Annotated[date, _day_validator, _day_schema]
WireBirthDate = Annotated[BirthDate, _birth_validator, _birth_schema]
WireInstant = Annotated[datetime, _instant_validator, _instant_schema]


def short_text(longest: int) -> Any:
    """A printable string of 1..`longest` characters."""
    return Field(min_length=1, max_length=longest, pattern=PRINTABLE)


UNKNOWN_FIELD: Final = "UNKNOWN_FIELD"

MESSAGES: Final[Mapping[str, str]] = {
    UNKNOWN_FIELD: "Trường này không có trong hợp đồng dữ liệu.",
    "REQUIRED": "Thiếu trường bắt buộc này.",
    "INVALID_TYPE": "Sai kiểu dữ liệu.",
    "INVALID_VALUE": "Giá trị không hợp lệ.",
    "TOO_LONG": "Dài quá mức cho phép.",
}

_CODES: Final[Mapping[str, str]] = {
    "extra_forbidden": UNKNOWN_FIELD,
    "missing": "REQUIRED",
    "string_too_long": "TOO_LONG",
    "too_long": "TOO_LONG",
}

MAX_UNKNOWN_FIELDS: Final = 100
"""So many unknown fields are named; a body can hold thousands, and an answer should not echo them all."""


@dataclass(frozen=True, slots=True)
class Read(Generic[M]):
    """A body after reading.

    `model` is there when the form has no fault (unknown fields aside). `sound` is the body without what was
    faulted, and `unreadable` names the faulted fields, so that the domain can still judge the rest.
    """

    model: M | None
    sound: Mapping[str, Any]
    faults: tuple[Fault, ...]

    @property
    def unreadable(self) -> frozenset[str]:
        return frozenset(fault.field for fault in self.faults if fault.code != UNKNOWN_FIELD)


def read(model: type[M], body: Mapping[str, Any], *, at: str = "") -> Read[M]:
    """Read one object against its model; `at` is the JSON path where it stands. Never raises."""
    try:
        return Read(model.model_validate(body), body, ())
    except ValidationError as error:
        faults = _faults(error, at)
    known = _without(body, frozenset(fault.field for fault in faults), at)
    only_unknown = all(fault.code == UNKNOWN_FIELD for fault in faults)
    sound = model.model_validate(known) if only_unknown else None
    return Read(sound, known, _as_told(faults))


def parse(model: type[M], body: Mapping[str, Any]) -> M:
    """The model of a body whose every fault is of its form. Raises `Rejected` with all of them."""
    done = read(model, body)
    if done.faults or done.model is None:
        raise Rejected(done.faults)
    return done.model


def _faults(error: ValidationError, at: str) -> tuple[Fault, ...]:
    return tuple(
        _fault(join(at, *each["loc"]), each["type"], each["input"])
        for each in error.errors(include_url=False, include_context=False)
    )


def _as_told(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Unknown fields last, and not all of them."""
    unknown = [fault for fault in faults if fault.code == UNKNOWN_FIELD]
    return tuple([fault for fault in faults if fault.code != UNKNOWN_FIELD] + unknown[:MAX_UNKNOWN_FIELDS])


def _fault(field: str, kind: str, value: Any) -> Fault:
    code = _CODES.get(kind)
    if code is None:
        code = "REQUIRED" if value is None else "INVALID_TYPE" if _is_type_fault(kind, value) else "INVALID_VALUE"
    return Fault(field, code, MESSAGES[code])


def _is_type_fault(kind: str, value: Any) -> bool:
    if kind == "literal_error":
        return not isinstance(value, str)
    return kind.endswith("_type") or kind.startswith("int_")


def join(*parts: str | int) -> str:
    """A JSON path: `permanent_address.province_code`, `[2].personal_id`, `purposes[0]`."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part:
            name = "".join(letter if letter.isprintable() else "\ufffd" for letter in part[:64])
            path += f".{name}" if path else name
    return path


def _without(value: Any, faulted: frozenset[str], at: str) -> Any:
    """The same value without the members that were faulted."""
    if isinstance(value, dict):
        members = ((name, join(at, name), member) for name, member in value.items())
        return {name: _without(member, faulted, path) for name, path, member in members if path not in faulted}
    if isinstance(value, list):
        # What is wrong in a list is a member of one of its objects; an item of its own keeps its place.
        return [_without(item, faulted, join(at, number)) for number, item in enumerate(value)]
    return value
