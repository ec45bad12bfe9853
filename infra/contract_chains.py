"""What makes chains of calls walk on: people with cards of their own, and accounting, which pays for them.

Loaded by schemathesis for the chains of `make contract`. Generated values nearly never agree with the rules between
fields, so most calls send what the document shows as its example, and a declaration is of a new person each time;
every fourth call keeps what was generated. Half of the dossiers are paid, so that there are covers to issue.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from datetime import datetime
from typing import Any

import requests
import schemathesis

from infra.local.samples import first_timer, voucher_for

ENDPOINTS: dict[str, Any] = json.loads(os.environ["ENDPOINTS"])
PAID_AT = datetime.fromisoformat("2023-02-06T09:15:22+07:00")
PATIENCE_SECONDS = 5.0
SERIALS = itertools.count(910_000)
CALLS = itertools.count()
DECLARE = "POST /v1/dossiers"


@schemathesis.hook
def before_call(context: Any, case: Any, **_: Any) -> None:
    """Put a body that makes sense in the place of a generated one, but in every fourth call."""
    if not case.meta.generation.mode.is_positive or next(CALLS) % 4 == 0:
        return
    if case.operation.label == DECLARE:
        case.body = first_timer(next(SERIALS))
        return
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in content:
        case.body = content["example"]


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Pay for every second dossier, and wait until the money is there."""
    if case.operation.label != DECLARE or response.status_code != 201:
        return
    code = response.json()["dossier_code"]
    serial = int(case.body["personal_id"][-6:])
    if serial % 2:
        return
    voucher = voucher_for(case.body, code, number=f"{serial:07d}", paid_at=PAID_AT)
    sent = {"Action": "SendMessage", "MessageBody": json.dumps(voucher, ensure_ascii=False)}
    requests.post(ENDPOINTS["voucher_queue_url"], data=sent, timeout=10).raise_for_status()
    headers = {"Authorization": f"Bearer {ENDPOINTS['tokens']['portal']}"}
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        dossier = requests.get(f"{ENDPOINTS['api']}/v1/dossiers/{code}", headers=headers, timeout=10).json()
        if dossier["state"] != "AWAITING_PAYMENT":
            return
        time.sleep(0.05)
