"""What one event does to the ledger: heads of vouchers, the accounts that hold them, and what follows for dossiers.

A posting collects everything for one transaction: the voucher's own head, heads of other vouchers whose standing
changes with it, and every account that it enters, changes or leaves.
"""

from __future__ import annotations

from datetime import datetime

from ...domain.amounts.account import REFUND_ORDERED, Account, Entry, Standing, VoucherState
from ...domain.copies import replace
from ...domain.events import Act
from ...domain.ledger.fit import entry_of, explained, kept_months, with_refunds
from ...domain.ledger.voucher import ContributionVoucher, VoucherHead
from ...domain.people.participation import PersonRecord
from ...domain.registration.dossier import Dossier
from ...storage import keys
from ...storage.codec import Value
from ...storage.items.vouchers import head_item, voucher_document
from ...storage.keys import Key
from ...storage.transaction import Transaction
from ...wiring import Wiring
from .move_money import Cause, MoneyMoves
from .voucher_facts import Facts

DOSSIER_NOT_FOUND = "DOSSIER_NOT_FOUND"
NO_MATCHING_KEY = "NO_MATCHING_KEY"
UNLINKED = "UNLINKED"
ACCOUNT_FULL = "ACCOUNT_FULL"
REFUND_MISMATCH = "REFUND_MISMATCH"
"""Accounting has refunded months that the voucher did not pay for: an officer has to ask."""


