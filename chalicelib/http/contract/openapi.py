"""The OpenAPI 3.1 document, made from the declared operations and the wire models; nothing is written twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.published import examples, messages

from .. import problems
from ..operations import OPERATIONS, Operation
from ..wire.answers import Problem
from .bounds import LONGEST_PARAMETER, bounded
from .examples import ANSWERS, BODIES
from .links import links

VERSION: Final = "1.0.0"
PATH_NAME: Final = "^[!-~]{1,64}$"
SCHEMA_PATH: Final = "#/components/schemas/"

Mode: TypeAlias = Literal["validation", "serialization"]

DESCRIPTION: Final = """\
Tiếp nhận và giải quyết thủ tục 602e: đăng ký, đóng BHXH tự nguyện qua Cổng dịch vụ công quốc gia.

- Money is integer VND. Months are `yyyy-MM`, dates `yyyy-MM-dd`, instants RFC 3339, answered in `+07:00`.
- Every error is `application/problem+json` (RFC 9457). `code` is stable; `errors` holds every fault of the request
  at once (of unknown fields, the first 100). `null` in a required field counts as missing (`REQUIRED`).
- A body is at most 64 KiB of JSON in UTF-8 without duplicate names; unknown fields and unknown query parameters are
  refused with `UNKNOWN_FIELD`.
- `Idempotency-Key`: the same key with the same JSON (spaces and order of names do not count) gives the first answer
  again with `Idempotent-Replayed: true`, for 7 days; with another body it is a 409 `IDEMPOTENCY_KEY_REUSED`.
- Under `webhooks`: what the topic `dossier-status` sends, and what the queue `vouchers` takes.
- A 412 `VERSION_CONFLICT` tells the present `version` and `state`, and in `changes` the events since the version
  given: `{version, event, state, at, by, reason}`, oldest first.
- A dossier, a cover and a province's procedure have a `version`, which stands in quotes in `ETag` and `If-Match`.
"""

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ETag": {
        "description": "Phiên bản, đặt trong dấu ngoặc kép.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {"description": "Đường dẫn của hồ sơ vừa mở.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "Có mặt khi câu trả lời đầu tiên được gửi lại.",
        "schema": {"type": "string", "const": "true"},
    },
    "Cache-Control": {"description": "Được lưu đệm trong thời gian ngắn.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Số giây nên chờ trước khi gửi lại.", "schema": {"type": "integer"}},
}

TAGS: Final[Mapping[str, str]] = {
    "portal": "Cổng dịch vụ công và người dân.",
    "officer": "Cơ quan BHXH.",
    "sandbox": "Chỉ có trong môi trường thử nghiệm.",
    "messages": "Tin nhắn của chủ đề dossier-status và hàng đợi vouchers.",
}

REQUEST_HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Idempotency-Key": {
        "description": "Khóa chống trùng do bên gọi đặt, giữ 7 ngày.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "0b0f6ab4-6f2c-4a5d-9d0e-3f6b1c1f4f10",
    },
    "If-Match": {
        "description": "Phiên bản mà người gọi đã xem, đặt trong dấu ngoặc kép.",
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
        "example": '"1"',
    },
    "If-None-Match": {
        "description": "ETag của câu trả lời trước; chưa thay đổi thì trả lời 304, không có nội dung.",
        "schema": {"type": "string"},
        "example": '"4"',
    },
    "X-Break-Glass": {
        "description": "Xem khẩn cấp hồ sơ ngoài tỉnh phụ trách; phải nêu mục đích (X-View-Reason) từ 20 ký tự.",
        "schema": {"type": "string", "enum": ["1"]},
        "example": "1",
    },
    "X-View-Reason": {
        "description": "Mục đích xem của cán bộ, ghi vào nhật ký xem; UTF-8 mã hóa phần trăm, 1 đến 200 ký tự.",
        "schema": {
            "type": "string",
            "maxLength": 1800,
            "pattern": "^[ -~]+$",
            "default": "x%E1%BB%AD%20l%C3%BD%20h%E1%BB%93%20s%C6%A1",
        },
        "example": "%C4%91%E1%BB%91i%20chi%E1%BA%BFu",
    },
}


@lru_cache(maxsize=4)
def document_text(routes: tuple[tuple[str, str], ...]) -> str:
    """The document for these (path, method) routes, as JSON."""
    return json.dumps(document(routes), ensure_ascii=False, separators=(",", ":"))


def document(routes: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The document as a dict. Raises KeyError for a route that no operation declares."""
    operations = [OPERATIONS[route] for route in sorted(routes)]
    known = frozenset(operation.name for operation in operations)
    channels = messages()
    schemas = _schemas(operations, channels.values())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "BHXH tự nguyện, thủ tục 602e",
            "version": VERSION,
            "description": DESCRIPTION,
            "contact": {"name": "Bảo hiểm xã hội Việt Nam", "url": "https://baohiemxahoi.gov.vn"},
        },
        "servers": [{"url": "/", "description": "Gốc của API: production, staging hoặc sandbox.", "x-internal": False}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": bounded(
            {
                path: {operation.method.lower(): _operation(operation, known) for operation in group}
                for path, group in groupby(operations, key=lambda operation: operation.path)
            },
            LONGEST_PARAMETER,
        ),
        "webhooks": {name: {"post": _message(name, model)} for name, model in channels.items()},
        "components": {
            "schemas": bounded(schemas),
            "headers": bounded(dict(HEADERS)),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "RS256, ES256, theo RFC8725; claim role: portal, officer, signer, publisher, ops.",
                }
            },
        },
    }


