"""The canary's function: every five minutes in staging and production, by a schedule that names the address."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from ..usecases.oversight.canary_dossier import headers, sing_of_dossier
from ..usecases.oversight.sing import over_http, sing
from ..wiring import wiring

bp = Blueprint(__name__)


@bp.schedule(Rate(5, unit=Rate.MINUTES), name="canary")
def canary(event: CloudWatchEvent) -> dict[str, Any]:
    """Knock at the API that the event's `detail.api` names, then register, pay and remove a dossier of its own.

    Answers how long each part took, `dossier` is empty while another canary sings; a wrong answer is its failure.
    """
    w, address = wiring(), event.detail["api"]
    knocked = sing(over_http(address))
    sung = sing_of_dossier(over_http(address, headers(w)), w)
    return {"milliseconds": knocked, "dossier": {} if sung is None else asdict(sung)}
