"""What is logged while tests run in this process: nothing personal of what they sent."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import log
from chalicelib.http import incoming
from tests.local.personal import Personal
from tests.support.house import House


class Kept(logging.Handler):
    """Every line as CloudWatch would get it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(log.JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(name="nothing_personal_is_logged", scope="session", autouse=True)
def _nothing_personal_is_logged() -> Iterator[tuple[Personal, Kept]]:
    """Note what comes in by HTTP, by the queue and as a declaration; at the end nothing of it stands in a line."""
    personal, kept = Personal(), Kept()
    read_json, send, declare = incoming.read_json, House.send, House.declare

    def noting_read(raw: bytes) -> Any:
        value = read_json(raw)
        personal.note(value)
        return value

    def noting_send(self: House, *messages: Any) -> list[str]:
        for message in messages:
            personal.note_text(message) if isinstance(message, str) else personal.note(message)
        return send(self, *messages)

    def noting_declare(self: House, *given: Any, **more: Any) -> Any:
        for each in given:
            if dataclasses.is_dataclass(each) and not isinstance(each, type):
                personal.note({name: getattr(each, name) for name in each.__dataclass_fields__})
        return declare(self, *given, **more)

    log.logger(__name__)
    of_ours = logging.getLogger("chalicelib")
    of_ours.addHandler(kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incoming, "read_json", noting_read)
        patch.setattr(House, "send", noting_send)
        patch.setattr(House, "declare", noting_declare)
        yield personal, kept
    of_ours.removeHandler(kept)
    found = personal.found_among(kept.lines)
    assert not found, f"{len(found)} lines hold what was sent: {[kept.lines[number][:80] for number in found[:3]]}"
