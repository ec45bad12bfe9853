"""Deliveries to a portal's address as items: how far a dossier's are, and every try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ...domain.messages.webhook import Attempt, Delivery, Standing
from ...domain.months import VIETNAM
from .. import keys
from ..codec import Value
from .fields import instant, maybe, number, present, text

LOG_DAYS = 90
"""How long a try stays in the log (TTL)."""


def delivery_item(delivery: Delivery) -> dict[str, Value]:
    """Listed (GSI2) while something is not delivered, the longest waiting first."""
    listed: dict[str, Value] = {}
    if delivery.standing is not Standing.CURRENT:
        since = delivery.failing_since or delivery.next_at
        listed = {
            "GSI2PK": keys.undelivered_list(delivery.client_id),
            "GSI2SK": f"{'' if since is None else _real(since)}#{delivery.dossier_code}",
        }
    return listed | present(
        {
            "dossier_code": delivery.dossier_code,
            "client_id": delivery.client_id,
            "delivered": delivery.delivered,
            "state": delivery.standing,
            "attempts": delivery.attempts,
            "failing_since": None if delivery.failing_since is None else _real(delivery.failing_since),
            "next_at": None if delivery.next_at is None else _real(delivery.next_at),
            "reason": delivery.reason,
            "revision": delivery.revision,
        }
    )


def delivery_from(item: Mapping[str, Value]) -> Delivery:
    return Delivery(
        dossier_code=text(item, "dossier_code"),
        client_id=text(item, "client_id"),
        delivered=number(item, "delivered"),
        standing=Standing(text(item, "state")),
        attempts=number(item, "attempts"),
        failing_since=instant(item, "failing_since"),
        next_at=instant(item, "next_at"),
        reason=maybe(item, "reason"),
        revision=number(item, "revision"),
    )


def attempt_key(attempt: Attempt) -> keys.Key:
    return keys.attempt(attempt.dossier_code, _real(attempt.at), attempt.sequence)


def attempt_item(attempt: Attempt) -> dict[str, Value]:
    """Listed (GSI1) under its client and its day in Việt Nam."""
    return present(
        {
            "GSI1PK": keys.attempts_of_day(attempt.client_id, attempt.at.astimezone(VIETNAM).date()),
            "GSI1SK": f"{_real(attempt.at)}#{attempt.dossier_code}#{attempt.sequence:08d}",
            "dossier_code": attempt.dossier_code,
            "client_id": attempt.client_id,
            "event_id": attempt.event_id,
            "sequence": attempt.sequence,
            "state": attempt.state,
            "attempt": attempt.attempt,
            "at": _real(attempt.at),
            "delivered": attempt.delivered,
            "status": attempt.status,
            "error": attempt.error,
            "milliseconds": attempt.milliseconds,
            "expires_at": int((attempt.at + timedelta(days=LOG_DAYS)).timestamp()),
        }
    )


def attempt_from(item: Mapping[str, Value]) -> Attempt:
    at = instant(item, "at")
    if at is None:
        raise TypeError("an attempt has no time")
    return Attempt(
        dossier_code=text(item, "dossier_code"),
        client_id=text(item, "client_id"),
        event_id=text(item, "event_id"),
        sequence=number(item, "sequence"),
        state=text(item, "state"),
        attempt=number(item, "attempt"),
        at=at,
        delivered=bool(item["delivered"]),
        status=None if item.get("status") is None else number(item, "status"),
        error=maybe(item, "error"),
        milliseconds=number(item, "milliseconds"),
    )


def _real(moment: datetime) -> str:
    """Real time to the millisecond, in UTC: sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
