"""What is paid back when a person may no longer be covered: domain rule 3.5 (NĐ 159/2025/NĐ-CP Art. 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..configuration.law import Law, PaymentMethod
from ..errors import Fault, Rejected
from ..money import dotted, round_half_up
from ..months import Month, MonthSpan
from .account import Terms
from .contribution import years_ahead
from .interest import greater, less, lesser, plus
from .parameters import Parameters, parameters, row
from .pricing import Amounts, Formula, Quote, Size, Totals, before_support, percent_text, rounded, totals

_ZERO = (0, 1)


class RefundReason(StrEnum):
    """Why a person asks for money back. To stop paying is no reason the law knows."""

    COMPULSORY = "COMPULSORY"
    """Compulsory insurance begins: from the first month with a compulsory payment."""
    LUMP_SUM = "LUMP_SUM"
    """BHXH một lần."""
    DEATH = "DEATH"
    """Death, or declared dead by a court: months after the month of death."""
    PENSION = "PENSION"
    """Entitled to a pension and asks for it."""
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A payment and what happened. `event_month` holds the event that the reason names."""

    paid: Quote
    reason: RefundReason
    event_month: Month
    asked_on: date
    """Selects the rules of refunding; the amounts are those of the payment."""


@dataclass(frozen=True, slots=True)
class Refund:
    """What is paid back for the months left; amounts in VND, their sum is the gross contribution of those months.

    `kept` are the months that stay covered, None if none do; `supported_months` is by how much the lifetime counter
    of supported months goes down.
    """

    first_month: Month
    months: int
    kept: MonthSpan | None
    amount_gross: int
    amount_participant: int
    """To the person, or to the heirs."""
    amount_state: int
    """Back to the State budget."""
    amount_local: int
    """Back to the province's budget."""
    supported_months: int
    explanation: tuple[str, ...]
    rules: Mapping[str, str]


def refund(request: RefundRequest, law: Law) -> Refund:
    """What is paid back for the months of a payment that can no longer be used.

    The months left are worth what the whole payment was less what the kept months are: for years ahead that is the
    discounted tail of formula T1, at the rate of the payment. Raises `Rejected` with every fault:
    REFUND_REASON_NOT_ALLOWED, REFUND_METHOD_NOT_ALLOWED, NOTHING_TO_REFUND, and REFUND_NEEDS_OFFICER where the law
    as it is on file today does not give the amounts that were paid.
    """
    paid, faults = request.paid, list[Fault]()
    method = _method(paid.method, law, faults)
    first = _first_month(request, law, faults)
    terms = parameters(paid.income, paid.support_category, paid.province_code, paid.paid_on, law, faults)
    formula = _formula(paid, method, law, faults)
    if faults or terms is None or formula is None or first is None:
        raise Rejected(faults)
    kept = max(0, first.ordinal - paid.from_month.ordinal)
    left = paid.months - kept
    if left <= 0:
        raise Rejected([Fault("event_month", "NOTHING_TO_REFUND", "Không còn tháng nào đã đóng sau thời điểm này.")])
    kept_supported = _supported_of_first(kept, paid, terms)
    whole = totals(Size(paid.income, paid.months, paid.supported_months), terms, formula)
    _must_agree(paid, rounded(whole))
    amounts = rounded(_difference(whole, totals(Size(paid.income, kept, kept_supported), terms, formula)))
    return Refund(
        first_month=paid.from_month.plus(kept),
        months=left,
        kept=MonthSpan.of_length(paid.from_month, kept) if kept else None,
        amount_gross=amounts.gross,
        amount_participant=amounts.participant,
        amount_state=amounts.state,
        amount_local=amounts.local,
        supported_months=paid.supported_months - kept_supported,
        explanation=_explained(paid, (kept, left), paid.supported_months - kept_supported, amounts),
        rules={**paid.rules, "refund_first_month_rule": _rule_day(request, law)},
    )


def kept_terms(paid: Quote, kept: int, law: Law) -> Terms:
    """What the first `kept` months of a payment come to, once accounting has paid back the months behind them.

    Reckoned as `refund` does. Where the law on file does not give the amounts that were paid, the amounts of a month
    are the mean of the payment, and the months that the State supported are the first ones. Raises ValueError unless
    some months are kept and some are not.
    """
    if not 0 < kept < paid.months:
        raise ValueError("a refund that leaves some months keeps at least one")
    reckoned = _reckoned(paid, kept, law)
    if reckoned is not None:
        return reckoned
    gross, participant, local = (
        round_half_up(amount * kept, paid.months)
        for amount in (paid.amount_gross, paid.amount_participant, paid.amount_local)
    )
    return Terms(kept, gross, gross - participant - local, local, participant, min(kept, paid.supported_months))


