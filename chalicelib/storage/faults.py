"""Faults of storage as use cases see them: whether one may pass by itself, and AWS's name for it."""

from __future__ import annotations

from ..domain.errors import Unavailable
from ..passing import code_of, passes


def passing_fault(error: BaseException) -> str | None:
    """The code of a fault that may pass; None for any other."""
    if isinstance(error, Unavailable):
        return error.code
    return code_of(error) if passes(error) else None
