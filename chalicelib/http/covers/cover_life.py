"""For officers: what happens to a cover beside its issue: a look beforehand, revocation by two persons, reissue.

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from chalicelib.domain.errors import Fault, Rejected
from chalicelib.wiring import wiring

from .. import present
from ..codes import DECISION, PERSON
from ..incoming import Incoming
from ..operations import Reply, View, operation
from ..wire.answers import CoverDecision, CoverLink
from ..wire.base import Nothing, Wire, join, parse
from ..wire.course import ReasonGiven
from ..wire.cover_life import CorrectedData, ReissueRequest, corrections_of

if TYPE_CHECKING:
    from chalicelib.usecases.covers.decide_cover import CoverRequest

bp = Blueprint(__name__)

CODES: Final = ((403, "PROVINCE_NOT_ALLOWED"), (404, "COVER_NOT_FOUND"), *DECISION, (428, "IF_MATCH_REQUIRED"))


def _door(path: str, body: type[Wire], *codes: tuple[int, str], status: int = 200) -> Callable[[View], View]:
    """A POST about a cover that answers with the cover as it is after the decision."""
    return operation(
        bp,
        "POST",
        f"/v1/officer/covers/{{cover_id}}/{path}",
        status=status,
        answer=CoverDecision,
        body=body,
        request_headers=("If-Match!", "Idempotency-Key"),
        answer_headers=("ETag", "Idempotent-Replayed"),
        codes=(*CODES, *codes),
    )


@_door("revocation", ReasonGiven, (409, "REVOCATION_PENDING"), status=202)
def request_cover_revocation(request: Incoming, cover_id: str) -> Reply:
    """Đề nghị thu hồi tờ bìa đã cấp (người thứ nhất).

    The cover stays valid until a second person approves. Where accounting has asked already, in its own name, this is
    still the first of the two persons. What waits for approval is listed by `GET /v1/officer/covers?state=ISSUED`.
    """
    from chalicelib.usecases.covers.revoke_cover import ask_to_revoke

    body = request.json_object()
    reason = parse(ReasonGiven, body).reason
    asked = _asked(request, cover_id, body)
    return Reply.of_answer(ask_to_revoke(asked, reason=reason, present=present.cover_decision, w=wiring()))


@_door(
    "revocation/approval",
    Nothing,
    (403, "SECOND_PERSON_REQUIRED"),
    (403, "SIGNER_REQUIRED"),
    (409, "REVOCATION_NOT_REQUESTED"),
)
def approve_cover_revocation(request: Incoming, cover_id: str) -> Reply:
    """Duyệt thu hồi tờ bìa (người thứ hai); một trong hai người phải là người ký.

    From that moment the scan of its code answers REVOKED.
    """
    from chalicelib.usecases.covers.revoke_cover import revoke

    body = request.optional_json_object()
    parse(Nothing, body)
    return Reply.of_answer(revoke(_asked(request, cover_id, body), present=present.cover_decision, w=wiring()))


@_door("revocation/withdrawal", ReasonGiven, (409, "REVOCATION_NOT_REQUESTED"))
def withdraw_cover_revocation(request: Incoming, cover_id: str) -> Reply:
    """Rút lại đề nghị thu hồi; tờ bìa giữ nguyên hiệu lực."""
    from chalicelib.usecases.covers.revoke_cover import withdraw_request

    body = request.json_object()
    reason = parse(ReasonGiven, body).reason
    asked = _asked(request, cover_id, body)
    return Reply.of_answer(withdraw_request(asked, reason=reason, present=present.cover_decision, w=wiring()))


@_door(
    "reissue",
    ReissueRequest,
    (409, "REVOCATION_PENDING"),
    (409, "REISSUE_PENDING"),
    (409, "PAYMENT_REVERSED"),
    (422, "IDENTITY_MISMATCH"),
    (422, "FIXED_BY_PAYMENT"),
    *PERSON,
    status=202,
)
def reissue_cover(request: Incoming, cover_id: str) -> Reply:
    """Cấp lại tờ bìa sau khi cải chính dữ liệu cá nhân; tờ bìa cũ còn hiệu lực đến khi tờ mới được cấp.

    Answers with the new cover, which waits for its issue like any other. Corrections are held against the same rules
    and registers as the declaration. Asked of a new cover that nobody has checked, it corrects that one once more; of
    one that was revoked, it gives the person a cover again while the payment behind it stands.
    """
    from chalicelib.usecases.covers.reissue_cover import reissue

    body = request.json_object()
    form = parse(ReissueRequest, body)
    asked, corrections = _asked(request, cover_id, body), corrections_of(form)
    try:
        answer = reissue(asked, corrections, reason=form.reason, present=present.cover_decision, w=wiring())
    except Rejected as rejected:
        raise Rejected(map(_as_sent, rejected.faults)) from None
    return Reply.of_answer(answer)


@operation(
    bp,
    "GET",
    "/v1/officer/covers/{cover_id}/preview",
    answer=CoverLink,
    request_headers=("X-View-Reason",),
    codes=(
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "COVER_NOT_FOUND"),
        (409, "INVALID_TRANSITION"),
        (409, "COVER_NOT_PRINTABLE"),
        (422, "COVER_TEMPLATE_NOT_CONFIGURED"),
        (503, "COVER_NOT_READY"),
    ),
)
def preview_cover_page(request: Incoming, cover_id: str) -> Reply:
    """Xem trước tờ bìa chưa cấp: bản nháp có dấu chìm, không chữ ký và không mã QR.

    It is drawn when it is first asked for: that answer may take a few seconds, and 503 `COVER_NOT_READY` asks to try
    again. The look is written into the view log.
    """
    from chalicelib.usecases.covers.preview_cover import preview_cover

    link = preview_cover(cover_id, request.caller(), wiring(), request.view_reason())
    return Reply.of(present.cover_link_answer(link))


def _asked(request: Incoming, cover_id: str, body: Mapping[str, Any]) -> CoverRequest:
    from chalicelib.usecases.covers.decide_cover import CoverRequest

    return CoverRequest(cover_id, request.caller(), request.if_match(), request.optional_idempotency(body))


def _as_sent(fault: Fault) -> Fault:
    """A corrected field is named where it stands in the request."""
    return (
        replace(fault, field=join("corrections", fault.field)) if fault.field in CorrectedData.model_fields else fault
    )
