"""A signed cover as a file: archival and accessible as before, the signature where the page shows it, the same bytes.

Judges beside our own: pikepdf and qpdf of the structure, poppler of the drawing and, by `pdfsig`, of the signature.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms, core
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.documents import pades
from chalicelib.documents.seals import PYHANKO_VERSION, SignatureLevel, SigningError
from chalicelib.documents.signing import sign_document
from chalicelib.documents.templates import SIGNATURE_FRAME
from chalicelib.documents.typesetting import RENDERER_VERSION
from tests.documents.covers import VIEW
from tests.documents.signed import drawn, seal, signed, view_at
from tests.support.kms import rsa_key
from tests.support.signing import KEY_ARN

ROOT = Path(__file__).resolve().parents[2]
MM = 72 / 25.4


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return signed()


@pytest.fixture
def opened(pdf: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        yield document


def test_the_drawn_page_is_the_beginning_of_the_signed_file(pdf: bytes) -> None:
    assert pdf.startswith(drawn())
    assert pdf.endswith(b"%%EOF\n")
    assert pdf.count(b"%%EOF") == 2


def test_it_is_still_archival_and_accessible(opened: pikepdf.Pdf) -> None:
    assert opened.check_pdf_syntax() == []
    with opened.open_metadata() as xmp:
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
    assert len(opened.Root.AF) == 1
    assert list(opened.attachments) == ["cover.json"]
    assert not opened.is_encrypted
    # One font table as before: nothing is drawn but what typst drew, in our embedded fonts.
    assert len(opened.pages[0].Resources.Font) == 3


def test_the_field_lies_exactly_on_the_frame_and_shows_nothing_of_its_own(opened: pikepdf.Pdf) -> None:
    (field,) = opened.pages[0].Annots
    frame = SIGNATURE_FRAME
    left, bottom, right, top = (float(side) / MM for side in field.Rect)
    assert (left, right) == pytest.approx((frame.x, frame.x + frame.width), abs=0.01)
    assert (297 - top, 297 - bottom) == pytest.approx((frame.y, frame.y + frame.height), abs=0.01)
    assert field.AP.N.read_bytes() == b""
    # Printed, locked, and none of those that hide it: PDF/A.
    assert int(field.F) == 4 + 128


def test_the_field_is_tagged_and_has_words_for_screen_readers(opened: pikepdf.Pdf) -> None:
    (field,) = opened.pages[0].Annots
    assert str(field.TU) == f"Chữ ký số của {VIEW.agency}"
    tree = pikepdf.NumberTree(opened.Root.StructTreeRoot.ParentTree)
    element = tree[int(field.StructParent)]
    assert (str(element.S), str(element.K.Type)) == ("/Form", "/OBJR")
    assert element.K.Obj.objgen == field.objgen
    assert int(opened.Root.StructTreeRoot.ParentTreeNextKey) == int(field.StructParent) + 1
    assert any(each.objgen == element.objgen for each in element.P.K)


def test_it_certifies_and_allows_no_changes(opened: pikepdf.Pdf) -> None:
    (field,) = opened.Root.AcroForm.Fields
    signature = field.V
    assert opened.Root.Perms.DocMDP.objgen == signature.objgen
    assert int(signature.Reference[0].TransformParams.P) == 1
    assert str(signature.SubFilter) == "/ETSI.CAdES.detached"
    assert int(opened.Root.AcroForm.SigFlags) == 3
    assert str(signature.M) == "D:20261122030500Z"
    assert str(signature.Prop_Build.App.REx) == f"{RENDERER_VERSION} pyhanko-{PYHANKO_VERSION}"


def test_a_page_looks_the_same_before_and_after(pdf: bytes, tmp_path: Path) -> None:
    """poppler draws the annotations too."""
    pictures = []
    for name, content in (("before", drawn()), ("after", pdf)):
        (tmp_path / f"{name}.pdf").write_bytes(content)
        command = ["pdftoppm", "-r", "60", "-png", "-singlefile", f"{name}.pdf", name]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        pictures.append((tmp_path / f"{name}.png").read_bytes())
    assert pictures[0] == pictures[1]


def test_poppler_and_qpdf_find_it_sound(pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cover.pdf"
    path.write_bytes(pdf)
    told = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    for line in ("Signature Validation: Signature is Valid.", "Total document signed", "ETSI.CAdES.detached"):
        assert line in told
    assert subprocess.run(["qpdf", "--check", path], capture_output=True, check=False).returncode == 0


SIGN = (
    "import hashlib, pickle, sys; from functools import partial; from datetime import datetime;"
    "from cryptography.hazmat.primitives.serialization import load_pem_private_key;"
    "from chalicelib.documents.seals import Seal; from tests.documents.signed import sign_with, signed;"
    "chain, pem = pickle.load(open(sys.argv[1], 'rb'));"
    "seal = Seal(chain, partial(sign_with, load_pem_private_key(pem, None)));"
    "print(hashlib.sha256(signed(using=seal)).hexdigest())"
)


@pytest.mark.slow
def test_the_same_bytes_in_any_process_at_any_time(tmp_path: Path) -> None:
    pem = rsa_key(KEY_ARN).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(pickle.dumps((seal().chain, pem)))
    here = hashlib.sha256(signed()).hexdigest()
    time.sleep(2)  # pyHanko writes the second of its run into three places unless told otherwise

    for environment in ({"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}, {"TZ": "America/St_Johns", "LC_ALL": "C"}):
        done = subprocess.run(
            [sys.executable, "-c", SIGN, tmp_path / "key"],
            env={"PATH": os.environ["PATH"], **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == here, done.stderr


def test_another_instant_gives_other_bytes(pdf: bytes) -> None:
    assert signed(view_at(VIEW.issued_at + timedelta(seconds=1))) != pdf


def test_the_hole_for_the_signature_is_as_large_as_its_chain_needs(pdf: bytes) -> None:
    hole = pdf[pdf.rindex(b"/Contents <") + len(b"/Contents <") :].partition(b">")[0]
    used = len(hole.rstrip(b"0"))
    assert len(hole) == 2 * (sum(map(len, seal().chain)) + pades.OWN_BYTES)
    # Room for a chain whose names and extensions are longer than what they are measured by.
    assert used + 1024 < len(hole)


@pytest.mark.parametrize("moment", (datetime(2014, 12, 31, tzinfo=UTC), datetime(2045, 1, 2, tzinfo=UTC)))
def test_no_signature_outside_the_certificates_time(moment: datetime) -> None:
    with pytest.raises(SigningError, match="not valid"):
        sign_document(drawn(), seal(), at=moment, frame=SIGNATURE_FRAME, signer="x")


def test_a_page_that_does_not_end_in_a_newline_is_refused() -> None:
    with pytest.raises(SigningError, match="newline"):
        signed(page=drawn().rstrip())


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        sign_document(drawn(), seal(), at=datetime(2026, 11, 22), frame=SIGNATURE_FRAME, signer="x")  # noqa: DTZ001


def test_another_version_of_pyhanko_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pades, "__version__", "0.39.0")
    with pytest.raises(SigningError, match="is not"):
        signed()


def test_a_page_that_is_signed_already_is_not_signed_again(pdf: bytes) -> None:
    with pytest.raises(SigningError):
        signed(page=pdf)


def test_no_clock_and_no_time_zone_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function's machine may not know any time zone at all."""

    def missing() -> None:
        raise LookupError("no time zones here")

    monkeypatch.setattr("tzlocal.get_localzone", missing)
    assert signed()


def test_a_time_stamp_needs_somebody_who_gives_it() -> None:
    with pytest.raises(SigningError, match="time-stamping"):
        signed(using=replace(seal(), level=SignatureLevel.B_T))


def test_the_layer_has_the_version_whose_methods_are_overridden() -> None:
    lock = (ROOT / "infra" / "layers" / "cover" / "requirements.txt").read_text()
    assert f"pyhanko=={PYHANKO_VERSION} " in lock


def test_a_message_whose_length_ends_in_80_is_not_spelt_anew() -> None:
    # asn1crypto would take the length 0x0880 for an indefinite one
    text = cms.ContentInfo({"content_type": "data", "content": core.OctetString(bytes(2157))}).dump()
    assert text[:4] == bytes.fromhex("30820880")
    made = pades.AsWritten.of(text)
    assert made.dump() is text
    assert made["content_type"].native == "data"
