"""Signs a drawn PDF: PAdES, a certification signature after which nothing may change, in a frame that is drawn already.

The key never comes here: `Seal.sign` signs a few hundred bytes wherever the key is. Without time stamps the same page
and the same seal give the same bytes, in any process at any time. pyHanko is imported on first use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .typesetting import DocumentError

PYHANKO_VERSION = "0.38.0"
"""Three of its private methods are overridden: another version makes other bytes, or time-dependent ones."""


class SignatureLevel(StrEnum):
    """How long a signature can be verified (ETSI EN 319 142-1)."""

    B_B = "B-B"
    """As long as its certificate is valid; the time is the signer's word."""
    B_T = "B-T"
    """A time-stamping authority says that the signature was there at a time."""
    B_LT = "B-LT"
    """Also the answers on revocation lie in the file: to be verified when nobody gives them any more."""


class SigningError(DocumentError):
    """A document could not be signed. The message holds nothing personal."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the signature stands on page one, in millimetres from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Seal:
    """What a document is signed with."""

    chain: Sequence[bytes]
    """Certificates, DER: the signer's first, each followed by its issuer's, the root last."""
    sign: Callable[[bytes], bytes]
    """RSASSA-PKCS1-v1_5 with SHA-256 of at most 4,096 bytes, by the key of the first certificate."""
    level: SignatureLevel = SignatureLevel.B_B
    time_stamper: str | None = None
    """URL of an RFC 3161 authority; needed from B-T on."""
    time_stamp_roots: Sequence[bytes] = ()
    """Root certificates of that authority, DER; needed for B-LT where they are not the chain's own."""


def sign_document(pdf: bytes, seal: Seal, *, at: datetime, frame: Frame, signer: str) -> bytes:
    """Sign a page as drawn by `typesetting`.

    Args:
        pdf: tagged PDF that ends in a newline; it stays as it is, the signature is appended.
        seal: key and certificates.
        at: the time of signing that the signature states, with a time zone, whole seconds.
        frame: the drawn frame on which the signature's field lies.
        signer: who signs, for screen readers and for the signature's entry in the file.

    Raises:
        SigningError: the certificate is not valid then, or does not fit the key or into its place.
        DocumentError: a foreign version of pyHanko.
        Unavailable: TIME_STAMPER_UNAVAILABLE, REVOCATION_UNKNOWN; what `seal.sign` raises passes through.
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the time of signing has a time zone")
    from .pades import sign_page

    return sign_page(pdf, seal, at=at, frame=frame, signer=signer)


def fingerprint(certificate: bytes) -> str:
    """By which a certificate is named: SHA-256 of its DER form, in hex."""
    return hashlib.sha256(certificate).hexdigest()
