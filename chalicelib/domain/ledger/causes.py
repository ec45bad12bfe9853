"""Why a message of central accounting lies in quarantine: classes, so that what has one cause is looked at together.

A reason says what exactly is wrong and may be any code; its cause class says who has to mend what. One list for
items, logs, metrics, `make redrive` and the runbook.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """The classes, each with what is wrong."""

    UNREADABLE = "UNREADABLE"
    """No JSON at all."""
    SCHEMA = "SCHEMA"
    """A field is missing, unknown, or of another type or form than published."""
    RULE = "RULE"
    """Every field is in form, together they can't be true: a wrong sum, a payment at the portal without a dossier."""
    TOO_LARGE = "TOO_LARGE"
    """More than is kept of a message."""
    CONTENT_CONFLICT = "CONTENT_CONFLICT"
    """The same voucher and version as before, with other content."""
    RECEIPT_CONFLICT = "RECEIPT_CONFLICT"
    """The receipt number belongs to another voucher already."""


_OF_REASON = {
    "NOT_JSON": Cause.UNREADABLE,
    "REQUIRED": Cause.SCHEMA,
    "UNKNOWN_FIELD": Cause.SCHEMA,
    "INVALID_TYPE": Cause.SCHEMA,
    "INVALID_VALUE": Cause.SCHEMA,
    "TOO_LARGE": Cause.TOO_LARGE,
    "VOUCHER_CONTENT_CONFLICT": Cause.CONTENT_CONFLICT,
    "RECEIPT_CONFLICT": Cause.RECEIPT_CONFLICT,
}


def cause_of(reason: str) -> Cause:
    """The class of a reason; a code that is not of the format and of no conflict is a broken rule."""
    return _OF_REASON.get(reason, Cause.RULE)
