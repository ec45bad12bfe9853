"""What a dossier goes through for its money: held, taken back, paid again, to be paid back (domain rule 7.4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from ..amounts.account import (
    DOSSIER_CLOSED,
    DOUBLE_PAYMENT,
    UNDERPAID,
    Account,
    Case,
    Settlement,
    Terms,
    cases_after,
    claims,
    settle,
)
from ..configuration.calendar import WorkingCalendar
from ..events import Act, Event
from ..ledger.refund_case import RefundCase, RefundState, refund_id_of
from ..money import dotted
from ..months import MonthSpan, at_vietnam
from ..people.participation import ParticipationPeriod
from ..registration.dossier import Change, Dossier, State, unchanged
from .clockwork import expire

OVERLAP = "OVERLAP"

HELD_BECAUSE = {
    UNDERPAID: "Số tiền đã nhận chưa đủ để ghi nhận quá trình tham gia.",
    DOUBLE_PAYMENT: "Hồ sơ đã được nộp đủ tiền; số tiền nộp thêm được hoàn trả.",
    DOSSIER_CLOSED: "Hồ sơ đã kết thúc; số tiền nộp sau được hoàn trả.",
    OVERLAP: "Tháng đóng đã được ghi nhận trước đó.",
}
"""What the trail tells of a held payment; other reasons are for officers."""
HELD_FOR_OFFICER = "Chứng từ chưa khớp với hồ sơ, chờ cán bộ xử lý."
UNPAID = "Quá thời hạn nộp lại tiền sau khi chứng từ đóng bị hủy."


@dataclass(frozen=True, slots=True)
class Cases:
    """What becomes of refund cases: new ones, and those that are over with their final state."""

    opened: tuple[RefundCase, ...] = ()
    closed: tuple[tuple[Case, RefundState], ...] = ()


NO_CASES = Cases()


def barrier_of(dossier: Dossier, account: Account, *, cover_gone: bool, overlap: bool) -> str | None:
    """Why nothing may be recorded for a dossier now, with its account as it will be.

    `cover_gone`: its cover was revoked, so that its result can't be delivered again. `overlap`: a month that it pays
    for is on record for another dossier.
    """
    if dossier.state.failed:
        return DOSSIER_CLOSED
    if account.recorded:
        return None
    if dossier.state.ended and cover_gone:
        return DOSSIER_CLOSED
    return OVERLAP if overlap else None


def recorded_period(
    dossier: Dossier, terms: Terms, voucher_ids: tuple[str, ...], *, number: int, recorded_at: datetime
) -> ParticipationPeriod:
    """The `number`-th period of a dossier: the months and amounts of `terms` from its first month, paid by vouchers.

    `voucher_ids` are in order of payment: the last one completed it and gives the period its `voucher_id`.
    """
    quote = dossier.quote
    return ParticipationPeriod(
        person=dossier.person,
        span=MonthSpan.of_length(quote.from_month, terms.months),
        income=quote.income,
        method=quote.method,
        support_category=quote.support_category,
        amount_gross=terms.gross,
        amount_participant=terms.participant,
        amount_state=terms.state,
        amount_local=terms.local,
        supported_months=terms.supported_months,
        dossier_code=dossier.code,
        voucher_id=voucher_ids[-1] if voucher_ids else "",
        recorded_at=recorded_at,
        number=number,
        voucher_ids=voucher_ids if len(voucher_ids) > 1 else (),
    )


def held(change: Change, voucher_id: str, reason: str, settlement: Settlement, act: Act) -> Change:
    """The trail tells that a voucher's money is held, and how much is missing."""
    told = HELD_BECAUSE.get(reason, HELD_FOR_OFFICER)
    if reason == UNDERPAID:
        told = f"{told} Còn thiếu {dotted(settlement.short)} đ."
    return change.then(Event.PAYMENT_HELD, act, subject=voucher_id, reason=told)


