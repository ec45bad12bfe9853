"""Supplements, withdrawal, refusal, stop, apology and new calendars: domain rules 5.3, 5.5, 7.4, scenarios A12, A13."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from chalicelib.domain.amounts.account import Account, Case
from chalicelib.domain.course import lifecycle
from chalicelib.domain.course.clockwork import reach
from chalicelib.domain.course.lifecycle import Decision, Situation
from chalicelib.domain.course.payment import NO_CASES
from chalicelib.domain.covers.cover import Cover, CoverState, check, create_cover, renewed, revoke_unissued
from chalicelib.domain.errors import Conflict, Rejected
from chalicelib.domain.events import Act, By, Event, first_broken_line
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.people.evidence import Evidence, PersonOnFile
from chalicelib.domain.people.participation import ParticipationPeriod, PersonRecord
from chalicelib.domain.registration.deadlines import DueDate
from chalicelib.domain.registration.declaration import Address, AddressDraft, DeclarationDraft
from chalicelib.domain.registration.dossier import Dossier, Milestone, State, unchanged
from chalicelib.domain.registration.supplement import ASKABLE, FIXED_BY_PAYMENT, Corrections, correct, draft_of
from tests.unit.domain.made import CODE, COVER_ID, DECLARATION, LAW, OPENED_AT, in_process, unpaid

CALENDAR = LAW.calendar
RULES = LAW.deadline_rules.on(date(2023, 2, 6)).value


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def officer(text: str) -> Act:
    return Act(at(text), By.OFFICER, "officer-79")


def portal(text: str) -> Act:
    return Act(at(text), By.PORTAL, "portal-dvc")


COVER = create_cover(CODE, DECLARATION, si_number="7912345678", created_at=at("2023-02-06 09:16"))
CHECKED = check(COVER, expected_version=None, signer="signer-79", at=at("2023-02-07 09:00"))


def period(dossier: Dossier, **changes: Any) -> ParticipationPeriod:
    made = ParticipationPeriod(
        person="a1",
        span=dossier.span,
        income=1_500_000,
        method="M1",
        support_category="OTHER",
        amount_gross=330_000,
        amount_participant=297_000,
        amount_state=33_000,
        amount_local=0,
        supported_months=1,
        dossier_code=CODE,
        voucher_id="KT79-2023-0000001",
        recorded_at=at("2023-02-06 09:16"),
    )
    return replace(made, **changes)


def paid(cover: Cover | None = COVER) -> Situation:
    """A1 after the voucher: due on 13/02/2023."""
    dossier = in_process()
    return Situation(dossier, cover, (period(dossier),))


def asked(when: str = "2023-02-08 10:00", found: Situation | None = None) -> Decision:
    return lifecycle.request_supplement(
        found or paid(),
        reason="Thiếu số nhà.",
        asked=["permanent_address.house_street", "phone", "phone"],
        rules=RULES,
        calendar=CALENDAR,
        act=officer(when),
    )


def supplied(when: str, decision: Decision | None = None, cover: Cover | None = None) -> Decision:
    dossier = (decision or asked()).change.dossier
    return lifecycle.supply(Situation(dossier, cover), dossier.declaration, calendar=CALENDAR, act=portal(when))


def days(dossier: Dossier) -> list[str]:
    assert dossier.due is not None
    return [f"{day.date:%d/%m}" for day in dossier.due.derivation if day.counted]


def test_a12_the_clock_stands_and_runs_again() -> None:
    waiting = asked().change.dossier
    assert (waiting.state, waiting.due_at, days(waiting)) == (State.SUPPLEMENT_REQUESTED, None, ["07/02", "08/02"])
    supplement = waiting.open_supplement
    assert supplement is not None
    assert supplement.fields == ("permanent_address.house_street", "phone")
    assert supplement.expires_at == at("2023-03-10 17:00")
    assert not waiting.is_overdue(at("2023-02-20 09:00"))
    assert not waiting.kpi_late(at("2023-02-20 09:00"))

    again = supplied("2023-02-15 10:00").change.dossier
    assert (again.state, again.due_at) == (State.IN_PROCESS, at("2023-02-20 17:00"))
    assert days(again) == ["07/02", "08/02", "16/02", "17/02", "20/02"]
    assert again.open_supplement is None
    assert again.is_overdue(at("2023-02-20 17:00:01"))

    twice = asked("2023-02-16 09:00", Situation(again)).change.dossier
    assert twice.kpi_late(at("2023-02-16 09:00"))


def test_the_lines_of_a_supplement_carry_reason_and_due_date() -> None:
    first, second = asked(), supplied("2023-02-15 10:00")
    (request,), (answer,) = first.change.lines, second.change.lines
    assert (request.event, request.reason, request.due_at) == (Event.SUPPLEMENT_REQUESTED, "Thiếu số nhà.", None)
    assert (answer.event, answer.due_at) == (Event.SUPPLEMENT_SUPPLIED, at("2023-02-20 17:00"))


@pytest.mark.parametrize(
    ("asked_at", "supplied_at", "due"),
    (
        ("2023-02-08 10:00", "2023-02-08 16:00", "2023-02-13 17:00"),
        ("2023-02-08 10:00", "2023-02-14 18:00", "2023-02-20 17:00"),
        ("2023-02-13 10:00", "2023-02-15 10:00", "2023-02-15 17:00"),
        ("2023-02-13 10:00", "2023-02-17 18:00", "2023-02-20 17:00"),
        ("2023-02-13 17:00:01", "2023-02-15 10:00", "2023-02-13 17:00"),
        ("2023-02-06 09:00", "2023-02-06 09:00", "2023-02-13 17:00"),
    ),
)
def test_when_it_is_due_after_a_supplement(asked_at: str, supplied_at: str, due: str) -> None:
    """On the last day until closing of the day of supply; what was late stays late; a clock a little behind is none."""
    assert supplied(supplied_at, asked(asked_at)).change.dossier.due_at == at(due)


def test_a_dossier_that_was_late_before_the_request_stays_overdue() -> None:
    late = asked("2023-02-14 09:00").change.dossier
    assert late.due_at == at("2023-02-13 17:00")
    assert late.is_overdue(at("2023-02-14 09:01"))


def test_unknown_fields_are_not_asked_for() -> None:
    with pytest.raises(Rejected) as refused:
        lifecycle.request_supplement(
            paid(), reason="?", asked=["phone", "nick"], rules=RULES, calendar=CALENDAR, act=officer("2023-02-08 09:00")
        )
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("fields[1]", "FIELD_UNKNOWN")]


def test_at_intake_no_clock_stands_and_the_time_out_is_a_refusal() -> None:
    submitted = replace(unpaid(), state=State.SUBMITTED)
    waiting = asked("2023-02-06 10:00", Situation(submitted)).change.dossier
    assert waiting.due is None
    assert (
        lifecycle.time_out(Situation(waiting), officer("2023-03-09 00:00")).change.dossier.state is State.NOT_ACCEPTED
    )
    again = lifecycle.supply(
        Situation(waiting), waiting.declaration, calendar=CALENDAR, act=portal("2023-02-07 09:00")
    ).change.dossier
    assert (again.state, again.due) == (State.IN_PROCESS, None)
    assert lifecycle.refuse(Situation(submitted), reason="x", act=officer("2023-02-06 10:00")).change.dossier.state is (
        State.NOT_ACCEPTED
    )


def test_a_time_out_in_process_stops_and_refunds() -> None:
    waiting = replace(paid(), dossier=asked().change.dossier)
    decision = lifecycle.time_out(waiting, Act(at("2023-03-10 17:00:01"), By.SYSTEM, "deadline"))
    assert decision.change.dossier.state is State.STOPPED
    assert decision.change.lines[0].reason == lifecycle.TIMED_OUT
    assert len(decision.cases.opened) == 1


def test_nothing_is_awaited_of_a_dossier_that_runs() -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        lifecycle.time_out(paid(), officer("2023-02-08 09:00"))
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        supplied("2023-02-08 09:00", Decision(unchanged(in_process())))


def test_the_cover_follows_a_corrected_declaration_until_it_is_checked() -> None:
    dossier = asked().change.dossier
    renamed = replace(DECLARATION, full_name="Nguyễn Thị Hoà Bình")
    act = portal("2023-02-09 09:00")
    followed = lifecycle.supply(Situation(dossier, COVER), renamed, calendar=CALENDAR, act=act)
    assert followed.corrected
    assert followed.cover is not None
    assert (followed.cover.snapshot.full_name, followed.cover.version) == ("Nguyễn Thị Hoà Bình", 2)
    same = lifecycle.supply(Situation(dossier, COVER), dossier.declaration, calendar=CALENDAR, act=act)
    assert same.cover is None
    revoked = replace(COVER, state=CoverState.REVOKED)
    assert lifecycle.supply(Situation(dossier, revoked), renamed, calendar=CALENDAR, act=act).cover is None


ENDS: dict[str, tuple[Callable[[Situation], Decision], State]] = {
    "withdrawn": (
        lambda found: lifecycle.withdraw(found, reason=None, act=portal("2023-02-08 09:00")),
        State.WITHDRAWN,
    ),
    "refused": (lambda found: lifecycle.refuse(found, reason="x", act=officer("2023-02-08 09:00")), State.STOPPED),
    "stopped": (lambda found: lifecycle.stop(found, reason="x", act=officer("2023-02-08 09:00")), State.STOPPED),
}


@pytest.mark.parametrize("how", tuple(ENDS))
def test_an_end_takes_the_cover_off_the_list_and_opens_a_refund_case(how: str) -> None:
    end, state = ENDS[how]
    decision = end(paid())
    dossier = decision.change.dossier
    assert (dossier.state, dossier.ended_at) == (state, at("2023-02-08 09:00"))
    assert [line.event for line in decision.change.lines[1:]] == [Event.COVER_REVOKED, Event.REFUND_CASE_OPENED]
    assert [line.subject for line in decision.change.lines[1:]] == [COVER_ID, f"{CODE}-R1"]
    assert decision.cover is not None
    assert decision.cover.state is CoverState.REVOKED
    (case,) = decision.cases.opened
    assert (case.amount, case.voucher_ids, case.cause) == (
        297_000,
        ("KT79-2023-0000001",),
        decision.change.lines[0].event,
    )
    assert dossier.account.cases == (Case(1, case.voucher_ids, 297_000),)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        end(replace(paid(), dossier=dossier))


@pytest.mark.parametrize("how", tuple(ENDS))
def test_a_result_that_is_being_signed_is_not_taken_back(how: str) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        ENDS[how][0](paid(CHECKED))


@pytest.mark.parametrize("change", (revoke_unissued, lambda cover: renewed(cover, cover.snapshot)))
def test_a_checked_cover_changes_by_its_workflow_alone(change: Callable[[Cover], Cover]) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        change(CHECKED)


def test_an_unpaid_dossier_is_withdrawn_without_a_refund() -> None:
    decision = ENDS["withdrawn"][0](Situation(unpaid()))
    assert (decision.change.dossier.state, decision.cover, decision.cases) == (State.WITHDRAWN, None, NO_CASES)
    assert len(decision.change.lines) == 1


def test_what_is_void_is_not_refunded_and_a_revoked_cover_stays() -> None:
    dossier = replace(in_process(), account=Account(periods=1))
    found = Situation(dossier, replace(COVER, state=CoverState.REVOKED), ())
    assert [line.event for line in ENDS["stopped"][0](found).change.lines] == [Event.DOSSIER_STOPPED]


def test_an_ended_dossier_leaves_room_for_another_book() -> None:
    record = PersonRecord("a1", version=3, cover_id=COVER_ID).with_open(CODE, in_process().span)
    ended = record.ended(CODE, revoked_cover=COVER_ID)
    assert (ended.open_dossiers, ended.cover_id, ended.version) == ({}, None, record.version + 1)
    assert record.ended(CODE, revoked_cover=None).cover_id == COVER_ID


def apology(
    when: str = "2023-02-10 15:00", new_due_on: date = date(2023, 2, 15), dossier: Dossier | None = None
) -> Dossier:
    return lifecycle.apologise(
        dossier or in_process(), reason="Chậm.", new_due_on=new_due_on, calendar=CALENDAR, act=officer(when)
    ).change.dossier


def test_a13_one_apology_moves_the_due_moment() -> None:
    reminded = reach(in_process(), Milestone.REMINDED, officer("2023-02-10 08:00")).dossier
    promised = apology(dossier=reminded)
    assert promised.due_at == at("2023-02-15 17:00")
    assert promised.milestones == frozenset(), "the new due date has its own reminder"
    assert promised.apology is not None
    assert promised.apology.extra_days == 2
    assert promised.progress().apology_settled
    with pytest.raises(Conflict, match="APOLOGY_ALREADY_ISSUED"):
        apology(dossier=promised, new_due_on=date(2023, 2, 17))


@pytest.mark.parametrize(
    ("when", "new_due_on", "error", "code"),
    (
        ("2023-02-13 09:00", date(2023, 2, 15), Conflict, "APOLOGY_TOO_LATE"),
        ("2023-02-10 09:00", date(2023, 2, 13), Rejected, "NEW_DUE_NOT_LATER"),
        ("2023-02-10 09:00", date(2023, 2, 18), Rejected, "NEW_DUE_NOT_WORKING_DAY"),
    ),
)
def test_an_apology_at_the_wrong_time(when: str, new_due_on: date, error: type[Exception], code: str) -> None:
    with pytest.raises(error, match=code):
        apology(when, new_due_on)


@pytest.mark.parametrize("dossier", (unpaid(), asked().change.dossier), ids=("unpaid", "suspended"))
def test_no_apology_where_no_clock_runs(dossier: Dossier) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        apology("2023-02-09 09:00", dossier=dossier)


def test_a_supplement_after_the_apology_keeps_the_days_it_added() -> None:
    """Due 15/02 by apology; asked on Tue 14/02, supplied on Fri 17/02: one day is left, Mon 20/02."""
    waiting = asked("2023-02-14 09:00", Situation(apology()))
    again = supplied("2023-02-17 09:00", waiting).change.dossier
    assert again.due_at == at("2023-02-20 17:00")


def test_a_late_holiday_notice_moves_the_due_date_and_says_so() -> None:
    longer = replace(CALENDAR, days_off={**CALENDAR.days_off, date(2023, 2, 9): "nghỉ bổ sung"})
    system = Act(at("2023-02-08 09:00"), By.SYSTEM, "calendar")
    change = lifecycle.recompute(in_process(), longer, system)
    assert change.dossier.due_at == at("2023-02-14 17:00")
    (line,) = change.lines
    assert (line.event, line.reason) == (
        Event.DUE_RECOMPUTED,
        "Lịch nghỉ thay đổi: ngày hẹn trả chuyển từ 13/02/2023 sang 14/02/2023.",
    )
    for untouched in (unpaid(), asked().change.dossier, replace(in_process(), state=State.STOPPED)):
        assert lifecycle.recompute(untouched, longer, system).lines == ()
    assert lifecycle.recompute(in_process(), CALENDAR, system).lines == ()


def test_a_late_holiday_notice_moves_the_day_on_which_an_evening_payment_arrived() -> None:
    evening = replace(in_process(), paid_at=at("2023-02-06 18:15"))
    system = Act(at("2023-02-06 19:00"), By.SYSTEM, "calendar")
    before = lifecycle.recompute(evening, CALENDAR, system).dossier
    assert before.due_at == at("2023-02-14 17:00"), "it counts as received on Tuesday 07/02"
    longer = replace(CALENDAR, days_off={**CALENDAR.days_off, date(2023, 2, 7): "nghỉ bổ sung"})
    assert lifecycle.recompute(before, longer, system).dossier.due_at == at("2023-02-15 17:00")


def test_a_deadline_that_comes_forward_gets_a_new_execution() -> None:
    """Asleep until the supplement's time-out on 10/03; once supplied, the reminder of 17/02 comes first."""
    before, act = asked().change.dossier, portal("2023-02-15 10:00")
    supply = supplied("2023-02-15 10:00").change
    change = lifecycle.replanned(supply, before, rules=RULES, calendar=CALENDAR, act=act)
    assert change.dossier.generation == before.generation + 1
    assert (change.lines[-1].event, change.lines[-1].subject) == (Event.DEADLINES_RESET, "2")
    assert change.lines[-1].status_sequence is None
    assert first_broken_line((), change.lines[0].previous_hash) is not None

    request = asked().change
    assert lifecycle.replanned(request, in_process(), rules=RULES, calendar=CALENDAR, act=act) is request


