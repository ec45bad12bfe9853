"""Roles, provinces and portal clients (contract 1, Authorisation; scenario A21)."""

from __future__ import annotations

import pytest

from chalicelib.domain.access import Caller, Role, require_province, require_role, require_view
from chalicelib.domain.errors import Forbidden

PORTAL = Caller("portal", Role.PORTAL, client_id="dvc", also_sees=frozenset({"kiosk"}))
OFFICER = Caller("officer", Role.OFFICER, provinces=frozenset({"79", "77"}))
SIGNER = Caller("signer", Role.SIGNER, provinces=frozenset({"79"}))
PUBLISHER = Caller("publisher", Role.PUBLISHER, provinces=frozenset({"79"}))
OPS = Caller("ops", Role.OPS)


def refusal(caller: Caller, client_id: str, province: str) -> str | None:
    """The code of the refusal to show a dossier, None where it is shown."""
    try:
        require_view(caller, client_id=client_id, province=province)
    except Forbidden as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("caller", "client_id", "province", "expected"),
    (
        (PORTAL, "dvc", "01", None),
        (PORTAL, "kiosk", "01", None),
        (PORTAL, "other", "79", "DOSSIER_NOT_ALLOWED"),
        (OFFICER, "other", "79", None),
        (OFFICER, "other", "77", None),
        (OFFICER, "dvc", "01", "PROVINCE_NOT_ALLOWED"),
        (SIGNER, "dvc", "79", None),
        (PUBLISHER, "dvc", "79", None),
        (OPS, "dvc", "79", "ROLE_NOT_ALLOWED"),
        (Caller("portal", Role.PORTAL), "dvc", "79", "DOSSIER_NOT_ALLOWED"),
    ),
)
def test_who_may_see_a_dossier(caller: Caller, client_id: str, province: str, expected: str | None) -> None:
    assert refusal(caller, client_id, province) == expected


def test_only_the_roles_named_may_act() -> None:
    require_role(SIGNER, Role.SIGNER, Role.OFFICER)
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        require_role(OFFICER, Role.SIGNER)


def test_operators_see_the_lists_of_every_province() -> None:
    require_province(OPS, "01")
    with pytest.raises(Forbidden, match="PROVINCE_NOT_ALLOWED"):
        require_province(PORTAL, "79")


def test_a_clients_keys_are_its_own_and_an_officers_the_officers() -> None:
    assert (PORTAL.audience, SIGNER.audience) == ("dvc", "signer")
