"""What can't be a voucher, or contradicts one, is kept whole with its reason: nothing is dropped."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ..domain.errors import Fault
from ..domain.months import instant_text
from ..storage import keys
from ..storage.codec import Value
from ..storage.keys import Key
from ..wiring import Wiring

UNKNOWN_PROVINCE = "00"
"""Whose work list a message goes to that names no province."""


def quarantine_item(
    document: str, *, reason: str, province_code: str, received_at: datetime, **known: Value
) -> tuple[Key, dict[str, Value]]:
    """Key and item of a quarantined message; the same message again gives the same key."""
    digest = hashlib.sha256(f"{reason}\n{document}".encode()).hexdigest()
    received = instant_text(received_at)
    item: dict[str, Value] = {
        "document": document,
        "state": "QUARANTINED",
        "reason": reason,
        "province_code": province_code,
        "received_at": received,
        "GSI2PK": keys.voucher_list(province_code, 0),
        "GSI2SK": f"{received}#{digest}",
    }
    item.update({name: value for name, value in known.items() if value is not None})
    return keys.quarantine(digest), item


def quarantine_message(body: str, faults: tuple[Fault, ...], *, message_id: str, w: Wiring) -> None:
    """Keep a message that is no valid voucher, with what is wrong with it (fields and codes)."""
    key, item = quarantine_item(
        body,
        reason=faults[0].code,
        province_code=UNKNOWN_PROVINCE,
        received_at=w.clock.now(),
        message_id=message_id,
        faults=[f"{fault.field}: {fault.code}" for fault in faults],
    )
    w.table.put(key, item)
