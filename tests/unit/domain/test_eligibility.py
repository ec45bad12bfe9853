"""Who may join on which day: the worked examples of domain rule 1.2, and what stands beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from chalicelib.domain.months import VIETNAM, Month, MonthSpan
from chalicelib.domain.people.eligibility import benefit_faults, contract_faults, participant_group
from chalicelib.domain.people.evidence import Benefit, Contract, Evidence, History
from chalicelib.domain.registration.declaration import Assessment, DeclarationDraft, assess
from tests.unit.domain.made import A1, LAW, NEW_ADDRESS
from tests.unit.domain.made import ADDRESS as OLD_ADDRESS

WOMAN = replace(A1, national_code=None, phone="0912345678", permanent_address=NEW_ADDRESS, from_month=None)
WORKER = Contract(date(2024, 3, 1), None, ((date(2025, 9, 1), date(2025, 12, 31)),))


def judge(draft: DeclarationDraft, on: str, evidence: Evidence | None = None) -> Assessment:
    now = datetime.fromisoformat(f"{on}T09:00:00").replace(tzinfo=VIETNAM)
    return assess(draft, unreadable=frozenset(), now=now, law=LAW, evidence=evidence, history=History())


def codes(result: Assessment) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in result.faults]


def span(first: str, last: str) -> MonthSpan:
    return MonthSpan(Month.parse(first), Month.parse(last))


def test_example_1_fifteen_on_the_first_day_of_the_first_covered_month() -> None:
    young = replace(
        WOMAN, birth_date="2008-02-15", personal_id="079308012345", permanent_address=OLD_ADDRESS, from_month="2023-02"
    )

    assert codes(judge(young, "2023-01-10")) == [("birth_date", "AGE_UNDER_15")]
    assert judge(replace(young, from_month="2023-03"), "2023-01-10").faults == ()


def test_example_2_a_pensioner_is_refused_from_july_2025_on() -> None:
    pensioner = replace(WOMAN, birth_date="1960", personal_id="079160012345", from_month="2025-08")
    evidence = Evidence(benefits=(Benefit(date(2021, 1, 1)),))

    assert codes(judge(pensioner, "2025-08-01", evidence)) == [("personal_id", "RECEIVING_PENSION")]
    before = replace(pensioner, permanent_address=OLD_ADDRESS, from_month="2025-06")
    assert judge(before, "2025-06-30", evidence).faults == ()


@pytest.mark.parametrize(
    ("benefit", "day", "refused"),
    (
        (Benefit(date(2025, 8, 1)), "2025-07-31", False),
        (Benefit(date(2025, 8, 1)), "2025-08-01", True),
        (Benefit(date(2020, 1, 1), date(2025, 8, 1)), "2025-08-01", True),
        (Benefit(date(2020, 1, 1), date(2025, 8, 1)), "2025-08-02", False),
        (Benefit(date(2020, 1, 1)), "2025-06-30", False),
        (Benefit(date(2020, 1, 1)), "2025-07-01", True),
    ),
)
def test_a_benefit_keeps_out_while_it_is_received(benefit: Benefit, day: str, refused: bool) -> None:
    faults = benefit_faults((Benefit(date(2000, 1, 1), date(2000, 1, 2)), benefit), date.fromisoformat(day), LAW)

    assert [fault.code for fault in faults] == (["RECEIVING_PENSION"] if refused else [])


def test_example_3_a_suspended_contract_frees_its_months() -> None:
    worker = replace(WOMAN, from_month="2025-09", method="M3")

    result = judge(worker, "2025-09-03", Evidence(contracts=(WORKER,)))

    assert result.faults == ()
    assert result.participant_group == "SUSPENDED_CONTRACT"
    assert contract_faults((WORKER,), span("2025-09", "2025-12"), date(2025, 9, 3), LAW) == []


def test_example_4_the_group_exists_only_from_july_2025_on() -> None:
    worker = replace(WOMAN, permanent_address=OLD_ADDRESS, from_month="2025-06")
    suspended = replace(WORKER, suspended=((date(2025, 6, 1), date(2025, 12, 31)),))

    result = judge(worker, "2025-06-10", Evidence(contracts=(suspended,)))

    assert codes(result) == [("from_month", "COMPULSORY_MEMBER")]
    assert result.faults[0].message == "Tháng 06/2025 thuộc diện đóng BHXH bắt buộc theo hợp đồng đang có."


def test_example_5_a_month_of_compulsory_insurance_and_the_next_free_one() -> None:
    draft = replace(WOMAN, permanent_address=OLD_ADDRESS, from_month="2023-03", method="M3")

    result = judge(draft, "2023-03-02", Evidence(compulsory=(span("2023-03", "2023-03"),)))

    assert codes(result) == [("from_month", "OVERLAP_COMPULSORY")]
    assert result.faults[0].message == "Tháng 03/2023 đã đóng BHXH bắt buộc; có thể đăng ký từ tháng 04/2023."


@pytest.mark.parametrize(
    ("months", "first_bound"),
    (
        (span("2025-09", "2025-12"), None),
        (span("2025-08", "2025-09"), "08/2025"),
        (span("2025-12", "2026-02"), "01/2026"),
        (span("2024-02", "2024-02"), None),
        (span("2024-02", "2024-03"), "03/2024"),
    ),
)
def test_months_must_lie_inside_the_suspension(months: MonthSpan, first_bound: str | None) -> None:
    faults = contract_faults((WORKER,), months, date(2025, 9, 3), LAW)

    if first_bound is None:
        assert faults == []
    else:
        assert [fault.message for fault in faults] == [
            f"Tháng {first_bound} thuộc diện đóng BHXH bắt buộc theo hợp đồng đang có; "
            "chỉ tham gia tự nguyện trong các tháng tạm hoãn hợp đồng."
        ]
        assert [(fault.field, fault.code) for fault in faults] == [("from_month", "COMPULSORY_MEMBER")]


@pytest.mark.parametrize(
    ("suspended", "free"),
    (
        ((date(2025, 9, 1), date(2025, 9, 30)), True),
        ((date(2025, 9, 2), date(2025, 9, 30)), False),
        ((date(2025, 9, 1), date(2025, 9, 29)), False),
    ),
)
def test_a_month_is_free_only_if_suspended_throughout(suspended: tuple[date, date], free: bool) -> None:
    contract = Contract(date(2024, 3, 1), None, (suspended,))
    months = span("2025-09", "2025-09")

    assert (contract_faults((contract,), months, date(2025, 9, 3), LAW) == []) is free
    assert participant_group((contract,), months) == ("SUSPENDED_CONTRACT" if free else None)


@pytest.mark.parametrize(
    ("contract", "bound"),
    (
        (Contract(date(2025, 9, 30)), True),
        (Contract(date(2025, 10, 1)), False),
        (Contract(date(2024, 1, 1), date(2025, 9, 1)), True),
        (Contract(date(2024, 1, 1), date(2025, 8, 31)), False),
    ),
)
def test_a_contract_binds_every_month_of_which_it_holds_a_day(contract: Contract, bound: bool) -> None:
    faults = contract_faults((contract,), span("2025-09", "2025-09"), date(2025, 9, 3), LAW)

    assert bool(faults) is bound


def test_a_second_contract_that_is_not_suspended_binds_all_the_same() -> None:
    contracts = (WORKER, Contract(date(2025, 1, 1)))

    assert contract_faults(contracts, span("2025-09", "2025-09"), date(2025, 9, 3), LAW)


def test_nobody_else_has_a_group() -> None:
    assert judge(replace(WOMAN, from_month="2025-09"), "2025-09-03").participant_group is None
    assert judge(WOMAN, "2025-09-03", Evidence(contracts=(WORKER,))).participant_group is None


def test_a_foreigner_cannot_join() -> None:
    assert codes(judge(replace(WOMAN, from_month="2025-09", nationality="LA"), "2025-09-03")) == [
        ("nationality", "NATIONALITY_NOT_VN")
    ]


def test_what_the_registers_contradict_comes_before_the_form() -> None:
    draft = replace(WOMAN, from_month="2025-09", phone="1")
    evidence = Evidence(
        benefits=(Benefit(date(2021, 1, 1)),),
        contracts=(Contract(date(2024, 1, 1)),),
        compulsory=(span("2025-09", "2025-09"),),
    )

    assert codes(judge(draft, "2025-09-03", evidence)) == [
        ("personal_id", "RECEIVING_PENSION"),
        ("from_month", "COMPULSORY_MEMBER"),
        ("from_month", "OVERLAP_COMPULSORY"),
        ("phone", "PHONE_INVALID"),
    ]
