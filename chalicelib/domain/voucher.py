"""Contribution vouchers from central accounting, and what becomes of each: the table of domain rule 7.4.

A voucher takes effect exactly once per (voucher_id, voucher_version). What a machine must not
settle is held for a person; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .declaration import BirthDate
from .dossier import Dossier, State
from .months import Month, MonthSpan
from .names import printed_name
from .participation import PersonRecord

SCHEME = "BHXH_TN"


class VoucherEvent(StrEnum):
    ISSUED = "ISSUED"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    REFUNDED = "REFUNDED"


class VoucherState(StrEnum):
    APPLIED = "APPLIED"
    PARKED = "PARKED"
    HELD = "HELD"
    CANCELLED = "CANCELLED"
    IGNORED = "IGNORED"


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


@dataclass(frozen=True, slots=True)
class VoucherHead:
    """Where a voucher stands: one per voucher_id, beside its append-only versions."""

    voucher_id: str
    voucher_version: int
    """The highest version seen."""
    state: VoucherState
    reason: str | None
    revision: int
    """Counts every change of this head; guards it against two writers."""
    fingerprints: Mapping[int, str] = field(default_factory=dict)
    """Version -> fingerprint of every version seen."""
    dossier_code: str | None = None
    applied_version: int | None = None
    """The version that took effect; what came after it may have changed the state, but not that."""


class Outcome(StrEnum):
    """What is done with a voucher message."""

    APPLY = "APPLY"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    """A later version came first: kept in the ledger, without effect."""
    PARK = "PARK"
    HOLD = "HOLD"
    CANCEL = "CANCEL"
    """Cancelled before anything was recorded: a tombstone."""
    IGNORE = "IGNORE"
    QUARANTINE = "QUARANTINE"


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reason: str | None = None


def judge(
    voucher: ContributionVoucher,
    *,
    head: VoucherHead | None,
    receipt_holder: str | None,
    dossier: Dossier | None,
    person: PersonRecord,
    amount_tolerance: int = 0,
) -> Verdict:
    """What becomes of a voucher, from what is stored at this moment.

    `receipt_holder` is the voucher_id that holds the receipt number already, `person` the record of
    the dossier's person (of the voucher's person where there is no dossier), `amount_tolerance` VND.
    A parked voucher is judged again when its dossier arrives: its own fingerprint is no duplicate then.
    """
    verdict = _judge_repetition(voucher, head)
    if verdict is not None:
        return verdict
    if voucher.scheme != SCHEME:
        return Verdict(Outcome.IGNORE, "OTHER_SCHEME")
    if receipt_holder is not None and receipt_holder != voucher.voucher_id:
        return Verdict(Outcome.QUARANTINE, "RECEIPT_CONFLICT")
    if voucher.event is not VoucherEvent.ISSUED:
        return _judge_correction(voucher, head)
    if head is not None and head.state is not VoucherState.PARKED:
        return Verdict(Outcome.HOLD, "CORRECTION_NEEDS_OFFICER")
    if dossier is None:
        named = voucher.dossier_code is not None or voucher.personal_id is not None
        return Verdict(Outcome.PARK, "DOSSIER_NOT_FOUND") if named else Verdict(Outcome.HOLD, "NO_MATCHING_KEY")
    reason = _why_not(voucher, dossier, person, amount_tolerance)
    return Verdict(Outcome.APPLY) if reason is None else Verdict(Outcome.HOLD, reason)


def _judge_repetition(voucher: ContributionVoucher, head: VoucherHead | None) -> Verdict | None:
    """What becomes of a voucher that was seen before, in this version or a later one; None for a new one."""
    if head is None:
        return None
    seen = head.fingerprints.get(voucher.voucher_version)
    if seen is not None and seen != voucher.fingerprint:
        return Verdict(Outcome.QUARANTINE, "VOUCHER_CONTENT_CONFLICT")
    waiting = head.state is VoucherState.PARKED and voucher.voucher_version == head.voucher_version
    if seen is not None and not waiting:
        return Verdict(Outcome.DUPLICATE)
    if voucher.voucher_version < head.voucher_version:
        return Verdict(Outcome.SUPERSEDED)
    return None


def _judge_correction(voucher: ContributionVoucher, head: VoucherHead | None) -> Verdict:
    """CANCELLED, REPLACED, REFUNDED: only what has recorded nothing yet is settled without a person."""
    if voucher.event is VoucherEvent.CANCELLED and (head is None or head.applied_version is None):
        return Verdict(Outcome.CANCEL, "CANCELLED_BEFORE_RECORD")
    return Verdict(Outcome.HOLD, "CORRECTION_NEEDS_OFFICER")


def _why_not(voucher: ContributionVoucher, dossier: Dossier, person: PersonRecord, amount_tolerance: int) -> str | None:
    """The reason to hold an issued voucher, None for an exact match with its dossier."""
    declared, quote = dossier.declaration, dossier.quote
    same_person = (
        (voucher.personal_id is None or voucher.personal_id == declared.personal_id)
        and (voucher.full_name is None or printed_name(voucher.full_name) == printed_name(declared.full_name))
        and (voucher.birth_date is None or _agree(voucher.birth_date, declared.birth_date))
    )
    if not same_person:
        return "IDENTITY_MISMATCH"
    if dossier.state is not State.AWAITING_PAYMENT:
        return "DOUBLE_PAYMENT" if dossier.paid_at is not None else "DOSSIER_CLOSED"
    if (voucher.income, voucher.method, voucher.span) != (quote.income, quote.method, dossier.span):
        return "TERMS_MISMATCH"
    short = quote.amount_participant - voucher.amount_received
    if short > amount_tolerance:
        return "UNDERPAID"
    if -short > amount_tolerance:
        return "OVERPAID"
    declared_amounts = (voucher.amount_gross, voucher.amount_state, voucher.amount_local)
    if any(
        abs(told - ours) > amount_tolerance
        for told, ours in zip(
            declared_amounts, (quote.amount_gross, quote.amount_state, quote.amount_local), strict=True
        )
    ):
        return "AMOUNT_MISMATCH"
    if person.covers_any_of(dossier.span):
        return "OVERLAP"
    return None


def _agree(one: BirthDate, other: BirthDate) -> bool:
    """Two birth dates that may differ in precision only: `1985` agrees with `1985-05-12`."""
    return (
        one.year == other.year
        and (one.month is None or other.month is None or one.month == other.month)
        and (one.day is None or other.day is None or one.day == other.day)
    )
