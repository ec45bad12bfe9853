"""Which tokens hold. The authoriser is a function of its own: it must work when nothing else was imported."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto import mock_aws

from chalicelib.domain.oversight import canary
from chalicelib.http import auth
from chalicelib.http.auth import BadToken, KeySet, Verifier
from chalicelib.usecases.oversight.canary_token import canary_token
from tests.support.kms import Keys

ISSUER, AUDIENCE = "https://issuer.example", "bhxh-602e"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
METHOD_ARN = "arn:aws:execute-api:ap-southeast-1:123456789012:abc123/api/POST/v1/dossiers"


def jwk_rsa(kid: str, **more: str) -> dict[str, Any]:
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True)
    return {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": kid, "use": "sig", "alg": "RS256", **more}


def jwk_ec(kid: str) -> dict[str, Any]:
    public: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True)
    return {**public, "kid": kid, "use": "sig", "alg": "ES256"}


JWKS = json.dumps(
    {
        "keys": [
            jwk_rsa("r1"),
            jwk_ec("e1"),
            jwk_rsa("encryption", use="enc"),
            jwk_rsa("ps", alg="PS256"),
            {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "h1", "alg": "HS256"},
            {"kty": "unknown", "kid": "u1"},
        ],
        "clients": {"dvc": ["zalo", "vneid"]},
    }
)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 600,
        "sub": "officer-79",
        "role": "officer",
        "province": ["79", "74"],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(
    content: dict[str, Any],
    *,
    key: Any = RSA_KEY,
    algorithm: str = "RS256",
    kid: str | None = "r1",
    headers: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    told = {**({"kid": kid} if kid else {}), **headers}
    return "Bearer " + jwt.encode(content, key, algorithm=algorithm, headers=told)


@pytest.fixture(name="verifier")
def _verifier() -> Verifier:
    return Verifier(ISSUER, AUDIENCE, KeySet(fetch=lambda: JWKS))


def test_an_officers_token_gives_role_and_provinces(verifier: Verifier) -> None:
    assert verifier.context(signed(claims())) == {
        "sub": "officer-79",
        "role": "officer",
        "client_id": "",
        "provinces": "79 74",
        "also_sees": "",
    }


def test_a_portals_token_gives_its_client_and_whom_else_it_sees(verifier: Verifier) -> None:
    context = verifier.context(signed(claims(role="portal", client_id="dvc", province=None)))
    assert (context["client_id"], context["also_sees"], context["provinces"]) == ("dvc", "zalo vneid", "")


def test_es256_holds_too(verifier: Verifier) -> None:
    assert verifier.context(signed(claims(role="ops"), key=EC_KEY, algorithm="ES256", kid="e1"))["role"] == "ops"


@pytest.mark.parametrize("typ", ("JWT", "at+jwt", "application/at+JWT", None))
def test_an_access_token_says_so_or_nothing(verifier: Verifier, typ: str | None) -> None:
    assert verifier.context(signed(claims(), headers={"typ": typ}))["role"] == "officer"


BAD = {
    "a token to log out with": signed(claims(), headers={"typ": "logout+jwt"}),
    "a proof of possession": signed(claims(), headers={"typ": "dpop+jwt"}),
    "another issuer": signed(claims(iss="https://evil.example")),
    "another audience": signed(claims(aud="other")),
    "expired": signed(claims(exp=int(time.time()) - 60)),
    "without expiry": signed(claims(exp=None)),
    "without subject": signed(claims(sub=None)),
    "without issuer": signed(claims(iss=None)),
    "without audience": signed(claims(aud=None)),
    "not yet": signed(claims(nbf=int(time.time()) + 600)),
    "another key": signed(claims(), key=OTHER_KEY),
    "unknown key id": signed(claims(), kid="r2"),
    "no key id": signed(claims(), kid=None),
    "a key for encryption": signed(claims(), kid="encryption"),
    "an algorithm not allowed": signed(claims(), algorithm="PS256", kid="ps"),
    "the shared secret's algorithm": signed(claims(), key="secret" * 6, algorithm="HS256", kid="h1"),
    "hmac under an rsa key id": signed(claims(), key="x" * 32, algorithm="HS256", kid="r1"),
    "rsa under an ec key id": signed(claims(), kid="e1"),
    "unknown role": signed(claims(role="admin")),
    "no role": signed(claims(role=None)),
    "a role that is a list": signed(claims(role=["officer"])),
    "an officer without provinces": signed(claims(province=None)),
    "an officer with a string": signed(claims(province="79")),
    "a province with a space": signed(claims(province=["79 01"])),
    "a portal without client": signed(claims(role="portal", client_id=None)),
    "a client with a space": signed(claims(role="portal", client_id="a b")),
    "no scheme": signed(claims()).removeprefix("Bearer "),
    "basic": "Basic dXNlcjpwYXNz",
    "nothing": "",
    "an empty token": "Bearer ",
    "no token at all": "Bearer abc",
    "unsigned": "Bearer " + jwt.encode(claims(), "", algorithm="none", headers={"kid": "r1"}),
    "far too long": "Bearer " + "a" * 9000,
    "no ascii": "Bearer \u00e0.\u00e0.\u00e0",
}


@pytest.mark.parametrize("authorization", BAD.values(), ids=BAD.keys())
def test_a_bad_token_does_not_hold(verifier: Verifier, authorization: str) -> None:
    with pytest.raises(BadToken):
        verifier.context(authorization)


def test_a_changed_payload_does_not_hold(verifier: Verifier) -> None:
    head, _, signature = signed(claims()).split(".")
    other = signed(claims(province=["01"])).split(".")[1]
    with pytest.raises(BadToken):
        verifier.context(f"{head}.{other}.{signature}")


KMS = Keys()


def of_canary(*, at: int | None = None, key: str = "canary-key", audience: str = AUDIENCE) -> str:
    def sign(message: bytes) -> bytes:
        signed: bytes = KMS.sign(KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")[
            "Signature"
        ]
        return signed

    return f"Bearer {canary_token(audience, int(time.time()) if at is None else at, sign)}"


def by_canary_key(**changes: Any) -> str:
    """A token that is signed by the right key and says what the canary's does not."""
    now = int(time.time())
    whole = {"iss": canary.KEY_ID, "aud": AUDIENCE, "iat": now, "exp": now + 60, "sub": "canary", **changes}
    kept = {name: value for name, value in whole.items() if value is not None}
    return signed(kept, key=KMS._elliptic("canary-key"), algorithm="ES256", kid=canary.KEY_ID)


