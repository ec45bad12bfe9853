"""Open to everybody: what the scan of a cover's verification code shows, and the keys to prove one without us.

The use case is imported when the first scan comes: neither `cryptography` nor the KMS client weighs on the portal's
cold starts. The token stands in the path; no log names a path, only its pattern.
"""

from __future__ import annotations

from typing import Final

from chalice.app import Blueprint

from chalicelib.domain.errors import NotFound
from chalicelib.wiring import wiring

from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire.verification import CoverVerification, PublicKeys

bp = Blueprint(__name__)

PRIVATE: Final = {"Referrer-Policy": "no-referrer", "Vary": "Accept"}


@operation(
    bp,
    "GET",
    "/v1/covers/{token}/verification",
    signed_in=False,
    answer=CoverVerification,
    codes=((404, "COVER_NOT_FOUND"), (429, "TOO_MANY_REQUESTS")),
)
def verify_cover_token(request: Incoming, token: str) -> Reply:
    """Xác thực tờ bìa theo mã trong QR: còn hiệu lực, đã thu hồi hay đã thay thế.

    A browser (`Accept: text/html`) gets a small page instead, also for 404. The token's signature is checked before
    anything is looked up; names and numbers are masked.
    """
    return _verified(request, token)


@operation(
    bp,
    "GET",
    "/C/{token}",
    signed_in=False,
    answer=CoverVerification,
    codes=((404, "COVER_NOT_FOUND"), (429, "TOO_MANY_REQUESTS")),
)
def open_scanned_code(request: Incoming, token: str) -> Reply:
    """Địa chỉ trong mã QR của tờ bìa; trả lời như `/v1/covers/{token}/verification`.

    In upper case, for that makes the code smaller.
    """
    return _verified(request, token)


@operation(bp, "GET", "/v1/cover-keys", signed_in=False, answer=PublicKeys, answer_headers=("Cache-Control",))
def list_cover_keys(request: Incoming) -> Reply:
    """Các khóa công khai để tự kiểm chữ ký của mã QR, không cần mạng.

    Former keys stay listed: codes that they signed stay good.
    """
    from chalicelib.usecases.covers.verify_cover import published_keys

    answer = PublicKeys.model_validate(published_keys(wiring()), strict=False)
    return Reply.of(answer, headers={"Cache-Control": "public, max-age=3600"})


def _verified(request: Incoming, token: str) -> Reply:
    from chalicelib.usecases.covers.verify_cover import verify_cover

    for_people = request.prefers_html()
    try:
        found = verify_cover(token, wiring())
    except NotFound:
        if not for_people:
            raise
        from .verification_page import HEADERS, unknown_page

        return Reply(404, unknown_page(), {**HEADERS, **PRIVATE})
    if for_people:
        from .verification_page import HEADERS, outcome_page

        return Reply(200, outcome_page(found), {**HEADERS, **PRIVATE})
    answer = CoverVerification(
        status=found.status,
        issued_on=found.issued_on.isoformat(),
        issuer=found.issuer,
        full_name_masked=found.full_name_masked,
        si_number_masked=found.si_number_masked,
    )
    return Reply.of(answer, headers=PRIVATE)
