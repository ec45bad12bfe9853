"""What an account's new settlement does to its dossier: record, take back, shorten, hold, open and close refund cases.

Everything is collected for one transaction: nothing is written here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ...domain.amounts.account import UNDERPAID, Account, Entry, Settlement, settle
from ...domain.configuration.procedure import DeadlineRules
from ...domain.copies import replace
from ...domain.course.lifecycle import paid_anew, replanned
from ...domain.course.payment import (
    NO_CASES,
    Cases,
    awaiting_top_up,
    barrier_of,
    held,
    pay_until,
    recorded_period,
    reversed_payment,
    with_cases,
)
from ...domain.covers.cover import Cover, CoverState, create_cover, payment_reversed, withdraw_revocation
from ...domain.errors import NotConfigured
from ...domain.events import Act, Event
from ...domain.months import MonthSpan, at_vietnam
from ...domain.people.participation import PeriodStatus, PersonRecord, less, new_si_number
from ...domain.registration.declaration import CaseType
from ...domain.registration.dossier import (
    Change,
    Dossier,
    State,
    accept_payment,
    await_cover,
    complete_without_cover,
    unchanged,
)
from ...storage import keys
from ...storage.items.people import period_item
from ...storage.transaction import Transaction
from ...storage.writes import write_cases, write_change, write_cover
from ...wiring import Wiring
from .voucher_facts import Facts

ACTOR = "central-accounting"
REVERSED = "Chứng từ đóng đã bị hủy, thay thế hoặc hoàn trả."
SI_NUMBER_OF_ANOTHER = "SI_NUMBER_OF_ANOTHER"


@dataclass(frozen=True, slots=True)
class Cause:
    """What moves the money: which voucher, whose act, and what the caller knows of it."""

    voucher_id: str
    act: Act
    attempt: int = 0
    """How many SI numbers were tried before."""
    refunded: frozenset[str] = frozenset()
    """Vouchers that accounting has paid back."""


class MoneyMoves:
    """Settles one dossier's account after another, and collects what follows. `people` are changed in place."""

    def __init__(
        self, facts: Facts, people: dict[str, PersonRecord], transaction: Transaction, cause: Cause, w: Wiring
    ) -> None:
        self._facts, self._people, self._transaction, self._cause, self._w = facts, people, transaction, cause, w

    def settle(self, dossier: Dossier, account: Account, reasons: dict[str, str | None]) -> Settlement:
        """Settle an account and collect its effects; `reasons` are those that its vouchers were held for before."""
        covers = self._facts.covers(dossier.code) if dossier.account.periods else ()
        record = self._people[dossier.person]
        over = {CoverState.REVOKED, CoverState.REPLACED}
        taken = _taken_by_others(record, dossier, account)
        barrier = barrier_of(
            dossier,
            account,
            cover_gone=bool(covers) and all(cover.state in over for cover in covers),
            overlap=taken,
        )
        if taken and account.recorded:
            # The months that a refund had freed are somebody else's now: it stays as it was.
            account = replace(account, entries=tuple(_as_recorded(entry, account) for entry in account.entries))
        if barrier is None and self._cause.attempt and dossier.declaration.si_number is not None:
            # The declared number is another person's: there is no other one to try.
            barrier = SI_NUMBER_OF_ANOTHER
        mark = len(self._transaction)
        try:
            return self._moved(dossier, account, barrier, covers, reasons)
        except NotConfigured as missing:
            self._transaction.back_to(mark)
            return self._moved(dossier, account, missing.code, covers, reasons)

    def _moved(
        self,
        dossier: Dossier,
        account: Account,
        barrier: str | None,
        covers: Collection[Cover],
        reasons: dict[str, str | None],
    ) -> Settlement:
        tolerance = self._w.law.amount_tolerance.find(dossier.quote.paid_on)
        allowed = 0 if tolerance is None else tolerance.value
        settlement = settle(account, dossier.quote.terms, tolerance=allowed, barrier=barrier)
        was, now = (account.recorded, account.terms), (settlement.paying_ids, settlement.terms)
        records, reverses = bool(now[0]) and was != now, bool(was[0]) and not now[0]
        if records:
            account = replace(account, recorded=now[0], terms=now[1], periods=account.periods + 1)
        elif reverses:
            account = replace(account, recorded=(), terms=None)
        steps = _Steps(unchanged(replace(dossier, account=account)), self._people[dossier.person])
        if records:
            self._recorded(steps, dossier, settlement, covers)
        elif reverses:
            self._reversed(steps, dossier, covers)
        self._told(steps, settlement, reasons)
        if steps.change.lines or steps.change.dossier != dossier:
            self._write(steps, dossier)
        return settlement

    def _recorded(self, steps: _Steps, dossier: Dossier, settlement: Settlement, covers: Collection[Cover]) -> None:
        """A payment that is complete, or another one in its place, or fewer months of it."""
        act, account = self._cause.act, dossier.account
        last = settlement.paying[-1]
        if account.recorded:
            self._voided(steps, dossier, ())
            change = steps.change
            if account.recorded != settlement.paying_ids:
                moved = self._paid_anew(change.dossier, last.paid_at)
                change = replace(change, dossier=moved).then(Event.PAYMENT_CHANGED, act, subject=last.voucher_id)
            if settlement.terms != account.terms:
                change = change.then(Event.PARTICIPATION_SHORTENED, act, subject=last.voucher_id)
            steps.change = change
        else:
            self._accepted(steps, dossier, last.paid_at, last.voucher_id, covers)
        after = steps.change.dossier
        number = after.account.periods
        period = recorded_period(dossier, settlement.terms, settlement.paying_ids, number=number, recorded_at=act.at)
        stored = period_item(period)
        self._transaction.put_new(
            "period", keys.period(dossier.person, period.span.first, dossier.code, period.number), stored
        )
        self._transaction.put_new("dossier_voucher", keys.dossier_voucher(dossier.code, period.number), stored)
        steps.record = steps.record.with_period(period, si_number=after.si_number, cover_id=steps.new_cover_id)

    def _accepted(
        self, steps: _Steps, dossier: Dossier, paid_at: datetime, voucher_id: str, covers: Collection[Cover]
    ) -> None:
        """The dossier goes on with its payment: the first one, or one after another was taken back."""
        act, declared, w = self._cause.act, dossier.declaration, self._w
        known = steps.record.si_number or declared.si_number
        first_book = declared.case_type is CaseType.FIRST_TIME or known is None or bool(covers)
        needs_cover = first_book and not declared.has_book and steps.record.cover_id is None
        number = known or new_si_number(dossier.person, dossier.province_code, self._cause.attempt)
        if steps.record.si_number is None:
            self._transaction.put_new("si_number", keys.si_number(number), {"person": dossier.person})
        before = steps.change.dossier
        if before.state is State.AWAITING_PAYMENT:
            change = accept_payment(
                before,
                paid_at=paid_at,
                si_number=number,
                voucher_id=voucher_id,
                cover_due=needs_cover,
                rules=self._rules(before),
                calendar=w.law.calendar,
                act=act,
            )
        else:
            again = self._paid_anew(replace(before, si_number=number), paid_at)
            again = replace(again, cover_due=needs_cover and not again.accepted)
            change = unchanged(again).then(Event.VOUCHER_RECORDED, act, subject=voucher_id)
        if before.state.ended:
            steps.change = change
            self._kept_covers(steps, covers)
            return
        if not change.dossier.accepted or not needs_cover:
            # What an officer accepts first gets its cover then.
            steps.change = _completed(change, act) if change.dossier.accepted else change
            return
        newest = max((cover.number for cover in covers), default=0)
        cover = create_cover(dossier.code, declared, si_number=number, created_at=act.at, number=newest + 1)
        if change.dossier.state is State.RECEIVED:
            change = await_cover(change, cover.cover_id, act)
        else:
            change = change.then(Event.COVER_CREATED, act, subject=cover.cover_id)
        steps.change, steps.new_cover_id = change, cover.cover_id
        steps.covers = (*steps.covers, cover)

    def _paid_anew(self, dossier: Dossier, paid_at: datetime) -> Dossier:
        calendar, act = self._w.law.calendar, self._cause.act
        return paid_anew(dossier, paid_at, rules=self._rules(dossier), calendar=calendar, act=act)

    def _rules(self, dossier: Dossier) -> DeadlineRules:
        return self._w.law.deadline_rules.on(dossier.created_at.date()).value

    def _kept_covers(self, steps: _Steps, covers: Collection[Cover]) -> None:
        """Paid again before anybody decided on the revocation that the system had asked for: it asks no longer."""
        for cover in covers:
            asked = cover.revocation
            if cover.state is CoverState.ISSUED and asked is not None and asked.role is None:
                steps.covers = (*steps.covers, withdraw_revocation(cover))
                event, act = Event.COVER_REVOCATION_WITHDRAWN, self._cause.act
                steps.change = steps.change.then(event, act, subject=cover.cover_id)

    def _reversed(self, steps: _Steps, dossier: Dossier, covers: Collection[Cover]) -> None:
        """Nothing pays for the dossier any more."""
        act, before = self._cause.act, steps.change.dossier
        until = self._top_up_until(act.at)
        change = reversed_payment(before, voucher_id=self._cause.voucher_id, reason=REVERSED, until=until, act=act)
        moved: tuple[Cover, ...] = ()
        # Who is paid back what was paid ahead (602A) keeps the book; a payment that never was brings none.
        if not dossier.state.ended or self._cause.voucher_id not in self._cause.refunded:
            moved = payment_reversed(covers, by=act.actor, reason=REVERSED, at=act.at)
        for cover in moved:
            gone = cover.state is CoverState.REVOKED
            event = Event.COVER_REVOKED if gone else Event.COVER_REVOCATION_REQUESTED
            change = change.then(event, act, subject=cover.cover_id)
        revoked = tuple(cover.cover_id for cover in moved if cover.state is CoverState.REVOKED)
        steps.change, steps.covers = change, (*steps.covers, *moved)
        self._voided(steps, dossier, revoked)

    def _voided(self, steps: _Steps, dossier: Dossier, revoked: Collection[str]) -> None:
        """The period on record is void: its months and its support are free again."""
        account = dossier.account
        if account.terms is None:
            raise TypeError("what is recorded has its terms")
        at = self._cause.act.at
        span = MonthSpan.of_length(dossier.span.first, account.terms.months)
        changes = {"status": PeriodStatus.VOIDED, "void_reason": REVERSED, "voided_at": at.isoformat()}
        for label, key in (
            ("period", keys.period(dossier.person, span.first, dossier.code, account.periods)),
            ("dossier_voucher", keys.dossier_voucher(dossier.code, account.periods)),
        ):
            self._transaction.update(label, key, changes, attribute="status", expected=PeriodStatus.ACTIVE)
        supported = account.terms.supported_months
        steps.record = steps.record.without_period(span, supported, revoked_covers=revoked)

    def _told(self, steps: _Steps, settlement: Settlement, reasons: dict[str, str | None]) -> None:
        """Lines for what is newly held, the time to wait for a top-up, and the refund cases."""
        act, change = self._cause.act, steps.change
        waiting = [name for name in settlement.waiting if reasons.get(name) != UNDERPAID]
        if waiting:
            change = replace(change, dossier=awaiting_top_up(change.dossier, self._top_up_until(act.at)))
        for name, standing in settlement.standings.items():
            if standing.held and standing.reason is not None and reasons.get(name) != standing.reason:
                change = held(change, name, standing.reason, settlement, act)
        steps.change, steps.cases = with_cases(change, settlement, None, self._cause.refunded, act)

    def _top_up_until(self, at: datetime) -> datetime:
        days = self._w.law.top_up_days.on(at_vietnam(at).date()).value
        return pay_until(at, days, self._w.law.calendar)

    def _write(self, steps: _Steps, before: Dossier) -> None:
        act, w = self._cause.act, self._w
        change = steps.change
        if not change.lines:
            change = change.then(Event.PAYMENT_CHANGED, act, subject=self._cause.voucher_id)
        change = replanned(change, before, rules=self._rules(before), calendar=w.law.calendar, act=act)
        record = steps.record
        if change.dossier.state.ended and not before.state.ended:
            record = record.without_open(before.code)
        self._people[before.person] = record
        write_change(self._transaction, change)
        for cover in steps.covers:
            write_cover(self._transaction, cover)
        write_cases(self._transaction, before.code, steps.cases, act.at)


@dataclass(slots=True)
class _Steps:
    """How far the effects of one settlement have come. Not frozen: each effect adds its own."""

    change: Change
    record: PersonRecord
    covers: tuple[Cover, ...] = ()
    new_cover_id: str | None = None
    cases: Cases = NO_CASES


def _taken_by_others(record: PersonRecord, dossier: Dossier, account: Account) -> bool:
    """Whether a month of the dossier is on record for another one."""
    if account.terms is None:
        return record.covers_any_of(dossier.span)
    own = MonthSpan.of_length(dossier.span.first, account.terms.months)
    freed = less(dossier.span, own)
    return any(record.covers_any_of(span) for span in freed)


def _as_recorded(entry: Entry, account: Account) -> Entry:
    return replace(entry, kept=account.terms) if entry.voucher_id in account.recorded else entry


def _completed(change: Change, act: Act) -> Change:
    """No cover is due: done and returned at once, from wherever the payment found the dossier."""
    if change.dossier.state is not State.IN_PROCESS:
        return complete_without_cover(change, act)
    return change.then(Event.PARTICIPATION_COMPLETED, act, to=State.COMPLETED).then(
        Event.RESULT_RETURNED, act, to=State.RESULT_RETURNED
    )
