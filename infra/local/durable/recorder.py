"""What the wrapped services share: one gate for changes made by several threads, and the journal behind it."""

from __future__ import annotations

import threading
from pathlib import Path

from ..journal import Entry, Journal


class Recorder:
    """Appends to the journal of the current generation; silent until `start`.

    `gate` is held by whoever changes what is journalled and by the snapshot, so that no change falls between a
    snapshot and the journal that follows it.
    """

    def __init__(self) -> None:
        self.gate = threading.RLock()
        self._journal: Journal | None = None

    @property
    def size(self) -> int:
        """Bytes written since the last snapshot."""
        return self._journal.size if self._journal else 0

    def start(self, path: Path) -> None:
        """Go on in a new journal. Call with the gate held."""
        previous, self._journal = self._journal, Journal(path)
        if previous:
            previous.close()

    def write(self, entry: Entry) -> None:
        """Journal one change. Raises `OSError`; then the caller must not acknowledge it."""
        with self.gate:
            if self._journal:
                self._journal.append(entry)