def reversed_payment(dossier: Dossier, *, voucher_id: str, reason: str, until: datetime, act: Act) -> Change:
    """The payment on record is taken back.

    A dossier in process waits for another payment until `until`, and for nothing else: what was asked for to be
    supplemented is asked for again. One that has ended stays as it is.
    """
    if dossier.state.ended:
        told = dossier if dossier.state.failed else replace(dossier, payment_reversed_at=act.at)
        return unchanged(told).then(Event.PAYMENT_REVERSED, act, subject=voucher_id, reason=reason)
    supplements = dossier.supplements
    if dossier.open_supplement is not None:
        supplements = (*supplements[:-1], replace(supplements[-1], supplied_at=act.at))
    unpaid = unpaid_again(replace(dossier, supplements=supplements), until)
    waits = State.IN_PROCESS if dossier.state in {State.RECEIVED, State.SUPPLEMENT_REQUESTED} else None
    return unchanged(unpaid).then(Event.PAYMENT_REVERSED, act, to=waits, subject=voucher_id, reason=reason)


def unpaid_again(dossier: Dossier, until: datetime) -> Dossier:
    """The dossier without its payment: no clock runs but the one that waits for another payment."""
    return replace(
        dossier,
        paid_at=None,
        due=None,
        step=None,
        cover_due=False,
        milestones=frozenset(),
        payment_reversed_at=None,
        payment_expires_at=max(until, dossier.payment_expires_at),
    )


def pay_until(at: datetime, working_days: int, calendar: WorkingCalendar) -> datetime:
    """Closing of the last working day on which missing money may come. Raises `NotConfigured`."""
    day = at_vietnam(at).date()
    for _ in range(working_days):
        day = calendar.next_working_day(day)
    return calendar.closes(day)


def awaiting_top_up(dossier: Dossier, until: datetime) -> Dossier:
    """A dossier that was paid in part waits for the rest; it never waits less than before."""
    if dossier.state.ended:
        return dossier
    return replace(dossier, payment_expires_at=max(until, dossier.payment_expires_at))


def end_unpaid(dossier: Dossier, act: Act) -> tuple[Change, Cases]:
    """No payment came in time, or not all of it: what did come is to go back.

    A dossier that was never paid expires; one whose payment was taken back is stopped, at intake not accepted.
    Raises `Conflict` (INVALID_TRANSITION) for a paid one.
    """
    if dossier.state is State.AWAITING_PAYMENT:
        change = expire(dossier, act)
    else:
        to = State.NOT_ACCEPTED if dossier.state is State.SUBMITTED else State.STOPPED
        change = unchanged(dossier).then(Event.PAYMENT_EXPIRED, act, to=to, reason=UNPAID)
    return ended_account(change, None, act)


def ended_account(change: Change, cause: str | None, act: Act) -> tuple[Change, Cases]:
    """The refund cases of a dossier that has just ended without its result; `cause` is why what pays goes back."""
    dossier = change.dossier
    settlement = settle(dossier.account, dossier.quote.terms, barrier=DOSSIER_CLOSED)
    return with_cases(change, settlement, cause, frozenset(), act)


def with_cases(
    change: Change, settlement: Settlement, cause: str | None, refunded: Collection[str], act: Act
) -> tuple[Change, Cases]:
    """A change with the refund cases that its account asks for, each told by a line of its own.

    `cause` is why the money goes back that pays for a dossier without a result; `refunded` are the vouchers that
    accounting has paid back.
    """
    state, account = change.dossier.state, change.dossier.account
    failed = (cause or DOSSIER_CLOSED) if state.failed else None
    new, gone = cases_after(account, claims(settlement, ended=state.ended, failed=failed))
    if not new and not gone:
        return change, Cases()
    closed = tuple(
        (case, RefundState.PAID if refunded and set(case.voucher_ids) & set(refunded) else RefundState.WITHDRAWN)
        for case in gone
    )
    opened = tuple(
        RefundCase(
            dossier_code=change.dossier.code,
            number=account.cases_made + place,
            province_code=change.dossier.province_code,
            amount=claim.amount,
            voucher_ids=claim.voucher_ids,
            cause=claim.cause,
            opened_at=act.at,
        )
        for place, claim in enumerate(new, 1)
    )
    after = replace(
        account,
        cases=(
            *(case for case in account.cases if case not in gone),
            *(Case(each.number, each.voucher_ids, each.amount) for each in opened),
        ),
        cases_made=account.cases_made + len(opened),
    )
    change = replace(change, dossier=replace(change.dossier, account=after))
    for case, state_after in closed:
        subject = refund_id_of(change.dossier.code, case.number)
        change = change.then(Event.REFUND_CASE_CLOSED, act, subject=subject, reason=str(state_after))
    for each in opened:
        change = change.then(Event.REFUND_CASE_OPENED, act, subject=each.refund_id)
    return change, Cases(opened, closed)
