"""pyHanko as the house uses it: one signature on a drawn page, with nothing in it that changes from run to run."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError as PyHankoSigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder
from pyhanko.sign.signers.pdf_byterange import BuildProps
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    PdfSigningSession,
    SigDSSPlacementPreference,
)
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError
from pyhanko.stamp.noop import NoOpStampStyle
from pyhanko.version import __version__
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import InsufficientRevinfoError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ..domain.errors import Unavailable
from .cms import signed_data
from .seals import PYHANKO_VERSION, Frame, Seal, SignatureLevel, SigningError
from .typesetting import RENDERER_VERSION

POINTS = 72 / 25.4
"""Of a millimetre."""
OWN_BYTES, STAMP_BYTES = 2048, 10240
"""Of a signature beside its certificates; of a time stamp with those of its authority."""
TIME_STAMP_SECONDS = 10
FIELD = "ChuKySo"
DIGEST = "sha256"
PRINTED_AND_LOCKED = 4 + 128
"""Flags of an annotation (ISO 32000-1, table 165); PDF/A wants the first, a signature the second."""
_WHITESPACE_AFTER_EOF = b"%%EOF\n"


class KeyElsewhere(Signer):
    """A signer whose key is behind a function, such as one of KMS."""

    def __init__(self, seal: Seal) -> None:
        certificates = [x509.Certificate.load(each) for each in seal.chain]
        store = SimpleCertificateStore()
        store.register_multiple(certificates[1:])
        super().__init__(signing_cert=certificates[0], cert_registry=store)
        self._chain = tuple(seal.chain)
        self._sign = seal.sign
        self._length = certificates[0].public_key.byte_size

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign the signed attributes. pyHanko hands over their bytes, not their digest."""
        if digest_algorithm != "sha256":
            raise SigningError(f"the key signs SHA-256, not {digest_algorithm}")
        return bytes(self._length) if dry_run else self._sign(data)

    async def async_sign(
        self,
        data_digest: bytes,
        digest_algorithm: str,
        dry_run: bool = False,
        use_pades: bool = False,
        timestamper: TimeStamper | None = None,
        signed_attr_settings: PdfCMSSignedAttributes | None = None,
        is_pdf_sig: bool = True,
        encap_content_info: Any = None,
    ) -> cms.ContentInfo:
        """The signature's message: by our own hands where nobody stamps it."""
        if timestamper is not None or dry_run or digest_algorithm != "sha256":
            return await super().async_sign(
                data_digest,
                digest_algorithm,
                dry_run,
                use_pades,
                timestamper,
                signed_attr_settings,
                is_pdf_sig,
                encap_content_info,
            )
        own = x509.Certificate.load(self._chain[0])["tbs_certificate"]
        issuer, serial = own["issuer"].dump(), own["serial_number"].dump()
        return AsWritten.of(signed_data(self._chain, issuer, serial, data_digest, self._sign))


class AsWritten(cms.ContentInfo):  # type: ignore[misc]
    """A message that is told as it was written.

    asn1crypto takes a length that ends in 0x80 for an indefinite one and spells everything anew: with a fifth of all
    certificates each cover cost ten times its CPU.
    """

    text: bytes

    @classmethod
    def of(cls, text: bytes) -> AsWritten:
        made: AsWritten = cls.load(text)
        made.text = text
        return made

    def dump(self, force: bool = False) -> bytes:
        return self.text


class SteadyWriter(IncrementalPdfFileWriter):
    """Appends to a PDF without the three things by which pyHanko makes every file another one.

    The third, the time of signing, is given to the session in `_signed`.
    """

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        first, _ = prev.trailer["/ID"]
        prev.stream.seek(0)
        second = hashlib.sha256(prev.stream.read()).digest()[:16]
        return generic.ArrayObject([generic.ByteStringObject(first.original_bytes), generic.ByteStringObject(second)])

    def _update_meta(self) -> None:
        """The metadata stay those of the drawn page: it has not been changed but signed."""


