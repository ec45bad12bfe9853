"""What can't be a voucher, or contradicts one, is kept whole with its reason: nothing is dropped."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from datetime import date, datetime

from ...domain.errors import Fault
from ...domain.ledger.causes import cause_of
from ...domain.ledger.voucher_desk import MESSAGE_PREFIX
from ...domain.months import instant_text
from ...storage import keys
from ...storage.codec import Value
from ...storage.items.fields import text
from ...storage.items.vouchers import day_shard_of
from ...storage.keys import Key
from ...storage.table import Stored
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring

UNKNOWN_PROVINCE = "00"
"""Whose work list a message goes to that names no province."""

DOCUMENT_BYTES = 256 * 1024
"""How much of a message is kept: an item of the table holds 400 KB, a message of the queue may be larger."""

QUARANTINED, RETRIED, DISCARDED = "QUARANTINED", "RETRIED", "DISCARDED"
"""Where a message stands: it waits for a person; it was read again and taken; accounting has put it right otherwise."""

_PROVINCE, _NAME = re.compile(r"[0-9]{2}", re.ASCII), re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,64}")
_LARGEST = 10**12

FAULTS, FAULT_LENGTH = 50, 200
"""How many faults of a message are told, and how many characters of each: its field names are the sender's."""


def quarantine_item(
    document: str,
    w: Wiring,
    *,
    reason: str,
    province_code: str,
    day: date | None,
    received_at: datetime,
    **known: Value,
) -> tuple[Key, dict[str, Value]]:
    """Key and item of a quarantined message; the same message again gives the same key.

    `day` is the value date; where it can be read the message counts among what its province got on that day.
    """
    whole = document.encode()
    digest = hashlib.sha256(f"{reason}\n".encode() + whole).hexdigest()
    received = instant_text(received_at)
    key = keys.quarantine(digest)
    kept_text = whole[:DOCUMENT_BYTES].decode(errors="ignore")
    item: dict[str, Value] = {
        **_kept(key[0], kept_text, w),
        "state": QUARANTINED,
        "bytes": len(whole),
        "reason": reason,
        "cause": cause_of(reason),
        "province_code": province_code,
        "received_at": received,
        "GSI2PK": keys.voucher_list(province_code, 0),
        "GSI2SK": f"{received}#{digest}",
    }
    if day is not None:
        item |= {"GSI1PK": keys.day_list(day, province_code, day_shard_of(digest)), "GSI1SK": digest}
    item.update({name: value for name, value in known.items() if value is not None})
    return key, item


def _kept(owner: str, document: str, w: Wiring) -> dict[str, Value]:
    """The text as a whole is sealed: where in it a person is named nobody can tell of what could not be read."""
    stored = w.fields.seal(owner, "document", document)
    return {"sealed" if w.fields.seals else "document": stored}


def kept_message(item: Stored, w: Wiring) -> str:
    """The text of a quarantined message. Raises `SealBroken`, `Unavailable`."""
    if item.get("sealed") is None:
        return text(item, "document")
    return w.fields.open(text(item, "PK"), "document", text(item, "sealed"))


def quarantine_id(partition: str) -> str:
    """How people address the message of a partition, `quarantined-<digest>`."""
    return MESSAGE_PREFIX + partition.removeprefix(keys.quarantine("")[0])


def quarantine_message(body: str, faults: tuple[Fault, ...], *, message_id: str, w: Wiring) -> None:
    """Keep a message that is no valid voucher, with what is wrong with it (fields and codes).

    The same message again changes nothing. Raises `Unavailable` when the table is busy.
    """
    told = legible(body)
    key, item = quarantine_item(
        body,
        w,
        reason=faults[0].code,
        province_code=known_province(told.pop("province_code", None), w),
        day=_legible_day(told.pop("value_date", None)),
        received_at=w.clock.now(),
        message_id=message_id,
        **told,
        faults=[f"{fault.field[:FAULT_LENGTH]}: {fault.code}" for fault in faults[:FAULTS]],
    )
    transaction = Transaction()
    transaction.put_new("quarantine", key, item)
    with suppress(Refused):
        transaction.commit(w.table)


def known_province(told: Value, w: Wiring) -> str:
    """A code that never meant a province has no officers: what bears it goes where what bears none goes."""
    return told if isinstance(told, str) and told in w.law.provinces.codes() else UNKNOWN_PROVINCE


def legible(body: str) -> dict[str, Value]:
    """What can be read of a message all the same, so that it comes before the officers of its province."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    province, voucher_id = told.get("province_code"), told.get("voucher_id")
    version, amount = told.get("voucher_version"), told.get("amount_received")
    found: dict[str, Value] = {}
    if isinstance(province, str) and _PROVINCE.fullmatch(province):
        found["province_code"] = province
    if isinstance(voucher_id, str) and _NAME.fullmatch(voucher_id):
        found["voucher_id"] = voucher_id
    if type(version) is int and 0 < version < _LARGEST:
        found["voucher_version"] = version
    if _legible_day(told.get("value_date")) is not None:
        found["value_date"] = told["value_date"]
    if type(amount) is int and 0 < amount < _LARGEST:
        found["amount_received"] = amount
    return found


def _legible_day(told: object) -> date | None:
    """A day as accounting writes it, `2023-02-06`; None for anything else."""
    try:
        day = date.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return day if day is not None and day.isoformat() == told else None
