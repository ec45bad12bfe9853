"""The canary's function: every five minutes in staging and production, by a schedule that names the address."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from ..usecases.sing import over_http, sing

bp = Blueprint(__name__)


@bp.schedule(Rate(5, unit=Rate.MINUTES), name="canary")
def canary(event: CloudWatchEvent) -> dict[str, Any]:
    """Knock at the API that the event's `detail.api` names. Answers how long it took; a wrong answer is its failure."""
    return {"milliseconds": sing(over_http(event.detail["api"]))}
