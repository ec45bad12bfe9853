"""What signing a document takes and gives: a seal, a frame on the page, a level; and how a certificate is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


def fingerprint(certificate: bytes) -> str:
    """By which a certificate is named: SHA-256 of its DER form, in hex."""
    return hashlib.sha256(certificate).hexdigest()
