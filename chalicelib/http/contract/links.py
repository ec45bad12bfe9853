"""What may be called next, and with what of the answer: the links of the OpenAPI document.

An integrator reads them as the way through the system; tools that test by chains of calls follow them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

CODE_ASKED: Final = "$request.path.code"
COVER_ASKED: Final = "$request.path.cover_id"
CODE_ANSWERED: Final = "$response.body#/dossier_code"
VERSION_ANSWERED: Final = "$response.header.ETag"


@dataclass(frozen=True, slots=True)
class Link:
    """A next call: the operation, its parameters and fields of its body, as runtime expressions (OpenAPI 3.1)."""

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """The link object."""
        made: dict[str, Any] = {"operationId": self.operation}
        if self.parameters:
            made["parameters"] = dict(self.parameters)
        if self.body:
            made["requestBody"] = dict(self.body)
        return made


def _of_dossier(*operations: str, code: str = CODE_ASKED) -> tuple[Link, ...]:
    return tuple(Link(each, {"code": code}) for each in operations)


def _decisions(*operations: str, code: str = CODE_ASKED, version: str = VERSION_ANSWERED) -> tuple[Link, ...]:
    return tuple(Link(each, {"code": code, "If-Match": version}) for each in operations)


def _of_cover(*operations: str, cover: str = COVER_ASKED, version: str = VERSION_ANSWERED) -> tuple[Link, ...]:
    return tuple(Link(each, {"cover_id": cover, "If-Match": version}) for each in operations)


def _quoted(pointer: str) -> str:
    """A version of the answer as `If-Match` wants it."""
    return f'"{{$response.body#{pointer}}}"'


_READ: Final = ("show_dossier", "show_views")
_COURSE: Final = (
    "accept_dossier",
    "request_supplement",
    "refuse_dossier",
    "stop_dossier",
    "apologise",
    "assign_dossier",
    "deliver_result",
    "request_reopening",
)
_OF_REQUEST: Final = ("acknowledge_data_request", "extend_data_request", "answer_data_request")
_DECIDED: Final = _of_dossier(*_READ, code=CODE_ANSWERED)


def _of_request(request_id: str, version: str = VERSION_ANSWERED) -> tuple[Link, ...]:
    shown = tuple(Link(each, {"request_id": request_id}) for each in ("show_data_request", "report_on_data_request"))
    steps = (Link(each, {"request_id": request_id, "If-Match": version}) for each in _OF_REQUEST)
    return (*shown, *steps)


LINKS: Final[Mapping[str, tuple[Link, ...]]] = {
    "list_provinces": (Link("calculate_quote", body={"province_code": "$response.body#/items/0/code"}),),
    "calculate_quote": (
        Link(
            "register_dossier",
            body={name: f"$request.body#/{name}" for name in ("income", "method", "from_month", "support_category")},
        ),
    ),
    "register_dossier": (
        *_of_dossier(*_READ, "show_cover_link", code=CODE_ANSWERED),
        *_decisions("withdraw_dossier", code=CODE_ANSWERED),
        Link("show_slip_link", {"code": CODE_ANSWERED, "kind": "receipt"}),
        Link("list_deliveries", {"dossier_code": CODE_ANSWERED}),
    ),
    "show_dossier": (
        *_of_dossier("show_views", "show_cover_link"),
        *_decisions("withdraw_dossier", "supply_supplement", *_COURSE),
        Link("preview_cover_page", {"cover_id": "$response.body#/cover/cover_id"}),
        *_of_cover(
            "issue_one_cover",
            "reissue_cover",
            "request_cover_revocation",
            cover="$response.body#/cover/cover_id",
            version=_quoted("/cover/version"),
        ),
    ),
    "withdraw_dossier": _DECIDED,
    "supply_supplement": _DECIDED,
    "request_supplement": (
        *_DECIDED,
        *_decisions("supply_supplement", "withdraw_dossier", code=CODE_ANSWERED),
    ),
    "refuse_dossier": (*_DECIDED, Link("show_slip_link", {"code": CODE_ANSWERED, "kind": "refusal"})),
    "stop_dossier": (*_DECIDED, Link("show_slip_link", {"code": CODE_ANSWERED, "kind": "refusal"})),
    "apologise": (*_DECIDED, Link("show_slip_link", {"code": CODE_ANSWERED, "kind": "apology"})),
    "request_reopening": (*_DECIDED, *_decisions("approve_reopening", code=CODE_ANSWERED)),
    "officer_dossiers": (
        Link("show_dossier", {"code": "$response.body#/items/0/dossier_code"}),
        *_decisions(*_COURSE, code="$response.body#/items/0/dossier_code", version=_quoted("/items/0/version")),
    ),
    "officer_covers": (
        Link("preview_cover_page", {"cover_id": "$response.body#/items/0/cover_id"}),
        *_of_cover("issue_one_cover", cover="$response.body#/items/0/cover_id", version=_quoted("/items/0/version")),
    ),
    "issue_one_cover": (
        *_of_dossier("show_dossier", "show_cover_link", code=CODE_ANSWERED),
        *_of_cover("reissue_cover", "request_cover_revocation"),
    ),
    "reissue_cover": (
        Link("preview_cover_page", {"cover_id": "$response.body#/cover_id"}),
        *_of_cover("issue_one_cover", cover="$response.body#/cover_id"),
    ),
    "request_cover_revocation": _of_cover("approve_cover_revocation", "withdraw_cover_revocation"),
    "start_cover_campaign": (Link("show_cover_campaign", {"campaign_id": "$response.body#/campaign_id"}),),
    "officer_vouchers": (Link("officer_voucher", {"voucher_id": "$response.body#/items/0/id"}),),
    "officer_voucher": (
        Link("resolve_voucher", {"voucher_id": "$request.path.voucher_id", "If-Match": VERSION_ANSWERED}),
    ),
    "resolve_voucher": (
        Link("officer_voucher", {"voucher_id": "$request.path.voucher_id"}),
        Link("approve_resolution", {"voucher_id": "$request.path.voucher_id", "If-Match": VERSION_ANSWERED}),
    ),
    "officer_refunds": (Link("show_dossier", {"code": "$response.body#/items/0/dossier_code"}),),
    "show_procedure": (Link("draft_province_procedure", {"code": CODE_ASKED, "If-Match": VERSION_ANSWERED}),),
    "draft_province_procedure": (
        Link("show_procedure", {"code": CODE_ASKED}),
        Link("publish_province_procedure", {"code": CODE_ASKED, "version": "$response.body#/draft/version"}),
    ),
    "publish_province_procedure": (
        Link("show_procedure", {"code": CODE_ASKED}),
        Link("restore_province_procedure", {"code": CODE_ASKED, "version": "$response.body#/version"}),
    ),
    "draft_table": (
        Link("show_rules", {"table": "$request.path.table"}),
        Link("publish_table", {"table": "$request.path.table", "version": "$response.body#/change/version"}),
    ),
    "publish_table": (Link("show_rules", {"table": "$request.path.table"}),),
    "show_reconciliation": (
        Link(
            "sign_off_reconciliation",
            body={"date": "$response.body#/date", "province_code": "$response.body#/items/0/province_code"},
        ),
    ),
    "record_data_request": _of_request("$response.body#/request_id"),
    "list_data_requests": _of_request("$response.body#/items/0/request_id", _quoted("/items/0/version")),
    "show_data_request": _of_request("$request.path.request_id"),
    "acknowledge_data_request": _of_request("$request.path.request_id"),
    "extend_data_request": _of_request("$request.path.request_id"),
    "report_on_data_request": _of_request("$request.path.request_id"),
    "show_undelivered": (
        Link("request_redelivery", body={"dossier_code": "$response.body#/items/0/dossier_code"}),
        Link("list_deliveries", {"dossier_code": "$response.body#/items/0/dossier_code"}),
    ),
}
"""By the operation whose success leads on."""


def links(operation: str, known: frozenset[str]) -> dict[str, Any]:
    """The links of an operation's success to those of the operations that are published, by name."""
    return {each.operation: each.described() for each in LINKS.get(operation, ()) if each.operation in known}
