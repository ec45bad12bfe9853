"""Step Functions: the definition under which an execution begins is its own to the end, whatever the machine is now.

Every definition that an execution ever began under lies in a file of its own, named by its digest. During a gradual
release some executions still begin under the one before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import lru_cache
from pathlib import Path

from ministack.services import stepfunctions


class Definitions:
    """The definitions in the folder `root`, and which of them is the next execution's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        self.keep = lru_cache(64)(self._keep)
        self.read = lru_cache(64)(self._read)
        self._former: dict[str, str] = {}
        self._every = 0
        self._begun: Counter[str] = Counter()

    def hold(self) -> None:
        """From now on executions go on beginning under what their machine is now, whatever it is changed to."""
        machines = stepfunctions._state_machines.all_values()
        self._former = {machine["stateMachineArn"]: self.keep(machine["definition"]) for machine in machines}
        self._every = 0

    def lead(self, every: int) -> None:
        """From now on each so-manieth execution begins under what its machine was changed to."""
        self._every = every
        self._begun.clear()

    def release(self) -> None:
        """From now on every execution begins under what its machine is."""
        self._former = {}

    def begin(self, machine: str, definition: str) -> str:
        """The digest of the definition under which the next execution of a machine begins."""
        self._begun[machine] += 1
        if machine in self._former and (not self._every or self._begun[machine] % self._every):
            return self._former[machine]
        return self.keep(definition)

    def _keep(self, definition: str) -> str:
        digest = hashlib.sha256(definition.encode()).hexdigest()[:32]
        path = self._root / f"{digest}.json"
        if not path.exists():
            making = path.with_suffix(".making")
            making.write_text(definition, "utf-8")
            making.replace(path)
        return digest

    def _read(self, digest: str) -> str:
        return (self._root / f"{digest}.json").read_text("utf-8")
