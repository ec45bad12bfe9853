"""A province's way of handling 602e: its time limits and who issues. A dossier keeps the version it started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Procedure:
    """One version of the procedure's limits.

    `limit_working_days` counts from the day after receipt, `reminder_working_days` back from the due day;
    `payment_hours` is how long an unpaid declaration waits. With `automatic_issue` no signer is awaited.
    """

    version: str
    limit_working_days: int
    reminder_working_days: int
    payment_hours: int
    automatic_issue: bool
    effective_from: date
    source: str
