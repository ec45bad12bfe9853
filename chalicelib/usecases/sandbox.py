"""What a tester may do in the sandbox: set the business clock, fill the registers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from ..clock import CACHE_SECONDS, SandboxClock
from ..domain.errors import Conflict, NotFound
from ..domain.events import GENESIS, Act, By, Event, trail_line
from ..domain.months import at_vietnam
from ..registers.sandbox import Loaded as Loaded
from ..registers.sandbox import load
from ..storage import keys
from ..storage.codec import Value
from ..storage.table import Stored
from ..storage.trails import write_with_trail
from ..storage.transaction import Refused, Transaction
from ..wiring import Wiring

ROUNDS = 5


def set_clock(now: datetime | None, w: Wiring) -> None:
    """Set business time, which then runs on from there; None gives real time back. AP12.

    Answers when every function sees the new time; the deadlines that it makes due fire after that.

    Raises:
        NotFound: outside the sandbox.
        Conflict: CLOCK_BUSY, others keep setting it.
    """
    clock = w.clock
    if not isinstance(clock, SandboxClock):
        raise NotFound("NOT_FOUND", "Không có đường dẫn này.")
    for _ in range(ROUNDS):
        stored = w.table.get(keys.SANDBOX_CLOCK)
        before, previous_hash = _state(stored)
        real = datetime.now(UTC)
        offset = 0 if now is None else round((now - real).total_seconds() * 1000)
        line = trail_line(
            "sandbox-clock",
            before + 1,
            Event.CLOCK_SET,
            Act(at_vietnam(now or real), By.SYSTEM, "sandbox"),
            state="SET" if now is not None else "REAL",
            previous_hash=previous_hash,
        )
        item: dict[str, Value] = {"offset_milliseconds": offset, "version": line.version, "audit_hash": line.hash}
        transaction = Transaction()
        write_with_trail(
            transaction, "clock", keys.SANDBOX_CLOCK, item, line, keys.clock_audit(line.version), before=stored
        )
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        clock.forget()
        time.sleep(CACHE_SECONDS)
        return
    raise Conflict("CLOCK_BUSY", "Đồng hồ đang được đặt bởi yêu cầu khác, hãy thử lại.")


def _state(stored: Stored | None) -> tuple[int, str]:
    if stored is None:
        return 0, GENESIS
    version = stored["version"]
    return (version if isinstance(version, int) else 0), str(stored["audit_hash"])


def load_registers(rows: Iterable[Loaded], w: Wiring) -> None:
    """Put facts into the sandbox's registers; answers once each is stored."""
    load(w.table, ((w.person(row.personal_id), row.fact) for row in rows))
