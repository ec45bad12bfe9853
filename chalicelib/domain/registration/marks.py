"""What officers leave on a dossier: the apology with a new date, the request to take it up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Apology:
    """The one apology with a new date (Mẫu 04): `extra_days` working days behind the old due date."""

    reason: str
    issued_at: datetime
    old_due_at: datetime
    extra_days: int


@dataclass(frozen=True, slots=True)
class Reopening:
    """The first of two persons asks to take a completed dossier up again."""

    by: str
    reason: str
    at: datetime