class Posting:
    """One event on its way into one transaction. Not frozen: it collects."""

    def __init__(self, facts: Facts, act: Act, w: Wiring, *, attempt: int = 0) -> None:
        self.transaction = Transaction()
        self._facts, self._act, self._w, self._attempt = facts, act, w, attempt
        self._heads: dict[str, VoucherHead] = {}
        self._contents: dict[str, ContributionVoucher] = {}
        self._accounts: dict[str, tuple[Dossier, Account]] = {}
        self._refunded: set[str] = set()

    def head(self, voucher_id: str) -> VoucherHead:
        """Where a voucher stands after this event."""
        return self._heads[voucher_id]

    def place(self, head: VoucherHead, content: ContributionVoucher | None = None) -> None:
        """Put a voucher where it belongs now: into an account, out of one, to wait, or to a person.

        `content` is the version that brings its money, where the caller has it.
        """
        if content is not None and content.voucher_version == head.issued:
            self._contents[head.voucher_id] = content
        fate = head.fate()
        dossier = self._dossier_of(head) if fate is None else None
        if head.account is not None and (dossier is None or dossier.code != head.account):
            left, account = self._account(head.account)
            self._accounts[left.code] = left, account.without(head.voucher_id)
        if fate is not None:
            self._heads[head.voucher_id] = _standing(head, Standing(*fate), account=None)
        elif dossier is None:
            self._heads[head.voucher_id] = self._unmatched(head)
        else:
            self._enter(head, dossier)

    def post(self, voucher_id: str) -> None:
        """Settle every account that was touched and collect all writes; `voucher_id` is what the event is about."""
        people = {dossier.person: self._facts.person(dossier.person) for dossier, _ in self._accounts.values()}
        before = dict(people)
        cause = Cause(voucher_id, self._act, self._attempt, frozenset(self._refunded))
        moves = MoneyMoves(self._facts, people, self.transaction, cause, self._w)
        # What gives months back goes first: what needs them may be in the same event.
        ordered = sorted(self._accounts.values(), key=lambda each: (not each[0].account.recorded, each[0].code))
        for dossier, account in ordered:
            self._facts.ensure(keys.voucher_head(entry.voucher_id) for entry in account.entries)
            known = {entry.voucher_id: self._known(entry.voucher_id) for entry in account.entries}
            reasons = {name: self._reason_before(name) for name in known}
            settlement = moves.settle(dossier, account, reasons)
            for name, standing in settlement.standings.items():
                head = known[name]
                dossier_span = dossier.span
                if kept_months(dossier_span, head.refunded) is None:
                    standing = replace(standing, state=VoucherState.HELD, reason=REFUND_MISMATCH)
                self._heads[name] = _standing(head, standing, account=dossier.code)
        for person, record in people.items():
            if record != before[person]:
                self._write_person(record, before[person])
        for head in self._heads.values():
            self._write_head(head)

    def _known(self, voucher_id: str) -> VoucherHead:
        head = self._heads.get(voucher_id) or self._facts.head(voucher_id)
        if head is None:
            raise KeyError("an entry of an account has a head")
        return head

    def _reason_before(self, voucher_id: str) -> str | None:
        head = self._facts.head(voucher_id)
        return None if head is None else head.reason

    def _account(self, code: str) -> tuple[Dossier, Account]:
        if code not in self._accounts:
            dossier = self._facts.dossier(code)
            if dossier is None:
                raise KeyError("the dossier of an account is stored")
            self._accounts[code] = dossier, dossier.account
        return self._accounts[code]

    def _content(self, head: VoucherHead) -> ContributionVoucher:
        """The version that brings the money."""
        if head.voucher_id not in self._contents:
            self._contents[head.voucher_id] = self._facts.version(head.voucher_id, head.issued)
        return self._contents[head.voucher_id]

    def _dossier_of(self, head: VoucherHead) -> Dossier | None:
        """Where a voucher belongs: where a person put it, the dossier that it names, or its person's own."""
        if head.hand.unlinked:
            return None
        if head.hand.linked is not None:
            return self._facts.dossier(head.hand.linked)
        content = self._content(head) if head.voucher_id in self._contents or head.account is None else None
        if content is not None and content.dossier_code is not None:
            named = self._facts.dossier(content.dossier_code)
            if named is not None:
                return named
        if head.account is not None:
            return self._facts.dossier(head.account)
        return None if content is None else self._facts.dossier_of_person(content)

    def _enter(self, head: VoucherHead, dossier: Dossier) -> None:
        """Into the account of its dossier."""
        _, account = self._account(dossier.code)
        entry = account.entry(head.voucher_id) if head.voucher_id not in self._contents else None
        lines = head.explanation
        if entry is None:
            if account.is_full and account.entry(head.voucher_id) is None:
                standing = Standing(VoucherState.HELD, ACCOUNT_FULL, held=head.amount_received)
                self._heads[head.voucher_id] = _standing(head, standing, account=None)
                return
            entry, lines = self._entry(head, dossier)
        elif head.hand.accepted == head.issued:
            entry = replace(entry, misfit=None)
        if entry.ordered != (head.hand.refund == head.issued):
            entry = replace(entry, ordered=not entry.ordered)
        kept = kept_months(dossier.span, head.refunded)
        if kept == 0:
            self._refunded.add(head.voucher_id)
            self._accounts[dossier.code] = dossier, account.without(head.voucher_id)
            standing = Standing(VoucherState.REFUNDED, refunded=entry.amount)
            self._heads[head.voucher_id] = _standing(replace(head, explanation=lines), standing, account=None)
            return
        if kept is not None:
            if head.refunded:
                self._refunded.add(head.voucher_id)
            entry = with_refunds(entry, kept, dossier, self._w.law)
        self._accounts[dossier.code] = dossier, account.with_entry(entry)
        # Where it stands is told by the settlement of the whole account.
        self._heads[head.voucher_id] = head if lines == head.explanation else replace(head, explanation=lines)

    def _entry(self, head: VoucherHead, dossier: Dossier) -> tuple[Entry, tuple[str, ...]]:
        """A new entry, with what people are told about its amounts."""
        content = self._content(head)
        tolerance = self._w.law.amount_tolerance.find(dossier.quote.paid_on)
        allowed = 0 if tolerance is None else tolerance.value
        person = self._facts.person_of(content)
        entry = entry_of(content, dossier, head.hand, tolerance=allowed, law=self._w.law, person=person)
        same = content.amount_received == dossier.quote.amount_participant and entry.misfit is None
        return entry, () if same and entry.terms is None else explained(content, dossier, self._w.law)

    def _unmatched(self, head: VoucherHead) -> VoucherHead:
        """No dossier: it waits for one, or for a person."""
        content = self._content(head)
        if head.refunded:
            standing = Standing(VoucherState.REFUNDED, refunded=content.amount_received)
        elif head.hand.refund == head.issued:
            standing = Standing(VoucherState.REFUNDED, REFUND_ORDERED, refunded=content.amount_received)
        elif head.hand.unlinked:
            standing = Standing(VoucherState.HELD, UNLINKED, held=content.amount_received)
        elif content.dossier_code is None and content.personal_id is None:
            standing = Standing(VoucherState.HELD, NO_MATCHING_KEY, held=content.amount_received)
        else:
            standing = Standing(VoucherState.PARKED, DOSSIER_NOT_FOUND, held=content.amount_received)
        return _standing(head, standing, account=None)

    def _write_person(self, record: PersonRecord, before: PersonRecord) -> None:
        from ...storage.writes import write_person

        version = before.version + 1
        write_person(self.transaction, record if record.version == version else replace(record, version=version))

    def _write_head(self, head: VoucherHead) -> None:
        """A head over the one that was read, and what waits for its dossier with it."""
        before = self._facts.head(head.voucher_id)
        if before is not None and replace(head, revision=before.revision) == before:
            return
        revision = 1 if before is None else before.revision + 1
        after = head if head.revision == revision else replace(head, revision=revision)
        self._heads[head.voucher_id] = after
        key, item = keys.voucher_head(head.voucher_id), head_item(after, self._w.fields)
        if before is None:
            self.transaction.put_new("head", key, item)
        else:
            self.transaction.put_over("head", key, item, attribute="revision", expected=before.revision)
        self._write_waiting(before, after, item["received_at"])

    def _write_waiting(self, before: VoucherHead | None, after: VoucherHead, received_at: Value) -> None:
        """Entries under which a dossier that comes finds what waits for it, and the proof that it has not come."""
        was: dict[Key, None] = {}
        if before is not None and before.is_waiting and before.issued:
            was = dict.fromkeys(self._waiting_keys(self._facts.version(before.voucher_id, before.issued)))
        now: dict[Key, None] = {}
        if after.is_waiting:
            content = self._content(after)
            now = dict.fromkeys(self._waiting_keys(content))
            for key in now:
                document = {"document": voucher_document(content, self._w.fields), "received_at": received_at}
                self.transaction.put("pending", key, document)
            self._require_no_dossier(content)
        for key in was:
            if key not in now:
                self.transaction.delete("pending", key)

    def _waiting_keys(self, content: ContributionVoucher) -> list[Key]:
        found = []
        if content.dossier_code is not None:
            found.append(keys.pending(content.dossier_code, content.voucher_id))
        if content.personal_id is not None:
            found.append(keys.person_pending(self._w.person(content.personal_id), content.voucher_id))
        return found

    def _require_no_dossier(self, content: ContributionVoucher) -> None:
        """Whoever commits second sees the first: the dossier named does not exist, the person is as it was read."""
        if content.dossier_code is not None:
            self.transaction.require_missing("dossier", keys.dossier(content.dossier_code))
        if content.personal_id is not None:
            person = self._w.person(content.personal_id)
            record = self._facts.person(person)
            if record.version == 0:
                self.transaction.require_missing("person", keys.person(person))
            else:
                self.transaction.require("person", keys.person(person), attribute="version", expected=record.version)


def _standing(head: VoucherHead, standing: Standing, *, account: str | None) -> VoucherHead:
    """A head that says where its voucher stands."""
    applied = standing.state is VoucherState.APPLIED or bool(standing.applied)
    money = any((standing.applied, standing.suspense, standing.held, standing.refunded))
    return replace(
        head,
        state=standing.state,
        reason=standing.reason,
        account=account,
        dossier_code=account or head.dossier_code,
        applied_version=head.issued if applied else None,
        money=standing if money else None,
    )


def received_at(w: Wiring) -> datetime:
    """The moment of receipt, in whole seconds as it is stored."""
    return w.clock.now().replace(microsecond=0)
