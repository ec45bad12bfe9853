"""`python -m infra.certificate`: KMS signs the request, and only a certificate that fits is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from moto import mock_aws

from chalicelib.documents.seals import Seal
from chalicelib.documents.verification import examine
from chalicelib.storage.signing import SigningCertificate, SigningKeys
from infra import certificate as command
from infra.certificate import CertificateError, Place, install, request, roots_pem
from infra.local.authority import AGENCY, Authority, certify_key, load_authority
from tests.documents.signed import place, signed
from tests.infra.conftest import REGION
from tests.support.signing import authority

NOW = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)
SINCE = NOW - timedelta(days=10)


@pytest.fixture(name="aws", scope="module")
def _aws() -> Iterator[Place]:
    """A key in moto's KMS, which makes the digest itself as AWS does for RAW messages."""
    with pytest.MonkeyPatch.context() as patched, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "testing")
        kms, ssm = (boto3.client(service, region_name=REGION) for service in ("kms", "ssm"))
        key = kms.create_key(KeySpec="RSA_3072", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        yield Place(kms, ssm, key, "/stack/cover-certificates")


def certified(where: Place, **more: Any) -> bytes:
    return authority().certify(request(where, organisation=AGENCY), **{"since": SINCE, **more})


def test_the_request_names_the_agency_and_is_signed_by_its_key(aws: Place) -> None:
    asked = x509.load_pem_x509_csr(request(aws, organisation="Bảo hiểm xã hội tỉnh Hà Giang", common_name="Hà Giang"))
    assert asked.is_signature_valid
    assert asked.subject.rfc4514_string() == "CN=Hà Giang,O=Bảo hiểm xã hội tỉnh Hà Giang,C=VN"
    assert isinstance(asked.signature_hash_algorithm, SHA256)


def test_a_cover_signed_by_kms_under_the_installed_certificate(aws: Place) -> None:
    install(aws, certified(aws, since=datetime(2026, 6, 1, tzinfo=UTC)), now=NOW)
    keys = aws.keys()
    found = keys.certificate_at(NOW)
    pdf = signed(using=Seal(found.chain, lambda message: keys.sign(found, message)))
    report = examine(pdf, roots=found.roots)
    assert report.sound
    assert report.certificate == found.fingerprint


def test_the_newest_valid_certificate_signs_and_all_are_kept() -> None:
    where = place()
    until = NOW + timedelta(days=300)
    for days in (300, 200, 100, 10):
        install(where, certified(where, since=NOW - timedelta(days=days), until=until), now=NOW)
    keys = where.keys()
    assert len(keys.certificates()) == 4
    assert keys.certificate_at(NOW).not_before == NOW - timedelta(days=10)
    assert keys.certificate_at(NOW - timedelta(days=150)).not_before == NOW - timedelta(days=200)
    with pytest.raises(Exception, match="COVER_CERTIFICATE_NOT_INSTALLED"):
        keys.certificate_at(NOW - timedelta(days=400))


def test_what_is_read_is_kept_for_a_while() -> None:
    where = place()
    install(where, certified(where), now=NOW)
    keys = where.keys()
    first = keys.certificates()
    install(where, certified(where, since=NOW - timedelta(days=1)), now=NOW)
    assert keys.certificates() is first
    assert len(where.keys().certificates()) == 2


def test_a_certificate_is_never_written_over() -> None:
    where = place()
    chain = certified(where)
    install(where, chain, now=NOW)
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        install(where, chain, now=NOW)


def test_a_certificate_of_another_key_is_refused() -> None:
    with pytest.raises(CertificateError, match="another key"):
        install(place(), certified(place("another-key")), now=NOW)


@pytest.mark.parametrize(
    ("since", "until"),
    ((NOW + timedelta(days=1), NOW + timedelta(days=99)), (NOW - timedelta(days=99), NOW - timedelta(days=1))),
)
def test_a_certificate_that_is_not_in_force_is_refused(since: datetime, until: datetime) -> None:
    where = place()
    with pytest.raises(CertificateError, match="valid from"):
        install(where, certified(where, since=since, until=until), now=NOW)


def test_an_old_certificate_is_taken_by_a_sandbox_only() -> None:
    where = place()
    old = certified(where, since=NOW - timedelta(days=800))
    with pytest.raises(CertificateError, match="older"):
        install(where, old, now=NOW)
    assert install(where, old, now=NOW, past=True)


def test_a_chain_that_does_not_hold_is_refused() -> None:
    where = place()
    own = certified(where).partition(authority().pem)[0]
    for chain in (own, own + Authority.new().pem):
        with pytest.raises(CertificateError, match="has not issued"):
            install(where, chain, now=NOW)


def test_a_certificate_that_may_certify_others_is_refused() -> None:
    """The authority's own, for a key that is the place's."""
    where = place()
    issuer = authority()
    asked = x509.load_pem_x509_csr(request(where, organisation=AGENCY))
    usage = issuer.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    builder = x509.CertificateBuilder(
        issuer.certificate.subject, asked.subject, asked.public_key(), 1, SINCE, NOW + timedelta(days=9)
    )
    for extensions, message in (((usage,), "not one for signing"), ((), "used for")):
        made = builder
        for extension in extensions:
            made = made.add_extension(extension, critical=True)
        pem = made.sign(issuer.key, SHA256()).public_bytes(Encoding.PEM)
        with pytest.raises(CertificateError, match=message):
            install(where, pem + issuer.pem, now=NOW)


def test_kms_has_to_sign_with_the_key_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    where, other = place(), place("another-key")
    chain = certified(where)
    monkeypatch.setattr(where.kms, "sign", lambda **asked: other.kms.sign(**{**asked, "KeyId": "another-key"}))
    with pytest.raises(CertificateError, match="another key than the one it shows"):
        install(where, chain, now=NOW)


def test_a_chain_too_long_for_a_parameter_is_refused() -> None:
    where = place()
    roots = authority().pem * 12
    with pytest.raises(CertificateError, match="characters"):
        install(where, certified(where), now=NOW, time_stamp_roots=roots)


def test_it_comes_back_as_it_was_written_and_another_schema_is_refused() -> None:
    where = place()
    made = install(where, certified(where), now=NOW, time_stamp_roots=authority().pem)
    assert replace(SigningCertificate.from_text(made.to_text()), installed_at=NOW) == replace(made, installed_at=NOW)
    with pytest.raises(ValueError, match="schema"):
        SigningCertificate.from_text(made.to_text().replace('"schema":1', '"schema":2'))


def test_the_roots_are_told_once_each() -> None:
    where = place()
    made = [install(where, certified(where, since=NOW - timedelta(days=days)), now=NOW) for days in (1, 2)]
    assert roots_pem(made) == authority().pem


def test_the_authority_of_a_local_run_is_made_once_and_certifies_once(tmp_path: Path) -> None:
    where = place()
    for _ in range(2):
        certify_key(load_authority(tmp_path), where)
    (only,) = where.keys().certificates()
    assert (tmp_path / "ca.pem").read_bytes() == roots_pem([only])
    assert (tmp_path / "ca-key.pem").stat().st_mode & 0o077 == 0


@pytest.fixture(name="stack")
def _stack(aws: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """What the command finds of a stack."""
    monkeypatch.setattr(command, "_place", lambda _: aws)
    return aws


def test_from_the_command_line(stack: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["csr", "--stack", "s", "--organisation", AGENCY]) == 0
    asked = capsys.readouterr().out.encode()
    now = datetime.now(UTC)
    (tmp_path / "chain.pem").write_bytes(authority().certify(asked, since=now - timedelta(days=1)))
    assert command.main(["install", "--stack", "s", str(tmp_path / "chain.pem")]) == 0
    assert f"CN={AGENCY}" in capsys.readouterr().out
    assert command.main(["show", "--stack", "s"]) == 0
    assert "days left" in capsys.readouterr().out
    assert command.main(["show", "--stack", "s", "--roots"]) == 0
    assert capsys.readouterr().out.strip().encode() == authority().pem.strip()
    (tmp_path / "other.pem").write_bytes(certified(place("another-key")))
    assert command.main(["install", "--stack", "s", str(tmp_path / "other.pem")]) == 1
    assert "not installed" in capsys.readouterr().err
    assert isinstance(stack.keys(), SigningKeys)
