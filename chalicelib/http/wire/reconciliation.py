"""The reconciliation with accounting on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import Wire, WireDay
from .course import Reason
from .scalars import DayText, InstantText

MOST_ACKNOWLEDGED = 1_000

Count = Annotated[int, Field(ge=0)]
ProvinceCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
DifferenceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class Total(Wire):
    """Số chứng từ và tổng số tiền (VND)."""

    count: Count
    sum: int


class ManifestAnswer(Wire):
    """Bảng kê của Kế toán tập trung; `number` là thứ tự của bảng kê khác nhau trong ngày."""

    number: Annotated[int, Field(ge=1)]
    count: Count
    sum_received: Count
    first_voucher_id: str | None
    last_voucher_id: str | None
    received_at: InstantText


class DifferenceAnswer(Wire):
    """Một chênh lệch. `open`: còn phải xử lý hoặc ghi nhận trước khi chốt; nếu không thì chỉ để giải thích số liệu."""

    id: DifferenceId = Field(description="Tên của chênh lệch đúng như hiện nay; khi số liệu đổi thì tên cũng đổi.")
    kind: str
    message: str
    open: bool
    voucher_id: str | None
    last_voucher_id: str | None = Field(description="Số cuối của một khoảng trống bắt đầu từ `voucher_id`.")
    voucher_ids: tuple[str, ...] = Field(description="Từng số của khoảng trống, nếu không quá 20.")
    subject: str | None = Field(description="Mã để mở chứng từ hoặc thông điệp tại bàn làm việc của cán bộ.")
    dossier_code: str | None
    state: str | None
    reason: str | None
    day: DayText | None = Field(description="Ngày hạch toán mà chứng từ đã được nhận, nếu là ngày khác.")
    expected: int | None
    found: int | None


class ChangeAnswer(Wire):
    """Một số liệu đã khác so với lúc chốt."""

    figure: str
    before: int | None
    now: int | None


class SignOffAnswer(Wire):
    """Biên bản chốt đối soát một ngày của một tỉnh."""

    number: Annotated[int, Field(ge=1)]
    date: DayText
    province_code: str
    signed_by: str
    signed_at: InstantText
    note: str
    acknowledged: tuple[DifferenceId, ...]


class StandingSignOff(SignOffAnswer):
    """Biên bản chốt gần nhất, và những gì đã thay đổi từ đó."""

    changed_since: bool
    changes: tuple[ChangeAnswer, ...]


class ReportAnswer(Wire):
    """Đối soát một ngày của một tỉnh. `received` = tổng của `applied` đến `cancelled`."""

    date: DayText
    province_code: str
    complete: bool = Field(description="false: ngày có nhiều hơn 20.000 chứng từ, số liệu chỉ là của một phần.")
    manifest: ManifestAnswer | None = Field(description="Bảng kê có hiệu lực: bảng kê khác nhau đến sau cùng.")
    manifests: tuple[ManifestAnswer, ...] = Field(description="Mọi bảng kê khác nhau của ngày, theo thứ tự đến.")
    sent: Total | None = Field(description="Theo bảng kê; null nếu chưa có bảng kê.")
    received: Total
    applied: Total
    suspense: Total = Field(description="Phần thừa của chứng từ đã ghi nhận, đang treo.")
    held: Total
    parked: Total
    quarantined: Total
    refunded: Total
    cancelled: Total = Field(description="Bị hủy hoặc bị thay thế.")
    other_schemes: Total = Field(description="Chứng từ không thuộc BHXH tự nguyện: chỉ đếm.")
    covers_issued: Count = Field(description="Tờ bìa đã cấp trong ngày.")
    differences: tuple[DifferenceAnswer, ...] = Field(description="Nhiều nhất 1.000 dòng.")
    differences_total: Count
    open_differences: Count
    sign_off: StandingSignOff | None


class ReconciliationPage(Wire):
    """Đối soát một ngày, từng tỉnh một."""

    date: DayText
    items: tuple[ReportAnswer, ...]
    next_cursor: str | None


class SignOffRequest(Wire):
    """Chốt đối soát một ngày: ghi chú, và tên của những chênh lệch còn mở mà người chốt đã biết."""

    date: WireDay
    province_code: ProvinceCode
    note: Reason
    acknowledged: Annotated[
        tuple[DifferenceId, ...],
        Field(strict=False, max_length=MOST_ACKNOWLEDGED, description="`id` của từng chênh lệch còn mở."),
    ] = ()
