"""The declaration, Mẫu 02-TK: its fields and, with `assess`, every check of domain rules 4.2 and 4.4."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from ..amounts.contribution import Quote, QuoteRequest, due_by, partial_faults, quote
from ..configuration.law import Law, PaymentMethod
from ..errors import Fault, Rejected
from ..form import Form
from ..months import Month, MonthSpan, at_vietnam
from ..people.address import Address as Address
from ..people.address import AddressDraft as AddressDraft
from ..people.address import check_address
from ..people.eligibility import participant_group
from ..people.evidence import Evidence, History
from ..people.identity import BirthDate as BirthDate
from ..people.identity import Gender as Gender
from ..people.identity import full_years
from ..people.names import clean_name, name_fault
from ..people.registers_agree import Declared, last_paid_month, register_faults
from . import identifiers

_NATIONALITY = "VN"
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_TEXT_LENGTH, _NATIONAL_CODE_LENGTH = 50, 64
_YEARS_AHEAD = 100
"""A later year is a slip of the pen, and out of reach of arithmetic with dates."""


class CaseType(StrEnum):
    """What a citizen may register online (QĐ 49/QĐ-BHXH)."""

    FIRST_TIME = "FIRST_TIME"
    FROM_COMPULSORY = "FROM_COMPULSORY"
    CONTINUE = "CONTINUE"
    RE_REGISTER = "RE_REGISTER"


class BookForm(StrEnum):
    ELECTRONIC = "ELECTRONIC"
    PAPER = "PAPER"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A checked declaration: normalised, every rule of the declaration date holds."""

    case_type: CaseType
    personal_id: str
    full_name: str
    birth_date: BirthDate
    gender: Gender
    nationality: str
    si_number: str | None
    phone: str
    """Normalised: 0xxxxxxxxx."""
    email: str | None
    permanent_address: Address
    contact_address: Address | None
    support_category: str
    support_proof_no: str | None
    income: int
    """VND a month."""
    method: str
    months: int
    from_month: Month
    book_form: BookForm
    ethnicity: str | None = None
    agency_code: str | None = None
    consent_version: str | None = None
    has_book: bool = False
    """The register of books knows one: no cover is made, whatever the case."""