def sign_page(pdf: bytes, seal: Seal, *, at: datetime, frame: Frame, signer: str) -> bytes:
    """See `signing.sign_document`."""
    if __version__ != PYHANKO_VERSION:
        raise SigningError(f"pyHanko {__version__} is not {PYHANKO_VERSION}")
    if not pdf.endswith(_WHITESPACE_AFTER_EOF):
        raise SigningError("a page to sign ends in a newline (PDF/A, ISO 19005-3, 6.1.9)")
    _require_valid(seal, at)
    writer = SteadyWriter(BytesIO(pdf))
    _add_field(writer, frame, signer)
    try:
        return asyncio.run(_sign(writer, seal, at.astimezone(UTC), signer))
    except TimestampRequestError as error:
        raise Unavailable("TIME_STAMPER_UNAVAILABLE", "") from error
    except PyHankoSigningError as error:
        if isinstance(error.__cause__, InsufficientRevinfoError):
            raise Unavailable("REVOCATION_UNKNOWN", "") from error
        raise SigningError(f"pyHanko refuses: {error}") from None


async def _sign(writer: IncrementalPdfFileWriter, seal: Seal, at: datetime, signer: str) -> bytes:
    """What `PdfSigner.async_sign_pdf` does, but at a given time instead of now."""
    context = _context(seal) if seal.level is SignatureLevel.B_LT else None
    try:
        return await _signed(writer, seal, at, _metadata(context, signer))
    finally:
        if context is not None:
            await context.aclose()


async def _signed(writer: IncrementalPdfFileWriter, seal: Seal, at: datetime, metadata: PdfSignatureMetadata) -> bytes:
    pdf_signer = PdfSigner(
        metadata,
        signer=KeyElsewhere(seal),
        timestamper=_time_stamper(seal),
        # pyHanko's own panel would hide the drawn one, in a font that is not embedded.
        stamp_style=NoOpStampStyle(),
    )
    # What `PdfSigner.init_signing_session` does, but for the clock, which it reads with the machine's time zone.
    embedding = PdfCMSEmbedder().write_cms(FIELD, writer, existing_fields_only=True)
    field = next(embedding).get_object()
    pdf_signer.register_extensions(writer, md_algorithm=DIGEST)
    stamper = pdf_signer.default_timestamper
    session = PdfSigningSession(
        pdf_signer, writer, embedding, field, DIGEST, stamper, SigSeedSubFilter.PADES, system_time=at
    )
    checked = await session.perform_presign_validation(writer)
    document = session.prepare_tbs_document(checked, bytes_reserved=_bytes_reserved(seal))
    output = BytesIO()
    prepared, _ = document.digest_tbs_document(output=output)
    attributes = PdfCMSSignedAttributes(signing_time=at)
    signed = await document.perform_signature(prepared.document_digest, attributes)
    await signed.post_signature_processing(output)
    return output.getvalue()


def _bytes_reserved(seal: Seal) -> int:
    """Hex digits of the hole that the signature fills. The same for a chain: to measure it is to sign twice."""
    certificates = sum(len(each) for each in seal.chain)
    stamp = 0 if seal.level is SignatureLevel.B_B else STAMP_BYTES
    return 2 * (certificates + OWN_BYTES + stamp)


def _metadata(context: ValidationContext | None, signer: str) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=DIGEST,
        name=signer,
        # Both make the bytes: what made a file is told in it.
        app_build_props=BuildProps("bhxh-602e", f"{RENDERER_VERSION} pyhanko-{PYHANKO_VERSION}"),
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=context is not None,
        validation_context=context,
        # In the signed part of the file, so that nothing follows the signature.
        dss_settings=DSSContentSettings(include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE),
    )


def _context(seal: Seal) -> ValidationContext:
    """Asks those that the certificates name for what is revoked."""
    roots = [x509.Certificate.load(each) for each in (seal.chain[-1], *seal.time_stamp_roots)]
    others = [x509.Certificate.load(each) for each in seal.chain[1:-1]]
    return ValidationContext(trust_roots=roots, other_certs=others, allow_fetching=True, revocation_mode="hard-fail")


