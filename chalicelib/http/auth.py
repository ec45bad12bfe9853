"""The token authoriser: a Lambda of its own that lets API Gateway pass a request only with a good JWT.

What it proves (sub, role, client, provinces) reaches the API as the authoriser's context; roles and provinces
are judged there. PyJWT and cryptography come from a layer of this function only, so they are imported when the
first token arrives, and this module stays light for the API, which imports it for the route declarations.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib.domain.access import OFFICERS, Role
from chalicelib.domain.oversight import canary
from chalicelib.log import facts, logger

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from jwt import PyJWK

bp = Blueprint(__name__)
log = logger(__name__)

ALGORITHMS: Final = ("RS256", "ES256")
TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What a token says that it is (RFC 9068); a logout token or a proof is none of these."""

CACHE_SECONDS: Final = 300
UNKNOWN_KEY_SECONDS: Final = 30
"""A token of an unknown key makes us read the key set again, but not more often than this."""

LEEWAY_SECONDS: Final = 10
MAX_TOKEN_LENGTH: Final = 8192


class BadToken(Exception):
    """A token that does not hold; the text says why and quotes nothing of it."""


@dataclass
class KeySet:
    """The issuer's public keys (JWKS), read from configuration and kept for five minutes.

    `fetch` gives the JSON text. Beside `keys` it may hold `clients`, which names for a portal client the other
    clients whose dossiers it sees: `{"keys": [...], "clients": {"portal-a": ["portal-b"]}}` (RFC 7517 lets a key
    set hold further members).
    """

    fetch: Callable[[], str]
    now: Callable[[], float] = time.monotonic
    _keys: Mapping[str, PyJWK] = field(default_factory=dict)
    _fellows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _read_at: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, kid: str) -> PyJWK:
        """The key of this id. Raises `BadToken` if the issuer has no such key."""
        with self._lock:
            age = None if self._read_at is None else self.now() - self._read_at
            if age is None or age >= CACHE_SECONDS or (kid not in self._keys and age >= UNKNOWN_KEY_SECONDS):
                self._refresh()
            try:
                return self._keys[kid]
            except KeyError:
                raise BadToken("unknown key") from None

    def fellows(self, client_id: str) -> tuple[str, ...]:
        """The clients whose dossiers this client sees beside its own."""
        return self._fellows.get(client_id, ())

    def _refresh(self) -> None:
        from jwt import PyJWK, PyJWTError

        document = json.loads(self.fetch())
        keys = {}
        for each in document["keys"]:
            try:
                key = PyJWK(each)
            except PyJWTError:
                continue
            # An RSA key under ES256, or the reverse, never verifies; a key for encryption is no signing key.
            if key.key_id and key.algorithm_name in ALGORITHMS and each.get("use", "sig") == "sig":
                keys[key.key_id] = key
        self._keys = keys
        self._fellows = {client: tuple(others) for client, others in document.get("clients", {}).items()}
        self._read_at = self.now()


@dataclass(frozen=True, slots=True)
class Verifier:
    """Decides whether a token holds. `issuer` and `audience` must be exactly these.

    `own_key` gives the public key (SubjectPublicKeyInfo in DER) of the tokens that the canary makes for itself.
    """

    issuer: str
    audience: str
    keys: KeySet
    own_key: Callable[[], bytes] | None = None

    def context(self, authorization: str) -> dict[str, str]:
        """The authoriser context for an `Authorization` header.

        Lists are space separated: the context carries strings only. Raises `BadToken`.
        """
        token = bearer_token(authorization)
        if self.own_key is not None and _is_of_canary(token):
            return self._canary(token, self.own_key())
        return context_of(self._claims(token), self.keys.fellows)

    def _canary(self, token: str, public_key: bytes) -> dict[str, str]:
        """Who the canary is stands here, not in its token, of which the times alone are read."""
        import jwt
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                cast("EllipticCurvePublicKey", load_der_public_key(public_key)),
                algorithms=["ES256"],
                issuer=canary.KEY_ID,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise BadToken(type(error).__name__) from None
        if claims["exp"] - claims["iat"] > canary.TOKEN_SECONDS:
            raise BadToken("lives too long")
        nobody = {"provinces": "", "also_sees": ""}
        return {"sub": canary.CLIENT, "role": Role.PORTAL, "client_id": canary.CLIENT, **nobody}

    def _claims(self, token: str) -> Mapping[str, Any]:
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if str(header.get("typ", "JWT")).lower() not in TYPES:
                raise BadToken("not an access token")
            if not isinstance(kid, str):
                raise BadToken("no key id")
            key = self.keys.key(kid)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise BadToken(type(error).__name__) from None
        return claims