def correction(fields: tuple[str, ...], given: frozenset[str], **values: Any) -> Any:
    return correct(
        DECLARATION,
        fields,
        Corrections(DeclarationDraft(**values), given),
        unreadable=frozenset(),
        declared_at=OPENED_AT,
        law=LAW,
        evidence=None,
    )


def test_corrections_change_what_was_asked_for_and_nothing_else() -> None:
    contact = AddressDraft("1 Lê Lai", "26740", "760", "79")
    given = {"phone", *(f"contact_address.{part}" for part in ("house_street", "commune_code"))}
    given |= {"contact_address.district_code", "contact_address.province_code", "permanent_address.house_street"}
    corrected = correction(
        ("phone", "contact_address", "permanent_address"),
        frozenset(given),
        phone="0987654321",
        contact_address=contact,
        permanent_address=AddressDraft(house_street="14 Lê Lợi"),
    )
    assert corrected == replace(
        DECLARATION,
        phone="0987654321",
        contact_address=Address("1 Lê Lai", "26740", "760", "79"),
        permanent_address=replace(DECLARATION.permanent_address, house_street="14 Lê Lợi"),
    )
    assert draft_of(corrected).contact_address == contact


@pytest.mark.parametrize(
    ("fields", "values", "codes"),
    (
        (("phone",), {}, [("phone", "REQUIRED")]),
        (("phone",), {"phone": "0987654321", "email": "a@b.vn"}, [("email", "FIELD_NOT_ASKED")]),
        (("income",), {"income": 2_000_000}, [("income", "FIXED_BY_PAYMENT")]),
        (("phone",), {"phone": "1"}, [("phone", "PHONE_INVALID")]),
    ),
)
def test_corrections_are_refused_with_every_fault(
    fields: tuple[str, ...], values: dict[str, Any], codes: list[tuple[str, str]]
) -> None:
    with pytest.raises(Rejected) as refused:
        correction(fields, frozenset(values), **values)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == codes


