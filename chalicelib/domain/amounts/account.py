"""The account of a dossier: what became of every đồng that was paid for it (domain rule 7.4).

A pure function of the set of voucher events, whatever their order: the vouchers that fit are added up in order of
payment, the shortest run that reaches the expected amount pays, and whatever does not pay is accounted for by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ..copies import replace

MOST_ENTRIES = 40
"""More vouchers than this for one dossier are no payment but a fault: they wait outside of the account."""


class VoucherState(StrEnum):
    """Where a voucher stands."""

    APPLIED = "APPLIED"
    PARKED = "PARKED"
    HELD = "HELD"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    REFUNDED = "REFUNDED"
    IGNORED = "IGNORED"


UNDERPAID = "UNDERPAID"
OVERPAID = "OVERPAID"
DOUBLE_PAYMENT = "DOUBLE_PAYMENT"
DOSSIER_CLOSED = "DOSSIER_CLOSED"
REFUND_ORDERED = "REFUND_ORDERED"
"""A person has decided that held money goes back; accounting has not told of it yet."""


class Terms(NamedTuple):
    """What months cost and how many of them the State supports. Amounts in VND for the whole of them."""

    months: int
    gross: int
    state: int
    local: int
    participant: int
    supported_months: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One voucher that is matched to the dossier and is neither cancelled nor replaced nor paid back whole."""

    voucher_id: str
    paid_at: datetime
    amount: int
    """VND received."""
    misfit: str | None = None
    """Why it can't pay for this dossier, until a person accepts it."""
    terms: Terms | None = None
    """What the months cost by the parameters of its own day of payment, where those are not the quoted ones."""
    kept: Terms | None = None
    """What a refund (602A) leaves of the months; None for all of them."""
    ordered: bool = False
    """A person has ordered its refund."""

    @property
    def fits(self) -> bool:
        return self.misfit is None and not self.ordered


@dataclass(frozen=True, slots=True)
class Case:
    """An open refund case of the account."""

    number: int
    voucher_ids: tuple[str, ...]
    amount: int
    """VND."""


@dataclass(frozen=True, slots=True)
class Account:
    """`recorded` names the vouchers that pay for the participation on record; empty while there is none."""

    entries: tuple[Entry, ...] = ()
    """In order of payment."""
    recorded: tuple[str, ...] = ()
    terms: Terms | None = None
    """What the participation is recorded with; None while there is none."""
    periods: int = 0
    """How many participation periods were ever recorded: the number of the newest one."""
    cases: tuple[Case, ...] = ()
    """Refund cases that are open."""
    cases_made: int = 0

    def entry(self, voucher_id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.voucher_id == voucher_id), None)

    def with_entry(self, entry: Entry) -> Account:
        if self is EMPTY:
            return Account((entry,))
        others = (other for other in self.entries if other.voucher_id != entry.voucher_id)
        return replace(self, entries=tuple(sorted((*others, entry), key=_order)))

    def without(self, voucher_id: str) -> Account:
        return replace(self, entries=tuple(entry for entry in self.entries if entry.voucher_id != voucher_id))

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= MOST_ENTRIES


EMPTY = Account()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a voucher stands, and its money: `applied + suspense + held + refunded` is what was received. VND."""

    state: VoucherState
    reason: str | None = None
    applied: int = 0
    suspense: int = 0
    held: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Money that is to go back, unless the account changes before it does. VND."""

    voucher_ids: tuple[str, ...]
    amount: int
    cause: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an account comes to."""

    paying: tuple[Entry, ...]
    """The vouchers that pay; empty where nothing is paid."""
    terms: Terms
    """What the participation is recorded with: the expected months, less what a refund took off them."""
    expected: int
    total: int
    """VND of everything that fits."""
    standings: Mapping[str, Standing]
    """Of every entry, in order of payment."""

    @property
    def paying_ids(self) -> tuple[str, ...]:
        return tuple(entry.voucher_id for entry in self.paying)

    @property
    def short(self) -> int:
        """VND that are missing; 0 where the expected amount is there."""
        return max(0, self.expected - self.total)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The vouchers that wait for a top-up."""
        return tuple(name for name, each in self.standings.items() if each.reason == UNDERPAID)


