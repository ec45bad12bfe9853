"""Fixtures of the workflow tests: moto's interpreter and a clock that is only counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.logs import _nothing_personal_is_logged as _nothing_personal_is_logged
from tests.workflows.driver import VirtualClock, step_functions
from tests.workflows.house import House, open_house


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a real account, whatever the caller's environment holds."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")


@pytest.fixture(autouse=True)
def client(_no_account: None) -> Iterator[Any]:
    """A Step Functions client of a cloud of this test's own."""
    with step_functions() as made:
        yield made


@pytest.fixture
def clock() -> VirtualClock:
    """Monday 6 February 2023, 09:15 in Vietnam: the registration of scenario A1."""
    return VirtualClock(datetime(2023, 2, 6, 2, 15, tzinfo=UTC))


@pytest.fixture
def house(clock: VirtualClock) -> Iterator[House]:
    """The real functions, from the moment that the clock shows."""
    with open_house(clock) as opened:
        yield opened
