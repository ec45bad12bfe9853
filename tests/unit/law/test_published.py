"""Published rows laid over the shipped files: the open row closes, a correction replaces, files stay as they are."""

from __future__ import annotations

import copy
from datetime import date, datetime
from typing import Any

import pytest

from chalicelib import law
from chalicelib.domain.errors import NotFound, Rejected
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import due_date
from chalicelib.law.published import (
    TABLES,
    Publication,
    calendar_differences,
    first_day,
    overlaid,
    rows_of,
    shape_faults,
)


def row(first: str, last: str | None, value: Any, **more: Any) -> dict[str, Any]:
    return {"from": first, "to": last, "value": value, "source": "Văn bản mới", **more}


def with_rows(table: str, *rows: dict[str, Any], correction: bool = False) -> dict[str, Any]:
    return dict(overlaid(law.files(), [Publication(1, table, rows, correction)]))


def test_a_new_row_closes_the_open_one_and_leaves_the_files_alone() -> None:
    shipped = law.files()
    before = copy.deepcopy(shipped)
    after = law.assemble(overlaid(shipped, [Publication(1, "income_step", (row("2027-01-01", None, 100_000),), False)]))
    assert after.income_step.on(date(2026, 12, 31)).value == 50_000
    assert after.income_step.on(date(2027, 1, 1)).value == 100_000
    assert shipped == before


def test_later_publications_lie_over_earlier_ones() -> None:
    first = Publication(1, "income_step", (row("2027-01-01", None, 100_000),), False)
    second = Publication(2, "income_step", (row("2027-01-01", None, 200_000),), True)
    after = law.assemble(overlaid(law.files(), [second, first]))
    assert after.income_step.on(date(2027, 6, 1)).value == 200_000


def test_every_publishable_table_lies_where_it_is_said_to_lie() -> None:
    files = law.files()
    for table in TABLES:
        rows = rows_of(files, table)
        assert rows, table
        assert shape_faults(table, rows) == [], table


def test_support_of_one_category_changes_alone() -> None:
    after = law.assemble(with_rows("support_rate", row("2027-01-01", None, 60, category="POOR")))
    assert after.support_rates["POOR"].on(date(2027, 1, 1)).value == 60
    assert after.support_rates["OTHER"].on(date(2027, 1, 1)).value == 20


def test_a_province_gets_its_first_local_support_and_another_its_next() -> None:
    keyed = {"category": "OTHER", "kind": "FIXED", "uniform_per_group": True}
    rows = (
        row("2027-01-01", None, 40_000, province="79", **keyed),
        row("2027-01-01", "2027-12-31", 70_000, province="01", **keyed),
    )
    after = law.assemble(with_rows("local_support", *rows))
    assert after.local_support["79", "OTHER"].on(date(2027, 1, 1)).value.value == 40_000
    assert after.local_support["01", "OTHER"].on(date(2026, 6, 1)).value.value == 66_000
    assert after.local_support["01", "OTHER"].on(date(2027, 6, 1)).value.value == 70_000


def test_a_row_that_stands_is_not_replaced_without_a_correction() -> None:
    with pytest.raises(Rejected) as refused:
        with_rows("base_salary", row("2026-07-01", None, 2_600_000))
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("rows[0].from", "RULE_EXISTS")]


def test_a_table_that_is_not_published_this_way_is_not_found() -> None:
    with pytest.raises(NotFound):
        with_rows("provinces", row("2027-01-01", None, 1))


YEAR = {
    "year": 2027,
    "source": "Thông báo",
    "days_off": [{"from": "2027-02-05", "to": "2027-02-06", "why": "Tết"}],
    "working_saturdays": [{"date": "2027-02-20", "why": "làm bù"}],
}


def test_a_new_year_of_holidays_opens_the_calendar() -> None:
    after = law.assemble(with_rows("holiday_calendar", YEAR)).calendar
    assert not after.is_working_day(date(2027, 2, 5))
    assert after.is_working_day(date(2027, 2, 20))
    assert after.version.endswith("+1")


def test_a_year_that_is_there_is_only_corrected() -> None:
    with pytest.raises(Rejected) as refused:
        with_rows("holiday_calendar", {**YEAR, "year": 2026})
    assert refused.value.code == "RULE_EXISTS"
    files = with_rows("holiday_calendar", {**YEAR, "year": 2026}, correction=True)
    assert [each["year"] for each in files["holidays"]["years"]] == [2023, 2024, 2025, 2026]


def test_the_first_day_of_a_row_is_the_first_that_changes() -> None:
    assert first_day("income_step", row("2027-01-01", None, 1)) == date(2027, 1, 1)
    assert first_day("holiday_calendar", YEAR) == date(2027, 1, 1)
    later = {**YEAR, "days_off": [*YEAR["days_off"], {"from": "2027-09-02", "to": "2027-09-02", "why": "Quốc khánh"}]}  # type: ignore[misc]
    assert first_day("holiday_calendar", later, [YEAR]) == date(2027, 9, 2)
    assert first_day("holiday_calendar", YEAR, [YEAR]) == date(2027, 12, 31)


def test_the_days_that_a_notice_changes_are_told() -> None:
    assert calendar_differences([], [YEAR]) == [
        (date(2027, 2, 5), "WEEKDAY", "OFF"),
        (date(2027, 2, 6), "WEEKDAY", "OFF"),
        (date(2027, 2, 20), "WEEKDAY", "WORKING"),
    ]


def test_rows_of_the_wrong_shape_are_told_field_by_field() -> None:
    faults = shape_faults("support_rate", [row("2027-01-01", None, 1, province="79")])
    assert [(fault.field, fault.code) for fault in faults] == [
        ("rows[0].category", "REQUIRED"),
        ("rows[0].province", "UNKNOWN_FIELD"),
    ]
    assert [(fault.field, fault.code) for fault in shape_faults("income_step", [])] == [("rows", "REQUIRED")]


def test_other_hours_of_work_hold_from_their_first_day() -> None:
    after = law.assemble(with_rows("working_hours", row("2026-12-01", None, ["07:30", "16:30"]))).calendar
    assert (after.opens(date(2026, 11, 30)).hour, after.closes(date(2026, 11, 30)).hour) == (8, 17)
    assert after.opens(date(2026, 12, 1)).strftime("%H:%M") == "07:30"
    assert after.closes(date(2026, 12, 1)).strftime("%H:%M") == "16:30"
    # Earlier than the first row its hours hold: no dossier is that old.
    assert after.closes(date(2015, 6, 1)).hour == 17
    # A dossier received the day before is due by the hours of its due day.
    received = datetime(2026, 11, 30, 9, tzinfo=VIETNAM)
    assert due_date(received, 1, after).due_at == datetime(2026, 12, 1, 16, 30, tzinfo=VIETNAM)


@pytest.mark.parametrize("hours", (["17:00", "08:00"], ["08:00"], ["8", "17"]))
def test_hours_that_are_none_are_refused(hours: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        law.assemble(with_rows("working_hours", row("2026-12-01", None, hours)))
