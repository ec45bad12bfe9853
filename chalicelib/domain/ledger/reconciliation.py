"""Accounting's manifest of a day against what became of its vouchers, and every difference by name (domain rule 7.2).

Sums are VND. What was received adds up: each voucher of the day counts under one heading, the surplus of an applied
one under suspense. A person signs a day off; what moves afterwards shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from .manifest import Gap, Manifest, Numbers, fingerprint_of

LISTED_IDS = 20
"""How many ids of one gap are named one by one; a longer gap is told by its ends."""


class Heading(StrEnum):
    """Where the money of a received voucher stands."""

    APPLIED = "applied"
    SUSPENSE = "suspense"
    """What an applied voucher brought beyond the amount that was asked for."""
    HELD = "held"
    PARKED = "parked"
    QUARANTINED = "quarantined"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    """Cancelled by accounting, or replaced by another voucher."""


WAITING = frozenset({Heading.HELD, Heading.PARKED, Heading.QUARANTINED})
"""What a person or the dossier has yet to settle."""


@dataclass(frozen=True, slots=True)
class Received:
    """One voucher of the day as it stands, or a quarantined message that may be one."""

    voucher_id: str | None
    heading: Heading
    amount: int
    """VND; 0 where a message names none."""
    state: str
    reason: str | None = None
    dossier_code: str | None = None
    suspense: int = 0
    """Of an applied voucher: VND beyond what was asked for."""
    refunded: int = 0
    """Of an applied voucher: VND that went back of it."""
    cover_state: str | None = None
    """Of an applied voucher whose cover is not issued yet."""
    id: str | None = None
    """How a person addresses it, where that is not the voucher's id."""

    @property
    def elsewhere(self) -> tuple[tuple[Heading, int], ...]:
        """What of an applied voucher stands under another heading, in VND."""
        return (Heading.SUSPENSE, self.suspense), (Heading.REFUNDED, self.refunded)


@dataclass(frozen=True, slots=True)
class Amount:
    count: int = 0
    total: int = 0
    """VND."""

    def plus(self, amount: int) -> Amount:
        return Amount(self.count + 1, self.total + amount)


class Kind(StrEnum):
    """What differs."""

    MANIFEST_MISSING = "MANIFEST_MISSING"
    MANIFEST_CHANGED = "MANIFEST_CHANGED"
    COUNT_DIFFERS = "COUNT_DIFFERS"
    SUM_DIFFERS = "SUM_DIFFERS"
    SEQUENCE_GAP = "SEQUENCE_GAP"
    SEQUENCE_UNREADABLE = "SEQUENCE_UNREADABLE"
    OUTSIDE_SEQUENCE = "OUTSIDE_SEQUENCE"
    DATED_OTHERWISE = "DATED_OTHERWISE"
    NOT_SETTLED = "NOT_SETTLED"
    REVERSED = "REVERSED"
    SURPLUS = "SURPLUS"
    WITHOUT_COVER = "WITHOUT_COVER"


TOLD_ONLY = frozenset({Kind.REVERSED, Kind.SURPLUS, Kind.WITHOUT_COVER, Kind.DATED_OTHERWISE})
"""What explains the figures or takes its course by itself; it keeps no day from being signed off."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `expected` and `found` are counts or VND, as the kind says."""

    kind: Kind
    voucher_id: str | None = None
    last_voucher_id: str | None = None
    """The last id of a gap that begins with `voucher_id`."""
    voucher_ids: tuple[str, ...] = ()
    """The ids of a gap, where they are few enough to be named."""
    dossier_code: str | None = None
    state: str | None = None
    reason: str | None = None
    day: date | None = None
    """Under which value date a voucher was received that the manifest counts here."""
    expected: int | None = None
    found: int | None = None
    subject: str | None = None
    """How a person addresses the voucher or message."""

    @property
    def is_open(self) -> bool:
        """True for what keeps the day from being signed off until it is settled or acknowledged."""
        return self.kind not in TOLD_ONLY

    @property
    def id(self) -> str:
        """Names this difference as it is now: with another amount, state or reason it is another one."""
        told = [self.kind, self.voucher_id, self.last_voucher_id, self.dossier_code, self.state, self.reason]
        day = None if self.day is None else self.day.isoformat()
        return fingerprint_of([*told, day, self.expected, self.found, self.subject])[:16]


