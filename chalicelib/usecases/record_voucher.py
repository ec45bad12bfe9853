"""A contribution voucher takes effect, once: judged by what is stored, written in one transaction.

The ledger entry, the participation period, the person's supported months, a first-timer's SI number
and cover data, the dossier's state and the audit lines are committed together or not at all. A
voucher that lost a race is judged again from what stands then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..domain.cover import Cover, create_cover
from ..domain.declaration import CaseType
from ..domain.dossier import Change, Dossier, accept_payment, await_cover, complete_without_cover
from ..domain.errors import NotConfigured, Unavailable
from ..domain.events import Act, By
from ..domain.lifecycle import replanned
from ..domain.participation import ParticipationPeriod, PersonRecord, new_si_number
from ..domain.voucher import ContributionVoucher, Outcome, Verdict, VoucherHead, VoucherState, judge
from ..storage import keys
from ..storage.codec import Value
from ..storage.items.dossiers import dossier_from
from ..storage.items.people import period_item, person_from
from ..storage.items.vouchers import head_from, head_item, voucher_document
from ..storage.keys import Key
from ..storage.transaction import Refused, Transaction
from ..storage.writes import write_change, write_cover, write_person
from ..wiring import Wiring
from .quarantine import quarantine_item

ROUNDS = 8
ACTOR = "central-accounting"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored about a voucher at one moment."""

    head: VoucherHead | None
    receipt_holder: str | None
    dossier: Dossier | None
    person: PersonRecord


class VoucherFacts:
    """The facts of many vouchers, read together (AP5): one batch for most, a second one where the first points on."""

    def __init__(self, vouchers: Sequence[ContributionVoucher], w: Wiring) -> None:
        self._w = w
        self._people = {
            voucher.personal_id: w.person(voucher.personal_id)
            for voucher in vouchers
            if voucher.personal_id is not None
        }
        wanted: list[Key] = [keys.RULES_HEAD]
        for voucher in vouchers:
            wanted += [keys.voucher_head(voucher.voucher_id), _receipt(voucher)]
            if voucher.dossier_code is not None:
                wanted.append(keys.dossier(voucher.dossier_code))
            if voucher.personal_id is not None:
                wanted.append(keys.person(self._people[voucher.personal_id]))
        self._read = w.table.get_many(wanted)
        w.lawbook.see(self._read.get(keys.RULES_HEAD))
        further = [key for voucher in vouchers for key in self._further(voucher)]
        if further:
            self._read |= w.table.get_many(further)

    def _further(self, voucher: ContributionVoucher) -> list[Key]:
        """Keys that only the first read could name: the dossier's person, a person's open dossiers."""
        if voucher.dossier_code is not None:
            stored = self._read.get(keys.dossier(voucher.dossier_code))
            owner = None if stored is None else str(stored["person"])
            return [] if owner in {None, self._person(voucher)} else [keys.person(str(owner))]
        return [keys.dossier(code) for code in self._open_codes(voucher)]

    def _open_codes(self, voucher: ContributionVoucher) -> list[str]:
        person = self._person(voucher)
        if not person:
            return []
        record = person_from(person, self._read.get(keys.person(person)))
        return [code for code, span in record.open_dossiers.items() if span.first == voucher.from_month]

    def _person(self, voucher: ContributionVoucher) -> str:
        """The keyed hash of the voucher's person; empty for one without a personal id."""
        return "" if voucher.personal_id is None else self._people[voucher.personal_id]

    def of(self, voucher: ContributionVoucher) -> Facts:
        claimed = self._read.get(_receipt(voucher))
        dossier = self._dossier(voucher)
        person = dossier.person if dossier is not None else self._person(voucher)
        return Facts(
            head=head_from(self._read.get(keys.voucher_head(voucher.voucher_id))),
            receipt_holder=None if claimed is None else str(claimed["voucher_id"]),
            dossier=dossier,
            person=person_from(person, self._read.get(keys.person(person))),
        )

    def _dossier(self, voucher: ContributionVoucher) -> Dossier | None:
        """The dossier named, or for a voucher without one the person's open dossier of that month and amount."""
        if voucher.dossier_code is not None:
            stored = self._read.get(keys.dossier(voucher.dossier_code))
            return None if stored is None else dossier_from(stored)
        for code in self._open_codes(voucher):
            stored = self._read.get(keys.dossier(code))
            if stored is not None:
                dossier = dossier_from(stored)
                if dossier.quote.amount_participant == voucher.amount_received:
                    return dossier
        return None


