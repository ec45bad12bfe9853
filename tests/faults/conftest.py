"""The fixtures of the layers that run over the cloud in this process, and the count of what was tried."""

from __future__ import annotations

from typing import Any

from tests.support.fixtures import _cloud as _cloud
from tests.support.fixtures import _house as _house
from tests.support.fixtures import _running as _running
from tests.support.logs import _nothing_personal_is_logged as _nothing_personal_is_logged

from .figures import TRIED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was tried, where one process ran it all."""
    for name, count in TRIED.items():
        terminalreporter.write_line(f"{name}: {count:,}")