@dataclass(frozen=True, slots=True)
class DayBook:
    """Everything known about one day and province."""

    day: date
    province_code: str
    manifests: tuple[Manifest, ...]
    """Every different one, in the order of arrival."""
    received: tuple[Received, ...]
    covers_issued: int
    elsewhere: Mapping[str, date] = field(default_factory=dict)
    """Ids missing here that were received under another value date."""
    other_schemes: Amount = Amount()
    """Vouchers of other schemes, which were acknowledged and counted only."""
    other_ids: frozenset[str] = frozenset()
    """Their numbers: what has come leaves no gap, whatever it was for."""
    complete: bool = True
    """False where a day holds more than is read at once: the figures are of a part."""

    @property
    def manifest(self) -> Manifest | None:
        """The one that counts: the last."""
        return self.manifests[-1] if self.manifests else None

    def knowing(self, elsewhere: Mapping[str, date]) -> DayBook:
        """The same day with what was found of it under other days."""
        return replace(self, elsewhere=elsewhere)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the manifest counts and nothing was received for on this day."""
        sequence = None if self.manifest is None else Numbers.of(self.manifest)
        if sequence is None:
            return ()
        received = (each.voucher_id for each in self.received if each.voucher_id is not None)
        return sequence.gaps((*received, *self.other_ids))


@dataclass(frozen=True, slots=True)
class Figures:
    """A day in numbers. `sent` is None without a manifest."""

    sent: Amount | None
    received: Amount
    by_heading: Mapping[Heading, Amount]
    covers_issued: int
    other_schemes: Amount

    def document(self) -> dict[str, int | None]:
        """Flat, as a sign-off keeps it: name -> number."""
        sent = self.sent
        flat: dict[str, int | None] = {
            "sent.count": None if sent is None else sent.count,
            "sent.sum": None if sent is None else sent.total,
            "received.count": self.received.count,
            "received.sum": self.received.total,
        }
        for heading in Heading:
            flat[f"{heading}.count"] = self.by_heading[heading].count
            flat[f"{heading}.sum"] = self.by_heading[heading].total
        other = self.other_schemes
        more = {"other_schemes.count": other.count, "other_schemes.sum": other.total}
        return {**flat, **more, "covers_issued": self.covers_issued}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    book: DayBook
    figures: Figures
    differences: tuple[Difference, ...]

    @property
    def open_differences(self) -> tuple[Difference, ...]:
        return tuple(each for each in self.differences if each.is_open)


def reconcile(book: DayBook) -> Reconciliation:
    """The figures of a day and everything that differs, manifest first, then voucher by voucher."""
    by_heading = dict.fromkeys(Heading, Amount())
    received = Amount()
    for each in book.received:
        received = received.plus(each.amount)
        shares = {each.heading: each.amount - each.suspense - each.refunded}
        shares |= {heading: share for heading, share in each.elsewhere if share}
        for heading, share in shares.items():
            by_heading[heading] = by_heading[heading].plus(share)
    manifest = book.manifest
    sent = None if manifest is None else Amount(manifest.count, manifest.sum_received)
    figures = Figures(sent, received, by_heading, book.covers_issued, book.other_schemes)
    return Reconciliation(book, figures, (*_of_manifest(book, received), *_of_sequence(book), *_of_vouchers(book)))


def _of_manifest(book: DayBook, received: Amount) -> list[Difference]:
    manifest = book.manifest
    if manifest is None:
        return [Difference(Kind.MANIFEST_MISSING, found=received.count)] if book.received else []
    differences = [
        Difference(
            Kind.MANIFEST_CHANGED,
            expected=earlier.sum_received,
            found=later.sum_received,
            reason=f"{earlier.count} -> {later.count}",
            subject=f"manifest-{later.number}",
        )
        for earlier, later in zip(book.manifests, book.manifests[1:], strict=False)
    ]
    count, total = received.count + book.other_schemes.count, received.total + book.other_schemes.total
    if manifest.count != count:
        differences.append(Difference(Kind.COUNT_DIFFERS, expected=manifest.count, found=count))
    if manifest.sum_received != total:
        differences.append(Difference(Kind.SUM_DIFFERS, expected=manifest.sum_received, found=total))
    return differences


def _of_sequence(book: DayBook) -> list[Difference]:
    manifest = book.manifest
    if manifest is None or (manifest.first_voucher_id, manifest.last_voucher_id) == (None, None):
        return []
    sequence = Numbers.of(manifest)
    if sequence is None:
        first, last = manifest.first_voucher_id, manifest.last_voucher_id
        return [Difference(Kind.SEQUENCE_UNREADABLE, voucher_id=first, last_voucher_id=last)]
    differences = [each for gap in book.gaps for each in _of_gap(gap, book.elsewhere)]
    return differences + [
        Difference(Kind.OUTSIDE_SEQUENCE, voucher_id=each.voucher_id, found=each.amount, subject=each.id)
        for each in book.received
        if each.voucher_id is not None and sequence.number_of(each.voucher_id) is None
    ]


def _of_gap(gap: Gap, elsewhere: Mapping[str, date]) -> list[Difference]:
    """A gap, cut where one of its ids was received under another day."""
    if gap.count > LISTED_IDS:
        return [Difference(Kind.SEQUENCE_GAP, gap.name(gap.first), gap.name(gap.last), found=gap.count)]
    differences: list[Difference] = []
    run: list[str] = []
    for name in (*gap.ids(LISTED_IDS), None):
        if name is not None and name not in elsewhere:
            run.append(name)
            continue
        if run:
            differences.append(Difference(Kind.SEQUENCE_GAP, run[0], run[-1], tuple(run), found=len(run)))
            run = []
        if name is not None:
            differences.append(Difference(Kind.DATED_OTHERWISE, voucher_id=name, day=elsewhere[name], subject=name))
    return differences


def _of_vouchers(book: DayBook) -> list[Difference]:
    return [
        Difference(
            kind,
            voucher_id=each.voucher_id,
            dossier_code=each.dossier_code,
            state=each.cover_state if kind is Kind.WITHOUT_COVER else each.state,
            reason=each.reason,
            found=found,
            subject=each.id or each.voucher_id,
        )
        for each in book.received
        for kind, found in _of_voucher(each)
    ]


def _of_voucher(each: Received) -> list[tuple[Kind, int]]:
    """What of one voucher is told, with the VND that it is about."""
    if each.heading in WAITING:
        return [(Kind.NOT_SETTLED, each.amount)]
    if each.heading is not Heading.APPLIED:
        return [(Kind.REVERSED, each.amount)]
    told = [(Kind.SURPLUS, each.suspense), (Kind.REVERSED, each.refunded)]
    told = [(kind, found) for kind, found in told if found]
    return told if each.cover_state is None else [*told, (Kind.WITHOUT_COVER, each.amount)]
