"""The certificate authority of a local run: made at the first start, it certifies the key that signs covers.

Its own certificate is left in `<home>/ca.pem`, for whoever verifies a cover of the local run. Nobody else trusts it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from infra.certificate import Place, install, request

SINCE, UNTIL = datetime(2015, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
"""The clock of a sandbox may stand in other years."""
AGENCY = "Bảo hiểm xã hội Việt Nam (thử nghiệm)"


class Authority:
    """A root that issues certificates for signing documents."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.key = key
        self.certificate = certificate

    @classmethod
    def new(cls, name: str = "Tổ chức chứng thực thử nghiệm (local)") -> Authority:
        """With a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), SINCE, UNTIL)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certifies=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        return cls(key, certificate)

    @property
    def pem(self) -> bytes:
        """Its own certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def certify(
        self, request_pem: bytes, *, since: datetime = SINCE, until: datetime = UNTIL, revoked_at: str | None = None
    ) -> bytes:
        """The certificate for a request and this authority's own, PEM. Raises ValueError for a bad request.

        `revoked_at`: the URL of the list of revoked certificates; without one nobody is asked.
        """
        asked = x509.load_pem_x509_csr(request_pem)
        if not asked.is_signature_valid:
            raise ValueError("the request is not signed by its key")
        key = asked.public_key()
        builder = (
            x509.CertificateBuilder(
                self.certificate.subject, asked.subject, key, x509.random_serial_number(), since, until
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certifies=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if revoked_at is not None:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(revoked_at)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        made = builder.sign(self.key, SHA256())
        return made.public_bytes(Encoding.PEM) + self.pem


def load_authority(home: Path) -> Authority:
    """The authority whose key and certificate lie in a folder, made there the first time."""
    key_path, certificate_path = home / "ca-key.pem", home / "ca.pem"
    if key_path.exists() and certificate_path.exists():
        key = load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_path} holds no EC key")
        return Authority(key, x509.load_pem_x509_certificate(certificate_path.read_bytes()))
    made = Authority.new()
    home.mkdir(parents=True, exist_ok=True)
    key_path.touch(mode=0o600)
    key_path.write_bytes(made.key_pem)
    certificate_path.write_bytes(made.pem)
    return made


def certify_key(authority: Authority, place: Place) -> None:
    """Give the key that signs covers a certificate of this authority, unless it has one."""
    own = place.kms.get_public_key(KeyId=place.key_id)["PublicKey"]
    for each in place.keys().certificates():
        if each.key_id == place.key_id and own in each.chain[0]:
            return
    chain = authority.certify(request(place, organisation=AGENCY))
    install(place, chain, now=datetime.now(UTC), past=True)


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=not certifies,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )
