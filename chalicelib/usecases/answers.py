"""What use cases take and give beside domain things: idempotency, stored answers, pages of lists."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ..domain.errors import Conflict
from ..storage import keys
from ..storage.codec import Value

if TYPE_CHECKING:
    from ..domain.access import Caller
    from ..storage.table import Stored, Table
    from ..storage.transaction import Refused, Transaction

T = TypeVar("T")

KEPT = "idempotency"
"""The label of a kept answer in a transaction."""

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


class Once:
    """A request that may come again: with a key its first answer is kept and given again, without one nothing is.

    `keys` is read with what the decision hangs on.
    """

    def __init__(self, idempotency: Idempotency | None, caller: Caller) -> None:
        self._idempotency = idempotency
        self.keys: tuple[keys.Key, ...] = ()
        if idempotency is not None:
            self.keys = (keys.idempotency(caller.audience, idempotency.key),)

    def answered(self, read: Mapping[keys.Key, Stored]) -> Answer | None:
        """The first answer, if it is there. Raises as `replay`."""
        return None if self._idempotency is None else replay(self._idempotency, read.get(self.keys[0]))

    def answered_in(self, table: Table) -> Answer | None:
        """The same, where nothing else is read with it."""
        return None if self._idempotency is None else replay(self._idempotency, table.get(self.keys[0]))

    def answered_by(self, winner: Refused) -> Answer | None:
        """The answer to the same request at the same moment, which was quicker."""
        return None if self._idempotency is None else replay(self._idempotency, winner.found.get(KEPT))

    def keep(self, transaction: Transaction, answer: Answer) -> None:
        """Write this answer with the decision."""
        if self._idempotency is not None:
            item = kept(self._idempotency, answer)
            transaction.put_new(KEPT, self.keys[0], item, or_expired_at=int(time.time()))
