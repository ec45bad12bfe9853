"""The table of ASVS says something of each requirement, once, and names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.docs import ROOT, VERDICTS, asvs_levels

TABLE: dict[str, Any] = yaml.safe_load((ROOT / "infra/asvs.yaml").read_text("utf-8"))
ROWS = [(number, *row) for chapter, rows in TABLE.items() if chapter != "because" for number, row in rows.items()]
IN_TICKS = re.compile(r"`([\w./-]+\.\w+)`")


def test_every_requirement_stands_there_once_in_its_chapter_and_order() -> None:
    numbers = [number for number, *_ in ROWS]
    assert numbers == list(asvs_levels())
    assert len(numbers) == 253
    for chapter, rows in TABLE.items():
        if chapter != "because":
            assert {f"V{number.split('.')[0]}" for number in rows} == {chapter.split(" ")[0]}


def test_nothing_stands_twice_in_the_file() -> None:
    lines = (ROOT / "infra/asvs.yaml").read_text("utf-8").splitlines()
    keys = [line.split(":")[0] for line in lines if re.match(r"  \d", line)]
    assert len(keys) == len(set(keys)) == len(ROWS)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_verdict_is_argued(verdict: str) -> None:
    argued = [(number, by) for number, told, _, by in ROWS if told == verdict]
    assert argued
    for number, by in argued:
        if by.startswith("="):
            assert by[1:] in TABLE["because"], number
            assert verdict == "n/a", f"{number}: only what does not arise is told wholesale"
        else:
            assert len(by) >= 4, number


def test_the_verdicts_are_these() -> None:
    assert {told for _, told, *_ in ROWS} == set(VERDICTS)


def test_what_is_named_exists() -> None:
    named = {(number, path) for number, *_, by in ROWS for path in IN_TICKS.findall(by) if "/" in path}
    named |= {("because", path) for by in TABLE["because"].values() for path in IN_TICKS.findall(by) if "/" in path}
    assert len(named) > 100
    missing = [(number, path) for number, path in named if not (ROOT / Path(path)).exists() and path[0] != "/"]
    assert not missing
    assert any(path.startswith("tests/") for _, path in named)
