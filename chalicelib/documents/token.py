"""The token of a cover's QR code: a COSE_Sign1 that proves, without any network, which cover this is and what it says.

    18([ <<{1: -7, 4: kid}>>, {}, <<{1: serial, 6: day, -1: commitment}>>, signature ])      RFC 9052, ES256

`serial` is the cover's id, `day` the day of its issue (days since 1970-01-01), `commitment` the first 128 bits of
SHA-256 over the data embedded in the PDF, which hold a salt: nothing personal can be guessed from the token. This
module knows no AWS: whoever has the public keys can use it. `cryptography` is imported at the first check only.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from . import cbor

COSE_SIGN1: Final = 18
ES256: Final = -7
ALG, KID = 1, 4
"""Labels of the protected header."""
SERIAL, DAY, COMMITMENT = 1, 6, -1
"""Labels of the payload."""
LONGEST: Final = 600
"""Characters; nothing that this module makes comes near."""

_KID_BYTES, _COMMITMENT_BYTES, _SIGNATURE_BYTES = 4, 16, 64
_EPOCH: Final = date(1970, 1, 1)
_BASE32 = re.compile(r"[A-Z2-7]+", re.ASCII)

_SHORT = re.compile(r"([0-9]{3})\.([0-9]{2})\.([0-9]{2})\.([A-Z])([0-9]{2})-([0-9]{6})-([0-9]{4})-C([1-9][0-9]{0,2})")
_LONG = re.compile(r"([A-Z])([0-9]{2})\.([0-9]{2})-([0-9]{8})-([0-9]{7})-C([1-9][0-9]{0,2})")
_DIGITS: Final = 19
"""Digits of either version of a dossier code."""
_PACKED_BYTES: Final = 10


class BadTokenError(Exception):
    """Not a token of ours. The text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    serial: str
    """The cover's id."""
    issued_on: date
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """A token as read. Nothing of it is proved before `check`."""

    kid: bytes
    claims: Claims
    signature: bytes
    """r and s, 32 bytes each."""

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return to_be_signed(self.kid, self.claims)

    @property
    def text(self) -> str:
        """Base32 in upper case without padding: a QR code holds it in its alphanumeric mode."""
        body = cbor.Tagged(COSE_SIGN1, [_protected(self.kid), {}, _payload(self.claims), self.signature])
        return base64.b32encode(cbor.encode(body)).decode().rstrip("=")


def commitment_of(data: bytes) -> bytes:
    """What a token says of the data embedded in a cover: the JSON exactly as it is attached, its salt included."""
    return hashlib.sha256(b"bhxh-cover/1\0" + data).digest()[:_COMMITMENT_BYTES]


def kid_of(public_key: bytes) -> bytes:
    """The id of a key, from its SubjectPublicKeyInfo in DER."""
    return hashlib.sha256(public_key).digest()[:_KID_BYTES]


def to_be_signed(kid: bytes, claims: Claims) -> bytes:
    """The Sig_structure of a token (RFC 9052, 4.4): what the key signs, by ECDSA with SHA-256."""
    return cbor.encode(["Signature1", _protected(kid), b"", _payload(claims)])


