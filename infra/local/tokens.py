"""The token issuer of a local run: a key made at the first start, its JWKS, and a token for each role."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://tokens.local.invalid"
AUDIENCE = "bhxh-602e"
KEY_ID = "local-1"
LIFETIME_SECONDS = 30 * 24 * 3600
"""Tokens follow real time, whatever the sandbox clock says; contract 6 asks for a day at least."""

PEOPLE: dict[str, dict[str, Any]] = {
    "portal": {"sub": "portal-dvc", "role": "portal", "client_id": "dvc"},
    "officer_79": {"sub": "officer-79", "role": "officer", "province": ["79"]},
    "signer_79": {"sub": "signer-79", "role": "signer", "province": ["79"]},
    "officer_01": {"sub": "officer-01", "role": "officer", "province": ["01"]},
    "publisher_79": {"sub": "publisher-79", "role": "publisher", "province": ["79"]},
    "publisher2_79": {"sub": "publisher2-79", "role": "publisher", "province": ["79"]},
    "ops": {"sub": "ops-1", "role": "ops"},
}
"""Who holds the tokens of endpoints.json, by the names that contract 6 gives them."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Signs tokens as the production issuer would (RS256)."""

    key: rsa.RSAPrivateKey

    def jwks(self) -> str:
        """The public key as a JWKS document, the value of the template's parameter."""
        public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        public = {name: value for name, value in public.items() if name in ("kty", "n", "e")}
        return json.dumps({"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}, sort_keys=True)

    def token(self, claims: dict[str, Any], *, lifetime: int = LIFETIME_SECONDS) -> str:
        """A signed token; `claims` may override any standard claim, so that tests can make bad ones."""
        now = int(time.time())
        standard = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + lifetime}
        return jwt.encode({**standard, **claims}, self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def everybody(self) -> dict[str, str]:
        """A token for each of `PEOPLE`."""
        return {name: self.token(claims) for name, claims in PEOPLE.items()}


def load_issuer(path: Path) -> Issuer:
    """The issuer whose key lies at `path`, made there the first time (readable by its owner only)."""
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        return Issuer(key)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_suffix(".making")
    making.touch(mode=0o600)
    making.write_bytes(pem)
    making.replace(path)
    return Issuer(key)
