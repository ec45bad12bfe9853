"""The slips of the one-stop shop as links to PDFs (contract 2)."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.usecases.registration.slip_link import slip_link
from chalicelib.wiring import wiring

from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import slips as wire

bp = Blueprint(__name__)


@operation(
    bp,
    "GET",
    "/v1/dossiers/{code}/slips/{kind}",
    answer=wire.SlipLink,
    request_headers=("X-View-Reason",),
    codes=(
        (403, "DOSSIER_NOT_ALLOWED"),
        (403, "PROVINCE_NOT_ALLOWED"),
        (404, "DOSSIER_NOT_FOUND"),
        (404, "SLIP_NOT_ISSUED"),
        (404, "SLIP_KIND_UNKNOWN"),
        (409, "SLIP_NOT_PRINTABLE"),
        (422, "SLIP_TEMPLATE_NOT_CONFIGURED"),
        (422, "VIEW_REASON_INVALID"),
        (503, "SLIP_NOT_READY"),
    ),
)
def show_slip_link(request: Incoming, code: str, kind: str) -> Reply:
    """Lấy đường dẫn tải phiếu của bộ phận một cửa, có hiệu lực nhiều nhất 5 phút.

    `kind` is `receipt`, `supplement`, `refusal` or `apology`; the newest of its kind is given. A slip says what the
    dossier said when it was issued. It is drawn when it is first asked for: that answer may take a few seconds, and
    503 `SLIP_NOT_READY` asks to try again.
    """
    found = slip_link(code, kind, request.caller(), wiring(), request.view_reason())
    return Reply.of(
        wire.SlipLink(
            kind=found.slip.kind,
            number=found.slip.number,
            issued_at=instant_text(found.slip.issued_at),
            url=found.url,
            sha256=found.sha256,
            expires_at=instant_text(found.expires_at),
        )
    )
