"""A cover from its data to the issued file: the signer's decision, and each step of its workflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.domain.access import Caller
from chalicelib.domain.covers.cover import CoverState, StoredFile
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, NotConfigured, NotFound, Unavailable
from chalicelib.domain.events import Event
from chalicelib.domain.registration.dossier import State
from chalicelib.law import load
from chalicelib.procedurebook import ProcedureBook
from chalicelib.storage import keys
from chalicelib.usecases.answers import Idempotency
from chalicelib.usecases.covers import draw_cover as drawing
from chalicelib.usecases.covers.cover_link import cover_link
from chalicelib.usecases.covers.draw_cover import draw_cover
from chalicelib.usecases.covers.issue_cover import issue_cover
from chalicelib.usecases.registration.view_dossier import view_dossier
from tests.support.cloud import client_error
from tests.support.fixtures import Beginnings
from tests.support.house import OFFICER_01, OFFICER_79, OPS, OTHER_PORTAL, PORTAL, SIGNER_01, SIGNER_79, House

CODE = "000.00.79.G24-230206-0001"
COVER = f"{CODE}-C1"
FILE = {"key": f"covers/2023/02/{COVER}/v1.pdf", "sha256": "ab" * 32, "size": 9, "template_version": "t"}


@pytest.fixture(name="paid")
def _paid(house: House, beginnings: Beginnings) -> House:
    """A first-timer's paid dossier; the relay has started its workflows."""
    return beginnings.tell(house, _pay)


def _pay(house: House) -> None:
    assert house.paid() == CODE
    assert house.relay() == []


def issued(house: House) -> House:
    house.issue(CODE)
    house.cover_step(CODE, "RECORD_ISSUE", **FILE)
    return house


# The signer's decision


def test_a_signer_decides_and_everything_is_in_one_transaction(paid: House) -> None:
    paid.cloud.calls.forget()
    answer = paid.issue(CODE, key="k")
    assert (answer.status, answer.replayed, answer.version) == (202, False, 2)
    assert paid.cloud.calls.made == ["batch_get_item", "transact_write_items"]
    cover = paid.cover(CODE)
    assert (cover.state, cover.version, cover.checked_by) == (CoverState.CHECKED, 2, "signer-79")
    line = paid.view(CODE).history[-1]
    assert (line.event, line.subject, line.actor, line.status_sequence) == ("COVER_CHECKED", COVER, "signer-79", None)
    assert paid.dossier(CODE).state is State.IN_PROCESS


@pytest.mark.parametrize(
    ("caller", "code"),
    (
        (OFFICER_79, "ROLE_NOT_ALLOWED"),
        (OPS, "ROLE_NOT_ALLOWED"),
        (PORTAL, "ROLE_NOT_ALLOWED"),
        (SIGNER_01, "PROVINCE_NOT_ALLOWED"),
    ),
)
def test_who_may_not_issue(paid: House, caller: Caller, code: str) -> None:
    before = paid.cloud.rows()
    with pytest.raises(Forbidden, match=code):
        paid.issue(CODE, caller=caller)
    assert paid.cloud.rows() == before


def test_the_same_key_gets_the_same_answer_after_the_cover_moved_on(paid: House) -> None:
    first = paid.issue(CODE, key="k")
    paid.cover_step(CODE, "RECORD_ISSUE", **FILE)
    assert paid.issue(CODE, key="k") == replace(first, replayed=True)


def test_without_a_key_the_version_guards(paid: House) -> None:
    paid.issue(CODE)
    with pytest.raises(DomainError, match="VERSION_CONFLICT"):
        paid.issue(CODE)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        paid.issue(CODE, if_match=2)


def test_a_key_that_was_used_for_another_cover(paid: House) -> None:
    paid.issue(CODE, key="k")
    with pytest.raises(Conflict, match="IDEMPOTENCY_KEY_REUSED"):
        issue_cover(COVER, if_match=2, idempotency=Idempotency("k", "other"), caller=SIGNER_79, present=str, w=paid.w)


def test_two_signers_at_the_same_moment(paid: House) -> None:
    """Both have read version 1: one decides, the other is told that the cover changed."""
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            paid.issue(CODE, caller=replace(SIGNER_79, sub="quicker"))

    with paid.cloud.calls.hooked(hook), pytest.raises(DomainError, match="VERSION_CONFLICT"):
        paid.issue(CODE)
    assert paid.cover(CODE).checked_by == "quicker"
    assert sum(line.event is Event.COVER_CHECKED for line in paid.view(CODE).history) == 1


