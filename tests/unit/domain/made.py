"""Dossiers, vouchers and covers that the unit tests start from: scenario A1, a first-timer who pays by the month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chalicelib.domain.amounts.account import Account, Entry
from chalicelib.domain.amounts.contribution import Quote, QuoteRequest, quote
from chalicelib.domain.events import Act, By
from chalicelib.domain.ledger.voucher import ContributionVoucher, VoucherEvent
from chalicelib.domain.months import VIETNAM, Month
from chalicelib.domain.registration.declaration import (
    Address,
    AddressDraft,
    BirthDate,
    BookForm,
    CaseType,
    Declaration,
    DeclarationDraft,
    Gender,
)
from chalicelib.domain.registration.dossier import Change, Dossier, accept_payment, await_cover, open_dossier, unchanged
from chalicelib.law import load

LAW = load()
CODE = "000.00.79.G24-230206-0001"
COVER_ID = f"{CODE}-C1"
OPENED_AT = datetime(2023, 2, 6, 9, 0, tzinfo=VIETNAM)
PAID_AT = datetime(2023, 2, 6, 9, 15, 22, tzinfo=VIETNAM)
PORTAL = Act(OPENED_AT, By.PORTAL, "portal-dvc")
ACCOUNTING = Act(PAID_AT, By.ACCOUNTING, "central-accounting")
SYSTEM = Act(PAID_AT, By.SYSTEM, "deadline")

ADDRESS = AddressDraft("12 Lê Lợi", "26734", "760", "79")
NEW_ADDRESS = replace(ADDRESS, district_code=None)
"""The same without the district, which no address has since July 2025."""
A1 = DeclarationDraft(
    national_code="000.00.00.G24-230206-000123",
    case_type="FIRST_TIME",
    personal_id="079185012345",
    full_name="Nguyễn Thị Hòa",
    birth_date="1985-05-12",
    gender="NU",
    nationality="VN",
    phone="+84912345678",
    permanent_address=ADDRESS,
    support_category="OTHER",
    income=1_500_000,
    method="M1",
    from_month="2023-02",
    book_form="ELECTRONIC",
)
"""The sample of the contract: the woman of scenario A1, as she declares."""
DECLARATION = Declaration(
    case_type=CaseType.FIRST_TIME,
    personal_id="079185012345",
    full_name="Nguyễn Thị Hòa",
    birth_date=BirthDate(1985, 5, 12),
    gender=Gender.FEMALE,
    nationality="VN",
    si_number=None,
    phone="0912345678",
    email=None,
    permanent_address=Address("12 Lê Lợi", "26734", "760", "79"),
    contact_address=None,
    support_category="OTHER",
    support_proof_no=None,
    income=1_500_000,
    method="M1",
    months=1,
    from_month=Month(2023, 2),
    book_form=BookForm.ELECTRONIC,
)


def quoted(method: str = "M1") -> Quote:
    asked = QuoteRequest(1_500_000, method, None, Month(2023, 2), "OTHER", "79", date(2023, 2, 6))
    return quote(asked, LAW)


def opening(method: str = "M1") -> Change:
    return open_dossier(
        code=CODE,
        national_code="000.00.00.G24-230206-000123",
        client_id="dvc",
        person="a1",
        declaration=replace(DECLARATION, method=method),
        quote=quoted(method),
        procedure=LAW.procedure("79", date(2023, 2, 6)),
        act=PORTAL,
    )


def unpaid(method: str = "M1") -> Dossier:
    return opening(method).dossier


def paying(dossier: Dossier | None = None) -> Change:
    """The payment of a dossier: received, with its due date."""
    before = dossier or unpaid()
    return accept_payment(
        replace(before, account=paid_account(before)),
        paid_at=PAID_AT,
        si_number="7912345678",
        voucher_id="KT79-2023-0000001",
        calendar=LAW.calendar,
        act=ACCOUNTING,
    )


def paid_account(dossier: Dossier) -> Account:
    """The account that one exact voucher has paid."""
    entry = Entry("KT79-2023-0000001", PAID_AT, dossier.quote.amount_participant)
    return Account((entry,), recorded=(entry.voucher_id,), terms=dossier.quote.terms, periods=1)


def in_process() -> Dossier:
    """Paid, its cover waiting for an officer."""
    return await_cover(unchanged(paying().dossier), COVER_ID, ACCOUNTING).dossier


def voucher(**changes: Any) -> ContributionVoucher:
    """The voucher that pays `unpaid()` exactly."""
    exact = ContributionVoucher(
        voucher_id="KT79-2023-0000001",
        voucher_version=1,
        event=VoucherEvent.ISSUED,
        scheme="BHXH_TN",
        fingerprint="f1",
        receipt_symbol="BH23-79/E",
        receipt_number="0000001",
        receipt_date=date(2023, 2, 6),
        dossier_code=CODE,
        personal_id="079185012345",
        si_number=None,
        full_name="NGUYỄN THỊ HÒA",
        birth_date=BirthDate(1985, 5, 12),
        income=1_500_000,
        method="M1",
        from_month=Month(2023, 2),
        months=1,
        amount_participant=297_000,
        amount_state=33_000,
        amount_local=0,
        amount_other=0,
        amount_gross=330_000,
        amount_received=297_000,
        paid_at=PAID_AT,
        value_date=date(2023, 2, 6),
        province_code="79",
    )
    return replace(exact, **changes)
