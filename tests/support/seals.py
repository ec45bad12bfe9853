"""Field keys without a cloud: one data key of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.storage.codec import Value, encode_item
from chalicelib.storage.field_keys import FieldKeys
from chalicelib.storage.table import Stored
from tests.support.kms import Keys

KMS_KEY = "field-key"


@dataclass
class OnePartition:
    """As much of the table as field keys ask for; it has the client's part of a write as well."""

    name: str = "bhxh"
    items: dict[str, dict[str, Value]] = field(default_factory=dict)
    before_write: Callable[[], None] | None = None
    """Run once before the next write: somebody else is quicker."""

    @property
    def client(self) -> OnePartition:
        return self

    def query(self, partition: str) -> Iterator[Stored]:
        assert partition == "FIELDKEYS"
        for sort_key in sorted(self.items):
            yield {"PK": partition, "SK": sort_key, **self.items[sort_key]}

    def put_item(self, *, Item: dict[str, Any], ConditionExpression: str = "", **_: Any) -> None:  # noqa: N803
        from chalicelib.storage.codec import decode_item
        from tests.support.cloud import client_error

        hook, self.before_write = self.before_write, None
        if hook is not None:
            hook()
        item = decode_item(Item)
        sort_key, stands = str(item["SK"]), self.items.get(str(item["SK"]))
        if stands is not None and "attribute_not_exists" in ConditionExpression:
            found = encode_item({"SK": sort_key, **stands})
            raise client_error("ConditionalCheckFailedException", "PutItem", Item=found)
        self.items[sort_key] = {name: value for name, value in item.items() if name not in ("PK", "SK")}


def field_keys(
    kms: Keys | None = None,
    *,
    table: OnePartition | None = None,
    kms_key: str = KMS_KEY,
    seals: bool = True,
    told: list[tuple[str, dict[str, str]]] | None = None,
) -> FieldKeys:
    """Field keys over a KMS and a table of this process."""
    place: Any = table or OnePartition()
    client = kms or Keys()
    heard = told if told is not None else []
    return FieldKeys(
        place,
        client=lambda: client,
        kms_key=kms_key,
        seconds=300,
        seals=seals,
        now=lambda: datetime(2023, 2, 6, tzinfo=UTC),
        tell=lambda code, facts: heard.append((code, dict(facts))),
    )
