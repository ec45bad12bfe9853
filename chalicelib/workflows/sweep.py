"""The nightly sweep: starts again what a lost stream record or a dead execution left undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Cron

from ..usecases.covers.audit_files import MOST_FILES, OLDER_DAYS, audit_files
from ..usecases.oversight.sweep import Swept, sweep
from ..usecases.oversight.take_stock import take_stock
from ..usecases.oversight.watch import watch
from ..wiring import Wiring, wiring

bp = Blueprint(__name__)
AUDIT_FILES = "audit-files"
"""The task of the second schedule; its event may say `older_days` and `most`."""


@bp.schedule(Cron(0, 18, "*", "*", "?", "*"), name="sweeper")
def sweeper(event: CloudWatchEvent) -> dict[str, Any]:
    """Every night at 01:00 in Việt Nam (18:00 UTC), and whenever an operator invokes it.

    A run that time cuts short is gone on with by the next, which in the hours after is asked for the rest alone.
    Answers how much was looked at and started again, a reason for each thing found that needs a person, and what is
    open, late and held. At 02:00 it audits the stored files instead.
    """
    w, left = wiring(), getattr(event.context, "get_remaining_time_in_millis", lambda: 2**31)
    if event.detail.get("task") == AUDIT_FILES:
        return _audit(event.detail, w)
    only_unfinished = bool(event.detail.get("only_unfinished"))
    swept = sweep(w, lambda: left() / 1000, only_unfinished=only_unfinished)
    if not swept.finished or (only_unfinished and swept == Swept()):
        # No time is left, or nothing was: whoever finishes the round looks at the rest.
        return {**asdict(swept), "findings": ()}
    return {**asdict(swept), "findings": watch(w), "stock": asdict(take_stock(w))}


def _audit(asked: Mapping[str, Any], w: Wiring) -> dict[str, Any]:
    older_days, most = int(asked.get("older_days", OLDER_DAYS)), int(asked.get("most", MOST_FILES))
    done = audit_files(w, older_days=older_days, most=most)
    return {"files": done.files, "findings": done.findings, "next_day": done.next_day.isoformat()}