def _reckoned(paid: Quote, kept: int, law: Law) -> Terms | None:
    """The kept months by the law of the payment; None where it does not give what was paid."""
    faults: list[Fault] = []
    method = law.payment_methods.get(paid.method)
    terms = parameters(paid.income, paid.support_category, paid.province_code, paid.paid_on, law, faults)
    formula = _formula(paid, method, law, faults)
    if faults or terms is None or formula is None:
        return None
    whole = rounded(totals(Size(paid.income, paid.months, paid.supported_months), terms, formula))
    if whole != _paid_amounts(paid):
        return None
    supported = _supported_of_first(kept, paid, terms)
    exact = totals(Size(paid.income, paid.months, paid.supported_months), terms, formula)
    back = rounded(_difference(exact, totals(Size(paid.income, kept, supported), terms, formula)))
    left = Amounts(*(one - other for one, other in zip(whole, back, strict=True)))
    return Terms(kept, left.gross, left.state, left.local, left.participant, supported)


def _paid_amounts(paid: Quote) -> Amounts:
    return Amounts(paid.amount_gross, paid.amount_state, paid.amount_local, paid.amount_participant)


def _method(code: str, law: Law, faults: list[Fault]) -> PaymentMethod | None:
    method = law.payment_methods.get(code)
    if method is None or not method.refundable:
        message = "Chỉ hoàn trả cho phương thức 03, 06, 12 tháng và đóng một lần cho nhiều năm về sau."
        faults.append(Fault("method", "REFUND_METHOD_NOT_ALLOWED", message))
        return None
    return method


def _first_month(request: RefundRequest, law: Law, faults: list[Fault]) -> Month | None:
    """The first month that is paid back; None beside a fault."""
    reasons = row(law.refund_reasons, request.asked_on, "reason", faults)
    rule = row(law.refund_first_month_rule, request.asked_on, "reason", faults)
    if reasons is None or rule is None:
        return None
    if request.reason not in reasons.value:
        message = (
            "Chỉ hoàn trả khi chuyển sang BHXH bắt buộc, hưởng BHXH một lần, chết hoặc đủ điều kiện hưởng lương hưu."
        )
        faults.append(Fault("reason", "REFUND_REASON_NOT_ALLOWED", message))
        return None
    return request.event_month.plus(1 if rule.value[request.reason] == "NEXT_MONTH" else 0)


def _formula(paid: Quote, method: PaymentMethod | None, law: Law, faults: list[Fault]) -> Formula | None:
    """The formula of the payment, with the rate that was used then."""
    if method is None or not method.discounted:
        return Formula()
    return years_ahead(paid.rate_r or "", paid.paid_on, law, faults)


def _supported_of_first(months: int, paid: Quote, terms: Parameters) -> int:
    """How many of the first so many months the State has supported."""
    return min(max(0, months - before_support(terms.support, paid.from_month)), paid.supported_months)


def _difference(whole: Totals, kept: Totals) -> Totals:
    """What the months left are worth; never below zero.

    The participant's part could be: the first months of a payment ahead are hardly discounted, while the support of
    all months is cut at the discounted sum. Local support, which comes last, then takes the difference.
    """
    gross, participant, local = (less(one, other) for one, other in zip(whole, kept, strict=True))
    local = plus(local, lesser(participant, _ZERO))
    return Totals(gross, greater(participant, _ZERO), greater(local, _ZERO))


def _must_agree(paid: Quote, computed: Amounts) -> None:
    if computed != _paid_amounts(paid):
        message = "Số tiền đã đóng khác với quy định đang lưu: cán bộ phải tính hoàn trả."
        raise Rejected([Fault("paid", "REFUND_NEEDS_OFFICER", message)])


def _rule_day(request: RefundRequest, law: Law) -> str:
    return law.refund_first_month_rule.on(request.asked_on).effective_from.isoformat()


def _explained(paid: Quote, months: tuple[int, int], supported: int, amounts: Amounts) -> tuple[str, ...]:
    kept, left = months
    tail = MonthSpan.of_length(paid.from_month.plus(kept), left)
    rate = f", chiết khấu r = {percent_text(paid.rate_r)}/tháng" if paid.rate_r else ""
    lines = [
        f"Còn lại {left}/{paid.months} tháng, từ {_shown(tail.first)} đến {_shown(tail.last)}",
        f"{left} tháng x {dotted(paid.monthly_contribution)}{rate}: {dotted(amounts.gross)} đ",
        f"Trả lại ngân sách Nhà nước phần hỗ trợ {supported} tháng: {dotted(amounts.state)} đ",
    ]
    if amounts.local:
        lines.append(f"Trả lại ngân sách địa phương: {dotted(amounts.local)} đ")
    return (*lines, f"Hoàn trả người tham gia: {dotted(amounts.participant)} đ")


def _shown(month: Month) -> str:
    return f"{month.month:02d}/{month.year}"
