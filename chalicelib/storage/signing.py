"""The agency's key and certificates: the key never leaves KMS, the certificates lie in Systems Manager, one each.

A certificate once installed is never written over: covers that were signed with it are verified with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..domain.errors import NotConfigured
from ..domain.months import instant_text

SCHEMA = 1
ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
CACHE_SECONDS = 300
"""How long a process goes on with the certificates that it has read."""


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """A certificate with the key that it is for, and the chain up to its root."""

    key_id: str
    """ARN of the key in KMS."""
    chain: tuple[bytes, ...]
    """DER; the agency's own first, the root last."""
    not_before: datetime
    not_after: datetime
    installed_at: datetime
    time_stamp_roots: tuple[bytes, ...] = ()
    """Roots (DER) of the time-stamping authority, where they are not the chain's own."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the agency's own certificate, hex."""
        return hashlib.sha256(self.chain[0]).hexdigest()

    @property
    def roots(self) -> tuple[bytes, ...]:
        """What one who verifies its signatures has to trust."""
        return (self.chain[-1], *self.time_stamp_roots)

    def to_text(self) -> str:
        """As it lies in its parameter."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "key_id": self.key_id,
                "chain": _texts(self.chain),
                "not_before": instant_text(self.not_before),
                "not_after": instant_text(self.not_after),
                "installed_at": instant_text(self.installed_at),
                "time_stamp_roots": _texts(self.time_stamp_roots),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> SigningCertificate:
        """Raises ValueError, KeyError for what `to_text` has not written."""
        kept = json.loads(text)
        if kept["schema"] != SCHEMA:
            raise ValueError("a certificate of another schema")
        return cls(
            key_id=kept["key_id"],
            chain=_parts(kept["chain"]),
            not_before=datetime.fromisoformat(kept["not_before"]),
            not_after=datetime.fromisoformat(kept["not_after"]),
            installed_at=datetime.fromisoformat(kept["installed_at"]),
            time_stamp_roots=_parts(kept["time_stamp_roots"]),
        )


@dataclass(slots=True)
class SigningKeys:
    """The renderer's access to key and certificates; clients of KMS and SSM (untyped: botocore)."""

    kms: Any
    ssm: Any
    path: str
    """Under which the certificates' parameters lie, without a slash at its end."""
    _read: tuple[int, Sequence[SigningCertificate]] | None = field(default=None, init=False)

    def certificates(self) -> Sequence[SigningCertificate]:
        """All that were ever installed, the newest first; at most `CACHE_SECONDS` old."""
        now = time.monotonic_ns() // 1_000_000_000
        if self._read is None or now - self._read[0] > CACHE_SECONDS:
            self._read = now, self._all()
        return self._read[1]

    def certificate_at(self, moment: datetime) -> SigningCertificate:
        """The newest certificate that is valid at a moment. Raises `NotConfigured` where there is none."""
        for each in self.certificates():
            if each.not_before <= moment <= each.not_after:
                return each
        raise NotConfigured("COVER_CERTIFICATE_NOT_INSTALLED", "Chưa có chứng thư số để ký tờ bìa vào thời điểm này.")

    def sign(self, certificate: SigningCertificate, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over at most 4,096 bytes, by the certificate's key: the same each time."""
        # RAW: KMS makes the digest. The stand-ins for KMS hash a digest again.
        answer = self.kms.sign(KeyId=certificate.key_id, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM)
        signature: bytes = answer["Signature"]
        return signature

    def _all(self) -> Sequence[SigningCertificate]:
        found: list[SigningCertificate] = []
        more: dict[str, str] = {}
        while True:
            answer = self.ssm.get_parameters_by_path(Path=self.path, **more)
            found += [SigningCertificate.from_text(each["Value"]) for each in answer["Parameters"]]
            if not answer.get("NextToken"):
                return sorted(found, key=lambda each: (each.not_before, each.installed_at), reverse=True)
            more = {"NextToken": answer["NextToken"]}


def _texts(certificates: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in certificates]


def _parts(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(each) for each in texts)