def test_a_dossier_that_moves_meanwhile_does_not_hinder_the_decision(paid: House) -> None:
    """A reminder between the read and the commit: decided in the next round."""
    paid.clock.moment = paid.clock.moment.replace(day=10, hour=9)
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            paid.deadline(CODE, "REMIND_OFFICER")

    with paid.cloud.calls.hooked(hook):
        assert paid.issue(CODE).status == 202
    assert [line.event for line in paid.view(CODE).history][-2:] == ["OFFICER_REMINDED", "COVER_CHECKED"]


@pytest.mark.parametrize(
    "cover_id",
    ("nothing", CODE, f"{CODE}-C2", f"{CODE}-C01", f"{CODE}-C{'9' * 5000}", "x" * 3000 + "-C1", "unknown-C1"),
)
def test_what_is_no_cover(paid: House, cover_id: str) -> None:
    with pytest.raises(NotFound, match="COVER_NOT_FOUND"):
        issue_cover(cover_id, if_match=1, idempotency=None, caller=SIGNER_79, present=str, w=paid.w)


def test_a_decision_that_never_wins_is_told_as_busy(paid: House) -> None:
    reasons = [{"Code": "ConditionalCheckFailed"}]
    lost = client_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items":
            raise lost

    with paid.cloud.calls.hooked(hook), pytest.raises(Unavailable, match="STORAGE_BUSY"):
        paid.issue(CODE)


# The workflow's steps


def test_prepare_tells_that_a_signer_is_awaited_and_later_that_none_is(paid: House) -> None:
    assert paid.cover_step(CODE, "PREPARE", run=1) == {"outcome": "READY", "automatic_issue": False}
    paid.issue(CODE)
    assert paid.cover_step(CODE, "PREPARE", run=1) == {"outcome": "READY", "automatic_issue": True}


def test_a_run_that_another_took_the_place_of_is_obsolete(paid: House) -> None:
    assert paid.cover_step(CODE, "PREPARE", run=2) == {"outcome": "OBSOLETE", "automatic_issue": False}
    issued(paid)
    assert paid.cover_step(CODE, "PREPARE", run=1) == {"outcome": "OBSOLETE", "automatic_issue": False}


def test_a_province_that_issues_without_a_signer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    national = load().national_procedure.on(house.clock.moment.date()).value
    procedure = replace(national, automatic_issue=True)
    monkeypatch.setattr(ProcedureBook, "in_force", lambda *_: procedure)
    house.paid()
    for _ in range(2):
        assert house.cover_step(CODE, "PREPARE", run=1) == {"outcome": "READY", "automatic_issue": True}
    assert (house.cover(CODE).state, house.cover(CODE).checked_by) == (CoverState.CHECKED, "cover-workflow")


def test_the_decision_after_the_token_lets_the_workflow_go_on(paid: House) -> None:
    paid.cloud.machines.waiting.add("T")
    assert paid.cover_step(CODE, "AWAIT_SIGNER", task_token="T") == {"waiting": True}
    assert paid.cloud.machines.answered == {}
    paid.issue(CODE)
    paid.relay()
    assert set(paid.cloud.machines.answered) == {"T"}
    paid.relayed.clear()
    assert paid.relay() == [], "told again: nothing waits any more"


def test_the_token_after_the_decision_lets_the_workflow_go_on(paid: House) -> None:
    """The relay came by before the token lay there, and found nothing to answer."""
    paid.issue(CODE)
    paid.relay()
    assert paid.cloud.machines.answered == {}
    paid.cloud.machines.waiting.add("T")
    paid.cover_step(CODE, "AWAIT_SIGNER", task_token="T")
    assert set(paid.cloud.machines.answered) == {"T"}


def test_the_token_lies_beside_the_cover_and_is_never_shown(paid: House) -> None:
    paid.cover_step(CODE, "AWAIT_SIGNER", task_token="T")
    assert paid.w.table.get(keys.cover_token(CODE, 1)) is not None
    assert paid.view(CODE).cover == paid.cover(CODE)
    assert "GSI2PK" not in paid.cloud.rows()[keys.cover_token(CODE, 1)]


def test_a_token_is_never_logged(paid: House, capsys: pytest.CaptureFixture[str]) -> None:
    paid.cover_step(CODE, "AWAIT_SIGNER", task_token="a-secret-token")
    paid.cloud.machines.waiting.add("a-secret-token")
    paid.issue(CODE)
    paid.relay()
    assert "a-secret-token" not in capsys.readouterr().out


