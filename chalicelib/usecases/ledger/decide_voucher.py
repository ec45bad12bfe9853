"""A person settles a voucher or a quarantined message; above an amount a second person approves it first.

Decision, effect and trail are one transaction under the revision that the person has seen, so that nothing is settled
twice. Only reading a message again is two: the ledger takes a voucher once however often it is read, and the message is
ticked off behind that; between the two it can be read again without harm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ...domain.access import OFFICERS, Caller, require_province, require_role
from ...domain.errors import Conflict, Fact, Rejected, VersionConflict, storage_busy
from ...domain.events import Act, AuditLine, By
from ...domain.ledger import resolution as ledger
from ...domain.ledger.voucher import ContributionVoucher, Outcome, VoucherHead
from ...domain.ledger.voucher_desk import (
    Action,
    Decision,
    Desk,
    Proposal,
    Subject,
    approved,
    check,
    proposed,
    resolved,
    two_persons,
)
from ...domain.months import at_vietnam, instant_text
from ...domain.registration.dossier import Dossier
from ...storage import keys
from ...storage.codec import Value
from ...storage.items.audit import newest_audit_item
from ...storage.items.desk import desk_item
from ...storage.items.fields import text
from ...storage.items.vouchers import voucher_from
from ...storage.table import Stored
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from .quarantine import DISCARDED, QUARANTINED, RETRIED, kept_message
from .record_voucher import VoucherFacts, record_voucher
from .resolve_voucher import resolve as resolve_in_ledger
from .voucher_desk import not_found, partition_of, subject_of

ROUNDS = 8
OK = 200

Reader: TypeAlias = Callable[[str], ContributionVoucher | Callable[[Wiring], None] | None]
"""What a message of the queue says by today's rules: a voucher, what else to do, None for another scheme.

Raises `Rejected` for what is no message.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants what settled, and which revision of it they have seen."""

    voucher_id: str
    if_match: int
    idempotency: Idempotency | None
    caller: Caller


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it. `pending`: nothing yet, a second person must approve."""

    subject: Subject
    """As it was before."""
    decision: Decision
    pending: bool
    state: str
    reason: str | None
    revision: int
    dossier_code: str | None
    by: str
    at: datetime


Choice: TypeAlias = Callable[[Subject, datetime], tuple[Decision, Proposal | None, bool]]
"""What is decided about a subject: the decision, the proposal that it approves, whether it waits for another person."""


def resolve(asked: Asked, decision: Decision, *, read: Reader, present: Callable[[Decided], str], w: Wiring) -> Answer:
    """Settle a voucher or message, or propose it where two persons are needed.

    Raises:
        Forbidden: not an officer, or of another province (the dossier's counts as well).
        NotFound: VOUCHER_NOT_FOUND. VersionConflict: it is not as it was seen.
        Rejected: as `domain.ledger.voucher_desk.check`; DOSSIER_NOT_FOUND for a link.
        Conflict: INVALID_TRANSITION; IDEMPOTENCY_KEY_REUSED; MESSAGE_STILL_REFUSED for a message that can't be read
            again; the reason of a voucher that would still be held for it after an ACCEPT.
    """

    def choose(subject: Subject, at: datetime) -> tuple[Decision, Proposal | None, bool]:
        check(subject, decision)
        limit = w.law.second_person_amount.on(at.date()).value
        return decision, None, two_persons(subject, decision, limit)

    return _Desk(asked, choose, read, present, w).answer()


def approve(asked: Asked, *, read: Reader, present: Callable[[Decided], str], w: Wiring) -> Answer:
    """Approve what another person proposed; it takes effect now.

    Raises as `resolve`, and Conflict (RESOLUTION_NOT_PROPOSED), Forbidden (SECOND_PERSON_REQUIRED).
    """

    def choose(subject: Subject, _: datetime) -> tuple[Decision, Proposal | None, bool]:
        proposal = approved(subject, by=asked.caller.sub)
        return proposal.decision, proposal, False

    return _Desk(asked, choose, read, present, w).answer()