@dataclass(frozen=True, slots=True)
class DeclarationDraft:
    """A declaration as sent, unchecked; a field is None where nothing readable was sent.

    `amount` is taken and ignored: the amount is computed here.
    """

    national_code: str | None = None
    case_type: str | None = None
    personal_id: str | None = None
    full_name: str | None = None
    birth_date: str | None = None
    gender: str | None = None
    ethnicity: str | None = None
    nationality: str | None = None
    si_number: str | None = None
    phone: str | None = None
    email: str | None = None
    permanent_address: AddressDraft | None = None
    contact_address: AddressDraft | None = None
    support_category: str | None = None
    support_proof_no: str | None = None
    income: int | None = None
    method: str | None = None
    from_month: str | None = None
    months: int | None = None
    amount: int | None = None
    agency_code: str | None = None
    book_form: str | None = None
    consent_version: str | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What came of a declaration. `declaration` is there only without faults; `quote` whenever it could be made.

    `warnings` do not stand in the way: an officer may want to look (domain rules 4.4 and 6.4).
    """

    declaration: Declaration | None
    quote: Quote | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()
    participant_group: str | None = None
    """SUSPENDED_CONTRACT for months in which a contract is suspended; None for everyone else (domain rule 1)."""


def person_identifiable(draft: DeclarationDraft, unreadable: frozenset[str]) -> bool:
    """Whether the registers may be asked about this person.

    The identifier is well formed and agrees with the declared gender and year of birth: who can't say as much
    learns nothing of what is on record.
    """
    number = draft.personal_id
    if "personal_id" in unreadable or number is None or not identifiers.is_personal_id(number):
        return False
    gender = Gender(draft.gender) if draft.gender in set(Gender) else None
    year = (draft.birth_date or "")[:4]
    return not identifiers.personal_id_faults(number, gender, int(year) if _YEAR.fullmatch(year) else None)


def assess(
    draft: DeclarationDraft,
    *,
    unreadable: frozenset[str],
    now: datetime,
    law: Law,
    evidence: Evidence | None,
    history: History,
) -> Assessment:
    """Run every rule whose inputs are there, by the law of the day of `now` in Việt Nam.

    `unreadable` are JSON paths that the door has faulted already. `evidence` is None when no register was asked.
    Contradictions with the registers come first: the first fault names the problem. Raises `NotConfigured` where
    the law has no row for this day that the form itself depends on.
    """
    today = at_vietnam(now).date()
    form = Form(unreadable)
    case_type = form.choice("case_type", draft.case_type, CaseType)
    person = _person(form, draft, today)
    si_number = _si_number(form, draft, case_type)
    phone, email = _phone(form, draft), _email(form, draft)
    permanent = _address(form, "permanent_address", draft.permanent_address, today, law, wanted=True)
    book_form = _book_form(form, draft, today, law)
    by_post = book_form is BookForm.PAPER
    contact = _address(form, "contact_address", draft.contact_address, today, law, wanted=by_post)
    from_month = _from_month(form, draft, today)
    amount = _amount(form, draft, from_month, today, law, history)
    _age(form, person.birth_date, from_month, today, law)
    if from_month is not None:
        last_paid = last_paid_month(evidence or Evidence(), history) if case_type is CaseType.CONTINUE else None
        _start(form, from_month, last_paid, law.payment_methods.get(draft.method or ""), today, law)
    proof = form.text("support_proof_no", draft.support_proof_no, _TEXT_LENGTH)
    ethnicity = form.text("ethnicity", draft.ethnicity, _TEXT_LENGTH)
    agency = form.text("agency_code", draft.agency_code, _TEXT_LENGTH)
    consent = form.text("consent.version", draft.consent_version, _TEXT_LENGTH)
    form.text("national_code", draft.national_code, _NATIONAL_CODE_LENGTH)

    declared = Declared(
        on=today,
        continues=case_type is CaseType.CONTINUE,
        full_name=person.full_name,
        birth_date=person.birth_date,
        gender=person.gender,
        province_code=draft.permanent_address.province_code if draft.permanent_address else None,
        commune_code=draft.permanent_address.commune_code if draft.permanent_address else None,
        si_number=si_number,
        support_category=draft.support_category,
        span=_span(from_month, draft, amount, law),
    )
    faults = tuple(dict.fromkeys((*register_faults(declared, evidence, history, law), *form.faults)))
    contracts = evidence.contracts if evidence else ()
    group = participant_group(contracts, declared.span) if declared.span else None
    warnings = _warnings(person.personal_id, si_number, law)
    if (
        faults
        or amount is None
        or case_type is None
        or person.personal_id is None
        or person.full_name is None
        or person.birth_date is None
        or person.gender is None
        or draft.nationality is None
        or phone is None
        or permanent is None
        or book_form is None
    ):
        return Assessment(None, amount, faults, warnings, group)
    declaration = Declaration(
        case_type=case_type,
        personal_id=person.personal_id,
        full_name=person.full_name,
        birth_date=person.birth_date,
        gender=person.gender,
        nationality=draft.nationality,
        si_number=si_number or (evidence.book.si_number if evidence and evidence.book else None),
        phone=phone,
        email=email,
        permanent_address=permanent,
        contact_address=contact,
        support_category=amount.support_category,
        support_proof_no=proof,
        income=amount.income,
        method=amount.method,
        months=amount.months,
        from_month=amount.from_month,
        book_form=book_form,
        ethnicity=ethnicity,
        agency_code=agency,
        consent_version=consent,
        has_book=bool(evidence and evidence.book),
    )
    return Assessment(declaration, amount, (), warnings, group)


class _Person(NamedTuple):
    """Who declares, as far as it could be read."""

    personal_id: str | None
    full_name: str | None
    birth_date: BirthDate | None
    gender: Gender | None


def _person(form: Form, draft: DeclarationDraft, today: date) -> _Person:
    name = form.required("full_name", draft.full_name)
    if name is not None:
        name = clean_name(name)
        fault = name_fault(name, "full_name")
        form.add([fault] if fault else [])
        name = None if fault else name
    birth: BirthDate | None = None
    if form.required("birth_date", draft.birth_date) is not None:
        birth = identifiers.parse_birth_date(draft.birth_date or "", today)
        if birth is None:
            message = "Ngày sinh ghi yyyy-MM-dd, yyyy-MM hoặc yyyy, từ năm 1900 đến nay."
            form.fault("birth_date", "BIRTH_DATE_INVALID", message)
    gender = form.choice("gender", draft.gender, Gender)
    number = form.required("personal_id", draft.personal_id)
    if number is not None:
        sound = form.add(identifiers.personal_id_faults(number, gender, birth.year if birth else None))
        number = number if sound else None
    if form.required("nationality", draft.nationality) not in {None, _NATIONALITY}:
        message = "Chỉ công dân Việt Nam tham gia BHXH tự nguyện."
        form.fault("nationality", "NATIONALITY_NOT_VN", message)
    return _Person(number, name, birth, gender)


def _si_number(form: Form, draft: DeclarationDraft, case_type: CaseType | None) -> str | None:
    """Needed from everyone who has been insured before."""
    number = draft.si_number
    if case_type not in {None, CaseType.FIRST_TIME}:
        number = form.required("si_number", number)
    return number if number is not None and form.add(identifiers.si_number_faults(number)) else None


def _phone(form: Form, draft: DeclarationDraft) -> str | None:
    text = form.required("phone", draft.phone)
    phone = identifiers.normalise_phone(text) if text is not None else None
    if text is not None and phone is None:
        form.fault("phone", "PHONE_INVALID", "Số di động gồm 10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09.")
    return phone


def _email(form: Form, draft: DeclarationDraft) -> str | None:
    if draft.email is not None and not identifiers.is_email(draft.email):
        form.fault("email", "EMAIL_INVALID", "Địa chỉ thư điện tử không hợp lệ.")
    return draft.email


def _address(
    form: Form, field: str, draft: AddressDraft | None, day: date, law: Law, *, wanted: bool
) -> Address | None:
    if wanted:
        form.required(field, draft)
    return check_address(form, field, draft, day, law) if draft is not None else None


def _book_form(form: Form, draft: DeclarationDraft, day: date, law: Law) -> BookForm | None:
    """From 2026 an electronic book unless paper is asked for (Luật 41/2024/QH15 Art. 25)."""
    text = draft.book_form
    if text is None and not form.unread("book_form"):
        default = law.book_form_default.on(day).value
        text = default if default in set(BookForm) else None
    return form.choice("book_form", text, BookForm)


def _from_month(form: Form, draft: DeclarationDraft, today: date) -> Month | None:
    text = form.required("from_month", draft.from_month)
    if text is None:
        return None
    try:
        month = Month.parse(text)
    except ValueError:
        form.fault("from_month", "FROM_MONTH_INVALID", "Tháng ghi yyyy-MM.")
        return None
    if month.year > today.year + _YEARS_AHEAD:
        form.fault("from_month", "FROM_MONTH_TOO_FAR", "Tháng bắt đầu đóng quá xa.")
        return None
    return month


def _amount(
    form: Form, draft: DeclarationDraft, from_month: Month | None, today: date, law: Law, history: History
) -> Quote | None:
    """The amount by today's law; a part that is missing leaves the others to be checked."""
    income, method = form.required("income", draft.income), form.required("method", draft.method)
    category = form.required("support_category", draft.support_category)
    province = draft.permanent_address.province_code if draft.permanent_address else None
    if income is None or method is None or category is None or province is None or from_month is None:
        found = partial_faults(
            law,
            today,
            income=income,
            method=method,
            months=draft.months,
            support_category=category,
            province_code=province,
        )
        form.add(_of_declaration(found, form))
        return None
    used = history.supported_months
    request = QuoteRequest(income, method, draft.months, from_month, category, province, today, used)
    try:
        return quote(request, law)
    except Rejected as rejected:
        form.add(_of_declaration(rejected.faults, form))
        return None


