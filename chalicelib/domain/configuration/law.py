"""Effective-dated tables of the law: every value has a first day, a last day and a source, and no day is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Generic, TypeVar

from ..errors import NotConfigured
from ..months import Month
from .calendar import WorkingCalendar
from .procedure import DeadlineRules, Procedure, WatchRules
from .provinces import Provinces
from .steps import NationalMaximum

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One value with the days it holds, both included; an open end is None. `source` names document or evidence."""

    effective_from: date
    effective_to: date | None
    value: T
    source: str

    def holds_on(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


class TableFault(ValueError):
    """A table that can't be: `code` is RULE_OVERLAP, RULE_GAP or RULE_INVALID, `day` where it shows."""

    def __init__(self, code: str, table: str, day: date, why: str) -> None:
        super().__init__(f"{table}: {why} ({day})")
        self.code = code
        self.table = table
        self.day = day


class Table(Generic[T]):
    """The rows of one parameter in order of time.

    Construction raises `TableFault` for rows that overlap, end before they start, or (unless `gaps`) leave a hole.
    `label` says in Vietnamese what is missing in a gap, `advice` where to turn to then; `code` is the stable code of
    that refusal.
    """

    __slots__ = ("_advice", "_code", "label", "name", "rows")

    def __init__(
        self,
        name: str,
        rows: Iterable[Row[T]],
        *,
        label: str = "quy định",
        gaps: bool = False,
        code: str | None = None,
        advice: str = "",
    ) -> None:
        self.name = name
        self.label = label
        self._advice = advice
        self.rows = tuple(sorted(rows, key=lambda row: row.effective_from))
        self._code = code or f"{name.upper()}_NOT_CONFIGURED"
        for row in self.rows:
            if row.effective_to is not None and row.effective_to < row.effective_from:
                raise TableFault("RULE_INVALID", name, row.effective_from, "a row ends before it starts")
            if not row.source:
                raise TableFault("RULE_INVALID", name, row.effective_from, "a row has no source")
        for earlier, later in zip(self.rows, self.rows[1:], strict=False):
            if earlier.effective_to is None or earlier.effective_to >= later.effective_from:
                raise TableFault("RULE_OVERLAP", name, later.effective_from, "rows overlap")
            if not gaps and earlier.effective_to + timedelta(days=1) != later.effective_from:
                raise TableFault("RULE_GAP", name, later.effective_from, "no row between two others before")

    def find(self, day: date) -> Row[T] | None:
        """The row of a day, None in a gap; for tables where no row means that nothing applies."""
        for row in reversed(self.rows):
            if row.effective_from <= day:
                return row if row.holds_on(day) else None
        return None

    def on(self, day: date) -> Row[T]:
        """The row of a day. Raises `NotConfigured` in a gap: a missing value is refused, never guessed."""
        row = self.find(day)
        if row is None:
            missing = f"Chưa có {self.label} áp dụng cho ngày {day:%d/%m/%Y}."
            raise NotConfigured(self._code, f"{missing} {self._advice}".strip())
        return row


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """How often one pays.

    `months` are the lengths one may choose, in months; `due_within_months` n means payment by the last day of the
    n-th covered month, None at registration.
    """

    code: str
    name: str
    months: tuple[int, ...]
    due_within_months: int | None
    discounted: bool
    """Paid for years ahead: discounted by the fund's rate (formula T1)."""
    refundable: bool
    """Whether the months left are paid back in the cases of NĐ 159/2025 Art. 8."""

    @property
    def at_counter_only(self) -> bool:
        """Whether its months depend on the person's case, so that an officer must look (MISSING, LATE)."""
        return not self.months


@dataclass(frozen=True, slots=True)
class LocalSupport:
    """What a province adds for one category, a month: a fixed amount in VND, or a percentage of 22% of the line."""

    kind: str
    """FIXED or PERCENT."""
    value: int
    uniform_per_group: bool
    """One equal level for everyone of the group in the province: the condition for registering online (QĐ 49)."""


@dataclass(frozen=True, slots=True)
class RetirementAge:
    """In months of age (NĐ 135/2020/NĐ-CP Art. 4)."""

    men: int
    women: int


@dataclass(frozen=True, slots=True)
class WorkingHours:
    opening: time
    closing: time


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Law:
    """Every dated table this system decides by. Amounts in VND, rates in percent."""

    rural_poverty_line: Table[int]
    base_salary: Table[int]
    reference_level: Table[int]
    """Takes the place of `base_salary` from its first row on (Luật 41/2024/QH15 Art. 7)."""
    income_step: Table[int]
    """Steps of the chosen income above the poverty line; 0 is free choice."""
    income_ceiling_multiple: Table[int]
    contribution_rate: Table[int]
    support_rates: Mapping[str, Table[int]]
    """By support category."""
    support_first_month: Table[Month]
    """No month before it is supported."""
    support_cap_months: Table[int]
    support_cap_counts_old_months: Table[bool]
    """Whether months supported under NĐ 134/2015 count towards the cap of NĐ 159/2025."""
    local_support: Mapping[tuple[str, str], Table[LocalSupport]]
    """By province code and support category; no row is no local support."""
    fund_rate: Table[str]
    """Percent a month with four decimals, by payment year; RATE_NOT_CONFIGURED where unpublished or unknown."""
    ahead_exponent_offset: Table[int]
    ahead_support_mode: Table[str]
    """FLAT or DISCOUNTED."""
    missing_limit_months: Table[int]
    missing_support_mode: Table[str]
    """COMPOUNDED_FIRST_K, FLAT or NONE; a gap means that an officer must settle it."""
    missing_lead_months: Table[int]
    """How many months before the month of retirement age one may pay for missing years."""
    late_month_origin: Table[str]
    """AFTER_DUE_MONTH or FIRST_MISSED_MONTH: which month is the first with interest."""
    late_support_mode: Table[str]
    """FLAT or COMPOUNDED."""
    retirement_age: Table[RetirementAge]
    pension_contribution_months: Table[int]
    """Months of contribution that a pension takes."""
    refund_reasons: Table[frozenset[str]]
    refund_first_month_rule: Table[Mapping[str, str]]
    """By reason: EVENT_MONTH or NEXT_MONTH is the first month that is paid back."""
    payment_methods: Mapping[str, PaymentMethod]
    portal_methods: Table[frozenset[str]]
    minimum_age: Table[int]
    age_reference: Table[str]
    """DECLARATION_DATE or FIRST_COVERED_MONTH."""
    pensioners_excluded: Table[bool]
    suspended_contract_accepted: Table[bool]
    """Whether a worker may join for the months in which the contract is suspended."""
    from_month_horizon: Table[int]
    """How many months ahead a registration may start."""
    address_levels: Table[int]
    """3 with districts, 2 without."""
    book_form_default: Table[str]
    """The form of book when none is asked for; REQUIRED where the choice must be made."""
    payment_hours: Table[int]
    park_hours: Table[int]
    top_up_days: Table[int]
    """Working days in which money that is missing may follow."""
    amount_tolerance: Table[int]
    second_person_amount: Table[int]
    """Above this a second person approves what the first would do with a voucher (VND)."""
    working_hours: Table[WorkingHours]
    unit_code: Table[str]
    """Pattern with `{province}` of the unit code in a dossier code."""
    national_procedure: Table[Procedure]
    """What holds where a province has published no procedure of its own."""
    procedure_maximum: Table[NationalMaximum]
    deadline_rules: Table[DeadlineRules]
    watch_rules: Table[WatchRules]
    calendar: WorkingCalendar
    provinces: Provinces

    def income_ceiling_base(self, day: date) -> Table[int]:
        """The table whose row, times the multiple, is the highest income of a day."""
        return self.reference_level if self.reference_level.rows[0].effective_from <= day else self.base_salary

    def procedure(self, province_code: str, day: date) -> Procedure:
        """The national default: what a dossier starts with where its province has no procedure of its own.

        What provinces publish is no law and lies in the table (`chalicelib/procedurebook.py`). Raises `NotConfigured`.
        """
        return self.national_procedure.on(day).value
