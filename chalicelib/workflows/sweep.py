"""The nightly sweep: starts again what a lost stream record or a dead execution left undone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Cron

from ..usecases.sweep import sweep
from ..usecases.take_stock import take_stock
from ..usecases.watch import watch
from ..wiring import wiring

bp = Blueprint(__name__)


@bp.schedule(Cron(0, 18, "*", "*", "?", "*"), name="sweeper")
def sweeper(event: CloudWatchEvent) -> dict[str, Any]:
    """Every night at 01:00 in Việt Nam (18:00 UTC), and whenever an operator invokes it.

    A run that time cuts short is gone on with by the next, which in the hours after is asked for the rest alone.
    Answers how much was looked at and started again, a reason for each thing found that needs a person, and what is
    open, late and held.
    """
    w, left = wiring(), getattr(event.context, "get_remaining_time_in_millis", lambda: 2**31)
    only_unfinished = bool(event.detail.get("only_unfinished"))
    swept = sweep(w, lambda: left() / 1000, only_unfinished=only_unfinished)
    if only_unfinished:
        return {**asdict(swept), "findings": ()}
    return {**asdict(swept), "findings": watch(w), "stock": asdict(take_stock(w))}
