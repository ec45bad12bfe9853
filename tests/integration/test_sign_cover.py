"""The renderer signs and examines: what does not pass is never stored, and what is stored is what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.documents import signing
from chalicelib.documents.cover import render_cover
from chalicelib.documents.seals import Seal, SignatureLevel, SigningError
from chalicelib.documents.token import kid_of
from chalicelib.documents.verification import examine
from chalicelib.domain.covers.cover import StoredFile
from chalicelib.domain.errors import NotConfigured, Unavailable
from chalicelib.usecases.covers import draw_cover as drawing
from chalicelib.usecases.covers import sign_cover as signing_use
from chalicelib.usecases.covers.draw_cover import draw_cover
from chalicelib.workflows.renderer import cover_renderer
from tests.support.cloud import boto_clients, client_error
from tests.support.environment import BUCKET
from tests.support.house import House

CODE = "000.00.79.G24-230206-0001"
COVER = f"{CODE}-C1"


@pytest.fixture(name="checked")
def _checked(house: House) -> House:
    house.paid()
    house.issue(CODE)
    return house


def stored_pdf(file: StoredFile) -> bytes:
    content: bytes = boto_clients()["s3"].get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    return content


def test_what_is_stored_passes_every_check(checked: House) -> None:
    pdf = stored_pdf(draw_cover(COVER, CODE, checked.w))
    (certificate,) = checked.w.signing_keys.certificates()
    keys = {kid_of(key): key for key in checked.w.token_keys.public}
    report = examine(pdf, roots=certificate.roots, code_keys=keys)
    assert (report.sound, report.code_proven) == (True, True)
    assert report.signed_at == checked.cover(CODE).checked_at
    assert report.data["serial"] == COVER
    # Whatever says who it is for stays in the file: the key names nothing.
    assert str(report.data["full_name"]) not in checked.cover(CODE).object_key


def test_a_second_renderer_makes_the_same_file(checked: House) -> None:
    first = draw_cover(COVER, CODE, checked.w)
    boto_clients()["s3"].delete_object(Bucket=BUCKET, Key=first.key)
    checked.restart()
    assert draw_cover(COVER, CODE, checked.w) == first


def test_a_draft_that_is_signed_is_not_stored(checked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong before the signature: the examination has the last word."""
    monkeypatch.setattr(drawing, "render_cover", lambda view, _: render_cover(view))
    with pytest.raises(SigningError, match="PAGE, CODE"):
        draw_cover(COVER, CODE, checked.w)
    assert checked.cloud.objects() == {}


def test_a_key_that_is_not_the_certificates_is_noticed(checked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(checked.w.signing_keys), "sign", lambda *_: bytes(384))
    with pytest.raises(SigningError, match="INTACT"):
        draw_cover(COVER, CODE, checked.w)
    assert checked.cloud.objects() == {}


def test_without_a_certificate_of_the_day_nothing_is_signed(checked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (certificate,) = checked.w.signing_keys.certificates()
    later = replace(certificate, not_before=datetime(2024, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(type(checked.w.signing_keys), "certificates", lambda _: (later,))
    with pytest.raises(NotConfigured, match="COVER_CERTIFICATE_NOT_INSTALLED"):
        draw_cover(COVER, CODE, checked.w)
    assert checked.cloud.objects() == {}


def test_a_level_that_was_not_reached_is_not_stored(checked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for a time stamp, given a signature without one."""

    def unstamped(pdf: bytes, seal: Seal, **more: Any) -> bytes:
        return signing.sign_document(pdf, replace(seal, level=SignatureLevel.B_B), **more)

    monkeypatch.setattr(signing_use, "sign_document", unstamped)
    checked.w.settings = replace(checked.w.settings, signature_level="B-T", time_stamper="http://127.0.0.1:9/")
    with pytest.raises(SigningError, match="B-B"):
        draw_cover(COVER, CODE, checked.w)
    assert checked.cloud.objects() == {}


@pytest.mark.parametrize("code", ("ThrottlingException", "KMSInternalException", "DependencyTimeoutException"))
def test_a_passing_fault_of_kms_is_tried_again(checked: House, code: str) -> None:
    def fail(name: str, asked: Mapping[str, Any]) -> None:
        if name == "sign" and asked["SigningAlgorithm"].startswith("RSA"):
            raise client_error(code, "Sign")

    payload = {"schema": 1, "dossier_code": CODE, "cover_id": COVER}
    with checked.cloud.calls.hooked(fail), pytest.raises(Unavailable, match=code):
        cover_renderer(payload, None)
    assert checked.cloud.objects() == {}
    assert cover_renderer(payload, None)["key"] == checked.cover(CODE).object_key


def test_a_file_is_never_written_over(checked: House) -> None:
    """The write itself says so (`If-None-Match`), whatever was looked up before; what lies there is told."""
    first = draw_cover(COVER, CODE, checked.w)
    asked: list[Mapping[str, Any]] = []

    def note(name: str, arguments: Mapping[str, Any]) -> None:
        if name == "put_object":
            asked.append(arguments)

    with checked.cloud.calls.hooked(note):
        again = checked.w.documents.put_once(
            first.key, b"%PDF other", content_type="application/pdf", template_version="t"
        )
    assert again == first
    assert [each["IfNoneMatch"] for each in asked] == ["*"]
    assert checked.w.documents.measure(first.key) == (first.sha256, first.size)
