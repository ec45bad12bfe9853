"""One officer's action on many things at once: each its own decision and transaction, a result for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...domain.access import Caller, Role, require_role
from ...domain.errors import DomainError, Unavailable
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once

OK = 200
SECONDS = 9.0
"""Real time that one request may take; what is left over is answered NOT_ATTEMPTED and done by sending it again."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one thing: an answer, or the error that only it met."""

    name: str
    answer: Answer | None = None
    error: DomainError | None = None


def each_alone(
    names: Sequence[str],
    action: Callable[[str, Idempotency | None], Answer],
    *,
    roles: Sequence[Role],
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[Sequence[Result]], str],
    w: Wiring,
) -> Answer:
    """Do the action for each, whatever becomes of the others.

    Each thing keeps its own answer beside the key of the whole: who was cut off sends the same again, what was done
    is told again and the rest is done. The whole answer is kept once nothing in it can pass by itself.

    Raises:
        Forbidden: a role that may not act at all.
        Conflict: IDEMPOTENCY_KEY_REUSED.
    """
    require_role(caller, *roles)
    once = Once(idempotency, caller)
    before = once.answered_in(w.table)
    if before is not None:
        return before
    until = time.monotonic() + SECONDS
    results = [_one(name, action, _own(idempotency, name), until) for name in names]
    answer = Answer(OK, present(results), replayed=False, version=1)
    passing = any(isinstance(result.error, Unavailable) for result in results)
    if idempotency is None or passing:
        return answer
    transaction = Transaction()
    once.keep(transaction, answer)
    try:
        transaction.commit(w.table)
    except Refused as refused:
        return once.answered_by(refused) or answer
    return answer


def _one(
    name: str, action: Callable[[str, Idempotency | None], Answer], idempotency: Idempotency | None, until: float
) -> Result:
    if time.monotonic() > until:
        waiting = "Chưa kịp xử lý trong lần gửi này; hãy gửi lại với cùng Idempotency-Key."
        return Result(name, error=Unavailable("NOT_ATTEMPTED", waiting))
    try:
        return Result(name, answer=action(name, idempotency))
    except DomainError as error:
        return Result(name, error=error)


def _own(idempotency: Idempotency | None, name: str) -> Idempotency | None:
    """A key of its own for one thing; a caller's key has no space, so it is never one of these."""
    return None if idempotency is None else Idempotency(f"{idempotency.key} {name}", idempotency.fingerprint)
