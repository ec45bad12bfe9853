"""Whether a declaration agrees with the registers and with what is recorded: identity, lists, months, books."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from ..configuration.law import Law
from ..errors import Fault
from ..months import Month, MonthSpan
from .eligibility import benefit_faults, contract_faults
from .evidence import Evidence, History, PersonOnFile
from .identity import BirthDate, Gender
from .names import same_name

_LISTED = frozenset({"POOR", "NEAR_POOR"})
"""Support categories proved by the list that BHXH keeps (QĐ 49)."""


class Declared(NamedTuple):
    """What a declaration says of the person, as far as it could be read: None is not compared."""

    on: date
    continues: bool
    full_name: str | None = None
    birth_date: BirthDate | None = None
    gender: Gender | None = None
    province_code: str | None = None
    commune_code: str | None = None
    si_number: str | None = None
    support_category: str | None = None
    span: MonthSpan | None = None


def register_faults(declared: Declared, evidence: Evidence | None, history: History, law: Law) -> list[Fault]:
    """Every contradiction, gravest first; without evidence only the recorded months are compared.

    Codes: IDENTITY_MISMATCH at each field that differs, NOT_ON_POOR_LIST, RECEIVING_PENSION, COMPULSORY_MEMBER,
    OVERLAP_COMPULSORY, OVERLAP, SI_NUMBER_MISMATCH, GAP. Raises `NotConfigured` for a day before the law.
    """
    known = evidence or Evidence()
    return [
        *(_identity(declared, known.person) if known.person else ()),
        *(_poor_list(declared, evidence) if evidence else ()),
        *benefit_faults(known.benefits, declared.on, law),
        *(contract_faults(known.contracts, declared.span, declared.on, law) if declared.span else ()),
        *_compulsory(declared, known.compulsory),
        *_overlap(declared, known, history),
        *_si_number(declared, known, history),
        *_gap(declared, last_paid_month(known, history)),
    ]


def last_paid_month(evidence: Evidence, history: History) -> Month | None:
    """The last month that counts as paid, by the book or by what is recorded here; None if none is known."""
    paid = [span.last for span in history.covered]
    if evidence.book and evidence.book.paid_through:
        paid.append(evidence.book.paid_through)
    return max(paid, default=None)


def _identity(declared: Declared, person: PersonOnFile) -> list[Fault]:
    differs = {
        "full_name": declared.full_name is not None and not same_name(declared.full_name, person.full_name),
        "birth_date": declared.birth_date is not None and not declared.birth_date.agrees_with(person.birth_date),
        "gender": declared.gender is not None and declared.gender is not person.gender,
        "permanent_address.province_code": declared.province_code not in {None, person.province_code},
        "permanent_address.commune_code": declared.commune_code not in {None, person.commune_code},
    }
    message = "Thông tin không khớp với Cơ sở dữ liệu quốc gia về dân cư; vui lòng liên hệ cơ quan công an."
    return [Fault(field, "IDENTITY_MISMATCH", message) for field, different in differs.items() if different]


def _poor_list(declared: Declared, evidence: Evidence) -> list[Fault]:
    category = declared.support_category
    if category not in _LISTED or any(
        listing.category == category and listing.holds_on(declared.on) for listing in evidence.poor
    ):
        return []
    message = "Không có trong danh sách hộ nghèo, hộ cận nghèo vào ngày kê khai; vui lòng liên hệ nơi duyệt danh sách."
    return [Fault("support_category", "NOT_ON_POOR_LIST", message)]


def _compulsory(declared: Declared, compulsory: tuple[MonthSpan, ...]) -> list[Fault]:
    """Months of compulsory insurance can't be paid for again (Luật 58/2014 and 41/2024 Art. 2(4))."""
    span = declared.span
    clash = [paid for paid in compulsory if span is not None and paid.overlaps(span)]
    if span is None or not clash:
        return []
    first = max(span.first, min(clash).first)
    free = max(paid.last for paid in clash).plus(1)
    message = f"Tháng {_shown(first)} đã đóng BHXH bắt buộc; có thể đăng ký từ tháng {_shown(free)}."
    return [Fault("from_month", "OVERLAP_COMPULSORY", message)]


def _overlap(declared: Declared, evidence: Evidence, history: History) -> list[Fault]:
    span = declared.span
    if span is None:
        return []
    clash = [paid.last for paid in history.covered if paid.overlaps(span)]
    if evidence.book and evidence.book.paid_through and span.first <= evidence.book.paid_through:
        clash.append(evidence.book.paid_through)
    if not clash:
        return []
    message = f"Đã có tháng được đóng rồi; có thể đăng ký từ tháng {_shown(max(clash).plus(1))}."
    return [Fault("from_month", "OVERLAP", message)]


def _si_number(declared: Declared, evidence: Evidence, history: History) -> list[Fault]:
    """One person, one number: that of the book, else the one that payments here were recorded under."""
    known = evidence.book.si_number if evidence.book else history.si_number
    differs = known is not None and declared.si_number not in {None, known}
    if not (differs or history.number_of_another):
        return []
    return [Fault("si_number", "SI_NUMBER_MISMATCH", "Mã số BHXH không phải của người tham gia.")]


def _gap(declared: Declared, last_paid: Month | None) -> list[Fault]:
    """Who continues pays from the month after the last paid one; after a pause one registers again (QĐ 595 Đ.11)."""
    if not declared.continues or declared.span is None or last_paid is None:
        return []
    expected = last_paid.plus(1)
    if declared.span.first <= expected:
        return []
    message = f"Đóng tiếp phải từ tháng {_shown(expected)}; nếu đã gián đoạn, chọn đăng ký lại."
    return [Fault("from_month", "GAP", message)]


def _shown(month: Month) -> str:
    return f"{month.month:02d}/{month.year}"
