"""A time-stamping authority (RFC 3161) and a list of revoked certificates, over HTTP on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

from infra.local.authority import SINCE, UNTIL, Authority


@dataclass
class Stamps:
    """The running services. `url` stamps, `list_url` tells who is revoked."""

    authority: Authority
    port: int
    revoked: set[int] = field(default_factory=set)
    """Serial numbers."""
    failing: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/stamp"

    @property
    def list_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/revoked"


@contextmanager
def time_stamps(authority: Authority) -> Iterator[Stamps]:
    """Both services of an authority, until the end of the context."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    stamps = Stamps(authority, server.server_address[1])
    server.stamps = stamps  # type: ignore[attr-defined]
    server.stamper = _stamper(stamps)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stamps
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        stamps: Stamps = self.server.stamps  # type: ignore[attr-defined]
        stamps.asked.append("stamp")
        request = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        if stamps.failing:
            self.send_error(503)
            return
        self._answer(self.server.stamper.request_tsa_response(request).dump(), "application/timestamp-reply")  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        stamps: Stamps = self.server.stamps  # type: ignore[attr-defined]
        stamps.asked.append("revoked")
        self._answer(_revocations(stamps), "application/pkix-crl")

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _revocations(stamps: Stamps) -> bytes:
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder(
        stamps.authority.certificate.subject, now - timedelta(hours=1), now + timedelta(days=1)
    )
    for serial in stamps.revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder(serial, now - timedelta(days=1)).build()
        )
    signed = builder.add_extension(x509.CRLNumber(1), critical=False).sign(stamps.authority.key, SHA256())
    return signed.public_bytes(Encoding.DER)


def _stamper(stamps: Stamps) -> DummyTimeStamper:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(stamps.list_url)], None, None, None)
    issuer = stamps.authority
    certificate = (
        x509.CertificateBuilder(
            issuer.certificate.subject,
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Time stamps for tests")]),
            key.public_key(),
            x509.random_serial_number(),
            SINCE,
            UNTIL,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.CRLDistributionPoints([point]), critical=False)
        .sign(issuer.key, SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DummyTimeStamper(
        asn1.Certificate.load(certificate.public_bytes(Encoding.DER)), keys.PrivateKeyInfo.load(private)
    )
