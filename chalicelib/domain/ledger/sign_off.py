"""A person's word on a day's reconciliation, and what moved since it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ..errors import Conflict, Fault, Rejected
from .manifest import fingerprint_of
from .reconciliation import Reconciliation


@dataclass(frozen=True, slots=True)
class SignOff:
    """A person's word that a day is right, or right but for what is named."""

    number: int
    day: date
    province_code: str
    by: str
    at: datetime
    note: str
    acknowledged: tuple[str, ...]
    """Ids of the open differences that the person knew of."""
    figures: Mapping[str, int | None]
    """As they were, by `Figures.document`."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what was signed, for the audit line."""
        known = sorted((name, figure) for name, figure in self.figures.items() if figure is not None)
        return fingerprint_of([self.acknowledged, known])


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that is another one since the sign-off."""

    figure: str
    before: int | None
    now: int | None


def sign_off(
    found: Reconciliation,
    *,
    before: SignOff | None,
    by: str,
    at: datetime,
    note: str,
    acknowledged: Sequence[str],
) -> SignOff:
    """A person signs the day off.

    Raises:
        Rejected: ACKNOWLEDGED_UNKNOWN, an id that names no open difference of now (it may have changed meanwhile);
            DAY_IN_FUTURE.
        Conflict: DIFFERENCES_OPEN, one is neither settled nor acknowledged; ALREADY_SIGNED_OFF, and nothing has moved
            since; REPORT_INCOMPLETE, the day holds more than is read at once; NOTHING_TO_SIGN_OFF.
    """
    book = found.book
    if book.day > at.date():
        raise Rejected([Fault("date", "DAY_IN_FUTURE", "Chưa đến ngày này, không thể chốt đối soát.")])
    if not book.complete:
        raise Conflict("REPORT_INCOMPLETE", "Ngày này có quá nhiều chứng từ để đối soát trong một lần.")
    if book.manifest is None and not book.received:
        raise Conflict("NOTHING_TO_SIGN_OFF", "Ngày này không có bảng kê và không có chứng từ nào.")
    still_open = {each.id for each in found.open_differences}
    unknown = [index for index, name in enumerate(acknowledged) if name not in still_open]
    if unknown:
        message = "Mã này không phải là mã của một chênh lệch đang mở; hãy tải lại bảng đối soát."
        raise Rejected([Fault(f"acknowledged[{index}]", "ACKNOWLEDGED_UNKNOWN", message) for index in unknown])
    left = still_open - set(acknowledged)
    if left:
        raise Conflict(
            "DIFFERENCES_OPEN",
            "Còn chênh lệch chưa xử lý và chưa được ghi nhận; không thể chốt đối soát.",
            facts={"open": len(left)},
        )
    if before is not None and not moved(before, found):
        raise Conflict("ALREADY_SIGNED_OFF", "Ngày này đã được chốt và từ đó đến nay không có gì thay đổi.")
    return SignOff(
        number=1 if before is None else before.number + 1,
        day=book.day,
        province_code=book.province_code,
        by=by,
        at=at,
        note=note,
        acknowledged=tuple(sorted(acknowledged)),
        figures=found.figures.document(),
    )


def moved(signed: SignOff, found: Reconciliation) -> tuple[Moved, ...]:
    """What is another figure than when the day was signed off."""
    now = found.figures.document()
    names = [*now, *(name for name in signed.figures if name not in now)]
    return tuple(
        Moved(name, signed.figures.get(name), now.get(name))
        for name in names
        if signed.figures.get(name) != now.get(name)
    )
