"""The OpenAPI document is valid, complete, and true of its own examples."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from chalicelib.http import public, sandbox
from chalicelib.http.course import officers
from chalicelib.http.operations import OPERATIONS
from chalicelib.http.registration import portal
from tests.contract.documents import document, routes

BLUEPRINTS = (officers.bp, portal.bp, public.bp, sandbox.bp)
"""Imported so that every operation is declared."""

VIETNAMESE = re.compile("[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.IGNORECASE)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def contents() -> dict[str, dict[str, Any]]:
    """Every content with a schema: of bodies, answers and problems."""
    return {
        f"{method} {path} {place} {kind}": content
        for path, method, operation in operations()
        for place, holder in [("body", operation.get("requestBody", {})), *operation["responses"].items()]
        for kind, content in holder.get("content", {}).items()
    }


def check(instance: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": document()["components"]}
    jsonschema.Draft202012Validator(whole).validate(instance)


@pytest.mark.slow
def test_the_document_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    validate(document())


def test_every_route_is_documented_and_nothing_else() -> None:
    described = {(path, method) for path, method, _ in operations()}
    assert described == set(routes("sandbox"))


def test_the_routes_of_the_contract_are_there() -> None:
    assert set(routes("production")) >= {
        ("/v1/quotes", "POST"),
        ("/v1/quotes/refund", "POST"),
        ("/v1/dossiers", "POST"),
        ("/v1/dossiers/{code}", "GET"),
        ("/v1/dossiers/{code}/cover", "GET"),
        ("/v1/dossiers/{code}/slips/{kind}", "GET"),
        ("/v1/dossiers/{code}/views", "GET"),
        ("/v1/officer/people/report", "POST"),
        ("/v1/officer/data-requests", "GET"),
        ("/v1/officer/data-requests", "POST"),
        ("/v1/officer/data-requests/{request_id}", "GET"),
        ("/v1/officer/data-requests/{request_id}/answer", "POST"),
        ("/v1/officer/data-requests/{request_id}/extension", "POST"),
        ("/v1/officer/data-requests/{request_id}/first-answer", "POST"),
        ("/v1/officer/data-requests/{request_id}/report", "POST"),
        ("/v1/portal/deliveries", "GET"),
        ("/v1/portal/deliveries/undelivered", "GET"),
        ("/v1/portal/deliveries/redelivery", "POST"),
        ("/v1/covers/{token}/verification", "GET"),
        ("/v1/provinces", "GET"),
        ("/v1/openapi.json", "GET"),
        ("/v1/officer/dossiers", "GET"),
        ("/v1/officer/covers", "GET"),
        ("/v1/officer/stuck", "GET"),
        ("/v1/officer/refunds", "GET"),
        ("/v1/officer/dossiers/{code}/acceptance", "POST"),
        ("/v1/officer/dossiers/{code}/delivery", "POST"),
        ("/v1/officer/dossiers/{code}/reopening", "POST"),
        ("/v1/officer/dossiers/{code}/reopening/approval", "POST"),
        ("/v1/officer/dossiers/{code}/steps/{step}/completion", "POST"),
        ("/v1/officer/covers/{cover_id}/issue", "POST"),
        ("/v1/officer/covers/{cover_id}/preview", "GET"),
        ("/v1/officer/covers/campaigns", "POST"),
        ("/v1/officer/covers/campaigns/{campaign_id}", "GET"),
        ("/v1/officer/covers/{cover_id}/reissue", "POST"),
        ("/v1/officer/covers/{cover_id}/revocation", "POST"),
        ("/v1/officer/covers/{cover_id}/revocation/approval", "POST"),
        ("/v1/officer/covers/{cover_id}/revocation/withdrawal", "POST"),
        ("/v1/officer/vouchers", "GET"),
        ("/v1/officer/vouchers/{voucher_id}", "GET"),
        ("/v1/officer/vouchers/{voucher_id}/resolution", "POST"),
        ("/v1/officer/vouchers/{voucher_id}/resolution/approval", "POST"),
        ("/v1/officer/reconciliation", "GET"),
        ("/v1/officer/reconciliation/sign-off", "POST"),
        ("/v1/officer/provinces/{code}/procedure", "GET"),
        ("/v1/officer/provinces/{code}/procedure", "PUT"),
        ("/v1/officer/provinces/{code}/procedure/{version}/publication", "POST"),
        ("/v1/officer/provinces/{code}/procedure/{version}/restoration", "POST"),
        ("/v1/officer/rules/{table}", "GET"),
        ("/v1/officer/rules/{table}", "PUT"),
        ("/v1/officer/rules/{table}/{version}/publication", "POST"),
    }


@pytest.mark.parametrize("stage", ("production", "staging", ""))
def test_sandbox_routes_exist_in_the_sandbox_only(stage: str) -> None:
    assert not [path for path, _ in routes(stage) if path.startswith("/sandbox")]
    assert len([path for path, _ in routes("sandbox") if path.startswith("/sandbox")]) == 6


def test_only_public_routes_go_without_a_token() -> None:
    open_to_all = {path for path, _, operation in operations() if not operation["security"]}
    assert {path for path in open_to_all if not path.startswith("/sandbox")} == {
        "/v1/quotes",
        "/v1/quotes/refund",
        "/v1/covers/{token}/verification",
        "/C/{token}",
        "/v1/cover-keys",
        "/v1/provinces",
        "/v1/openapi.json",
    }
    assert {path for (path, _), signed_in in routes("sandbox").items() if not signed_in} == open_to_all


def test_operation_ids_are_unique_and_summaries_vietnamese() -> None:
    listed = [operation for _, _, operation in operations()]
    assert len({operation["operationId"] for operation in listed}) == len(listed)
    for operation in listed:
        assert VIETNAMESE.search(operation["summary"]), operation["operationId"]


def test_every_example_holds_against_its_schema() -> None:
    bare = [place for place, content in contents().items() if "example" not in content]
    assert bare == [
        "POST /v1/officer/covers/{cover_id}/issue body application/json",
        "POST /v1/officer/covers/{cover_id}/revocation/approval body application/json",
        "POST /v1/officer/dossiers/{code}/acceptance body application/json",
        "POST /v1/officer/dossiers/{code}/reopening/approval body application/json",
        "POST /v1/officer/dossiers/{code}/steps/{step}/completion body application/json",
        "POST /v1/officer/provinces/{code}/procedure/{version}/publication body application/json",
        "POST /v1/officer/rules/{table}/{version}/publication body application/json",
        "POST /v1/officer/vouchers/{voucher_id}/resolution/approval body application/json",
        "GET /v1/openapi.json 200 application/json",
    ]
    for content in contents().values():
        if "example" in content:
            check(content["example"], content["schema"])


def test_every_value_has_a_limit() -> None:
    """OWASP API4:2023: what has no end exhausts somebody; Spectral asks for the same in `make contract`."""

    def schemas(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            if isinstance(value.get("type"), str):
                yield value
            for name, inner in value.items():
                if name not in ("example", "default", "examples"):
                    yield from schemas(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from schemas(inner)

    limits = {
        "string": ({"maxLength", "enum", "const"},),
        "integer": ({"minimum", "exclusiveMinimum", "enum", "const"}, {"maximum", "exclusiveMaximum", "enum", "const"}),
        "array": ({"maxItems"},),
    }
    found = list(schemas(document()["paths"])) + list(schemas(document()["components"]["schemas"]))
    assert len(found) > 300
    for schema in found:
        for wanted in limits.get(schema["type"], ()):
            assert schema.keys() & wanted, schema


def test_requests_refuse_unknown_fields_in_their_schemas() -> None:
    schemas = document()["components"]["schemas"]
    bodies = {operation.body.__name__ for operation in OPERATIONS.values() if operation.body is not None}
    for name in bodies:
        assert schemas[name]["additionalProperties"] is False


def test_every_operation_names_its_problems() -> None:
    for path, method, operation in operations():
        statuses = set(operation["responses"])
        assert {"429", "500", "503"} <= statuses
        assert ({"401", "403"} <= statuses) is bool(operation["security"]), (method, path)
        assert ("requestBody" not in operation) or {"400", "413", "415", "422"} <= statuses
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"]
                assert re.search(r"`[A-Z][A-Z0-9_]+`", answer["description"])


PROBLEMS = {
    *("Fault", "fault", "Rejected", "Unreadable", "Unauthenticated", "Forbidden", "NotFound", "Conflict"),
    *("PreconditionRequired", "Unavailable", "NotConfigured", "refused"),
}
"""What a problem code is given to."""

NEVER_OVER_HTTP = {
    "ASSUMPTION_INVALID": "the calculator of the command line",
    "CANARY_DOSSIER": "the canary's own log",
    "CANARY_SILENT": "the canary's own log",
    "COVER_CERTIFICATE_NOT_INSTALLED": "the renderer: the cover's execution fails",
    "NOT_ATTEMPTED": "one item's error in the answer to many",
    "PROVINCE_NOT_CONFIGURED": "the renderer: the cover's execution fails",
    "REVOCATION_UNKNOWN": "the renderer, which tries again",
    "TIME_STAMPER_UNAVAILABLE": "the renderer, which tries again",
    "TOO_LARGE": "a message of the queue",
}


def codes_in_the_code() -> set[str]:
    """Every problem code that stands in the source, as an argument of what raises or collects problems."""
    return {
        argument.value
        for path in (Path(__file__).parents[2] / "chalicelib").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")) in PROBLEMS
        for argument in node.args[:2]
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", argument.value)
    }


def test_every_problem_code_is_published() -> None:
    """The tests over HTTP look at each answer, by route and status; this looks at what none of them provokes."""
    answers = [answer for _, _, operation in operations() for answer in operation["responses"].values()]
    published = {code for answer in answers for code in re.findall(r"`([A-Z0-9_]+)`", answer["description"])}
    assert codes_in_the_code() - published == set(NEVER_OVER_HTTP)


def test_the_messages_of_topic_and_queue_are_published_too() -> None:
    channels = document()["webhooks"]
    assert set(channels) == {"dossier-status", "vouchers", "vouchers-manifest"}
    for channel in channels.values():
        content = channel["post"]["requestBody"]["content"]["application/json"]
        schema = content["schema"]
        assert content["examples"]
        for example in content["examples"].values():
            check(example["value"], schema)
        assert schema["$ref"].removeprefix("#/components/schemas/") in document()["components"]["schemas"]


def test_no_schema_is_named_by_a_module() -> None:
    """Of two models with one name pydantic tells the modules, which are nobody's business outside."""
    assert [name for name in document()["components"]["schemas"] if "__" in name] == []
