"""Ports to what others know of a person: population, poor households, compulsory records, books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..domain.people.evidence import Evidence
from ..storage.keys import Key
from ..storage.table import Stored


class Registers(Protocol):
    """One look at every register for one person.

    A register that lies in the table names its keys, so that they ride in the batch of the request;
    one that is reached over the network answers in `evidence` alone.
    """

    def keys(self, person: str) -> Sequence[Key]:
        """What to read for a person (keyed hash) along with everything else."""
        ...

    def evidence(self, person: str, personal_id: str, read: Mapping[Key, Stored]) -> Evidence:
        """What the registers say. Raises `Unavailable` (REGISTER_UNAVAILABLE) when one can't be reached."""
        ...
