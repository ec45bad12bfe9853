"""Publishing configuration: drafted by one person, published by another, effective in the future or a correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from ..errors import Conflict, Fault, Forbidden


class PublicationState(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Rows for one table of the law, on their way from draft to publication.

    `rows` is the JSON text of the rows as given; `version` numbers the changes of all tables.
    """

    version: int
    table: str
    rows: str
    correction: bool
    reason: str
    drafted_by: str
    drafted_at: datetime
    state: PublicationState = PublicationState.DRAFT
    published_by: str | None = None
    published_at: datetime | None = None
    order: int | None = None
    """The how many-th publication it is: later ones are laid over earlier ones."""


def effective_faults(first_days: Sequence[date], *, correction: bool, today: date) -> list[Fault]:
    """Rows that reach into the past, or into today, though they are no correction."""
    if correction:
        return []
    return [
        Fault(f"rows[{index}].from", "EFFECTIVE_NOT_IN_FUTURE", "Chỉ được áp dụng từ ngày mai, trừ khi là đính chính.")
        for index, day in enumerate(first_days)
        if day <= today
    ]


def publish(change: RuleChange, *, by: str, at: datetime, order: int) -> RuleChange:
    """The published change.

    Raises:
        Conflict: INVALID_TRANSITION, it is no draft (any more).
        Forbidden: SECOND_PERSON_REQUIRED, whoever drafted it can't publish it.
    """
    if change.state is not PublicationState.DRAFT:
        raise Conflict("INVALID_TRANSITION", "Bản dự thảo này đã được công bố.", facts={"state": change.state})
    if by == change.drafted_by:
        raise Forbidden("SECOND_PERSON_REQUIRED", "Người công bố phải khác người soạn dự thảo.")
    return replace(change, state=PublicationState.PUBLISHED, published_by=by, published_at=at, order=order)
