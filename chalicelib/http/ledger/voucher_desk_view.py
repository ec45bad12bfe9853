"""How the voucher desk is shown: rows, one voucher, decisions. Identifiers are masked for everybody."""

from __future__ import annotations

import re
from typing import Any, Final

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.ledger.voucher import ContributionVoucher
from chalicelib.domain.ledger.voucher_desk import Proposal, two_persons_for
from chalicelib.domain.months import at_vietnam, instant_text
from chalicelib.domain.registration.identifiers import masked
from chalicelib.usecases.answers import Page
from chalicelib.usecases.ledger.decide_voucher import Decided
from chalicelib.usecases.ledger.voucher_desk import VoucherRow, VoucherView
from chalicelib.wiring import Wiring

from ..wire import voucher_desk as wire

LONGEST_CONTENT: Final = 4_000
_LONG_NUMBER = re.compile(r"(?<![0-9])[0-9]{9,}(?![0-9])")

REASONS: Final = {
    "DOSSIER_NOT_FOUND": "Chưa có hồ sơ mà chứng từ này nộp tiền; chờ hồ sơ đến.",
    "NO_MATCHING_KEY": "Chứng từ không nêu hồ sơ hay số định danh nào để đối chiếu.",
    "UNLINKED": "Cán bộ đã gỡ chứng từ khỏi hồ sơ; không tự động đối chiếu nữa.",
    "UNDERPAID": "Số tiền nhận được ít hơn số tiền phải đóng; chờ nộp bổ sung.",
    "OVERPAID": "Số tiền nhận được nhiều hơn số tiền phải đóng.",
    "DOUBLE_PAYMENT": "Hồ sơ đã được nộp đủ bằng chứng từ khác.",
    "DOSSIER_CLOSED": "Hồ sơ đã kết thúc, không ghi nhận được tiền.",
    "IDENTITY_MISMATCH": "Họ tên, ngày sinh hoặc số định danh trên chứng từ khác hồ sơ.",
    "TERMS_MISMATCH": "Mức thu nhập, phương thức hoặc các tháng trên chứng từ khác hồ sơ.",
    "AMOUNT_MISMATCH": "Các số tiền trên chứng từ khác số đã báo cho hồ sơ.",
    "OVERLAP": "Tháng đóng đã được ghi nhận bằng chứng từ khác.",
    "SI_NUMBER_OF_ANOTHER": "Mã số BHXH đã khai là của người khác.",
    "ACCOUNT_FULL": "Hồ sơ có quá nhiều chứng từ.",
    "ORIGINAL_MISSING": "Thông báo hoàn trả đến trước chứng từ gốc.",
    "REFUND_MISMATCH": "Các tháng hoàn trả không khớp với các tháng chứng từ đã nộp.",
    "REFUND_ORDERED": "Đã quyết định hoàn trả; chờ kế toán thực hiện.",
    "RECEIPT_CONFLICT": "Số biên lai đã thuộc về một chứng từ khác.",
    "VOUCHER_CONTENT_CONFLICT": "Cùng số và phiên bản chứng từ nhưng nội dung khác.",
}
OF_MESSAGES: Final = "Thông điệp không đúng định dạng hoặc quy tắc của chứng từ."
OTHERWISE: Final = "Chứng từ cần cán bộ xem xét."


def page(found: Page[VoucherRow], w: Wiring) -> wire.VoucherPage:
    items = tuple(wire.VoucherItem(**_fields(row, w)) for row in found.items)
    return wire.VoucherPage(items=items, next_cursor=found.next_cursor)


