"""Business time: the real clock, or in the sandbox a clock that can be set.

Deadlines, due dates and the choice of the law's rows follow business time. Tokens, links and the
life of idempotency keys follow real time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from .domain.months import VIETNAM
from .storage import keys
from .storage.table import Table


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time in Việt Nam (+07:00)."""
        ...

    def to_real(self, business: datetime) -> datetime:
        """When a moment of business time comes in real time (UTC)."""
        ...

    @property
    def version(self) -> int:
        """Grows each time the clock is set; 0 for real time that was never touched."""
        ...

    def forget(self) -> None:
        """Believe nothing that was read before: someone knows of a newer setting."""
        ...


class RealClock:
    """Business time is real time."""

    version = 0

    def now(self) -> datetime:
        return datetime.now(VIETNAM)

    def to_real(self, business: datetime) -> datetime:
        return business.astimezone(UTC)

    def forget(self) -> None:
        """Real time is never remembered."""


CACHE_SECONDS = 0.5
"""How long a function may believe the clock it has read; setting the clock answers only after that."""


@dataclass(slots=True)
class SandboxClock:
    """Real time plus an offset that the sandbox's table holds (AP12)."""

    table: Table
    _offset: timedelta = timedelta()
    _version: int = 0
    _read_at: float = -CACHE_SECONDS

    def now(self) -> datetime:
        self._refresh()
        return datetime.now(VIETNAM) + self._offset

    def to_real(self, business: datetime) -> datetime:
        self._refresh()
        return business.astimezone(UTC) - self._offset

    @property
    def version(self) -> int:
        self._refresh()
        return self._version

    def forget(self) -> None:
        self._read_at = -CACHE_SECONDS

    def _refresh(self) -> None:
        moment = time.monotonic()
        if moment - self._read_at < CACHE_SECONDS:
            return
        item = self.table.get(keys.SANDBOX_CLOCK) or {}
        offset, version = item.get("offset_milliseconds", 0), item.get("version", 0)
        if isinstance(offset, int) and isinstance(version, int):
            self._offset, self._version = timedelta(milliseconds=offset), version
        self._read_at = moment
