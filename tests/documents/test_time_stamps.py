"""B-T and B-LT, with an authority on this machine: who says when it was signed, and that nothing was revoked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pytest
from cryptography import x509

from chalicelib.documents.findings import Check
from chalicelib.documents.seals import Seal, SignatureLevel, SigningError
from chalicelib.documents.verification import examine
from chalicelib.domain.errors import Unavailable
from infra.local.authority import Authority
from tests.documents.signed import code_keys, roots, seal, signed, view_at
from tests.support.signing import authority
from tests.support.time_stamps import Stamps, time_stamps

NOW_VIEW = view_at(datetime.now(UTC).replace(microsecond=0))
"""An authority stamps by its own clock."""


@pytest.fixture(name="stamps", scope="module")
def _stamps() -> Iterator[Stamps]:
    with time_stamps(authority()) as running:
        yield running


def at_level(stamps: Stamps, level: SignatureLevel) -> Seal:
    return seal(level=level, time_stamper=stamps.url, revoked_at=stamps.list_url)


@pytest.mark.parametrize("level", (SignatureLevel.B_T, SignatureLevel.B_LT))
def test_the_time_is_proven_by_another(stamps: Stamps, level: SignatureLevel) -> None:
    pdf = signed(NOW_VIEW, at_level(stamps, level))
    report = examine(pdf, roots=roots(), code_keys=code_keys())
    assert report.sound
    assert (report.level, report.time_proven) == (level, True)
    assert report.revocation_proven is (level is SignatureLevel.B_LT)
    assert report.signed_at is not None
    assert report.signed_at >= NOW_VIEW.issued_at
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        assert ("/DSS" in document.Root) is (level is SignatureLevel.B_LT)


def test_nobody_is_asked_when_it_is_verified(stamps: Stamps) -> None:
    pdf = signed(NOW_VIEW, at_level(stamps, SignatureLevel.B_LT))
    before = len(stamps.asked)
    assert examine(pdf, roots=roots()).sound
    assert len(stamps.asked) == before


def test_a_time_stamp_of_an_authority_that_nobody_trusts(stamps: Stamps) -> None:
    with time_stamps(Authority.new("elsewhere")) as strangers:
        using = replace(at_level(stamps, SignatureLevel.B_T), time_stamper=strangers.url)
        pdf = signed(NOW_VIEW, using)
    report = examine(pdf, roots=roots())
    assert report.faults == (Check.TIME,)
    assert (report.level, report.time_proven) == (SignatureLevel.B_B, False)


def test_a_revoked_certificate_signs_nothing_for_long(stamps: Stamps) -> None:
    using = at_level(stamps, SignatureLevel.B_LT)
    serial = x509.load_der_x509_certificate(using.chain[0]).serial_number
    stamps.revoked.add(serial)
    try:
        with pytest.raises(SigningError):
            signed(NOW_VIEW, using)
    finally:
        stamps.revoked.clear()


def test_an_authority_that_fails_is_asked_again_later(stamps: Stamps) -> None:
    stamps.failing = True
    try:
        with pytest.raises(Unavailable, match="TIME_STAMPER_UNAVAILABLE"):
            signed(NOW_VIEW, at_level(stamps, SignatureLevel.B_T))
    finally:
        stamps.failing = False


def test_nobody_tells_what_is_revoked(stamps: Stamps) -> None:
    using = replace(seal(revoked_at="http://127.0.0.1:9/revoked"), level=SignatureLevel.B_LT, time_stamper=stamps.url)
    with pytest.raises(Unavailable, match="REVOCATION_UNKNOWN"):
        signed(NOW_VIEW, using)
