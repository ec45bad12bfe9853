"""Every stored number under the newest data key: what stands in plain form is sealed, what an older key sealed anew.

For `make reencrypt`. Each item is one conditional write over what was read, beside the running system; nothing else of
the item moves, neither its version nor its trail. It may be stopped anywhere and begun again: what is done is passed
over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ...storage import keys
from ...storage.codec import Value, decode_item, encode_named
from ...storage.field_keys import FieldKeys
from ...storage.items.dossiers import SEALED
from ...storage.items.fields import dump, text
from ...storage.items.vouchers import FINGERPRINT
from ...storage.sealed import SealBroken, Sealed, as_stored, opened
from ...storage.table import Stored
from ...wiring import Wiring

ATTRIBUTES = ("PK", "SK", "declaration", "document", "sealed", "personal_id", "data", "fingerprint", "fingerprints")
ROUNDS = 5


class Form(StrEnum):
    """How a value stands in the table."""

    PLAIN = "PLAIN"
    OLDER_KEY = "OLDER_KEY"
    CURRENT = "CURRENT"


@dataclass(slots=True)
class Found:
    """What a walk has seen. Not frozen: it counts."""

    items: int = 0
    values: dict[Form, int] = field(default_factory=lambda: dict.fromkeys(Form, 0))
    written: int = 0
    moved: int = 0
    """Items that somebody else wrote again and again meanwhile; the next walk finds them."""
    broken: list[str] = field(default_factory=list)
    """Item and field of each value that does not open."""

    @property
    def left(self) -> int:
        return self.values[Form.PLAIN] + self.values[Form.OLDER_KEY]


def reencrypt(w: Wiring, *, write: bool) -> Found:
    """Walk through the whole table. AP112.

    Raises `Unavailable` where the field key can't be used: begin again.
    """
    found = Found()
    for page in _pages(w):
        for item in page:
            found.items += 1
            _one(item, found, w, write=write)
    return found


def _pages(w: Wiring) -> Iterator[list[dict[str, Any]]]:
    names = {f"#{index}": name for index, name in enumerate(ATTRIBUTES)}
    holds = " OR ".join(f"attribute_exists(#{index})" for index in range(2, len(ATTRIBUTES)))
    arguments: dict[str, Any] = {
        "TableName": w.table.name,
        "FilterExpression": holds,
        "ProjectionExpression": ", ".join(names),
        "ExpressionAttributeNames": names,
        "ConsistentRead": True,
    }
    while True:
        page = w.table.client.scan(**arguments)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        arguments = {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}


def _one(raw: Mapping[str, Any], found: Found, w: Wiring, *, write: bool) -> None:
    for attempt in range(ROUNDS):
        item = decode_item(raw)
        values = list(_values(item))
        if attempt == 0:
            for value in values:
                found.values[_form(value.stored, w.fields)] += 1
        old = [value for value in values if _form(value.stored, w.fields) is not Form.CURRENT]
        if not old or not write:
            return
        try:
            changes = _changes(item, old, w.fields)
        except SealBroken as broken:
            found.broken.append(f"{broken.owner}: {broken.field}")
            return
        if _write(raw, changes, w):
            found.written += 1
            return
        answer = w.table.client.get_item(TableName=w.table.name, Key=_key(raw), ConsistentRead=True)
        if "Item" not in answer:
            return
        raw = answer["Item"]
    found.moved += 1


@dataclass(frozen=True, slots=True)
class _Value:
    """One sealed place of an item."""

    attribute: str
    owner: str
    field: str
    stored: str
    within: str | None = None
    """The field of the JSON text, or of the map, that the attribute holds; None where it is the attribute itself."""


def _values(item: Stored) -> Iterator[_Value]:
    """What `docs/data-model.md` lists as sealed."""
    partition, sort_key = text(item, "PK"), text(item, "SK")
    if "declaration" in item:
        declared = json.loads(text(item, "declaration"))
        for name in SEALED:
            yield _Value("declaration", partition, name, declared[name], name)
    elif partition.startswith(keys.quarantine_partition("")):
        attribute = "sealed" if "sealed" in item else "document"
        if attribute in item:
            yield _Value(attribute, partition, "document", text(item, attribute))
    elif "document" in item or "fingerprints" in item:
        yield from _values_of_voucher(item)
    elif "personal_id" in item and keys.is_cover(sort_key):
        yield _Value("personal_id", partition, "personal_id", text(item, "personal_id"))
    elif "data" in item and sort_key.endswith(keys.PROOF):
        yield _Value("data", partition, "data", text(item, "data"))


def _values_of_voucher(item: Stored) -> Iterator[_Value]:
    """Of a head, of a version, or of one that waits."""
    if "document" in item:
        told = json.loads(text(item, "document"))
        owner = keys.voucher_partition(told["voucher_id"])
        for name in ("personal_id", FINGERPRINT):
            if told[name] is not None:
                yield _Value("document", owner, name, told[name], name)
        if FINGERPRINT in item:
            # The version before kept it beside the document as well.
            yield _Value(FINGERPRINT, owner, FINGERPRINT, text(item, FINGERPRINT))
    marks, owner = item.get("fingerprints"), text(item, "PK")
    if isinstance(marks, Mapping) and owner.startswith(keys.VOUCHER):
        for version, mark in marks.items():
            yield _Value("fingerprints", owner, FINGERPRINT, str(mark), version)


def _form(stored: str, fields: FieldKeys) -> Form:
    if not isinstance(as_stored(stored), Sealed):
        return Form.PLAIN
    return Form.CURRENT if fields.is_current(stored) else Form.OLDER_KEY


def _changes(item: Stored, old: list[_Value], fields: FieldKeys) -> dict[str, Value]:
    """The attributes as they shall be; None removes one. Raises `SealBroken`."""
    changes: dict[str, Value] = {}
    for value in old:
        plain = opened(value.owner, value.field, as_stored(value.stored), fields)
        anew = fields.seal(value.owner, value.field, plain)
        stands = changes.get(value.attribute, item[value.attribute])
        if value.within is not None and isinstance(stands, str):
            changes[value.attribute] = dump({**json.loads(stands), value.within: anew})
        elif value.within is not None and isinstance(stands, Mapping):
            changes[value.attribute] = {**stands, value.within: anew}
        elif value.attribute == "document":
            changes |= {"sealed": anew, "document": None}
        else:
            changes[value.attribute] = anew
    return changes


def _write(raw: Mapping[str, Any], changes: Mapping[str, Value], w: Wiring) -> bool:
    """Over what was read; False where that is no more."""
    from botocore.exceptions import ClientError

    names = {f"#{name}": name for name in changes}
    before = {f":was_{name}": raw[name] for name in changes if name in raw}
    after = {f":{name}": encode_named(name, value) for name, value in changes.items() if value is not None}
    guards = [f"#{name} = :was_{name}" if name in raw else f"attribute_not_exists(#{name})" for name in changes]
    removed = [f"#{name}" for name, value in changes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in changes if changes[name] is not None)
    try:
        w.table.client.update_item(
            TableName=w.table.name,
            Key=_key(raw),
            UpdateExpression=expression + (" REMOVE " + ", ".join(removed) if removed else ""),
            ConditionExpression=" AND ".join(guards),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={**before, **after},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _key(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {"PK": raw["PK"], "SK": raw["SK"]}
