"""Signed delivery of status messages to a portal's address: what is next, how it is signed, when it is tried again.

Signatures follow Standard Webhooks (standardwebhooks.com): HMAC-SHA-256 over `<id>.<timestamp>.<body>`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ..events import AuditLine, StatusMessage

SECRET_PREFIX = "whsec_"  # noqa: S105 -- the mark of such secrets, no secret
SHORTEST_SECRET = 24
"""Bytes; Standard Webhooks asks for 24 to 64."""

FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 1800
GIVE_UP_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one portal client wants its messages, as configured.

    `states` are the states that it wants to hear of (None: every one); what happened before `since` it does not hear.
    Times are in seconds: before the first new try, at most between two, and until the message is parked.
    """

    client_id: str
    url: str
    states: frozenset[str] | None = None
    since: datetime | None = None
    first_pause: int = FIRST_PAUSE_SECONDS
    longest_pause: int = LONGEST_PAUSE_SECONDS
    give_up_after: int = GIVE_UP_SECONDS

    def wants(self, line: AuditLine) -> bool:
        """Whether the change of state that a line tells is sent."""
        return (self.states is None or line.state in self.states) and (self.since is None or line.at >= self.since)


class Standing(StrEnum):
    """How the delivery of one dossier's messages stands."""

    CURRENT = "CURRENT"
    """Everything that has happened was taken."""
    RETRYING = "RETRYING"
    PARKED = "PARKED"
    """Given up for now: the next event of the dossier, or a request, starts it again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far the messages of one dossier were taken. In order: behind one that fails nothing is sent.

    `delivered` is the `sequence` up to which everything was taken or not wanted; `attempts` failed in a row since
    `failing_since` (real time), and the next is not before `next_at`. `reason` is the code of the last failure.
    """

    dossier_code: str
    client_id: str
    delivered: int = 0
    standing: Standing = Standing.CURRENT
    attempts: int = 0
    failing_since: datetime | None = None
    next_at: datetime | None = None
    reason: str | None = None
    revision: int = 0

    def due(self, lines: Iterable[AuditLine]) -> list[tuple[AuditLine, StatusMessage]]:
        """The changes of state that are still to be told, in their order."""
        told = [(line, StatusMessage.of(line)) for line in lines]
        return [(line, message) for line, message in told if message is not None and message.sequence > self.delivered]

    def waits(self, now: datetime) -> int:
        """Whole seconds until the next try; 0 where it may be now."""
        if self.standing is not Standing.RETRYING or self.next_at is None or now >= self.next_at:
            return 0
        return int((self.next_at - now).total_seconds()) + 1

    def taken(self, sequence: int) -> Delivery:
        """The message of this sequence was taken, or is not wanted."""
        return Delivery(self.dossier_code, self.client_id, sequence, revision=self.revision + 1)

    def failed(
        self, endpoint: Endpoint, now: datetime, reason: str, *, jitter: int, asked_for: int | None = None
    ) -> Delivery:
        """A try failed: the next follows after a pause that doubles, until it is parked.

        `jitter` is chance, 0 to 999; `asked_for` are the seconds of a `Retry-After`.
        """
        since = self.failing_since or now
        tries = self.attempts + 1
        failing = replace(self, attempts=tries, failing_since=since, reason=reason, revision=self.revision + 1)
        if now - since >= timedelta(seconds=endpoint.give_up_after):
            return replace(failing, standing=Standing.PARKED, next_at=None)
        pause = pause_seconds(tries, endpoint, jitter)
        if asked_for is not None:
            pause = max(pause, min(asked_for, endpoint.longest_pause))
        return replace(failing, standing=Standing.RETRYING, next_at=now + timedelta(seconds=pause))

    def woken(self, now: datetime, from_sequence: int | None = None) -> Delivery:
        """Somebody asks for another try now; with `from_sequence` what was taken from there on is sent once more."""
        delivered = self.delivered if from_sequence is None else min(self.delivered, from_sequence - 1)
        return Delivery(
            self.dossier_code,
            self.client_id,
            delivered,
            Standing.RETRYING,
            next_at=now,
            revision=self.revision + 1,
        )

    def resumed(self) -> Delivery:
        """A parked delivery whose dossier moved on: a new series of tries begins."""
        return replace(self, standing=Standing.RETRYING, attempts=0, failing_since=None, next_at=None)


def pause_seconds(tries: int, endpoint: Endpoint, jitter: int) -> int:
    """Seconds to wait after so many failed tries: doubling, half of it left to chance (`jitter`, 0 to 999)."""
    whole = min(endpoint.first_pause << min(tries - 1, 30), endpoint.longest_pause)
    return max(1, whole - whole * jitter // 2000)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, for the delivery log. `at` is real time; `status` is HTTP's, None where no answer came."""

    dossier_code: str
    client_id: str
    event_id: str
    sequence: int
    state: str
    attempt: int
    at: datetime
    delivered: bool
    status: int | None
    error: str | None
    milliseconds: int


def secret_bytes(secret: str) -> bytes:
    """The key in `whsec_<base64>`. Raises ValueError for anything else, and for a key that is too short."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError("a webhook secret begins with whsec_")
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is base64") from None
    if len(key) < SHORTEST_SECRET:
        raise ValueError("a webhook secret has at least 24 bytes")
    return key


def signature_header(secrets: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature`: one signature for each secret in use, so that a secret can be changed without a gap."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(each).decode()}" for each in made)
