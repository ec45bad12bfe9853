"""Which procedure a new dossier starts with: its province's own where one is in force, else the national default."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .domain.configuration.law import Law
from .domain.configuration.procedure import Procedure
from .domain.configuration.province_procedure import in_force
from .storage.items.procedures import schedule_from
from .storage.table import Stored

MOST = 512
"""So many answers are kept: provinces and days, more than a process lives through."""


@dataclass(slots=True)
class ProcedureBook:
    """Answers from what was just read, and only works out what it has not seen before."""

    _known: dict[tuple[str, date], tuple[str, Law, Procedure]] = field(default_factory=dict)

    def in_force(self, head: Stored | None, province: str, day: date, law: Law) -> Procedure:
        """The procedure of a province on a day. `head` is what was read under `keys.procedures`.

        A version takes effect on a later day than that of its publication, so a head that is a moment old says the
        same of today. Raises `NotConfigured` where not even the national table has a row.
        """
        national = law.procedure(province, day)
        if head is None:
            return national
        schedule = str(head["schedule"])
        known = self._known.get((province, day))
        if known is not None and known[0] == schedule and known[1] is law:
            return known[2]
        found = in_force(schedule_from(schedule), province, day, law.provinces)
        procedure = national
        if found is not None:
            procedure = found.content.procedure(version_name(province, found.version), national.payment_hours)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[province, day] = schedule, law, procedure
        return procedure


def version_name(province: str, version: int) -> str:
    """How a dossier names the version that it was opened with."""
    return f"{province}-{version}"
