"""The canary: knocks at the front door as a stranger does and knows what has to be answered.

It takes the whole way of a price (address, firewall, gateway, function, law, table) and tries the authoriser with
nothing in hand. What it does with a token of its own is in `usecases/oversight/canary_dossier.py`.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from ...domain.errors import Unavailable
from ...log import facts, logger
from ...metrics import measured

log = logger(__name__)

SECONDS: Final = 10
QUOTE: Final[Mapping[str, Any]] = {
    "income": 1_500_000,
    "method": "M1",
    "from_month": "2023-02",
    "support_category": "OTHER",
    "province_code": "79",
    "paid_on": "2023-02-06",
    "supported_months_used": 0,
}
"""Scenario A1, whose amount no later law changes."""

AMOUNT: Final = 297_000
"""What A1's participant pays, VND."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: a status, and the JSON if it was any."""

    status: int
    body: Any


Ask = Callable[[str, str, Mapping[str, Any] | None], Answered]
"""Method, path and body to an answer."""


def sing(ask: Ask) -> int:
    """Try each door; answers the milliseconds it took. Raises `Unavailable` (CANARY_SILENT) at a wrong answer."""
    began = time.monotonic()
    for name, method, path, body, right in STEPS:
        answer = ask(method, path, body)
        if not right(answer):
            log.error("the canary was answered wrongly", extra=facts(action=name, status=answer.status))
            raise Unavailable("CANARY_SILENT", "")
    taken = round((time.monotonic() - began) * 1000)
    told = facts(action="canary", milliseconds=taken)
    log.info("the canary sang", extra={**told, **measured(CanarySteps=len(STEPS), CanaryMilliseconds=taken)})
    return taken


def _provinces(answer: Answered) -> bool:
    return answer.status == 200 and len(answer.body["items"]) == 1


def _quote(answer: Answered) -> bool:
    return answer.status == 200 and answer.body["amount_participant"] == AMOUNT


def _refused(answer: Answered) -> bool:
    return answer.status == 401 and answer.body["code"] == "UNAUTHORIZED"


STEPS: Final[tuple[tuple[str, str, str, Mapping[str, Any] | None, Callable[[Answered], bool]], ...]] = (
    ("PROVINCES", "GET", "/v1/provinces?on=2025-08-01&limit=1", None, _provinces),
    ("QUOTE", "POST", "/v1/quotes", QUOTE, _quote),
    ("WITHOUT_TOKEN", "GET", "/v1/officer/dossiers", None, _refused),
)


def over_http(address: str, own: Mapping[str, str] = MappingProxyType({})) -> Ask:
    """Ask the API at an address, `https://host[:port][/stage]`, with headers of one's own.

    Raises ValueError for another scheme than HTTP(S).
    """
    parts = urlsplit(address)
    connections = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}
    if parts.scheme not in connections or parts.hostname is None:
        raise ValueError("an address begins with https:// or http://")
    host = parts.hostname

    def ask(method: str, path: str, body: Mapping[str, Any] | None) -> Answered:
        connection = connections[parts.scheme](host, parts.port, timeout=SECONDS)
        try:
            sent = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json", "User-Agent": "bhxh-602e-canary", **own}
            connection.request(method, parts.path.rstrip("/") + path, sent, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return Answered(0, None)
        finally:
            connection.close()
        try:
            return Answered(answer.status, json.loads(text))
        except ValueError:
            return Answered(answer.status, {})

    return ask
