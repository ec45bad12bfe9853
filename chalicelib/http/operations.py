"""Each route is declared once: the declaration registers it with Chalice and describes it in the OpenAPI document.

The view behind it is guarded: it takes an `Incoming`, gives a `Reply`, and whatever it raises becomes a problem.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import unquote

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel

from chalicelib.domain.errors import NotFound
from chalicelib.log import facts, logger
from chalicelib.usecases.answers import Answer

from . import problems
from .auth import token_authorizer
from .incoming import Incoming, trace_id_of
from .query import Parameter

log = logger(__name__)

BODY_PROBLEMS: Final = (
    (400, "NOT_JSON"),
    (400, "NOT_JSON_OBJECT"),
    (413, "BODY_TOO_LARGE"),
    (415, "UNSUPPORTED_MEDIA_TYPE"),
    (422, "UNKNOWN_FIELD"),
    (422, "REQUIRED"),
    (422, "INVALID_TYPE"),
    (422, "INVALID_VALUE"),
    (422, "TOO_LONG"),
)
"""What any route with a body may answer, beside what it declares itself."""

TOKEN_PROBLEMS: Final = ((401, "UNAUTHORIZED"), (401, "CERTIFICATE_REQUIRED"), (403, "ROLE_NOT_ALLOWED"))

HEADER_PROBLEMS: Final = {"If-None-Match": "IF_NONE_MATCH_INVALID", "X-View-Reason": "VIEW_REASON_INVALID"}
"""422 for a header that cannot be read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A view's answer: a status, a JSON text (empty for 204) and headers of its own."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, model: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(status, model.model_dump_json(), headers or {})

    @classmethod
    def of_answer(cls, answer: Answer, headers: Mapping[str, str] | None = None) -> Reply:
        """A stored answer goes out as it was kept, and says so when it is given again."""
        more = {"Idempotent-Replayed": "true"} if answer.replayed else {}
        return cls(answer.status, answer.body, {"ETag": f'"{answer.version}"', **more, **(headers or {})})

    def response(self) -> Response:
        headers = {**problems.PROTECTED, "Cache-Control": "no-store", **self.headers}
        if self.status not in {204, 304}:
            headers.setdefault("Content-Type", "application/json")
        return Response(body=self.body, status_code=self.status, headers=dict(headers))


@dataclass(frozen=True, slots=True)
class Operation:
    """What is published of one route. `codes` are the problem codes that are particular to it."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    signed_in: bool
    status: int
    answer: type[BaseModel] | None
    other_type: str | None
    """A second content type that the answer may have, as text."""
    body: type[BaseModel] | None
    many: bool
    query: tuple[Parameter, ...]
    request_headers: tuple[str, ...]
    answer_headers: tuple[str, ...]
    codes: tuple[tuple[int, str], ...]

    @property
    def problem_codes(self) -> tuple[tuple[int, str], ...]:
        return (
            *(TOKEN_PROBLEMS if self.signed_in else ()),
            *(BODY_PROBLEMS if self.body else ()),
            *(((422, "UNKNOWN_FIELD"), (422, "INVALID_VALUE")) if self.query else ()),
            *((422, code) for header, code in HEADER_PROBLEMS.items() if header in self.request_headers),
            *self.codes,
            # What stands in the path is no name at all.
            *(((404, "NOT_FOUND"),) if "{" in self.path else ()),
            (429, "TOO_MANY_REQUESTS"),
            (500, "INTERNAL"),
            (503, "UNAVAILABLE"),
            (503, "STORAGE_BUSY"),
        )


OPERATIONS: Final[dict[tuple[str, str], Operation]] = {}
"""By path and method; filled as the blueprints are imported."""

_NAME = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_OWN_NAMES: Final = {
    # Longer by its nature.
    "token": re.compile(r"[\x21-\x7e]{1,600}", re.ASCII),
    # Named by accounting as it likes, control characters apart.
    "voucher_id": re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,400}"),
}
"""What is not named as everything else, by the parameter's name."""

View: TypeAlias = Callable[..., Reply]


def operation(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    signed_in: bool = True,
    status: int = 200,
    answer: type[BaseModel] | None = None,
    other_type: str | None = None,
    body: type[BaseModel] | None = None,
    many: bool = False,
    query: tuple[Parameter, ...] = (),
    request_headers: tuple[str, ...] = (),
    answer_headers: tuple[str, ...] = (),
    codes: tuple[tuple[int, str], ...] = (),
) -> Callable[[View], View]:
    """Register a view. `many` lets the body be one object or a list; the docstring becomes the description."""

    def register(view: View) -> View:
        summary, _, description = (view.__doc__ or view.__name__).strip().partition("\n")
        OPERATIONS[path, method] = Operation(
            name=view.__name__,
            method=method,
            path=path,
            summary=summary,
            description=" ".join(description.split()),
            signed_in=signed_in,
            status=status,
            answer=answer,
            other_type=other_type,
            body=body,
            many=many,
            query=query,
            request_headers=request_headers,
            answer_headers=answer_headers,
            codes=codes,
        )
        # No content types for Chalice: it would answer a 415 of its own shape. `Incoming` checks them.
        authorizer = {"authorizer": token_authorizer} if signed_in else {}
        bp.route(path, methods=[method], content_types=[], **authorizer)(_guarded(bp, view))
        return view

    return register


def _guarded(bp: Blueprint, view: View) -> Callable[..., Response]:
    @functools.wraps(view)
    def guarded(**path_values: str) -> Response:
        request: Request = bp.current_request
        try:
            return view(Incoming(request), **_decoded(path_values)).response()
        except Exception as error:  # the one place that answers for every exception
            trace_id = trace_id_of(request)
            response = problems.respond(error, trace_id)
            _log_refusal(request, response.status_code, getattr(error, "code", None), trace_id)
            return response

    return guarded


def _log_refusal(request: Request, status: int, code: str | None, trace_id: str) -> None:
    """Every refusal is told, an officer's look into another province included; the gateway logs what succeeds."""
    role = (request.context.get("authorizer") or {}).get("role")
    told = facts(method=request.method, route=request.path, status=status, code=code, role=role, trace_id=trace_id)
    log.info("refused", extra=told)


def _decoded(path_values: Mapping[str, str]) -> dict[str, str]:
    """Path parameters arrive URL-encoded. Raises `NotFound` for what can be the name of nothing."""
    values = {name: unquote(value) for name, value in path_values.items()}
    if any(_OWN_NAMES.get(name, _NAME).fullmatch(value) is None for name, value in values.items()):
        raise NotFound("NOT_FOUND", "Không có địa chỉ này.")
    return values
