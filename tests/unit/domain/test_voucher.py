"""Versions of a voucher: whatever their order the same is left of them (domain rule 7.4, scenario A6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.amounts.account import VoucherState
from chalicelib.domain.ledger.voucher import (
    ContributionVoucher,
    Outcome,
    Verdict,
    VoucherEvent,
    VoucherHead,
    is_superseded,
    judge,
    replaced,
    seen,
)
from chalicelib.domain.months import Month, MonthSpan
from tests.unit.domain.made import CODE, PAID_AT, voucher

VOUCHER_ID = voucher().voucher_id


def version(number: int, event: VoucherEvent = VoucherEvent.ISSUED, **more: Any) -> ContributionVoucher:
    return voucher(voucher_version=number, event=event, fingerprint=f"f{number}", **more)


def head(*versions: ContributionVoucher, **more: Any) -> VoucherHead:
    """The head that has seen these versions, in this order."""
    found: VoucherHead | None = None
    for each in versions or (version(1),):
        found = seen(found, each, PAID_AT)
    assert found is not None
    return replace(found, **more)


# What needs no account


def test_a_new_voucher_is_for_the_ledger_to_judge() -> None:
    assert judge(voucher(), None, None) is None
    assert judge(voucher(), None, VOUCHER_ID) is None


def test_one_receipt_number_belongs_to_one_voucher() -> None:
    assert judge(voucher(), None, "another") == Verdict(Outcome.QUARANTINE, "RECEIPT_CONFLICT")


def test_a_replacement_may_keep_the_receipt_number_whichever_comes_first() -> None:
    new = version(1, VoucherEvent.REPLACED, voucher_id="new", replaces_voucher_id=VOUCHER_ID)
    assert judge(new, None, VOUCHER_ID) is None
    tombstone = replaced(None, new, VOUCHER_ID, PAID_AT)
    assert judge(voucher(), tombstone, "new") is None


def test_another_scheme_is_none_of_ours() -> None:
    assert judge(voucher(scheme="BHYT"), None, None) == Verdict(Outcome.IGNORE, "OTHER_SCHEME")


@pytest.mark.parametrize("state", sorted(set(VoucherState) - {VoucherState.PARKED}))
def test_the_same_voucher_again_has_no_effect(state: VoucherState) -> None:
    assert judge(version(1), head(state=state), None) == Verdict(Outcome.DUPLICATE)


@pytest.mark.parametrize("state", sorted(VoucherState))
def test_the_same_version_with_other_content_is_quarantined(state: VoucherState) -> None:
    other = replace(version(1), fingerprint="other")
    assert judge(other, head(state=state), None) == Verdict(Outcome.QUARANTINE, "VOUCHER_CONTENT_CONFLICT")


def test_a_parked_voucher_is_judged_again_when_its_dossier_comes_but_not_what_it_corrected() -> None:
    assert judge(version(1), head(state=VoucherState.PARKED), None) is None
    corrected = head(version(1), version(2), state=VoucherState.PARKED)
    assert judge(version(1), corrected, None) == Verdict(Outcome.DUPLICATE)
    assert judge(version(2), corrected, None) is None


# What all versions come to


def test_a_later_version_takes_the_place_of_an_earlier_one() -> None:
    corrected = head(version(1), version(2, amount_received=1, dossier_code="X"))
    assert (corrected.issued, corrected.amount_received, corrected.dossier_code) == (2, 1, "X")
    assert corrected.fate() is None
    assert is_superseded(version(1), corrected)
    assert not is_superseded(version(1), None)


def test_a_cancellation_stands_wherever_it_comes() -> None:
    issued, cancelled = version(1), version(2, VoucherEvent.CANCELLED)
    for order in ((issued, cancelled), (cancelled, issued)):
        assert head(*order).fate() == (VoucherState.CANCELLED, None)
    assert is_superseded(issued, head(cancelled))
    assert head(issued, cancelled, version(3)).fate() is None, "and a correction after it brings money again"


def test_a_refund_waits_for_what_it_refunds() -> None:
    tail = MonthSpan(Month(2023, 2), Month(2023, 2))
    refund = version(2, VoucherEvent.REFUNDED)
    early = head(refund)
    assert (early.fate(), early.refunded) == ((VoucherState.HELD, "ORIGINAL_MISSING"), (tail,))
    assert not is_superseded(version(1), early)
    both = seen(early, version(1, amount_received=5), PAID_AT)
    assert (both.fate(), both.refunded, both.amount_received, both.issued) == (None, (tail,), 5, 1)
    assert head(refund, version(3)).refunded == (), "a correction after it is a payment of its own"


def test_what_is_replaced_is_dead_before_it_comes() -> None:
    new = version(1, VoucherEvent.REPLACED, voucher_id="new", replaces_voucher_id=VOUCHER_ID)
    assert new.replaced_id == VOUCHER_ID
    tombstone = replaced(None, new, VOUCHER_ID, PAID_AT)
    assert (tombstone.fate(), tombstone.voucher_version) == ((VoucherState.REPLACED, "new"), 0)
    assert seen(tombstone, version(1), PAID_AT).fate() == (VoucherState.REPLACED, "new")
    assert replaced(head(), new, VOUCHER_ID, PAID_AT).fate() == (VoucherState.REPLACED, "new")
    older = replace(new, voucher_id="a")
    assert replaced(tombstone, older, VOUCHER_ID, PAID_AT).replaced_by == "a"
    assert replaced(replaced(None, older, VOUCHER_ID, PAID_AT), new, VOUCHER_ID, PAID_AT).replaced_by == "a"


def test_a_voucher_that_replaces_itself_is_a_correction() -> None:
    itself = version(2, VoucherEvent.REPLACED, replaces_voucher_id=VOUCHER_ID)
    assert itself.replaced_id is None
    assert version(1, replaces_voucher_id="x").replaced_id is None
    assert head(version(1), itself).issued == 2


def test_where_it_was_matched_stays_told() -> None:
    matched = replace(head(), account=CODE, dossier_code=CODE)
    assert seen(matched, version(2, dossier_code=None), PAID_AT).dossier_code == CODE


VERSIONS = st.lists(
    st.builds(
        lambda number, event, amount: version(number, event, amount_received=amount),
        st.integers(1, 5),
        st.sampled_from(VoucherEvent),
        st.integers(1, 3),
    ),
    unique_by=lambda each: each.voucher_version,
    min_size=1,
    max_size=5,
)


@given(VERSIONS, st.randoms())
def test_any_order_of_versions_leaves_the_same_head(versions: list[ContributionVoucher], random: Any) -> None:
    shuffled = list(versions)
    random.shuffle(shuffled)
    one, other = head(*versions), head(*shuffled)
    assert (one.fate(), one.issued, one.cancelled) == (other.fate(), other.issued, other.cancelled)
    assert (set(one.refunded), one.voucher_version, one.fingerprints) == (
        set(other.refunded),
        other.voucher_version,
        other.fingerprints,
    )
    if one.issued or one.cancelled:
        assert (one.told_by, one.amount_received) == (other.told_by, other.amount_received)
