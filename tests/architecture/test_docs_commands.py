"""A command that a page tells can be typed: its module or its make target exists."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_modules_named_exist(page: Path) -> None:
    named = set(re.findall(r"python -m ((?:infra|tests|chalicelib)[\w.]*)", page.read_text("utf-8")))
    assert [name for name in sorted(named) if find_spec(name) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_make_targets_named_exist(page: Path) -> None:
    named = set(re.findall(r"(?:^|`)\s*make ([a-z][\w-]+)", page.read_text("utf-8"), re.MULTILINE))
    assert sorted(named - TARGETS) == []
