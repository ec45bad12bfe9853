"""The cover's states and identifiers (domain rule 6.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.covers.cover import (
    Cover,
    CoverState,
    StoredFile,
    check,
    cover_id_of,
    cover_number_of,
    create_cover,
    dossier_code_of,
    issue,
    propose,
    renewed,
)
from chalicelib.domain.errors import Conflict, Forbidden, VersionConflict
from tests.unit.domain.made import CODE, DECLARATION, PAID_AT

FILE = StoredFile("covers/2023/02/x/v1.pdf", "ab" * 32, 40_000, "595-2023")
LATER = PAID_AT.replace(hour=14)


def made() -> Cover:
    return create_cover(CODE, DECLARATION, si_number="7912345678", created_at=PAID_AT)


def test_a_cover_copies_what_was_declared() -> None:
    cover = made()
    assert (cover.cover_id, cover.number, cover.version, cover.run) == (f"{CODE}-C1", 1, 1, 1)
    assert cover.state is CoverState.DATA_CREATED
    assert cover.province_code == "79"
    assert cover.snapshot.full_name == "Nguyễn Thị Hòa"
    assert cover.snapshot.si_number == "7912345678"


def test_nothing_personal_is_in_the_name_of_the_file() -> None:
    assert made().object_key == f"covers/2023/02/{CODE}-C1/v1.pdf"
    second = create_cover(CODE, DECLARATION, si_number="7912345678", created_at=PAID_AT, number=2)
    assert second.object_key == f"covers/2023/02/{CODE}-C2/v2.pdf"


def test_a_signers_check_and_the_issue_after_it() -> None:
    checked = check(made(), expected_version=1, signer="signer-79", at=LATER)
    assert (checked.state, checked.version, checked.checked_by) == (CoverState.CHECKED, 2, "signer-79")
    assert checked.checked_at == LATER
    issued = issue(checked, FILE, LATER)
    assert (issued.state, issued.version, issued.file, issued.issued_at) == (CoverState.ISSUED, 3, FILE, LATER)


def test_the_first_of_two_signers_proposes_and_another_one_checks() -> None:
    proposed = propose(made(), expected_version=1, signer="a")
    assert (proposed.state, proposed.version, proposed.proposed_by) == (CoverState.DATA_CREATED, 2, "a")
    with pytest.raises(Forbidden, match="SECOND_PERSON_REQUIRED"):
        check(proposed, expected_version=2, signer="a", at=LATER)
    assert check(proposed, expected_version=2, signer="b", at=LATER).checked_by == "b"
    with pytest.raises(VersionConflict):
        propose(proposed, expected_version=1, signer="b")


def test_a_correction_makes_both_signers_decide_anew() -> None:
    proposed = propose(made(), expected_version=1, signer="a")
    assert renewed(proposed, replace(proposed.snapshot, full_name="Nguyễn Thị Hoa")).proposed_by is None


def test_the_workflow_checks_without_an_expected_version() -> None:
    assert check(made(), expected_version=None, signer="cover-workflow", at=LATER).state is CoverState.CHECKED


def test_a_signer_who_saw_another_version_is_told_so() -> None:
    with pytest.raises(VersionConflict) as refused:
        check(replace(made(), version=2), expected_version=1, signer="s", at=LATER)
    assert refused.value.facts == {"version": 2, "state": CoverState.DATA_CREATED}


@pytest.mark.parametrize("state", sorted(set(CoverState) - {CoverState.DATA_CREATED}))
def test_only_new_data_is_checked(state: CoverState) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        check(replace(made(), state=state), expected_version=1, signer="s", at=LATER)


@pytest.mark.parametrize("state", sorted(set(CoverState) - {CoverState.CHECKED}))
def test_only_a_checked_cover_is_issued(state: CoverState) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        issue(replace(made(), state=state), FILE, datetime.now(PAID_AT.tzinfo))


@given(st.from_regex(r"[0-9A-Z.\-]{1,40}", fullmatch=True), st.integers(1, 999))
def test_a_cover_id_tells_its_dossier_and_number(code: str, number: int) -> None:
    cover_id = cover_id_of(code, number)
    assert (dossier_code_of(cover_id), cover_number_of(cover_id)) == (code, number)


@pytest.mark.parametrize(
    "text",
    ("", "-C1", CODE, f"{CODE}-C", f"{CODE}-C0", f"{CODE}-C01", f"{CODE}-C1\n", f"{CODE}-C١", "x" * 65 + "-C1"),
)
def test_what_is_no_cover_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a cover id"):
        dossier_code_of(text)
