"""Changes of the law's tables as items."""

from __future__ import annotations

from ...domain.configuration.publication import PublicationState, RuleChange
from ...domain.months import instant_text
from ..codec import Value
from ..table import Stored
from .fields import instant, maybe, number, present, text


def change_item(change: RuleChange) -> dict[str, Value]:
    return present(
        {
            "version": change.version,
            "table": change.table,
            "rows": change.rows,
            "correction": change.correction,
            "reason": change.reason,
            "drafted_by": change.drafted_by,
            "drafted_at": instant_text(change.drafted_at),
            "state": change.state,
            "published_by": change.published_by,
            "published_at": None if change.published_at is None else instant_text(change.published_at),
            "order": change.order,
        }
    )


def change_from(item: Stored) -> RuleChange:
    drafted = instant(item, "drafted_at")
    if drafted is None:
        raise TypeError("a change has no time of its draft")
    return RuleChange(
        version=number(item, "version"),
        table=text(item, "table"),
        rows=text(item, "rows"),
        correction=bool(item["correction"]),
        reason=text(item, "reason"),
        drafted_by=text(item, "drafted_by"),
        drafted_at=drafted,
        state=PublicationState(text(item, "state")),
        published_by=maybe(item, "published_by"),
        published_at=instant(item, "published_at"),
        order=None if item.get("order") is None else number(item, "order"),
    )
