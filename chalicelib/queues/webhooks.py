"""The sender of webhooks: status messages from the queue behind the topic, to the addresses of portal clients."""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Blueprint, SQSEvent

from ..log import facts, logger
from ..usecases.messages.deliver_status import Sender
from ..wiring import Wiring, wiring
from .batch import Failures, records_of, remaining

bp = Blueprint(__name__)
log = logger(__name__)

SPARE_MILLISECONDS = 15_000
"""One try may take ten seconds; what would not fit is left for the next batch."""


@bp.on_sqs_message(queue="webhooks", batch_size=10, name="webhook_sender")
def webhook_sender(event: SQSEvent) -> Failures:
    """Deliver what is due of each dossier named; what is to be tried again comes back after its own pause.

    While a message waits, the queue keeps back everything else of its dossier, and of no other.
    """
    w = wiring()
    left = remaining(event.context)
    records = [(record, _code_in(record)) for record in records_of(event.to_dict())]
    sender = Sender(w, has_time=lambda: left() >= SPARE_MILLISECONDS)
    sender.read(code for _, code in records if code)
    failed: list[dict[str, str]] = []
    pauses: dict[str, int] = {}
    for record, code in records:
        # One message brings all that is due of its dossier; behind one that waits, the next waits as long.
        if code not in pauses:
            pauses[code] = _deliver(code, sender) if code else UNEXPECTED_PAUSE
        pause = pauses[code]
        if pause:
            failed.append({"itemIdentifier": str(record["messageId"])})
            _hide(record, pause, w)
    return {"batchItemFailures": failed}


def _code_in(record: dict[str, Any]) -> str:
    """The dossier that a message is about; empty for a message that is none of ours, which ends as a dead letter."""
    try:
        return str(json.loads(record["body"])["dossier_code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _deliver(code: str, sender: Sender) -> int:
    try:
        return sender.deliver(code)
    except Exception as error:
        log.exception("delivery failed, to be tried again", extra=facts(dossier_code=code, error=type(error).__name__))
        return UNEXPECTED_PAUSE


UNEXPECTED_PAUSE = 30
"""Seconds after a fault of our own: the table, a key or a secret out of reach."""


def _hide(record: dict[str, Any], seconds: int, w: Wiring) -> None:
    try:
        w.webhook_queue.hide(str(record["receiptHandle"]), seconds)
    except Exception as error:
        # It comes again after the queue's own time.
        log.exception("pause not set", extra=facts(message_id=record["messageId"], error=type(error).__name__))
