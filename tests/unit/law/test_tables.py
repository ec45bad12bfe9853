"""The dated tables: a gap, an overlap or a missing source is an error, and no day is guessed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import law
from chalicelib.domain.configuration.law import Row, Table
from chalicelib.domain.errors import NotConfigured

LAW = law.load()


def row(first: str, last: str | None, value: int = 1, source: str = "made up") -> Row[int]:
    return Row(date.fromisoformat(first), date.fromisoformat(last) if last else None, value, source)


@pytest.mark.parametrize(
    ("rows", "fault"),
    (
        ([row("2020-01-01", "2020-12-31"), row("2020-12-31", None)], "overlap"),
        ([row("2020-01-01", None), row("2021-01-01", None)], "overlap"),
        ([row("2020-01-01", "2020-12-31"), row("2021-01-02", None)], "no row between two others before"),
        ([row("2020-01-02", "2020-01-01")], "ends before"),
        ([row("2020-01-01", None, source="")], "no source"),
    ),
)
def test_a_table_that_is_not_whole_cannot_be_made(rows: list[Row[int]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Table("made_up", rows)


def test_rows_come_in_order_of_time() -> None:
    table = Table("made_up", [row("2021-01-01", None, 2), row("2020-01-01", "2020-12-31", 1)])

    assert [each.value for each in table.rows] == [1, 2]
    assert table.on(date(2020, 12, 31)).value == 1
    assert table.on(date(2021, 1, 1)).value == 2


def test_a_table_may_be_allowed_gaps_but_never_guesses() -> None:
    months = [row("2020-01-01", "2020-01-31"), row("2020-03-01", "2020-03-31")]
    table = Table("made_up", months, label="mức thử", gaps=True)

    for day in (date(2019, 12, 31), date(2020, 2, 1), date(2020, 4, 1)):
        assert table.find(day) is None
        with pytest.raises(NotConfigured, match="MADE_UP_NOT_CONFIGURED") as refused:
            table.on(day)
        assert refused.value.detail == f"Chưa có mức thử áp dụng cho ngày {day:%d/%m/%Y}."


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.integers(0, 3_000))
def test_the_row_of_a_day_holds_on_that_day(lengths: list[int], offset: int) -> None:
    rows, first = [], date(2016, 1, 1)
    for value, length in enumerate(lengths):
        rows.append(Row(first, first + timedelta(days=length - 1), value, "made up"))
        first += timedelta(days=length)
    day = date(2016, 1, 1) + timedelta(days=offset)

    found = Table("made_up", rows).find(day)

    assert found == next((each for each in rows if each.effective_from <= day <= (each.effective_to or day)), None)


def test_every_dated_row_of_the_law_names_its_source() -> None:
    tables = [getattr(LAW, field.name) for field in fields(LAW)]
    dated = [table for table in tables if isinstance(table, Table)]
    dated += [*LAW.support_rates.values(), *LAW.local_support.values()]

    assert len(dated) > 20
    assert all(each.source for table in dated for each in table.rows)


@pytest.mark.parametrize(
    ("table", "day", "value"),
    (
        ("contribution_rate", "2023-02-06", 22),
        ("income_step", "2023-02-06", 50_000),
        ("income_ceiling_multiple", "2023-02-06", 20),
        ("support_cap_months", "2023-02-06", 120),
        ("payment_hours", "2023-02-06", 24),
        ("park_hours", "2023-02-06", 24),
        ("amount_tolerance", "2023-02-06", 0),
        ("minimum_age", "2023-02-06", 15),
        ("age_reference", "2023-02-06", "FIRST_COVERED_MONTH"),
        ("unit_code", "2023-02-06", "000.00.{province}.G24"),
        ("fund_rate", "2017-06-01", "0.6583"),
        ("fund_rate", "2020-06-01", "0.4833"),
        ("fund_rate", "2026-06-01", "0.3100"),
        ("portal_methods", "2023-02-06", frozenset({"M1", "M3", "M6", "M12", "AHEAD"})),
        ("book_form_default", "2025-12-31", "REQUIRED"),
        ("book_form_default", "2026-01-01", "ELECTRONIC"),
        ("address_levels", "2025-06-30", 3),
        ("address_levels", "2025-07-01", 2),
    ),
)
def test_values_by_date(table: str, day: str, value: object) -> None:
    assert getattr(LAW, table).on(date.fromisoformat(day)).value == value


def test_the_national_procedure() -> None:
    procedure = LAW.procedure("79", date(2023, 2, 6))

    assert (procedure.limit_working_days, procedure.reminder_working_days, procedure.payment_hours) == (5, 1, 24)
    assert not procedure.automatic_issue
    assert procedure.source


def test_the_law_is_read_once() -> None:
    assert law.load() is LAW


Json = Any


def change(folder: Path, name: str, edit: Callable[[Json], object]) -> Path:
    """A copy of the law's files with one of them changed."""
    copy = folder / "data"
    shutil.copytree(law.DATA, copy)
    path = copy / f"{name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "edit", "fault"),
    (
        ("contribution", lambda c: c["rural_poverty_line"]["rows"].pop(1), "no row between two others before"),
        ("contribution", lambda c: c["base_salary"]["rows"][0].update({"value": 1.5}), "whole number"),
        ("contribution", lambda c: c["base_salary"]["rows"][0].update({"value": True}), "whole number"),
        ("contribution", lambda c: c["base_salary"]["rows"][0].update({"value": -1}), "whole number"),
        ("contribution", lambda c: c["base_salary"]["rows"][0].update({"source": ""}), "no source"),
        ("support", lambda c: c["support_rate"]["POOR"]["rows"][0].update({"to": "2018-01-01"}), "overlap"),
        ("support", lambda c: c["local_support"][0].update({"kind": "GIFT"}), "one of"),
        ("methods", lambda c: c["fund_monthly_rate"]["rows"][0].update({"value": "0.31"}), "four decimals"),
        ("methods", lambda c: c["fund_monthly_rate"]["rows"][0].update({"value": "-0.3100"}), "four decimals"),
        ("methods", lambda c: c["ahead_exponent_offset"]["rows"][0].update({"value": 2}), "one of"),
        ("process", lambda c: c["age_reference"]["rows"][0].update({"value": "BIRTHDAY"}), "one of"),
        ("provinces", lambda c: c["provinces"].append(c["provinces"][0]), "share the code"),
    ),
)
def test_files_that_are_not_whole_are_refused(
    tmp_path: Path, name: str, edit: Callable[[Json], object], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        law.read(change(tmp_path, name, edit))


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="rural_poverty_line"):
        law.read(change(tmp_path, "contribution", lambda content: content.pop("rural_poverty_line")))
