"""The law as data: reads the dated tables beside this file; a gap, an overlap or a missing source is an error here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.domain.configuration.calendar import WorkingCalendar
from chalicelib.domain.configuration.law import (
    Law,
    LocalSupport,
    PaymentMethod,
    RetirementAge,
    Row,
    Table,
    WorkingHours,
)
from chalicelib.domain.configuration.procedure import ESCALATION_LEVELS, DeadlineRules, Procedure, WatchRules
from chalicelib.domain.configuration.provinces import Province, Provinces
from chalicelib.domain.configuration.steps import LimitUnit, NationalMaximum, Step, StepRole
from chalicelib.domain.months import Month

T = TypeVar("T")
Json = Mapping[str, Any]

DATA = Path(__file__).parent / "data"
FILES = ("contribution", "support", "methods", "process", "holidays", "provinces")


@lru_cache(maxsize=1)
def load() -> Law:
    """The tables shipped with this version of the system, read once. Raises ValueError for a broken table."""
    return read(DATA)


def read(folder: Path) -> Law:
    """The tables of one folder. Raises ValueError (KeyError for a table not there) unless every table is whole."""
    return assemble(files(folder))


def files(folder: Path = DATA) -> dict[str, Json]:
    """The data files of a folder by name, as parsed JSON."""
    return {name: _file(folder, name) for name in FILES}


def assemble(content: Mapping[str, Json]) -> Law:
    """The law that these data files say.

    Raises:
        TableFault: a table overlaps itself, has a gap, or a row that makes no sense.
        ValueError, KeyError: a file is not of the right form.
    """
    contribution, support = content["contribution"], content["support"]
    methods, process, holidays = content["methods"], content["process"], content["holidays"]
    hours = _table(process, "working_hours", _hours)
    return Law(
        rural_poverty_line=_table(contribution, "rural_poverty_line", _whole),
        base_salary=_table(contribution, "base_salary", _whole),
        reference_level=_table(contribution, "reference_level", _whole),
        income_step=_table(contribution, "income_step", _whole),
        income_ceiling_multiple=_table(contribution, "income_ceiling_multiple", _whole),
        contribution_rate=_table(contribution, "contribution_rate", _whole),
        support_rates={
            category: Table("support_rate", _rows(table["rows"], _whole), label="mức hỗ trợ của Nhà nước")
            for category, table in support["support_rate"].items()
        },
        support_first_month=_table(support, "support_first_month", Month.parse),
        support_cap_months=_table(support, "support_cap_months", _whole),
        support_cap_counts_old_months=_table(support, "support_cap_counts_old_months", _yes_or_no),
        local_support={(entry["province"], entry["category"]): _local(entry) for entry in support["local_support"]},
        fund_rate=_fund_rate(methods),
        ahead_exponent_offset=_table(methods, "ahead_exponent_offset", _one_of(0, 1)),
        ahead_support_mode=_table(methods, "ahead_support_mode", _one_of("FLAT", "DISCOUNTED")),
        missing_limit_months=_table(methods, "missing_limit_months", _whole),
        missing_support_mode=_missing_support(methods),
        missing_lead_months=_table(methods, "missing_lead_months", _whole),
        late_month_origin=_table(methods, "late_month_origin", _one_of("AFTER_DUE_MONTH", "FIRST_MISSED_MONTH")),
        late_support_mode=_table(methods, "late_support_mode", _one_of("FLAT", "COMPOUNDED")),
        retirement_age=_table(process, "retirement_age", lambda v: RetirementAge(_whole(v["men"]), _whole(v["women"]))),
        pension_contribution_months=_table(process, "pension_contribution_months", _whole),
        refund_reasons=_table(methods, "refund_reasons", frozenset[str]),
        refund_first_month_rule=_table(methods, "refund_first_month_rule", _first_month_rule),
        payment_methods={entry["code"]: _method(entry) for entry in methods["payment_methods"]},
        portal_methods=_table(methods, "portal_methods", frozenset[str]),
        minimum_age=_table(process, "minimum_age", _whole),
        age_reference=_table(process, "age_reference", _one_of("DECLARATION_DATE", "FIRST_COVERED_MONTH")),
        pensioners_excluded=_table(process, "pensioners_excluded", _yes_or_no),
        suspended_contract_accepted=_table(process, "suspended_contract_accepted", _yes_or_no),
        from_month_horizon=_table(process, "from_month_horizon", _whole),
        address_levels=_table(process, "address_levels", _one_of(2, 3)),
        book_form_default=_table(process, "book_form_default", _one_of("REQUIRED", "ELECTRONIC", "PAPER")),
        payment_hours=_table(process, "payment_hours", _whole),
        park_hours=_table(process, "park_hours", _whole),
        top_up_days=_table(process, "top_up_days", _whole),
        amount_tolerance=_table(process, "amount_tolerance", _whole),
        second_person_amount=_table(process, "second_person_amount", _whole),
        working_hours=hours,
        unit_code=_table(process, "unit_code", str),
        national_procedure=_procedures(process),
        procedure_maximum=_table(process, "procedure_maximum", _maximum),
        watch_rules=_table(process, "watch_rules", _watch_rules),
        deadline_rules=_table(process, "deadline_rules", _deadline_rules),
        calendar=_calendar(holidays, hours),
        provinces=Provinces(map(_province, content["provinces"]["provinces"])),
    )


def _file(folder: Path, name: str) -> Json:
    content: Json = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return content


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _rows(rows: Iterable[Json], convert: Callable[[Any], T]) -> list[Row[T]]:
    return [Row(date.fromisoformat(row["from"]), _day(row["to"]), convert(row["value"]), row["source"]) for row in rows]


def _table(file: Json, name: str, convert: Callable[[Any], T]) -> Table[T]:
    return Table(name, _rows(file[name]["rows"], convert), label=file[name]["label"])


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"a whole number is expected, not {value!r}")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is expected, not {value!r}")
    return value


def _one_of(*choices: T) -> Callable[[T], T]:
    def convert(value: T) -> T:
        if value not in choices:
            raise ValueError(f"one of {choices} is expected, not {value!r}")
        return value

    return convert


def _fund_rate(methods: Json) -> Table[str]:
    """Rates the fund has not published, or that nobody has found, stay gaps."""

    def convert(value: str) -> str:
        whole, _, decimals = value.partition(".")
        if not (whole.isdecimal() and decimals.isdecimal() and len(decimals) == 4):
            raise ValueError(f"a rate has four decimals, not {value!r}")
        return value

    rates = methods["fund_monthly_rate"]
    rows = _rows(rates["rows"], convert)
    return Table("fund_monthly_rate", rows, label=rates["label"], gaps=True, code="RATE_NOT_CONFIGURED")


def _missing_support(methods: Json) -> Table[str]:
    """Whether NĐ 159/2025 gives support for missing years is not settled: no row from 2025-07-01 on."""
    mode = methods["missing_support_mode"]
    return Table(
        "missing_support_mode",
        _rows(mode["rows"], _one_of("COMPOUNDED_FIRST_K", "FLAT", "NONE")),
        label=mode["label"],
        gaps=True,
        code="MISSING_SUPPORT_NOT_CONFIGURED",
        advice=mode["advice"],
    )


def _first_month_rule(value: Json) -> Json:
    for rule in value.values():
        _one_of("EVENT_MONTH", "NEXT_MONTH")(rule)
    return value


def _local(entry: Json) -> Table[LocalSupport]:
    kind = _one_of("FIXED", "PERCENT")(entry["kind"])
    uniform = bool(entry["uniform_per_group"])
    rows = _rows(entry["rows"], lambda value: LocalSupport(kind, _whole(value), uniform))
    return Table("local_support", rows, label="mức hỗ trợ thêm của địa phương", gaps=True)


def _method(entry: Json) -> PaymentMethod:
    return PaymentMethod(
        code=entry["code"],
        name=entry["name"],
        months=tuple(entry["months"]),
        due_within_months=entry["due_within_months"],
        discounted=entry["discounted"],
        refundable=entry["refundable"],
    )


def _procedures(process: Json) -> Table[Procedure]:
    rows = []
    for row in _rows(process["national_procedure"]["rows"], dict):
        steps = tuple(_step(step) for step in row.value["steps"])
        value = {**row.value, "steps": steps, "effective_from": row.effective_from, "source": row.source}
        procedure = Procedure(**value)
        rows.append(Row(row.effective_from, row.effective_to, procedure, row.source))
    return Table("national_procedure", rows, label=process["national_procedure"]["label"])


def _step(value: Json) -> Step:
    return Step(**{**value, "role": StepRole(value["role"]), "limit_unit": LimitUnit(value["limit_unit"])})


def _maximum(value: Json) -> NationalMaximum:
    return NationalMaximum(_whole(value["working_days"]), _whole(value["hours_a_day"]))


def _deadline_rules(value: Json) -> DeadlineRules:
    levels = tuple(_whole(days) for days in value["escalation_working_days"])
    if list(levels) != sorted(set(levels)) or len(levels) > len(ESCALATION_LEVELS):
        raise ValueError(f"levels are told one after the other, not {levels!r}")
    return DeadlineRules(
        supplement_days=_whole(value["supplement_days"]),
        apology_warning_working_days=_whole(value["apology_warning_working_days"]),
        escalation_working_days=levels,
        intake_working_hours=_whole(value["intake_working_hours"]),
    )


def _hours(value: Json) -> WorkingHours:
    opening, closing = (time.fromisoformat(text) for text in value)
    if opening >= closing:
        raise ValueError(f"an office opens before it closes, not {value!r}")
    return WorkingHours(opening, closing)


def _watch_rules(value: Json) -> WatchRules:
    return WatchRules(**{name: _whole(number) for name, number in value.items()})


def _calendar(holidays: Json, hours: Table[WorkingHours]) -> WorkingCalendar:
    days_off: dict[date, str] = {}
    saturdays: dict[date, str] = {}
    for year in holidays["years"]:
        for leave in year["days_off"]:
            day, last = date.fromisoformat(leave["from"]), date.fromisoformat(leave["to"])
            while day <= last:
                days_off[day] = leave["why"]
                day += timedelta(days=1)
        saturdays |= {date.fromisoformat(swap["date"]): swap["why"] for swap in year["working_saturdays"]}
    return WorkingCalendar(
        days_off=days_off,
        working_saturdays=saturdays,
        years=frozenset(year["year"] for year in holidays["years"]),
        hours=tuple((row.effective_from, row.value.opening, row.value.closing) for row in hours.rows),
        version=holidays["version"],
    )


def _province(entry: Json) -> Province:
    return Province(
        code=entry["code"],
        name=entry["name"],
        unit_type=entry["unit_type"],
        valid_from=date.fromisoformat(entry["from"]),
        valid_to=_day(entry["to"]),
        predecessors=tuple(entry["predecessors"]),
        successors=tuple(entry["successors"]),
        birth_code=entry["birth_code"],
        source=entry["source"],
    )
