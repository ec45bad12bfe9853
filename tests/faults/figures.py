"""How much was tried: counted while this folder's tests run, told at their end, quoted in `docs/reliability.md`."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class Tried(StrEnum):
    CRASHES = "crashes injected"
    FAULTS = "throttles, conflicts and lost answers injected"
    ORDERS = "orders tried"
    MESSAGES = "messages delivered in them"
    TABLES = "final states compared, all equal"


TRIED: Counter[Tried] = Counter()
