"""What is expected next of each accepted thing, by when and of whom: nothing is quietly forgotten.

Everything follows from what is stored. A thing is stuck once its moment has passed and what was expected has not come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..configuration.calendar import WorkingCalendar
from ..configuration.procedure import WatchRules
from ..configuration.steps import StepRole
from ..covers.cover import Cover, CoverState
from ..ledger.refund_case import RefundCase
from ..months import at_vietnam
from ..registration.dossier import Dossier, State


class Owner(StrEnum):
    """Whose turn it is."""

    CITIZEN = "CITIZEN"
    OFFICER = "OFFICER"
    SIGNER = "SIGNER"
    ACCOUNTING = "ACCOUNTING"
    SYSTEM = "SYSTEM"
    OPS = "OPS"


class Awaited(StrEnum):
    """What is expected next."""

    PAYMENT = "PAYMENT"
    ACCEPTANCE = "ACCEPTANCE"
    SUPPLEMENT = "SUPPLEMENT"
    STEP = "STEP"
    SIGNATURE = "SIGNATURE"
    DRAWING = "DRAWING"
    RESULT = "RESULT"
    DELIVERY = "DELIVERY"
    REOPENING = "REOPENING"
    REVOCATION = "REVOCATION"
    REFUND = "REFUND"
    DOSSIER = "DOSSIER"
    """Of a voucher that came first."""
    DECISION = "DECISION"
    """Of an officer, about a voucher that is held."""
    REPAIR = "REPAIR"
    """Of a message that nobody can read."""
    ANSWER = "ANSWER"
    """To somebody who asked about their own data."""


CAUSES: Mapping[Awaited, str] = {
    Awaited.PAYMENT: "Quá hạn nộp tiền mà chưa có chứng từ đóng, hồ sơ chưa hết hiệu lực.",
    Awaited.ACCEPTANCE: "Hồ sơ đã nộp tiền chưa được tiếp nhận.",
    Awaited.SUPPLEMENT: "Quá hạn bổ sung mà hồ sơ chưa kết thúc.",
    Awaited.STEP: "Bước hiện tại của quy trình đã quá thời hạn.",
    Awaited.SIGNATURE: "Tờ bìa chờ người ký quá lâu.",
    Awaited.DRAWING: "Tờ bìa đã được quyết định cấp mà chưa có tệp.",
    Awaited.RESULT: "Quá ngày hẹn trả mà chưa có kết quả.",
    Awaited.DELIVERY: "Kết quả đã xong mà chưa trả cho công dân.",
    Awaited.REOPENING: "Chứng từ đóng của hồ sơ đã xong bị hủy, chờ mở lại.",
    Awaited.REVOCATION: "Đề nghị thu hồi tờ bìa chờ người thứ hai.",
    Awaited.REFUND: "Tiền đã nộp chờ hoàn trả.",
    Awaited.DOSSIER: "Chứng từ chờ hồ sơ quá thời hạn.",
    Awaited.DECISION: "Chứng từ bị giữ chờ cán bộ quyết định.",
    Awaited.REPAIR: "Thông điệp chứng từ không đọc được, chờ xử lý.",
    Awaited.ANSWER: "Quá hạn trả lời yêu cầu của chủ thể dữ liệu.",
}
"""What it means that something has not come, for people."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What comes next, by when (Vietnam time; None where nothing is timed) and of whom."""

    what: Awaited
    by: datetime | None
    owner: Owner

    def is_stuck(self, now: datetime, rules: WatchRules) -> bool:
        """Its moment has passed, and the grace behind it."""
        return self.by is not None and now > self.by + timedelta(minutes=rules.grace_minutes)


_ROLES: Mapping[StepRole, Owner] = {
    StepRole.OFFICER: Owner.OFFICER,
    StepRole.SIGNER: Owner.SIGNER,
    StepRole.SYSTEM: Owner.SYSTEM,
}


def of_dossier(dossier: Dossier, rules: WatchRules, calendar: WorkingCalendar) -> Expectation | None:
    """What a dossier waits for; None once nothing is to come. Raises `NotConfigured` for a year without a calendar."""
    return _completed(dossier, rules, calendar) if dossier.state is State.COMPLETED else of_running(dossier)


def of_running(dossier: Dossier) -> Expectation | None:
    """What a dossier waits for while its procedure runs; None once that has ended."""
    if dossier.is_unpaid_again:
        return Expectation(Awaited.PAYMENT, dossier.payment_expires_at, Owner.CITIZEN)
    match dossier.state:
        case State.AWAITING_PAYMENT:
            return Expectation(Awaited.PAYMENT, dossier.payment_expires_at, Owner.CITIZEN)
        case State.SUBMITTED:
            return Expectation(Awaited.ACCEPTANCE, _step_due(dossier), Owner.OFFICER)
        case State.SUPPLEMENT_REQUESTED:
            asked = dossier.open_supplement
            return Expectation(Awaited.SUPPLEMENT, None if asked is None else asked.expires_at, Owner.CITIZEN)
        case State.RECEIVED | State.IN_PROCESS:
            return _in_process(dossier)
        case _:
            return None