@pytest.fixture(name="with_canary")
def _with_canary() -> Verifier:
    return Verifier(
        ISSUER, AUDIENCE, KeySet(fetch=lambda: JWKS), lambda: KMS.get_public_key(KeyId="canary-key")["PublicKey"]
    )


def test_the_canarys_token_gives_the_canary_whatever_else_it_says(with_canary: Verifier) -> None:
    itself = {"sub": "canary", "role": "portal", "client_id": "canary", "provinces": "", "also_sees": ""}
    assert with_canary.context(of_canary()) == itself
    more = by_canary_key(sub="ops-1", role="ops", client_id="dvc", province=["79"], also_sees="dvc")
    assert with_canary.context(more) == itself
    assert with_canary.context(signed(claims()))["sub"] == "officer-79", "the issuer's tokens hold as before"


@pytest.mark.parametrize(
    "authorization",
    (
        of_canary(key="another-key"),
        of_canary(audience="other"),
        of_canary(at=int(time.time()) - 600),
        of_canary(at=int(time.time()) + 600),
        by_canary_key(exp=int(time.time()) + 86_400),
        by_canary_key(iat=None),
        by_canary_key(exp=None),
        by_canary_key(iss=ISSUER),
        signed(claims(iss=canary.KEY_ID), kid=canary.KEY_ID),
        signed(claims(role="portal", client_id="canary", province=None)),
        "Bearer abc",
    ),
)
def test_nobody_else_speaks_in_the_canarys_name(with_canary: Verifier, authorization: str) -> None:
    with pytest.raises(BadToken):
        with_canary.context(authorization)


