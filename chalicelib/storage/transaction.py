"""One decision, one `TransactWriteItems`: every claim, every item and the audit line, or nothing. One item that is all
of a decision is one `PutItem` under the same condition, at half the price.

A failed condition is an answer (`Refused`, with the items as they are); a conflict or throttling is
a passing fault, tried again three times with jitter and then told as `Unavailable`.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..domain.errors import Unavailable, storage_busy
from ..passing import passes
from .codec import Item, Value, decode_item, encode, encode_item, encode_named
from .keys import Key

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

    from .table import Table

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.02
MISSING = "attribute_not_exists(PK)"

_PLACES = tuple((f"#{index}", f":{index}", f"#{index} = :{index}") for index in range(64))
"""Of the attributes that one update sets: name, value, and the assignment. More than an item of ours has."""

_PASSING_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Refused(Exception):
    """One or more conditions failed; nothing was written.

    `found` maps the label of each failed write to the item that stands there (None: no item).
    """

    def __init__(self, found: Mapping[str, dict[str, Value] | None]) -> None:
        super().__init__(", ".join(found))
        self.found = found


class Transaction:
    """Collects the writes of one decision under labels, then commits them at once."""

    def __init__(self) -> None:
        self._writes: list[dict[str, object]] = []
        self._labels: list[str] = []

    def __len__(self) -> int:
        return len(self._writes)

    def back_to(self, length: int) -> None:
        """Forget every write behind the first so many."""
        del self._writes[length:], self._labels[length:]

    def put_new(self, label: str, key: Key, item: Item, *, or_expired_at: int | None = None) -> None:
        """Claim a key: fails where an item stands, unless it expired before `or_expired_at` (epoch seconds)."""
        write: dict[str, object] = {"Item": {**_key(key), **encode_item(item)}, "ConditionExpression": MISSING}
        if or_expired_at is not None:
            write["ConditionExpression"] = f"{MISSING} OR expires_at < :now"
            write["ExpressionAttributeValues"] = {":now": encode(or_expired_at)}
        self._add(label, "Put", write)

    def put(self, label: str, key: Key, item: Item) -> None:
        """Write an item whatever stands there."""
        self._add(label, "Put", {"Item": {**_key(key), **encode_item(item)}})

    def put_over(self, label: str, key: Key, item: Item, *, attribute: str, expected: Value) -> None:
        """Replace an item whose `attribute` still has the value it was read with."""
        self._add(
            label,
            "Put",
            {
                "Item": {**_key(key), **encode_item(item)},
                "ConditionExpression": "#guard = :expected",
                "ExpressionAttributeNames": {"#guard": attribute},
                "ExpressionAttributeValues": {":expected": encode(expected)},
            },
        )

    def update(
        self,
        label: str,
        key: Key,
        changes: Item,
        *,
        attribute: str,
        expected: Value,
        counted: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Set attributes (None removes one) of an item whose `attribute` still has its value.

        Those of `counted` grow by so much from whatever they are.
        """
        names, values = {"#guard": attribute}, {":expected": encode(expected)}
        sets, removes = [], []
        for (hole, mark, assignment), (name, value) in zip(_PLACES[: len(changes)], changes.items(), strict=True):
            names[hole] = name
            if value is None:
                removes.append(hole)
            else:
                sets.append(assignment)
                values[mark] = encode_named(name, value)
        for index, (name, value) in enumerate(counted.items()):
            names[f"#c{index}"], values[f":c{index}"] = name, encode(value)
            sets.append(f"#c{index} = #c{index} + :c{index}")
        expression = "SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else "")
        self._add(
            label,
            "Update",
            {
                "Key": _key(key),
                "UpdateExpression": expression,
                "ConditionExpression": "#guard = :expected",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            },
        )

    def add(self, label: str, key: Key, amounts: Mapping[str, int]) -> None:
        """Let numbers of an item grow (or shrink) from whatever they are; what is missing counts as 0."""
        names = {f"#{index}": name for index, name in enumerate(amounts)}
        values = {f":{index}": encode(amount) for index, amount in enumerate(amounts.values())}
        self._add(
            label,
            "Update",
            {
                "Key": _key(key),
                "UpdateExpression": "ADD " + ", ".join(f"#{index} :{index}" for index in range(len(amounts))),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            },
        )

    def delete(self, label: str, key: Key) -> None:
        self._add(label, "Delete", {"Key": _key(key)})

    def require_missing(self, label: str, key: Key) -> None:
        """Commit only while no item stands there."""
        self._add(label, "ConditionCheck", {"Key": _key(key), "ConditionExpression": MISSING})

    def require(self, label: str, key: Key, *, attribute: str, expected: Value) -> None:
        """Commit only while an item's `attribute` still has the value it was read with."""
        self._add(
            label,
            "ConditionCheck",
            {
                "Key": _key(key),
                "ConditionExpression": "#guard = :expected",
                "ExpressionAttributeNames": {"#guard": attribute},
                "ExpressionAttributeValues": {":expected": encode(expected)},
            },
        )

    def _add(self, label: str, kind: str, write: dict[str, object]) -> None:
        if "ConditionExpression" in write:
            write["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        self._writes.append({kind: write})
        self._labels.append(label)

    def commit(self, table: Table) -> None:
        """Write all of it or nothing.

        Raises:
            Refused: a condition failed.
            Unavailable: conflicts or throttling outlasted the retries (code STORAGE_BUSY).
        """
        from botocore.exceptions import ClientError

        for write in self._writes:
            for body in write.values():
                body["TableName"] = table.name  # type: ignore[index]
        pause, token = FIRST_PAUSE_SECONDS, os.urandom(16).hex()
        alone = self._writes[0].get("Put") if len(self._writes) == 1 else None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if isinstance(alone, dict):
                    table.client.put_item(**alone)
                else:
                    # One token for one decision: where only the answer was lost, the next try is told that it is done.
                    table.client.transact_write_items(TransactItems=self._writes, ClientRequestToken=token)
                return
            except ClientError as error:
                if isinstance(alone, dict) and _lies_there(alone, error, tried_before=attempt > 1):
                    return
                if not self._is_passing(error):
                    raise
                if attempt == ATTEMPTS:
                    raise storage_busy() from error
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 -- jitter, not a secret
            pause *= 3

    def _is_passing(self, error: Exception) -> bool:
        """True for a fault that may pass. Raises `Refused` for failed conditions."""
        response = getattr(error, "response", {})
        code = response.get("Error", {}).get("Code")
        if code == "ConditionalCheckFailedException":
            raise Refused({self._labels[0]: _item_of(response)}) from error
        if code != "TransactionCanceledException":
            return passes(error)
        reasons = response.get("CancellationReasons", [])
        failed = {
            label: _item_of(reason)
            for label, reason in zip(self._labels, reasons, strict=False)
            if reason.get("Code") == "ConditionalCheckFailed"
        }
        if failed:
            raise Refused(failed) from error
        return any(reason.get("Code") in _PASSING_REASONS for reason in reasons)


def met_others(busy: Unavailable) -> bool:
    """Whether a commit gave up because other transactions held one of its items each time it tried."""
    reasons = getattr(busy.__cause__, "response", {}).get("CancellationReasons", [])
    return any(reason.get("Code") == "TransactionConflict" for reason in reasons)


def _item_of(told: Mapping[str, Any]) -> dict[str, Value] | None:
    """The item that stands where a condition failed."""
    return decode_item(told["Item"]) if told.get("Item") else None


def _lies_there(put: Mapping[str, Any], error: ClientError, *, tried_before: bool) -> bool:
    """Whether a put that was refused is what an earlier try of it had written, whose answer alone was lost.

    `tried_before`: by us; botocore tries again by itself as well. A first try that finds the same meets another's.
    """
    told: Any = error.response
    again = tried_before or told.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    return again and _item_of(told) == decode_item(put["Item"])


def _key(key: Key) -> dict[str, dict[str, str]]:
    return {"PK": {"S": key[0]}, "SK": {"S": key[1]}}
