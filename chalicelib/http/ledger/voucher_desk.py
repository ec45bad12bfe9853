"""The voucher desk: vouchers that a machine must not settle, and what people decide about them (contract 4).

The use cases are imported when the first such request comes: no cold start of the portal's pays for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from chalicelib.domain.ledger.voucher_desk import Waiting
from chalicelib.wiring import Wiring, wiring

from .. import query
from ..codes import KEY
from ..course.officers import LIST_CODES
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import voucher_desk as wire
from ..wire.base import Nothing, parse

if TYPE_CHECKING:
    from chalicelib.domain.ledger.voucher import ContributionVoucher
    from chalicelib.usecases.ledger.decide_voucher import Asked

bp = Blueprint(__name__)

FILTERS: Final = (
    query.choice("state", Waiting, "Chỉ chứng từ ở trạng thái này."),
    query.province("province", "Chỉ chứng từ của tỉnh, thành phố này."),
    query.limit(query.DEFAULT_LIMIT),
    query.CURSOR,
)
DECISION_CODES: Final = (
    *KEY,
    (403, "PROVINCE_NOT_ALLOWED"),
    (404, "VOUCHER_NOT_FOUND"),
    (409, "INVALID_TRANSITION"),
    (409, "MESSAGE_STILL_REFUSED"),
    (409, "OVERLAP"),
    (409, "SI_NUMBER_OF_ANOTHER"),
    (412, "VERSION_CONFLICT"),
    (422, "DOSSIER_NOT_FOUND"),
    (422, "IF_MATCH_INVALID"),
    (428, "IF_MATCH_REQUIRED"),
)


@operation(bp, "GET", "/v1/officer/vouchers", answer=wire.VoucherPage, query=FILTERS, codes=LIST_CODES)
def officer_vouchers(request: Incoming) -> Reply:
    """Chứng từ và thông điệp cần người xử lý, chờ lâu nhất trước.

    What has been settled meanwhile is left out, so that a page may be short, or empty, and still have a `next_cursor`.
    """
    from chalicelib.usecases.ledger.voucher_desk import list_vouchers

    from . import voucher_desk_view as view

    asked, w = query.read_query(request.query(), FILTERS), wiring()
    return Reply.of(view.page(list_vouchers(request.caller(), **asked, w=w), w))


@operation(
    bp,
    "GET",
    "/v1/officer/vouchers/{voucher_id}",
    answer=wire.VoucherDetail,
    answer_headers=("ETag",),
    codes=((403, "PROVINCE_NOT_ALLOWED"), (404, "VOUCHER_NOT_FOUND")),
)
def officer_voucher(request: Incoming, voucher_id: str) -> Reply:
    """Một chứng từ với mọi phiên bản, mọi quyết định và nhật ký của nó.

    Identifiers are masked. A look at a voucher that a dossier holds is in the view log of that dossier.
    """
    from chalicelib.usecases.ledger.voucher_desk import view_voucher

    from . import voucher_desk_view as view

    caller, w = request.caller(), wiring()
    found = view_voucher(voucher_id, caller, w)
    return Reply.of(view.detail(found, caller, w), headers={"ETag": f'"{found.row.subject.revision}"'})


@operation(
    bp,
    "POST",
    "/v1/officer/vouchers/{voucher_id}/resolution",
    answer=wire.ResolutionAnswer,
    body=wire.ResolutionRequest,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=DECISION_CODES,
)
def resolve_voucher(request: Incoming, voucher_id: str) -> Reply:
    """Xử lý một chứng từ: gắn với hồ sơ, gỡ khỏi hồ sơ, chấp nhận hoặc hoàn trả; thông điệp: đọc lại hoặc bỏ.

    Above the amount of `second_person_amount`, and for money that is on record, the answer is `pending`: a second
    person approves it. What holds a voucher may move when it is resolved: the answer tells where it stands then.
    """
    from chalicelib.domain.ledger.voucher_desk import Decision
    from chalicelib.usecases.ledger.decide_voucher import resolve

    from . import voucher_desk_view as view

    body = request.json_object()
    asked = _asked(request, voucher_id, body)
    form = parse(wire.ResolutionRequest, body)
    decision = Decision(form.action, form.reason, form.dossier_code)
    return Reply.of_answer(resolve(asked, decision, read=read_again, present=view.decided, w=wiring()))


@operation(
    bp,
    "POST",
    "/v1/officer/vouchers/{voucher_id}/resolution/approval",
    answer=wire.ResolutionAnswer,
    body=Nothing,
    request_headers=("If-Match!", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(*DECISION_CODES, (403, "SECOND_PERSON_REQUIRED"), (409, "RESOLUTION_NOT_PROPOSED")),
)
def approve_resolution(request: Incoming, voucher_id: str) -> Reply:
    """Duyệt đề nghị xử lý của người thứ nhất; việc xử lý có hiệu lực ngay."""
    from chalicelib.usecases.ledger.decide_voucher import approve

    from . import voucher_desk_view as view

    body = request.optional_json_object()
    parse(Nothing, body)
    asked = _asked(request, voucher_id, body)
    return Reply.of_answer(approve(asked, read=read_again, present=view.decided, w=wiring()))


def _asked(request: Incoming, voucher_id: str, body: dict[str, Any]) -> Asked:
    from chalicelib.usecases.ledger.decide_voucher import Asked

    return Asked(voucher_id, request.if_match(), request.optional_idempotency(body), request.caller())


def read_again(body: str) -> ContributionVoucher | Callable[[Wiring], None] | None:
    """What a message of the queue says by today's rules. Raises `Rejected`."""
    from chalicelib.queues.messages import ContributionVoucherMessage, read_message
    from chalicelib.usecases.ledger.keep_manifest import keep_manifest

    message = read_message(body)
    if message is None:
        return None
    if isinstance(message, ContributionVoucherMessage):
        return message.voucher()
    kept = partial(
        keep_manifest,
        day=message.date,
        province_code=message.province_code,
        count=message.count,
        sum_received=message.sum_received,
        first_voucher_id=message.first_voucher_id,
        last_voucher_id=message.last_voucher_id,
    )
    return lambda w: kept(w=w)
