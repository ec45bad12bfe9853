"""Every reason for quarantine has one cause class."""

from __future__ import annotations

import pytest

from chalicelib.domain.ledger.causes import Cause, cause_of


@pytest.mark.parametrize(
    ("reason", "cause"),
    (
        ("NOT_JSON", Cause.UNREADABLE),
        ("REQUIRED", Cause.SCHEMA),
        ("UNKNOWN_FIELD", Cause.SCHEMA),
        ("INVALID_TYPE", Cause.SCHEMA),
        ("INVALID_VALUE", Cause.SCHEMA),
        ("AMOUNT_SUM", Cause.RULE),
        ("DOSSIER_CODE_REQUIRED", Cause.RULE),
        ("TOO_LARGE", Cause.TOO_LARGE),
        ("VOUCHER_CONTENT_CONFLICT", Cause.CONTENT_CONFLICT),
        ("RECEIPT_CONFLICT", Cause.RECEIPT_CONFLICT),
    ),
)
def test_the_class_of_a_reason(reason: str, cause: Cause) -> None:
    assert cause_of(reason) is cause
