"""A province's own procedure: domain rule 5.8, and which version holds on a day (domain rule 8, scenario A11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from chalicelib.domain.configuration.province_procedure import (
    MOST_SCHEDULED,
    ProcedureContent,
    ProcedureVersion,
    Scheduled,
    faults_of,
    in_force,
    publish,
    scheduled,
)
from chalicelib.domain.configuration.publication import PublicationState
from chalicelib.domain.configuration.steps import ClockStart, LimitUnit, NationalMaximum, Step, StepRole
from chalicelib.domain.errors import Conflict, Forbidden
from chalicelib.domain.months import VIETNAM
from chalicelib.law import load

LAW = load()
TODAY = date(2023, 1, 3)
AT = datetime(2023, 1, 3, 9, 0, tzinfo=VIETNAM)
EXAMINE = Step("THAM_DINH", StepRole.OFFICER, "Phòng thu", 16, LimitUnit.HOURS, can_request_supplement=True)
SIGN = Step("KY_CAP", StepRole.SIGNER, None, 1, LimitUnit.WORKING_DAYS, signs=True)
ISSUE = replace(SIGN, role=StepRole.SYSTEM)
CONTENT = ProcedureContent(
    effective_from=date(2023, 1, 9),
    source="Quyết định của Giám đốc",
    limit_working_days=3,
    reminder_working_days=1,
    automatic_issue=False,
    steps=(EXAMINE, SIGN),
)


def found(province: str = "79", **changes: Any) -> list[tuple[str, str]]:
    """(field, code) of every fault of the content with these changes."""
    maximum = LAW.procedure_maximum.on(TODAY).value
    faults = faults_of(replace(CONTENT, **changes), province, today=TODAY, maximum=maximum, provinces=LAW.provinces)
    return [(fault.field, fault.code) for fault in faults]


def entry(version: int, *first: int) -> Scheduled:
    return Scheduled(version, replace(CONTENT, effective_from=date(*first)))


def test_a_sound_procedure_has_no_fault() -> None:
    assert found() == []
    # The steps may fill the limit to the hour, and the limit the national maximum to the day.
    assert found(limit_working_days=5, steps=(replace(EXAMINE, limit=32), SIGN)) == []
    assert found(automatic_issue=True, steps=(ISSUE,)) == []
    # A province may look at each dossier before it accepts it, and start the clock then.
    assert found(auto_accept=False, clock_start=ClockStart.ACCEPTED) == []
    assert found(auto_accept=False, automatic_issue=True, steps=(ISSUE,)) == []
    assert found(limit_working_days=1, reminder_working_days=0, steps=(SIGN,)) == []


@pytest.mark.parametrize(
    ("changes", "faults"),
    (
        ({"effective_from": TODAY}, [("effective_from", "EFFECTIVE_NOT_IN_FUTURE")]),
        ({"limit_working_days": 6}, [("limit_working_days", "LIMIT_ABOVE_NATIONAL_MAX")]),
        ({"reminder_working_days": 3}, [("reminder_working_days", "REMINDER_NOT_BELOW_LIMIT")]),
        ({"limit_working_days": 2}, [("steps", "STEP_LIMITS_ABOVE_TOTAL")]),
        ({"steps": (replace(EXAMINE, limit=17), SIGN)}, [("steps", "STEP_LIMITS_ABOVE_TOTAL")]),
        (
            {
                "auto_accept": False,
                "steps": (replace(EXAMINE, role=StepRole.SYSTEM, can_request_supplement=False), SIGN),
            },
            [("steps[0].role", "STEP_NEEDS_PERSON")],
        ),
        ({"steps": ()}, [("steps", "STEP_SIGNS_MISSING")]),
        ({"steps": (EXAMINE,)}, [("steps", "STEP_SIGNS_MISSING")]),
        ({"steps": (SIGN, EXAMINE)}, [("steps[1]", "STEP_UNREACHABLE")]),
        ({"steps": (SIGN, SIGN)}, [("steps[1].step_code", "STEP_REPEATED"), ("steps[1]", "STEP_UNREACHABLE")]),
        ({"steps": (replace(EXAMINE, limit=0), SIGN)}, [("steps[0].limit", "STEP_LIMIT_TOO_SHORT")]),
        ({"steps": (ISSUE,)}, [("steps[0].role", "SIGNING_ROLE_INVALID")]),
        ({"automatic_issue": True}, [("steps[1].role", "SIGNING_ROLE_INVALID")]),
        (
            {"steps": (replace(EXAMINE, role=StepRole.SYSTEM, needs_two_person=True), SIGN)},
            [
                ("steps[0].can_request_supplement", "STEP_NEEDS_PERSON"),
                ("steps[0].needs_two_person", "STEP_NEEDS_PERSON"),
            ],
        ),
    ),
)
def test_each_rule_has_its_code(changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert found(**changes) == faults


def test_every_fault_is_told_at_once() -> None:
    assert found("74", effective_from=date(2025, 7, 1), limit_working_days=0, reminder_working_days=1, steps=()) == [
        ("effective_from", "PROVINCE_NOT_VALID"),
        ("limit_working_days", "LIMIT_TOO_SHORT"),
        ("reminder_working_days", "REMINDER_NOT_BELOW_LIMIT"),
        ("steps", "STEP_SIGNS_MISSING"),
    ]


def test_the_national_maximum_may_be_lifted_or_lowered() -> None:
    def codes(days: int) -> list[str]:
        maximum = NationalMaximum(working_days=days, hours_a_day=8)
        faults = faults_of(CONTENT, "79", today=TODAY, maximum=maximum, provinces=LAW.provinces)
        return [fault.code for fault in faults]

    assert (codes(10), codes(2)) == ([], ["LIMIT_ABOVE_NATIONAL_MAX"])


def test_hours_of_a_step() -> None:
    assert (EXAMINE.hours(8), SIGN.hours(8)) == (16, 8)


def test_a11_the_version_of_a_day() -> None:
    schedule = [entry(2, 2023, 2, 1), entry(1, 2023, 1, 9)]
    days = (date(2023, 1, 8), date(2023, 1, 9), date(2023, 1, 31), date(2023, 2, 1))
    versions = [in_force(schedule, "79", day, LAW.provinces) for day in days]
    assert [each and each.version for each in versions] == [None, 1, 1, 2]


def test_of_two_with_one_first_day_the_later_holds() -> None:
    schedule = [entry(3, 2023, 1, 9), entry(2, 2023, 1, 9)]
    version = in_force(schedule, "79", date(2023, 1, 9), LAW.provinces)
    assert version is not None
    assert version.version == 3


@pytest.mark.parametrize(("code", "holds"), (("79", True), ("01", True), ("24", False), ("74", False), ("99", False)))
def test_a_code_that_passed_to_another_province_takes_no_procedure_along(code: str, holds: bool) -> None:
    # 24 was Bắc Giang and is Bắc Ninh from 01/07/2025; 74 is no province any more; 99 never was one.
    schedule = [entry(1, 2025, 6, 1)]
    assert (in_force(schedule, code, date(2025, 7, 1), LAW.provinces) is not None) is holds
    assert (in_force(schedule, code, date(2025, 6, 30), LAW.provinces) is not None) is (code != "99")


def test_a_publication_takes_the_place_of_one_with_the_same_first_day() -> None:
    schedule = scheduled([entry(1, 2023, 1, 9), entry(2, 2023, 2, 1)], entry(3, 2023, 2, 1), TODAY)
    assert [each.version for each in schedule] == [1, 3]


def test_the_schedule_lets_go_what_no_new_dossier_can_start_with() -> None:
    old = [entry(number, 2020, 1, number) for number in range(1, 16)]
    to_come = [entry(16, 2023, 2, 1), entry(17, 2023, 3, 1)]
    schedule = scheduled([*old, *to_come], entry(18, 2023, 1, 20), TODAY)
    assert [each.version for each in schedule] == [*range(16 - MOST_SCHEDULED, 16), 18, 16, 17]


def test_a_draft_is_published_by_another_person_and_once() -> None:
    draft = ProcedureVersion(1, CONTENT, "Rút ngắn", "a", AT)
    assert draft.state is PublicationState.DRAFT
    with pytest.raises(Forbidden, match="SECOND_PERSON_REQUIRED"):
        publish(draft, by="a", at=AT)
    published = publish(draft, by="b", at=AT)
    assert (published.state, published.published_by) == (PublicationState.PUBLISHED, "b")
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        publish(published, by="c", at=AT)


def test_what_a_dossier_is_opened_with() -> None:
    procedure = CONTENT.procedure("79-1", 24)
    assert (procedure.version, procedure.limit_working_days, procedure.payment_hours) == ("79-1", 3, 24)
    assert procedure.steps == CONTENT.steps


def test_whether_two_signers_must_decide() -> None:
    two = replace(SIGN, needs_two_person=True)
    assert not CONTENT.procedure("79-1", 24).signed_by_two
    assert (
        not replace(CONTENT, steps=(replace(EXAMINE, needs_two_person=True), SIGN)).procedure("79-1", 24).signed_by_two
    )
    assert replace(CONTENT, steps=(EXAMINE, two)).procedure("79-1", 24).signed_by_two


def test_who_may_ask_for_a_supplement() -> None:
    procedure = CONTENT.procedure("79-1", 24)
    # A signer is an officer too; the system and publishers ask for nothing.
    assert [procedure.may_request_supplement(role) for role in ("officer", "signer", "publisher")] == [
        True,
        True,
        False,
    ]
    nobody = replace(procedure, steps=(SIGN,))
    assert not nobody.may_request_supplement("officer")
    # Dossiers stored before procedures had steps.
    assert replace(procedure, steps=()).may_request_supplement("publisher")
