"""Duties about personal data by date: when a person is to be answered, and how long each kind of data is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from chalicelib.domain.configuration.law import Row, Table
from chalicelib.domain.people.data_request import AnswerTimes, RequestKind

from . import DATA


@dataclass(frozen=True, slots=True)
class Retention:
    """How long one class of data is kept. Days; `ends` None: the system deletes nothing of it."""

    name: str
    what: str
    where: str
    least_days: int | None
    ends: int | None
    how: str
    source: str
    since: date


@dataclass(frozen=True, slots=True)
class Duties:
    answer_times: Table[AnswerTimes]
    retention: Mapping[str, Retention]

    def days_kept(self, name: str) -> int:
        """After how many days data of a class goes. Raises KeyError for an unknown one, ValueError where it stays."""
        ends = self.retention[name].ends
        if ends is None:
            raise ValueError(f"{name} is never deleted")
        return ends


@lru_cache(maxsize=1)
def duties() -> Duties:
    """The duties shipped with this version, read once. Raises ValueError or KeyError for a broken table."""
    content = json.loads((DATA / "personal_data.json").read_text("utf-8"))
    times = Table("answer_times", map(_times, content["answer_times"]), label="thời hạn trả lời chủ thể dữ liệu")
    return Duties(times, {row["class"]: _retention(row) for row in content["retention"]})


def _times(row: Mapping[str, Any]) -> Row[AnswerTimes]:
    value = row["value"]
    times = AnswerTimes(
        first_hours=value.get("first_hours"),
        first_working_days=value.get("first_working_days"),
        final_days={RequestKind(kind): days for kind, days in value["final"].items()},
        extension_days=value["extension_days"],
    )
    if (times.first_hours is None) == (times.first_working_days is None) or set(times.final_days) != set(RequestKind):
        raise ValueError("one way to count the first answer, and a limit for every kind")
    until = None if row["to"] is None else date.fromisoformat(row["to"])
    return Row(date.fromisoformat(row["from"]), until, times, row["source"])


def _retention(row: Mapping[str, Any]) -> Retention:
    least, ends = row["least_days"], row["ends"]
    if least is not None and ends is not None and ends < least:
        raise ValueError(f"{row['class']} goes before it may")
    return Retention(
        name=row["class"],
        what=row["what"],
        where=row["where"],
        least_days=least,
        ends=ends,
        how=row["how"],
        source=row["source"],
        since=date.fromisoformat(row["from"]),
    )