def raw_signature(der: bytes) -> bytes:
    """r and s of an ECDSA signature as KMS gives it (RFC 3279, 2.2.3), as COSE wants it (RFC 9053, 2.1)."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def read_token(text: str) -> Token:
    """Read a token, in upper or lower case. Raises `BadTokenError` for what is no token, or not its one encoding."""
    text = text.upper()
    if len(text) > LONGEST or _BASE32.fullmatch(text) is None:
        raise BadTokenError("not base32")
    try:
        token = _token(cbor.decode(base64.b32decode(text + "=" * (-len(text) % 8))))
    except (ValueError, OverflowError):
        raise BadTokenError("not a COSE_Sign1 of a cover") from None
    if token.text != text:
        raise BadTokenError("not the one encoding")
    return token


def check(token: Token, keys: Mapping[bytes, bytes]) -> Claims:
    """The claims of a token whose signature holds.

    `keys` are the published public keys: SubjectPublicKeyInfo in DER by `kid`. Raises `BadTokenError`.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if token.kid not in keys:
        raise BadTokenError("unknown key")
    key = load_der_public_key(keys[token.kid])
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadTokenError("not a key for ES256")
    r, s = int.from_bytes(token.signature[:32]), int.from_bytes(token.signature[32:])
    try:
        key.verify(utils.encode_dss_signature(r, s), token.signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise BadTokenError("the signature does not hold") from None
    return token.claims


def key_set(keys: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The public keys for everybody: a JWK set (RFC 7517), and the same as a COSE key set (RFC 9052, 7) in base64url.

    `kid` is hexadecimal in the JWK set. Raises ValueError for what is no P-256 key.
    """
    points = {kid: _point(spki) for kid, spki in sorted(keys.items())}
    cose: list[cbor.Value] = [
        {1: 2, 2: kid, 3: ES256, -1: 1, -2: point[:32], -3: point[32:]} for kid, point in points.items()
    ]
    return {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "alg": "ES256",
                "use": "sig",
                "kid": kid.hex(),
                "x": _base64url(point[:32]),
                "y": _base64url(point[32:]),
            }
            for kid, point in points.items()
        ],
        "cose_key_set": _base64url(cbor.encode(cose)),
    }


def keys_from(published: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The keys of a published key set, as `check` takes them. Raises ValueError, KeyError for what is none."""
    return {bytes.fromhex(each["kid"]): _SPKI + _unbase64url(each["x"]) + _unbase64url(each["y"])
            for each in published["keys"]}  # fmt: skip


_SPKI: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""A SubjectPublicKeyInfo of P-256 up to its uncompressed point (RFC 5480)."""


def _point(spki: bytes) -> bytes:
    if len(spki) != len(_SPKI) + 64 or not spki.startswith(_SPKI):
        raise ValueError("not a P-256 public key")
    return spki[len(_SPKI) :]


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _protected(kid: bytes) -> bytes:
    return cbor.encode({ALG: ES256, KID: kid})


def _payload(claims: Claims) -> bytes:
    day = (claims.issued_on - _EPOCH).days
    return cbor.encode({SERIAL: _packed(claims.serial), DAY: day, COMMITMENT: claims.commitment})


def _token(value: cbor.Value) -> Token:
    """Raises ValueError for another shape."""
    match value:
        case cbor.Tagged(tag=18, value=[bytes() as protected, dict() as unprotected, bytes() as payload, signature]):
            header, said = cbor.decode(protected), cbor.decode(payload)
        case _:
            raise ValueError("not a COSE_Sign1")
    match header, said:
        case (
            {1: -7, 4: bytes() as kid, **more_header},
            {1: bytes() | str() as serial, 6: int() as day, -1: bytes() as commitment, **more_said},
        ) if not more_header and not more_said and not unprotected:
            sizes = len(kid), len(commitment)
        case _:
            raise ValueError("not the claims of a cover")
    if sizes != (_KID_BYTES, _COMMITMENT_BYTES):
        raise ValueError("a part of another size")
    if not isinstance(signature, bytes) or len(signature) != _SIGNATURE_BYTES:
        raise ValueError("no ES256 signature")
    claims = Claims(_unpacked(serial), _EPOCH + timedelta(days=day), commitment)
    return Token(kid, claims, signature)


def _packed(serial: str) -> bytes | str:
    """A cover's id in ten bytes where it is written as dossier codes are; as it stands otherwise."""
    short, long = _SHORT.fullmatch(serial), _LONG.fullmatch(serial)
    if short is not None:
        *before, letter, unit, day, number, cover = short.groups()
        form, digits = 0, "".join((*before, unit, day, number))
    elif long is not None:
        letter, *parts, cover = long.groups()
        form, digits = 1, "".join(parts)
    else:
        return serial
    packed = ((int(digits) * 26 + ord(letter) - ord("A")) * 1000 + int(cover)) * 2 + form
    return packed.to_bytes(_PACKED_BYTES)


def _unpacked(serial: bytes | str) -> str:
    """Raises ValueError for bytes that `_packed` never makes."""
    if isinstance(serial, str):
        return serial
    rest, form = divmod(int.from_bytes(serial), 2)
    rest, cover = divmod(rest, 1000)
    number, letter = divmod(rest, 26)
    digits, initial = f"{number:0{_DIGITS}d}", chr(ord("A") + letter)
    if form:
        return f"{initial}{digits[:2]}.{digits[2:4]}-{digits[4:12]}-{digits[12:]}-C{cover}"
    unit = f"{digits[:3]}.{digits[3:5]}.{digits[5:7]}.{initial}{digits[7:9]}"
    return f"{unit}-{digits[9:15]}-{digits[15:]}-C{cover}"
