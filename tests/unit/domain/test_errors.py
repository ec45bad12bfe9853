"""Errors carry a stable code, and every fault at once."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import Fault, NotConfigured, Rejected, storage_busy


def test_a_rejection_takes_the_code_of_its_first_fault_and_keeps_all() -> None:
    faults = [Fault("income", "INCOME_BELOW_MIN", "Thấp."), Fault("phone", "PHONE_INVALID", "Sai.")]

    one, both = Rejected(faults[:1]), Rejected(iter(faults))

    assert (one.code, one.detail) == ("INCOME_BELOW_MIN", "Thấp.")
    assert both.code == "INCOME_BELOW_MIN"
    assert both.faults == tuple(faults)
    assert "2 lỗi" in both.detail


def test_a_rejection_needs_a_fault() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Rejected([])


def test_a_message_for_logs_is_the_code_alone() -> None:
    error = NotConfigured("RATE_NOT_CONFIGURED", "Chưa có lãi suất.", facts={"year": 2023})

    assert str(error) == "RATE_NOT_CONFIGURED"
    assert error.facts == {"year": 2023}


def test_who_was_beaten_too_often_is_told_to_come_again() -> None:
    busy = storage_busy()
    assert (busy.code, busy.detail) == ("STORAGE_BUSY", "Hệ thống đang bận, vui lòng thử lại sau ít giây.")