def of_cover(cover: Cover, rules: WatchRules, calendar: WorkingCalendar) -> Expectation | None:
    """What a cover waits for; None where it is done with. Raises `NotConfigured`."""
    if cover.state is CoverState.DATA_CREATED:
        return Expectation(Awaited.SIGNATURE, _days(cover.created_at, rules.signature_days, calendar), Owner.SIGNER)
    if cover.state in {CoverState.CHECKED, CoverState.SIGNED}:
        checked = cover.checked_at or cover.created_at
        return Expectation(Awaited.DRAWING, checked + timedelta(minutes=rules.drawing_minutes), Owner.SYSTEM)
    if cover.state is CoverState.ISSUED and cover.revocation is not None:
        asked_at = cover.revocation.at
        return Expectation(Awaited.REVOCATION, _days(asked_at, rules.revocation_days, calendar), Owner.SIGNER)
    return None


def of_refund(case: RefundCase, rules: WatchRules, calendar: WorkingCalendar) -> Expectation | None:
    """What a refund case waits for; None once it is closed. Raises `NotConfigured`."""
    if case.state != "OPEN":
        return None
    return Expectation(Awaited.REFUND, _days(case.opened_at, rules.refund_days, calendar), Owner.ACCOUNTING)


def of_voucher(
    state: str, received_at: datetime, park_hours: int, rules: WatchRules, calendar: WorkingCalendar
) -> Expectation | None:
    """What a voucher on its way waits for: PARKED, HELD or QUARANTINED; None for any other. Raises `NotConfigured`."""
    match state:
        case "PARKED":
            return Expectation(Awaited.DOSSIER, received_at + timedelta(hours=park_hours), Owner.ACCOUNTING)
        case "HELD":
            return Expectation(Awaited.DECISION, _days(received_at, rules.decision_days, calendar), Owner.OFFICER)
        case "QUARANTINED":
            return Expectation(Awaited.REPAIR, _days(received_at, rules.repair_days, calendar), Owner.OPS)
        case _:
            return None


def of_data_request(next_by: datetime | None) -> Expectation | None:
    """What a request about one's own data waits for, by its next limit; None once it is answered."""
    return None if next_by is None else Expectation(Awaited.ANSWER, next_by, Owner.OFFICER)


def _in_process(dossier: Dossier) -> Expectation:
    if not dossier.accepted:
        return Expectation(Awaited.ACCEPTANCE, _step_due(dossier), Owner.OFFICER)
    step, due_at = dossier.step, dossier.due_at
    if step is None:
        return Expectation(Awaited.RESULT, due_at, Owner.SIGNER)
    owner = _ROLES[dossier.procedure.steps[step.index].role]
    if due_at is not None and due_at <= step.due_at:
        return Expectation(Awaited.RESULT, due_at, owner)
    return Expectation(Awaited.STEP, step.due_at, owner)


def _completed(dossier: Dossier, rules: WatchRules, calendar: WorkingCalendar) -> Expectation:
    if dossier.payment_reversed_at is not None:
        by = _days(dossier.payment_reversed_at, rules.reopening_days, calendar)
        return Expectation(Awaited.REOPENING, by, Owner.SIGNER if dossier.reopening else Owner.OFFICER)
    ended_at = dossier.ended_at or dossier.created_at
    return Expectation(Awaited.DELIVERY, _days(ended_at, rules.delivery_days, calendar), Owner.OFFICER)


def _step_due(dossier: Dossier) -> datetime | None:
    return None if dossier.step is None else dossier.step.due_at


def _days(since: datetime, count: int, calendar: WorkingCalendar) -> datetime:
    day = at_vietnam(since).date()
    for _ in range(count):
        day = calendar.next_working_day(day)
    return calendar.closes(day)


def of_view(
    dossier: Dossier, cover: Cover | None, refund: RefundCase | None, rules: WatchRules, calendar: WorkingCalendar
) -> Expectation | None:
    """What comes next for somebody who sees a dossier whole: its own turn, else its cover's, else its refund's.

    Raises `NotConfigured`.
    """
    own = of_dossier(dossier, rules, calendar)
    made = None if cover is None or dossier.state is not State.IN_PROCESS else of_cover(cover, rules, calendar)
    if made is not None and made.what is Awaited.DRAWING:
        return made
    if own is None and refund is not None:
        return of_refund(refund, rules, calendar)
    return own
