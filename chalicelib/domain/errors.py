"""What can go wrong, in the words of the contract: every error carries a stable code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

Changes: TypeAlias = Sequence[Mapping[str, str | int | None]]
"""Events that somebody missed, oldest first."""
Fact: TypeAlias = str | int | Changes
"""What an error tells beside its sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request.

    `field` is a JSON path such as `permanent_address.province_code`; `code` is stable and
    UPPER_SNAKE; `message` is Vietnamese, for people, and never repeats the value (it may be personal).
    """

    field: str
    code: str
    message: str


class DomainError(Exception):
    """A decision against the request. `code` is stable; `detail` is Vietnamese and holds nothing personal."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Iterable[Fault] = (),
        facts: Mapping[str, Fact] = MappingProxyType({}),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.facts: dict[str, Fact] = dict(facts)


class Rejected(DomainError):
    """The content of a request breaks one or more rules (HTTP 422). Carries every fault at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        listed = tuple(faults)
        if not listed:
            raise ValueError("a rejection needs at least one fault")
        detail = listed[0].message if len(listed) == 1 else f"Yêu cầu có {len(listed)} lỗi cần sửa."
        super().__init__(listed[0].code, detail, faults=listed)


class Unreadable(DomainError):
    """The body is not JSON, or not a JSON object (HTTP 400)."""


class Unauthenticated(DomainError):
    """No token, or one that does not hold (HTTP 401)."""


class Forbidden(DomainError):
    """The caller may not do this, or not in this province (HTTP 403)."""


class NotFound(DomainError):
    """No such thing (HTTP 404)."""


class Conflict(DomainError):
    """The present state does not allow it (HTTP 409)."""


class VersionConflict(DomainError):
    """`If-Match` names another version than the present one (HTTP 412)."""


class PreconditionRequired(DomainError):
    """A required `If-Match` or `Idempotency-Key` is missing (HTTP 428)."""


class Unavailable(DomainError):
    """A passing fault of a system behind us: try again later (HTTP 503, queue: retry)."""


class NotConfigured(DomainError):
    """A table has no row for this date: refused, never guessed (HTTP 422 towards people)."""


def storage_busy() -> Unavailable:
    """Others kept coming between; the same request may be sent again."""
    return Unavailable("STORAGE_BUSY", "Hệ thống đang bận, vui lòng thử lại sau ít giây.")
