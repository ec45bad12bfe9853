"""What use cases take and give beside domain things: idempotency, stored answers, pages of lists."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..domain.errors import Conflict
from ..storage.codec import Value

T = TypeVar("T")

KEPT_SECONDS = 7 * 24 * 3600
"""How long the first answer to an idempotency key is given again (real time)."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The caller's key, and the fingerprint of the request that came with it."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it goes out: status, JSON text, and the version for `ETag`."""

    status: int
    body: str
    replayed: bool
    version: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    next_cursor: str | None


def kept(idempotency: Idempotency, answer: Answer) -> dict[str, Value]:
    """The item that remembers an answer."""
    return {
        "fingerprint": idempotency.fingerprint,
        "status": answer.status,
        "body": answer.body,
        "version": answer.version,
        "expires_at": int(time.time()) + KEPT_SECONDS,
    }


def replay(idempotency: Idempotency, item: Mapping[str, Value] | None) -> Answer | None:
    """The first answer again; None where the key is new or its answer expired.

    Raises:
        Conflict: IDEMPOTENCY_KEY_REUSED, the key came with another request before.
    """
    if item is None:
        return None
    status, version, expires_at = item["status"], item["version"], item["expires_at"]
    if not (isinstance(status, int) and isinstance(version, int) and isinstance(expires_at, int)):
        raise TypeError("a kept answer is malformed")
    # Whole seconds, as the condition on the write compares them: a key is not expired here and alive there.
    if expires_at < int(time.time()):
        return None
    if item["fingerprint"] != idempotency.fingerprint:
        raise Conflict("IDEMPOTENCY_KEY_REUSED", "Khóa chống trùng này đã dùng cho một yêu cầu có nội dung khác.")
    return Answer(status=status, body=str(item["body"]), replayed=True, version=version)
