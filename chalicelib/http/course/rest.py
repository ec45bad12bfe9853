"""For officers: a dossier that rests is accepted, handed on, delivered, or taken up again after a reversal.

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chalice.app import Blueprint

from chalicelib.wiring import wiring

from ..incoming import Incoming
from ..operations import Reply, View, operation
from ..wire import course as course_wire
from ..wire import rest as wire
from ..wire.base import Nothing, Wire, parse
from .changes import OFFICER_CODES, asked_by_officer, decided

bp = Blueprint(__name__)

HEADERS_OUT: Final = ("ETag", "Idempotent-Replayed")
CALENDAR: Final = ((422, "CALENDAR_NOT_CONFIGURED"),)
REOPENING_CODES: Final = (*OFFICER_CODES, (409, "PAYMENT_NOT_REVERSED"), (409, "COVER_STILL_VALID"))


def _door(path: str, body: type[Wire], codes: tuple[tuple[int, str], ...]) -> Callable[[View], View]:
    """An officer's POST that answers with the dossier as it is after the decision."""
    return operation(
        bp,
        "POST",
        f"/v1/officer/dossiers/{{code}}/{path}",
        answer=course_wire.DossierDecision,
        body=body,
        request_headers=("If-Match!", "Idempotency-Key"),
        answer_headers=HEADERS_OUT,
        codes=codes,
    )


@_door("acceptance", Nothing, (*OFFICER_CODES, *CALENDAR))
def accept_dossier(request: Incoming, code: str) -> Reply:
    """Tiếp nhận hồ sơ đã nộp tiền của tỉnh không tiếp nhận tự động.

    The receipt slip (Mẫu 01) is issued; the clock starts now, or has run since the payment, as the procedure says. A
    dossier whose supplement came during the intake is in process already, and accepted here too.
    """
    from chalicelib.usecases.course.take_up import accept

    body = request.optional_json_object()
    parse(Nothing, body)
    return Reply.of_answer(accept(asked_by_officer(request, code, body), present=decided, w=wiring()))


@_door(
    "steps/{step}/completion",
    Nothing,
    (
        *OFFICER_CODES,
        *CALENDAR,
        (403, "STEP_OF_ANOTHER_ROLE"),
        (409, "STEP_NOT_PRESENT"),
        (409, "STEP_IS_LAST"),
    ),
)
def complete_dossier_step(request: Incoming, code: str, step: str) -> Reply:
    """Kết thúc bước hiện tại của quy trình, chuyển hồ sơ sang bước sau.

    The work list shows the present step and until when it should be done; signing the result ends every step before.
    """
    from chalicelib.usecases.course.take_up import complete_step

    body = request.optional_json_object()
    parse(Nothing, body)
    return Reply.of_answer(complete_step(asked_by_officer(request, code, body), step, present=decided, w=wiring()))


@_door("delivery", wire.Delivery, (*OFFICER_CODES, (409, "PAYMENT_REVERSED")))
def deliver_result(request: Incoming, code: str) -> Reply:
    """Ghi nhận đã trả tờ bìa bản giấy cho công dân."""
    from chalicelib.usecases.course.take_up import deliver

    body = request.json_object()
    asked = asked_by_officer(request, code, body)
    how = parse(wire.Delivery, body).told()
    return Reply.of_answer(deliver(asked, how=how, present=decided, w=wiring()))


@_door("reopening", course_wire.ReasonGiven, (*REOPENING_CODES, (409, "REOPENING_REQUESTED_ALREADY")))
def request_reopening(request: Incoming, code: str) -> Reply:
    """Đề nghị mở lại hồ sơ đã xong mà chứng từ đóng bị hủy; người thứ hai duyệt."""
    from chalicelib.usecases.course.take_up import request_reopening as ask

    body = request.json_object()
    asked = asked_by_officer(request, code, body)
    reason = parse(course_wire.ReasonGiven, body).reason
    return Reply.of_answer(ask(asked, reason=reason, present=decided, w=wiring()))


@_door(
    "reopening/approval",
    Nothing,
    (
        *REOPENING_CODES,
        (403, "SECOND_PERSON_REQUIRED"),
        (409, "REOPENING_NOT_REQUESTED"),
        (409, "DUPLICATE_DOSSIER"),
    ),
)
def approve_reopening(request: Incoming, code: str) -> Reply:
    """Duyệt mở lại hồ sơ (vai trò signer, khác người đề nghị); hồ sơ trở lại đang xử lý."""
    from chalicelib.usecases.course.take_up import approve_reopening as approve

    body = request.optional_json_object()
    parse(Nothing, body)
    return Reply.of_answer(approve(asked_by_officer(request, code, body), present=decided, w=wiring()))
