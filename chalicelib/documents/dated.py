"""Dated sets of words in the assets: `<form>-<version>.json` says from which day on a form is printed as it tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.domain.configuration.law import Row, Table

T = TypeVar("T")


def dated(form: str, assets: Path, template: Callable[[Mapping[str, Any], Path], T]) -> Table[T]:
    """The templates of a form, each in force until the next one begins.

    `template` makes one of its words and of the file that has them.
    """
    found = [(json.loads(path.read_bytes()), path) for path in (assets / "templates").glob(f"{form}-*.json")]
    found.sort(key=lambda each: str(each[0]["effective_from"]))
    starts = [date.fromisoformat(words["effective_from"]) for words, _ in found]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), None][: len(starts)]
    rows = [
        Row(effective_from=start, effective_to=end, value=template(words, path), source=words["source"])
        for (words, path), start, end in zip(found, starts, ends, strict=True)
    ]
    return Table(f"{form}_template", rows)
