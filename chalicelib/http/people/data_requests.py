"""The register of requests about one's own data: recorded, followed and answered by officers of the province.

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from chalicelib.domain.access import Role
from chalicelib.domain.months import instant_text
from chalicelib.domain.people.data_request import RequestState
from chalicelib.wiring import wiring

from .. import query
from ..codes import KEY
from ..course.officers import LIST_CODES
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import data_requests as wire
from ..wire import people as people_wire
from ..wire.base import Nothing, parse

if TYPE_CHECKING:
    from chalicelib.domain.access import Caller
    from chalicelib.domain.people.data_register import DataRequest
    from chalicelib.usecases.people.data_requests import Asked

bp = Blueprint(__name__)

PATH: Final = "/v1/officer/data-requests"
ONE: Final = PATH + "/{request_id}"
SOON: Final = timedelta(days=1)
FILTERS: Final = (
    query.choice("state", RequestState, "Chỉ yêu cầu ở trạng thái này; mặc định những yêu cầu chưa trả lời xong."),
    query.flag("late", "true: chỉ yêu cầu quá hạn; false: chỉ yêu cầu chưa quá hạn."),
    query.province("province", "Chỉ tỉnh, thành phố này."),
    query.limit(query.DEFAULT_LIMIT),
    query.CURSOR,
)
READ_CODES: Final = ((403, "PROVINCE_NOT_ALLOWED"), (404, "DATA_REQUEST_NOT_FOUND"))
STEP_CODES: Final = (
    *KEY,
    *READ_CODES,
    (409, "INVALID_TRANSITION"),
    (412, "VERSION_CONFLICT"),
    (422, "IF_MATCH_INVALID"),
    (428, "IF_MATCH_REQUIRED"),
)


@operation(
    bp,
    "POST",
    PATH,
    status=201,
    answer=wire.DataRequest,
    body=wire.DataRequestEntry,
    request_headers=("Idempotency-Key",),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *KEY,
        (403, "PROVINCE_NOT_ALLOWED"),
        (422, "RECEIVED_IN_FUTURE"),
        (422, "ANSWER_TIMES_NOT_CONFIGURED"),
        (422, "CALENDAR_NOT_CONFIGURED"),
    ),
)
def record_data_request(request: Incoming) -> Reply:
    """Ghi vào sổ một yêu cầu của chủ thể dữ liệu, với thời hạn trả lời theo luật của ngày nhận.

    The number is kept as a keyed hash. The person's dossiers in the province stand in the answer; the look is in the
    view log of each.
    """
    from chalicelib.usecases.people.data_requests import NewRequest, record_request

    body = request.json_object()
    idempotency = request.optional_idempotency(body)
    form = parse(wire.DataRequestEntry, body)
    new = NewRequest(form.personal_id, form.province_code, form.kind, form.reference, form.received_at)
    recorded = record_request(new, request.caller(), idempotency=idempotency, present=_present, w=wiring())
    return Reply.of_answer(recorded)


@operation(bp, "GET", PATH, answer=wire.DataRequestPage, query=FILTERS, codes=LIST_CODES)
def list_data_requests(request: Incoming) -> Reply:
    """Sổ yêu cầu của chủ thể dữ liệu: chưa trả lời xong, hạn gần nhất trước.

    `state=ANSWERED` lists what was answered, oldest first. A page may be short and still have a `next_cursor`.
    """
    from chalicelib.usecases.people.data_requests import list_requests

    asked, caller, w = query.read_query(request.query(), FILTERS), request.caller(), wiring()
    page, now = list_requests(caller, **asked, w=w), w.clock.now()
    items = tuple(wire.DataRequest(**_fields(each, now, caller)) for each in page.items)
    return Reply.of(wire.DataRequestPage(items=items, next_cursor=page.next_cursor))


@operation(bp, "GET", ONE, answer=wire.DataRequestDetail, answer_headers=("ETag",), codes=READ_CODES)
def show_data_request(request: Incoming, request_id: str) -> Reply:
    """Một yêu cầu với mọi bước của nó: việc gì, khi nào, ai làm."""
    from chalicelib.usecases.people.data_requests import view_request

    caller, w = request.caller(), wiring()
    found, lines = view_request(request_id, caller, w)
    trail = tuple(
        wire.DataRequestLine(number=line.version, event=line.event, at=instant_text(line.at), actor=line.actor)
        for line in lines
    )
    told = wire.DataRequestDetail(request=wire.DataRequest(**_fields(found, w.clock.now(), caller)), trail=trail)
    return Reply.of(told, headers={"ETag": f'"{found.version}"'})


@operation(
    bp,
    "POST",
    ONE + "/first-answer",
    answer=wire.DataRequest,
    body=Nothing,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=STEP_CODES,
)
def acknowledge_data_request(request: Incoming, request_id: str) -> Reply:
    """Ghi nhận đã trả lời lần đầu: đã nhận yêu cầu và sẽ xử lý thế nào."""
    from chalicelib.usecases.people.data_requests import acknowledge

    body = request.optional_json_object()
    asked = _asked(request, request_id, body)
    parse(Nothing, body)
    return Reply.of_answer(acknowledge(asked, present=_present, w=wiring()))


@operation(
    bp,
    "POST",
    ONE + "/extension",
    answer=wire.DataRequest,
    body=wire.DataRequestExtension,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *STEP_CODES,
        (409, "EXTENSION_NOT_ALLOWED"),
        (409, "EXTENSION_TAKEN"),
        (409, "EXTENSION_TOO_LATE"),
    ),
)
def extend_data_request(request: Incoming, request_id: str) -> Reply:
    """Gia hạn câu trả lời cuối cùng, một lần, trước khi hết hạn; người yêu cầu phải được báo."""
    from chalicelib.usecases.people.data_requests import extend

    body = request.json_object()
    asked = _asked(request, request_id, body)
    form = parse(wire.DataRequestExtension, body)
    return Reply.of_answer(extend(asked, form.reason, present=_present, w=wiring()))


@operation(
    bp,
    "POST",
    ONE + "/answer",
    answer=wire.DataRequest,
    body=wire.DataRequestAnswer,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *STEP_CODES,
        (409, "REPORT_NOT_GIVEN"),
        (409, "CORRECTION_NOT_MADE"),
        (422, "DOSSIER_NOT_OF_REQUEST"),
    ),
)
def answer_data_request(request: Incoming, request_id: str) -> Reply:
    """Ghi nhận câu trả lời cuối cùng: chấp nhận, chấp nhận một phần hoặc từ chối, với nội dung đã trả lời.

    Access is FULFILLED by the report drawn for the request, a correction by a dossier that was supplemented, or whose
    cover is issued again with other data, since the request came: `dossier_code` names it.
    """
    from chalicelib.usecases.people.data_requests import answer

    body = request.json_object()
    asked = _asked(request, request_id, body)
    form = parse(wire.DataRequestAnswer, body)
    given = answer(asked, form.outcome, form.answer, form.dossier_code, present=_present, w=wiring())
    return Reply.of_answer(given)


@operation(
    bp,
    "POST",
    ONE + "/report",
    answer=people_wire.PersonReport,
    body=Nothing,
    answer_headers=("ETag",),
    codes=(*READ_CODES, (404, "PERSON_NOT_FOUND"), (409, "INVALID_TRANSITION")),
)
def report_on_data_request(request: Incoming, request_id: str) -> Reply:
    """Báo cáo dữ liệu đang lưu về người yêu cầu, để trả lời; không cần số định danh.

    That it was drawn is a step of the request, and a look in the view log of every dossier shown. It may be
    drawn again.
    """
    from chalicelib.usecases.people.data_requests import report

    from .report import told_about

    parse(Nothing, request.optional_json_object())
    done, held = report(request_id, request.caller(), wiring())
    told = told_about(done.kind, done.received_at, done.due, held)
    return Reply.of(told, headers={"ETag": f'"{done.version}"'})


def _asked(request: Incoming, request_id: str, body: dict[str, Any]) -> Asked:
    from chalicelib.usecases.people.data_requests import Asked

    return Asked(request_id, request.caller(), request.if_match(), request.optional_idempotency(body))


def _present(found: DataRequest, now: datetime) -> str:
    return wire.DataRequest(**_fields(found, now, None)).model_dump_json()


def _fields(found: DataRequest, now: datetime, caller: Caller | None) -> dict[str, Any]:
    """What is shown of a request: no hash of a person, and to operators none of the officers' words."""
    words = caller is None or caller.role is not Role.OPS
    next_by = found.next_by
    return {
        "request_id": found.request_id,
        "version": found.version,
        "province_code": found.province_code,
        "kind": found.kind,
        "state": found.state,
        "reference": found.reference if words else None,
        "received_at": instant_text(found.received_at),
        "recorded_at": instant_text(found.recorded_at),
        "due": people_wire.AnswerLimits(
            first_answer_by=instant_text(found.due.first),
            final_answer_by=instant_text(found.due.final),
            extended_until=instant_text(found.due.extended),
        ),
        "next_answer_by": _instant(next_by),
        "due_soon": next_by is not None and now <= next_by <= now + SOON,
        "late": found.is_late(now),
        "dossiers": found.dossiers,
        "first_answered_at": _instant(found.acknowledged_at),
        "extended_at": _instant(found.extended_at),
        "extension_reason": found.extension_reason if words else None,
        "reported_at": _instant(found.reported_at),
        "answered_at": _instant(found.answered_at),
        "outcome": found.outcome,
        "answer": found.answer if words else None,
        "corrected_by": found.corrected_by,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
