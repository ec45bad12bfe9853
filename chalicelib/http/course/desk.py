"""The officers' desk: who works on what, and one action on many covers or dossiers (contract 4).

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from chalicelib.domain.access import OFFICERS, Role
from chalicelib.domain.course.tally import Standing
from chalicelib.domain.errors import Fault, Rejected
from chalicelib.domain.months import instant_text
from chalicelib.wiring import wiring

from .. import present, query
from ..codes import KEY
from ..incoming import Incoming
from ..operations import Reply, operation
from ..problems import status_of
from ..wire import desk as wire
from ..wire.answers import CoverDecision
from ..wire.base import join, parse

if TYPE_CHECKING:
    from chalicelib.domain.registration.dossier import Dossier
    from chalicelib.usecases.answers import Answer
    from chalicelib.usecases.course.bulk import Result
    from chalicelib.usecases.course.statistics import Figures

bp = Blueprint(__name__)

PERIOD: Final = (
    query.day("from", "Từ ngày này; mặc định bảy ngày tính đến `to`."),
    query.day("to", "Đến hết ngày này, nhiều nhất 92 ngày; mặc định hôm nay."),
    query.province("province", "Chỉ tỉnh, thành phố này."),
)


@operation(
    bp,
    "POST",
    "/v1/officer/dossiers/{code}/assignment",
    answer=wire.Assigned,
    body=wire.AssignmentRequest,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *KEY,
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "DOSSIER_NOT_FOUND"),
        (409, "INVALID_TRANSITION"),
        (412, "VERSION_CONFLICT"),
        (422, "IF_MATCH_INVALID"),
        (428, "IF_MATCH_REQUIRED"),
    ),
)
def assign_dossier(request: Incoming, code: str) -> Reply:
    """Phân công hoặc chuyển hồ sơ cho một cán bộ.

    A dossier may be given to another officer at any time while it is open; `assignee: null` gives it back to the list.
    """
    from chalicelib.usecases.course.assign import Assignment, assign

    body = request.json_object()
    if_match = request.if_match()
    form = parse(wire.AssignmentRequest, body)
    answer = assign(
        code,
        Assignment(form.assignee, form.reason),
        if_match=if_match,
        idempotency=request.optional_idempotency(body),
        caller=request.caller(),
        present=_assigned,
        w=wiring(),
    )
    return Reply.of_answer(answer)


@operation(
    bp,
    "POST",
    "/v1/officer/assignments",
    answer=wire.AssignmentResults,
    body=wire.AssignmentsRequest,
    request_headers=("Idempotency-Key",),
    answer_headers=("Idempotent-Replayed",),
    codes=(*KEY, (422, "DUPLICATE_ITEM")),
)
def assign_dossiers(request: Incoming) -> Reply:
    """Phân công nhiều hồ sơ cho một cán bộ, mỗi hồ sơ một kết quả.

    Each dossier is decided alone: a refusal of one (403, 404, 409) leaves the others done.
    """
    from chalicelib.usecases.course.assign import Assignment, assign
    from chalicelib.usecases.course.bulk import each_alone

    body = request.json_object()
    form = parse(wire.AssignmentsRequest, body)
    _require_once(form.dossier_codes, "dossier_codes")
    caller, w = request.caller(), wiring()
    assignment = Assignment(form.assignee, form.reason)
    answer = each_alone(
        form.dossier_codes,
        lambda code, idempotency: assign(
            code, assignment, if_match=None, idempotency=idempotency, caller=caller, present=_assigned, w=w
        ),
        roles=tuple(OFFICERS),
        idempotency=request.optional_idempotency(body),
        caller=caller,
        present=_assignment_results,
        w=w,
    )
    return _whole(answer)


@operation(
    bp,
    "POST",
    "/v1/officer/covers/issue",
    answer=wire.CoverResults,
    body=wire.CoversRequest,
    request_headers=("Idempotency-Key",),
    answer_headers=("Idempotent-Replayed",),
    codes=(*KEY, (422, "DUPLICATE_ITEM")),
)
def issue_covers(request: Incoming) -> Reply:
    """Quyết định cấp nhiều tờ bìa (vai trò signer), mỗi tờ bìa một kết quả.

    Each cover is decided alone: a refusal of one (403, 404, 409, 412) leaves the others decided. What is answered
    NOT_ATTEMPTED was not reached in time; the same request with the same key does the rest.
    """
    from chalicelib.usecases.course.bulk import each_alone
    from chalicelib.usecases.covers.issue_cover import issue_cover

    body = request.json_object()
    form = parse(wire.CoversRequest, body)
    _require_once(form.cover_ids, "cover_ids")
    caller, w = request.caller(), wiring()
    seen: Mapping[str, int] = form.versions or {}
    _require_named(seen, form.cover_ids)
    answer = each_alone(
        form.cover_ids,
        lambda cover_id, idempotency: issue_cover(
            cover_id,
            if_match=seen.get(cover_id),
            idempotency=idempotency,
            caller=caller,
            present=present.cover_decision,
            w=w,
        ),
        roles=(Role.SIGNER,),
        idempotency=request.optional_idempotency(body),
        caller=caller,
        present=_cover_results,
        w=w,
    )
    return _whole(answer)


@operation(
    bp,
    "GET",
    "/v1/officer/statistics",
    answer=wire.Statistics,
    query=PERIOD,
    codes=(
        (403, "PROVINCE_NOT_ALLOWED"),
        (422, "UNKNOWN_FIELD"),
        (422, "INVALID_VALUE"),
        (422, "PERIOD_INVALID"),
        (422, "PERIOD_TOO_LONG"),
    ),
)
def show_statistics(request: Incoming) -> Reply:
    """Thống kê hồ sơ theo tỉnh và ngày: tiếp nhận, đúng hạn, trễ hạn, quá hạn, đang chờ ai.

    Each dossier counts in one row, the day of its receipt, under what it is now: a row changes until its last dossier
    has ended. Figures follow a decision within seconds.
    """
    from chalicelib.usecases.course.statistics import statistics

    asked = query.read_query(request.query(), PERIOD)
    found = statistics(request.caller(), first=asked["from"], last=asked["to"], province=asked["province"], w=wiring())
    answer = wire.Statistics(
        first_day=found.first.isoformat(),
        last_day=found.last.isoformat(),
        items=tuple(
            wire.StatisticsItem(province_code=row.province_code, day=row.day.isoformat(), **_figures(row.figures))
            for row in found.rows
        ),
        total=wire.Figures(**_figures(found.total)),
    )
    return Reply.of(answer)


def _figures(figures: Figures) -> dict[str, Any]:
    number = figures.by_standing
    return {
        "received": figures.received,
        "on_time": number[Standing.ON_TIME],
        "late": number[Standing.LATE],
        "in_process": number[Standing.IN_PROCESS],
        "overdue": figures.overdue,
        "waiting": wire.Waiting(
            payment=number[Standing.AWAITING_PAYMENT],
            supplement=number[Standing.AWAITING_SUPPLEMENT],
            signer=number[Standing.AWAITING_SIGNER],
        ),
        "unpaid": number[Standing.UNPAID],
    }


def _require_once(names: Sequence[str], field: str) -> None:
    """Raise `Rejected` (DUPLICATE_ITEM) for each name that came before in the list."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        first.setdefault(name, index)
    faults = [
        Fault(join(field, index), "DUPLICATE_ITEM", "Mục này đã có trong danh sách.")
        for index, name in enumerate(names)
        if first[name] != index
    ]
    if faults:
        raise Rejected(faults)


