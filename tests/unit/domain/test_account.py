"""The account of a dossier: what becomes of every đồng, whatever the order of events (domain rule 7.4, A8, A9, A16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.amounts.account import (
    EMPTY,
    MOST_ENTRIES,
    Account,
    Case,
    Claim,
    Entry,
    Settlement,
    Standing,
    Terms,
    VoucherState,
    cases_after,
    claims,
    settle,
)
from tests.unit.domain.made import PAID_AT

QUOTED = Terms(12, 5_280_000, 990_000, 0, 4_290_000, 12)
"""A8: near-poor, twelve months."""


def entry(name: str, amount: int, minutes: int = 0, **more: Any) -> Entry:
    return Entry(name, PAID_AT + timedelta(minutes=minutes), amount, **more)


def account(*entries: Entry, **more: Any) -> Account:
    made = Account(**more)
    for each in entries:
        made = made.with_entry(each)
    return made


def told(settlement: Settlement) -> dict[str, tuple[str, str | None]]:
    return {name: (each.state, each.reason) for name, each in settlement.standings.items()}


def test_the_exact_amount_pays() -> None:
    settlement = settle(account(entry("a", 4_290_000)), QUOTED)
    assert settlement.paying_ids == ("a",)
    assert settlement.terms == QUOTED
    assert settlement.standings == {"a": Standing(VoucherState.APPLIED, applied=4_290_000)}
    assert claims(settlement, ended=False) == ()


def test_too_little_waits_and_a_top_up_completes_it() -> None:
    """A8: 90,000 short, then there."""
    first = entry("a", 4_200_000)
    waiting = settle(account(first), QUOTED)
    assert (waiting.paying, waiting.short, waiting.waiting) == ((), 90_000, ("a",))
    assert waiting.standings["a"] == Standing(VoucherState.HELD, "UNDERPAID", held=4_200_000)
    assert claims(waiting, ended=False) == ()
    assert claims(waiting, ended=True) == (Claim(("a",), 4_200_000, "UNDERPAID"),)
    settled = settle(account(entry("b", 90_000, 5), first), QUOTED)
    assert settled.paying_ids == ("a", "b")
    assert (settled.short, sum(each.applied for each in settled.standings.values())) == (0, 4_290_000)


def test_too_much_is_kept_aside_and_goes_back() -> None:
    """A9, on the last of the vouchers that were needed."""
    settlement = settle(account(entry("a", 4_200_000), entry("b", 99_000, 1)), QUOTED)
    assert settlement.standings["a"].suspense == 0
    assert settlement.standings["b"] == Standing(VoucherState.APPLIED, applied=90_000, suspense=9_000)
    assert claims(settlement, ended=False) == (Claim(("b",), 9_000, "OVERPAID"),)


@pytest.mark.parametrize("off", (-2, -1, 1, 2))
def test_within_the_tolerance_is_exact(off: int) -> None:
    settlement = settle(account(entry("a", 4_290_000 + off)), QUOTED, tolerance=2)
    assert settlement.standings == {"a": Standing(VoucherState.APPLIED, applied=4_290_000 + off)}
    assert settle(account(entry("a", 4_290_000 + off)), QUOTED, tolerance=1) != settlement or abs(off) == 1


def test_who_pays_first_pays_and_the_second_goes_back() -> None:
    """By the moment of payment, then by name: never by the order of arrival."""
    late, early = entry("a", 4_290_000, 10), entry("b", 4_290_000)
    for order in ((late, early), (early, late)):
        settlement = settle(account(*order), QUOTED)
        assert told(settlement) == {"b": ("APPLIED", None), "a": ("HELD", "DOUBLE_PAYMENT")}
        assert claims(settlement, ended=False) == (Claim(("a",), 4_290_000, "DOUBLE_PAYMENT"),)
    same = settle(account(entry("d", 4_290_000), entry("c", 4_290_000)), QUOTED)
    assert same.paying_ids == ("c",)


def test_what_does_not_fit_pays_nothing() -> None:
    stranger = entry("a", 4_290_000, misfit="IDENTITY_MISMATCH")
    settlement = settle(account(stranger, entry("b", 90_000, 1)), QUOTED)
    assert told(settlement) == {"a": ("HELD", "IDENTITY_MISMATCH"), "b": ("HELD", "UNDERPAID")}
    assert (settlement.total, settlement.short) == (90_000, 4_200_000)


def test_what_a_person_has_given_back_pays_nothing() -> None:
    settlement = settle(account(entry("a", 4_290_000, ordered=True)), QUOTED)
    assert settlement.standings == {"a": Standing(VoucherState.REFUNDED, "REFUND_ORDERED", refunded=4_290_000)}
    assert claims(settlement, ended=False) == (Claim(("a",), 4_290_000, "REFUND_ORDERED"),)


@pytest.mark.parametrize("barrier", ("OVERLAP", "DOSSIER_CLOSED"))
def test_behind_a_barrier_nothing_is_recorded(barrier: str) -> None:
    enough = settle(account(entry("a", 4_290_000)), QUOTED, barrier=barrier)
    assert told(enough) == {"a": ("HELD", barrier)}
    assert bool(claims(enough, ended=False)) is (barrier == "DOSSIER_CLOSED")
    assert told(settle(account(entry("a", 1)), QUOTED, barrier=barrier)) == {"a": ("HELD", "UNDERPAID")}


def test_behind_a_barrier_what_is_recorded_stands_or_falls_as_a_whole() -> None:
    recorded = account(entry("a", 4_200_000), entry("b", 90_000, 1), recorded=("a", "b"), terms=QUOTED)
    earlier = recorded.with_entry(entry("c", 4_290_000, -5))
    settlement = settle(earlier, QUOTED, barrier="DOSSIER_CLOSED")
    assert (settlement.paying_ids, told(settlement)["c"]) == (("a", "b"), ("HELD", "DOUBLE_PAYMENT"))
    assert settle(earlier, QUOTED).paying_ids == ("c",), "without the barrier the first to be paid pays"
    fallen = settle(recorded.without("b"), QUOTED, barrier="DOSSIER_CLOSED")
    assert (fallen.paying, told(fallen)) == ((), {"a": ("HELD", "UNDERPAID")})


def test_a_failed_dossier_gives_back_what_pays_for_it() -> None:
    recorded = account(entry("a", 4_300_000), recorded=("a",), terms=QUOTED)
    settlement = settle(recorded, QUOTED, barrier="DOSSIER_CLOSED")
    assert claims(settlement, ended=True, failed="DOSSIER_WITHDRAWN") == (
        Claim(("a",), 4_290_000, "DOSSIER_WITHDRAWN"),
        Claim(("a",), 10_000, "OVERPAID"),
    )


KEPT = Terms(5, 2_200_000, 412_500, 0, 1_787_500, 5)


def test_a_refund_leaves_some_months() -> None:
    """602A: seven months of twelve are paid back; the money of an overpayment is not touched by it."""
    settlement = settle(account(entry("a", 4_300_000, kept=KEPT)), QUOTED)
    assert settlement.terms == KEPT
    assert settlement.standings["a"] == Standing(
        VoucherState.APPLIED, applied=1_787_500, suspense=10_000, refunded=2_502_500
    )


def test_a_refund_of_what_pays_nothing_is_of_all_of_it() -> None:
    settlement = settle(account(entry("a", 4_290_000), entry("b", 4_290_000, 1, kept=KEPT)), QUOTED)
    assert settlement.terms == QUOTED
    assert settlement.standings["b"] == Standing(VoucherState.REFUNDED, refunded=4_290_000)
    assert claims(settlement, ended=True) == ()


def test_a_refund_is_taken_from_the_vouchers_that_pay() -> None:
    settlement = settle(account(entry("a", 90_000, kept=KEPT), entry("b", 4_200_000, 1)), QUOTED)
    assert [each.refunded for each in settlement.standings.values()] == [90_000, 2_412_500]


def test_a_payment_by_other_parameters_is_expected_by_them() -> None:
    """Paid before the parameters changed, declared after it: the day of payment says what it costs."""
    own = Terms(12, 5_280_000, 462_000, 0, 4_818_000, 12)
    settlement = settle(account(entry("a", 4_818_000, terms=own), entry("b", 4_290_000, 1)), QUOTED)
    assert (settlement.paying_ids, settlement.terms, settlement.expected) == (("a",), own, 4_818_000)


def test_cases_follow_the_claims() -> None:
    kept, gone = Case(1, ("a",), 5), Case(2, ("b",), 7)
    due = (Claim(("a",), 5, "OVERPAID"), Claim(("c",), 9, "DOUBLE_PAYMENT"))
    assert cases_after(Account(cases=(kept, gone)), due) == ((due[1],), (gone,))


def test_an_account_takes_no_end_of_vouchers() -> None:
    full = account(*(entry(f"v{number}", 1) for number in range(MOST_ENTRIES)))
    assert full.is_full
    assert not full.without("v0").is_full
    assert (full.entry("v0"), full.entry("x")) == (entry("v0", 1), None)
    assert EMPTY.with_entry(entry("a", 1)) == account(entry("a", 1))


ENTRIES = st.lists(
    st.builds(
        lambda name, amount, minutes, misfit, kept, ordered: entry(
            name, amount, minutes, misfit=misfit, kept=kept, ordered=ordered
        ),
        st.sampled_from("abcdef"),
        st.sampled_from((1, 90_000, 4_200_000, 4_290_000, 4_300_000, 9_000_000)),
        st.integers(0, 3),
        st.sampled_from((None, None, None, "IDENTITY_MISMATCH")),
        st.sampled_from((None, None, KEPT)),
        st.sampled_from((False, False, True)),
    ),
    unique_by=lambda each: each.voucher_id,
    max_size=6,
)


@given(ENTRIES, st.randoms(), st.sampled_from((None, "OVERLAP")), st.integers(0, 2))
def test_every_dong_is_accounted_for_in_any_order(
    entries: list[Entry], random: Any, barrier: str | None, tolerance: int
) -> None:
    settlement = settle(account(*entries), QUOTED, barrier=barrier, tolerance=tolerance)
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert settle(account(*shuffled), QUOTED, barrier=barrier, tolerance=tolerance) == settlement
    for each in entries:
        money = settlement.standings[each.voucher_id]
        assert money.applied + money.suspense + money.held + money.refunded == each.amount
        assert min(money.applied, money.suspense, money.held, money.refunded) >= 0
    if settlement.paying:
        paid = sum(settlement.standings[name].applied for name in settlement.paying_ids)
        assert abs(paid - settlement.terms.participant) <= tolerance, "what is recorded is what is applied"
        assert all(each.fits for each in settlement.paying)
    claimed = sum(each.amount for each in claims(settlement, ended=True, failed="x"))
    assert claimed <= sum(each.amount for each in entries)
    assert replace(settlement, paying=()) != settlement or not settlement.paying
