"""What the stream relay gave up: its failure queue names places in the stream; the audit lines there are done again.

A stream forgets after a day, the audit lines stay: where the place is gone, the lines of that span of time are taken.
The relay itself does the work, invoked with the lines as the stream would give them, so that statuses, executions and
notices come out as they would have. From the first lost line of a dossier on, later statuses are sent once more: a
reader sees them in order again, each at least once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.domain.months import VIETNAM, instant_text
from chalicelib.storage.codec import decode_item
from chalicelib.storage.items.audit import lines_from
from chalicelib.storage.keys import AUDIT

from .letters import Letter, LetterCause, Opinion
from .stack import Stack

Image = dict[str, Any]
Place = tuple[str, str]
"""Partition and sort key of an audit line."""

BATCH = 25
"""As the template's mapping gives them to the relay."""
SLACK = timedelta(minutes=2)
"""How far a record's arrival in the stream may be from the moment that its line tells."""
GONE = frozenset({"TrimmedDataAccessException", "ExpiredIteratorException", "ResourceNotFoundException"})


class NotRelayed(Exception):
    """The relay failed again; the message says with what."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Where one letter points."""

    stream: str
    shard: str
    first: str
    last: str
    since: datetime
    until: datetime

    @classmethod
    def of(cls, letter: Letter) -> Lost:
        """Raises `ValueError` or `KeyError` for a letter of another form."""
        told = json.loads(letter.body)["DDBStreamBatchInfo"]
        return cls(
            stream=told["streamArn"],
            shard=told["shardId"],
            first=told["startSequenceNumber"],
            last=told["endSequenceNumber"],
            since=datetime.fromisoformat(told["approximateArrivalOfFirstRecord"]),
            until=datetime.fromisoformat(told["approximateArrivalOfLastRecord"]),
        )


class RelayFailures:
    """Finds lost lines and has them relayed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def judge(self, letters: Sequence[Letter]) -> list[Opinion]:
        """How many lines each letter stands for, and where they were found."""
        return [self._opinion(letter) for letter in letters]

    def _opinion(self, letter: Letter) -> Opinion:
        try:
            places, source = self.places(Lost.of(letter))
        except (ValueError, KeyError, TypeError, ParamValidationError) as error:
            return Opinion(LetterCause.MALFORMED, type(error).__name__, "NOTHING")
        if not places:
            return Opinion(LetterCause.UNKNOWN, f"no audit line {source}", "NOTHING")
        return Opinion(LetterCause.PASSING, source, f"RELAY {len(places)}", subject=places[0][0])

    def places(self, lost: Lost) -> tuple[list[Place], str]:
        """The audit lines that a letter stands for, and where they were found."""
        try:
            return self._in_stream(lost), "in the stream"
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
        return self._in_table(lost), "in the table"

    def _in_stream(self, lost: Lost) -> list[Place]:
        streams = self._stack.client("dynamodbstreams")
        iterator = streams.get_shard_iterator(
            StreamArn=lost.stream,
            ShardId=lost.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=lost.first,
        )["ShardIterator"]
        places: list[Place] = []
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                told = record["dynamodb"]
                if int(told["SequenceNumber"]) > int(lost.last):
                    return places
                key = told["Keys"]
                if record["eventName"] == "INSERT" and key["SK"]["S"].startswith(AUDIT):
                    places.append((key["PK"]["S"], key["SK"]["S"]))
                if told["SequenceNumber"] == lost.last:
                    return places
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
        return places

    def _in_table(self, lost: Lost) -> list[Place]:
        """Every audit line of that span of time: more than was lost, which relaying allows. Reads the whole table."""
        w = self._stack.wiring
        ahead = w.clock.now() - datetime.now(VIETNAM)
        since, until = (
            instant_text((moment + ahead + slack).astimezone(VIETNAM))
            for moment, slack in ((lost.since, -SLACK), (lost.until, SLACK))
        )
        pages = (
            self._stack.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=w.settings.table,
                FilterExpression="begins_with(SK, :audit) AND #at BETWEEN :since AND :until",
                ProjectionExpression="PK, SK",
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues={":audit": {"S": AUDIT}, ":since": {"S": since}, ":until": {"S": until}},
            )
        )
        return [(item["PK"]["S"], item["SK"]["S"]) for page in pages for item in page["Items"]]

    def relay(self, places: Sequence[Place]) -> int:
        """Have the lines done again, each dossier's in their order. Answers how many; raises `NotRelayed`."""
        by_partition: dict[str, set[str]] = defaultdict(set)
        for partition, line in places:
            by_partition[partition].add(line)
        count = 0
        for partition, lines in sorted(by_partition.items()):
            images = list(self._from_first(partition, lines))
            for start in range(0, len(images), BATCH):
                self._invoke(images[start : start + BATCH])
            count += sum(len(lines_from(decode_item(image))) for image in images)
        return count

    def _from_first(self, partition: str, lost: set[str]) -> Iterator[Image]:
        """The lost lines, and every later one that told the portal a state."""
        pages = (
            self._stack.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._stack.wiring.settings.table,
                KeyConditionExpression="PK = :pk AND SK BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":pk": {"S": partition},
                    ":first": {"S": min(lost)},
                    ":last": {"S": f"{AUDIT}~"},
                },
                ConsistentRead=True,
            )
        )
        for page in pages:
            for item in page["Items"]:
                told = any(line.status_sequence is not None for line in lines_from(decode_item(item)))
                if told or item["SK"]["S"] in lost:
                    yield item

    def _invoke(self, images: Sequence[Image]) -> None:
        event = {"Records": [_record(image) for image in images]}
        answer = self._stack.client("lambda").invoke(
            FunctionName=self._stack.function("StreamRelay"), Payload=json.dumps(event, ensure_ascii=False).encode()
        )
        told: Mapping[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise NotRelayed(str(told.get("errorType", told)))
        if failed := told["batchItemFailures"]:
            raise NotRelayed(f"{len(failed)} of {len(images)} lines, from {images[0]['PK']['S']}")


def _record(image: Image) -> dict[str, Any]:
    """An audit line as the stream gives it."""
    keys = {name: image[name] for name in ("PK", "SK")}
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": image["SK"]["S"]},
    }
