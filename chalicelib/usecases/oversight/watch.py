"""What nobody would notice by itself: a year without holidays, vouchers that wait too long, answers that fall due.

Each finding is one line of the log under a reason of its own; alarms count these lines.
"""

from __future__ import annotations

from datetime import timedelta

from ...domain.ledger.voucher import VoucherState
from ...domain.people.data_register import DataRequest
from ...log import facts, logger
from ...storage import keys
from ...storage.items.data_requests import data_request_from
from ...storage.items.fields import instant
from ...storage.table import Stored
from ...wiring import Wiring

CALENDAR_MISSING = "CALENDAR_MISSING"
PARKED_TOO_LONG = "PARKED_TOO_LONG"
DATA_REQUEST_DUE, DATA_REQUEST_LATE = "DATA_REQUEST_DUE", "DATA_REQUEST_LATE"
"""A person who asked about their own data is to be answered within a day, or should have been."""

SOON = timedelta(days=1)
CHUNK = 100

log = logger(__name__)


def watch(w: Wiring) -> tuple[str, ...]:
    """Look, log what was found, and answer the reasons, one for each finding."""
    today = w.clock.now().date()
    found = [CALENDAR_MISSING for _ in w.law.calendar.missing_years(today)]
    for year in w.law.calendar.missing_years(today):
        log.error("no table of holidays for a year", extra=facts(action="watch", reason=CALENDAR_MISSING, count=year))
    for row in _parked_too_long(w):
        found.append(PARKED_TOO_LONG)
        log.error(
            "a voucher waits too long for its dossier",
            extra=facts(
                action="watch",
                reason=PARKED_TOO_LONG,
                voucher_id=row["voucher_id"],
                dossier_code=row.get("dossier_code"),
            ),
        )
    for request in _answers_due(w):
        reason = DATA_REQUEST_LATE if request.is_late(w.clock.now()) else DATA_REQUEST_DUE
        found.append(reason)
        told = facts(action="watch", reason=reason, request_id=request.request_id)
        log.error("an answer to a person about their own data is due", extra=told)
    return tuple(found)


def _answers_due(w: Wiring) -> list[DataRequest]:
    """AP163: requests whose next answer is due within a day, or late. The lists are in that order."""
    soon = w.clock.now() + SOON
    due: list[DataRequest] = []
    for province in sorted(w.law.provinces.codes()):
        after, more = "", True
        while more:
            rows = w.table.query_list(keys.data_request_list(province, 0), after=after, limit=CHUNK)
            read = w.table.get_many([(str(row["PK"]), str(row["SK"])) for row in rows])
            found = [data_request_from(item) for item in read.values()]
            waiting = [each for each in found if each.next_by is not None and each.next_by <= soon]
            due += waiting
            more = len(rows) == CHUNK and len(waiting) == len(found)
            after = str(rows[-1]["GSI2SK"]) if rows else ""
    return due


def _parked_too_long(w: Wiring) -> list[Stored]:
    """AP30: vouchers parked for longer than `park_hours`. The lists are in order of receipt."""
    now = w.clock.now()
    latest = now - timedelta(hours=w.law.park_hours.on(now.date()).value)
    late = []
    for province in sorted(w.law.provinces.codes()):
        after = ""
        while True:
            rows = w.table.query_list(keys.voucher_list(province, 0), after=after, limit=CHUNK)
            for row in rows:
                received = instant(row, "received_at")
                if row["state"] == VoucherState.PARKED and received is not None and received <= latest:
                    late.append(row)
            if len(rows) < CHUNK:
                break
            after = str(rows[-1]["GSI2SK"])
    return late
