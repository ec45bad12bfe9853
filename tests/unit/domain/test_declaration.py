"""The declaration's rules: domain rules 1.2, 4.2, 4.4 and scenarios A3, A4, A5, A14, A18."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.configuration.law import Row, Table
from chalicelib.domain.months import VIETNAM, Month, MonthSpan
from chalicelib.domain.people.evidence import Book, Evidence, History, PersonOnFile, PoorListing
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.domain.registration.declaration import (
    AddressDraft,
    Assessment,
    BookForm,
    CaseType,
    DeclarationDraft,
    assess,
    person_identifiable,
)
from tests.unit.domain.made import A1, LAW, NEW_ADDRESS
from tests.unit.domain.made import ADDRESS as OLD_ADDRESS

ON_FILE = PersonOnFile("NGUYỄN THỊ HOÀ", BirthDate(1985, 5, 12), Gender.FEMALE, "79", "26734")


def months(first: str, last: str) -> MonthSpan:
    return MonthSpan(Month.parse(first), Month.parse(last))


def judge(
    draft: DeclarationDraft = A1,
    *,
    on: str = "2023-02-06",
    evidence: Evidence | None = None,
    history: History = History(),  # noqa: B008
    unreadable: frozenset[str] = frozenset(),
    **changes: Any,
) -> Assessment:
    now = datetime.fromisoformat(f"{on}T09:00:00").replace(tzinfo=VIETNAM)
    changed = replace(draft, **changes)
    return assess(changed, unreadable=unreadable, now=now, law=LAW, evidence=evidence, history=history)


def faults(result: Assessment) -> list[tuple[str, str]]:
    if result.faults:
        assert result.declaration is None
    return [(fault.field, fault.code) for fault in result.faults]


def test_a1_the_sample_is_accepted_and_normalised() -> None:
    result = judge(evidence=Evidence(person=ON_FILE))

    assert result.faults == ()
    assert result.warnings == ()
    declared = result.declaration
    assert declared is not None
    assert declared.case_type is CaseType.FIRST_TIME
    assert declared.phone == "0912345678"
    assert declared.full_name == "Nguyễn Thị Hòa"
    assert declared.birth_date == BirthDate(1985, 5, 12)
    assert declared.book_form is BookForm.ELECTRONIC
    assert (declared.months, str(declared.from_month)) == (1, "2023-02")
    assert declared.contact_address is None
    assert result.quote is not None
    assert result.quote.amount_participant == 297_000
    assert result.quote.paid_on == date(2023, 2, 6)


def test_the_day_is_that_of_viet_nam() -> None:
    late = datetime(2023, 1, 31, 17, 30, tzinfo=UTC)

    result = assess(A1, unreadable=frozenset(), now=late, law=LAW, evidence=None, history=History())

    assert result.quote is not None
    assert result.quote.paid_on == date(2023, 2, 1)


def test_an_empty_declaration_names_every_required_field() -> None:
    result = judge(DeclarationDraft())

    assert result.quote is None
    assert faults(result) == [
        (field, "REQUIRED")
        for field in (
            "case_type",
            "full_name",
            "birth_date",
            "gender",
            "personal_id",
            "nationality",
            "phone",
            "permanent_address",
            "book_form",
            "from_month",
            "income",
            "method",
            "support_category",
        )
    ]


def test_what_the_door_could_not_read_is_not_asked_for_again() -> None:
    gone = ["case_type", "full_name", "birth_date", "gender", "personal_id", "nationality", "phone", "book_form"]
    gone += ["permanent_address", "from_month", "income", "method", "support_category"]

    unread = DeclarationDraft(national_code=A1.national_code)

    result = judge(unread, unreadable=frozenset(gone))

    assert result == Assessment(None, None, ())


@pytest.mark.parametrize("unreadable", ("permanent_address.province_code", "permanent_address"))
def test_an_address_that_could_not_be_read_is_not_asked_for_again(unreadable: str) -> None:
    assert faults(judge(permanent_address=None, unreadable=frozenset({unreadable}))) == []
    partly = AddressDraft(commune_code="26734", district_code="760")
    assert faults(judge(permanent_address=partly, unreadable=frozenset({unreadable}))) == []


def test_rules_whose_inputs_are_there_run_beside_unreadable_fields() -> None:
    result = judge(
        unreadable=frozenset({"birth_date", "permanent_address.province_code"}),
        birth_date=None,
        permanent_address=replace(OLD_ADDRESS, province_code=None),
        personal_id="079085012345",
        income=1,
        phone="123",
    )

    assert faults(result) == [
        ("personal_id", "PERSONAL_ID_GENDER"),
        ("phone", "PHONE_INVALID"),
        ("income", "INCOME_BELOW_MIN"),
        ("income", "INCOME_NOT_ON_STEP"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    (
        ({"case_type": "MAYBE"}, ("case_type", "VALUE_UNKNOWN")),
        ({"personal_id": "07918501234"}, ("personal_id", "PERSONAL_ID_FORMAT")),
        ({"personal_id": "079085012345"}, ("personal_id", "PERSONAL_ID_GENDER")),
        ({"birth_date": "1986-05-12"}, ("personal_id", "PERSONAL_ID_BIRTH_YEAR")),
        ({"full_name": "Hòa 😀"}, ("full_name", "NAME_INVALID")),
        ({"full_name": "H"}, ("full_name", "NAME_LENGTH")),
        ({"birth_date": "12/05/1985"}, ("birth_date", "BIRTH_DATE_INVALID")),
        ({"gender": "X"}, ("gender", "VALUE_UNKNOWN")),
        ({"nationality": "LA"}, ("nationality", "NATIONALITY_NOT_VN")),
        ({"si_number": "791234567"}, ("si_number", "SI_NUMBER_FORMAT")),
        ({"phone": "0241234567"}, ("phone", "PHONE_INVALID")),
        ({"email": "hoa"}, ("email", "EMAIL_INVALID")),
        ({"support_category": "RICH"}, ("support_category", "SUPPORT_CATEGORY_UNKNOWN")),
        ({"support_proof_no": "x" * 51}, ("support_proof_no", "TEXT_INVALID")),
        ({"ethnicity": "Kinh\n"}, None),
        ({"ethnicity": "Ki\nnh"}, ("ethnicity", "TEXT_INVALID")),
        ({"agency_code": "\u0007a"}, ("agency_code", "TEXT_INVALID")),
        ({"national_code": "x" * 65}, ("national_code", "TEXT_INVALID")),
        ({"income": 1_450_000}, ("income", "INCOME_BELOW_MIN")),
        ({"income": 29_850_000}, ("income", "INCOME_ABOVE_MAX")),
        ({"income": 1_525_000}, ("income", "INCOME_NOT_ON_STEP")),
        ({"method": "LATE"}, ("method", "METHOD_NOT_ENABLED")),
        ({"method": "MISSING"}, ("method", "METHOD_NOT_ENABLED")),
        ({"method": "AHEAD", "months": 24}, ("method", "RATE_NOT_CONFIGURED")),
        ({"months": 2}, ("months", "MONTHS_NOT_ALLOWED")),
        ({"from_month": "2023-2"}, ("from_month", "FROM_MONTH_INVALID")),
        ({"from_month": "2023-01"}, ("from_month", "FROM_MONTH_PAST")),
        ({"from_month": "2024-03"}, ("from_month", "FROM_MONTH_TOO_FAR")),
        ({"from_month": "9999-12"}, ("from_month", "FROM_MONTH_TOO_FAR")),
        ({"from_month": "2024-02"}, None),
        ({"book_form": "CLAY"}, ("book_form", "VALUE_UNKNOWN")),
        ({"amount": 1}, None),
        ({"consent_version": "2023-01"}, None),
        ({"permanent_address": replace(OLD_ADDRESS, district_code=None)}, ("district_code", "DISTRICT_REQUIRED")),
        ({"permanent_address": replace(OLD_ADDRESS, district_code="76")}, ("district_code", "DISTRICT_CODE_INVALID")),
        ({"permanent_address": replace(OLD_ADDRESS, commune_code="2673")}, ("commune_code", "COMMUNE_CODE_INVALID")),
        ({"permanent_address": replace(OLD_ADDRESS, commune_code=None)}, ("commune_code", "REQUIRED")),
        ({"permanent_address": replace(OLD_ADDRESS, province_code="99")}, ("province_code", "PROVINCE_NOT_VALID")),
        ({"permanent_address": replace(OLD_ADDRESS, house_street="x" * 201)}, ("house_street", "TEXT_INVALID")),
        ({"permanent_address": replace(OLD_ADDRESS, house_street=None)}, None),
    ),
)
def test_one_thing_wrong_is_one_fault(changes: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = faults(judge(**changes))

    if expected and "permanent_address" in changes:
        expected = (f"permanent_address.{expected[0]}", expected[1])
    assert found == ([expected] if expected else [])


def test_every_fault_is_told_at_once_with_the_registers_first() -> None:
    result = judge(
        evidence=Evidence(
            person=replace(ON_FILE, full_name="Trần Thị Hòa"), compulsory=(months("2023-01", "2023-02"),)
        ),
        support_category="POOR",
        phone="1",
        income=1_525_000,
    )

    assert faults(result) == [
        ("full_name", "IDENTITY_MISMATCH"),
        ("support_category", "NOT_ON_POOR_LIST"),
        ("from_month", "OVERLAP_COMPULSORY"),
        ("phone", "PHONE_INVALID"),
        ("income", "INCOME_NOT_ON_STEP"),
    ]


def test_no_message_repeats_what_was_sent() -> None:
    result = judge(full_name="Hòa2 Bí Mật", phone="0123000111", personal_id="079085012399", email="bi.mat")

    assert len(result.faults) == 4
    for fault in result.faults:
        assert not any(text in fault.message for text in ("Bí Mật", "0123000111", "079085012399", "bi.mat"))


@pytest.mark.parametrize(
    ("personal_id", "si_number", "codes"),
    (
        ("079185012345", None, []),
        ("003185012345", None, ["PERSONAL_ID_PROVINCE"]),
        ("003185012345", "9912345678", ["PERSONAL_ID_PROVINCE", "SI_NUMBER_PREFIX"]),
    ),
)
def test_warnings_do_not_stand_in_the_way(personal_id: str, si_number: str | None, codes: list[str]) -> None:
    result = judge(personal_id=personal_id, si_number=si_number)

    assert result.declaration is not None
    assert [warning.code for warning in result.warnings] == codes


# Addresses before and after the district level ended.


@pytest.mark.parametrize(
    ("on", "address", "expected"),
    (
        ("2025-06-30", OLD_ADDRESS, []),
        ("2025-07-01", NEW_ADDRESS, []),
        ("2025-07-01", OLD_ADDRESS, [("permanent_address.district_code", "DISTRICT_ABOLISHED")]),
        (
            "2025-07-01",
            replace(NEW_ADDRESS, province_code="74"),
            [("permanent_address.province_code", "PROVINCE_NOT_VALID")],
        ),
        ("2025-06-30", replace(OLD_ADDRESS, province_code="74"), []),
    ),
)
def test_addresses_by_date(on: str, address: AddressDraft, expected: list[tuple[str, str]]) -> None:
    result = judge(on=on, from_month=on[:7], permanent_address=address)

    assert faults(result) == expected


def test_a_district_that_could_not_be_read_is_not_asked_for() -> None:
    result = judge(permanent_address=NEW_ADDRESS, unreadable=frozenset({"permanent_address.district_code"}))

    assert faults(result) == []
    assert result.declaration is None


def test_paper_needs_an_address_to_send_it_to() -> None:
    assert faults(judge(book_form="PAPER")) == [("contact_address", "REQUIRED")]
    wrong = judge(book_form="PAPER", contact_address=NEW_ADDRESS)
    assert faults(wrong) == [("contact_address.district_code", "DISTRICT_REQUIRED")]
    sent = judge(book_form="PAPER", contact_address=OLD_ADDRESS).declaration
    assert sent is not None
    assert sent.contact_address is not None


def test_from_2026_the_book_is_electronic_unless_paper_is_asked_for() -> None:
    result = judge(on="2026-01-05", from_month="2026-01", permanent_address=NEW_ADDRESS, book_form=None)

    assert result.declaration is not None
    assert result.declaration.book_form is BookForm.ELECTRONIC
    assert faults(judge(book_form=None)) == [("book_form", "REQUIRED")]


# Age.


@pytest.mark.parametrize(("from_month", "codes"), (("2023-02", ["AGE_UNDER_15"]), ("2023-03", [])))
def test_fifteen_years_on_the_first_day_of_the_first_month(from_month: str, codes: list[str]) -> None:
    result = judge(on="2023-01-10", birth_date="2008-02-15", personal_id="079308012345", from_month=from_month)

    assert [fault.code for fault in result.faults] == codes


def test_age_may_be_taken_on_the_day_of_declaration() -> None:
    reference = Table("age_reference", [Row(date(2016, 1, 1), None, "DECLARATION_DATE", "made up")])
    draft = replace(A1, birth_date="2008-02-15", personal_id="079308012345", from_month="2023-03")
    law = replace(LAW, age_reference=reference)

    for day, codes in ((14, ["AGE_UNDER_15"]), (15, [])):
        now = datetime(2023, 2, day, 9, tzinfo=VIETNAM)
        result = assess(draft, unreadable=frozenset(), now=now, law=law, evidence=None, history=History())
        assert [fault.code for fault in result.faults] == codes


def test_a_year_of_birth_stands_for_its_first_day() -> None:
    young = judge(on="2023-01-10", from_month="2023-01", birth_date="2008", personal_id="079308012345")

    assert faults(young) == []


# The four cases.

BOOK = Book("7912345678", Month(2023, 1))
CONTINUE = replace(A1, case_type="CONTINUE", si_number="7912345678", method="M3")


@pytest.mark.parametrize("case_type", ("CONTINUE", "RE_REGISTER", "FROM_COMPULSORY"))
def test_who_was_insured_before_names_the_number(case_type: str) -> None:
    assert faults(judge(case_type=case_type)) == [("si_number", "REQUIRED")]


def test_a4_continue_from_the_month_after_the_last_paid_one() -> None:
    result = judge(CONTINUE, on="2023-02-10", evidence=Evidence(book=BOOK))

    assert result.declaration is not None
    assert result.quote is not None
    assert result.quote.amount_participant == 891_000


@pytest.mark.parametrize(
    ("from_month", "codes"),
    (("2023-03", ["GAP"]), ("2023-01", ["OVERLAP"]), ("2023-02", [])),
)
def test_who_continues_leaves_no_gap_and_pays_nothing_twice(from_month: str, codes: list[str]) -> None:
    result = judge(CONTINUE, on="2023-01-10", evidence=Evidence(book=BOOK), from_month=from_month)

    assert [fault.code for fault in result.faults] == codes


def test_what_this_system_recorded_counts_as_paid_too() -> None:
    history = History(covered=(months("2022-11", "2023-04"),))

    assert faults(judge(CONTINUE, history=history, from_month="2023-05")) == []
    assert faults(judge(CONTINUE, history=history, from_month="2023-06")) == [("from_month", "GAP")]
    assert faults(judge(CONTINUE, history=history, from_month="2023-03")) == [("from_month", "OVERLAP")]


def test_the_later_of_book_and_record_counts() -> None:
    history = History(covered=(months("2023-02", "2023-04"),))

    assert faults(judge(CONTINUE, evidence=Evidence(book=BOOK), history=history, from_month="2023-05")) == []


@pytest.mark.parametrize(
    ("paid_through", "method", "codes"),
    (
        ("2022-12", "M3", []),
        ("2022-12", "M1", ["DUE_TIME_MISSED"]),
        ("2022-10", "M3", ["DUE_TIME_MISSED"]),
        ("2022-10", "M6", []),
        ("2022-12", "M0", ["METHOD_UNKNOWN"]),
    ),
)
def test_who_continues_may_start_in_the_past_while_the_due_time_runs(
    paid_through: str, method: str, codes: list[str]
) -> None:
    last = Month.parse(paid_through)

    result = judge(
        CONTINUE,
        evidence=Evidence(book=Book("7912345678", last)),
        from_month=str(last.plus(1)),
        method=method,
    )

    assert [fault.code for fault in result.faults] == codes


def test_continuing_without_a_known_month_starts_now() -> None:
    assert faults(judge(CONTINUE, evidence=Evidence(book=Book("7912345678")))) == []
    assert faults(judge(CONTINUE, from_month="2023-01")) == [("from_month", "FROM_MONTH_PAST")]


def test_a_pause_is_no_fault_of_who_registers_again() -> None:
    assert faults(judge(CONTINUE, case_type="RE_REGISTER", evidence=Evidence(book=BOOK), from_month="2023-05")) == []


def test_a5_from_compulsory() -> None:
    evidence = Evidence(book=Book("7912345678", Month(2022, 12)), compulsory=(months("2015-01", "2022-12"),))
    draft = replace(A1, case_type="FROM_COMPULSORY", si_number="7912345678", income=5_000_000)

    accepted = judge(draft, evidence=evidence)
    refused = judge(draft, evidence=evidence, from_month="2022-12")

    assert accepted.quote is not None
    assert accepted.quote.amount_participant == 1_067_000
    assert accepted.declaration is not None
    assert [fault.code for fault in refused.faults] == ["OVERLAP_COMPULSORY", "OVERLAP", "FROM_MONTH_PAST"]


def test_an_overlap_with_compulsory_names_the_month_and_the_next_free_one() -> None:
    evidence = Evidence(compulsory=(months("2023-03", "2023-03"),))

    result = judge(on="2023-03-01", method="M3", from_month="2023-03", evidence=evidence)

    assert faults(result) == [("from_month", "OVERLAP_COMPULSORY")]
    assert "03/2023" in result.faults[0].message
    assert "04/2023" in result.faults[0].message


def test_months_are_compared_even_when_their_number_is_unknown() -> None:
    history = History(covered=(months("2023-02", "2023-02"),))

    for method in (None, "M0", "MISSING"):
        result = judge(history=history, method=method, unreadable=frozenset({"method"} if method is None else ()))
        assert ("from_month", "OVERLAP") in faults(result)


def test_a_first_timer_with_a_book_keeps_its_number_and_gets_no_other() -> None:
    declaration = judge(evidence=Evidence(book=Book("7912345678"))).declaration
    assert declaration is not None
    assert (declaration.si_number, declaration.has_book) == ("7912345678", True)


def test_a_number_that_is_recorded_here_as_anothers_is_refused() -> None:
    taken = judge(si_number="7912345678", history=History(number_of_another=True))
    assert faults(taken) == [("si_number", "SI_NUMBER_MISMATCH")]
    own = judge(si_number="7912345678", history=History(si_number="7900000001"))
    assert faults(own) == [("si_number", "SI_NUMBER_MISMATCH")]
    assert faults(judge(si_number="7912345678", history=History(si_number="7912345678"))) == []


def test_the_number_must_be_that_of_the_book() -> None:
    result = judge(CONTINUE, evidence=Evidence(book=BOOK), si_number="7912345679")

    assert faults(result) == [("si_number", "SI_NUMBER_MISMATCH")]


# The registers.


@pytest.mark.parametrize(
    ("on_file", "fields"),
    (
        (ON_FILE, []),
        (replace(ON_FILE, full_name="nguyễn thị hòa"), []),
        (replace(ON_FILE, birth_date=BirthDate(1985)), []),
        (replace(ON_FILE, full_name="Nguyễn Thị Hoa"), ["full_name"]),
        (replace(ON_FILE, birth_date=BirthDate(1986, 5, 12)), ["birth_date"]),
        (replace(ON_FILE, birth_date=BirthDate(1985, 5, 13)), ["birth_date"]),
        (replace(ON_FILE, gender=Gender.MALE), ["gender"]),
        (replace(ON_FILE, province_code="01"), ["permanent_address.province_code"]),
        (replace(ON_FILE, commune_code="26735"), ["permanent_address.commune_code"]),
    ),
)
def test_a18_the_population_database_is_compared(on_file: PersonOnFile, fields: list[str]) -> None:
    result = judge(evidence=Evidence(person=on_file))

    assert faults(result) == [(field, "IDENTITY_MISMATCH") for field in fields]


def test_a18_gender_and_identifier_disagree() -> None:
    result = judge(personal_id="038093001234", birth_date="1993-04-04")

    assert faults(result) == [("personal_id", "PERSONAL_ID_GENDER")]


@pytest.mark.parametrize(
    ("category", "listing", "codes"),
    (
        ("POOR", None, ["NOT_ON_POOR_LIST"]),
        ("POOR", PoorListing("POOR", date(2023, 1, 1), date(2023, 12, 31)), []),
        ("POOR", PoorListing("POOR", date(2023, 1, 1)), []),
        ("POOR", PoorListing("POOR", date(2022, 1, 1), date(2023, 2, 5)), ["NOT_ON_POOR_LIST"]),
        ("POOR", PoorListing("POOR", date(2023, 2, 7)), ["NOT_ON_POOR_LIST"]),
        ("POOR", PoorListing("NEAR_POOR", date(2023, 1, 1)), ["NOT_ON_POOR_LIST"]),
        ("NEAR_POOR", PoorListing("NEAR_POOR", date(2023, 1, 1)), []),
        ("OTHER", None, []),
        ("ETHNIC_MINORITY", None, []),
    ),
)
def test_a3_the_poor_list_is_asked(category: str, listing: PoorListing | None, codes: list[str]) -> None:
    result = judge(evidence=Evidence(poor=(listing,) if listing else ()), support_category=category)

    assert [fault.code for fault in result.faults] == codes


def test_without_evidence_no_register_speaks() -> None:
    assert faults(judge(support_category="POOR")) == []


def test_supported_months_on_record_count_towards_the_cap() -> None:
    result = judge(method="M3", history=History(supported_months=119))

    assert result.quote is not None
    assert result.quote.supported_months == 1


def test_a14_the_minimum_of_the_payment_day_decides() -> None:
    address = OLD_ADDRESS

    before = judge(on="2021-12-10", from_month="2021-12", method="M12", income=1_000_000, permanent_address=address)
    after = judge(on="2022-12-10", from_month="2022-12", method="M12", income=1_000_000, permanent_address=address)

    assert before.quote is not None
    assert before.quote.amount_participant == 2_455_200
    assert faults(after) == [("income", "INCOME_BELOW_MIN")]


def test_a15_years_ahead_are_taken_online() -> None:
    result = judge(
        on="2026-08-03",
        from_month="2026-08",
        permanent_address=NEW_ADDRESS,
        method="AHEAD",
        months=60,
        income=3_000_000,
    )

    assert result.quote is not None
    assert result.quote.amount_participant == 32_236_296
    assert result.declaration is not None
    assert result.declaration.months == 60


@pytest.mark.parametrize(
    ("personal_id", "unreadable", "known"),
    (
        ("079185012345", frozenset(), True),
        ("079185012345", frozenset({"personal_id"}), False),
        ("07918501234", frozenset(), False),
        (None, frozenset(), False),
    ),
)
def test_registers_are_asked_about_a_well_formed_identifier_only(
    personal_id: str | None,
    unreadable: frozenset[str],
    known: bool,
) -> None:
    assert person_identifiable(DeclarationDraft(personal_id=personal_id), unreadable) is known


texts = st.none() | st.text(max_size=30)
addresses = st.none() | st.builds(AddressDraft, texts, texts, texts, texts | st.just("79"))
junk = st.builds(
    DeclarationDraft,
    national_code=texts,
    case_type=texts | st.sampled_from(CaseType),
    personal_id=texts | st.from_regex(r"[0-9]{12}", fullmatch=True),
    full_name=texts,
    birth_date=texts | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}", fullmatch=True),
    gender=texts | st.sampled_from(Gender),
    ethnicity=texts,
    nationality=texts | st.just("VN"),
    si_number=texts,
    phone=texts,
    email=texts,
    permanent_address=addresses,
    contact_address=addresses,
    support_category=texts | st.sampled_from(["POOR", "OTHER"]),
    support_proof_no=texts,
    income=st.none() | st.integers(),
    method=texts | st.sampled_from(["M1", "M12", "AHEAD", "LATE"]),
    from_month=texts | st.from_regex(r"[0-9]{4}-[0-9]{2}", fullmatch=True),
    months=st.none() | st.integers(),
    agency_code=texts,
    book_form=texts | st.sampled_from(BookForm),
    consent_version=texts,
)


@settings(max_examples=60, deadline=None)
@given(junk, st.sampled_from(["2023-02-06", "2025-07-01", "2026-08-03"]))
def test_anything_sent_is_judged_never_crashed_on(draft: DeclarationDraft, on: str) -> None:
    result = judge(
        draft, on=on, evidence=Evidence(person=ON_FILE, book=BOOK, compulsory=(months("2020-01", "2023-01"),))
    )

    assert (result.declaration is None) == bool(result.faults)
    listed = [(fault.field, fault.code) for fault in result.faults]
    assert len(listed) == len(set(listed))
