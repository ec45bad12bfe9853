"""Contribution vouchers from central accounting: their versions, and what they come to (domain rule 7.4).

A voucher takes effect exactly once per (voucher_id, voucher_version), and in whatever order the versions come, the
same is left of them: the head keeps of each kind the highest version, which is what a merge of sets does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from ..amounts.account import Standing
from ..amounts.account import VoucherState as VoucherState
from ..months import Month, MonthSpan
from ..registration.declaration import BirthDate

SCHEME = "BHXH_TN"


class VoucherEvent(StrEnum):
    ISSUED = "ISSUED"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    REFUNDED = "REFUNDED"


ISSUING = frozenset({VoucherEvent.ISSUED, VoucherEvent.REPLACED})
"""What brings money; the others take it back."""


@dataclass(frozen=True, slots=True)
class ContributionVoucher:
    """Message `ContributionVoucher` v1 as read from the queue. Amounts in VND.

    `fingerprint` is the SHA-256 of the content without `message_id`: the same voucher sent again has
    the same one.
    """

    voucher_id: str
    voucher_version: int
    event: VoucherEvent
    scheme: str
    fingerprint: str
    receipt_symbol: str
    receipt_number: str
    receipt_date: date
    dossier_code: str | None
    personal_id: str | None
    si_number: str | None
    full_name: str | None
    birth_date: BirthDate | None
    income: int
    method: str
    from_month: Month
    months: int
    amount_participant: int
    amount_state: int
    amount_local: int
    amount_other: int
    amount_gross: int
    amount_received: int
    paid_at: datetime
    value_date: date
    province_code: str
    replaces_voucher_id: str | None = None

    @property
    def span(self) -> MonthSpan:
        return MonthSpan.of_length(self.from_month, self.months)

    @property
    def replaced_id(self) -> str | None:
        """Another voucher whose place this one takes."""
        takes = self.event is VoucherEvent.REPLACED and self.replaces_voucher_id != self.voucher_id
        return self.replaces_voucher_id if takes else None


@dataclass(frozen=True, slots=True)
class Hand:
    """What people have decided about a voucher. Numbers are versions, 0 for none.

    What was decided about the money of a version holds for that version: a corrected voucher is judged anew. Where a
    voucher belongs holds for all that follow.
    """

    linked: str | None = None
    """Code of the dossier that it belongs to, whatever it names itself."""
    unlinked: bool = False
    """It belongs to no dossier: automatic matching is off."""
    accepted: int = 0
    """Its money counts although it does not fit."""
    refund: int = 0
    """Its money goes back."""
    decisions: int = 0
    """How many there were: the number of the newest."""


@dataclass(frozen=True, slots=True)
class VoucherHead:
    """Where a voucher stands: one per voucher_id, beside its append-only versions."""

    voucher_id: str
    voucher_version: int
    """The highest version seen; 0 for one that was replaced before it came."""
    state: VoucherState
    reason: str | None
    revision: int
    """Counts every change of this head; guards it against two writers."""
    fingerprints: Mapping[int, str] = field(default_factory=dict)
    """Version -> fingerprint of every version seen."""
    dossier_code: str | None = None
    """The dossier that it is matched to, or the one that it names."""
    applied_version: int | None = None
    """The version whose money pays for a participation on record."""
    issued: int = 0
    """The highest version that brings money."""
    cancelled: int = 0
    """The highest version that cancels."""
    refunds: Mapping[int, MonthSpan] = field(default_factory=dict)
    """Version -> months of every refund."""
    replaced_by: str | None = None
    account: str | None = None
    """Code of the dossier whose account holds it."""
    hand: Hand = field(default_factory=Hand)
    told_by: int = 0
    """The version from which what follows was taken."""
    amount_received: int = 0
    province_code: str = ""
    value_date: date | None = None
    received_at: datetime | None = None
    """When its first version came."""
    money: Standing | None = None
    """What became of its money; None where it has none any more."""
    explanation: tuple[str, ...] = ()
    """Why the amounts differ from the quote, for people."""

    @property
    def is_waiting(self) -> bool:
        return self.state is VoucherState.PARKED

    @property
    def refunded(self) -> tuple[MonthSpan, ...]:
        """The months of the refunds that are in force."""
        last = max(self.issued, self.cancelled)
        return tuple(span for version, span in self.refunds.items() if version > last)

    def fate(self) -> tuple[VoucherState, str | None] | None:
        """State and reason of a voucher that brings no money; None for one that does."""
        if self.cancelled > self.issued:
            return VoucherState.CANCELLED, None
        if self.replaced_by is not None:
            return VoucherState.REPLACED, self.replaced_by
        if not self.issued:
            return VoucherState.HELD, ORIGINAL_MISSING
        return None


ORIGINAL_MISSING = "ORIGINAL_MISSING"
"""A refund came before the voucher that it refunds."""


def seen(head: VoucherHead | None, voucher: ContributionVoucher, at: datetime) -> VoucherHead:
    """The head once this version has been seen; where it stands is decided after that."""
    if head is None and voucher.event in ISSUING:
        return VoucherHead(
            voucher_id=voucher.voucher_id,
            voucher_version=voucher.voucher_version,
            state=VoucherState.PARKED,
            reason=None,
            revision=1,
            fingerprints={voucher.voucher_version: voucher.fingerprint},
            dossier_code=voucher.dossier_code,
            issued=voucher.voucher_version,
            told_by=voucher.voucher_version,
            amount_received=voucher.amount_received,
            province_code=voucher.province_code,
            value_date=voucher.value_date,
            received_at=at,
        )
    if head is None or not head.voucher_version:
        head = VoucherHead(
            voucher_id=voucher.voucher_id,
            voucher_version=0,
            state=VoucherState.PARKED,
            reason=None,
            revision=0 if head is None else head.revision,
            replaced_by=None if head is None else head.replaced_by,
            received_at=at,
        )
    version, event = voucher.voucher_version, voucher.event
    merged = replace(
        head,
        voucher_version=max(head.voucher_version, version),
        fingerprints={**head.fingerprints, version: voucher.fingerprint},
        issued=max(head.issued, version) if event in ISSUING else head.issued,
        cancelled=max(head.cancelled, version) if event is VoucherEvent.CANCELLED else head.cancelled,
        refunds={**head.refunds, version: voucher.span} if event is VoucherEvent.REFUNDED else head.refunds,
    )
    if not _tells(head, event, version):
        return merged
    return replace(
        merged,
        told_by=version,
        amount_received=voucher.amount_received,
        province_code=voucher.province_code,
        value_date=voucher.value_date,
        dossier_code=head.account or voucher.dossier_code or head.dossier_code,
    )


def _tells(head: VoucherHead, event: VoucherEvent, version: int) -> bool:
    """Whether a version says amount, province and day: the newest that brings money; a correction only without one.

    So money belongs to the day on which it came, whenever it is cancelled or goes back.
    """
    if event in ISSUING:
        return version > head.issued
    if event is VoucherEvent.CANCELLED:
        return not head.issued and version > head.cancelled
    return not (head.issued or head.cancelled) and version > head.told_by


def replaced(head: VoucherHead | None, voucher: ContributionVoucher, old: str, at: datetime) -> VoucherHead:
    """The head of the voucher that another one replaces; one that has not come yet is dead before it does."""
    if head is None:
        return VoucherHead(
            voucher_id=old,
            voucher_version=0,
            state=VoucherState.REPLACED,
            reason=voucher.voucher_id,
            revision=0,
            replaced_by=voucher.voucher_id,
            province_code=voucher.province_code,
            received_at=at,
        )
    # Of several that claim its place the first by name has it, whichever came first.
    return replace(head, replaced_by=min(filter(None, (head.replaced_by, voucher.voucher_id))))


class Outcome(StrEnum):
    """What is done with a voucher message."""

    APPLY = "APPLY"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    """A later version came first: kept in the ledger, without effect."""
    PARK = "PARK"
    HOLD = "HOLD"
    CANCEL = "CANCEL"
    REPLACE = "REPLACE"
    """Another voucher has taken its place."""
    REFUND = "REFUND"
    IGNORE = "IGNORE"
    QUARANTINE = "QUARANTINE"


OUTCOMES: Mapping[VoucherState, Outcome] = {
    VoucherState.APPLIED: Outcome.APPLY,
    VoucherState.PARKED: Outcome.PARK,
    VoucherState.HELD: Outcome.HOLD,
    VoucherState.CANCELLED: Outcome.CANCEL,
    VoucherState.REPLACED: Outcome.REPLACE,
    VoucherState.REFUNDED: Outcome.REFUND,
    VoucherState.IGNORED: Outcome.IGNORE,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reason: str | None = None


def judge(voucher: ContributionVoucher, head: VoucherHead | None, receipt_holder: str | None) -> Verdict | None:
    """What becomes of a message that changes no account; None for one that may.

    `receipt_holder` is the voucher_id that holds the receipt number already. A parked voucher is looked at again when
    its dossier arrives: its own fingerprint is no duplicate then.
    """
    mark = None if head is None else head.fingerprints.get(voucher.voucher_version)
    if mark is not None and mark != voucher.fingerprint:
        return Verdict(Outcome.QUARANTINE, "VOUCHER_CONTENT_CONFLICT")
    if head is not None and mark is not None and not (head.is_waiting and voucher.voucher_version == head.issued):
        return Verdict(Outcome.DUPLICATE)
    if voucher.scheme != SCHEME:
        return Verdict(Outcome.IGNORE, "OTHER_SCHEME")
    replaces = {voucher.voucher_id, voucher.replaced_id, None if head is None else head.replaced_by}
    if receipt_holder is not None and receipt_holder not in replaces:
        return Verdict(Outcome.QUARANTINE, "RECEIPT_CONFLICT")
    return None


def is_superseded(voucher: ContributionVoucher, head: VoucherHead | None) -> bool:
    """A later version came first: this one is kept, and changes nothing."""
    if head is None:
        return False
    return voucher.voucher_version < max(head.issued, head.cancelled)
