"""The audit of stored covers: what lies in the bucket is, byte for byte, what was recorded when it was issued.

A night's audit looks at the covers of the day before and of a few earlier days, which it goes through in turn from the
first to the last and then again. Each finding is one line of the log under a reason of its own; alarms count them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from ...domain.covers.cover import Cover
from ...log import facts, logger
from ...storage import keys
from ...storage.items.covers import cover_from
from ...storage.items.fields import maybe
from ...storage.items.vouchers import DAY_SHARDS
from ...wiring import Wiring

LOST, ALTERED = "COVER_FILE_LOST", "COVER_FILE_ALTERED"
CERTIFICATE_EXPIRING = "CERTIFICATE_EXPIRING"
FIRST_DAY = date(2023, 1, 1)
"""No cover was issued electronically before (QĐ 3511/QĐ-BHXH)."""
OLDER_DAYS = 6
"""Days of issue a night, beside yesterday."""
MOST_FILES = 2000
"""Files read in a run, about 100 MB: the rest of the days waits for the next."""
EXPIRY_DAYS = 60
"""Before a certificate's end: to get another takes weeks."""
CHUNK = 100

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class FileAudit:
    """What a run has done. `next_day` is where the next one goes on."""

    files: int
    findings: tuple[str, ...]
    next_day: date


def audit_files(w: Wiring, *, older_days: int = OLDER_DAYS, most: int = MOST_FILES) -> FileAudit:
    """Compare stored files with what is recorded of them, as far as a run goes. AP66.

    Args:
        w: the process's parts.
        older_days: how many days of issue to go on with, beside yesterday.
        most: how many files to read. A day that is not finished is gone through again by the next run.
    """
    yesterday = w.clock.now().date() - timedelta(days=1)
    stored = w.table.get(keys.file_audit())
    next_day = date.fromisoformat((maybe(stored, "next_day") if stored else None) or FIRST_DAY.isoformat())
    files, found = _audited(yesterday, most, w)
    for _ in range(older_days):
        if next_day >= yesterday:
            next_day = FIRST_DAY
        read, more = _audited(next_day, most - files, w)
        files, found = files + read, [*found, *more]
        if files >= most:
            break
        next_day += timedelta(days=1)
    w.table.put(keys.file_audit(), {"next_day": next_day.isoformat()})
    found += _expiring(w)
    log.info("files audited", extra=facts(action="audit_files", count=files))
    return FileAudit(files, tuple(found), next_day)


def _audited(day: date, most: int, w: Wiring) -> tuple[int, list[str]]:
    """How many files of a day of issue were read, and the reason for each that is not as it was."""
    covers = list(islice(_issued_on(day, w), most))
    found = []
    for cover in covers:
        reason = _fault(cover, w)
        if reason is not None:
            found.append(reason)
            log.error("a stored cover is not as it was", extra=facts(reason=reason, cover_id=cover.cover_id))
    return len(covers), found


def _fault(cover: Cover, w: Wiring) -> str | None:
    if cover.file is None:
        return LOST
    measured = w.documents.measure(cover.file.key)
    if measured is None:
        return LOST
    return None if measured == (cover.file.sha256, cover.file.size) else ALTERED


def _issued_on(day: date, w: Wiring) -> Iterator[Cover]:
    """AP65: the covers of a day of issue, as recorded."""
    for province in sorted(w.law.provinces.codes()):
        for shard in range(DAY_SHARDS):
            names = w.table.listed_keys(keys.issued_list(day.isoformat(), province, shard))
            while chunk := list(islice(names, CHUNK)):
                yield from (cover_from(item) for item in w.table.get_many(chunk).values())


def _expiring(w: Wiring) -> list[str]:
    """The newest certificate ends soon, or there is none: soon nothing can be signed."""
    newest = next(iter(w.signing_keys.certificates()), None)
    if newest is not None and newest.not_after - w.clock.now() > timedelta(days=EXPIRY_DAYS):
        return []
    log.error("the certificate that signs covers ends soon", extra=facts(reason=CERTIFICATE_EXPIRING))
    return [CERTIFICATE_EXPIRING]
