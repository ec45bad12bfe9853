"""The certificate that covers are signed with: its request, its installation, and which there are.

    python -m infra.certificate csr --stack NAME --organisation "Bảo hiểm xã hội Việt Nam" > request.pem
    python -m infra.certificate install --stack NAME chain.pem
    python -m infra.certificate show --stack NAME [--roots]

The key stays in KMS: KMS signs the request. `chain.pem` holds the certificate that came back, then each issuer's up to
the root. With `--local` everything happens on the local run. Runbook: docs/covers.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import csr, keys, pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.storage.signing import ALGORITHM, SigningCertificate, SigningKeys

MOST_CHARACTERS = 8192
"""Of an advanced parameter (Systems Manager user guide)."""
PROBE = b"a probe of the key, signed when its certificate was installed"


class CertificateError(Exception):
    """A certificate that may not be installed; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where key and certificates of one deployment are. Clients are boto3's (untyped)."""

    kms: Any
    ssm: Any
    key_id: str
    path: str

    def keys(self) -> SigningKeys:
        """As the renderer sees it."""
        return SigningKeys(self.kms, self.ssm, self.path)


def request(place: Place, *, organisation: str, common_name: str | None = None, country: str = "VN") -> bytes:
    """A certificate signing request (PKCS #10, PEM) for the key, signed by KMS."""
    subject = asn1.Name.build(
        {"country_name": country, "organization_name": organisation, "common_name": common_name or organisation}
    )
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": subject,
            "subject_pk_info": keys.PublicKeyInfo.load(_public_key(place)),
            "attributes": csr.CRIAttributes([]),
        }
    )
    made = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": {"algorithm": "sha256_rsa"},
            "signature": _sign(place, info.dump()),
        }
    )
    armoured: bytes = pem.armor("CERTIFICATE REQUEST", made.dump())
    return armoured


def install(
    place: Place, chain_pem: bytes, *, now: datetime, time_stamp_roots: bytes = b"", past: bool = False
) -> SigningCertificate:
    """Put a certificate where the renderer finds it. What is installed already stays, and is never written over.

    Args:
        place: the deployment.
        chain_pem: the certificate, then each issuer's up to the root, PEM.
        now: real time.
        time_stamp_roots: roots of the time-stamping authority, PEM, where they are not the chain's own.
        past: take a certificate that is valid from long ago as well, for a sandbox whose clock is set back.

    Raises:
        CertificateError: it is not for this key, not in force, not made for signing documents, or its chain is broken.
    """
    chain = x509.load_pem_x509_certificates(chain_pem)
    roots = x509.load_pem_x509_certificates(time_stamp_roots) if time_stamp_roots else []
    own = chain[0]
    _require_own(place, own)
    _require_in_force(own, now, past=past)
    _require_purpose(own)
    _require_chain(chain)
    certificate = SigningCertificate(
        key_id=place.key_id,
        chain=tuple(each.public_bytes(Encoding.DER) for each in chain),
        not_before=own.not_valid_before_utc,
        not_after=own.not_valid_after_utc,
        installed_at=now,
        time_stamp_roots=tuple(each.public_bytes(Encoding.DER) for each in roots),
    )
    text = certificate.to_text()
    if len(text) > MOST_CHARACTERS:
        raise CertificateError(f"the chain takes {len(text)} characters, a parameter {MOST_CHARACTERS}")
    place.ssm.put_parameter(
        Name=f"{place.path}/{certificate.fingerprint[:32]}",
        Description="Certificate of the key that signs covers, with its chain",
        Type="String",
        Tier="Intelligent-Tiering",
        Value=text,
        Overwrite=False,
    )
    return certificate


