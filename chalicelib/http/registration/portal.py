"""For the portal: open a dossier, see it, fetch its cover (contract 2)."""

from __future__ import annotations

from typing import Final

from chalice.app import Blueprint
from pydantic_core import from_json

from chalicelib.domain.people.views import Look, Seen
from chalicelib.usecases.covers.cover_link import cover_link
from chalicelib.usecases.registration.open_dossier import open_dossier
from chalicelib.usecases.registration.view_dossier import unchanged_version, view_dossier
from chalicelib.wiring import wiring

from .. import present
from ..codes import CHOICE, CONTACT, PERSON
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import answers
from ..wire.declaration import DeclarationRequest, read_declaration

bp = Blueprint(__name__)

DECLARATION_CODES: Final = (
    (409, "DUPLICATE_DOSSIER"),
    (409, "IDEMPOTENCY_KEY_REUSED"),
    (422, "IDEMPOTENCY_KEY_INVALID"),
    (422, "IDENTITY_MISMATCH"),
    (422, "NOT_ON_POOR_LIST"),
    (422, "OVERLAP_COMPULSORY"),
    (422, "OVERLAP"),
    (422, "AGE_UNDER_15"),
    (422, "RECEIVING_PENSION"),
    (422, "COMPULSORY_MEMBER"),
    (422, "FROM_MONTH_INVALID"),
    (422, "FROM_MONTH_PAST"),
    (422, "DUE_TIME_MISSED"),
    (422, "GAP"),
    (422, "RETIREMENT_AGE_NOT_CONFIGURED"),
    (422, "TEXT_INVALID"),
    (422, "VALUE_UNKNOWN"),
    *CHOICE,
    *PERSON,
    *CONTACT,
    (428, "IDEMPOTENCY_KEY_REQUIRED"),
    (503, "REGISTER_UNAVAILABLE"),
)


@operation(
    bp,
    "POST",
    "/v1/dossiers",
    status=201,
    answer=answers.DossierOpened,
    body=DeclarationRequest,
    request_headers=("Idempotency-Key!",),
    answer_headers=("Location", "ETag", "Idempotent-Replayed"),
    codes=DECLARATION_CODES,
)
def register_dossier(request: Incoming) -> Reply:
    """Gửi tờ khai Mẫu 02-TK, mở hồ sơ và nhận số tiền phải đóng.

    Every fault of the declaration is listed at once. The same Idempotency-Key with the same body gives the first
    answer again, for seven days.
    """
    body = request.json_object()
    draft, form = read_declaration(body)
    answer = open_dossier(
        draft,
        wire_faults=form.faults,
        unreadable=form.unreadable,
        idempotency=request.idempotency(body),
        caller=request.caller(),
        present=present.opened_dossier,
        w=wiring(),
    )
    location = f"/v1/dossiers/{from_json(answer.body)['dossier_code']}"
    return Reply.of_answer(answer, {"Location": location})


@operation(
    bp,
    "GET",
    "/v1/dossiers/{code}",
    answer=answers.Dossier,
    request_headers=("If-None-Match", "X-View-Reason", "X-Break-Glass"),
    answer_headers=("ETag",),
    codes=(
        (403, "DOSSIER_NOT_ALLOWED"),
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "DOSSIER_NOT_FOUND"),
        (422, "VIEW_REASON_INVALID"),
        (422, "BREAK_GLASS_INVALID"),
    ),
)
def show_dossier(request: Incoming, code: str) -> Reply:
    """Xem hồ sơ: trạng thái, ngày hẹn trả và cách tính, số tiền, quá trình tham gia, tờ bìa, lịch sử.

    `payment` is what was asked for at opening and stays in the answer; `state` tells whether it is still due. Who polls
    sends the ETag of the last answer in If-None-Match: 304 without a body while nothing about the dossier has changed.
    An officer's look is written into the view log. An officer of another province who must see it breaks the glass:
    `X-Break-Glass: 1` and a reason of 20 characters at least in X-View-Reason. The citizen reads it, an alarm rings.
    """
    w = wiring()
    caller, seen = request.caller(), request.if_none_match()
    look = Look(Seen.DOSSIER, request.view_reason(), emergency=request.emergency())
    if seen and not look.emergency:
        unchanged = unchanged_version(code, seen, caller, w, look)
        if unchanged is not None:
            return Reply(304, headers={"ETag": f'"{unchanged}"'})
    view = view_dossier(code, caller, w, look)
    return Reply.of(present.dossier_answer(view, w.law), headers={"ETag": f'"{view.dossier.version}"'})


@operation(
    bp,
    "GET",
    "/v1/dossiers/{code}/cover",
    answer=answers.CoverLink,
    request_headers=("X-View-Reason",),
    codes=(
        (403, "DOSSIER_NOT_ALLOWED"),
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "DOSSIER_NOT_FOUND"),
        (404, "COVER_NOT_ISSUED"),
        (422, "VIEW_REASON_INVALID"),
    ),
)
def show_cover_link(request: Incoming, code: str) -> Reply:
    """Lấy đường dẫn tải tờ bìa PDF, có hiệu lực nhiều nhất 5 phút."""
    return Reply.of(present.cover_link_answer(cover_link(code, request.caller(), wiring(), request.view_reason())))
