"""Guarantees that what a client was told is done survives `kill -9`: generations of snapshots, each with a journal.

A generation is a folder with a snapshot and, after it, the journal of every change since. CURRENT names the valid one
and is replaced in one step, so a crash at any moment leaves a whole generation behind. A journal entry is in the
operating system's hands before `append` returns: it outlives the process (not a power cut, which a developer's data
need not).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CURRENT = "CURRENT"
JOURNAL = "journal.jsonl"
Entry = list[Any]


class Journal:
    """An open journal. Callers serialise their own order; one `append` is one write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.size = os.fstat(self._file).st_size

    def append(self, entry: Entry) -> None:
        """Write one entry. Raises `OSError` when the disk takes no more; the change must then not be acknowledged."""
        line = json.dumps(entry, separators=(",", ":"), ensure_ascii=False, default=str).encode() + b"\n"
        written = os.write(self._file, line)
        self.size += written
        if written != len(line):
            raise OSError("the journal could not be written; is the disk full?")

    def close(self) -> None:
        os.close(self._file)


def read_journal(path: Path) -> Iterator[Entry]:
    """The entries in order. A last line cut short by the crash was never acknowledged and is left out.

    Raises `ValueError` when an earlier line is damaged: going on would silently drop what follows it.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                entry: Entry = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path}: line {number} is damaged") from error
            yield entry


class Generations:
    """The folder of generations."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def current(self) -> Path | None:
        """The valid generation, or None before the first one."""
        try:
            name = (self._root / CURRENT).read_text("ascii").strip()
        except FileNotFoundError:
            return None
        return self._root / name

    def begin(self) -> Path:
        """An empty folder for the next generation; not valid until `commit`."""
        current = self.current()
        number = int(current.name[1:]) + 1 if current else 1
        folder = self._root / f"g{number:08d}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def commit(self, folder: Path) -> None:
        """Make `folder` the valid generation, in one step, and remove the others."""
        making = self._root / f"{CURRENT}.making"
        making.write_text(folder.name, "ascii")
        making.replace(self._root / CURRENT)
        for other in self._root.glob("g*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
