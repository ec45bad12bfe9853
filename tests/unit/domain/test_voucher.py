"""What becomes of a voucher: every row of the table of domain rule 7.4 that needs no officer, scenarios A6 to A9."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.declaration import BirthDate
from chalicelib.domain.dossier import Dossier, State
from chalicelib.domain.months import Month, MonthSpan
from chalicelib.domain.participation import PersonRecord
from chalicelib.domain.voucher import (
    ContributionVoucher,
    Outcome,
    Verdict,
    VoucherEvent,
    VoucherHead,
    VoucherState,
    judge,
)
from tests.unit.domain.made import PAID_AT, unpaid, voucher

NOBODY = PersonRecord("a1")
DOSSIER = unpaid()
VOUCHER_ID = voucher().voucher_id


def judged(of: ContributionVoucher | None = None, **known: Any) -> Verdict:
    """The verdict on a voucher; what is not said is as for an exact, first voucher of an unpaid dossier."""
    facts: dict[str, Any] = {"head": None, "receipt_holder": None, "dossier": DOSSIER, "person": NOBODY, **known}
    return judge(of or voucher(), **facts)


def head(state: VoucherState, version: int = 1, *, applied: int | None = None, **marks: str) -> VoucherHead:
    """A head that has seen the versions of `marks` (`v1="f1"`)."""
    seen = {int(name[1:]): mark for name, mark in (marks or {"v1": "f1"}).items()}
    return VoucherHead(VOUCHER_ID, version, state, None, 1, seen, applied_version=applied)


def test_an_exact_payment_is_recorded() -> None:
    assert judged() == Verdict(Outcome.APPLY)


def test_a_quote_of_three_months_is_paid_by_three_months() -> None:
    """`exact`: expected 891,000, got 891,000."""
    paid = voucher(
        method="M3", months=3, amount_gross=990_000, amount_state=99_000, amount_participant=891_000,
        amount_received=891_000,
    )  # fmt: skip
    assert judged(paid, dossier=unpaid("M3")) == Verdict(Outcome.APPLY)
    assert paid.span == MonthSpan(Month(2023, 2), Month(2023, 4))


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
        ({"amount_received": 296_999}, "UNDERPAID"),
        ({"amount_received": 297_001}, "OVERPAID"),
        ({"amount_gross": 330_001}, "AMOUNT_MISMATCH"),
        ({"amount_state": 32_999}, "AMOUNT_MISMATCH"),
        ({"amount_local": 1}, "AMOUNT_MISMATCH"),
    ),
)
def test_what_a_machine_must_not_settle_is_held(changes: dict[str, Any], reason: str) -> None:
    assert judged(voucher(**changes)) == Verdict(Outcome.HOLD, reason)


@pytest.mark.parametrize(
    "changes",
    (
        {"personal_id": None},
        {"full_name": "nguyễn  thị hòa "},
        {"birth_date": None},
        {"birth_date": BirthDate(1985)},
        {"birth_date": BirthDate(1985, 5)},
    ),
)
def test_what_is_less_precise_agrees(changes: dict[str, Any]) -> None:
    assert judged(voucher(**changes)) == Verdict(Outcome.APPLY)


@pytest.mark.parametrize("off", (-2, -1, 0, 1, 2))
def test_the_tolerance_is_counted_to_the_dong(off: int) -> None:
    """G2: accounting may differ by 1 or 2 đồng, where the configuration says so."""
    paid = voucher(amount_received=297_000 + off, amount_gross=330_000 + off)
    assert judged(paid, amount_tolerance=2) == Verdict(Outcome.APPLY)
    assert judged(paid, amount_tolerance=abs(off)) == Verdict(Outcome.APPLY)
    if off:
        assert judged(paid, amount_tolerance=abs(off) - 1).outcome is Outcome.HOLD


def test_a_second_payment_of_a_paid_dossier_is_held() -> None:
    paid = replace(DOSSIER, state=State.IN_PROCESS, paid_at=PAID_AT)
    assert judged(voucher(voucher_id="other"), dossier=paid) == Verdict(Outcome.HOLD, "DOUBLE_PAYMENT")


def test_a_payment_of_an_expired_dossier_is_held() -> None:
    assert judged(dossier=replace(DOSSIER, state=State.EXPIRED)) == Verdict(Outcome.HOLD, "DOSSIER_CLOSED")


def test_a_month_on_record_is_not_paid_again() -> None:
    person = PersonRecord("a1", version=2, covered=(MonthSpan(Month(2023, 1), Month(2023, 2)),))
    assert judged(person=person) == Verdict(Outcome.HOLD, "OVERLAP")


def test_another_scheme_is_none_of_ours() -> None:
    assert judged(voucher(scheme="BHYT")) == Verdict(Outcome.IGNORE, "OTHER_SCHEME")


def test_one_receipt_number_belongs_to_one_voucher() -> None:
    assert judged(receipt_holder="another") == Verdict(Outcome.QUARANTINE, "RECEIPT_CONFLICT")
    assert judged(receipt_holder=VOUCHER_ID) == Verdict(Outcome.APPLY)


# Before its dossier (scenario A7)


def test_a_voucher_before_its_dossier_is_parked() -> None:
    assert judged(dossier=None) == Verdict(Outcome.PARK, "DOSSIER_NOT_FOUND")
    assert judged(voucher(dossier_code=None), dossier=None) == Verdict(Outcome.PARK, "DOSSIER_NOT_FOUND")


def test_a_voucher_that_names_neither_dossier_nor_person_is_held() -> None:
    nameless = voucher(dossier_code=None, personal_id=None, si_number="7912345678")
    assert judged(nameless, dossier=None) == Verdict(Outcome.HOLD, "NO_MATCHING_KEY")


def test_a_parked_voucher_is_judged_again_when_its_dossier_comes() -> None:
    assert judged(head=head(VoucherState.PARKED)) == Verdict(Outcome.APPLY)


# Again, in another version, out of order (scenario A6)


@pytest.mark.parametrize("state", sorted(set(VoucherState) - {VoucherState.PARKED}))
def test_the_same_voucher_again_has_no_effect(state: VoucherState) -> None:
    assert judged(head=head(state)) == Verdict(Outcome.DUPLICATE)


@pytest.mark.parametrize("state", sorted(VoucherState))
def test_the_same_version_with_other_content_is_quarantined(state: VoucherState) -> None:
    other = voucher(fingerprint="f2")
    assert judged(other, head=head(state)) == Verdict(Outcome.QUARANTINE, "VOUCHER_CONTENT_CONFLICT")


def test_a_cancellation_before_the_voucher_leaves_a_tombstone() -> None:
    cancelled = voucher(event=VoucherEvent.CANCELLED, voucher_version=2, fingerprint="f2")
    assert judged(cancelled) == Verdict(Outcome.CANCEL, "CANCELLED_BEFORE_RECORD")
    tombstone = head(VoucherState.CANCELLED, 2, v2="f2")
    assert judged(head=tombstone) == Verdict(Outcome.SUPERSEDED)
    assert judged(cancelled, head=tombstone) == Verdict(Outcome.DUPLICATE)


@pytest.mark.parametrize("state", (VoucherState.PARKED, VoucherState.HELD, VoucherState.CANCELLED))
def test_what_has_recorded_nothing_is_cancelled_without_a_person(state: VoucherState) -> None:
    cancelled = voucher(event=VoucherEvent.CANCELLED, voucher_version=2, fingerprint="f2")
    assert judged(cancelled, head=head(state)) == Verdict(Outcome.CANCEL, "CANCELLED_BEFORE_RECORD")


@pytest.mark.parametrize("state", (VoucherState.APPLIED, VoucherState.HELD))
def test_what_took_effect_is_cancelled_by_an_officer(state: VoucherState) -> None:
    """Also where a later version was held meanwhile: the effect of the first stands."""
    cancelled = voucher(event=VoucherEvent.CANCELLED, voucher_version=3, fingerprint="f3")
    assert judged(cancelled, head=head(state, 2, applied=1, v1="f1", v2="f2")) == Verdict(
        Outcome.HOLD, "CORRECTION_NEEDS_OFFICER"
    )


@pytest.mark.parametrize("event", (VoucherEvent.REPLACED, VoucherEvent.REFUNDED))
def test_replacements_and_refunds_are_for_an_officer(event: VoucherEvent) -> None:
    assert judged(voucher(event=event)) == Verdict(Outcome.HOLD, "CORRECTION_NEEDS_OFFICER")


@pytest.mark.parametrize("state", sorted(set(VoucherState) - {VoucherState.PARKED}))
def test_a_corrected_voucher_is_for_an_officer(state: VoucherState) -> None:
    again = voucher(voucher_version=2, fingerprint="f2")
    assert judged(again, head=head(state)) == Verdict(Outcome.HOLD, "CORRECTION_NEEDS_OFFICER")


def test_a_corrected_voucher_that_still_waits_takes_the_place_of_the_first() -> None:
    again = voucher(voucher_version=2, fingerprint="f2")
    waiting = head(VoucherState.PARKED)
    assert judged(again, head=waiting, dossier=None) == Verdict(Outcome.PARK, "DOSSIER_NOT_FOUND")
    assert judged(again, head=waiting) == Verdict(Outcome.APPLY)
    assert judged(head=head(VoucherState.PARKED, 2, v1="f1", v2="f2")) == Verdict(Outcome.DUPLICATE)


HEADS = st.none() | st.builds(
    lambda state, version, mark, applied: VoucherHead(
        VOUCHER_ID, version, state, None, 1, {version: mark}, applied_version=version if applied else None
    ),
    st.sampled_from(VoucherState),
    st.integers(1, 3),
    st.sampled_from(["f1", "f2"]),
    st.booleans(),
)
DOSSIERS: st.SearchStrategy[Dossier | None] = st.none() | st.builds(
    lambda state, paid: replace(DOSSIER, state=state, paid_at=PAID_AT if paid else None),
    st.sampled_from(State),
    st.booleans(),
)
VOUCHERS = st.builds(
    lambda event, version, mark, scheme, code, personal_id, received: voucher(
        event=event,
        voucher_version=version,
        fingerprint=mark,
        scheme=scheme,
        dossier_code=code,
        personal_id=personal_id,
        amount_received=received,
    ),
    st.sampled_from(VoucherEvent),
    st.integers(1, 3),
    st.sampled_from(["f1", "f2"]),
    st.sampled_from(["BHXH_TN", "BHYT"]),
    st.sampled_from([None, DOSSIER.code]),
    st.sampled_from([None, "079185012345", "079185099999"]),
    st.sampled_from([297_000, 1, 10**12]),
)


@given(VOUCHERS, HEADS, st.sampled_from([None, VOUCHER_ID, "another"]), DOSSIERS, st.booleans())
def test_every_voucher_gets_a_verdict_and_money_moves_only_where_all_agrees(
    of: ContributionVoucher, known: VoucherHead | None, holder: str | None, dossier: Dossier | None, covered: bool
) -> None:
    person = PersonRecord("a1", version=1, covered=(DOSSIER.span,) if covered else ())
    verdict = judged(of, head=known, receipt_holder=holder, dossier=dossier, person=person)
    told = verdict.outcome in {Outcome.PARK, Outcome.HOLD, Outcome.CANCEL, Outcome.IGNORE, Outcome.QUARANTINE}
    assert (verdict.reason is not None) is told
    if verdict.outcome is Outcome.APPLY:
        assert dossier is not None
        assert dossier.state is State.AWAITING_PAYMENT
        assert of.event is VoucherEvent.ISSUED
        assert of.amount_received == dossier.quote.amount_participant
        assert holder in {None, of.voucher_id}
        assert not covered
        assert known is None or known.state is VoucherState.PARKED
    if verdict.outcome is Outcome.PARK:
        assert dossier is None
    if verdict.outcome is Outcome.CANCEL:
        assert known is None or known.applied_version is None
