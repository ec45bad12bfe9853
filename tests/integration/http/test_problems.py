"""Every exception has its one answer; an unexpected one tells nothing."""

from __future__ import annotations

import json
import logging

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from chalice.app import Response

from chalicelib.domain import errors
from chalicelib.domain.errors import DomainError, Fault
from chalicelib.http import problems
from chalicelib.http.framework import chalice_errors_as_problems

TRACE = "trace-1"
MEMBERS = ["type", "title", "status", "detail", "code", "errors", "trace_id"]


@pytest.mark.parametrize(
    ("error", "status"),
    (
        (errors.Unreadable("NOT_JSON", "…"), 400),
        (errors.Unauthenticated("UNAUTHORIZED", "…"), 401),
        (errors.Forbidden("PROVINCE_NOT_ALLOWED", "…"), 403),
        (errors.NotFound("DOSSIER_NOT_FOUND", "…"), 404),
        (problems.MethodNotAllowed("METHOD_NOT_ALLOWED", "…"), 405),
        (errors.Conflict("DUPLICATE_DOSSIER", "…"), 409),
        (errors.VersionConflict("VERSION_CONFLICT", "…"), 412),
        (problems.BodyTooLarge("BODY_TOO_LARGE", "…"), 413),
        (problems.UnsupportedMediaType("UNSUPPORTED_MEDIA_TYPE", "…"), 415),
        (errors.Rejected([Fault("income", "INCOME_BELOW_MIN", "…")]), 422),
        (errors.NotConfigured("RATE_NOT_CONFIGURED", "…"), 422),
        (errors.PreconditionRequired("IF_MATCH_REQUIRED", "…"), 428),
        (errors.Unavailable("STORAGE_BUSY", "…"), 503),
    ),
)
def test_a_domain_error_keeps_its_code(error: DomainError, status: int) -> None:
    response = problems.respond(error, TRACE)
    body = json.loads(response.body)
    assert response.status_code == body["status"] == status
    assert list(body) == MEMBERS
    assert body["code"] == error.code
    assert body["type"] == "urn:bhxh:602e:problem:" + error.code.lower().replace("_", "-")
    assert body["trace_id"] == TRACE
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert problems.PROTECTED.items() <= response.headers.items()
    assert ("Retry-After" in response.headers) is (status == 503)


def test_every_kind_of_domain_error_has_a_status() -> None:
    ours = [kind for kind in DomainError.__subclasses__() if kind.__module__.startswith("chalicelib.")]
    for kind in ours:
        assert kind in problems.STATUS
        assert problems.STATUS[kind] in problems.TITLES


def test_facts_follow_as_extension_members_and_never_replace_one() -> None:
    error = errors.Conflict("DUPLICATE_DOSSIER", "…", facts={"dossier_code": "000.00.79.G24-230206-0001", "status": 7})
    body = json.loads(problems.respond(error, TRACE).body)
    assert list(body) == [*MEMBERS, "dossier_code"]
    assert body["status"] == 409


def test_a_rejection_lists_every_fault() -> None:
    error = errors.Rejected([Fault("income", "INCOME_BELOW_MIN", "Thấp."), Fault("phone", "PHONE_INVALID", "Sai.")])
    body = json.loads(problems.respond(error, TRACE).body)
    assert body["code"] == "INCOME_BELOW_MIN"
    assert body["errors"] == [
        {"field": "income", "code": "INCOME_BELOW_MIN", "message": "Thấp."},
        {"field": "phone", "code": "PHONE_INVALID", "message": "Sai."},
    ]


def test_an_unexpected_exception_tells_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    secret = "079185012345"
    response = problems.respond(ValueError(f"person {secret}"), TRACE)
    body = json.loads(response.body)
    assert (response.status_code, body["code"], body["errors"]) == (500, "INTERNAL", [])
    assert secret not in response.body
    written = capfd.readouterr()
    assert secret not in written.out + written.err


def test_an_unexpected_exception_is_logged_with_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[logging.LogRecord] = []
    monkeypatch.setattr(problems.log, "handle", seen.append)
    problems.respond(KeyError("x"), TRACE)
    assert seen[0].levelno == logging.ERROR
    assert seen[0].exc_info is not None
    assert seen[0].exc_info[0] is KeyError
    assert vars(seen[0])["facts"]["trace_id"] == TRACE


@pytest.mark.parametrize(
    ("error", "status"),
    (
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": "table bhxh"}}, "Query"), 503),
        (ClientError({"Error": {"Code": "ValidationException", "Message": "table bhxh"}}, "Query"), 500),
        (ReadTimeoutError(endpoint_url="https://dynamodb"), 503),
        (EndpointConnectionError(endpoint_url="https://dynamodb"), 503),
        (NoCredentialsError(), 500),
    ),
)
def test_a_busy_aws_is_a_reason_to_come_again(error: Exception, status: int) -> None:
    response = problems.respond(error, TRACE)
    assert response.status_code == status
    assert ("Retry-After" in response.headers) is (status == 503)
    assert 'bhxh"' not in response.body
    assert "dynamodb" not in response.body


class _OfAnotherKind(DomainError):
    """A kind that the table does not know."""


def test_a_kind_without_a_status_is_our_own_fault() -> None:
    assert problems.respond(_OfAnotherKind("X", "…"), TRACE).status_code == 500


@pytest.mark.parametrize(("status", "code"), ((405, "METHOD_NOT_ALLOWED"), (400, "BAD_REQUEST"), (500, "INTERNAL")))
def test_chalices_own_errors_become_problems(status: int, code: str) -> None:
    own = Response({"Code": "X", "Message": "some english"}, status_code=status, headers={"Allow": "GET"})
    response = chalice_errors_as_problems(None, lambda _: own)
    body = json.loads(response.body)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response.headers["Allow"] == "GET"
    assert "some english" not in response.body
