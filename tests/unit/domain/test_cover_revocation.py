"""The end of a cover: revoked by two persons, at once before it is issued, asked for by a system (domain rule 6.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.covers.cover import (
    Cover,
    CoverState,
    RevocationRequest,
    StoredFile,
    approve_revocation,
    check,
    create_cover,
    issue,
    payment_reversed,
    request_revocation,
    revoke_checked,
    shown_cover,
    withdraw_revocation,
)
from chalicelib.domain.errors import Conflict, Forbidden, VersionConflict
from tests.unit.domain.made import CODE, DECLARATION, PAID_AT

FILE = StoredFile("covers/2023/02/x/v1.pdf", "ab" * 32, 40_000, "2023-01-01")
LATER = PAID_AT.replace(hour=14)
WHY = "Chứng từ đóng đã bị hủy."


def made(number: int = 1) -> Cover:
    return create_cover(CODE, DECLARATION, si_number="7912345678", created_at=PAID_AT, number=number)


def issued(number: int = 1) -> Cover:
    return issue(check(made(number), expected_version=1, signer="s", at=PAID_AT), FILE, PAID_AT)


def asked(role: Role | None = Role.OFFICER) -> Cover:
    return request_revocation(issued(), by="a", reason=WHY, at=LATER, role=role)


def test_one_asks_and_another_agrees() -> None:
    wanted = asked()
    assert (wanted.state, wanted.version, wanted.live) == (CoverState.ISSUED, 4, True)
    assert wanted.revocation == RevocationRequest("a", WHY, LATER, Role.OFFICER)
    revoked = approve_revocation(wanted, by="b", role=Role.SIGNER, at=LATER, expected_version=4)
    assert (revoked.state, revoked.version, revoked.live) == (CoverState.REVOKED, 5, False)
    assert (revoked.ended_at, revoked.ended_by, revoked.revocation) == (LATER, "b", wanted.revocation)


def test_nobody_is_both_persons() -> None:
    with pytest.raises(Forbidden, match="SECOND_PERSON_REQUIRED"):
        approve_revocation(asked(Role.SIGNER), by="a", role=Role.SIGNER, at=LATER)


def test_one_of_the_two_may_sign() -> None:
    with pytest.raises(Forbidden, match="SIGNER_REQUIRED"):
        approve_revocation(asked(), by="b", role=Role.OFFICER, at=LATER)
    assert approve_revocation(asked(Role.SIGNER), by="b", role=Role.OFFICER, at=LATER).state is CoverState.REVOKED


def test_a_system_that_asks_is_none_of_the_two_persons() -> None:
    wanted = asked(role=None)
    with pytest.raises(Conflict, match="REVOCATION_NOT_REQUESTED"):
        approve_revocation(wanted, by="b", role=Role.SIGNER, at=LATER)
    taken_up = request_revocation(wanted, by="b", reason=WHY, at=LATER, role=Role.SIGNER, expected_version=4)
    assert taken_up.revocation == RevocationRequest("b", WHY, LATER, Role.SIGNER)
    assert approve_revocation(taken_up, by="c", role=Role.OFFICER, at=LATER).version == 6


def test_a_second_request_of_an_officer_is_refused_and_a_systems_changes_nothing() -> None:
    wanted = asked()
    with pytest.raises(Conflict, match="REVOCATION_PENDING"):
        request_revocation(wanted, by="b", reason=WHY, at=LATER, role=Role.SIGNER)
    assert request_revocation(wanted, by="central-accounting", reason=WHY, at=LATER) is wanted


def test_what_nobody_asked_for_is_not_approved() -> None:
    with pytest.raises(Conflict, match="REVOCATION_NOT_REQUESTED"):
        approve_revocation(issued(), by="b", role=Role.SIGNER, at=LATER)


@pytest.mark.parametrize("state", sorted(set(CoverState) - {CoverState.ISSUED}))
def test_only_an_issued_cover_is_revoked_by_two(state: CoverState) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        request_revocation(replace(issued(), state=state), by="a", reason=WHY, at=LATER, role=Role.SIGNER)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        approve_revocation(replace(asked(), state=state), by="b", role=Role.SIGNER, at=LATER)
    with pytest.raises(Conflict, match="REVOCATION_NOT_REQUESTED"):
        withdraw_revocation(replace(asked(), state=state), role=Role.SIGNER)


def test_who_saw_another_version_is_told_so() -> None:
    with pytest.raises(VersionConflict):
        request_revocation(issued(), by="a", reason=WHY, at=LATER, role=Role.SIGNER, expected_version=2)
    with pytest.raises(VersionConflict):
        approve_revocation(asked(), by="b", role=Role.SIGNER, at=LATER, expected_version=3)
    with pytest.raises(VersionConflict):
        withdraw_revocation(asked(), role=Role.SIGNER, expected_version=3)


def test_a_request_is_withdrawn_by_an_officer_or_by_the_system_that_made_it() -> None:
    for role in (None, Role.OFFICER):
        withdrawn = withdraw_revocation(asked(role), role=role, expected_version=4)
        assert (withdrawn.revocation, withdrawn.version, withdrawn.state) == (None, 5, CoverState.ISSUED)
    assert withdraw_revocation(asked(None), role=Role.OFFICER).revocation is None
    with pytest.raises(Conflict, match="REVOCATION_NOT_REQUESTED"):
        withdraw_revocation(asked(Role.OFFICER))
    with pytest.raises(Conflict, match="REVOCATION_NOT_REQUESTED"):
        withdraw_revocation(issued())


@pytest.mark.parametrize("state", (CoverState.DATA_CREATED, CoverState.CHECKED, CoverState.SIGNED))
def test_a_cover_on_its_way_is_revoked_at_once(state: CoverState) -> None:
    revoked = revoke_checked(replace(made(), state=state), by="central-accounting", reason=WHY, at=LATER)
    assert (revoked.state, revoked.version, revoked.ended_by) == (CoverState.REVOKED, 2, "central-accounting")
    assert revoked.revocation == RevocationRequest("central-accounting", WHY, LATER)


@pytest.mark.parametrize("state", (CoverState.ISSUED, CoverState.REVOKED, CoverState.REPLACED))
def test_what_is_issued_or_ended_is_not_revoked_at_once(state: CoverState) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        revoke_checked(replace(made(), state=state), by="x", reason=WHY, at=LATER)


def reversed_covers(*covers: Cover) -> dict[int, Cover]:
    changed = payment_reversed(covers, by="central-accounting", reason=WHY, at=LATER)
    before = {cover.number: cover.version for cover in covers}
    assert all(cover.version == before[cover.number] + 1 for cover in changed)
    return {cover.number: cover for cover in changed}


def test_a_reversed_payment_asks_for_the_issued_and_revokes_what_is_on_its_way() -> None:
    assert reversed_covers(made())[1].state is CoverState.REVOKED
    wanted = reversed_covers(issued())[1]
    assert wanted.revocation is not None
    assert (wanted.state, wanted.revocation.by) == (CoverState.ISSUED, "central-accounting")
    assert reversed_covers(replace(made(), state=CoverState.REVOKED)) == {}
    assert reversed_covers(asked()) == {}


def test_a_successor_on_its_way_falls_with_the_payment() -> None:
    old, new = replace(issued(), replaced_by=f"{CODE}-C2"), replace(made(2), replaces=f"{CODE}-C1")
    changed = reversed_covers(old, new)
    assert changed[2].state is CoverState.REVOKED
    assert (changed[1].replaced_by, changed[1].state) == (None, CoverState.ISSUED)
    assert changed[1].revocation is not None
    assert reversed_covers(replace(asked(), replaced_by=f"{CODE}-C2"))[1].replaced_by is None


def test_a_dossier_shows_its_newest_cover_but_no_successor_before_its_issue() -> None:
    assert shown_cover([]) is None
    old, new = issued(), replace(made(2), replaces=f"{CODE}-C1")
    assert shown_cover([old, new]) is old
    assert shown_cover([old, replace(made(2))]) == made(2)
    successor = replace(issued(2), replaces=f"{CODE}-C1")
    assert shown_cover([successor, old]) is successor
