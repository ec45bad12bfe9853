"""Whether a voucher fits its dossier, and what people are told where it does not (domain rule 7.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.amounts.account import Entry, Terms
from chalicelib.domain.amounts.contribution import QuoteRequest, quote
from chalicelib.domain.ledger.fit import amounts_fit, entry_of, explained, kept_months, own_terms, with_refunds
from chalicelib.domain.ledger.voucher import ContributionVoucher, Hand
from chalicelib.domain.months import VIETNAM, Month, MonthSpan
from chalicelib.domain.registration.declaration import BirthDate
from chalicelib.domain.registration.dossier import Dossier
from tests.unit.domain.made import LAW, PAID_AT, unpaid, voucher

DOSSIER = unpaid()
NOTHING = Hand()


def entered(of: ContributionVoucher, dossier: Dossier = DOSSIER, hand: Hand = NOTHING, tolerance: int = 0) -> Entry:
    """The entry of a voucher whose person has the hash that its personal id has among these tests."""
    same = of.personal_id == dossier.declaration.personal_id
    person = None if of.personal_id is None else dossier.person if same else "another"
    return entry_of(of, dossier, hand, tolerance=tolerance, law=LAW, person=person)


def misfit(of: ContributionVoucher, dossier: Dossier = DOSSIER, tolerance: int = 0) -> str | None:
    return entered(of, dossier, tolerance=tolerance).misfit


@pytest.mark.parametrize(
    ("changes", "reason"),
    (
        ({"personal_id": "079185099999"}, "IDENTITY_MISMATCH"),
        ({"full_name": "NGUYỄN THỊ HOA"}, "IDENTITY_MISMATCH"),
        ({"birth_date": BirthDate(1985, 5, 13)}, "IDENTITY_MISMATCH"),
        ({"birth_date": BirthDate(1985, 6)}, "IDENTITY_MISMATCH"),
        ({"birth_date": BirthDate(1984)}, "IDENTITY_MISMATCH"),
        ({"income": 1_550_000}, "TERMS_MISMATCH"),
        ({"method": "M3"}, "TERMS_MISMATCH"),
        ({"months": 2}, "TERMS_MISMATCH"),
        ({"from_month": Month(2023, 3)}, "TERMS_MISMATCH"),
        ({"amount_gross": 330_001}, "AMOUNT_MISMATCH"),
        ({"amount_state": 32_999}, "AMOUNT_MISMATCH"),
        ({"amount_local": 1}, "AMOUNT_MISMATCH"),
        ({"amount_state": 34_000, "amount_gross": 331_000}, "AMOUNT_MISMATCH"),
    ),
)
def test_what_a_machine_must_not_settle_is_told(changes: dict[str, Any], reason: str) -> None:
    assert misfit(voucher(**changes)) == reason


@pytest.mark.parametrize(
    "changes",
    (
        {},
        {"personal_id": None},
        {"full_name": "nguyễn  thị hòa "},
        {"full_name": None},
        {"birth_date": None},
        {"birth_date": BirthDate(1985)},
        {"birth_date": BirthDate(1985, 5)},
        {"amount_received": 1},
        {"amount_received": 10**9},
        {"amount_received": 90_000, "amount_participant": 90_000, "amount_state": 0, "amount_gross": 90_000},
        {"amount_received": 200_000, "amount_participant": 200_000, "amount_gross": 233_000},
        {"amount_received": 300_000, "amount_participant": 300_000, "amount_gross": 333_000},
    ),
)
def test_what_is_less_precise_or_another_amount_of_money_fits(changes: dict[str, Any]) -> None:
    """How much was received is for the account; a top-up declares its own money, with or without the support."""
    assert misfit(voucher(**changes)) is None


@pytest.mark.parametrize("off", (-2, -1, 0, 1, 2))
def test_the_tolerance_is_counted_to_the_dong(off: int) -> None:
    """G2: accounting may differ by 1 or 2 đồng, where the configuration says so."""
    paid = voucher(amount_received=297_000 + off, amount_gross=330_000 + off)
    assert misfit(paid, tolerance=abs(off)) is None
    if off:
        assert misfit(paid, tolerance=abs(off) - 1) == "AMOUNT_MISMATCH"


def test_more_support_than_quoted_is_no_part_of_the_payment() -> None:
    much = voucher(amount_received=90_000, amount_participant=90_000, amount_state=40_000, amount_gross=130_000)
    assert not amounts_fit(much, DOSSIER.quote.terms, 0)
    local = replace(much, amount_state=0, amount_local=40_000)
    assert not amounts_fit(local, DOSSIER.quote.terms, 0)


def test_what_people_decided_about_this_version_counts() -> None:
    stranger = voucher(full_name="TRẦN VĂN A")
    accepted = entered(stranger, DOSSIER, Hand(accepted=1))
    assert (accepted.misfit, accepted.ordered) == (None, False)
    corrected = entered(replace(stranger, voucher_version=2), DOSSIER, Hand(accepted=1))
    assert corrected.misfit == "IDENTITY_MISMATCH"
    assert entered(stranger, DOSSIER, Hand(refund=1)).ordered


# Parameters of the day of payment, not of the booking


def new_years_eve(paid_on: date) -> Dossier:
    """Quoted on one side of the change of the poverty line on 2022-01-01 (700,000 to 1,500,000)."""
    asked = QuoteRequest(1_500_000, "M1", None, Month(2022, 1), "OTHER", "79", paid_on)
    return replace(DOSSIER, quote=quote(asked, LAW))


BEFORE, AFTER = date(2021, 12, 31), date(2022, 1, 1)
BY_THE_OLD_LINE: dict[str, Any] = {
    "from_month": Month(2022, 1),
    "amount_state": 15_400,
    "amount_participant": 314_600,
    "amount_received": 314_600,
    "paid_at": PAID_AT.replace(year=2021, month=12, day=31, hour=23),
    "value_date": AFTER,
}


def test_paid_before_a_change_and_booked_after_it_is_exact() -> None:
    entry = entered(voucher(**BY_THE_OLD_LINE), new_years_eve(BEFORE))
    assert (entry.misfit, entry.terms) == (None, None)


def test_paid_before_a_change_and_declared_after_it_is_judged_by_its_own_day() -> None:
    entry = entered(voucher(**BY_THE_OLD_LINE), new_years_eve(AFTER))
    assert (entry.misfit, entry.terms) == (None, Terms(1, 330_000, 15_400, 0, 314_600, 1))
    lines = explained(voucher(**BY_THE_OLD_LINE), new_years_eve(AFTER), LAW)
    assert "Nhà nước hỗ trợ: chứng từ 15.400 đ, hồ sơ 33.000 đ" in lines
    assert lines[-1] == (
        "Theo tham số ngày nộp 31/12/2021: tổng 330.000 đ, Nhà nước 15.400 đ, địa phương 0 đ, người tham gia 314.600 đ"
    )


def test_a_day_that_does_not_allow_the_choice_asks_for_nothing() -> None:
    quoted = DOSSIER.quote
    assert own_terms(quoted, quoted.paid_on, LAW) is None
    assert own_terms(quoted, date(1999, 1, 1), LAW) is None
    assert own_terms(replace(quoted, support_category="NOBODY"), date(2023, 2, 7), LAW) is None


def test_who_had_used_up_most_of_the_support_has_used_it_on_another_day_too() -> None:
    asked = QuoteRequest(1_500_000, "M12", None, Month(2026, 8), "OTHER", "79", date(2026, 8, 3), 115)
    quoted = quote(asked, LAW)
    assert quoted.amount_participant == 3_630_000, "A17"
    assert own_terms(quoted, date(2026, 8, 4), LAW) == Terms(12, 3_960_000, 330_000, 0, 3_630_000, 5)


def test_the_difference_is_told_line_by_line() -> None:
    other = voucher(method="M3", months=3, income=2_000_000)
    assert explained(other, DOSSIER, LAW) == (
        "Mức thu nhập: chứng từ 2.000.000 đ, hồ sơ 1.500.000 đ",
        "Phương thức đóng: chứng từ M3, hồ sơ M1",
        "Các tháng: chứng từ 02/2023 - 04/2023, hồ sơ 02/2023 - 02/2023",
    )
    assert explained(voucher(), DOSSIER, LAW) == ()


# Refunds


YEAR = MonthSpan(Month(2023, 2), Month(2024, 1))


@pytest.mark.parametrize(
    ("refunded", "kept"),
    (
        ((), 12),
        ((YEAR,), 0),
        ((MonthSpan(Month(2023, 9), Month(2024, 1)),), 7),
        ((MonthSpan(Month(2023, 2), Month(2023, 8)),), 7),
        ((MonthSpan(Month(2023, 9), Month(2024, 1)), MonthSpan(Month(2023, 5), Month(2024, 1))), 3),
        ((MonthSpan(Month(2023, 5), Month(2024, 1)), MonthSpan(Month(2023, 9), Month(2024, 1))), 3),
        ((MonthSpan(Month(2023, 5), Month(2023, 8)),), None),
        ((MonthSpan(Month(2023, 2), Month(2024, 2)),), None),
        ((MonthSpan(Month(2023, 1), Month(2024, 1)),), None),
    ),
)
def test_a_refund_names_the_months_that_go_or_those_that_stay(
    refunded: tuple[MonthSpan, ...], kept: int | None
) -> None:
    assert kept_months(YEAR, refunded) == kept


def three_years_ahead() -> Dossier:
    asked = QuoteRequest(3_000_000, "AHEAD", 36, Month(2026, 8), "OTHER", "79", date(2026, 8, 3))
    return replace(DOSSIER, quote=quote(asked, LAW))


def test_sixteen_months_are_left_of_thirty_six() -> None:
    """A16: 12,200,152 - 1,320,000 = 10,880,152 go back, and twenty months of support."""
    dossier = three_years_ahead()
    entry = entered(voucher(), dossier)
    kept = with_refunds(entry, 16, dossier, LAW).kept
    assert kept is not None
    assert dossier.quote.amount_participant - kept.participant == 10_880_152
    assert dossier.quote.amount_gross - kept.gross == 12_200_152
    assert (kept.months, kept.state, kept.supported_months) == (16, 1_056_000, 16)
    assert with_refunds(entry, 36, dossier, LAW).kept is None


def test_a_refund_is_reckoned_by_the_parameters_of_its_payment() -> None:
    asked = QuoteRequest(1_500_000, "M12", None, Month(2022, 1), "OTHER", "79", AFTER)
    dossier = replace(DOSSIER, quote=quote(asked, LAW))
    paid_at = PAID_AT.replace(year=2021, month=12, day=31, tzinfo=VIETNAM)
    old = own_terms(dossier.quote, BEFORE, LAW)
    assert old is not None
    entry = replace(entered(voucher(paid_at=paid_at), dossier), terms=old)
    assert with_refunds(entry, 7, dossier, LAW).kept == Terms(7, 2_310_000, 107_800, 0, 2_202_200, 7)