def _is_of_canary(token: str) -> bool:
    import jwt

    try:
        return bool(jwt.get_unverified_header(token).get("kid") == canary.KEY_ID)
    except jwt.PyJWTError as error:
        raise BadToken(type(error).__name__) from None


def bearer_token(authorization: str) -> str:
    """The token of `Bearer <token>`. Raises `BadToken`."""
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_LENGTH:
        raise BadToken("not a bearer token")
    return token


def context_of(claims: Mapping[str, Any], fellows: Callable[[str], tuple[str, ...]]) -> dict[str, str]:
    """What verified claims say of the caller.

    Raises `BadToken` for an unknown role, a portal without `client_id`, or an officer without a list of provinces.
    """
    sub, role = claims.get("sub"), claims.get("role")
    if not isinstance(sub, str) or not sub or not isinstance(role, str) or role not in set(Role):
        raise BadToken("sub or role")
    context = {"sub": sub, "role": role, "client_id": "", "provinces": "", "also_sees": ""}
    if role == Role.PORTAL:
        client = _words([claims.get("client_id")])
        if client == canary.CLIENT:
            raise BadToken("the canary signs for itself")
        return context | {"client_id": client, "also_sees": " ".join(fellows(client))}
    if role in OFFICERS:
        return context | {"provinces": _words(claims.get("province"))}
    return context


def _words(values: object) -> str:
    """The strings of a list, space separated. Raises `BadToken` for anything else, a string with spaces included."""
    if not isinstance(values, list):
        raise BadToken("a list is missing")
    if not all(isinstance(value, str) and value and not any(map(str.isspace, value)) for value in values):
        raise BadToken("a list holds no plain names")
    return " ".join(values)


_verifier: Verifier | None = None


def verifier() -> Verifier:
    """This process's verifier, made at the first token."""
    global _verifier
    if _verifier is None:
        parameter = os.environ["JWKS_PARAMETER"]
        _verifier = Verifier(
            issuer=os.environ["JWT_ISSUER"],
            audience=os.environ["JWT_AUDIENCE"],
            keys=KeySet(fetch=lambda: read_parameter(parameter)),
            own_key=lambda: public_key(os.environ["CANARY_KEY"]),
        )
    return _verifier


def read_parameter(name: str) -> str:
    """The text of an SSM parameter. Raises what botocore raises: API Gateway then answers 503, never 401."""
    from chalicelib.aws import CONFIG, session

    value: str = session().create_client("ssm", config=CONFIG).get_parameter(Name=name)["Parameter"]["Value"]
    return value


@lru_cache(maxsize=1)
def public_key(key: str) -> bytes:
    """A KMS key's public key in DER, asked for once a process. Raises what botocore raises, as `read_parameter`."""
    from chalicelib.aws import CONFIG, session

    found: bytes = session().create_client("kms", config=CONFIG).get_public_key(KeyId=key)["PublicKey"]
    return found


@bp.authorizer(ttl_seconds=CACHE_SECONDS)
def token_authorizer(request: AuthRequest) -> AuthResponse:
    """Let the holder of a good token pass to every route.

    The answer is cached per token and not per route, so it must hold for all of them. API Gateway answers 401
    to an authoriser that fails with exactly this text.
    """
    try:
        context = verifier().context(request.token)
    except BadToken as error:
        log.info("token refused", extra=facts(reason=str(error), code="UNAUTHORIZED"))
        raise Exception("Unauthorized") from None
    return AuthResponse(routes=["*"], principal_id=context["sub"], context=context)
