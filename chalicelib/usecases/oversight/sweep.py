"""The sweep: looks at every accepted thing that waits, starts again what should be running, names what is stuck.

It goes through the lists a chunk at a time and may be cut short anywhere: the next run goes on where it stopped. What
one thing lacks is no reason to pass over the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...domain.errors import NotConfigured
from ...domain.oversight.expectation import (
    Expectation,
    Owner,
    of_cover,
    of_data_request,
    of_dossier,
    of_refund,
    of_voucher,
)
from ...domain.registration.dossier import Dossier
from ...log import facts, logger
from ...storage import keys
from ...storage.faults import passing_fault
from ...storage.items.covers import cover_from
from ...storage.items.data_requests import data_request_from
from ...storage.items.dossiers import LIST_SHARDS, dossier_from
from ...storage.items.fields import instant
from ...storage.items.refunds import refund_from
from ...storage.items.stuck import Stuck, stuck_item
from ...storage.items.tallies import relayed_from
from ...storage.table import Stored
from ...wiring import Wiring
from ..course.recompute_dues import recompute_one
from ..messages.react import relay_missed
from .revive import CHUNK, restart_clocks, revive_cover, revive_dossier

SPARE_SECONDS = 30.0
"""So much time must be left for one more chunk."""

SETTLED = timedelta(minutes=10)
"""A line that is younger than this may still be on its way through the stream."""

STUCK_PEOPLE, STUCK_SYSTEM = "STUCK_PEOPLE", "STUCK_SYSTEM"
"""Reasons of log lines: whether people or the system itself are waited for."""

log = logger(__name__)


@dataclass
class Swept:
    """How many were looked at, had to be started again, were told late, and are stuck."""

    dossiers: int = 0
    dossiers_restarted: int = 0
    covers: int = 0
    covers_restarted: int = 0
    lines_relayed: int = 0
    stuck: int = 0
    failed: int = 0
    finished: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run has got to: which list, which province, behind which entry."""

    kind: str = ""
    province: str = ""
    after: str = ""


def sweep(w: Wiring, seconds_left: Callable[[], float] = lambda: 1e9, *, only_unfinished: bool = False) -> Swept:
    """Go through every list, from where an earlier run was cut short. AP93.

    With `only_unfinished` nothing is begun anew.
    """
    swept, cut = Swept(), w.table.get(keys.SWEEP)
    if cut is None and only_unfinished:
        return swept
    place = _Place() if cut is None else _Place(str(cut["kind"]), str(cut["province"]), str(cut["after"]))
    if cut is None and w.clock.version:
        restart_clocks(w)
    for kind, province, rows in _chunks(place, w):
        if seconds_left() < SPARE_SECONDS:
            swept.finished = False
            break
        _LISTS[kind](rows, province, swept, w)
        place = _Place(kind, province, str(rows[-1]["GSI2SK"]))
        if len(rows) == CHUNK:
            w.table.put(keys.SWEEP, {"kind": place.kind, "province": place.province, "after": place.after})
            cut = {}
    if swept.finished and cut is not None:
        w.table.delete(keys.SWEEP)
    elif not swept.finished:
        w.table.put(keys.SWEEP, {"kind": place.kind, "province": place.province, "after": place.after})
    log.info("sweep done", extra=facts(action="sweep", count=swept.dossiers_restarted + swept.covers_restarted))
    return swept


def _chunks(place: _Place, w: Wiring) -> Iterator[tuple[str, str, list[Stored]]]:
    """The entries of every list behind a place, a chunk at a time. AP94."""
    for kind in (each for each in _LISTS if each >= place.kind):
        for province in sorted(w.law.provinces.codes()):
            if (kind, province) < (place.kind, place.province):
                continue
            after = place.after if (kind, province) == (place.kind, place.province) else ""
            for shard in range(LIST_SHARDS):
                while rows := w.table.query_list(_PARTITIONS[kind](province, shard), after=after, limit=CHUNK):
                    yield kind, province, rows
                    after = str(rows[-1]["GSI2SK"])
                    if len(rows) < CHUNK:
                        break


def _dossiers(rows: Iterable[Stored], province: str, swept: Swept, w: Wiring) -> None:
    """The lists may be behind: the dossiers are read with what is known of how far they were told. AP95."""
    codes = [str(row["dossier_code"]) for row in rows]
    read = w.table.get_many([key for code in codes for key in (keys.dossier(code), keys.tally(code))])
    for code in codes:
        stored = read.get(keys.dossier(code))
        if stored is None:
            continue
        swept.dossiers += 1
        dossier = dossier_from(stored)
        with _alone(swept, code):
            told = relayed_from(read.get(keys.tally(code)))
            if told < dossier.version:
                swept.lines_relayed += relay_missed(code, told, w, settled_at=w.clock.now() - SETTLED)
            swept.dossiers_restarted += revive_dossier(dossier, w)
            recompute_one(dossier, w)
            rules = w.law.watch_rules.on(w.clock.now().date()).value
            expected = of_dossier(dossier, rules, w.law.calendar)
            _note("dossier", code, province, expected, swept, w, dossier=dossier)


