"""The integration kit says what is true: its people and its faults, played on the local cloud."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.client import LocalClient
from infra.rehearse import FAULTS, meet, personas, rehearse


@pytest.mark.parametrize("fault", tuple(FAULTS))
def test_a_fault_does_what_the_kit_says(system: LocalClient, fault: str, serial: int) -> None:
    rehearse(system, fault, serial)


@pytest.mark.parametrize("persona", personas(), ids=lambda persona: str(persona["name"]))
def test_a_persona_is_answered_as_the_kit_says(system: LocalClient, persona: dict[str, Any], serial: int) -> None:
    meet(system, persona, serial)