def _schemas(operations: Iterable[Operation], more: Iterable[type[BaseModel]]) -> dict[str, Any]:
    wanted: dict[type[BaseModel], Mode] = {Problem: "serialization"}
    for operation in operations:
        if operation.body is not None:
            wanted[operation.body] = "validation"
        if operation.answer is not None:
            wanted[operation.answer] = "serialization"
    for model in more:
        wanted[model] = "validation"
    _, found = models_json_schema(list(wanted.items()), ref_template=SCHEMA_PATH + "{model}")
    schemas: dict[str, Any] = found["$defs"]
    return dict(sorted(schemas.items()))


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": SCHEMA_PATH + model.__name__}


def _operation(operation: Operation, known: frozenset[str]) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
    described["tags"] = [_tag(operation.path)]
    described["security"] = [{"bearer": []}] if operation.signed_in else []
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = _request_body(operation)
    described["responses"] = {
        str(operation.status): _success(operation, known),
        **_unchanged(operation),
        **_problems(operation),
    }
    return described


def _message(channel: str, model: type[BaseModel]) -> dict[str, Any]:
    """What a channel carries. OpenAPI has no queues: a webhook is its nearest form."""
    return {
        "operationId": channel.replace("-", "_"),
        "summary": (model.__doc__ or channel).strip().partition("\n")[0],
        "tags": ["messages"],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _ref(model),
                    "examples": {name: {"value": dict(value)} for name, value in examples()[channel].items()},
                }
            },
        },
        "responses": {"200": {"description": "Đã nhận."}},
    }


def _tag(path: str) -> str:
    first, second = [*path.strip("/").split("/"), ""][:2]
    return first if first == "sandbox" else second if second == "officer" else "portal"


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": PATH_NAME}}
        for name in in_path
    ]
    for query in operation.query:
        # A form sends empty fields too: nothing given counts as not given.
        schema = {"anyOf": [dict(query.schema), {"type": "string", "const": ""}]}
        described = {"name": query.name, "in": "query", "description": query.description, "schema": schema}
        parameters.append(described)
    for header in operation.request_headers:
        name = header.removesuffix("!")
        parameters.append({"name": name, "in": "header", "required": header.endswith("!"), **REQUEST_HEADERS[name]})
    return parameters


def _request_body(operation: Operation) -> dict[str, Any]:
    model = operation.body
    if model is None:
        raise ValueError("this operation has no body")
    one = _ref(model)
    schema = {"oneOf": [one, {"type": "array", "items": one}]} if operation.many else one
    content: dict[str, Any] = {"schema": schema}
    if operation.name in BODIES:
        content["example"] = BODIES[operation.name]
    return {"required": bool(model.model_fields), "content": {"application/json": content}}


def _success(operation: Operation, known: frozenset[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": operation.summary}
    next_calls = links(operation.name, known)
    if next_calls:
        answer["links"] = next_calls
    if operation.answer_headers:
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in operation.answer_headers}
    if operation.status != 204:
        content: dict[str, Any] = {"schema": _ref(operation.answer) if operation.answer else {"type": "object"}}
        if operation.name in ANSWERS:
            content["example"] = ANSWERS[operation.name]
        answer["content"] = {"application/json": content}
    if operation.other_type is not None:
        other = {"schema": {"type": "string"}, "example": ANSWERS[f"{operation.name} {operation.other_type}"]}
        answer["content"][operation.other_type] = other
    return answer


def _unchanged(operation: Operation) -> dict[str, Any]:
    if "If-None-Match" not in operation.request_headers:
        return {}
    return {"304": {"description": "Chưa có gì thay đổi.", "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}}


def _problems(operation: Operation) -> dict[str, Any]:
    listed = sorted(dict.fromkeys(operation.problem_codes), key=lambda pair: pair[0])
    return {
        str(status): _problem(status, [code for _, code in group])
        for status, group in groupby(listed, key=lambda pair: pair[0])
    }


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    example = problems.problem_body(status, codes[0], problems.TITLES[status] + ".", "1-63e0a1b2-0123456789abcdef")
    answer: dict[str, Any] = {
        "description": f"{problems.TITLES[status]}: {', '.join(f'`{code}`' for code in codes)}",
        "content": {problems.CONTENT_TYPE: {"schema": _ref(Problem), "example": example}},
    }
    if status in {429, 503}:
        answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return answer
