"""Every refusal that any of these tests provokes is read: it must be a Vietnamese sentence under a stable code.

While mutants are run (`make mutation`), property-based tests are left out: examples kill a mutant in milliseconds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import is_hypothesis_test

from chalicelib.domain.errors import DomainError, Fault

CODE = re.compile(r"[A-Z][A-Z0-9_]{2,}")


def is_sentence(text: object) -> bool:
    """One printable line for people: it begins with a capital, ends with a full stop and does not shout."""
    return (
        isinstance(text, str)
        and text.isprintable()
        and text[0].isupper()
        and text.endswith(".")
        and text != text.upper()
    )


@pytest.fixture(scope="module", autouse=True)
def _refusals_are_sentences() -> Iterator[None]:
    fault_init, error_init = Fault.__init__, DomainError.__init__

    def checked_fault(self: Fault, field: str, code: str, message: str) -> None:
        assert field, "a fault names its field"
        assert CODE.fullmatch(code), code
        assert is_sentence(message), message
        fault_init(self, field, code, message)

    def checked_error(self: DomainError, code: str, detail: str, **more: Any) -> None:
        assert CODE.fullmatch(code), code
        assert is_sentence(detail), detail
        error_init(self, code, detail, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fault, "__init__", checked_fault)
        patch.setattr(DomainError, "__init__", checked_error)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "MUTANT_UNDER_TEST" in os.environ:
        items[:] = [item for item in items if not is_hypothesis_test(getattr(item, "obj", None))]
