"""A cover that takes the place of another: one successor, the old one valid until the new one is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.covers.cover import (
    Cover,
    CoverState,
    StoredFile,
    approve_revocation,
    check,
    create_cover,
    issue,
    request_revocation,
)
from chalicelib.domain.covers.reissue import (
    begin_reissue,
    correct_successor,
    is_open_successor,
    reissue_cover,
    take_place,
)
from chalicelib.domain.errors import Conflict, VersionConflict
from chalicelib.domain.events import Event
from chalicelib.domain.people.participation import PersonRecord
from chalicelib.domain.registration.dossier import complete_with_cover
from tests.unit.domain.made import CODE, COVER_ID, DECLARATION, PAID_AT, SYSTEM, in_process

FILE = StoredFile("covers/2023/02/x/v1.pdf", "ab" * 32, 40_000, "2023-01-01")
LATER = PAID_AT.replace(hour=14)


def issued() -> Cover:
    made = create_cover(CODE, DECLARATION, si_number="7912345678", created_at=PAID_AT)
    return issue(check(made, expected_version=1, signer="s", at=PAID_AT), FILE, PAID_AT)


def begun() -> tuple[Cover, Cover]:
    corrected = replace(issued().snapshot, full_name="Nguyễn Thị Hoa")
    return begin_reissue(issued(), corrected, number=2, at=LATER, expected_version=3)


def signed(successor: Cover) -> Cover:
    return issue(check(successor, expected_version=1, signer="s2", at=LATER), FILE, LATER)


def test_a_successor_is_the_next_of_the_chain_and_waits_for_its_own_issue() -> None:
    old, new = begun()
    assert (old.state, old.version, old.replaced_by) == (CoverState.ISSUED, 4, f"{CODE}-C2")
    assert (new.cover_id, new.number, new.state, new.version, new.replaces) == (
        f"{CODE}-C2",
        2,
        CoverState.DATA_CREATED,
        1,
        old.cover_id,
    )
    assert (new.snapshot.full_name, new.snapshot.si_number) == ("Nguyễn Thị Hoa", "7912345678")
    assert (is_open_successor(new), is_open_successor(old), is_open_successor(signed(new))) == (True, False, False)


def test_there_is_one_successor_and_none_of_a_cover_that_is_to_go() -> None:
    old, new = begun()
    with pytest.raises(Conflict, match="REISSUE_PENDING"):
        begin_reissue(old, new.snapshot, number=3, at=LATER, expected_version=4)
    asked = request_revocation(issued(), by="a", reason="r", at=LATER, role=Role.SIGNER)
    with pytest.raises(Conflict, match="REVOCATION_PENDING"):
        begin_reissue(asked, new.snapshot, number=2, at=LATER, expected_version=4)
    with pytest.raises(VersionConflict):
        begin_reissue(issued(), new.snapshot, number=2, at=LATER, expected_version=2)
    for state in set(CoverState) - {CoverState.ISSUED, CoverState.REVOKED}:
        with pytest.raises(Conflict, match="INVALID_TRANSITION"):
            begin_reissue(replace(issued(), state=state), new.snapshot, number=2, at=LATER, expected_version=3)
    never = replace(issued(), state=CoverState.REVOKED, issued_at=None)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        begin_reissue(never, new.snapshot, number=2, at=LATER, expected_version=3)


def test_a_successor_is_corrected_until_somebody_has_checked_it() -> None:
    _, new = begun()
    once_more = replace(new.snapshot, full_name="Nguyễn Thị Hòa Bình")
    assert correct_successor(new, once_more, expected_version=1).snapshot == once_more
    with pytest.raises(VersionConflict):
        correct_successor(new, once_more, expected_version=2)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        correct_successor(replace(new, state=CoverState.CHECKED), once_more, expected_version=1)


def test_the_new_cover_takes_over_with_what_was_asked_against_the_old_one() -> None:
    old, new = begun()
    asked = request_revocation(old, by="a", reason="r", at=LATER, role=Role.SIGNER)
    for before in (old, asked):
        replaced, successor = take_place(before, signed(new), LATER)
        assert (replaced.state, replaced.version) == (CoverState.REPLACED, before.version + 1)
        assert (replaced.ended_at, replaced.ended_by, replaced.replaced_by) == (LATER, "s2", new.cover_id)
        assert (replaced.revocation, successor.revocation) == (None, before.revocation)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        take_place(replace(old, state=CoverState.REPLACED), signed(new), LATER)


def test_a_revoked_cover_stays_revoked_and_the_person_gets_another() -> None:
    asked = request_revocation(issued(), by="a", reason="r", at=LATER, role=Role.SIGNER)
    revoked = approve_revocation(asked, by="b", role=Role.OFFICER, at=LATER)
    old, new = begin_reissue(revoked, revoked.snapshot, number=2, at=LATER, expected_version=5)
    after, successor = take_place(old, signed(new), LATER)
    assert (after.state, after.replaced_by, after.revocation) == (CoverState.REVOKED, new.cover_id, asked.revocation)
    assert (successor.live, successor.revocation) == (True, None)


def test_a_person_holds_another_cover_or_none() -> None:
    record = PersonRecord("p", version=3, cover_id="x-C1")
    assert (record.with_cover("x-C2").cover_id, record.with_cover("x-C2").version) == ("x-C2", 4)
    assert record.with_cover(None).cover_id is None


def test_the_trail_tells_a_replacement_and_the_dossier_stays_what_it_is() -> None:
    dossier = complete_with_cover(in_process(), COVER_ID, SYSTEM).dossier
    replaced = replace(issued(), state=CoverState.REPLACED)
    change = reissue_cover(dossier, replaced, f"{CODE}-C2", SYSTEM)
    assert change.dossier.state is dossier.state
    assert [(line.event, line.subject, line.status_sequence) for line in change.lines] == [
        (Event.COVER_SIGNED, f"{CODE}-C2", None),
        (Event.COVER_ISSUED, f"{CODE}-C2", None),
        (Event.COVER_REPLACED, replaced.cover_id, None),
    ]
    revoked = reissue_cover(dossier, replace(issued(), state=CoverState.REVOKED), f"{CODE}-C2", SYSTEM)
    assert [line.event for line in revoked.lines] == [Event.COVER_SIGNED, Event.COVER_ISSUED]
