"""Where the portal has an address with mutual TLS, its token alone is worth nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.wiring import wiring
from tests.integration.http.harness import DECLARATION, OFFICER_79, PORTAL, Api

KEY = {"Idempotency-Key": "key-1"}


@pytest.fixture
def required(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The API of a stack whose portal must show a certificate."""
    monkeypatch.setattr(wiring(), "settings", replace(wiring().settings, portal_certificate="required"))
    return api


def test_a_portal_without_a_certificate_is_a_stranger(required: Api) -> None:
    refused = required.call("POST", "/v1/dossiers", DECLARATION, caller=PORTAL, headers=KEY)
    assert (refused.status, refused.json["code"]) == (401, "CERTIFICATE_REQUIRED")


def test_with_its_certificate_it_is_served(required: Api) -> None:
    opened = required.call("POST", "/v1/dossiers", DECLARATION, caller=PORTAL, headers=KEY, certificate="0a:1b")
    assert opened.status == 201


def test_the_canary_is_asked_for_none(required: Api) -> None:
    """Its token is made by a key of ours; a certificate of the portal's it has none."""
    itself = {"sub": "canary", "role": "portal", "client_id": "canary"}
    answer = required.call("GET", "/v1/dossiers/000.00.99.G24-261122-0001", caller=itself)
    assert (answer.status, answer.json["code"]) == (404, "DOSSIER_NOT_FOUND")


def test_officers_are_asked_for_none(required: Api) -> None:
    assert required.call("GET", "/v1/officer/dossiers", caller=OFFICER_79).status == 200


def test_without_such_an_address_a_token_is_enough(api: Api) -> None:
    assert api.declare().status == 201
