"""Doors to what turns a dossier from its straight way: for the portal and for officers (contract 2 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.domain.registration.dossier import Dossier
from chalicelib.usecases.course import change_course
from chalicelib.usecases.course.decide import Request
from chalicelib.wiring import wiring

from ..codes import CONTACT, DECISION, PERSON
from ..incoming import Incoming
from ..operations import Reply, View, operation
from ..wire import course as wire
from ..wire.base import Wire, parse

bp = Blueprint(__name__)

COMMON: Final = ((404, "DOSSIER_NOT_FOUND"), *DECISION)
PORTAL_CODES: Final = (*COMMON, (403, "DOSSIER_NOT_ALLOWED"))
OFFICER_CODES: Final = (*COMMON, (403, "PROVINCE_NOT_ALLOWED"), (428, "IF_MATCH_REQUIRED"))
HEADERS_OUT: Final = ("ETag", "Idempotent-Replayed")


def _door(path: str, body: type[Wire], codes: tuple[tuple[int, str], ...], *, officer: bool) -> Callable[[View], View]:
    """A POST that answers with the dossier as it is after the decision."""
    return operation(
        bp,
        "POST",
        path,
        answer=wire.DossierDecision,
        body=body,
        request_headers=("If-Match!" if officer else "If-Match", "Idempotency-Key"),
        answer_headers=HEADERS_OUT,
        codes=codes,
    )


@_door(
    "/v1/dossiers/{code}/supplements",
    wire.SupplementAnswer,
    (
        *PORTAL_CODES,
        (422, "FIELD_NOT_ASKED"),
        (422, "FIXED_BY_PAYMENT"),
        (422, "IDENTITY_MISMATCH"),
        *PERSON,
        *CONTACT,
        (422, "TEXT_INVALID"),
        (422, "VALUE_UNKNOWN"),
        (422, "CALENDAR_NOT_CONFIGURED"),
    ),
    officer=False,
)
def supply_supplement(request: Incoming, code: str) -> Reply:
    """Gửi các trường bổ sung theo yêu cầu; thời hạn giải quyết tính tiếp.

    The fields are held against the same rules as the declaration; every fault is listed at once. What the amount or
    the person depends on may be confirmed, not changed.
    """
    body = request.json_object()
    corrections, form = wire.read_supplement(body)
    answer = change_course.supply(
        _asked(request, code, body),
        corrections,
        wire_faults=form.faults,
        unreadable=form.unreadable,
        present=decided,
        w=wiring(),
    )
    return Reply.of_answer(answer)


@_door("/v1/dossiers/{code}/withdrawal", wire.Withdrawal, PORTAL_CODES, officer=False)
def withdraw_dossier(request: Incoming, code: str) -> Reply:
    """Rút hồ sơ trước khi kết quả được ký; nếu đã nộp tiền thì mở việc hoàn trả."""
    body = request.optional_json_object()
    reason = parse(wire.Withdrawal, body).reason
    answer = change_course.withdraw(_asked(request, code, body), reason=reason, present=decided, w=wiring())
    return Reply.of_answer(answer)


@_door(
    "/v1/officer/dossiers/{code}/supplement-request",
    wire.SupplementRequest,
    (*OFFICER_CODES, (403, "SUPPLEMENT_NOT_ALLOWED"), (422, "FIELD_UNKNOWN")),
    officer=True,
)
def request_supplement(request: Incoming, code: str) -> Reply:
    """Yêu cầu công dân bổ sung hồ sơ; thời hạn giải quyết tạm dừng."""
    body = request.json_object()
    asked = asked_by_officer(request, code, body)
    form = parse(wire.SupplementRequest, body)
    answer = change_course.request_supplement(asked, reason=form.reason, asked=form.fields, present=decided, w=wiring())
    return Reply.of_answer(answer)


@_door("/v1/officer/dossiers/{code}/refusal", wire.ReasonGiven, OFFICER_CODES, officer=True)
def refuse_dossier(request: Incoming, code: str) -> Reply:
    """Từ chối hồ sơ: không tiếp nhận nếu chưa tiếp nhận, dừng xử lý nếu đang xử lý; tiền đã nộp được hoàn trả."""
    body = request.json_object()
    asked = asked_by_officer(request, code, body)
    reason = parse(wire.ReasonGiven, body).reason
    return Reply.of_answer(change_course.refuse(asked, reason=reason, present=decided, w=wiring()))


@_door("/v1/officer/dossiers/{code}/stop", wire.ReasonGiven, OFFICER_CODES, officer=True)
def stop_dossier(request: Incoming, code: str) -> Reply:
    """Dừng xử lý hồ sơ; tiền đã nộp được hoàn trả."""
    body = request.json_object()
    asked = asked_by_officer(request, code, body)
    reason = parse(wire.ReasonGiven, body).reason
    return Reply.of_answer(change_course.stop(asked, reason=reason, present=decided, w=wiring()))


@_door(
    "/v1/officer/dossiers/{code}/apology",
    wire.ApologyWithNewDate,
    (
        *OFFICER_CODES,
        (409, "APOLOGY_ALREADY_ISSUED"),
        (409, "APOLOGY_TOO_LATE"),
        (422, "NEW_DUE_NOT_LATER"),
        (422, "NEW_DUE_NOT_WORKING_DAY"),
        (422, "CALENDAR_NOT_CONFIGURED"),
    ),
    officer=True,
)
def apologise(request: Incoming, code: str) -> Reply:
    """Xin lỗi và hẹn lại ngày trả kết quả: một lần, chậm nhất một ngày trước ngày hẹn trả."""
    body = request.json_object()
    asked = asked_by_officer(request, code, body)
    form = parse(wire.ApologyWithNewDate, body)
    answer = change_course.apologise(asked, reason=form.reason, new_due_on=form.new_due_on, present=decided, w=wiring())
    return Reply.of_answer(answer)


def decided(found: Dossier, now: datetime) -> str:
    """The body of the answer; kept with the idempotency key."""
    made = wire.DossierDecision(
        dossier_code=found.code,
        national_code=found.national_code,
        procedure_code="602e",
        state=found.state,
        national_status=found.state.national_status,
        version=found.version,
        due_at=None if found.due_at is None else instant_text(found.due_at),
        overdue=found.is_overdue(now),
    )
    return made.model_dump_json()


def _asked(request: Incoming, code: str, body: Mapping[str, Any]) -> Request:
    return Request(code, request.caller(), request.optional_if_match(), request.optional_idempotency(body))


def asked_by_officer(request: Incoming, code: str, body: Mapping[str, Any]) -> Request:
    """What an officer asks about a dossier that was seen: `If-Match` is required."""
    return Request(code, request.caller(), request.if_match(), request.optional_idempotency(body))
