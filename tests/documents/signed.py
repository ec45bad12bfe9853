"""Signed covers for tests: with a verification code of their own data, by the key and the authority of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.documents.cover import CoverView, cover_json, render_cover
from chalicelib.documents.seals import Seal, SignatureLevel
from chalicelib.documents.signing import sign_document
from chalicelib.documents.templates import template_named
from chalicelib.documents.token import Claims, Token, commitment_of, kid_of, raw_signature, to_be_signed
from chalicelib.domain.months import at_vietnam
from infra.certificate import Place, install, request
from infra.local.authority import AGENCY, Authority
from tests.documents.covers import VIEW
from tests.support.kms import Keys, rsa_key
from tests.support.signing import CERTIFICATES, KEY_ARN, NOW, Parameters, authority

ADDRESS = "HTTPS://XACTHUC.VSS.GOV.VN/C/"


@lru_cache(maxsize=1)
def _code_key() -> ec.EllipticCurvePrivateKey:
    # Always the same: the bytes of a page hang on it.
    return ec.derive_private_key(0xC0DE, ec.SECP256R1())


def code_keys() -> Mapping[bytes, bytes]:
    """The published keys of verification codes."""
    spki = _code_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {kid_of(spki): spki}


def address_of(view: CoverView) -> str:
    """What the verification code of a cover holds."""
    (kid,) = code_keys()
    claims = Claims(view.serial, at_vietnam(view.issued_at).date(), commitment_of(cover_json(view)))
    algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
    signature = _code_key().sign(to_be_signed(kid, claims), algorithm)
    return ADDRESS + Token(kid, claims, raw_signature(signature)).text


def place(key_arn: str = KEY_ARN) -> Place:
    """A deployment of its own, without a certificate yet."""
    return Place(Keys(rsa={key_arn: rsa_key(key_arn)}), Parameters(), key_arn, CERTIFICATES)


@lru_cache(maxsize=8)
def chain(issuer: Authority | None = None, **more: Any) -> tuple[bytes, ...]:
    """A certificate for the tests' key and its issuer's."""
    where = place()
    certified = (issuer or authority()).certify(request(where, organisation=AGENCY), **more)
    return install(where, certified, now=NOW, past=True).chain


def sign_with(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """As KMS does."""
    return key.sign(message, padding.PKCS1v15(), SHA256())


def seal(issuer: Authority | None = None, *, level: SignatureLevel = SignatureLevel.B_B, **more: Any) -> Seal:
    """The agency's key with a certificate."""
    stamper = more.pop("time_stamper", None)
    return Seal(chain(issuer, **more), partial(sign_with, rsa_key(KEY_ARN)), level=level, time_stamper=stamper)


def roots() -> tuple[bytes, ...]:
    """What verifiers of the tests' covers trust."""
    return (authority().certificate.public_bytes(Encoding.DER),)


def drawn(view: CoverView = VIEW) -> bytes:
    """The page before it is signed."""
    return render_cover(view, address_of(view))


def signed(view: CoverView = VIEW, using: Seal | None = None, *, page: bytes | None = None) -> bytes:
    """A signed cover."""
    frame = template_named(view.template).signature_frame
    return sign_document(page or drawn(view), using or seal(), at=view.issued_at, frame=frame, signer=view.agency)


def view_at(moment: Any) -> CoverView:
    """The same cover, issued at another time."""
    return replace(VIEW, issued_at=moment)
