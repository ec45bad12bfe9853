"""The daily anchor of the audit trail: fixes where every hash chain stood at the end of the day before."""

from __future__ import annotations

from datetime import date
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Cron

from ..usecases.oversight.anchor_chains import anchor_days
from ..wiring import wiring

bp = Blueprint(__name__)


@bp.schedule(Cron(30, 17, "*", "*", "?", "*"), name="audit_anchor")
def audit_anchor(event: CloudWatchEvent) -> dict[str, Any]:
    """Every night at 00:30 in Việt Nam (17:30 UTC); by hand for one day with `"detail": {"day": "2026-11-22"}`.

    Answers which days were anchored now, with the number of chains that moved on each.
    """
    asked = (event.detail or {}).get("day")
    return {"anchored": anchor_days(wiring(), None if asked is None else date.fromisoformat(asked))}