def test_the_registers_are_asked_about_the_fields_that_were_asked_for_alone() -> None:
    on_file = PersonOnFile("Lê Thị Lan", DECLARATION.birth_date, DECLARATION.gender, "79", "26734")

    def judged(*fields: str) -> Any:
        sent = DeclarationDraft(phone="0987654321", full_name=DECLARATION.full_name)
        return correct(
            DECLARATION,
            fields,
            Corrections(sent, frozenset({"phone", "full_name"})),
            unreadable=frozenset(),
            declared_at=OPENED_AT,
            law=LAW,
            evidence=Evidence(person=on_file),
        )

    assert judged("phone").phone == "0987654321"
    with pytest.raises(Rejected, match="IDENTITY_MISMATCH"):
        judged("phone", "full_name")


def test_what_may_be_asked_for() -> None:
    assert ASKABLE >= FIXED_BY_PAYMENT
    assert {"full_name", "permanent_address", "permanent_address.commune_code", "contact_address"} <= ASKABLE
    assert "consent_version" not in ASKABLE
    assert "has_book" not in ASKABLE


def test_levels_are_told_one_after_the_other() -> None:
    first = reach(in_process(), Milestone.ESCALATED_1, officer("2023-02-14 18:00"))
    second = reach(first.dossier, Milestone.ESCALATED_2, officer("2023-02-16 18:00"))
    assert [line.subject for line in (*first.lines, *second.lines)] == ["HEAD_OF_UNIT", "MINISTRY"]
    assert second.dossier.progress().escalations == 2


def test_what_ended_in_time_is_not_late_for_ever() -> None:
    ended = ENDS["withdrawn"][0](paid()).change.dossier
    assert not ended.kpi_late(at("2024-01-01 00:00"))
    late = replace(ended, ended_at=at("2023-02-13 17:00:01"))
    assert late.kpi_late(at("2024-01-01 00:00"))
    assert not unpaid().kpi_late(at("2024-01-01 00:00"))
    assert isinstance(late.due, DueDate)
