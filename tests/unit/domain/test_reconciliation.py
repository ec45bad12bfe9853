"""A day with accounting: what adds up, what differs, and who may sign it off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Conflict, Rejected
from chalicelib.domain.ledger.manifest import Manifest, Numbers
from chalicelib.domain.ledger.reconciliation import (
    LISTED_IDS,
    Amount,
    DayBook,
    Heading,
    Kind,
    Received,
    reconcile,
)
from chalicelib.domain.ledger.sign_off import SignOff, moved, sign_off
from chalicelib.domain.months import VIETNAM

DAY = date(2023, 2, 6)
AT = datetime(2023, 2, 6, 18, 0, tzinfo=VIETNAM)


def name(number: int) -> str:
    return f"KT79-{number:04d}"


def manifest(count: int = 2, total: int = 594_000, first: int | None = 1, last: int | None = 2) -> Manifest:
    ends = [None if end is None else name(end) for end in (first, last)]
    return Manifest(1, count, total, ends[0], ends[1], AT)


def got(number: int, heading: Heading = Heading.APPLIED, **more: Any) -> Received:
    return Received(name(number), heading, more.pop("amount", 297_000), heading.upper(), **more)


def book(*received: Received, manifests: tuple[Manifest, ...] = (manifest(),), **more: Any) -> DayBook:
    return DayBook(DAY, "79", manifests, received, more.pop("covers_issued", 0), **more)


def kinds(day: DayBook) -> list[Kind]:
    return [each.kind for each in reconcile(day).differences]


def test_what_agrees_has_no_difference() -> None:
    found = reconcile(book(got(1), got(2)))
    assert found.differences == found.open_differences == ()
    assert found.figures.sent == found.figures.received == Amount(2, 594_000)
    assert found.figures.by_heading[Heading.APPLIED] == Amount(2, 594_000)


def test_an_empty_day_differs_in_nothing() -> None:
    assert kinds(book(manifests=())) == []
    assert book(manifests=()).gaps == ()


@pytest.mark.parametrize(
    ("received", "told"),
    (
        (got(2, Heading.HELD, reason="UNDERPAID"), [Kind.NOT_SETTLED]),
        (got(2, Heading.PARKED), [Kind.NOT_SETTLED]),
        (got(2, Heading.QUARANTINED, id="quarantined-x"), [Kind.NOT_SETTLED]),
        (got(2, Heading.CANCELLED), [Kind.REVERSED]),
        (got(2, Heading.REFUNDED), [Kind.REVERSED]),
        (got(2, suspense=9_000), [Kind.SURPLUS]),
        (got(2, refunded=90_000), [Kind.REVERSED]),
        (got(2, cover_state="DATA_CREATED"), [Kind.WITHOUT_COVER]),
        (got(2, suspense=9_000, cover_state="CHECKED"), [Kind.SURPLUS, Kind.WITHOUT_COVER]),
    ),
)
def test_each_voucher_that_did_not_simply_pay_is_told(received: Received, told: list[Kind]) -> None:
    found = reconcile(book(got(1), received))
    assert [each.kind for each in found.differences] == told
    assert {each.subject for each in found.differences} == {received.id or name(2)}
    assert all(each.is_open is (each.kind is Kind.NOT_SETTLED) for each in found.differences)


def test_a_surplus_and_a_partial_refund_stand_under_headings_of_their_own() -> None:
    figures = reconcile(book(got(1, amount=900_000, suspense=9_000, refunded=297_000), got(2))).figures
    assert figures.received == Amount(2, 1_197_000)
    assert figures.by_heading[Heading.APPLIED] == Amount(2, 594_000 + 297_000)
    assert figures.by_heading[Heading.SUSPENSE] == Amount(1, 9_000)
    assert figures.by_heading[Heading.REFUNDED] == Amount(1, 297_000)


@given(
    st.lists(
        st.builds(
            lambda heading, amount, over, back: Received(
                None,
                heading,
                amount + over + back,
                heading,
                suspense=over if heading is Heading.APPLIED else 0,
                refunded=back if heading is Heading.APPLIED else 0,
            ),
            st.sampled_from([each for each in Heading if each is not Heading.SUSPENSE]),
            st.integers(1, 10**9),
            st.integers(0, 10**6),
            st.integers(0, 10**6),
        )
    )
)
def test_the_headings_add_up_to_what_was_received(received: list[Received]) -> None:
    figures = reconcile(book(*received)).figures
    assert sum(amount.total for amount in figures.by_heading.values()) == figures.received.total
    assert figures.received == Amount(len(received), sum(each.amount for each in received))


def test_count_and_sum_differ_each_by_itself() -> None:
    found = reconcile(book(got(1), got(2, amount=300_000), manifests=(manifest(),)))
    (only,) = found.differences
    assert (only.kind, only.expected, only.found) == (Kind.SUM_DIFFERS, 594_000, 597_000)
    only = reconcile(book(got(1), got(2), manifests=(manifest(count=3),))).differences[0]
    assert (only.kind, only.expected, only.found) == (Kind.COUNT_DIFFERS, 3, 2)


def test_vouchers_of_other_schemes_count_with_what_was_sent() -> None:
    day = book(got(1), got(2), manifests=(manifest(count=3, total=600_000),), other_schemes=Amount(1, 6_000))
    assert kinds(day) == []
    assert reconcile(day).figures.received == Amount(2, 594_000)


def test_a_voucher_of_another_scheme_leaves_no_gap() -> None:
    told = manifest(count=3, total=594_000, last=3)
    assert kinds(book(got(1), got(3), manifests=(told,), other_schemes=Amount(1, 0))) == [Kind.SEQUENCE_GAP]
    others = frozenset({name(2)})
    assert kinds(book(got(1), got(3), manifests=(told,), other_schemes=Amount(1, 0), other_ids=others)) == []


def test_a_day_without_manifest_and_one_with_two() -> None:
    assert kinds(book(got(1), manifests=())) == [Kind.MANIFEST_MISSING]
    later = replace(manifest(count=3, total=891_000, last=3), number=2)
    found = reconcile(book(got(1), got(2), got(3), manifests=(manifest(), later)))
    (changed,) = found.differences
    assert (changed.kind, changed.expected, changed.found, changed.reason) == (
        Kind.MANIFEST_CHANGED,
        594_000,
        891_000,
        "2 -> 3",
    )
    assert changed.subject == "manifest-2"


# The sequence


def test_what_is_missing_is_told_by_its_ends_and_by_name() -> None:
    day = book(got(2), got(5), manifests=(manifest(count=2, first=1, last=6),))
    gaps = [each for each in reconcile(day).differences if each.kind is Kind.SEQUENCE_GAP]
    assert [(each.voucher_id, each.last_voucher_id, each.found) for each in gaps] == [
        (name(1), name(1), 1),
        (name(3), name(4), 2),
        (name(6), name(6), 1),
    ]
    assert gaps[1].voucher_ids == (name(3), name(4))


def test_a_long_gap_is_told_by_its_ends_alone() -> None:
    day = book(manifests=(manifest(count=0, total=0, first=1, last=LISTED_IDS + 1),))
    (gap,) = reconcile(day).differences
    assert (gap.voucher_ids, gap.found) == ((), LISTED_IDS + 1)
    (told,) = reconcile(book(manifests=(manifest(0, 0, 1, LISTED_IDS),))).differences
    assert len(told.voucher_ids) == LISTED_IDS


def test_a_missing_voucher_that_came_under_another_day_cuts_the_gap() -> None:
    other = date(2023, 2, 7)
    day = book(manifests=(manifest(0, 0, 1, 4),)).knowing({name(1): other, name(3): other})
    assert [(each.kind, each.voucher_id, each.day) for each in reconcile(day).differences] == [
        (Kind.DATED_OTHERWISE, name(1), other),
        (Kind.SEQUENCE_GAP, name(2), None),
        (Kind.DATED_OTHERWISE, name(3), other),
        (Kind.SEQUENCE_GAP, name(4), None),
    ]


def test_what_lies_beyond_the_range_is_told_and_what_has_no_id_is_not() -> None:
    other = replace(got(1), voucher_id="KT01-0001", id=None)
    nameless = replace(got(1, Heading.QUARANTINED), voucher_id=None, id="quarantined-y")
    day = book(got(1), got(2), got(3), other, nameless, manifests=(manifest(5, 5 * 297_000),))
    outside = [each.voucher_id for each in reconcile(day).differences if each.kind is Kind.OUTSIDE_SEQUENCE]
    assert outside == [name(3), "KT01-0001"]


@pytest.mark.parametrize(
    ("first", "last", "readable"),
    (
        ("KT79-0001", "KT79-0002", True),
        ("0001", "0002", True),
        ("KT79-0002", "KT79-0001", False),
        ("KT79-0001", "KT01-0002", False),
        ("KT79-0001", "KT79-00002", False),
        ("KT79-0001", None, False),
        (None, "KT79-0002", False),
        ("first", "last", False),
        ("KT79-0001", "last", False),
    ),
)
def test_a_range_is_one_prefix_and_numbers_of_one_width(first: str | None, last: str | None, readable: bool) -> None:
    told = replace(manifest(), first_voucher_id=first, last_voucher_id=last)
    assert (Numbers.of(told) is not None) is readable
    if not readable:
        (only,) = reconcile(book(got(1), got(2), manifests=(told,))).differences
        assert (only.kind, only.voucher_id, only.last_voucher_id) == (Kind.SEQUENCE_UNREADABLE, first, last)


def test_a_manifest_without_a_range_is_compared_by_count_and_sum() -> None:
    assert kinds(book(got(1), got(2), manifests=(manifest(first=None, last=None),))) == []


@given(st.integers(0, 60), st.integers(0, 60), st.sets(st.integers(0, 80)))
def test_gaps_and_what_is_there_make_up_the_range(first: int, length: int, there: set[int]) -> None:
    numbers = Numbers("KT79-", 4, first, first + length)
    gaps = numbers.gaps(map(name, there))
    missing = [number for gap in gaps for number in range(gap.first, gap.last + 1)]
    assert sorted([*missing, *(there & set(range(first, first + length + 1)))]) == list(
        range(first, first + length + 1)
    )
    assert [gap.ids(100) for gap in gaps] == [tuple(map(name, range(gap.first, gap.last + 1))) for gap in gaps]
    assert all(earlier.last + 1 < later.first for earlier, later in pairwise(gaps))


def test_a_difference_keeps_its_name_until_it_is_another_one() -> None:
    one, same = (reconcile(book(got(1), got(2, Heading.HELD))).differences[0] for _ in range(2))
    assert (one.id, len(one.id)) == (same.id, 16)
    for changed in ({"state": "PARKED"}, {"found": 1}, {"reason": "OVERLAP"}, {"day": DAY}, {"voucher_id": "x"}):
        assert replace(one, **changed).id != one.id


def test_the_same_manifest_again_has_the_same_fingerprint() -> None:
    assert manifest().fingerprint == replace(manifest(), number=7, received_at=AT.replace(hour=19)).fingerprint
    assert manifest().fingerprint != manifest(count=3).fingerprint


# The sign-off


def sign(day: DayBook, before: SignOff | None = None, acknowledged: tuple[str, ...] = (), at: datetime = AT) -> SignOff:
    return sign_off(reconcile(day), before=before, by="can-bo-17", at=at, note="Đúng.", acknowledged=acknowledged)


def test_a_day_that_agrees_is_signed_off() -> None:
    signed = sign(book(got(1), got(2)))
    assert (signed.number, signed.day, signed.province_code, signed.by, signed.at) == (1, DAY, "79", "can-bo-17", AT)
    assert (signed.note, signed.acknowledged) == ("Đúng.", ())
    assert signed.figures["applied.sum"] == 594_000
    assert moved(signed, reconcile(book(got(1), got(2)))) == ()


def test_a_difference_must_be_acknowledged_by_name() -> None:
    day = book(got(1), got(2, Heading.HELD), manifests=(manifest(count=3),))
    first, second = reconcile(day).open_differences
    with pytest.raises(Conflict) as refused:
        sign(day, acknowledged=(first.id,))
    assert (refused.value.code, refused.value.facts) == ("DIFFERENCES_OPEN", {"open": 1})
    assert sign(day, acknowledged=(second.id, first.id)).acknowledged == tuple(sorted((first.id, second.id)))


def test_what_is_acknowledged_must_be_there() -> None:
    day = book(got(1), got(2, Heading.HELD))
    (held,) = reconcile(day).open_differences
    with pytest.raises(Rejected) as refused:
        sign(day, acknowledged=(held.id, "f" * 16))
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("acknowledged[1]", "ACKNOWLEDGED_UNKNOWN")
    ]


@pytest.mark.parametrize(
    ("day", "at", "code"),
    (
        (book(got(1), got(2)), AT.replace(day=5), "DAY_IN_FUTURE"),
        (book(got(1), got(2), complete=False), AT, "REPORT_INCOMPLETE"),
        (book(manifests=()), AT, "NOTHING_TO_SIGN_OFF"),
        (book(got(1), manifests=()), AT, "DIFFERENCES_OPEN"),
    ),
)
def test_what_is_not_signed_off(day: DayBook, at: datetime, code: str) -> None:
    with pytest.raises((Conflict, Rejected)) as refused:
        sign(day, at=at)
    assert refused.value.code == code


def test_a_signed_day_is_signed_again_once_something_moved() -> None:
    signed = sign(book(got(1), got(2)))
    with pytest.raises(Conflict) as refused:
        sign(book(got(1), got(2)), before=signed)
    assert refused.value.code == "ALREADY_SIGNED_OFF"
    later = book(got(1), got(2), covers_issued=1)
    assert [(each.figure, each.before, each.now) for each in moved(signed, reconcile(later))] == [
        ("covers_issued", 0, 1)
    ]
    again = sign(later, before=signed)
    assert again.number == 2
    assert again.fingerprint != signed.fingerprint


def test_a_figure_that_a_former_release_did_not_know_counts_as_moved() -> None:
    signed = sign(book(got(1), got(2)))
    older = replace(signed, figures={"sent.count": 2, "forgotten": 1})
    names = {each.figure for each in moved(older, reconcile(book(got(1), got(2))))}
    assert "forgotten" in names
    assert "sent.count" not in names


def test_what_was_signed_has_one_fingerprint_stored_or_not() -> None:
    day = book(got(1), got(2, Heading.HELD), manifests=())
    signed = sign(day, acknowledged=tuple(each.id for each in reconcile(day).open_differences))
    stored = replace(signed, figures={key: value for key, value in signed.figures.items() if value is not None})
    assert stored.fingerprint == signed.fingerprint
    assert moved(stored, reconcile(day)) == ()
