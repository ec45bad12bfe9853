"""What is on record of a person: months paid for, supported months, the SI number, open dossiers.

No two active periods of one person share a month; the record's version guards that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..copies import replace
from ..months import MonthSpan
from .evidence import History


class PeriodStatus(StrEnum):
    ACTIVE = "ACTIVE"
    VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True)
class ParticipationPeriod:
    """A recorded run of months (quá trình tham gia). Amounts in VND for the whole period."""

    person: str
    span: MonthSpan
    income: int
    method: str
    support_category: str
    amount_gross: int
    amount_participant: int
    amount_state: int
    amount_local: int
    supported_months: int
    dossier_code: str
    voucher_id: str
    recorded_at: datetime
    status: PeriodStatus = PeriodStatus.ACTIVE
    number: int = 1
    """Which period of its dossier it is; a correction voids one and adds the next."""
    voucher_ids: tuple[str, ...] = ()
    """Every voucher that pays for it, where it is more than one; `voucher_id` is the last of them."""
    void_reason: str | None = None
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """The head of a person's ledger. `version` 0 means: nothing stored yet."""

    person: str
    version: int = 0
    si_number: str | None = None
    covered: tuple[MonthSpan, ...] = ()
    """Paid months, ascending and merged."""
    supported_months: int = 0
    open_dossiers: Mapping[str, MonthSpan] = field(default_factory=dict)
    """Open dossiers with their months: the guard against declaring the same months twice."""
    cover_id: str | None = None
    """The person's one cover that is not revoked."""

    @property
    def history(self) -> History:
        return History(covered=self.covered, supported_months=self.supported_months, si_number=self.si_number)

    def open_dossier_over(self, span: MonthSpan) -> str | None:
        """The code of an open dossier that shares a month with this span."""
        return next((code for code, months in self.open_dossiers.items() if months.overlaps(span)), None)

    def covers_any_of(self, span: MonthSpan) -> bool:
        return any(paid.overlaps(span) for paid in self.covered)

    def with_open(self, code: str, span: MonthSpan) -> PersonRecord:
        return replace(self, version=self.version + 1, open_dossiers={**self.open_dossiers, code: span})

    def without_open(self, code: str) -> PersonRecord:
        rest = {other: span for other, span in self.open_dossiers.items() if other != code}
        return replace(self, version=self.version + 1, open_dossiers=rest)

    def ended(self, code: str, *, revoked_cover: str | None) -> PersonRecord:
        """A dossier has ended without a result: its months may be declared again unless they are recorded."""
        rest = self.without_open(code)
        return replace(rest, cover_id=None) if revoked_cover is not None and rest.cover_id == revoked_cover else rest

    def with_cover(self, cover_id: str | None) -> PersonRecord:
        """Another cover is the live one; None: there is none any more."""
        return replace(self, version=self.version + 1, cover_id=cover_id)

    def with_period(self, period: ParticipationPeriod, *, si_number: str | None, cover_id: str | None) -> PersonRecord:
        """The record once a period is paid. Raises ValueError for months that are paid already."""
        if self.covers_any_of(period.span):
            raise ValueError("months are recorded already")
        return replace(
            self,
            version=self.version + 1,
            covered=merged((*self.covered, period.span)),
            supported_months=self.supported_months + period.supported_months,
            si_number=si_number or self.si_number,
            cover_id=cover_id or self.cover_id,
        )

    def without_period(
        self, span: MonthSpan, supported_months: int, *, revoked_covers: Collection[str]
    ) -> PersonRecord:
        """The record once a period is void: its months are free, its supported months may be used again."""
        return replace(
            self,
            version=self.version + 1,
            covered=tuple(left for paid in self.covered for left in less(paid, span)),
            supported_months=max(0, self.supported_months - supported_months),
            cover_id=None if self.cover_id in revoked_covers else self.cover_id,
        )


def less(span: MonthSpan, taken: MonthSpan) -> tuple[MonthSpan, ...]:
    """What is left of a span: nothing, one part or two."""
    if not span.overlaps(taken):
        return (span,)
    before = (MonthSpan(span.first, taken.first.plus(-1)),) if span.first < taken.first else ()
    after = (MonthSpan(taken.last.plus(1), span.last),) if taken.last < span.last else ()
    return before + after


def merged(spans: Iterable[MonthSpan]) -> tuple[MonthSpan, ...]:
    """The same months in ascending order, neighbours joined."""
    result: list[MonthSpan] = []
    for span in sorted(spans):
        if result and span.first.ordinal <= result[-1].last.ordinal + 1:
            result[-1] = MonthSpan(result[-1].first, max(result[-1].last, span.last))
        else:
            result.append(span)
    return tuple(result)


def new_si_number(person: str, province_code: str, attempt: int) -> str:
    """A candidate for a new 10-digit SI number: province code and 8 digits (domain rule 6.4).

    Derived from the keyed hash of the person, so that a repeated attempt to record one voucher asks
    for the same number; a number that another person holds is passed over by the next `attempt`.
    """
    digest = hashlib.sha256(f"si/{person}/{attempt}".encode()).digest()
    return f"{province_code}{int.from_bytes(digest[:8]) % 100_000_000:08d}"
