"""The token with which the canary calls: signed by its own key, good for two minutes and two routes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from ...documents.token import raw_signature
from ...domain.oversight import canary


def canary_token(audience: str, now: int, sign: Callable[[bytes], bytes]) -> str:
    """A JWT by ES256 (RFC 7518, 3.4). `now` in epoch seconds; `sign` gives ECDSA with SHA-256 in DER."""
    header = {"alg": "ES256", "typ": "JWT", "kid": canary.KEY_ID}
    times = {"iat": now, "exp": now + canary.TOKEN_SECONDS}
    claims = {"iss": canary.KEY_ID, "aud": audience, "sub": canary.CLIENT, **times}
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(raw_signature(sign(signed.encode())))}"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
