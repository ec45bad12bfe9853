"""The voucher desk on the wire: what waits for a person, one voucher, and what is decided about it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.domain.ledger.voucher_desk import Action, AwaitedOfVoucher

from .base import Wire
from .course import Reason
from .scalars import Amount, DayText, InstantText, MonthText

Code = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Version = Annotated[int, Field(ge=1)]


class ProposalAnswer(Wire):
    """Đề nghị của người thứ nhất, chờ người thứ hai duyệt."""

    action: Action
    dossier_code: str | None
    reason: str
    proposed_by: str
    proposed_at: InstantText


class VoucherItem(Wire):
    """Một chứng từ hoặc thông điệp cần người xử lý."""

    id: str = Field(
        description="Mã để mở và xử lý, dùng được trong URL; thường là `voucher_id`, của thông điệp là `quarantined-…`."
    )
    version: Version = Field(description="Phiên bản để đặt trong If-Match.")
    voucher_id: str | None = Field(description="null nếu thông điệp không cho biết.")
    voucher_version: int | None
    state: str
    reason: str | None
    message: str = Field(description="Lý do bằng lời.")
    cause: str | None = Field(description="Nhóm nguyên nhân của thông điệp bị cách ly.")
    received_at: InstantText
    age_hours: Annotated[int, Field(ge=0)]
    amount_received: Amount | None
    dossier_code: str | None
    province_code: str
    value_date: DayText | None
    explanation: tuple[str, ...] = Field(description="Chỗ khác với hồ sơ, hoặc các lỗi của thông điệp.")
    actions: tuple[Action, ...] = Field(description="Những cách xử lý được phép lúc này.")
    two_persons: bool = Field(description="Phải có người thứ hai duyệt.")
    proposal: ProposalAnswer | None
    next_event: AwaitedOfVoucher | None = Field(description="Việc được chờ đợi tiếp theo.")
    next_at: InstantText | None


class VoucherPage(Wire):
    items: tuple[VoucherItem, ...]
    next_cursor: str | None


class Money(Wire):
    """Tiền của chứng từ đang ở đâu (VND)."""

    applied: Amount
    suspense: Amount
    held: Amount
    refunded: Amount


class VoucherVersion(Wire):
    """Một phiên bản của chứng từ; số định danh và mã số được che, người vận hành không thấy họ tên và các số."""

    voucher_version: Version
    event: str
    receipt_symbol: str
    receipt_number: str
    receipt_date: DayText
    dossier_code: str | None
    personal_id: str | None
    si_number: str | None
    full_name: str | None
    income: Amount
    method: str
    from_month: MonthText
    months: int
    amount_participant: Amount
    amount_state: Amount
    amount_local: Amount
    amount_other: Amount
    amount_gross: Amount
    amount_received: Amount
    paid_at: InstantText
    value_date: DayText
    replaces_voucher_id: str | None


class DecisionTaken(Wire):
    """Một quyết định đã có hiệu lực, của một hoặc hai người."""

    number: Version
    action: Action
    dossier_code: str | None
    reason: str
    decided_by: tuple[str, ...]
    decided_at: InstantText
    state: str


class TrailLine(Wire):
    """Một dòng nhật ký của bàn làm việc; các dòng nối nhau bằng hàm băm."""

    number: Version
    event: str
    at: InstantText
    actor: str
    reason: str | None
    subject: str | None
    hash: str


class VoucherDetail(VoucherItem):
    """Mọi điều về một chứng từ hoặc thông điệp."""

    money: Money
    versions: tuple[VoucherVersion, ...]
    decisions: tuple[DecisionTaken, ...]
    trail: tuple[TrailLine, ...]
    content: str | None = Field(description="Nội dung thông điệp, nhiều nhất 4.000 ký tự, các dãy số dài được che.")


class ResolutionRequest(Wire):
    """Cách xử lý; `dossier_code` chỉ đi với LINK."""

    action: Annotated[Action, Field(strict=False)]
    dossier_code: Code | None = None
    reason: Reason


class ResolutionAnswer(Wire):
    """Kết quả xử lý. `pending`: mới là đề nghị, chờ người thứ hai duyệt."""

    id: str
    version: Version
    action: Action
    pending: bool
    state: str
    reason: str | None
    dossier_code: str | None
    decided_by: str
    decided_at: InstantText
