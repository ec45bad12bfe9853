"""Rows that were published after this version shipped, laid over the shipped data files.

A new row closes the open row before it; a correction takes the place of the row that starts on the same day.
Whether the tables are still whole is judged by `assemble`: a gap or an overlap is refused there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

from chalicelib.domain.errors import Fault, NotFound, Rejected

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies in the data files, and which further members its rows name."""

    file: str
    keyed_by: tuple[str, ...] = ()


CALENDAR = "holiday_calendar"

TABLES: Mapping[str, Place] = {
    "rural_poverty_line": Place("contribution"),
    "base_salary": Place("contribution"),
    "reference_level": Place("contribution"),
    "income_step": Place("contribution"),
    "income_ceiling_multiple": Place("contribution"),
    "contribution_rate": Place("contribution"),
    "support_rate": Place("support", ("category",)),
    "support_cap_months": Place("support"),
    "support_cap_counts_old_months": Place("support"),
    "local_support": Place("support", ("province", "category", "kind", "uniform_per_group")),
    "fund_monthly_rate": Place("methods"),
    "ahead_exponent_offset": Place("methods"),
    "ahead_support_mode": Place("methods"),
    "missing_limit_months": Place("methods"),
    "missing_support_mode": Place("methods"),
    "missing_lead_months": Place("methods"),
    "late_month_origin": Place("methods"),
    "late_support_mode": Place("methods"),
    "refund_first_month_rule": Place("methods"),
    "portal_methods": Place("methods"),
    "age_reference": Place("process"),
    "retirement_age": Place("process"),
    "from_month_horizon": Place("process"),
    "payment_hours": Place("process"),
    "park_hours": Place("process"),
    "watch_rules": Place("process"),
    "working_hours": Place("process"),
    "top_up_days": Place("process"),
    "amount_tolerance": Place("process"),
    "second_person_amount": Place("process"),
    "unit_code": Place("process"),
    "procedure_maximum": Place("process"),
    CALENDAR: Place("holidays"),
}
"""The tables that may be published without a deploy."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Rows for one table. `version` orders publications."""

    version: int
    table: str
    rows: tuple[Json, ...]
    correction: bool


def place_of(table: str) -> Place:
    """Raises `NotFound` (RULE_TABLE_UNKNOWN) for a table that can't be published."""
    place = TABLES.get(table)
    if place is None:
        raise NotFound("RULE_TABLE_UNKNOWN", "Không có bảng quy định mang tên này, hoặc bảng không được công bố riêng.")
    return place


def overlaid(files: Mapping[str, Json], publications: Iterable[Publication]) -> dict[str, Json]:
    """The data files with every publication laid over them, in order; the given files stay as they are.

    Raises:
        Rejected: RULE_EXISTS, RULE_NOT_FOUND or RULE_OVERLAP with the row's path.
    """
    changed: dict[str, Any] = dict(files)
    touched: set[str] = set()
    for publication in sorted(publications, key=lambda each: each.version):
        file = place_of(publication.table).file
        if file not in touched:
            changed[file] = copy.deepcopy(changed[file])
            touched.add(file)
        _lay(changed[file], publication)
    return changed


def rows_of(files: Mapping[str, Json], table: str) -> list[dict[str, Any]]:
    """Every row of a table as it stands in the data files, each with the members that key it."""
    place = place_of(table)
    content = files[place.file]
    if table == CALENDAR:
        return [dict(year) for year in content["years"]]
    if table == "support_rate":
        return [{"category": category, **row} for category, inner in content[table].items() for row in inner["rows"]]
    if table == "local_support":
        return [
            {**{name: entry[name] for name in place.keyed_by}, **row}
            for entry in content[table]
            for row in entry["rows"]
        ]
    return [dict(row) for row in content[table]["rows"]]


def _lay(content: Any, publication: Publication) -> None:
    if publication.table == CALENDAR:
        _lay_years(content, publication)
        return
    for index, row in enumerate(publication.rows):
        bare = {name: row[name] for name in ("from", "to", "value", "source")}
        _insert(_target(content, publication.table, row), bare, f"rows[{index}]", publication.correction)