def _of_declaration(faults: Iterable[Fault], form: Form) -> list[Fault]:
    """The faults of a quote under the field names of the declaration, without what is named already."""
    named = {(fault.field, fault.code) for fault in form.faults}
    fields = {"province_code": "permanent_address.province_code", "paid_on": "method"}
    moved = [Fault(fields.get(fault.field, fault.field), fault.code, fault.message) for fault in faults]
    return [fault for fault in moved if (fault.field, fault.code) not in named and not form.unread(fault.field)]


def _age(form: Form, birth: BirthDate | None, from_month: Month | None, today: date, law: Law) -> None:
    """At least 15 full years on the reference day (Luật 41/2024/QH15 Art. 2(4))."""
    by_month = law.age_reference.on(today).value == "FIRST_COVERED_MONTH"
    if birth is None or (by_month and from_month is None):
        return
    reference = from_month.first_day if by_month and from_month is not None else today
    minimum = law.minimum_age.on(today).value
    if full_years(birth.earliest, reference) < minimum:
        message = f"Người tham gia phải đủ {minimum} tuổi vào ngày {reference:%d/%m/%Y}."
        form.fault("birth_date", "AGE_UNDER_15", message)


def _start(
    form: Form, month: Month, last_paid: Month | None, method: PaymentMethod | None, today: date, law: Law
) -> None:
    """Not before this month, nor far ahead. Who continues without a pause may still be within the due time."""
    current = Month.of(today)
    if last_paid is not None and month <= last_paid.plus(1):
        if month < current and method is not None and due_by(month, method, today) < today:
            message = "Đã quá hạn đóng của kỳ này: chọn đăng ký lại từ tháng hiện tại."
            form.fault("from_month", "DUE_TIME_MISSED", message)
        return
    if month < current:
        form.fault("from_month", "FROM_MONTH_PAST", "Tháng bắt đầu đóng không được trước tháng hiện tại.")
    if month.ordinal - current.ordinal > law.from_month_horizon.on(today).value:
        form.fault("from_month", "FROM_MONTH_TOO_FAR", "Tháng bắt đầu đóng quá xa.")


def _span(from_month: Month | None, draft: DeclarationDraft, amount: Quote | None, law: Law) -> MonthSpan | None:
    """The months declared for; when their number could not be told, the first alone."""
    if from_month is None:
        return None
    method = law.payment_methods.get(draft.method or "")
    months = amount.months if amount else method.months[0] if method and method.months else 1
    return MonthSpan.of_length(from_month, months)


def _warnings(personal_id: str | None, si_number: str | None, law: Law) -> tuple[Fault, ...]:
    return (
        *(identifiers.personal_id_warnings(personal_id, law.provinces) if personal_id else ()),
        *(identifiers.si_number_warnings(si_number, law.provinces) if si_number else ()),
    )