def _time_stamper(seal: Seal) -> TimeStamper | None:
    if seal.level is SignatureLevel.B_B:
        return None
    if not seal.time_stamper:
        raise SigningError(f"{seal.level} needs a time-stamping authority")
    return HTTPTimeStamper(seal.time_stamper, timeout=TIME_STAMP_SECONDS)


def _require_valid(seal: Seal, at: datetime) -> None:
    validity = x509.Certificate.load(seal.chain[0])["tbs_certificate"]["validity"]
    if not validity["not_before"].native <= at <= validity["not_after"].native:
        raise SigningError("the certificate is not valid at the time of signing")


def _add_field(writer: IncrementalPdfFileWriter, frame: Frame, signer: str) -> None:
    """An empty field on the drawn frame, in the tag tree as PDF/UA wants it: Form, OBJR, a text for screen readers."""
    root = writer.root
    if "/AcroForm" in root or "/Perms" in root:
        raise SigningError("the page has a form, or is signed already")
    page_ref, _ = writer.find_page_for_modification(0)
    page: Any = page_ref.get_object()
    height = float(page["/MediaBox"][3])
    left, top = frame.x * POINTS, height - frame.y * POINTS
    box = [left, top - frame.height * POINTS, left + frame.width * POINTS, top]
    tree: Any = root["/StructTreeRoot"]
    document_ref = tree["/K"].raw_get(0) if isinstance(tree["/K"], generic.ArrayObject) else tree.raw_get("/K")
    number = int(tree["/ParentTreeNextKey"])
    field_ref = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/FT"): pdf_name("/Sig"),
                pdf_name("/T"): generic.pdf_string(FIELD),
                pdf_name("/TU"): generic.pdf_string(f"Chữ ký số của {signer}"),
                pdf_name("/F"): generic.NumberObject(PRINTED_AND_LOCKED),
                pdf_name("/Rect"): generic.ArrayObject(generic.FloatObject(f"{side:.3f}") for side in box),
                pdf_name("/P"): page_ref,
                pdf_name("/StructParent"): generic.NumberObject(number),
                pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): _nothing_to_see(writer, box)}),
            }
        )
    )
    form_ref = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/StructElem"),
                pdf_name("/S"): pdf_name("/Form"),
                pdf_name("/P"): document_ref,
                pdf_name("/Pg"): page_ref,
                pdf_name("/K"): generic.DictionaryObject(
                    {
                        pdf_name("/Type"): pdf_name("/OBJR"),
                        pdf_name("/Obj"): field_ref,
                        pdf_name("/Pg"): page_ref,
                    }
                ),
            }
        )
    )
    document: Any = document_ref.get_object()
    document["/K"].append(form_ref)
    writer.update_container(document["/K"])
    numbers: Any = tree["/ParentTree"]["/Nums"]
    numbers += [generic.NumberObject(number), form_ref]
    writer.update_container(numbers)
    tree["/ParentTreeNextKey"] = generic.NumberObject(number + 1)
    writer.update_container(tree)
    page["/Annots"] = generic.ArrayObject([field_ref])
    writer.mark_update(page_ref)
    root["/AcroForm"] = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Fields"): generic.ArrayObject([field_ref]),
                pdf_name("/SigFlags"): generic.NumberObject(3),
            }
        )
    )
    writer.update_root()


def _nothing_to_see(writer: IncrementalPdfFileWriter, box: list[float]) -> generic.IndirectObject:
    """The field's own appearance: the page itself shows who signed."""
    size = (box[2] - box[0], box[3] - box[1])
    drawn = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(generic.FloatObject(f"{side:.3f}") for side in (0, 0, *size)),
            pdf_name("/Resources"): generic.DictionaryObject(),
        },
        stream_data=b"",
    )
    return writer.add_object(drawn)
