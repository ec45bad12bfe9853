"""For officers: work lists, and the decision to issue a cover (contract 4)."""

from __future__ import annotations

from typing import Final

from chalice.app import Blueprint

from chalicelib.domain.configuration.procedure import EscalationLevel
from chalicelib.domain.covers.cover import CoverState
from chalicelib.domain.registration.dossier import State
from chalicelib.usecases.course.work_lists import list_covers, list_dossiers
from chalicelib.usecases.covers.issue_cover import issue_cover
from chalicelib.wiring import wiring

from .. import present, query
from ..codes import DECISION
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import answers
from ..wire.base import Nothing, parse

bp = Blueprint(__name__)

PROVINCE: Final = query.province("province", "Chỉ hồ sơ của tỉnh, thành phố này.")
LIST_CODES: Final = (
    (403, "PROVINCE_NOT_ALLOWED"),
    (422, "UNKNOWN_FIELD"),
    (422, "INVALID_VALUE"),
    (422, "CURSOR_INVALID"),
)

DOSSIER_FILTERS: Final = (
    query.choice("state", State, "Chỉ hồ sơ ở trạng thái này."),
    query.flag("overdue", "Chỉ hồ sơ quá hạn (true) hoặc chưa quá hạn (false)."),
    query.day("due_before", "Chỉ hồ sơ có ngày hẹn trả trước ngày này."),
    PROVINCE,
    query.choice("escalated", EscalationLevel, "Chỉ hồ sơ quá hạn đã báo lên cấp này (HEAD_OF_UNIT, MINISTRY)."),
    query.visible("assignee", "Chỉ hồ sơ đã phân công cho cán bộ này (`sub`)."),
    query.limit(query.DEFAULT_LIMIT),
    query.CURSOR,
)

COVER_FILTERS: Final = (
    query.choice("state", CoverState, "Chỉ tờ bìa ở trạng thái này.", CoverState.DATA_CREATED),
    PROVINCE,
    query.limit(query.DEFAULT_LIMIT),
    query.CURSOR,
)


@operation(bp, "GET", "/v1/officer/dossiers", answer=answers.DossierPage, query=DOSSIER_FILTERS, codes=LIST_CODES)
def officer_dossiers(request: Incoming) -> Reply:
    """Danh sách hồ sơ cần xử lý, gấp nhất trước.

    A filter that finds little in a long list answers a short page, or an empty one, that still has a `next_cursor`.
    """
    asked = query.read_query(request.query(), DOSSIER_FILTERS)
    page = list_dossiers(request.caller(), **asked, w=wiring())
    items = tuple(map(present.dossier_item, page.items))
    return Reply.of(answers.DossierPage(items=items, next_cursor=page.next_cursor))


@operation(bp, "GET", "/v1/officer/covers", answer=answers.CoverPage, query=COVER_FILTERS, codes=LIST_CODES)
def officer_covers(request: Incoming) -> Reply:
    """Danh sách tờ bìa chờ cấp, cũ nhất trước.

    Covers on their way to issue are listed, and with `state=ISSUED` those whose revocation waits for a decision; any
    other issued one is found through its dossier.
    """
    asked = query.read_query(request.query(), COVER_FILTERS)
    page = list_covers(request.caller(), **asked, w=wiring())
    items = tuple(map(present.cover_item, page.items))
    return Reply.of(answers.CoverPage(items=items, next_cursor=page.next_cursor))


@operation(
    bp,
    "POST",
    "/v1/officer/covers/{cover_id}/issue",
    status=202,
    answer=answers.CoverDecision,
    body=Nothing,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        (403, "PROVINCE_NOT_ALLOWED"),
        (403, "SECOND_PERSON_REQUIRED"),
        (404, "COVER_NOT_FOUND"),
        *DECISION,
        (428, "IF_MATCH_REQUIRED"),
    ),
)
def issue_one_cover(request: Incoming, cover_id: str) -> Reply:
    """Quyết định cấp một tờ bìa (vai trò signer).

    The answer comes at once; the PDF is drawn, signed and stored right after, and the dossier then shows ISSUED. Where
    the province's signing step needs two persons, the first decision leaves the cover DATA_CREATED under its next
    version, and a second signer decides likewise.
    """
    body = request.optional_json_object()
    parse(Nothing, body)
    answer = issue_cover(
        cover_id,
        if_match=request.if_match(),
        idempotency=request.optional_idempotency(body),
        caller=request.caller(),
        present=present.cover_decision,
        w=wiring(),
    )
    return Reply.of_answer(answer)
