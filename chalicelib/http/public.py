"""Open to everybody, without a token: prices, provinces and the OpenAPI document (contract 2)."""

from __future__ import annotations

from typing import Final

from chalice.app import Blueprint

from chalicelib.wiring import wiring

from . import present, query
from .amounts import quoting
from .codes import CHOICE
from .incoming import Incoming
from .operations import Reply, operation
from .wire import answers
from .wire.quote import ExplainedQuote, QuoteRequestBody

bp = Blueprint(__name__)

PROVINCE_FILTERS: Final = (
    query.day("on", "Danh mục có hiệu lực vào ngày này; mặc định là hôm nay."),
    query.limit(query.MAX_LIMIT),
    query.CURSOR,
)


@operation(
    bp,
    "POST",
    "/v1/quotes",
    signed_in=False,
    answer=ExplainedQuote,
    body=QuoteRequestBody,
    codes=CHOICE,
)
def calculate_quote(request: Incoming) -> Reply:
    """Tính số tiền phải đóng cho một lựa chọn; không cần và không nhận dữ liệu cá nhân."""
    w = wiring()
    made = quoting.price(request.json_object(), w.clock.now().date(), w.law)
    return Reply.of(present.explained_quote(made, w.law))


@operation(
    bp,
    "GET",
    "/v1/provinces",
    signed_in=False,
    answer=answers.ProvincePage,
    query=PROVINCE_FILTERS,
    answer_headers=("Cache-Control",),
    codes=((422, "UNKNOWN_FIELD"), (422, "INVALID_VALUE")),
)
def list_provinces(request: Incoming) -> Reply:
    """Danh mục tỉnh, thành phố có hiệu lực vào một ngày, kèm mã cũ.

    A code without a date is ambiguous: seven codes changed their owner on 2025-07-01.
    """
    asked = query.read_query(request.query(), PROVINCE_FILTERS)
    w = wiring()
    day = asked["on"] or w.clock.now().date()
    known = [province for province in w.law.provinces.on(day) if province.code > (asked["cursor"] or "")]
    limit: int = asked["limit"]
    items = tuple(map(present.province_item, known[:limit]))
    page = answers.ProvincePage(items=items, next_cursor=items[-1].code if len(known) > limit else None)
    # Without a date the answer is true today only.
    return Reply.of(page, headers={"Cache-Control": "public, max-age=300"} if asked["on"] else {})


@operation(bp, "GET", "/v1/openapi.json", signed_in=False, answer_headers=("Cache-Control",))
def openapi_document(request: Incoming) -> Reply:
    """Tài liệu OpenAPI 3.1 này."""
    from .contract.openapi import document_text

    # Built on first demand: schemas of all models would weigh on every cold start.
    routes = ((path, method) for path, methods in bp.current_app.routes.items() for method in methods)
    return Reply(200, document_text(tuple(routes)), {"Cache-Control": "public, max-age=300"})
