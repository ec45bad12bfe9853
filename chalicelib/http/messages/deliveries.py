"""The delivery log of webhooks, for the portal client whose they are and for operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint

from chalicelib.domain.errors import Fault, Rejected
from chalicelib.domain.months import VIETNAM, instant_text
from chalicelib.domain.registration.dossier import State
from chalicelib.wiring import wiring

from .. import query
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import deliveries as wire
from ..wire.base import MESSAGES, parse

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.messages.webhook import Attempt, Delivery

bp = Blueprint(__name__)

CLIENT: Final = query.visible("client_id", "Hệ thống được hỏi; mặc định là hệ thống gọi.")
LOG: Final = (
    query.visible("dossier_code", "Chỉ hồ sơ này; khi đó `day` và `client_id` không có tác dụng."),
    query.day("day", "Ngày gửi (giờ Việt Nam, giờ thật); mặc định hôm nay."),
    CLIENT,
    query.limit(query.DEFAULT_LIMIT),
    query.CURSOR,
)
UNDELIVERED: Final = (CLIENT, query.limit(query.DEFAULT_LIMIT), query.CURSOR)
CODES: Final = (
    (403, "CLIENT_NOT_ALLOWED"),
    (422, "UNKNOWN_FIELD"),
    (422, "INVALID_VALUE"),
    (422, "CURSOR_INVALID"),
    (422, "CLIENT_REQUIRED"),
)
OF_DOSSIER: Final = ((403, "DOSSIER_NOT_ALLOWED"), (404, "DOSSIER_NOT_FOUND"))


@operation(bp, "GET", "/v1/portal/deliveries", answer=wire.DeliveryAttemptPage, query=LOG, codes=(*CODES, *OF_DOSSIER))
def list_deliveries(request: Incoming) -> Reply:
    """Nhật ký gửi trạng thái tới webhook: từng lần thử, kết quả, thời lượng; mới nhất trước.

    For the portal client whose deliveries they are, and for `ops`. Kept for 90 days.
    """
    from chalicelib.usecases.messages.deliveries import list_attempts

    asked = query.read_query(request.query(), LOG)
    page = list_attempts(request.caller(), **asked, w=wiring())
    return Reply.of(wire.DeliveryAttemptPage(items=tuple(map(_attempt, page.items)), next_cursor=page.next_cursor))


@operation(
    bp,
    "GET",
    "/v1/portal/deliveries/undelivered",
    answer=wire.UndeliveredPage,
    query=UNDELIVERED,
    codes=CODES,
)
def show_undelivered(request: Incoming) -> Reply:
    """Các hồ sơ còn trạng thái chưa gửi được tới webhook, chờ lâu nhất trước."""
    from chalicelib.usecases.messages.deliveries import list_undelivered

    asked = query.read_query(request.query(), UNDELIVERED)
    page = list_undelivered(request.caller(), **asked, w=wiring())
    return Reply.of(wire.UndeliveredPage(items=tuple(map(_undelivered, page.items)), next_cursor=page.next_cursor))


@operation(
    bp,
    "POST",
    "/v1/portal/deliveries/redelivery",
    status=202,
    answer=wire.Redelivery,
    body=wire.RedeliveryRequest,
    request_headers=("Idempotency-Key",),
    answer_headers=("Idempotent-Replayed",),
    codes=(
        (403, "CLIENT_NOT_ALLOWED"),
        *OF_DOSSIER,
        (409, "NO_WEBHOOK"),
        (409, "IDEMPOTENCY_KEY_REUSED"),
        (422, "CLIENT_REQUIRED"),
        (422, "IDEMPOTENCY_KEY_INVALID"),
    ),
)
def request_redelivery(request: Incoming) -> Reply:
    """Yêu cầu gửi lại: một hồ sơ (có thể từ một `sequence`), hoặc mọi hồ sơ chưa gửi được.

    Without `dossier_code` up to 100 dossiers that wait are tried again; `more` tells that there are others. A dossier
    that is between two tries comes at its next one. What the address took already is sent again only from
    `from_sequence` on, under the same `event_id`.
    """
    from chalicelib.usecases.messages.deliveries import redeliver

    body = request.json_object()
    form = parse(wire.RedeliveryRequest, body)
    if form.from_sequence is not None and form.dossier_code is None:
        raise Rejected([Fault("dossier_code", "REQUIRED", MESSAGES["REQUIRED"])])
    answer = redeliver(
        request.caller(),
        dossier_code=form.dossier_code,
        client_id=form.client_id,
        from_sequence=form.from_sequence,
        idempotency=request.optional_idempotency(body),
        present=lambda queued, more: wire.Redelivery(queued=queued, more=more).model_dump_json(),
        w=wiring(),
    )
    replayed = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Reply(answer.status, answer.body, replayed)


def _attempt(found: Attempt) -> wire.DeliveryAttempt:
    return wire.DeliveryAttempt(
        event_id=found.event_id,
        dossier_code=found.dossier_code,
        sequence=found.sequence,
        state=State(found.state),
        attempt=found.attempt,
        at=_local(found.at),
        delivered=found.delivered,
        status=found.status,
        error=found.error,
        milliseconds=found.milliseconds,
    )


def _undelivered(found: Delivery) -> wire.UndeliveredItem:
    return wire.UndeliveredItem(
        dossier_code=found.dossier_code,
        state=found.standing,
        delivered_sequence=found.delivered,
        attempts=found.attempts,
        failing_since=None if found.failing_since is None else _local(found.failing_since),
        next_attempt_at=None if found.next_at is None else _local(found.next_at),
        reason=found.reason,
    )


def _local(moment: datetime) -> str:
    return instant_text(moment.astimezone(VIETNAM))
