"""Whether a voucher fits the dossier that it is matched to, and what to tell people where it does not (rule 7.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ..amounts.account import Entry, Terms
from ..amounts.contribution import quote
from ..amounts.parameters import support_parameters
from ..amounts.pricing import Quote, QuoteRequest
from ..amounts.refund import kept_terms
from ..configuration.law import Law
from ..errors import Rejected
from ..money import dotted
from ..months import MonthSpan, at_vietnam
from ..people.names import printed_name
from ..registration.declaration import BirthDate
from ..registration.dossier import Dossier
from .voucher import ContributionVoucher, Hand

IDENTITY_MISMATCH = "IDENTITY_MISMATCH"
TERMS_MISMATCH = "TERMS_MISMATCH"
AMOUNT_MISMATCH = "AMOUNT_MISMATCH"


def entry_of(
    voucher: ContributionVoucher,
    dossier: Dossier,
    hand: Hand,
    *,
    tolerance: int,
    law: Law,
    person: str | None,
) -> Entry:
    """The entry of a voucher in the account of a dossier. `tolerance` in VND.

    `person` is the keyed hash of the personal id that the voucher names, None where it names none: the dossier lies
    under the hash of the declared one, so nobody's number is opened to compare them.

    Amounts that are not the quoted ones fit as well where they are those of the day of payment: that day selects the
    parameters, not the day on which the payment was declared or booked (domain rule 0.2).
    """
    version, terms = voucher.voucher_version, None
    reason = _person_or_terms(voucher, dossier, person)
    if reason is None and not amounts_fit(voucher, dossier.quote.terms, tolerance):
        terms = own_terms(dossier.quote, at_vietnam(voucher.paid_at).date(), law)
        if terms is None or not amounts_fit(voucher, terms, tolerance):
            reason, terms = AMOUNT_MISMATCH, None
    return Entry(
        voucher_id=voucher.voucher_id,
        paid_at=voucher.paid_at,
        amount=voucher.amount_received,
        misfit=None if hand.accepted == version else reason,
        terms=terms,
        ordered=hand.refund == version,
    )


def _person_or_terms(voucher: ContributionVoucher, dossier: Dossier, person: str | None) -> str | None:
    declared, quoted = dossier.declaration, dossier.quote
    same_person = (
        (person is None or person == dossier.person)
        and (voucher.full_name is None or printed_name(voucher.full_name) == printed_name(declared.full_name))
        and (voucher.birth_date is None or _agree(voucher.birth_date, declared.birth_date))
    )
    if not same_person:
        return IDENTITY_MISMATCH
    if (voucher.income, voucher.method, voucher.span) != (quoted.income, quoted.method, dossier.span):
        return TERMS_MISMATCH
    return None


def amounts_fit(voucher: ContributionVoucher, terms: Terms, tolerance: int) -> bool:
    """Whether the amounts that a voucher declares are those of the terms, or those of a part of the payment."""

    def near(told: int, ours: int) -> bool:
        return abs(told - ours) <= tolerance

    supported = near(voucher.amount_state, terms.state) and near(voucher.amount_local, terms.local)
    if supported and near(voucher.amount_gross, terms.gross):
        return True
    # A part of the payment (a top-up), or more than all of it: its own money beside all of the support, or some of it.
    own = voucher.amount_participant == voucher.amount_received and voucher.amount_gross == (
        voucher.amount_participant + voucher.amount_state + voucher.amount_local
    )
    part = (
        voucher.amount_received < terms.participant
        and voucher.amount_state <= terms.state
        and voucher.amount_local <= terms.local
    )
    return own and (supported or part)


def own_terms(paid: Quote, day: date, law: Law) -> Terms | None:
    """What the quoted choice costs by the parameters of another day; None where that day does not allow it."""
    if day == paid.paid_on:
        return None
    support = support_parameters(paid.support_category, day, law, [])
    used = 0 if support is None or paid.supported_months == paid.months else support.cap - paid.supported_months
    try:
        again = quote(
            QuoteRequest(
                income=paid.income,
                method=paid.method,
                months=paid.months,
                from_month=paid.from_month,
                support_category=paid.support_category,
                province_code=paid.province_code,
                paid_on=day,
                supported_months_used=max(0, used),
            ),
            law,
        )
    except Rejected:
        return None
    return again.terms


def kept_months(span: MonthSpan, refunded: Iterable[MonthSpan]) -> int | None:
    """How many months from the first one refunds leave of a payment. None where they don't name months of its end.

    A refund names the months that are paid back; or, where it begins with the first month and is shorter, the months
    that are kept. The same months as paid for are all of them.
    """
    kept = span.length
    for back in refunded:
        if back == span:
            return 0
        if back.first == span.first and back.last < span.last:
            kept = min(kept, back.length)
        elif back.last == span.last and back.first > span.first:
            kept = min(kept, back.first.ordinal - span.first.ordinal)
        else:
            return None
    return kept


def with_refunds(entry: Entry, kept: int, dossier: Dossier, law: Law) -> Entry:
    """An entry whose refunds leave so many months, at least one."""
    if kept == dossier.quote.months:
        return entry if entry.kept is None else replace(entry, kept=None)
    paid = dossier.quote
    if entry.terms is not None:
        own = entry.terms
        paid = replace(
            paid,
            paid_on=at_vietnam(entry.paid_at).date(),
            amount_gross=own.gross,
            amount_state=own.state,
            amount_local=own.local,
            amount_participant=own.participant,
            supported_months=own.supported_months,
        )
    return replace(entry, kept=kept_terms(paid, kept, law))


def explained(voucher: ContributionVoucher, dossier: Dossier, law: Law) -> tuple[str, ...]:
    """What differs between a voucher and the pinned quote, line by line, and what its day of payment would ask."""
    quoted = dossier.quote
    pairs = (
        ("Mức thu nhập", voucher.income, quoted.income),
        ("Tổng số tiền đóng", voucher.amount_gross, quoted.amount_gross),
        ("Nhà nước hỗ trợ", voucher.amount_state, quoted.amount_state),
        ("Địa phương hỗ trợ", voucher.amount_local, quoted.amount_local),
        ("Người tham gia đóng", voucher.amount_participant, quoted.amount_participant),
        ("Số tiền thực nhận", voucher.amount_received, quoted.amount_participant),
    )
    lines = [f"{name}: chứng từ {_vnd(told)}, hồ sơ {_vnd(ours)}" for name, told, ours in pairs if told != ours]
    if voucher.method != quoted.method:
        lines.append(f"Phương thức đóng: chứng từ {voucher.method}, hồ sơ {quoted.method}")
    if voucher.span != dossier.span:
        lines.append(f"Các tháng: chứng từ {_shown(voucher.span)}, hồ sơ {_shown(dossier.span)}")
    day = at_vietnam(voucher.paid_at).date()
    own = own_terms(quoted, day, law)
    if own is not None and own != quoted.terms:
        lines.append(
            f"Theo tham số ngày nộp {day:%d/%m/%Y}: tổng {_vnd(own.gross)}, Nhà nước {_vnd(own.state)},"
            f" địa phương {_vnd(own.local)}, người tham gia {_vnd(own.participant)}"
        )
    return tuple(lines)


def _vnd(amount: int) -> str:
    return f"{dotted(amount)} đ"


def _shown(span: MonthSpan) -> str:
    return f"{span.first.month:02d}/{span.first.year} - {span.last.month:02d}/{span.last.year}"


def _agree(one: BirthDate, other: BirthDate) -> bool:
    """Two birth dates that may differ in precision only: `1985` agrees with `1985-05-12`."""
    return (
        one.year == other.year
        and (one.month is None or other.month is None or one.month == other.month)
        and (one.day is None or other.day is None or one.day == other.day)
    )
