"""The canary's own small world: a province, a person and vouchers that nobody else has.

Every five minutes the canary registers this person, pays, looks that the payment took effect, and removes what it made.
For its client no other province and no other person exist; for everybody else its province and its person do not. So
what it does never meets what is real, and whoever could speak in its name could do no more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from ..access import Caller, Role
from ..configuration.provinces import Province, Provinces
from ..errors import Forbidden

if TYPE_CHECKING:
    from ..configuration.law import Law

CLIENT: Final = "canary"
"""Its name as a portal client; no token of the issuer may bear it."""

KEY_ID: Final = "bhxh-602e-canary"
"""The `kid` and the `iss` of the tokens that it signs itself."""

TOKEN_SECONDS: Final = 120
"""How long such a token may live, from `iat` to `exp`."""

PROVINCE: Final = "99"
"""A code that no province has or had, and no other body of the insurance either."""

PERSONAL_ID: Final = "999190000001"
"""No place of birth has the code 999."""

PERSON: Final = "canary"
"""Stands where the keyed hash of a person stands, and can be none."""

SI_NUMBER: Final = "9900000001"

PROVINCES: Final = Provinces(
    (
        Province(
            code=PROVINCE,
            name="Tỉnh thử nghiệm",
            unit_type="tỉnh",
            valid_from=date(2008, 8, 1),
            valid_to=None,
            predecessors=(),
            successors=(),
            birth_code=PERSONAL_ID[:3],
            source="none: made up for the canary",
        ),
    )
)
ROUTES: Final = frozenset({("POST", "/v1/dossiers"), ("GET", "/v1/dossiers/{code}")})
"""Where it may call with its token."""


def is_canary(caller: Caller) -> bool:
    return caller.role is Role.PORTAL and caller.client_id == CLIENT


def law_for(caller: Caller, law: Law) -> Law:
    """The law as the caller meets it: the canary's knows its own province alone, everybody else's does not know it."""
    return replace(law, provinces=PROVINCES) if is_canary(caller) else law


def require_own_person(caller: Caller, person: str | None) -> None:
    """Raise `Forbidden` (ROLE_NOT_ALLOWED) for the canary with anybody else's dossier, and for others with its."""
    if is_canary(caller) != (person == PERSON):
        raise Forbidden("ROLE_NOT_ALLOWED", "Vai trò của bạn không được thực hiện thao tác này.")