def record_voucher(voucher: ContributionVoucher, facts: Facts, w: Wiring) -> Verdict:
    """Let a voucher take its effect and tell which it was.

    `facts` may be stale: whatever changed since is found by the transaction's conditions.

    Raises:
        Unavailable: the table is busy; the same voucher may come again.
    """
    attempt = 0
    # Where no row says what may differ, nothing may.
    tolerance = w.law.amount_tolerance.find(voucher.paid_at.date())
    for _ in range(ROUNDS):
        verdict = judge(
            voucher,
            head=facts.head,
            receipt_holder=facts.receipt_holder,
            dossier=facts.dossier,
            person=facts.person,
            amount_tolerance=0 if tolerance is None else tolerance.value,
        )
        if verdict.outcome is Outcome.APPLY and attempt and _declares_number(facts):
            verdict = Verdict(Outcome.HOLD, "SI_NUMBER_OF_ANOTHER")
        if verdict.outcome is Outcome.DUPLICATE or (
            verdict.outcome is Outcome.PARK
            and facts.head is not None
            and voucher.voucher_version in facts.head.fingerprints
        ):
            return Verdict(Outcome.DUPLICATE)
        try:
            return _commit(voucher, verdict, facts, attempt, w)
        except Refused as lost:
            if "quarantine" in lost.found:
                # It lies there already, from an earlier delivery, and an officer may have begun to work on it.
                return verdict
            if set(lost.found) == {"si_number"}:
                attempt += 1
            else:
                facts = VoucherFacts([voucher], w).of(voucher)
    raise Unavailable("STORAGE_BUSY", "Hệ thống đang bận, vui lòng thử lại sau ít giây.")


def _declares_number(facts: Facts) -> bool:
    """The SI number was declared: where another person holds it there is no other one to try."""
    return facts.dossier is not None and facts.dossier.declaration.si_number is not None


def _commit(voucher: ContributionVoucher, verdict: Verdict, facts: Facts, attempt: int, w: Wiring) -> Verdict:
    now = w.clock.now()
    transaction = Transaction()
    match verdict.outcome:
        case Outcome.APPLY if facts.dossier is not None:
            try:
                _apply(transaction, voucher, facts, facts.dossier, attempt, now, w)
            except NotConfigured as missing:
                return _commit(voucher, Verdict(Outcome.HOLD, missing.code), facts, attempt, w)
            _enter(transaction, voucher, facts, VoucherState.APPLIED, None, now)
        case Outcome.PARK:
            _enter(transaction, voucher, facts, VoucherState.PARKED, verdict.reason, now)
            _park(transaction, voucher, facts, now)
        case Outcome.CANCEL:
            _enter(transaction, voucher, facts, VoucherState.CANCELLED, verdict.reason, now)
        case Outcome.IGNORE:
            _enter(transaction, voucher, facts, VoucherState.IGNORED, verdict.reason, now)
        case Outcome.SUPERSEDED if facts.head is not None:
            _enter_late(transaction, voucher, facts.head)
        case Outcome.QUARANTINE:
            _quarantine(transaction, voucher, verdict.reason or "", now)
        case _:
            _enter(transaction, voucher, facts, VoucherState.HELD, verdict.reason, now)
    transaction.commit(w.table)
    return verdict


def _enter(
    transaction: Transaction,
    voucher: ContributionVoucher,
    facts: Facts,
    state: VoucherState,
    reason: str | None,
    now: datetime,
) -> None:
    """The ledger: this version for good, the voucher's head, and the claim of the receipt number."""
    before = facts.head
    matched = facts.dossier.code if facts.dossier is not None and state is VoucherState.APPLIED else None
    head = VoucherHead(
        voucher_id=voucher.voucher_id,
        voucher_version=max(voucher.voucher_version, before.voucher_version if before else 0),
        state=state,
        reason=reason,
        revision=1 if before is None else before.revision + 1,
        fingerprints={**(before.fingerprints if before else {}), voucher.voucher_version: voucher.fingerprint},
        dossier_code=matched or voucher.dossier_code or (before.dossier_code if before else None),
        applied_version=voucher.voucher_version
        if state is VoucherState.APPLIED
        else (before.applied_version if before else None),
    )
    key, item = keys.voucher_head(voucher.voucher_id), head_item(head, voucher, now)
    if before is None:
        transaction.put_new("head", key, item)
    else:
        transaction.put_over("head", key, item, attribute="revision", expected=before.revision)
    if before is None or voucher.voucher_version not in before.fingerprints:
        transaction.put_new("version", *_version(voucher))
    if facts.receipt_holder is None and state is not VoucherState.IGNORED:
        transaction.put_new("receipt", _receipt(voucher), {"voucher_id": voucher.voucher_id})
    if before is not None and before.state is VoucherState.PARKED and state is not VoucherState.PARKED:
        transaction.delete("pending", _pending_key(voucher, facts.person.person))


def _enter_late(transaction: Transaction, voucher: ContributionVoucher, head: VoucherHead) -> None:
    """A version that a later one overtook: kept, and known again; what the head says stays as the later one left it."""
    marks = {**head.fingerprints, voucher.voucher_version: voucher.fingerprint}
    transaction.update(
        "head",
        keys.voucher_head(voucher.voucher_id),
        {"fingerprints": {str(version): mark for version, mark in marks.items()}, "revision": head.revision + 1},
        attribute="revision",
        expected=head.revision,
    )
    transaction.put_new("version", *_version(voucher))


