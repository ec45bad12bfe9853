"""Step Functions: the definition under which an execution begins is its own to the end, whatever the machine is now.

ministack's threads hold theirs in memory; here it is also written beside the execution, so that one that is started
over after a crash goes on under it. During a gradual release some executions still begin under the one before.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import stepfunctions

DIGEST, KEPT = "definitionDigest", "definitions"
"""Attributes of an execution and of a machine: which definition, and all that were ever begun under."""


class _Pin(threading.local):
    """What this thread's execution runs under; None outside of one."""

    machine: str | None = None
    definition: str | None = None


class _Machines(AccountRegionScopedDict):  # type: ignore[misc]
    """ministack's machines; who runs an execution is shown that execution's own definition."""

    __slots__ = ("pin",)

    def __init__(self) -> None:
        super().__init__()
        self.pin = _Pin()

    def get(self, key: str, default: Any = None) -> Any:
        machine = super().get(key, default)
        if machine is None or self.pin.machine != key:
            return machine
        return {**machine, "definition": self.pin.definition}

    def __deepcopy__(self, memo: Any) -> AccountRegionScopedDict:
        """A plain copy, for the snapshot."""
        plain = AccountRegionScopedDict()
        plain._data.update(self._data)
        return plain


class Definitions:
    """Knows which definition an execution begins under, and shows it to whoever runs it."""

    def __init__(self) -> None:
        self._machines = _Machines()
        self._update = stepfunctions._update_state_machine
        self._former: dict[str, str] = {}
        self._every = 1
        self._begun: Counter[str] = Counter()

    def install(self) -> None:
        """Put the wrappers in place. Once, before state is loaded."""
        self._machines._data.update(stepfunctions._state_machines._data)
        stepfunctions._state_machines = self._machines
        stepfunctions._update_state_machine = self._update_and_keep

    def hold(self, every: int) -> None:
        """From now on only each so-manieth execution begins under what a machine is changed to; `release` ends it."""
        self._former = {arn: self._keep(machine) for arn, machine in self._machines.items()}
        self._every = every
        self._begun.clear()

    def release(self) -> None:
        self._former = {}

    def begin(self, machine: str) -> str | None:
        """The digest of the definition under which the next execution of a machine begins."""
        found = self._machines.get(machine)
        if found is None:
            return None
        self._begun[machine] += 1
        if machine in self._former and self._begun[machine] % self._every:
            return self._former[machine]
        return self._keep(found)

    @contextmanager
    def running(self, execution: dict[str, Any] | None) -> Iterator[None]:
        """What this thread runs within the block, it runs under its own definition."""
        machine = None if execution is None else self._machines.get(execution["stateMachineArn"])
        definition = None if machine is None or execution is None else machine.get(KEPT, {}).get(execution.get(DIGEST))
        if execution is None or definition is None:
            yield
            return
        pin = self._machines.pin
        pin.machine, pin.definition = execution["stateMachineArn"], definition
        try:
            yield
        finally:
            pin.machine = pin.definition = None

    def _update_and_keep(self, data: dict[str, Any]) -> Any:
        found = self._machines.get(data.get("stateMachineArn", ""))
        if found is not None:
            self._keep(found)
        return self._update(data)

    def _keep(self, machine: dict[str, Any]) -> str:
        """A machine's present definition, kept under its digest."""
        definition: str = machine["definition"]
        digest = hashlib.sha256(definition.encode()).hexdigest()[:16]
        machine.setdefault(KEPT, {})[digest] = definition
        return digest
