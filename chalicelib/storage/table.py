"""The one table: reads in batches and by partition, each decoded to plain values."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..domain.errors import storage_busy
from .codec import Item, Value, decode_item, encode, encode_item
from .keys import Key

Stored: TypeAlias = dict[str, Value]
"""An item as read: PK, SK and its attributes."""

BATCH = 100
BATCH_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Table:
    client: Any
    """A boto3 DynamoDB client; boto3 ships no types."""
    name: str

    def get_many(self, keys: Iterable[Key], *, only: Sequence[str] = ()) -> dict[Key, Stored]:
        """Read up to any number of items, consistently, 100 a call; missing ones are left out.

        `only` names the attributes that are wanted (beside PK and SK) of items that hold much more.

        Raises:
            Unavailable: the table kept back keys for too long (code STORAGE_BUSY).
        """
        wanted = list(dict.fromkeys(keys))
        projected = ["PK", "SK", *only]
        narrowed: dict[str, Any] = {}
        if only:
            narrowed = {
                "ProjectionExpression": ", ".join(f"#{index}" for index in range(len(projected))),
                "ExpressionAttributeNames": {f"#{index}": name for index, name in enumerate(projected)},
            }
        found: dict[Key, Stored] = {}
        for start in range(0, len(wanted), BATCH):
            rest: Any = {
                self.name: {
                    "Keys": [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in wanted[start : start + BATCH]],
                    "ConsistentRead": True,
                    **narrowed,
                }
            }
            for attempt in range(BATCH_ATTEMPTS):
                answer = self.client.batch_get_item(RequestItems=rest)
                for attributes in answer["Responses"].get(self.name, ()):
                    item = decode_item(attributes)
                    found[str(item["PK"]), str(item["SK"])] = item
                rest = answer.get("UnprocessedKeys")
                if not rest:
                    break
                time.sleep(0.05 * 2**attempt)
            else:
                raise storage_busy()
        return found

    def get(self, key: Key) -> Stored | None:
        """Read one item, consistently."""
        answer = self.client.get_item(
            TableName=self.name, Key={"PK": {"S": key[0]}, "SK": {"S": key[1]}}, ConsistentRead=True
        )
        return decode_item(answer["Item"]) if "Item" in answer else None

    def query(self, partition: str, prefix: str = "", *, descending: bool = False) -> Iterator[Stored]:
        """Every item of a partition whose SK starts with `prefix`, consistently, in SK order."""
        condition, values = "PK = :pk", {":pk": encode(partition)}
        if prefix:
            condition += " AND begins_with(SK, :prefix)"
            values[":prefix"] = encode(prefix)
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": not descending,
        }
        yield from self._pages(arguments)

    def newest(self, partition: str, prefix: str) -> Stored | None:
        """The last item, by SK, of those whose SK starts so; read consistently."""
        answer = self.client.query(
            TableName=self.name,
            KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={":pk": encode(partition), ":prefix": encode(prefix)},
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )
        return decode_item(answer["Items"][0]) if answer["Items"] else None

    def page(self, partition: str, prefix: str, *, before: str = "", limit: int) -> list[Stored]:
        """Up to `limit` items whose SK starts so, newest first, those before the SK `before`; read consistently."""
        last = before or f"{prefix}\x7f"
        answer = self.client.query(
            TableName=self.name,
            KeyConditionExpression="PK = :pk AND SK BETWEEN :first AND :last",
            ExpressionAttributeValues={":pk": encode(partition), ":first": encode(prefix), ":last": encode(last)},
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=limit + (1 if before else 0),
        )
        found = [decode_item(attributes) for attributes in answer["Items"]]
        return [item for item in found if item["SK"] != before][:limit]

    def page_of_index(self, partition: str, *, before: str = "", limit: int) -> list[Stored]:
        """Up to `limit` keys listed in GSI1, newest first, those before `before`; eventually consistent."""
        condition, values = "GSI1PK = :pk", {":pk": encode(partition)}
        if before:
            condition += " AND GSI1SK < :before"
            values[":before"] = encode(before)
        answer = self.client.query(
            TableName=self.name,
            IndexName="GSI1",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=limit,
        )
        return [decode_item(attributes) for attributes in answer["Items"]]

    def query_between(self, partition: str, first: str, last: str) -> Iterator[Stored]:
        """Every item of a partition with `first` <= SK <= `last`, consistently, in SK order."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": encode(partition),
                ":first": encode(first),
                ":last": encode(last),
            },
            "ConsistentRead": True,
        }
        yield from self._pages(arguments)

    def query_list(self, partition: str, *, after: str = "", before: str | None = None, limit: int) -> list[Stored]:
        """Up to `limit` entries of a work list (GSI2) with `after` < GSI2SK (< `before`), in that order."""
        condition, values = "GSI2PK = :pk", {":pk": encode(partition)}
        if before is not None:
            if after >= before:
                # DynamoDB refuses a BETWEEN whose ends are crossed; it holds nothing.
                return []
            condition += " AND GSI2SK BETWEEN :after AND :before"
            values |= {":after": encode(after or " "), ":before": encode(before)}
        elif after:
            condition += " AND GSI2SK > :after"
            values[":after"] = encode(after)
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": "GSI2",
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "Limit": limit,
        }
        answer = self.client.query(**arguments)
        return [decode_item(attributes) for attributes in answer["Items"]]

    def list_attribute(self, partition: str, attribute: str) -> Iterator[Stored]:
        """One attribute of every entry of a work list (GSI2), in its order; an entry without it is empty."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": "GSI2",
            "KeyConditionExpression": "GSI2PK = :pk",
            "ExpressionAttributeValues": {":pk": encode(partition)},
            "ProjectionExpression": "#attribute",
            "ExpressionAttributeNames": {"#attribute": attribute},
        }
        yield from self._pages(arguments)

    def listed(self, partition: str) -> Iterator[Stored]:
        """The positions (`GSI1SK`) of what lies in a partition of GSI1, in its order."""
        yield from self._in_gsi1(partition, "GSI1SK")

    def listed_keys(self, partition: str) -> Iterator[Key]:
        """The keys of what lies in a partition of GSI1, in its order, as they are asked for."""
        for item in self._in_gsi1(partition, "PK, SK"):
            yield str(item["PK"]), str(item["SK"])

    def _in_gsi1(self, partition: str, projection: str) -> Iterator[Stored]:
        return self._pages(
            {
                "TableName": self.name,
                "IndexName": "GSI1",
                "KeyConditionExpression": "GSI1PK = :pk",
                "ExpressionAttributeValues": {":pk": encode(partition)},
                "ProjectionExpression": projection,
            }
        )

    def put(self, key: Key, item: Item) -> None:
        """Write one item whatever stands there; for data whose last writer may win."""
        self.client.put_item(TableName=self.name, Item={"PK": {"S": key[0]}, "SK": {"S": key[1]}, **encode_item(item)})

    def delete(self, key: Key) -> None:
        """Remove one item, if it is there."""
        self.client.delete_item(TableName=self.name, Key={"PK": {"S": key[0]}, "SK": {"S": key[1]}})

    def _pages(self, arguments: dict[str, Any]) -> Iterator[Stored]:
        while True:
            answer: Mapping[str, Any] = self.client.query(**arguments)
            items: Sequence[Any] = answer["Items"]
            yield from (decode_item(attributes) for attributes in items)
            if "LastEvaluatedKey" not in answer:
                return
            arguments = {**arguments, "ExclusiveStartKey": answer["LastEvaluatedKey"]}
