"""Slips of the one-stop shop (phiếu, domain rule 5.4): which a dossier's trail has issued, with number and place.

Nothing is stored for a slip but its file: what it says follows from the audit line that issued it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..events import AuditLine, Event
from ..months import at_vietnam
from .dossier import Dossier, State
from .supplement import Supplement


class SlipKind(StrEnum):
    """Mẫu 01 to 04 of TT 01/2018/TT-VPCP."""

    RECEIPT = "receipt"
    SUPPLEMENT = "supplement"
    REFUSAL = "refusal"
    APOLOGY = "apology"


_ISSUED_ON_ENTERING: Mapping[str, SlipKind] = {
    State.RECEIVED: SlipKind.RECEIPT,
    State.SUPPLEMENT_REQUESTED: SlipKind.SUPPLEMENT,
    State.NOT_ACCEPTED: SlipKind.REFUSAL,
    State.STOPPED: SlipKind.REFUSAL,
}


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip, as its audit line issued it."""

    dossier_code: str
    kind: SlipKind
    number: int
    """Ordinal among the slips of its kind in the dossier, from 1."""
    version: int
    """Number of the audit line that issued it."""
    issued_at: datetime
    reason: str | None
    subject: str | None
    """Of a receipt: the voucher that paid."""
    due_at: datetime | None
    """The promised moment as it was told then; of an apology, the new one."""
    refunded: bool
    """A refund case was opened by the same decision."""

    @property
    def object_key(self) -> str:
        """Where its file lies; nothing personal, and one place only, so that nothing is drawn twice."""
        made = at_vietnam(self.issued_at)
        return f"slips/{made:%Y}/{made:%m}/{self.dossier_code}/{self.kind}-{self.number}.pdf"


def slips_of(history: Iterable[AuditLine]) -> tuple[Slip, ...]:
    """Every slip that a dossier's trail has issued, oldest first."""
    lines = tuple(history)
    counted: Counter[SlipKind] = Counter()
    slips = []
    for line in lines:
        kind = _kind_of(line)
        if kind is None:
            continue
        counted[kind] += 1
        slips.append(
            Slip(
                dossier_code=line.dossier_code,
                kind=kind,
                number=counted[kind],
                version=line.version,
                issued_at=line.at,
                reason=line.reason,
                subject=line.subject,
                due_at=line.due_at,
                refunded=any(each.event is Event.REFUND_CASE_OPENED and each.at == line.at for each in lines),
            )
        )
    return tuple(slips)


def newest_slip(history: Iterable[AuditLine], kind: SlipKind) -> Slip | None:
    """The last slip of a kind, None where none was issued."""
    return next((slip for slip in reversed(slips_of(history)) if slip.kind is kind), None)


def request_behind(slip: Slip, dossier: Dossier) -> Supplement:
    """What a supplement slip asks for. Raises ValueError for a slip of another kind."""
    if slip.kind is not SlipKind.SUPPLEMENT:
        raise ValueError(f"a {slip.kind} asks for nothing")
    return dossier.supplements[slip.number - 1]


def _kind_of(line: AuditLine) -> SlipKind | None:
    if line.event is Event.APOLOGY_ISSUED:
        return SlipKind.APOLOGY
    if line.event is Event.DOSSIER_ACCEPTED:
        return SlipKind.RECEIPT
    return None if line.status_sequence is None else _ISSUED_ON_ENTERING.get(line.state)
