"""The voucher desk: which actions there are, who may take them, what waits for a second person, and the trail."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Conflict, Forbidden, Rejected
from chalicelib.domain.events import first_broken_line
from chalicelib.domain.ledger.voucher_desk import (
    Action,
    Decision,
    Desk,
    Subject,
    actions,
    address_of,
    approved,
    check,
    proposed,
    resolved,
    two_persons,
    two_persons_for,
    voucher_at,
)
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.identifiers import masked

AT = datetime(2023, 2, 7, 10, 0, tzinfo=VIETNAM)
LIMIT = 10_000_000
WHY = "Đã đối chiếu."


def held(reason: str | None = "IDENTITY_MISMATCH", **changes: Any) -> Subject:
    subject = Subject(
        id="KT79-2023-0000001",
        province_code="79",
        state="HELD",
        reason=reason,
        amount=297_000,
        revision=3,
        version=1,
        desk=Desk(),
        in_account=True,
    )
    return replace(subject, **changes)


def message(**changes: Any) -> Subject:
    return held("NOT_JSON", state="QUARANTINED", version=0, in_account=False, is_message=True, **changes)


def decision(action: Action = Action.ACCEPT, code: str | None = None) -> Decision:
    return Decision(action, WHY, code)


@pytest.mark.parametrize(
    ("subject", "possible"),
    (
        (held(), "ACCEPT LINK REFUND UNLINK"),
        (held("OVERLAP"), "ACCEPT LINK REFUND UNLINK"),
        (held("UNDERPAID"), "LINK REFUND UNLINK"),
        (held("DOUBLE_PAYMENT"), "LINK REFUND UNLINK"),
        (held("DOSSIER_CLOSED"), "LINK REFUND UNLINK"),
        (held("NO_MATCHING_KEY", in_account=False), "LINK REFUND UNLINK"),
        (held("UNLINKED", in_account=False), "LINK REFUND"),
        (held("ORIGINAL_MISSING", version=0), ""),
        (held("REFUND_MISMATCH"), ""),
        (held("DOSSIER_NOT_FOUND", state="PARKED", in_account=False), "LINK REFUND UNLINK"),
        (held(None, state="APPLIED"), "UNLINK"),
        (held(None, state="CANCELLED"), ""),
        (held("REFUND_ORDERED", state="REFUNDED"), ""),
        (message(), "RETRY DISCARD"),
        (message(whole=False), "DISCARD"),
        (replace(message(), state="DISCARDED"), ""),
    ),
)
def test_what_may_be_done_hangs_on_where_it_stands(subject: Subject, possible: str) -> None:
    assert actions(subject) == tuple(map(Action, possible.split()))
    for action in Action:
        wanted = decision(action, "code" if action is Action.LINK else None)
        if action in actions(subject):
            check(subject, wanted)
        else:
            with pytest.raises(Conflict) as refused:
                check(subject, wanted)
            assert refused.value.code == "INVALID_TRANSITION"
            assert refused.value.facts == {"state": subject.state, "version": 3}


@pytest.mark.parametrize(
    ("wanted", "code"),
    ((decision(Action.LINK), "REQUIRED"), (decision(Action.REFUND, "code"), "INVALID_VALUE")),
)
def test_a_dossier_goes_with_a_link_and_with_nothing_else(wanted: Decision, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        check(held(), wanted)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("dossier_code", code)]


@pytest.mark.parametrize(
    ("subject", "action", "needed"),
    (
        (held(amount=LIMIT), Action.ACCEPT, False),
        (held(amount=LIMIT + 1), Action.ACCEPT, True),
        (held(amount=LIMIT + 1), Action.REFUND, True),
        (held(None, state="APPLIED"), Action.UNLINK, True),
        (message(amount=LIMIT + 1), Action.DISCARD, True),
        (message(amount=LIMIT + 1), Action.RETRY, False),
        (message(amount=0), Action.DISCARD, False),
    ),
)
def test_much_money_and_money_on_record_take_two_persons(subject: Subject, action: Action, needed: bool) -> None:
    assert two_persons(subject, decision(action), LIMIT) is needed


def test_what_is_settled_takes_nobody() -> None:
    assert two_persons_for(held(amount=LIMIT + 1), LIMIT) is True
    assert two_persons_for(held(), LIMIT) is False
    assert two_persons_for(held(None, state="CANCELLED", amount=LIMIT + 1), LIMIT) is False


def test_a_proposal_waits_for_another_person() -> None:
    subject = held()
    desk, line = proposed(subject, decision(), by="a", at=AT)
    assert (line.event, line.actor, line.version, line.subject) == ("VOUCHER_RESOLUTION_PROPOSED", "a", 1, "ACCEPT")
    after = replace(subject, revision=4, desk=desk)
    with pytest.raises(Forbidden) as refused:
        approved(after, by="a")
    assert refused.value.code == "SECOND_PERSON_REQUIRED"
    proposal = approved(after, by="b")
    assert (proposal.by, proposal.at, proposal.decision) == ("a", AT, decision())


@pytest.mark.parametrize("desk", (Desk(), proposed(held(), decision(), by="a", at=AT)[0]), ids=("none", "lapsed"))
def test_a_proposal_holds_for_the_voucher_as_it_stood(desk: Desk) -> None:
    with pytest.raises(Conflict) as refused:
        approved(held(revision=5, desk=desk), by="b")
    assert refused.value.code == "RESOLUTION_NOT_PROPOSED"


def test_a_proposal_that_has_no_way_any_more_is_not_approved() -> None:
    desk, _ = proposed(held(), decision(), by="a", at=AT)
    with pytest.raises(Conflict) as refused:
        approved(held("UNDERPAID", revision=4, desk=desk), by="b")
    assert refused.value.code == "INVALID_TRANSITION"


def test_what_has_no_way_is_not_proposed() -> None:
    with pytest.raises(Conflict):
        proposed(held("UNDERPAID"), decision(), by="a", at=AT)


def test_every_decision_is_a_line_of_one_chain_and_ends_the_proposal() -> None:
    desk, first = proposed(held(), decision(Action.LINK, "code-1"), by="a", at=AT)
    again, second = proposed(held(desk=desk, revision=4), decision(Action.REFUND), by="c", at=AT)
    assert again.proposal is not None
    assert again.proposal.by == "c"
    subject = held(desk=again, revision=5)
    last, third = resolved(subject, decision(Action.REFUND), state="REFUNDED", by="b", at=AT)
    assert last.proposal is None
    assert [line.subject for line in (first, second, third)] == ["LINK#code-1", "REFUND", "REFUND"]
    assert [line.state for line in (first, second, third)] == ["HELD", "HELD", "REFUNDED"]
    assert third.dossier_code == "voucher-KT79-2023-0000001"
    assert first_broken_line([first, second, third], last.last_hash) is None
    assert (last.lines, third.reason, third.province_code) == (3, WHY, "79")


@pytest.mark.parametrize(
    ("voucher_id", "address"),
    (
        ("KT79-2023-0000001", "KT79-2023-0000001"),
        ("KT 79/2023 số 1?", "~S1QgNzkvMjAyMyBz4buRIDE_"),
        ("~x", "~fng"),
        ("quarantined-x", "~cXVhcmFudGluZWQteA"),
    ),
)
def test_an_address_needs_no_escaping_and_leads_back(voucher_id: str, address: str) -> None:
    assert address_of(voucher_id) == address
    assert voucher_at(address) == voucher_id


@given(st.text(min_size=1, max_size=64))
def test_every_id_has_an_address_of_its_own(voucher_id: str) -> None:
    address = address_of(voucher_id)
    assert re.fullmatch(r"[A-Za-z0-9._~-]{1,400}", address)
    assert voucher_at(address) == voucher_id


@pytest.mark.parametrize("address", ("~", "~a", "~/w", "~_w"))
def test_what_is_no_address_of_ours_is_an_id(address: str) -> None:
    assert voucher_at(address) in {address, ""}


@pytest.mark.parametrize(
    ("number", "shown"),
    (
        ("079185012345", "079*****2345"),
        ("7912345678", "791***5678"),
        ("123456789", "123**6789"),
        ("12345678", "********"),
        ("", ""),
    ),
)
def test_a_number_is_masked_but_for_its_ends(number: str, shown: str) -> None:
    assert masked(number) == shown