def _require_own(place: Place, own: x509.Certificate) -> None:
    spki = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = own.public_key()
    if spki != _public_key(place) or not isinstance(key, rsa.RSAPublicKey):
        raise CertificateError("the certificate is for another key than the one in KMS")
    try:
        key.verify(_sign(place, PROBE), PROBE, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise CertificateError("KMS signs with another key than the one it shows") from None


def _require_in_force(own: x509.Certificate, now: datetime, *, past: bool) -> None:
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
        raise CertificateError(
            f"the certificate is valid from {own.not_valid_before_utc:%d/%m/%Y} to {own.not_valid_after_utc:%d/%m/%Y}"
        )
    if not past and (now - own.not_valid_before_utc).days > 366:
        raise CertificateError("the certificate is older than a year: an old one would sign covers of its own time")


def _require_purpose(own: x509.Certificate) -> None:
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise CertificateError("the certificate does not say what its key is used for") from None
    if not (usage.digital_signature or usage.content_commitment) or usage.key_cert_sign:
        raise CertificateError("the certificate is not one for signing documents")


def _require_chain(chain: Sequence[x509.Certificate]) -> None:
    for each, issuer in zip(chain, [*chain[1:], chain[-1]], strict=True):
        try:
            each.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            named = each.subject.rfc4514_string()
            raise CertificateError(f"the next certificate in the file has not issued {named}, or is no root") from None


def _public_key(place: Place) -> bytes:
    key: bytes = place.kms.get_public_key(KeyId=place.key_id)["PublicKey"]
    return key


def _sign(place: Place, message: bytes) -> bytes:
    answer = place.kms.sign(KeyId=place.key_id, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM)
    signature: bytes = answer["Signature"]
    return signature


def described(certificate: SigningCertificate, now: datetime) -> str:
    """One certificate in a few lines."""
    own = x509.load_der_x509_certificate(certificate.chain[0])
    left = (certificate.not_after - now).days
    state = f"{left} days left" if certificate.not_before <= now <= certificate.not_after else "not in force"
    return (
        f"{certificate.fingerprint}\n"
        f"  subject   {own.subject.rfc4514_string()}\n"
        f"  issuer    {own.issuer.rfc4514_string()}\n"
        f"  valid     {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}, {state}\n"
        f"  key       {certificate.key_id}\n"
        f"  installed {certificate.installed_at:%Y-%m-%d}"
    )


def roots_pem(certificates: Sequence[SigningCertificate]) -> bytes:
    """All roots, once each: what one who verifies covers has to trust."""
    roots = dict.fromkeys(root for each in certificates for root in each.roots)
    return b"".join(x509.load_der_x509_certificate(root).public_bytes(Encoding.PEM) for root in roots)


def _place(arguments: argparse.Namespace) -> Place:
    import boto3

    if arguments.local:
        from infra.local.settings import client_environment, read_settings

        settings = read_settings()
        names = client_environment(settings)
        session = boto3.Session(
            names["AWS_ACCESS_KEY_ID"], names["AWS_SECRET_ACCESS_KEY"], region_name=names["AWS_REGION"]
        )
        clients = {name: session.client(name, endpoint_url=names["AWS_ENDPOINT_URL"])
                   for name in ("kms", "ssm", "cloudformation")}  # fmt: skip
        stack = settings.stack
    else:
        clients = {name: boto3.client(name) for name in ("kms", "ssm", "cloudformation")}
        stack = arguments.stack
    told = clients["cloudformation"].describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in told}
    key = arguments.key or outputs["CoverSigningKeyArn"]
    return Place(clients["kms"], clients["ssm"], key, outputs["CoverCertificates"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.certificate", description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    asks = commands.add_parser("csr", help="print a certificate request for the key, signed by KMS")
    asks.add_argument("--organisation", required=True, help="name of the agency, with its marks")
    asks.add_argument("--common-name", help="where it is not the organisation's")
    puts = commands.add_parser("install", help="check a certificate and put it where the renderer finds it")
    puts.add_argument("chain", type=Path, help="PEM: the certificate, then each issuer's up to the root")
    puts.add_argument("--time-stamp-roots", type=Path, help="PEM: roots of the time-stamping authority")
    shows = commands.add_parser("show", help="which certificates there are, the newest first")
    shows.add_argument("--roots", action="store_true", help="print the roots as PEM, for the verify command")
    for command in (asks, puts, shows):
        where = command.add_mutually_exclusive_group(required=True)
        where.add_argument("--stack", help="name of the CloudFormation stack")
        where.add_argument("--local", action="store_true", help="the local run")
        command.add_argument("--key", help="ARN of the key, where it is not the stack's current one")
    return parser


def main(given: Sequence[str] | None = None) -> int:
    """Answers the exit status: 1 for a certificate that is refused."""
    arguments = _parser().parse_args(given)
    place = _place(arguments)
    now = datetime.now(UTC)
    if arguments.command == "csr":
        made = request(place, organisation=arguments.organisation, common_name=arguments.common_name)
        print(made.decode(), end="")
    elif arguments.command == "install":
        roots = arguments.time_stamp_roots
        try:
            installed = install(
                place,
                arguments.chain.read_bytes(),
                now=now,
                time_stamp_roots=roots.read_bytes() if roots else b"",
                past=arguments.local,
            )
        except CertificateError as error:
            print(f"not installed: {error}", file=sys.stderr)
            return 1
        print(described(installed, now))
    else:
        found = place.keys().certificates()
        print(roots_pem(found).decode() if arguments.roots else "\n".join(described(each, now) for each in found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
