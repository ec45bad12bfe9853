"""Checks a signed cover from its file alone: what it proves, and what not.

The same code judges a file before it is recorded, in the audit and for whoever was handed one. pyHanko is imported on
first use, by `examine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .findings import Check, Finding, Report

MOST_BYTES = 8 * 1024 * 1024
"""No cover is near as large; what is larger is not read."""


def examine(pdf: bytes, *, roots: Sequence[bytes], code_keys: Mapping[bytes, bytes] | None = None) -> Report:
    """Check a file.

    Args:
        pdf: its bytes, from anybody.
        roots: the certificates (DER) that the verifier trusts; those in the file prove nothing by themselves. Without
            any the check of trust is left open.
        code_keys: the published keys of verification codes, as `token.check` takes them; None leaves the signature
            of the code open.

    Raises:
        DocumentError: the templates are not there, or pyHanko is a foreign version.
    """
    if len(pdf) > MOST_BYTES:
        return Report((Finding(Check.READABLE, False, f"more than {MOST_BYTES} bytes"),))
    from .examination import examine_file

    return examine_file(pdf, roots, code_keys)
