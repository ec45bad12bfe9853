"""The search for personal values in logs: it finds what is there, in whatever form it got there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .outside import person
from .personal import Personal

DECLARATION = person(1)


@pytest.mark.parametrize(
    "line",
    (
        DECLARATION["personal_id"],
        f"refused {DECLARATION['full_name']}!",
        DECLARATION["full_name"].upper(),
        json.dumps({"name": DECLARATION["full_name"]}),
        f"tel:{DECLARATION['phone']}",
        DECLARATION["permanent_address"]["house_street"],
    ),
)
def test_a_value_is_found(tmp_path: Path, line: str) -> None:
    personal = Personal()
    personal.note_text(json.dumps([DECLARATION]))
    log = tmp_path / "run.log"
    log.write_text(f"first\n{line}\n", "utf-8")
    assert personal.found_in(log) == ["run.log:2"]


def test_a_number_counts_as_a_whole_one(tmp_path: Path) -> None:
    personal = Personal()
    personal.note({"si_number": "7953447638"})
    assert personal.found_among(['{"Timestamp":1795344763864}', "si:7953447638."]) == [1]


def test_what_tells_nobody_is_not_looked_for(tmp_path: Path) -> None:
    personal = Personal()
    personal.note({"full_name": "A", "personal_id": "0791", "name": None, "code": DECLARATION["personal_id"]})
    personal.note_text("no JSON")
    assert personal.values == set()
