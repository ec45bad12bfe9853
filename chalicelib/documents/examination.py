"""The checks of `findings`, made with pyHanko's reader and validator."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from asn1crypto import parser, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from ..domain.months import instant_text
from .code_reading import NoCodeError, drawn_code, read_code
from .findings import Check, Finding, Report
from .page_text import UnreadablePageError, unsaid
from .seals import SignatureLevel, fingerprint
from .structure import NoDataError, archive_faults, drawn_page, embedded_data, is_canonical, words_of_page
from .templates import template_named
from .token import BadTokenError, Claims, commitment_of, read_token
from .token import check as check_token
from .typesetting import DocumentError, assets_folder

CODE_WORDS = "code_label"
"""Of a template that draws a verification code."""
_SIGNS_DOCUMENTS = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"})

# Both tell at length, with the certificate's subject, what the findings say in short.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def examine_file(pdf: bytes, roots: Sequence[bytes], code_keys: Mapping[bytes, bytes] | None) -> Report:
    """See `verification.examine`."""
    assets_folder()
    try:
        return _Examination(pdf, roots).report(code_keys)
    except Exception as error:
        # The file is from anybody, and pyHanko answers what it did not expect with any exception there is.
        return Report((Finding(Check.READABLE, False, type(error).__name__),))


class _Examination:
    """One file under examination; the findings come in the order of `Check`."""

    def __init__(self, pdf: bytes, roots: Sequence[bytes]) -> None:
        self._pdf = pdf
        self._reader = PdfFileReader(BytesIO(pdf))
        self._roots = [x509.Certificate.load(each) for each in roots]
        self._findings = [Finding(Check.READABLE, True)]

    def report(self, code_keys: Mapping[bytes, bytes] | None) -> Report:
        signatures: list[EmbeddedPdfSignature] = list(self._reader.embedded_signatures)
        told: dict[str, Any] = {}
        if self._is_certified(signatures):
            (signature,) = signatures
            told = self._signature(signature)
        archive = archive_faults(self._reader)
        self._note(Check.ARCHIVAL, not archive, "; ".join(archive))
        data = self._data()
        self._page(data)
        code_proven = self._code(data, code_keys)
        return Report(tuple(self._findings), data=data, code_proven=code_proven, **told)

    def _note(self, check: Check, passed: bool | None, why: str = "") -> None:
        self._findings.append(Finding(check, passed, "" if passed else why))

    def _is_certified(self, signatures: Sequence[EmbeddedPdfSignature]) -> bool:
        permissions: Any = self._reader.root.get("/Perms") or {}
        certifies = None if "/DocMDP" not in permissions else permissions.raw_get("/DocMDP")
        good = len(signatures) == 1 and signatures[0].sig_field.raw_get("/V") == certifies
        why = "no certification signature" if certifies is None else f"{len(signatures)} signatures"
        self._note(Check.SIGNED, good, why)
        return good

    def _signature(self, signature: EmbeddedPdfSignature) -> dict[str, Any]:
        stamped = _stamped_at(signature)
        at = stamped or signature.self_reported_timestamp
        if at is None:
            self._note(Check.INTACT, False, "no time of signing")
            return {}
        context, has_answers = self._context(signature, at)
        status = asyncio.run(
            async_validate_pdf_signature(
                signature, context, key_usage_settings=_SIGNS_DOCUMENTS, ts_validation_context=context
            )
        )
        certificate = signature.signer_cert
        trusted = status.trusted and not status.revoked and _only_path(signature, status)
        self._note(Check.INTACT, status.intact and status.valid and self._is_filled(signature), "other bytes")
        self._note(Check.TRUSTED, trusted if self._roots else None, _mistrust(status) if self._roots else "no roots")
        whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        self._note(Check.WHOLE, whole, "something was added after the signature")
        forbidden = signature.docmdp_level is MDPPerm.NO_CHANGES
        self._note(Check.UNCHANGED, forbidden and bool(status.docmdp_ok), "changed, or changes are allowed")
        self._time(signature, status, stamped)
        proven = stamped is not None and self._findings[-1].passed is True
        level = SignatureLevel.B_LT if has_answers else SignatureLevel.B_T
        return {
            "level": level if proven else SignatureLevel.B_B,
            "signer": certificate.subject.human_friendly,
            "certificate": fingerprint(certificate.dump()),
            "signed_at": at,
            "time_proven": proven,
            "revocation_proven": has_answers and trusted,
        }

    def _is_filled(self, signature: EmbeddedPdfSignature) -> bool:
        """Whether the hole in the signed bytes holds the signature and nothing beside it, in its one spelling."""
        before, length, after, _ = (int(each) for each in signature.byte_range)
        hole = self._pdf[before + length : after]
        message = signature.pkcs7_content
        # Not by asn1crypto's dump, which spells everything anew where a length ends in 0x80 (`pades.AsWritten`).
        told = b"" if message[1:2] == b"\x80" else message[: parser.peek(message)]
        return hole == b"<" + told.hex().upper().encode().ljust(len(hole) - 2, b"0") + b">" and message.startswith(told)

    def _context(self, signature: EmbeddedPdfSignature, at: datetime) -> tuple[ValidationContext, bool]:
        """What the certificates are judged by, as of the time of signing; True: with answers on revocation."""
        settings: dict[str, Any] = {"trust_roots": self._roots, "allow_fetching": False, "moment": at}
        settings["other_certs"] = signature.other_embedded_certs
        try:
            kept = DocumentSecurityStore.read_dss(self._reader)
        except NoDSSFoundError:
            return ValidationContext(revocation_mode="soft-fail", **settings), False
        return kept.as_validation_context({**settings, "revocation_mode": "hard-fail"}), bool(kept.crls or kept.ocsps)

    def _time(self, signature: EmbeddedPdfSignature, status: PdfSignatureStatus, stamped: datetime | None) -> None:
        said = signature.self_reported_timestamp
        data = self._json() or {}
        if said is None or data.get("issued_at") != instant_text(said):
            self._note(Check.TIME, False, "the page states another time than the signature")
        elif stamped is None:
            self._note(Check.TIME, True)
        else:
            stamp = status.timestamp_validity
            good = stamp is not None and stamp.intact and stamp.valid and stamp.trusted
            self._note(
                Check.TIME, good and said <= stamped, "the time stamp is not trusted, or older than the signature"
            )

    def _json(self) -> dict[str, Any] | None:
        try:
            parsed = json.loads(embedded_data(self._reader))
        except (NoDataError, ValueError):
            return None
        return parsed if isinstance(parsed, dict) else None

    def _data(self) -> dict[str, Any]:
        try:
            raw = embedded_data(self._reader)
        except NoDataError as error:
            self._note(Check.DATA, False, str(error))
            return {}
        data = self._json()
        self._note(Check.DATA, data is not None and is_canonical(raw), "not canonical JSON")
        return data or {}

    def _page(self, data: dict[str, Any]) -> None:
        try:
            words = template_named(str(data.get("template"))).words
        except DocumentError:
            self._note(Check.PAGE, None, "a template that this program does not have")
            return
        try:
            lacking, more = unsaid(words_of_page(self._reader), data, words)
        except (UnreadablePageError, KeyError, ValueError) as error:
            self._note(Check.PAGE, False, f"{type(error).__name__}")
            return
        # What it says is personal: how much it is must do.
        self._note(Check.PAGE, not lacking and not more, f"{len(lacking)} parts lack, {len(more)} letters are too many")

    def _code(self, data: dict[str, Any], keys: Mapping[bytes, bytes] | None) -> bool:
        """Judge the drawn code; True where its own signature holds as well."""
        try:
            words = json.loads(template_named(str(data.get("template"))).words.read_bytes())
            if CODE_WORDS not in words:
                # The first template draws none.
                self._note(Check.CODE, True)
                return False
            token = read_token(read_code(drawn_code(drawn_page(self._reader))).rpartition("/")[2])
            if keys is not None:
                check_token(token, keys)
            raw = embedded_data(self._reader)
        except DocumentError:
            self._note(Check.CODE, None, "a template that this program does not have")
            return False
        except (NoCodeError, BadTokenError, NoDataError) as error:
            self._note(Check.CODE, False, str(error))
            return False
        expected = Claims(str(data.get("serial")), date.fromisoformat(str(data.get("issued_on"))), commitment_of(raw))
        self._note(Check.CODE, token.claims == expected, "the code is that of other data")
        return keys is not None and token.claims == expected


def _stamped_at(signature: EmbeddedPdfSignature) -> datetime | None:
    for token in extract_tst_data_iter(signature.signer_info, signed=False):
        stamped: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
        return stamped
    return None


def _only_path(signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> bool:
    """Whether the file carries the certificates of the way to the root and no others: nobody has signed those."""
    path = status.validation_path
    certificates = set() if path is None else {each.dump() for each in path.iter_certs(include_root=True)}
    return {each.dump() for each in signature.other_embedded_certs} <= certificates


def _mistrust(status: PdfSignatureStatus) -> str:
    if status.revoked:
        return "revoked"
    return str(status.trust_problem_indic or "no way to a trusted root")
