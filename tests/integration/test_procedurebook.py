"""Procedures in storage: old dossiers are still read, and a process works out each answer once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from chalicelib import procedurebook
from chalicelib.domain.configuration.province_procedure import Scheduled
from chalicelib.domain.configuration.steps import ClockStart
from chalicelib.law import load
from chalicelib.procedurebook import ProcedureBook
from chalicelib.storage.items.procedures import (
    content_document,
    content_from,
    pinned_document,
    pinned_from,
    schedule_document,
    schedule_from,
)
from chalicelib.storage.table import Stored
from tests.unit.domain.test_province_procedure import CONTENT

LAW = load()
DAY = date(2023, 1, 17)
BEFORE_STEPS = (
    '{"version":"quoc-gia-1","limit_working_days":5,"reminder_working_days":1,"payment_hours":24,'
    '"automatic_issue":false,"effective_from":"2016-01-01","source":"QĐ 49"}'
)
"""What a dossier had pinned before procedures had steps."""


def head(*versions: Scheduled) -> Stored:
    return {"schedule": schedule_document(versions)}


def test_a_dossier_stored_before_steps_is_read() -> None:
    procedure = pinned_from(BEFORE_STEPS)
    assert (procedure.limit_working_days, procedure.steps) == (5, ())
    assert (procedure.clock_start, procedure.auto_accept) == (ClockStart.PAYMENT_CONFIRMED, True)
    assert procedure.may_request_supplement("officer")


def test_round_trips() -> None:
    procedure = LAW.procedure("79", DAY)
    assert pinned_from(pinned_document(procedure)) == procedure
    assert content_from(content_document(CONTENT)) == CONTENT
    assert schedule_from(schedule_document([Scheduled(1, CONTENT)])) == (Scheduled(1, CONTENT),)


def test_the_national_default_without_a_version_of_the_province() -> None:
    book, national = ProcedureBook(), LAW.procedure("79", DAY)
    assert book.in_force(None, "79", DAY, LAW) is national
    assert book.in_force(head(), "79", DAY, LAW) is national
    later = head(Scheduled(1, replace(CONTENT, effective_from=date(2023, 1, 18))))
    assert book.in_force(later, "79", DAY, LAW) is national


def test_the_same_answer_is_worked_out_once_and_another_schedule_is_seen_at_once() -> None:
    book = ProcedureBook()
    three = book.in_force(head(Scheduled(1, CONTENT)), "79", DAY, LAW)
    assert (three.version, three.limit_working_days, three.payment_hours) == ("79-1", 3, 24)
    assert book.in_force(head(Scheduled(1, CONTENT)), "79", DAY, LAW) is three
    two = head(Scheduled(1, CONTENT), Scheduled(2, replace(CONTENT, limit_working_days=2)))
    assert book.in_force(two, "79", DAY, LAW).version == "79-2"


def test_answers_are_let_go_before_they_fill_the_memory() -> None:
    book = ProcedureBook()
    for ordinal in range(procedurebook.MOST + 1):
        book.in_force(head(), "79", date.fromordinal(DAY.toordinal() + ordinal), LAW)
    assert len(book._known) == 1