def _target(content: Any, table: str, row: Json) -> list[dict[str, Any]]:
    """The rows that a new row goes among; a province's first local support opens a list of its own."""
    if table == "support_rate":
        inner = content[table].setdefault(row["category"], {"rows": []})
    elif table == "local_support":
        keyed = {name: row[name] for name in TABLES[table].keyed_by}
        entry = next((each for each in content[table] if all(each[name] == keyed[name] for name in keyed)), None)
        if entry is None:
            entry = {**keyed, "rows": []}
            content[table].append(entry)
        inner = entry
    else:
        inner = content[table]
    rows: list[dict[str, Any]] = inner["rows"]
    return rows


def _insert(rows: list[dict[str, Any]], row: dict[str, Any], path: str, correction: bool) -> None:
    same = next((index for index, each in enumerate(rows) if each["from"] == row["from"]), None)
    if same is not None:
        if not correction:
            raise Rejected([Fault(f"{path}.from", "RULE_EXISTS", "Đã có dòng bắt đầu từ ngày này.")])
        rows[same] = row
        return
    before = [each for each in rows if each["from"] < row["from"]]
    if before and before[-1]["to"] is None:
        before[-1]["to"] = (date.fromisoformat(row["from"]) - timedelta(days=1)).isoformat()
    rows.append(row)
    rows.sort(key=lambda each: str(each["from"]))


def _lay_years(content: Any, publication: Publication) -> None:
    years: list[dict[str, Any]] = content["years"]
    for index, row in enumerate(publication.rows):
        same = next((at for at, each in enumerate(years) if each["year"] == row["year"]), None)
        if same is None:
            years.append(dict(row))
        elif publication.correction:
            years[same] = dict(row)
        else:
            raise Rejected([Fault(f"rows[{index}].year", "RULE_EXISTS", "Lịch nghỉ của năm này đã có.")])
    years.sort(key=lambda each: int(each["year"]))
    content["version"] = f"{content['version'].partition('+')[0]}+{publication.version}"


def shape_faults(table: str, rows: Sequence[Json]) -> list[Fault]:
    """Members that rows of this table must have and lack, or have and must not."""
    place = place_of(table)
    wanted = (
        {"year", "days_off", "working_saturdays", "source"}
        if table == CALENDAR
        else {"from", "to", "value", "source", *place.keyed_by}
    )
    faults = [] if rows else [Fault("rows", "REQUIRED", "Dự thảo phải có ít nhất một dòng.")]
    for index, row in enumerate(rows):
        given = {name for name, value in row.items() if value is not None or name == "to"}
        faults += [
            Fault(f"rows[{index}].{name}", "REQUIRED", "Thiếu trường bắt buộc này.") for name in sorted(wanted - given)
        ]
        faults += [
            Fault(f"rows[{index}].{name}", "UNKNOWN_FIELD", "Bảng này không có trường này.")
            for name in sorted(given - wanted - {"to"})
        ]
    return faults


def first_day(table: str, row: Json, before: Sequence[Json] = ()) -> date:
    """The first day that a row changes anything; for a year of holidays, the first day whose kind differs."""
    if table != CALENDAR:
        return date.fromisoformat(row["from"])
    old = next((each for each in before if each["year"] == row["year"]), None)
    if old is None:
        return date(row["year"], 1, 1)
    changed = _kinds(old) ^ _kinds(row)
    return min((day for day, _ in changed), default=date(row["year"], 12, 31))


def _kinds(year: Json) -> set[tuple[date, str]]:
    """Every day of a year that is not what its weekday says, with its kind."""
    kinds = {(date.fromisoformat(swap["date"]), "WORKING") for swap in year["working_saturdays"]}
    for leave in year["days_off"]:
        day, last = date.fromisoformat(leave["from"]), date.fromisoformat(leave["to"])
        while day <= last:
            kinds.add((day, "OFF"))
            day += timedelta(days=1)
    return kinds


def calendar_differences(before: Sequence[Json], after: Sequence[Json]) -> list[tuple[date, str, str]]:
    """Days whose kind a publication changes: day, kind before, kind after (WEEKDAY where nothing special)."""
    old = dict(kind for year in before for kind in _kinds(year))
    new = dict(kind for year in after for kind in _kinds(year))
    days = sorted(day for day in old.keys() | new.keys() if old.get(day) != new.get(day))
    return [(day, old.get(day, "WEEKDAY"), new.get(day, "WEEKDAY")) for day in days]
