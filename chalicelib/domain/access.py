"""Who may see and do what: roles, provinces and portal clients (contract 1, Authorisation)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import Forbidden


class Role(StrEnum):
    PORTAL = "portal"
    OFFICER = "officer"
    SIGNER = "signer"
    PUBLISHER = "publisher"
    OPS = "ops"


OFFICERS = frozenset({Role.OFFICER, Role.SIGNER, Role.PUBLISHER})
"""Roles that work on dossiers of their provinces."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as proved by the token. `sub` goes to the audit trail.

    `also_sees` are the portal clients whose dossiers this client may see beside its own.
    """

    sub: str
    role: Role
    client_id: str | None = None
    provinces: frozenset[str] = frozenset()
    also_sees: frozenset[str] = frozenset()

    @property
    def audience(self) -> str:
        """Under whose name idempotency keys are kept: the client, or the person."""
        return self.client_id or self.sub


def require_role(caller: Caller, *roles: Role) -> None:
    """Raise `Forbidden` (ROLE_NOT_ALLOWED) unless the caller has one of the roles."""
    if caller.role not in roles:
        raise Forbidden("ROLE_NOT_ALLOWED", "Vai trò của bạn không được thực hiện thao tác này.")


def require_province(caller: Caller, province: str) -> None:
    """Raise `Forbidden` (PROVINCE_NOT_ALLOWED) for an officer of other provinces."""
    if caller.role is not Role.OPS and province not in caller.provinces:
        raise Forbidden("PROVINCE_NOT_ALLOWED", "Hồ sơ không thuộc tỉnh, thành phố do bạn phụ trách.")


def require_view(caller: Caller, *, client_id: str, province: str) -> None:
    """Raise `Forbidden` unless the caller may see this dossier.

    A portal client sees what it opened and what named fellow clients opened; an officer sees
    the dossiers of the provinces in the token.
    """
    if caller.role is Role.PORTAL:
        if client_id != caller.client_id and client_id not in caller.also_sees:
            raise Forbidden("DOSSIER_NOT_ALLOWED", "Hồ sơ này do hệ thống khác tiếp nhận.")
        return
    require_role(caller, *OFFICERS)
    require_province(caller, province)
