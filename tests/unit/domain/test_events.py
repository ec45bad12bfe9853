"""The hash chain of the audit trail (scenario A21), and the messages that the portal hears."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.course.clockwork import reach
from chalicelib.domain.events import AuditLine, By, Event, StatusMessage, first_broken_line
from chalicelib.domain.registration.dossier import Milestone, await_cover, complete_with_cover, unchanged
from tests.unit.domain.made import ACCOUNTING, COVER_ID, SYSTEM, opening, paying

OPENED = opening()
PAID = await_cover(paying(OPENED.dossier), COVER_ID, ACCOUNTING)
REMINDED = reach(PAID.dossier, Milestone.REMINDED, SYSTEM)
CHECKED = unchanged(REMINDED.dossier).then(Event.COVER_CHECKED, SYSTEM, subject=COVER_ID)
DONE = complete_with_cover(CHECKED.dossier, COVER_ID, SYSTEM)
CHAIN = (*OPENED.lines, *PAID.lines, *REMINDED.lines, *CHECKED.lines, *DONE.lines)
LAST = DONE.dossier.audit_hash

POSITIONS = st.integers(0, len(CHAIN) - 1)


def other(name: str, value: Any) -> Any:
    """Another value of the same kind."""
    if name == "event":
        return Event.PAYMENT_EXPIRED
    if name == "by":
        return By.PORTAL if value is not By.PORTAL else By.OFFICER
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if name in {"at", "due_at"} and value is not None:
        return value + timedelta(seconds=1)
    return {"status_sequence": 9, "due_at": SYSTEM.at}.get(name, "x")


def test_an_untouched_chain_holds() -> None:
    assert first_broken_line(CHAIN, LAST) is None


@given(POSITIONS, st.sampled_from([field.name for field in fields(AuditLine)]))
def test_any_edit_breaks_the_chain_at_its_line(position: int, name: str) -> None:
    # given a chain in which one field of one line was changed
    line = CHAIN[position]
    edited = replace(line, **{name: other(name, getattr(line, name))})
    # when it is verified / then the very line is named
    assert first_broken_line((*CHAIN[:position], edited, *CHAIN[position + 1 :]), LAST) == position + 1


@given(POSITIONS, st.sampled_from([field.name for field in fields(AuditLine) if field.name != "hash"]))
def test_an_edit_that_is_sealed_again_breaks_the_line_after_it(position: int, name: str) -> None:
    """Whoever can write the table can also reckon a hash: the next line, or the dossier, still tells."""
    line = CHAIN[position]
    resealed = replace(line, **{name: other(name, getattr(line, name))}).sealed()
    broken = first_broken_line((*CHAIN[:position], resealed, *CHAIN[position + 1 :]), LAST)
    assert broken in {position + 1, position + 2}


@given(POSITIONS, st.integers(1, len(CHAIN)))
def test_any_removal_shows(position: int, count: int) -> None:
    """Lines cut out of the middle, off the start or off the end."""
    assert first_broken_line((*CHAIN[:position], *CHAIN[position + count :]), LAST) == position + 1


@given(POSITIONS, POSITIONS)
def test_any_insertion_shows(position: int, copied: int) -> None:
    put_in = (*CHAIN[:position], CHAIN[copied], *CHAIN[position:])
    assert first_broken_line(put_in, LAST) is not None


@given(st.permutations(CHAIN))
def test_any_reordering_shows(shuffled: list[AuditLine]) -> None:
    assert (first_broken_line(shuffled, LAST) is None) == (tuple(shuffled) == CHAIN)


def test_the_same_line_has_the_same_event_id_at_every_delivery() -> None:
    ids = [line.event_id for line in CHAIN]
    assert ids == [replace(line).event_id for line in CHAIN]
    assert len(set(ids)) == len(CHAIN)


def test_the_portal_hears_every_change_of_state_and_nothing_else() -> None:
    messages = [message for line in CHAIN if (message := StatusMessage.of(line)) is not None]
    assert [message.sequence for message in messages] == [1, 2, 3, 4, 5]
    assert [message.state for message in messages] == [
        "AWAITING_PAYMENT",
        "RECEIVED",
        "IN_PROCESS",
        "COMPLETED",
        "RESULT_RETURNED",
    ]


def test_a_message_has_the_fields_of_the_contract() -> None:
    first, received = StatusMessage.of(CHAIN[0]), StatusMessage.of(CHAIN[1])
    assert first is not None
    assert received is not None
    assert first == StatusMessage(
        event_id=CHAIN[0].event_id,
        sequence=1,
        dossier_code="000.00.79.G24-230206-0001",
        national_code="000.00.00.G24-230206-000123",
        state="AWAITING_PAYMENT",
        national_status=6,
        occurred_at="2023-02-06T09:00:00+07:00",
        due_at=None,
        reason=None,
    )
    assert received.due_at == "2023-02-13T17:00:00+07:00"
