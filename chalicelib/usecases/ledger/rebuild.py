"""The ledger reckoned again from its versions and decisions, beside what is stored: for `make rebuild`.

Versions and people's decisions are the truth. Heads, accounts and cases follow from them by the very code that posts a
voucher; the period of a dossier follows from its account; months, support counter and SI number of a person follow from
the periods. Each voucher, dossier and person is one transaction, so a repair may be stopped and begun again anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ...domain.amounts.account import VoucherState
from ...domain.course.payment import recorded_period
from ...domain.errors import storage_busy
from ...domain.events import Act, By, Event
from ...domain.ledger.voucher import ContributionVoucher, VoucherHead, seen
from ...domain.people.participation import ParticipationPeriod, PeriodStatus, PersonRecord, merged
from ...domain.registration.dossier import Dossier, unchanged
from ...storage import keys
from ...storage.items.dossiers import dossier_from
from ...storage.items.people import period_from, period_item, person_from
from ...storage.items.vouchers import open_fingerprint, voucher_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_change, write_person
from ...wiring import Wiring
from .post_voucher import Posting
from .voucher_facts import Facts

ROUNDS = 5
ACTOR = "rebuild"
HEAD_FIELDS = ("voucher_version", "issued", "cancelled", "refunds", "amount_received", "state", "reason", "account")
PERSON_FIELDS = ("covered", "supported_months", "si_number")


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that does not follow from the ledger. It names keys and figures, nobody's data."""

    item: str
    field: str
    stored: str
    reckoned: str

    def __str__(self) -> str:
        return f"{self.item}: {self.field} is {self.stored}, should be {self.reckoned}"


def rebuild_voucher(voucher_id: str, w: Wiring, *, dry_run: bool) -> list[Difference]:
    """One voucher from its versions: its head, and with it the account that it belongs to. AP43.

    Where nothing differs nothing is written. Raises `Unavailable` when the table is busy.
    """
    for _ in range(ROUNDS):
        facts = Facts(w)
        stored = facts.head(voucher_id)
        if stored is None or stored.state is VoucherState.IGNORED:
            return []
        items = w.table.query(keys.voucher_head(voucher_id)[0], keys.VERSION)
        again = _merged(stored, w, [voucher_from(str(item["document"]), w.fields) for item in items])
        posting = Posting(facts, Act(w.clock.now(), By.SYSTEM, ACTOR), w)
        posting.place(again)
        posting.post(voucher_id)
        after = posting.head(voucher_id)
        found = [
            Difference(f"voucher {voucher_id}", name, str(getattr(stored, name)), str(getattr(after, name)))
            for name in HEAD_FIELDS
            if getattr(stored, name) != getattr(after, name)
        ]
        if not found and len(posting.transaction):
            found = [Difference(f"voucher {voucher_id}", "account", "another", "as its vouchers say")]
        if not found or dry_run:
            return found
        try:
            posting.transaction.commit(w.table)
        except Refused:
            continue
        return found
    raise storage_busy()


def _merged(stored: VoucherHead, w: Wiring, versions: list[ContributionVoucher]) -> VoucherHead:
    """The head that these versions make, with what events of other vouchers and people have left on it."""
    again: VoucherHead | None = None
    for version in sorted(versions, key=lambda each: each.voucher_version):
        again = seen(again, version, stored.received_at or version.paid_at)
    if again is None:
        return stored
    return replace(
        stored,
        voucher_version=again.voucher_version,
        fingerprints={version: _mark(stored, version, mark, w) for version, mark in again.fingerprints.items()},
        issued=again.issued,
        cancelled=again.cancelled,
        refunds=again.refunds,
        told_by=again.told_by,
        amount_received=again.amount_received,
        province_code=again.province_code,
        value_date=again.value_date,
    )


def _mark(stored: VoucherHead, version: int, mark: str, w: Wiring) -> str:
    """What stands there, unopened, where it says the same."""
    stands = stored.fingerprints.get(version)
    same = stands is not None and open_fingerprint(stored, version, w.fields).fingerprints[version] == mark
    return stands if stands is not None and same else mark