def _version(voucher: ContributionVoucher) -> tuple[Key, Mapping[str, Value]]:
    return (
        keys.voucher_version(voucher.voucher_id, voucher.voucher_version),
        {"document": voucher_document(voucher), "fingerprint": voucher.fingerprint},
    )


def _apply(
    transaction: Transaction,
    voucher: ContributionVoucher,
    facts: Facts,
    dossier: Dossier,
    attempt: int,
    now: datetime,
    w: Wiring,
) -> None:
    """Everything that a matched payment brings about."""
    act = Act(now, By.ACCOUNTING, ACTOR)
    declared = dossier.declaration
    known = facts.person.si_number or declared.si_number
    first_book = declared.case_type is CaseType.FIRST_TIME or known is None
    needs_cover = first_book and not declared.has_book and facts.person.cover_id is None
    number = known or new_si_number(dossier.person, dossier.province_code, attempt)
    if facts.person.si_number is None:
        transaction.put_new("si_number", keys.si_number(number), {"person": dossier.person})
    rules = w.law.deadline_rules.on(dossier.created_at.date()).value
    change = accept_payment(
        dossier,
        paid_at=voucher.paid_at,
        si_number=number,
        voucher_id=voucher.voucher_id,
        cover_due=needs_cover,
        rules=rules,
        calendar=w.law.calendar,
        act=act,
    )
    # What an officer accepts first gets its cover then.
    needs_cover = needs_cover and change.dossier.accepted
    cover = create_cover(dossier.code, declared, si_number=number, created_at=now) if needs_cover else None
    change = replanned(_go_on(change, cover, act), dossier, rules=rules, calendar=w.law.calendar, act=act)
    period = _period(voucher, dossier, now)
    record = facts.person.with_period(period, si_number=number, cover_id=cover.cover_id if cover else None)
    if change.dossier.state.ended:
        record = replace(record.without_open(dossier.code), version=record.version)
    write_change(transaction, change)
    write_person(transaction, record)
    if cover is not None:
        write_cover(transaction, cover)
    stored = period_item(period)
    transaction.put_new("period", keys.period(dossier.person, period.span.first), stored)
    transaction.put_new(
        "dossier_voucher",
        keys.dossier_voucher(dossier.code, voucher.paid_at.isoformat(), voucher.voucher_id),
        stored,
    )


def _go_on(change: Change, cover: Cover | None, act: Act) -> Change:
    if not change.dossier.accepted:
        return change
    return complete_without_cover(change, act) if cover is None else await_cover(change, cover.cover_id, act)


def _period(voucher: ContributionVoucher, dossier: Dossier, now: datetime) -> ParticipationPeriod:
    quote = dossier.quote
    return ParticipationPeriod(
        person=dossier.person,
        span=dossier.span,
        income=quote.income,
        method=quote.method,
        support_category=quote.support_category,
        amount_gross=quote.amount_gross,
        amount_participant=quote.amount_participant,
        amount_state=quote.amount_state,
        amount_local=quote.amount_local,
        supported_months=quote.supported_months,
        dossier_code=dossier.code,
        voucher_id=voucher.voucher_id,
        recorded_at=now,
    )


def _park(transaction: Transaction, voucher: ContributionVoucher, facts: Facts, now: datetime) -> None:
    """Wait for the dossier, provided that it still has not come: whoever commits second sees the first."""
    person = facts.person.person
    transaction.put(
        "pending",
        _pending_key(voucher, person),
        {"document": voucher_document(voucher), "received_at": now.isoformat(timespec="seconds")},
    )
    if voucher.dossier_code is not None:
        transaction.require_missing("dossier", keys.dossier(voucher.dossier_code))
    elif facts.person.version == 0:
        transaction.require_missing("person", keys.person(person))
    else:
        transaction.require("person", keys.person(person), attribute="version", expected=facts.person.version)


def _quarantine(transaction: Transaction, voucher: ContributionVoucher, reason: str, now: datetime) -> None:
    key, item = quarantine_item(
        voucher_document(voucher),
        reason=reason,
        province_code=voucher.province_code,
        day=voucher.value_date,
        received_at=now,
        voucher_id=voucher.voucher_id,
        voucher_version=voucher.voucher_version,
        amount_received=voucher.amount_received,
        dossier_code=voucher.dossier_code,
    )
    transaction.put_new("quarantine", key, item)


def _pending_key(voucher: ContributionVoucher, person: str) -> Key:
    if voucher.dossier_code is not None:
        return keys.pending(voucher.dossier_code, voucher.voucher_id)
    return keys.person_pending(person, voucher.voucher_id)


def _receipt(voucher: ContributionVoucher) -> Key:
    return keys.receipt(voucher.receipt_symbol, voucher.receipt_number)
