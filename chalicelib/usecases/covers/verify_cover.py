"""What the scan of a verification code shows. The signature is checked first: nobody tries serials on the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from ...documents.token import BadTokenError, check, key_set, kid_of, read_token
from ...domain.covers.cover import STATUS, CoverStatus, cover_number_of, dossier_code_of
from ...domain.covers.masking import masked_name, masked_number
from ...domain.errors import NotFound
from ...domain.people.names import printed_name
from ...storage import keys
from ...storage.items.covers import cover_from
from ...storage.items.fields import text
from ...wiring import Wiring


@dataclass(frozen=True, slots=True)
class Verification:
    """What anybody may know of a cover whose code they hold."""

    status: CoverStatus
    issued_on: date
    issuer: str
    full_name_masked: str
    si_number_masked: str


def verify_cover(token: str, w: Wiring) -> Verification:
    """Prove a token, then look the cover up. AP71.

    Raises:
        NotFound: COVER_NOT_FOUND, for a forged token as for one of a cover that was never issued.
    """
    try:
        claims = check(read_token(token), _public_keys(w))
    except BadTokenError:
        raise _not_found() from None
    code, number = dossier_code_of(claims.serial), cover_number_of(claims.serial)
    cover_key, proof_key = keys.cover(code, number), keys.cover_proof(code, number)
    read = w.table.get_many([cover_key, proof_key])
    # A token that lost the race to be stored is on no page.
    if len(read) != 2 or text(read[proof_key], "token") != token.upper():
        raise _not_found()
    cover = cover_from(read[cover_key])
    if cover.state not in STATUS:
        raise _not_found()
    return Verification(
        status=STATUS[cover.state],
        issued_on=claims.issued_on,
        issuer=text(read[proof_key], "agency"),
        full_name_masked=masked_name(printed_name(cover.snapshot.full_name)),
        si_number_masked=masked_number(cover.snapshot.si_number),
    )


def published_keys(w: Wiring) -> dict[str, Any]:
    """The public keys by which anybody proves a code without us: the present one and former ones."""
    return key_set(_public_keys(w))


def _public_keys(w: Wiring) -> dict[bytes, bytes]:
    return {kid_of(key): key for key in w.token_keys.public}


def _not_found() -> NotFound:
    return NotFound("COVER_NOT_FOUND", "Không có tờ bìa nào mang mã xác thực này.")