def detail(found: VoucherView, caller: Caller, w: Wiring) -> wire.VoucherDetail:
    """Everything about one; operators see neither names nor numbers."""
    money = {name: found.row.money.get(name, 0) for name in wire.Money.model_fields}
    hidden = caller.role is Role.OPS
    return wire.VoucherDetail(
        **_fields(found.row, w),
        money=wire.Money(**money),
        versions=tuple(_version(each, hidden=hidden) for each in found.versions),
        decisions=tuple(
            wire.DecisionTaken(
                number=each.number,
                action=each.action,
                dossier_code=each.dossier_code,
                reason=each.reason,
                decided_by=each.decided_by,
                decided_at=instant_text(each.at),
                state=each.state,
            )
            for each in found.decisions
        ),
        trail=tuple(
            wire.TrailLine(
                number=line.version,
                event=line.event,
                at=instant_text(line.at),
                actor=line.actor,
                reason=line.reason,
                subject=line.subject,
                hash=line.hash,
            )
            for line in found.trail
        ),
        content=None if found.content is None else _hidden(found.content[:LONGEST_CONTENT]),
    )


def decided(found: Decided) -> str:
    return wire.ResolutionAnswer(
        id=found.subject.id,
        version=found.revision,
        action=found.decision.action,
        pending=found.pending,
        state=found.state,
        reason=found.reason,
        dossier_code=found.dossier_code,
        decided_by=found.by,
        decided_at=instant_text(found.at),
    ).model_dump_json()


def _fields(row: VoucherRow, w: Wiring) -> dict[str, Any]:
    subject = row.subject
    limit = w.law.second_person_amount.on(at_vietnam(w.clock.now()).date()).value
    generic = OF_MESSAGES if subject.is_message else OTHERWISE
    return {
        "id": subject.id,
        "version": subject.revision,
        "voucher_id": row.voucher_id,
        "voucher_version": row.voucher_version,
        "state": subject.state,
        "reason": subject.reason,
        "message": REASONS.get(subject.reason or "", generic),
        "cause": row.cause,
        "received_at": instant_text(row.received_at),
        "age_hours": row.age_hours,
        "amount_received": row.amount_received,
        "dossier_code": row.dossier_code,
        "province_code": subject.province_code,
        "value_date": None if row.value_date is None else row.value_date.isoformat(),
        "explanation": row.explanation,
        "actions": row.actions,
        "two_persons": two_persons_for(subject, limit),
        "proposal": None if row.proposal is None else _proposal(row.proposal),
        "next_event": row.next_event,
        "next_at": None if row.next_at is None else instant_text(row.next_at),
    }


def _proposal(proposal: Proposal) -> wire.ProposalAnswer:
    decision = proposal.decision
    return wire.ProposalAnswer(
        action=decision.action,
        dossier_code=decision.dossier_code,
        reason=decision.reason,
        proposed_by=proposal.by,
        proposed_at=instant_text(proposal.at),
    )


def _version(voucher: ContributionVoucher, *, hidden: bool) -> wire.VoucherVersion:
    def number(told: str | None) -> str | None:
        return None if told is None or hidden else masked(told)

    return wire.VoucherVersion(
        voucher_version=voucher.voucher_version,
        event=voucher.event,
        receipt_symbol=voucher.receipt_symbol,
        receipt_number=voucher.receipt_number,
        receipt_date=voucher.receipt_date.isoformat(),
        dossier_code=voucher.dossier_code,
        personal_id=number(voucher.personal_id),
        si_number=number(voucher.si_number),
        full_name=None if hidden else voucher.full_name,
        income=voucher.income,
        method=voucher.method,
        from_month=str(voucher.from_month),
        months=voucher.months,
        amount_participant=voucher.amount_participant,
        amount_state=voucher.amount_state,
        amount_local=voucher.amount_local,
        amount_other=voucher.amount_other,
        amount_gross=voucher.amount_gross,
        amount_received=voucher.amount_received,
        paid_at=instant_text(voucher.paid_at),
        value_date=voucher.value_date.isoformat(),
        replaces_voucher_id=voucher.replaces_voucher_id,
    )


def _hidden(content: str) -> str:
    """A text whose long numbers (identifiers, accounts, telephones) are masked."""
    return _LONG_NUMBER.sub(lambda found: masked(found[0]), content)
