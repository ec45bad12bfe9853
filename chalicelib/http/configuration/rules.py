"""For publishers: the law's tables change without a deploy (drafted by one person, published by another).

The use cases are imported when the first such request comes: few do, and every cold start would pay for them.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint

from chalicelib.domain.errors import NotFound
from chalicelib.domain.months import instant_text
from chalicelib.wiring import wiring

from .. import query
from ..codes import KEY
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import rules as wire
from ..wire.base import Nothing, parse

if TYPE_CHECKING:
    from chalicelib.domain.configuration.publication import RuleChange

bp = Blueprint(__name__)

DRAFT_FILTERS: Final = (query.flag("dry_run", "true: chỉ xem trước, không lưu dự thảo."),)
TABLE_CODES: Final = ((404, "RULE_TABLE_UNKNOWN"),)
ROW_CODES: Final = (
    (422, "EFFECTIVE_NOT_IN_FUTURE"),
    (422, "RULE_EXISTS"),
    (422, "RULE_GAP"),
    (422, "RULE_OVERLAP"),
    (422, "RULE_INVALID"),
)


@operation(bp, "GET", "/v1/officer/rules/{table}", answer=wire.RulesTable, codes=TABLE_CODES)
def show_rules(request: Incoming, table: str) -> Reply:
    """Xem một bảng quy định: các dòng đang có hiệu lực, căn cứ, các lần dự thảo và công bố."""
    from chalicelib.usecases.configuration.publish_rules import view_rules

    view = view_rules(table, request.caller(), wiring())
    answer = wire.RulesTable(
        table=view.table, rows=tuple(map(dict, view.rows)), changes=tuple(map(_change, view.changes))
    )
    return Reply.of(answer)


@operation(
    bp,
    "PUT",
    "/v1/officer/rules/{table}",
    answer=wire.RulesDrafted,
    body=wire.RulesDraft,
    query=DRAFT_FILTERS,
    codes=(*TABLE_CODES, *ROW_CODES, (403, "PROVINCE_NOT_ALLOWED")),
)
def draft_table(request: Incoming, table: str) -> Reply:
    """Soạn dự thảo các dòng mới của một bảng quy định (vai trò publisher); người khác công bố.

    The answer shows what the rows would change: sample amounts, or days of the calendar.
    """
    from chalicelib.usecases.configuration.publish_rules import draft_rules

    body = request.json_object()
    dry_run = bool(query.read_query(request.query(), DRAFT_FILTERS)["dry_run"])
    form = parse(wire.RulesDraft, body)
    drafted = draft_rules(
        table,
        body["rows"],
        correction=form.correction,
        reason=form.reason,
        dry_run=dry_run,
        caller=request.caller(),
        w=wiring(),
    )
    preview = wire.RulesPreview(
        amounts=tuple(
            wire.AmountDifference(**{**asdict(each), "paid_on": each.paid_on.isoformat()})
            for each in drafted.preview.amounts
        ),
        days=tuple(
            wire.DayDifference.model_validate({"date": day.isoformat(), "before": before, "after": after})
            for day, before, after in drafted.preview.days
        ),
    )
    change = None if drafted.change is None else _change(drafted.change)
    return Reply.of(wire.RulesDrafted(change=change, preview=preview))


@operation(
    bp,
    "POST",
    "/v1/officer/rules/{table}/{version}/publication",
    answer=wire.RulesChange,
    body=Nothing,
    request_headers=("Idempotency-Key",),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *ROW_CODES,
        (403, "SECOND_PERSON_REQUIRED"),
        (404, "RULE_DRAFT_NOT_FOUND"),
        (409, "INVALID_TRANSITION"),
        *KEY,
    ),
)
def publish_table(request: Incoming, table: str, version: str) -> Reply:
    """Công bố một bản dự thảo; người công bố phải khác người soạn."""
    from chalicelib.usecases.configuration.publish_rules import publish_rules

    body = request.optional_json_object()
    parse(Nothing, body)
    if not (version.isascii() and version.isdigit() and len(version) <= 8):
        raise NotFound("RULE_DRAFT_NOT_FOUND", "Không có bản dự thảo này.")
    answer = publish_rules(
        table,
        int(version),
        idempotency=request.optional_idempotency(body),
        caller=request.caller(),
        present=lambda change: _change(change).model_dump_json(),
        w=wiring(),
    )
    return Reply.of_answer(answer)


def _change(change: RuleChange) -> wire.RulesChange:
    return wire.RulesChange.model_validate(
        {
            "table": change.table,
            "version": change.version,
            "state": change.state.value,
            "correction": change.correction,
            "reason": change.reason,
            "rows": tuple(json.loads(change.rows)),
            "drafted_by": change.drafted_by,
            "drafted_at": instant_text(change.drafted_at),
            "published_by": change.published_by,
            "published_at": None if change.published_at is None else instant_text(change.published_at),
        }
    )
