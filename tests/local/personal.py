"""Every personal value that a test session sends, to look for in everything that its run has logged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chalicelib.storage.codec import decode_item
from infra.local.client import LocalClient

FIELDS = frozenset(
    {"personal_id", "full_name", "name", "phone", "email", "house_street", "si_number", "support_proof_no"}
)
"""Of what is sent and stored: what says who somebody is."""

_NUMBER = re.compile(r"\d+")

ANSWERED = FIELDS - {"name"}
"""Of what is answered: provinces and parameters have names too."""

NUMBERS = frozenset({"personal_id", "phone"})
"""Of these: what is sealed in the table."""

SHORTEST = 8
"""Characters: what is shorter stands in a log by chance."""


@dataclass
class Personal:
    """The values, in each form that a log could have them."""

    values: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    """Of them the personal ids, and telephone numbers from behind the prefix of country or network."""

    def note(self, body: Any, fields: frozenset[str] = FIELDS) -> None:
        """Take the personal values out of a body, at any depth."""
        if isinstance(body, dict):
            for name, value in body.items():
                if name in fields and isinstance(value, str) and self._tells(value):
                    self.values |= {value, value.upper(), json.dumps(value)[1:-1], json.dumps(value.upper())[1:-1]}
                    if name in NUMBERS and value.strip().lstrip("+").isdigit():
                        self.numbers.add(value.strip() if name == "personal_id" else value.strip()[-9:])
                self.note(value, fields)
        elif isinstance(body, list):
            for each in body:
                self.note(each, fields)

    def note_text(self, text: str) -> None:
        """The same for a text that may be JSON."""
        try:
            self.note(json.loads(text))
        except ValueError:
            return

    def found_in(self, *files: Path) -> list[str]:
        """File and line of every log line that holds one of them; the value itself is not repeated."""
        found = []
        for file in files:
            lines = file.read_text("utf-8", errors="replace").splitlines()
            found += [f"{file.name}:{number + 1}" for number in self.found_among(lines)]
        return found

    def found_among(self, lines: Sequence[str]) -> list[int]:
        """The places of the lines that hold one of the values; of a number only as a number of its own.

        Instants in milliseconds and hashes hold any ten digits sooner or later.
        """
        numbers = frozenset(value for value in self.values if value.isdigit())
        texts = self.values - numbers
        return [
            place
            for place, line in enumerate(lines)
            if any(value in line for value in texts) or not numbers.isdisjoint(_NUMBER.findall(line))
        ]

    def found_in_table(self, client: Any) -> list[str]:
        """Every item of the table (a boto3 client's, untyped) that holds one of the numbers in plain form, by its key.

        Keys, and with them the indexes, are looked through as well; an image in the stream is the item itself.
        """
        (table,) = [name for name in client.list_tables()["TableNames"] if "602e" in name or "Table" in name]
        found = []
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                text = json.dumps(decode_item(item), ensure_ascii=False)
                if any(number in text for number in self.numbers):
                    found.append(f"{item['PK']['S']} {item['SK']['S']}")
        return found

    @staticmethod
    def _tells(value: str) -> bool:
        """A number of so many digits, or a text of several words or letters beyond ASCII."""
        told = value.strip()
        return len(told) >= SHORTEST and (told.isdigit() or " " in told or "@" in told or told[1:].isdigit())


@contextmanager
def noted() -> Iterator[Personal]:
    """Note what every client of the session sends, until the end of the block."""
    personal = Personal()
    call, send = LocalClient.call, LocalClient.send_voucher

    def noting_call(self: LocalClient, method: str, path: str, body: Any = None, **more: Any) -> Any:
        personal.note(body)
        answer = call(self, method, path, body, **more)
        personal.note(answer.body, ANSWERED)
        return answer

    def noting_send(self: LocalClient, message: Any) -> str:
        personal.note_text(message) if isinstance(message, str) else personal.note(message)
        return send(self, message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalClient, "call", noting_call)
        patch.setattr(LocalClient, "send_voucher", noting_send)
        yield personal
