"""Provinces by date: domain rule 8 and scenario A19."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.domain.configuration.provinces import Province, Provinces
from chalicelib.law import load

PROVINCES = load().provinces
LAST_OLD_DAY, FIRST_NEW_DAY = date(2025, 6, 30), date(2025, 7, 1)

MERGERS = (
    "02,08->08; 10,15->15; 06,19->19; 17,25,26->25; 24,27->24; 33,34->33; 30,31->31; 35,36,37->37; 44,45->44; "
    "48,49->48; 51,62->51; 52,64->52; 56,58->56; 60,67,68->68; 54,66->66; 74,77,79->79; 70,75->75; 72,80->80; "
    "92,93,94->92; 83,84,86->86; 82,87->82; 95,96->96; 89,91->91"
)
UNCHANGED = ["01", "04", "11", "12", "14", "20", "22", "38", "40", "42", "46"]


def name(code: str, day: date) -> str:
    province = PROVINCES.get(code, day)
    assert province is not None
    return province.name


def test_sixty_three_become_thirty_four() -> None:
    assert len(PROVINCES.on(date(2023, 2, 6))) == 63
    assert len(PROVINCES.on(LAST_OLD_DAY)) == 63
    assert len(PROVINCES.on(FIRST_NEW_DAY)) == 34
    assert PROVINCES.on(date(2008, 7, 31)) == ()
    codes = [province.code for province in PROVINCES.on(FIRST_NEW_DAY)]
    assert codes == sorted(set(codes))


@pytest.mark.parametrize("merger", MERGERS.split("; "))
def test_mergers(merger: str) -> None:
    old, new = merger.split("->")
    members = old.split(",")

    successor = PROVINCES.get(new, FIRST_NEW_DAY)

    assert successor is not None
    assert sorted(successor.predecessors) == members
    for member in members:
        former = PROVINCES.get(member, LAST_OLD_DAY)
        assert former is not None
        assert former.successors == (new,)
        if member != new:
            assert PROVINCES.get(member, FIRST_NEW_DAY) is None or member in CHANGED_OWNER


@pytest.mark.parametrize("code", UNCHANGED)
def test_eleven_stay_as_they_are(code: str) -> None:
    after = PROVINCES.get(code, FIRST_NEW_DAY)

    assert after is not None
    assert after.predecessors == (code,)
    assert name(code, LAST_OLD_DAY) == after.name


CHANGED_OWNER = {
    "15": ("Yên Bái", "Lào Cai"),
    "24": ("Bắc Giang", "Bắc Ninh"),
    "44": ("Quảng Bình", "Quảng Trị"),
    "52": ("Bình Định", "Gia Lai"),
    "80": ("Long An", "Tây Ninh"),
    "82": ("Tiền Giang", "Đồng Tháp"),
    "91": ("Kiên Giang", "An Giang"),
}


@pytest.mark.parametrize(("code", "names"), CHANGED_OWNER.items())
def test_a19_seven_codes_changed_their_owner(code: str, names: tuple[str, str]) -> None:
    assert (name(code, LAST_OLD_DAY), name(code, FIRST_NEW_DAY)) == names
    assert name(code, date(2023, 2, 1)) == names[0]


def test_no_other_code_changed_its_owner() -> None:
    changed = {
        province.code
        for province in PROVINCES.on(LAST_OLD_DAY)
        if (after := PROVINCES.get(province.code, FIRST_NEW_DAY)) is not None and after.name != province.name
    }

    assert changed == set(CHANGED_OWNER)


def test_hue_became_a_city_half_a_year_earlier() -> None:
    assert name("46", date(2024, 12, 31)) == "Thừa Thiên Huế"
    assert name("46", date(2025, 1, 1)) == "Huế"


@pytest.mark.parametrize(
    ("code", "opened", "day", "works"),
    (
        ("74", "2025-06-27", "2025-06-30", "74"),
        ("74", "2025-06-27", "2025-07-01", "79"),
        ("24", "2025-06-27", "2025-07-01", "24"),
        ("27", "2025-06-27", "2025-08-01", "24"),
        ("46", "2024-06-27", "2025-08-01", "46"),
        ("24", "2025-08-01", "2026-08-01", "24"),
    ),
)
def test_a_merged_province_hands_its_work_over(code: str, opened: str, day: str, works: str) -> None:
    assert PROVINCES.working_code(code, date.fromisoformat(opened), date.fromisoformat(day)) == works


def test_an_unknown_province_works_on_nothing() -> None:
    with pytest.raises(KeyError):
        PROVINCES.working_code("99", LAST_OLD_DAY, FIRST_NEW_DAY)


def test_every_code_of_every_time_is_known() -> None:
    assert PROVINCES.codes() == {province.code for province in PROVINCES.on(LAST_OLD_DAY)}


def test_birth_codes_keep_the_old_provinces() -> None:
    assert len(PROVINCES.birth_codes) == 63
    assert {"001", "079", "074"} <= PROVINCES.birth_codes


ALPHA = Province("01", "Một", "tỉnh", date(2000, 1, 1), date(2009, 12, 31), (), ("01",), None, "made up")


@pytest.mark.parametrize(("last", "next_first"), ((None, date(2010, 1, 1)), (date(2010, 1, 1), date(2010, 1, 1))))
def test_one_code_means_one_province_on_a_day(last: date | None, next_first: date) -> None:
    with pytest.raises(ValueError, match="share the code 01"):
        Provinces([replace(ALPHA, valid_from=next_first, valid_to=None), replace(ALPHA, valid_to=last)])


def test_every_successor_stands_on_the_day_after() -> None:
    for province in PROVINCES.on(LAST_OLD_DAY):
        for successor in province.successors:
            after = PROVINCES.get(successor, FIRST_NEW_DAY)
            assert after is not None
            assert province.code in after.predecessors


def test_every_row_names_its_source() -> None:
    assert all(province.source for day in (LAST_OLD_DAY, FIRST_NEW_DAY) for province in PROVINCES.on(day))


FIRST_KNOWN_DAY = date(2008, 8, 1)
known_days = st.dates(FIRST_KNOWN_DAY, date(2035, 12, 31))


@given(day=known_days)
def test_the_history_is_total_and_without_overlap(day: date) -> None:
    """On every day each code means one province at most, and every province of the day before is worked by one."""
    standing = PROVINCES.on(day)

    assert len({province.code for province in standing}) == len(standing) == (63 if day <= LAST_OLD_DAY else 34)
    for province in PROVINCES.on(max(day - timedelta(days=1), FIRST_KNOWN_DAY)):
        successor = PROVINCES.get(PROVINCES.working_code(province.code, province.valid_from, day), day)
        assert successor in standing


@given(opened=known_days, later=st.integers(0, 4_000), code=st.sampled_from(sorted(PROVINCES.codes())))
def test_every_dossier_is_worked_by_a_province_of_the_day(opened: date, later: int, code: str) -> None:
    assume(PROVINCES.get(code, opened) is not None)
    day = opened + timedelta(days=later)

    working = PROVINCES.working_code(code, opened, day)

    assert PROVINCES.get(working, day) is not None
    if day <= LAST_OLD_DAY:
        assert working == code


def test_no_territory_is_lost_or_given_twice() -> None:
    """Every old province is the predecessor of exactly one new one, and its successor is that one."""
    predecessors = [code for province in PROVINCES.on(FIRST_NEW_DAY) for code in province.predecessors]

    assert sorted(predecessors) == sorted(province.code for province in PROVINCES.on(LAST_OLD_DAY))
    for new in PROVINCES.on(FIRST_NEW_DAY):
        for code in new.predecessors:
            old = PROVINCES.get(code, LAST_OLD_DAY)
            assert old is not None
            assert old.successors == (new.code,)


def test_a19_one_code_by_date_and_a_report_of_the_past() -> None:
    assert name("24", date(2025, 6, 30)) == "Bắc Giang"
    assert name("24", date(2025, 7, 1)) == "Bắc Ninh"
    assert name("24", date(2023, 12, 31)) == "Bắc Giang"
    assert PROVINCES.working_code("24", date(2025, 6, 27), date(2025, 7, 1)) == "24"
    assert PROVINCES.working_code("27", date(2025, 6, 27), date(2025, 7, 1)) == "24"


def test_a_dossier_of_binh_duong_is_shown_there_and_worked_in_ho_chi_minh_city() -> None:
    opened = date(2025, 6, 27)

    assert name("74", opened) == "Bình Dương"
    assert name(PROVINCES.working_code("74", opened, FIRST_NEW_DAY), FIRST_NEW_DAY) == "Thành phố Hồ Chí Minh"


SUCCESSORS = {
    code: merger.split("->")[1] for merger in MERGERS.split("; ") for code in merger.split("->")[0].split(",")
}
"""Old codes that merged, with the code that works for them."""


@pytest.mark.parametrize("code", sorted(province.code for province in PROVINCES.on(LAST_OLD_DAY)))
def test_each_of_the_sixty_three_is_worked_by_its_successor(code: str) -> None:
    assert PROVINCES.working_code(code, LAST_OLD_DAY, FIRST_NEW_DAY) == SUCCESSORS.get(code, code)
    assert (code in SUCCESSORS) is (code not in UNCHANGED)


@pytest.mark.parametrize(
    ("code", "day", "handed"),
    (
        ("24", "2025-06-30", {"24"}),
        ("24", "2025-07-01", {"24", "27"}),
        ("79", "2025-06-30", {"79"}),
        ("79", "2025-07-01", {"74", "77", "79"}),
        ("74", "2025-07-01", {"74"}),
        ("01", "2025-07-01", {"01"}),
        ("01", "2007-01-01", {"01"}),
        ("99", "2025-07-01", {"99"}),
    ),
)
def test_a19_the_queue_of_a_merged_province_is_handed_over(code: str, day: str, handed: set[str]) -> None:
    assert PROVINCES.handed_to(code, date.fromisoformat(day)) == handed


def test_every_queue_is_handed_to_exactly_one_province() -> None:
    handed = [
        code for province in PROVINCES.on(FIRST_NEW_DAY) for code in PROVINCES.handed_to(province.code, FIRST_NEW_DAY)
    ]

    assert sorted(handed) == sorted(PROVINCES.codes())
