"""API Gateway's part for a test: turns a call into the proxy event of its route, with the authoriser's context."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from chalice.app import Chalice

from chalicelib.http.operations import OPERATIONS, Operation
from infra.local.samples import DECLARATION as DECLARATION
from infra.local.samples import QUOTE as QUOTE

PORTAL = {"sub": "portal-dvc", "role": "portal", "client_id": "dvc"}
OTHER_PORTAL = {"sub": "portal-b", "role": "portal", "client_id": "b"}
OFFICER_79 = {"sub": "officer-79", "role": "officer", "provinces": "79"}
OFFICER_01 = {"sub": "officer-01", "role": "officer", "provinces": "01"}
SIGNER_79 = {"sub": "signer-79", "role": "signer", "provinces": "79"}
SIGNER_01 = {"sub": "signer-01", "role": "signer", "provinces": "01"}
OPS = {"sub": "ops-1", "role": "ops"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def codes(self) -> list[tuple[str, str]]:
        """(field, code) of every fault of a problem."""
        return [(fault["field"], fault["code"]) for fault in self.json["errors"]]


@dataclass(frozen=True, slots=True)
class Api:
    """The application behind an imagined API Gateway."""

    app: Chalice

    def call(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        caller: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        base64_encoded: bool = False,
        certificate: str | None = None,
    ) -> Answer:
        """`body` is sent as JSON; `raw` as it is. `certificate`: the number of the client's, proved by mutual TLS."""
        path, _, query = target.partition("?")
        if body is not None:
            raw = json.dumps(body).encode()
        sent: str | None = None
        if raw is not None:
            sent = base64.b64encode(raw).decode() if base64_encoded else raw.decode()
        resource, values = self._resource(path)
        request_headers = {"X-Amzn-Trace-Id": "Root=1-63e0a1b2-0123456789abcdef01234567", **(headers or {})}
        if raw is not None and not any(name.lower() == "content-type" for name in request_headers):
            request_headers["Content-Type"] = "application/json"
        event = {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": request_headers,
            "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
            "pathParameters": values or None,
            "stageVariables": None,
            "body": sent,
            "isBase64Encoded": base64_encoded,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": resource,
                "requestId": "request-1",
                **({"authorizer": {**caller, "integrationLatency": 3}} if caller else {}),
                **({"identity": {"clientCert": {"serialNumber": certificate}}} if certificate else {}),
            },
        }
        result = self.app(event, None)
        answer = Answer(result["statusCode"], result["headers"], result["body"])
        operation = OPERATIONS.get((resource, method))
        if operation is not None and answer.headers.get("Content-Type") == "application/problem+json":
            _published(answer, operation)
        return answer

    def declare(
        self, body: Any = None, *, key: str = "key-1", caller: Mapping[str, str] = PORTAL, **more: Any
    ) -> Answer:
        """Post a declaration."""
        headers = {"Idempotency-Key": key, **more.pop("headers", {})}
        sent = DECLARATION if body is None and "raw" not in more else body
        return self.call("POST", "/v1/dossiers", sent, caller=caller, headers=headers, **more)

    def _resource(self, path: str) -> tuple[str, dict[str, str]]:
        for resource in self.app.routes:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource.replace(".", r"\."))
            found = re.fullmatch(pattern, path)
            if found is not None and ("{" in resource or resource == path):
                # Chalice's Lambda gets path values as they stood in the URL.
                return resource, {name: quote(unquote(value)) for name, value in found.groupdict().items()}
        raise LookupError(f"API Gateway has no route for {path}")


def _published(answer: Answer, operation: Operation) -> None:
    """Every problem that is answered is in the OpenAPI document, under its operation and status, faults included."""
    listed = {code for status, code in operation.problem_codes if status == answer.status}
    told = {answer.json["code"], *(fault["code"] for fault in answer.json["errors"])}
    assert told <= listed, (operation.name, answer.status, told - listed)


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def declared_in(province: str, **changes: Any) -> dict[str, Any]:
    """`DECLARATION` by somebody who lives in a province."""
    address = {**DECLARATION["permanent_address"], "province_code": province}
    return {**DECLARATION, "permanent_address": address, **changes}
