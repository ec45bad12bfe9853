"""The relay: audit lines from the table's stream become status messages, executions and notices."""

from __future__ import annotations

from functools import partial

from chalice.app import Blueprint, DynamoDBEvent

from ..storage.codec import decode_item
from ..storage.items.audit import lines_from
from ..usecases.messages.react import react
from ..wiring import Wiring, wiring
from .batch import Failures, each, records_of, remaining

bp = Blueprint(__name__)

STREAM_PLACEHOLDER = "arn:aws:dynamodb:ap-southeast-1:000000000000:table/t/stream/s"
"""Chalice wants an ARN when the app is packaged; the template puts the real stream in its place."""


@bp.on_dynamodb_record(stream_arn=STREAM_PLACEHOLDER, batch_size=10, name="stream_relay")
def stream_relay(event: DynamoDBEvent) -> Failures:
    """React to each audit line, in order; behind a failure the rest of the batch comes again."""
    w = wiring()
    records = [record for record in records_of(event.to_dict()) if record["eventName"] == "INSERT"]
    of = [str(record["dynamodb"]["NewImage"]["PK"]["S"]) for record in records]
    actions = [
        (
            str(record["dynamodb"]["SequenceNumber"]),
            partial(
                _relay, record["dynamodb"]["NewImage"], w, first=of[at] not in of[:at], last=of[at] not in of[at + 1 :]
            ),
        )
        for at, record in enumerate(records)
    ]
    return each(actions, milliseconds_left=remaining(event.context), in_order=True)


def _relay(image: dict[str, dict[str, object]], w: Wiring, *, first: bool, last: bool) -> None:
    lines = lines_from(decode_item(image))
    for line in lines:
        react(line, w, first=first and line is lines[0], last=last and line is lines[-1])
