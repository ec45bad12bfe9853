"""A refund case: money that is to go back (domain rules 5.3, 7.4).

The months that it paid for stay recorded, and the money with accounting, until accounting tells of the refund: nobody
can pay for the same months twice meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RefundState(StrEnum):
    OPEN = "OPEN"
    PAID = "PAID"
    """Accounting has told of the refund."""
    WITHDRAWN = "WITHDRAWN"
    """There is nothing to pay back any more: the voucher was cancelled, or its money pays after all."""


@dataclass(frozen=True, slots=True)
class RefundCase:
    """What is to be paid back to the participant, in VND, and for which vouchers."""

    dossier_code: str
    number: int
    province_code: str
    amount: int
    voucher_ids: tuple[str, ...]
    cause: str
    """The event that ended the dossier, or the reason for which the money could not be used."""
    opened_at: datetime
    state: RefundState = RefundState.OPEN
    closed_at: datetime | None = None

    @property
    def refund_id(self) -> str:
        return refund_id_of(self.dossier_code, self.number)


def refund_id_of(dossier_code: str, number: int) -> str:
    return f"{dossier_code}-R{number}"
