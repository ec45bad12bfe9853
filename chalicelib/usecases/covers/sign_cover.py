"""Signs a drawn cover and judges the result as anybody would: only what passes is handed on to be stored."""

from __future__ import annotations

from functools import partial

from ...documents.cover import CoverView
from ...documents.seals import Seal, SignatureLevel, SigningError
from ...documents.signing import sign_document
from ...documents.templates import template_named
from ...documents.token import kid_of
from ...documents.verification import examine
from ...log import facts, logger
from ...wiring import Wiring

log = logger(__name__)


def sign_cover(page: bytes, view: CoverView, w: Wiring) -> bytes:
    """Sign the page of a cover at the instant of its issue, with the certificate that was in force then.

    Raises:
        NotConfigured: COVER_CERTIFICATE_NOT_INSTALLED, none was valid then.
        Unavailable: the time-stamping authority does not answer.
        SigningError: the signed file does not pass its examination, or could not be made.
    """
    certificate = w.signing_keys.certificate_at(view.issued_at)
    seal = Seal(
        chain=certificate.chain,
        sign=partial(w.signing_keys.sign, certificate),
        level=SignatureLevel(w.settings.signature_level),
        time_stamper=w.settings.time_stamper or None,
        time_stamp_roots=certificate.time_stamp_roots,
    )
    frame = template_named(view.template).signature_frame
    signed = sign_document(page, seal, at=view.issued_at, frame=frame, signer=view.agency)
    code_keys = {kid_of(key): key for key in w.token_keys.public}
    report = examine(signed, roots=certificate.roots, code_keys=code_keys)
    if not report.sound or report.level is not seal.level or report.certificate != certificate.fingerprint:
        log.error("a signed cover does not pass", extra=facts(cover_id=view.serial, reason=", ".join(report.faults)))
        raise SigningError(f"the signed cover does not pass: {', '.join(report.faults) or report.level}")
    return signed