def test_without_a_key_of_its_own_the_canarys_token_is_worth_nothing(verifier: Verifier) -> None:
    with pytest.raises(BadToken):
        verifier.context(of_canary())


def test_keys_are_kept_for_five_minutes_and_read_again_for_a_new_one() -> None:
    clock, reads = [0.0], []

    def fetch() -> str:
        reads.append(clock[0])
        return JWKS

    keys = KeySet(fetch=fetch, now=lambda: clock[0])
    keys.key("r1")
    for moment, kid in (
        (10.0, "r1"),
        (29.0, "new"),
        (31.0, "new"),
        (32.0, "new"),
        (62.0, "new"),
        (361.0, "r1"),
        (362.0, "r1"),
    ):
        clock[0] = moment
        if kid == "new":
            with pytest.raises(BadToken):
                keys.key(kid)
        else:
            keys.key(kid)
    assert reads == [0.0, 31.0, 62.0, 362.0]


@pytest.fixture
def _configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("JWKS_PARAMETER", "/bhxh/jwks")
    monkeypatch.setenv("JWT_ISSUER", ISSUER)
    monkeypatch.setenv("JWT_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(auth, "_verifier", None)
    with mock_aws():
        boto3.client("ssm").put_parameter(Name="/bhxh/jwks", Value=JWKS, Type="String")
        yield


def event(token: str) -> dict[str, Any]:
    return {"type": "TOKEN", "authorizationToken": token, "methodArn": METHOD_ARN}


@pytest.mark.usefixtures("_configured")
def test_the_function_lets_a_good_token_pass_to_every_route() -> None:
    answer = auth.token_authorizer(event(signed(claims())), None)
    assert answer["principalId"] == "officer-79"
    assert answer["context"]["role"] == "officer"
    assert answer["policyDocument"]["Statement"] == [
        {
            "Action": "execute-api:Invoke",
            "Effect": "Allow",
            "Resource": ["arn:aws:execute-api:ap-southeast-1:123456789012:abc123/api/*/*"],
        }
    ]
    assert all(isinstance(value, str) for value in answer["context"].values())


@pytest.mark.usefixtures("_configured")
def test_the_function_asks_for_the_canarys_public_key_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kms = boto3.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    monkeypatch.setenv("CANARY_KEY", key)
    auth.public_key.cache_clear()

    def sign(message: bytes) -> bytes:
        answer = kms.sign(KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
        signed: bytes = answer["Signature"]
        return signed

    for _ in range(2):
        token = canary_token(AUDIENCE, int(time.time()), sign)
        assert auth.token_authorizer(event(f"Bearer {token}"), None)["context"]["client_id"] == "canary"
    assert auth.public_key.cache_info().misses == 1


@pytest.mark.usefixtures("_configured")
def test_the_function_answers_a_bad_token_as_api_gateway_wants_it() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        auth.token_authorizer(event(signed(claims(iss="https://evil.example"))), None)


@pytest.mark.usefixtures("_configured")
def test_a_lost_key_set_is_our_failure_and_not_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWKS_PARAMETER", "/bhxh/other")
    with pytest.raises(Exception, match="ParameterNotFound"):
        auth.token_authorizer(event(signed(claims())), None)


def test_the_module_alone_has_the_handler_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from chalicelib.http.auth import token_authorizer as f;"
        "heavy = {'jwt', 'cryptography', 'boto3', 'botocore', 'pydantic'} & set(sys.modules);"
        "assert callable(f); assert not heavy, heavy; assert 'app' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
