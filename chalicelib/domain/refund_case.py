"""A refund case: a paid dossier ended without its result, so the money is to go back (domain rules 5.3, 7.4).

The months that it paid for stay recorded, and the money with accounting, until accounting tells of the refund: nobody
can pay for the same months twice meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .participation import ParticipationPeriod, PeriodStatus


class RefundState(StrEnum):
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class RefundCase:
    """What is to be paid back to the participant, in VND, and for which vouchers."""

    dossier_code: str
    number: int
    province_code: str
    amount: int
    voucher_ids: tuple[str, ...]
    cause: str
    """The event that ended the dossier."""
    opened_at: datetime
    state: RefundState = RefundState.OPEN

    @property
    def refund_id(self) -> str:
        return f"{self.dossier_code}-R{self.number}"


def refund_case(
    dossier_code: str, province_code: str, periods: Sequence[ParticipationPeriod], *, cause: str, opened_at: datetime
) -> RefundCase | None:
    """The case for what a dossier has recorded; None where nothing was paid."""
    paid = [period for period in periods if period.status is PeriodStatus.ACTIVE]
    if not paid:
        return None
    return RefundCase(
        dossier_code=dossier_code,
        number=1,
        province_code=province_code,
        amount=sum(period.amount_participant for period in paid),
        voucher_ids=tuple(period.voucher_id for period in paid),
        cause=cause,
        opened_at=opened_at,
    )
