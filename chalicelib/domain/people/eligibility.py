"""Whom the law keeps out of the voluntary scheme on a day: pensioners, and those within compulsory insurance."""

from __future__ import annotations

from datetime import date

from ..configuration.law import Law
from ..errors import Fault
from ..months import Month, MonthSpan
from .evidence import Benefit, Contract

SUSPENDED_CONTRACT = "SUSPENDED_CONTRACT"
"""The group of participants that Luật 41/2024/QH15 Art. 2(4)(b) has added."""


def benefit_faults(benefits: tuple[Benefit, ...], day: date, law: Law) -> list[Fault]:
    """RECEIVING_PENSION for somebody who receives a benefit on the day of the declaration.

    From 2025-07-01 (Luật 41/2024/QH15 Art. 2(4)(a)); the law before it did not say so. Raises `NotConfigured`.
    """
    if not law.pensioners_excluded.on(day).value or not any(benefit.holds_on(day) for benefit in benefits):
        return []
    message = "Người đang hưởng lương hưu, trợ cấp BHXH hoặc trợ cấp hằng tháng không tham gia BHXH tự nguyện."
    return [Fault("personal_id", "RECEIVING_PENSION", message)]


def contract_faults(contracts: tuple[Contract, ...], span: MonthSpan, day: date, law: Law) -> list[Fault]:
    """COMPULSORY_MEMBER for months in which a contract keeps the person within compulsory insurance.

    From 2025-07-01 months that lie inside a suspension of the contract are free (Luật 41/2024/QH15 Art. 2(4)(b)).
    Raises `NotConfigured`.
    """
    accepted = law.suspended_contract_accepted.on(day).value
    bound = [month for month in span.months() if not _free(contracts, month, accepted=accepted)]
    if not bound:
        return []
    message = f"Tháng {bound[0].month:02d}/{bound[0].year} thuộc diện đóng BHXH bắt buộc theo hợp đồng đang có"
    if accepted:
        message += "; chỉ tham gia tự nguyện trong các tháng tạm hoãn hợp đồng"
    return [Fault("from_month", "COMPULSORY_MEMBER", f"{message}.")]


def participant_group(contracts: tuple[Contract, ...], span: MonthSpan) -> str | None:
    """SUSPENDED_CONTRACT for somebody who joins while a contract is suspended; None for everyone else."""
    suspended = any(contract.suspended_throughout(month) for contract in contracts for month in span.months())
    return SUSPENDED_CONTRACT if suspended else None


def _free(contracts: tuple[Contract, ...], month: Month, *, accepted: bool) -> bool:
    """Whether no contract binds a month; with two contracts, both must be suspended."""
    return all(
        accepted and contract.suspended_throughout(month) for contract in contracts if contract.covers_any_day_of(month)
    )
