"""Signs a drawn PDF: PAdES, a certification signature after which nothing may change, in a frame that is drawn already.

The key never comes here: `Seal.sign` signs a few hundred bytes wherever the key is. Without time stamps the same page
and the same seal give the same bytes, in any process at any time. pyHanko is imported on first use.
"""

from __future__ import annotations

from datetime import datetime

from .seals import Frame, Seal


def sign_document(pdf: bytes, seal: Seal, *, at: datetime, frame: Frame, signer: str) -> bytes:
    """Sign a page as drawn by `typesetting`.

    Args:
        pdf: tagged PDF that ends in a newline; it stays as it is, the signature is appended.
        seal: key and certificates.
        at: the time of signing that the signature states, with a time zone, whole seconds.
        frame: the drawn frame on which the signature's field lies.
        signer: who signs, for screen readers and for the signature's entry in the file.

    Raises:
        SigningError: the certificate is not valid then, or does not fit the key or into its place.
        DocumentError: a foreign version of pyHanko.
        Unavailable: TIME_STAMPER_UNAVAILABLE, REVOCATION_UNKNOWN; what `seal.sign` raises passes through.
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the time of signing has a time zone")
    from .pades import sign_page

    return sign_page(pdf, seal, at=at, frame=frame, signer=signer)