def _require_named(seen: Mapping[str, int], names: Sequence[str]) -> None:
    """Raise `Rejected` (INVALID_VALUE) for the version of something that is not to be decided: a slip of the pen."""
    faults = [
        Fault(join("versions", name), "INVALID_VALUE", "Mã này không có trong danh sách cần cấp.")
        for name in seen.keys() - set(names)
    ]
    if faults:
        raise Rejected(faults)


def _whole(answer: Answer) -> Reply:
    """Many things have no version together."""
    return Reply(answer.status, answer.body, {"Idempotent-Replayed": "true"} if answer.replayed else {})


def _assigned(dossier: Dossier, assignee: str | None) -> str:
    return wire.Assigned(
        dossier_code=dossier.code,
        state=dossier.state,
        version=dossier.version,
        due_at=None if dossier.due_at is None else instant_text(dossier.due_at),
        assignee=assignee,
    ).model_dump_json()


def _cover_results(results: Sequence[Result]) -> str:
    items = (
        wire.CoverResult(
            cover_id=result.name,
            status=_status(result),
            cover=None if result.answer is None else CoverDecision.model_validate_json(result.answer.body),
            problem=_problem(result),
        )
        for result in results
    )
    return wire.CoverResults(items=tuple(items)).model_dump_json()


def _assignment_results(results: Sequence[Result]) -> str:
    items = (
        wire.AssignmentResult(
            dossier_code=result.name,
            status=_status(result),
            dossier=None if result.answer is None else wire.Assigned.model_validate_json(result.answer.body),
            problem=_problem(result),
        )
        for result in results
    )
    return wire.AssignmentResults(items=tuple(items)).model_dump_json()


def _status(result: Result) -> int:
    if result.error is not None:
        return status_of(result.error)
    return 500 if result.answer is None else result.answer.status


def _problem(result: Result) -> wire.ItemProblem | None:
    error = result.error
    if error is None:
        return None
    facts: dict[str, Any] = {name: error.facts[name] for name in ("version", "state") if name in error.facts}
    changes: Any = error.facts.get("changes", ())
    return wire.ItemProblem(
        code=error.code, detail=error.detail, changes=tuple(wire.Change(**change) for change in changes), **facts
    )
