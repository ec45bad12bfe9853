"""Dead letters of a queue: taken without losing one, told apart by cause, sent again, and only then deleted.

A letter leaves its queue in one way only: it was sent, the send was acknowledged, and then it is deleted. Whoever dies
in between leaves a letter that is sent again at the next run, which the receiver must allow anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .stack import Stack

HIDDEN_SECONDS = 120
"""How long a letter that was taken stays invisible to others; after a crash it is back by then."""
AT_ONCE = 10
"""What SQS gives and takes in one request."""


class LetterCause(StrEnum):
    """Why a letter is dead, as far as it can be told from the letter."""

    PASSING = "PASSING"
    """Nothing is wrong with it: what it needed was out of reach, or the program was at fault."""
    MALFORMED = "MALFORMED"
    """It is no valid message; sent again it goes to quarantine."""
    UNKNOWN = "UNKNOWN"
    """Reading it fails in a way that nobody foresaw: it would die again until the program is mended."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as received."""

    message_id: str
    body: str
    handle: str
    sent_at: float
    """Seconds since the epoch."""
    attributes: dict[str, Any]
    """What its sender attached."""
    group: str | None = None
    """FIFO queues: the lane that it belongs to."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is thought of a letter before it is sent again."""

    cause: LetterCause
    detail: str
    """The class within the cause, for people: a quarantine cause, an exception."""
    would: str
    """What sending it again would bring about: `APPLY`, `DUPLICATE`, `HOLD UNDERPAID`."""
    subject: str | None = None
    """The voucher that it is about."""
    amount: int = 0
    """VND."""


Judge = Callable[[Sequence[Letter]], list[Opinion]]


class Letters:
    """The letters of one queue."""

    def __init__(self, stack: Stack, queue: str) -> None:
        self._sqs, self._url = stack.sqs, stack.queues[queue]
        self._taken: dict[str, Letter] = {}

    def take(self, limit: int) -> Iterator[list[Letter]]:
        """Batches of letters until none is left or `limit` is reached; each is hidden from others for a while."""
        count, empty = 0, 0
        while count < limit and empty < 2:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(AT_ONCE, limit - count),
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=1,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            batch = [_letter(message) for message in answer.get("Messages", ())]
            empty = 0 if batch else empty + 1
            count += len(batch)
            self._taken.update((letter.message_id, letter) for letter in batch)
            if batch:
                yield batch

    def delete(self, letter: Letter) -> None:
        """For good. Only behind an acknowledged send."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.handle)
        self._taken.pop(letter.message_id, None)

    def release(self) -> None:
        """Let others see again what was taken and not deleted."""
        letters = list(self._taken.values())
        for start in range(0, len(letters), AT_ONCE):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": letter.handle, "VisibilityTimeout": 0}
                    for number, letter in enumerate(letters[start : start + AT_ONCE])
                ],
            )
        self._taken.clear()


def _letter(message: dict[str, Any]) -> Letter:
    told = message.get("Attributes", {})
    return Letter(
        message_id=message["MessageId"],
        body=message["Body"],
        handle=message["ReceiptHandle"],
        sent_at=int(told.get("SentTimestamp", "0")) / 1000,
        attributes=message.get("MessageAttributes", {}),
        group=told.get("MessageGroupId"),
    )


class Sender:
    """Sends letters to the queue they came from, so many a second."""

    def __init__(self, stack: Stack, queue: str, rate: float) -> None:
        self._sqs, self._url = stack.sqs, stack.queues[queue]
        self._pause, self._next = 1 / rate, time.monotonic()

    def send(self, letter: Letter) -> None:
        """Raises what the queue raises; then the letter was not sent, and stays."""
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = max(self._next, time.monotonic()) + self._pause
        more: dict[str, Any] = {}
        if letter.attributes:
            more["MessageAttributes"] = letter.attributes
        if self._url.endswith(".fifo"):
            more |= {"MessageGroupId": letter.group or letter.message_id, "MessageDeduplicationId": letter.message_id}
        self._sqs.send_message(QueueUrl=self._url, MessageBody=letter.body, **more)