def test_the_file_is_drawn_once_and_adopted_after(paid: House, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []

    def draw(view: object, address: str) -> bytes:
        drawn.append(view)
        return b"%PDF"

    monkeypatch.setattr(drawing, "render_cover", draw)
    monkeypatch.setattr(drawing, "sign_cover", lambda page, *_: page)
    paid.issue(CODE)
    first = draw_cover(COVER, CODE, paid.w)
    assert draw_cover(COVER, CODE, paid.w) == first
    assert len(drawn) == 1
    assert first.key == f"covers/2023/02/{COVER}/v1.pdf"
    assert first.size == 4


def test_two_drawings_at_the_same_moment_store_one_file(paid: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one finds the quicker one's file under the key and takes it as its own."""
    paid.issue(CODE)
    monkeypatch.setattr(drawing, "render_cover", lambda *_: b"%PDF slow")
    monkeypatch.setattr(drawing, "sign_cover", lambda page, *_: page)
    quicker: list[StoredFile] = []
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "put_object" and not ran:
            ran.append(True)
            quicker.append(paid.w.documents.put_once(
                paid.cover(CODE).object_key, b"%PDF quick", content_type="application/pdf", template_version="t"
            ))  # fmt: skip

    with paid.cloud.calls.hooked(hook):
        stored = draw_cover(COVER, CODE, paid.w)
    assert stored == quicker[0]
    assert len(paid.cloud.objects()) == 1


def test_what_nobody_checked_is_not_drawn(paid: House) -> None:
    with pytest.raises(ValueError, match="not checked"):
        draw_cover(COVER, CODE, paid.w)
    assert paid.cloud.objects() == {}


def test_without_a_template_of_the_day_nothing_is_drawn(house: House) -> None:
    house.paid()
    house.clock.moment = house.clock.moment.replace(year=1990)
    house.issue(CODE)
    with pytest.raises(NotConfigured):
        draw_cover(COVER, CODE, house.w)


def test_the_stored_file_issues_the_cover_and_returns_the_result(paid: House) -> None:
    paid.issue(CODE)
    for _ in range(2):
        assert paid.cover_step(CODE, "RECORD_ISSUE", **FILE) == {"state": "ISSUED"}
    view = paid.view(CODE)
    assert view.cover is not None
    assert view.cover.file == StoredFile(**FILE)  # type: ignore[arg-type]
    assert view.dossier.state is State.RESULT_RETURNED
    assert [line.state for line in view.history][-2:] == ["COMPLETED", "RESULT_RETURNED"]
    person = paid.w.table.get(keys.person(view.dossier.person))
    assert person is not None
    assert person["open_dossiers"] == {}


def test_an_unchecked_cover_is_not_recorded_as_issued(paid: House) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        paid.cover_step(CODE, "RECORD_ISSUE", **FILE)


def test_a_step_for_a_cover_that_is_not_there(paid: House) -> None:
    with pytest.raises(NotFound, match="COVER_NOT_FOUND"):
        paid.cover_step("000.00.79.G24-230206-0099", "PREPARE", run=1)


@pytest.mark.parametrize(
    "change", ({"schema": 2}, {"schema": None}, {"action": "OTHER"}, {"run": None}, {"cover_id": None})
)
def test_a_payload_of_another_schema_fails_for_good(paid: House, change: dict[str, Any]) -> None:
    from chalicelib.workflows.cover import cover_task

    payload = {"schema": 1, "action": "PREPARE", "dossier_code": CODE, "cover_id": COVER, "run": 1}
    assert cover_task({**payload, "more": "is allowed"}, None)["outcome"] == "READY"
    with pytest.raises(ValidationError):
        cover_task({**payload, **change}, None)


@pytest.mark.parametrize("code", ("ThrottlingException", "InternalServerError", "RequestLimitExceeded"))
def test_a_passing_fault_leaves_a_task_under_the_name_that_is_retried(paid: House, code: str) -> None:
    def hook(name: str, _: dict[str, Any]) -> None:
        raise client_error(code, name)

    with paid.cloud.calls.hooked(hook), pytest.raises(Unavailable, match=code):
        paid.cover_step(CODE, "PREPARE", run=1)


# Links


def test_a_link_for_whoever_may_see_the_dossier(paid: House) -> None:
    with pytest.raises(NotFound, match="COVER_NOT_ISSUED"):
        cover_link(CODE, PORTAL, paid.w)
    issued(paid)
    link = cover_link(CODE, PORTAL, paid.w)
    assert link.sha256 == FILE["sha256"]
    assert f"/{FILE['key']}" in link.url
    assert cover_link(CODE, OFFICER_79, paid.w).sha256 == link.sha256
    for stranger in (OTHER_PORTAL, OFFICER_01):
        with pytest.raises(Forbidden):
            cover_link(CODE, stranger, paid.w)


@pytest.mark.parametrize("code", ("unknown", "x" * 5000, ""))
def test_what_is_no_dossier(house: House, code: str) -> None:
    with pytest.raises(NotFound, match="DOSSIER_NOT_FOUND"):
        view_dossier(code, PORTAL, house.w)
