"""Who may do what: tokens, roles, provinces and clients, as the gateway and the API together decide."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.local.tokens import AUDIENCE, ISSUER, KEY_ID, PEOPLE, Issuer, load_issuer

from .harness import LocalRun
from .outside import Json, Outside, person, refused

MONDAY = "2023-02-06T09:00:00+07:00"
SIGNER = PEOPLE["signer_79"]


@pytest.fixture
def issuer(local_run: LocalRun) -> Issuer:
    """The issuer that the deployed authoriser trusts, for tokens that it would not make."""
    return load_issuer(local_run.home / "issuer.pem")


@pytest.fixture
def paid(outside: Outside, serial: int) -> Json:
    """A paid dossier of province 79 whose cover waits."""
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    return outside.pay(declaration, outside.declare(declaration), MONDAY)


def bad_tokens(issuer: Issuer) -> dict[str, str]:
    stranger = Issuer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    good = issuer.token(SIGNER)
    head, body, signature = good.split(".")
    claims = {**SIGNER, "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600}
    more = {**claims, "province": ["01", "79"]}
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT", "kid": KEY_ID}).encode()).decode()
    return {
        "expired": issuer.token(SIGNER, lifetime=-60),
        "of another issuer's key": stranger.token(SIGNER),
        "of another issuer": issuer.token({**SIGNER, "iss": "https://elsewhere.example"}),
        "for another audience": issuer.token({**SIGNER, "aud": "somebody-else"}),
        "without expiry": jwt.encode(
            {name: value for name, value in claims.items() if name != "exp"},
            issuer.key,
            algorithm="RS256",
            headers={"kid": KEY_ID},
        ),
        "not valid yet": issuer.token({**SIGNER, "nbf": int(time.time()) + 600}),
        "with an unknown role": issuer.token({**SIGNER, "role": "god"}),
        "without a role": issuer.token({"sub": "x"}),
        "without provinces": issuer.token({"sub": "x", "role": "officer"}),
        "with changed claims": f"{head}.{jwt.utils.base64url_encode(json.dumps(more).encode()).decode()}.{signature}",
        "unsigned": f"{unsigned.rstrip('=')}.{body}.",
        "signed with the public key as a secret": hmac_token(claims, public),
        "half": good[: len(good) // 2],
        "no token": "abc",
        "with an unknown key": jwt.encode(claims, issuer.key, algorithm="RS256", headers={"kid": "local-2"}),
    }


def hmac_token(claims: Json, secret: bytes) -> str:
    """What PyJWT itself refuses to make: HS256 with a public key as the secret."""
    import hashlib
    import hmac

    parts: list[Any] = [{"alg": "HS256", "typ": "JWT", "kid": KEY_ID}, claims]
    text = b".".join(jwt.utils.base64url_encode(json.dumps(part).encode()) for part in parts)
    return (text + b"." + jwt.utils.base64url_encode(hmac.new(secret, text, hashlib.sha256).digest())).decode()


def test_no_bad_token_passes(outside: Outside, issuer: Issuer, paid: Json, serial: int) -> None:
    before = outside.quiet_table()
    for what, token in bad_tokens(issuer).items():
        for method, path in (
            ("GET", f"/v1/dossiers/{paid['dossier_code']}"),
            ("GET", "/v1/officer/covers"),
            ("POST", f"/v1/officer/covers/{paid['cover']['cover_id']}/issue"),
        ):
            reply = outside.client.call(method, path, who=token, headers={"If-Match": '"1"'})
            assert (what, reply.status, reply.code) == (what, 401, "UNAUTHORIZED")
            refused(reply, 401, "UNAUTHORIZED")
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": ""}):
        reply = outside.client.call("POST", "/v1/dossiers", person(serial), headers=headers)
        refused(reply, 401, "UNAUTHORIZED")
    assert outside.table() == before


def test_tokens_follow_real_time(outside: Outside, issuer: Issuer) -> None:
    outside.client.set_clock("2099-01-01T09:00:00+07:00")
    assert outside.client.call("GET", "/v1/officer/covers", who=issuer.token(SIGNER, lifetime=120)).status == 200
    for name in PEOPLE:
        claims = jwt.decode(outside.client.endpoints["tokens"][name], options={"verify_signature": False})
        assert claims["exp"] - time.time() > 24 * 3600


def test_another_province_is_closed(outside: Outside, paid: Json) -> None:
    code = paid["dossier_code"]
    for path in (f"/v1/dossiers/{code}", f"/v1/dossiers/{code}/cover"):
        refused(outside.client.call("GET", path, who="officer_01"), 403, "PROVINCE_NOT_ALLOWED")
        assert outside.client.call("GET", path, who="officer_79").status in (200, 404)
    for path in ("/v1/officer/dossiers", "/v1/officer/covers"):
        refused(outside.client.call("GET", f"{path}?province=79", who="officer_01"), 403, "PROVINCE_NOT_ALLOWED")
        assert {row.get("province_code", "01") for row in outside.rows(path, "officer_01")} <= {"01"}
        assert all(row["dossier_code"] != code for row in outside.rows(path, "officer_01"))
    assert any(row["dossier_code"] == code for row in outside.rows("/v1/officer/dossiers?province=79", "officer_79"))


def test_only_a_signer_of_the_province_issues(outside: Outside, issuer: Issuer, paid: Json) -> None:
    path = f"/v1/officer/covers/{paid['cover']['cover_id']}/issue"
    before = outside.quiet_table()
    for who in ("officer_79", "publisher_79", "portal", "ops"):
        refused(outside.client.call("POST", path, who=who, headers={"If-Match": '"1"'}), 403, "ROLE_NOT_ALLOWED")
    elsewhere = issuer.token({**SIGNER, "province": ["01", "48"]})
    reply = outside.client.call("POST", path, who=elsewhere, headers={"If-Match": '"1"'})
    refused(reply, 403, "PROVINCE_NOT_ALLOWED")
    refused(outside.client.call("POST", path, who="signer_79"), 428, "IF_MATCH_REQUIRED")
    refused(outside.client.call("POST", path, who="signer_79", headers={"If-Match": '"9"'}), 412, "VERSION_CONFLICT")
    refused(outside.client.call("POST", path, who="signer_79", headers={"If-Match": "9"}), 422, "IF_MATCH_INVALID")
    nothing = "/v1/officer/covers/000.00.79.G24-230206-9999-C1/issue"
    refused(outside.client.call("POST", nothing, who="signer_79", headers={"If-Match": '"1"'}), 404, "COVER_NOT_FOUND")
    assert outside.table() == before
    assert outside.issue(paid["dossier_code"])["state"] == "RESULT_RETURNED"


def test_ops_see_every_list_and_nobody(outside: Outside, paid: Json) -> None:
    (row,) = [row for row in outside.rows("/v1/officer/dossiers", "ops") if row["dossier_code"] == paid["dossier_code"]]
    assert row["full_name"] is None
    (cover,) = [row for row in outside.rows("/v1/officer/covers", "ops") if row["dossier_code"] == paid["dossier_code"]]
    assert (cover["full_name"], cover["si_number"]) == (None, None)
    assert outside.client.call("GET", f"/v1/dossiers/{paid['dossier_code']}", who="ops").status == 403
    reply = outside.client.call("POST", "/v1/dossiers", person(1), who="ops")
    refused(reply, 403, "ROLE_NOT_ALLOWED")


def test_a_client_sees_its_own_dossiers(outside: Outside, issuer: Issuer, paid: Json) -> None:
    other = issuer.token({"sub": "portal-2", "role": "portal", "client_id": "another-portal"})
    code = paid["dossier_code"]
    for path in (f"/v1/dossiers/{code}", f"/v1/dossiers/{code}/cover"):
        assert outside.client.call("GET", path, who=other).status == 403
    for path in ("/v1/officer/dossiers", "/v1/officer/covers"):
        refused(outside.client.call("GET", path, who="portal"), 403, "ROLE_NOT_ALLOWED")
    # the same key of another client is another key
    key = {"Idempotency-Key": "shared-by-chance"}
    declaration = person(800_001)
    assert outside.client.call("POST", "/v1/dossiers", declaration, who="portal", headers=key).status == 201
    mine = outside.client.call("POST", "/v1/dossiers", person(800_002), who=other, headers=key)
    assert mine.status == 201
    assert "Idempotent-Replayed" not in mine.headers
    assert outside.client.call("GET", f"/v1/dossiers/{mine.body['dossier_code']}", who=other).status == 200


def test_what_needs_no_token(outside: Outside) -> None:
    for path in ("/v1/provinces", "/v1/openapi.json"):
        assert outside.client.call("GET", path).status == 200
    for path in ("/v1/nothing", "/", "/v1/dossiers/x/y/z"):
        refused(outside.client.call("GET", path, who="portal"), 404, "NOT_FOUND")
    refused(
        outside.client.call("GET", "/v1/dossiers/000.00.79.G24-230206-9999", who="portal"), 404, "DOSSIER_NOT_FOUND"
    )
