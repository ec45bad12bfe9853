"""What happened in each execution, on disk: in memory an execution of any length is a count and a place in a file.

Events are written when an execution falls asleep or ends, as one line that names the place of the line before it.
Files are replaced when they are large and go after `DAYS_KEPT`, as AWS forgets an ended execution's history.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, overload

Event: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[int, int]
"""Number of the file, and the byte at which a line begins."""

FILE_LIMIT = 64 * 1024 * 1024
DAYS_KEPT = 90


class Histories:
    """The files of one local run."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self.guard = threading.RLock()
        """Held while a history grows or is written."""
        root.mkdir(parents=True, exist_ok=True)
        self._number = max((int(path.stem) for path in root.glob("*.jsonl")), default=1)
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path(self._number), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._end = os.fstat(self._file).st_size

    def _path(self, number: int) -> Path:
        return self._root / f"{number:06d}.jsonl"

    def write(self, before: Place | None, events: Sequence[Event]) -> Place:
        """Append events that follow those at `before`. Answers where they are. Raises `OSError`."""
        line = json.dumps([before, events], separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        with self._lock:
            if self._end > FILE_LIMIT:
                os.close(self._file)
                self._number += 1
                self._open()
            place = (self._number, self._end)
            self._end += os.write(self._file, line)
            return place

    def read(self, place: Place | None) -> list[Event]:
        """All events up to those at `place`, in order; what lay in a file that is gone is left out."""
        found: list[list[Event]] = []
        while place:
            try:
                with self._path(place[0]).open("rb") as file:
                    file.seek(place[1])
                    before, events = json.loads(file.readline())
            except (FileNotFoundError, ValueError):
                break
            found.append(events)
            place = (before[0], before[1]) if before else None
        return [event for events in reversed(found) for event in events]

    def forget_old(self) -> None:
        """Remove files that nobody has written to for `DAYS_KEPT`."""
        with self._lock:
            for path in self._root.glob("*.jsonl"):
                too_old = time.time() - path.stat().st_mtime > DAYS_KEPT * 24 * 3600
                if too_old and path != self._path(self._number):
                    path.unlink()


class History(Sequence[Event]):
    """The events of one execution, in order."""

    __slots__ = ("_count", "_files", "_new", "_place")

    def __init__(self, files: Histories, count: int = 0, place: Place | None = None) -> None:
        self._files, self._count, self._place = files, count, place
        self._new: list[Event] | None = None

    def append(self, event: Event) -> None:
        """One more event; on disk after the next `settle`."""
        with self._files.guard:
            if self._new is None:
                self._new = []
            self._new.append(event)
            self._count += 1

    def settle(self) -> dict[str, Any]:
        """Write what is new. Answers how the history is found again, see `found`."""
        with self._files.guard:
            if self._new:
                self._place, self._new = self._files.write(self._place, self._new), None
        return {"count": self._count, "place": self._place}

    @classmethod
    def found(cls, files: Histories, kept: Any) -> History:
        """The history that `settle` told of, or a list of events as an earlier version kept them."""
        if isinstance(kept, dict):
            place = kept.get("place")
            return cls(files, kept["count"], (place[0], place[1]) if place else None)
        history = cls(files)
        for event in kept or ():
            history.append(event)
        return history

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Event]:
        new = list(self._new or ())
        return iter([*self._files.read(self._place), *new])

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return list(self)[index]

    def __deepcopy__(self, memo: Any) -> History:
        return self