class _Replayed(Exception):
    """The key had its answer already."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Work:
    """One decision about one subject as it stands."""

    partition: str
    stored: Stored
    subject: Subject
    decision: Decision
    proposal: Proposal | None
    waits: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class _Desk:
    """One request at the desk."""

    asked: Asked
    choose: Choice
    read: Reader
    present: Callable[[Decided], str]
    w: Wiring

    def answer(self) -> Answer:
        require_role(self.asked.caller, *OFFICERS)
        for _ in range(ROUNDS):
            try:
                work = self._work()
                if not (work.waits or work.subject.is_message):
                    return self._settle_voucher(work)
                transaction = Transaction()
                answer = self._propose(transaction, work) if work.waits else self._settle_message(transaction, work)
                transaction.commit(self.w.table)
            except _Replayed as known:
                return known.answer
            except Refused:
                continue
            return answer
        raise storage_busy()

    @property
    def _once(self) -> Once:
        return Once(self.asked.idempotency, self.asked.caller)

    def _work(self) -> _Work:
        """What stands there now, and what is to be done about it. AP58."""
        asked, partition, once = self.asked, partition_of(self.asked.voucher_id), self._once
        head, message, desk = (partition, "HEAD"), (partition, "MESSAGE"), keys.desk(partition)
        found = self.w.table.get_many([head, message, desk, *once.keys])
        before = once.answered(found)
        if before is not None:
            raise _Replayed(before)
        stored = found.get(head) or found.get(message)
        if stored is None:
            raise not_found()
        subject = subject_of(stored, found.get(desk))
        require_province(asked.caller, subject.province_code)
        if asked.if_match != subject.revision:
            detail = "Chứng từ đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện."
            told: dict[str, Fact] = {"version": subject.revision, "state": subject.state}
            raise VersionConflict("VERSION_CONFLICT", detail, facts=told)
        at = at_vietnam(self.w.clock.now())
        return _Work(partition, stored, subject, *self.choose(subject, at), at)

    def _propose(self, transaction: Transaction, work: _Work) -> Answer:
        """The first of two persons: the subject moves to its next revision, and nothing else happens to it."""
        subject, by = work.subject, self.asked.caller.sub
        desk, line = proposed(subject, work.decision, by=by, at=work.at)
        if not subject.is_message:
            key, changes = (work.partition, "HEAD"), {"revision": subject.revision + 1}
            transaction.update("head", key, changes, attribute="revision", expected=subject.revision)
        _write_desk(transaction, work, desk)
        _write_line(transaction, work, line)
        code = work.stored.get("dossier_code")
        return self._answered(
            transaction, work, subject.state, subject.reason, subject.revision + 1, None if code is None else str(code)
        )

    def _settle_message(self, transaction: Transaction, work: _Work) -> Answer:
        subject, state = work.subject, DISCARDED
        if work.decision.action is Action.RETRY:
            self._read_again(work.stored)
            state = RETRIED
        gone = {"state": state, "GSI2PK": None, "GSI2SK": None}
        transaction.update("message", (work.partition, "MESSAGE"), gone, attribute="state", expected=QUARANTINED)
        self._write_resolved(transaction, work, state)
        return self._answered(transaction, work, state, subject.reason, subject.revision + 1, None)

    def _settle_voucher(self, work: _Work) -> Answer:
        """Through the ledger, which settles every account that the decision touches anew."""
        caller, known = self.asked.caller, [work]
        answers: list[Answer] = []

        def permit(head: VoucherHead, dossier: Dossier | None) -> None:
            # Read anew in each round: what was lost may have been lost to somebody at this desk.
            known.append(self._work())
            if dossier is not None:
                require_province(caller, dossier.province_code)

        def more(transaction: Transaction, head: VoucherHead) -> None:
            self._write_resolved(transaction, known[-1], head.state, resolution=False)
            answers.append(
                self._answered(transaction, known[-1], head.state, head.reason, head.revision, head.dossier_code)
            )

        decision, first = work.decision, () if work.proposal is None else (work.proposal.by,)
        resolve_in_ledger(
            text(work.stored, "voucher_id"),
            ledger.Resolution(
                action=ledger.Action(decision.action.value),
                reason=decision.reason,
                decided_by=(*first, caller.sub),
                dossier_code=decision.dossier_code,
            ),
            Act(work.at, By.OFFICER, caller.sub),
            self.w,
            expected_revision=self.asked.if_match,
            permit=permit,
            more=more,
        )
        return answers[-1]

    def _write_resolved(self, transaction: Transaction, work: _Work, state: str, *, resolution: bool = True) -> None:
        """The next line of the trail, the desk without a proposal; for a message the decision for good as well."""
        by = self.asked.caller.sub
        desk, line = resolved(work.subject, work.decision, state=state, by=by, at=work.at)
        _write_desk(transaction, work, desk)
        _write_line(transaction, work, line)
        if resolution:
            first = [] if work.proposal is None else [work.proposal.by]
            item: dict[str, Value] = {
                "action": work.decision.action,
                "reason": work.decision.reason,
                "decided_by": [*first, by],
                "voucher_version": 0,
                "at": instant_text(work.at),
                "state": state,
            }
            transaction.put_new("resolution", keys.resolution(work.partition, 1), item)

    def _answered(
        self,
        transaction: Transaction,
        work: _Work,
        state: str,
        reason: str | None,
        revision: int,
        dossier_code: str | None,
    ) -> Answer:
        """The answer, kept under its key in the same transaction."""
        decided = Decided(
            subject=work.subject,
            decision=work.decision,
            pending=work.waits,
            state=state,
            reason=reason,
            revision=revision,
            dossier_code=dossier_code,
            by=self.asked.caller.sub,
            at=work.at,
        )
        answer = Answer(OK, self.present(decided), replayed=False, version=revision)
        self._once.keep(transaction, answer)
        return answer

    def _read_again(self, stored: Stored) -> None:
        """Let a message take its effect by today's rules.

        Raises `Conflict` (MESSAGE_STILL_REFUSED): it is still no voucher, or still contradicts one.
        """
        document, w = kept_message(stored, self.w), self.w
        # What contradicted the ledger was readable, and is kept as the ledger keeps vouchers.
        try:
            said = self.read(document) if stored.get("message_id") is not None else voucher_from(document, w.fields)
        except Rejected as refused:
            raise _still_refused(refused.code) from None
        if isinstance(said, ContributionVoucher):
            verdict = record_voucher(said, VoucherFacts([said], w).of(said), w)
            if verdict.outcome is Outcome.QUARANTINE:
                raise _still_refused(verdict.reason or "")
        elif said is not None:
            said(w)


def _write_desk(transaction: Transaction, work: _Work, desk: Desk) -> None:
    key, item, before = keys.desk(work.partition), desk_item(desk), work.subject.desk
    if before.lines == 0:
        transaction.put_new("desk", key, item)
    else:
        transaction.put_over("desk", key, item, attribute="version", expected=before.lines)


def _write_line(transaction: Transaction, work: _Work, line: AuditLine) -> None:
    key = keys.desk_audit(work.partition, line.version)
    transaction.put_new("desk_audit", key, newest_audit_item(key, line))


def _still_refused(reason: str) -> Conflict:
    detail = "Thông điệp vẫn không đọc được, hoặc vẫn mâu thuẫn với chứng từ đã có."
    return Conflict("MESSAGE_STILL_REFUSED", detail, facts={"reason": reason})