def rebuild_dossier(code: str, w: Wiring, *, dry_run: bool) -> list[Difference]:
    """The participation of one dossier from its account. AP43.

    A period that is missing or differs is written anew under a line of the trail; one that nothing pays for is void.
    Raises `Unavailable` when the table is busy.
    """
    for _ in range(ROUNDS):
        item = w.table.get(keys.dossier(code))
        if item is None:
            return []
        dossier = dossier_from(item)
        number = dossier.account.periods
        if not number:
            return []
        key = keys.period(dossier.person, dossier.span.first, code, number)
        other = keys.dossier_voucher(code, number)
        read = w.table.get_many([key, other])
        now = w.clock.now()
        stored = [period_from(dossier.person, read[each]) if each in read else None for each in (key, other)]
        kept = next((period for period in stored if period is not None), None)
        wanted = _period(dossier, kept, now)
        found = [
            Difference(f"dossier {code}", f"period {number}", _told(period), _told(wanted))
            for period in dict.fromkeys(stored)
            if period != wanted
        ]
        if not found or dry_run:
            return found
        transaction = Transaction()
        line = unchanged(dossier).then(Event.PAYMENT_CHANGED, Act(now, By.SYSTEM, ACTOR))
        write_change(transaction, line)
        for label, each in (("period", key), ("dossier_voucher", other)):
            transaction.put(label, each, period_item(wanted))
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return found
    raise storage_busy()


def _period(dossier: Dossier, stored: ParticipationPeriod | None, now: datetime) -> ParticipationPeriod:
    """The newest period as the account says; void where nothing pays for it."""
    account = dossier.account
    if not account.recorded and stored is not None:
        return stored if stored.status is PeriodStatus.VOIDED else _void(stored, now)
    period = recorded_period(
        dossier,
        account.terms or dossier.quote.terms,
        account.recorded,
        number=account.periods,
        recorded_at=now if stored is None else stored.recorded_at,
    )
    return period if account.recorded else _void(period, now)


def _void(period: ParticipationPeriod, now: datetime) -> ParticipationPeriod:
    return replace(period, status=PeriodStatus.VOIDED, void_reason=ACTOR, voided_at=now.replace(microsecond=0))


def _told(period: ParticipationPeriod | None) -> str:
    if period is None:
        return "missing"
    return f"{period.status} {period.span.first}/{period.span.last} {period.amount_participant} {period.voucher_id}"


def rebuild_person(person: str, w: Wiring, *, dry_run: bool) -> list[Difference]:
    """Months, support counter and SI number of one person from the periods on record. AP43.

    Raises `Unavailable` when the table is busy.
    """
    for _ in range(ROUNDS):
        items = {str(item["SK"]): item for item in w.table.query(keys.person_partition(person))}
        if "HEADER" not in items:
            return []
        stored = person_from(person, items["HEADER"])
        periods = [period_from(person, item) for name, item in items.items() if name.startswith(keys.PERIOD)]
        again = _record(stored, periods, w)
        found = [
            Difference(f"person {person[:12]}", name, _shown(stored, name), _shown(again, name))
            for name in PERSON_FIELDS
            if getattr(stored, name) != getattr(again, name)
        ]
        if not found or dry_run:
            return found
        transaction = Transaction()
        write_person(transaction, replace(again, version=stored.version + 1))
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return found
    raise storage_busy()


def _record(stored: PersonRecord, periods: list[ParticipationPeriod], w: Wiring) -> PersonRecord:
    active = [period for period in periods if period.status is PeriodStatus.ACTIVE]
    return replace(
        stored,
        covered=merged(period.span for period in active),
        supported_months=sum(period.supported_months for period in active),
        si_number=_number(stored, periods, w),
    )


def _number(stored: PersonRecord, periods: list[ParticipationPeriod], w: Wiring) -> str | None:
    """The number under which the first period was recorded: it is for life, so a void one gives it too."""
    for period in sorted(periods, key=lambda each: each.recorded_at):
        item = w.table.get(keys.dossier(period.dossier_code))
        number = None if item is None else dossier_from(item).si_number
        if number is not None:
            return number
    return stored.si_number


def _shown(record: PersonRecord, name: str) -> str:
    """A figure for people; of the SI number only whether it is another."""
    if name == "si_number":
        return "none" if record.si_number is None else f"…{record.si_number[-2:]}"
    value = getattr(record, name)
    return str(value) if isinstance(value, int) else ", ".join(f"{span.first}/{span.last}" for span in value) or "none"