def _covers(rows: Iterable[Stored], province: str, swept: Swept, w: Wiring) -> None:
    """AP11, many at a time."""
    read = w.table.get_many([(str(row["PK"]), str(row["SK"])) for row in rows])
    for stored in read.values():
        swept.covers += 1
        cover = cover_from(stored)
        with _alone(swept, cover.dossier_code):
            swept.covers_restarted += revive_cover(cover, w)
            rules = w.law.watch_rules.on(w.clock.now().date()).value
            expected = of_cover(cover, rules, w.law.calendar)
            _note("cover", cover.cover_id, province, expected, swept, w, code=cover.dossier_code)


def _refunds(rows: Iterable[Stored], province: str, swept: Swept, w: Wiring) -> None:
    read = w.table.get_many([(str(row["PK"]), str(row["SK"])) for row in rows])
    for stored in read.values():
        case = refund_from(stored)
        with _alone(swept, case.dossier_code):
            rules = w.law.watch_rules.on(w.clock.now().date()).value
            expected = of_refund(case, rules, w.law.calendar)
            _note("refund", case.refund_id, province, expected, swept, w, code=case.dossier_code)


def _vouchers(rows: Iterable[Stored], province: str, swept: Swept, w: Wiring) -> None:
    now = w.clock.now()
    for row in rows:
        subject, received = str(row.get("voucher_id") or row["PK"]), instant(row, "received_at")
        if received is None:
            continue
        with _alone(swept, subject):
            law, day = w.law, now.date()
            rules, hours = law.watch_rules.on(day).value, law.park_hours.on(day).value
            expected = of_voucher(str(row["state"]), received, hours, rules, law.calendar)
            code, reason = row.get("dossier_code"), row.get("reason")
            _note(
                "voucher",
                subject,
                province,
                expected,
                swept,
                w,
                code=None if code is None else str(code),
                reason=None if reason is None else str(reason),
            )


def _data_requests(rows: Iterable[Stored], province: str, swept: Swept, w: Wiring) -> None:
    """AP163."""
    read = w.table.get_many([(str(row["PK"]), str(row["SK"])) for row in rows])
    for stored in read.values():
        request = data_request_from(stored)
        _note("request", request.request_id, province, of_data_request(request.next_by), swept, w)


_LISTS: Mapping[str, Callable[[list[Stored], str, Swept, Wiring], None]] = {
    "COVER": _covers,
    "DELIVERY": _dossiers,
    "HELD": _vouchers,
    "OPEN": _dossiers,
    "REFUND": _refunds,
    "REQUESTS": _data_requests,
}
"""In the order in which they are gone through."""

_PARTITIONS: Mapping[str, Callable[[str, int], str]] = {
    "COVER": keys.cover_list,
    "DELIVERY": keys.delivery_list,
    "HELD": keys.voucher_list,
    "OPEN": keys.open_list,
    "REFUND": keys.refund_list,
    "REQUESTS": keys.data_request_list,
}


class _alone:  # noqa: N801 -- reads as a statement
    """What goes wrong with one thing is told and counted, and the next one has its turn."""

    def __init__(self, swept: Swept, subject: str) -> None:
        self._swept, self._subject = swept, subject

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return False
        code = error.code if isinstance(error, NotConfigured) else passing_fault(error)
        if code is None:
            return False
        self._swept.failed += 1
        log.warning("not swept", extra=facts(dossier_code=self._subject, error=code))
        return True


def _note(
    kind: str,
    subject: str,
    province: str,
    expected: Expectation | None,
    swept: Swept,
    w: Wiring,
    *,
    dossier: Dossier | None = None,
    code: str | None = None,
    reason: str | None = None,
) -> None:
    """Keep and tell what is stuck, for officers and operators."""
    now: datetime = w.clock.now()
    rules = w.law.watch_rules.on(now.date()).value
    if expected is None or not expected.is_stuck(now, rules):
        return
    swept.stuck += 1
    code = code if dossier is None else dossier.code
    version = None if dossier is None else dossier.version
    found = Stuck(kind, subject, province, expected, code, version, now, reason)
    w.table.put(keys.stuck(province, kind, subject), stuck_item(found))
    people = expected.owner in {Owner.CITIZEN, Owner.OFFICER, Owner.SIGNER, Owner.ACCOUNTING}
    log.warning(
        "waits beyond its time",
        extra=facts(
            action="sweep",
            reason=STUCK_PEOPLE if people else STUCK_SYSTEM,
            cause=expected.what,
            dossier_code=code,
            voucher_id=subject if kind == "voucher" else None,
            cover_id=subject if kind == "cover" else None,
            request_id=subject if kind == "request" else None,
        ),
    )