def settle(account: Account, quoted: Terms, *, tolerance: int = 0, barrier: str | None = None) -> Settlement:
    """What the vouchers of an account come to.

    `quoted` are the pinned terms of the dossier, `tolerance` (VND) may be missing or too much. `barrier` is a reason
    for which nothing may be recorded now; what is on record stands as long as all of its vouchers do.
    """
    fitting = [entry for entry in account.entries if entry.fits]
    terms = next((entry.terms for entry in fitting[:1] if entry.terms is not None), quoted)
    total = sum(entry.amount for entry in fitting)
    paying = _paying(account, fitting, terms.participant - tolerance, barrier)
    excess = sum(entry.amount for entry in paying) - terms.participant
    suspense = excess if paying and excess > tolerance else 0
    kept = min((entry.kept for entry in paying if entry.kept is not None), default=terms)
    returned = terms.participant - kept.participant
    standings = {}
    for entry in account.entries:
        if entry not in paying:
            reason = _why_held(entry, bool(paying), total + tolerance >= terms.participant, barrier)
            standings[entry.voucher_id] = reason
            continue
        over = suspense if entry is paying[-1] else 0
        back = min(returned, entry.amount - over)
        returned -= back
        standings[entry.voucher_id] = Standing(
            VoucherState.APPLIED, applied=entry.amount - over - back, suspense=over, refunded=back
        )
    return Settlement(tuple(paying), kept, terms.participant, total, standings)


def _paying(account: Account, fitting: list[Entry], wanted: int, barrier: str | None) -> list[Entry]:
    """The shortest run of payments that reaches the amount; behind a barrier only what is recorded already."""
    if barrier is not None:
        standing = [entry for entry in fitting if entry.voucher_id in account.recorded]
        return standing if len(standing) == len(account.recorded) else []
    total = 0
    for number, entry in enumerate(fitting, 1):
        total += entry.amount
        if total >= wanted:
            return fitting[:number]
    return []


def _why_held(entry: Entry, paid: bool, enough: bool, barrier: str | None) -> Standing:
    if entry.ordered:
        return Standing(VoucherState.REFUNDED, REFUND_ORDERED, refunded=entry.amount)
    if entry.kept is not None:
        return Standing(VoucherState.REFUNDED, refunded=entry.amount)
    reason = entry.misfit
    if reason is None:
        reason = DOUBLE_PAYMENT if paid else (barrier or UNDERPAID) if enough else UNDERPAID
    return Standing(VoucherState.HELD, reason, held=entry.amount)


def claims(settlement: Settlement, *, ended: bool, failed: str | None = None) -> tuple[Claim, ...]:
    """What is to be paid back of an account as it stands.

    `ended`: no top-up is awaited any more. `failed` is why what pays goes back as well: the dossier ended without its
    result.
    """
    back = {DOUBLE_PAYMENT, DOSSIER_CLOSED, REFUND_ORDERED, *((UNDERPAID,) if ended else ())}
    found = []
    if failed is not None and settlement.paying:
        applied = sum(settlement.standings[name].applied for name in settlement.paying_ids)
        found.append(Claim(settlement.paying_ids, applied, failed))
    for name, each in settlement.standings.items():
        if each.suspense:
            found.append(Claim((name,), each.suspense, OVERPAID))
        elif each.reason is not None and each.reason in back:
            found.append(Claim((name,), each.held + each.refunded, each.reason))
    return tuple(found)


def cases_after(account: Account, due: Iterable[Claim]) -> tuple[tuple[Claim, ...], tuple[Case, ...]]:
    """The claims that need a new refund case, and the open cases that have lost their ground."""
    claimed = {(each.voucher_ids, each.amount): each for each in due}
    known = {(case.voucher_ids, case.amount) for case in account.cases}
    new = tuple(claim for key, claim in claimed.items() if key not in known)
    gone = tuple(case for case in account.cases if (case.voucher_ids, case.amount) not in claimed)
    return new, gone


def _order(entry: Entry) -> tuple[datetime, str]:
    return entry.paid_at, entry.voucher_id
