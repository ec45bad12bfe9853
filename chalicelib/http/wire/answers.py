"""What the system answers, field by field in the contract's order (contract 2 and 4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from chalicelib.domain.configuration.procedure import EscalationLevel
from chalicelib.domain.covers.cover import CoverState
from chalicelib.domain.registration.dossier import State

from .base import Wire
from .course import ApologyInfo, RefundInfo, SupplementInfo
from .quote import Quote, RuleSource
from .scalars import Amount, DayText, InstantText, MonthText
from .watchdog import NextEvent, StepInfo


class Payment(Wire):
    """What was asked for when the dossier was opened; it does not change afterwards, `state` tells if it is due."""

    reference: str = Field(description="Nội dung chuyển tiền: mã hồ sơ.")
    amount: Amount
    expires_at: InstantText


class DossierOpened(Wire):
    """Hồ sơ vừa được ghi nhận, chờ nộp tiền."""

    dossier_code: str
    national_code: str | None
    procedure_code: Literal["602e"]
    state: State
    national_status: Annotated[int, Field(ge=1, le=10)]
    version: Annotated[int, Field(ge=1)]
    quote: Quote
    payment: Payment
    due_at: InstantText | None
    overdue: bool
    created_at: InstantText


class DerivationDay(Wire):
    """Một ngày trong cách tính ngày hẹn trả."""

    date: DayText
    counted: bool
    why: str


class Participation(Wire):
    """Một quá trình tham gia đã ghi nhận."""

    from_month: MonthText
    to_month: MonthText
    income: Amount
    amount_gross: Amount
    amount_participant: Amount
    amount_state: Amount
    amount_local: Amount
    status: str
    voucher_id: str


class DossierCover(Wire):
    """Tờ bìa sổ BHXH của hồ sơ."""

    cover_id: str
    state: CoverState
    version: Annotated[int, Field(ge=1)]
    issued_at: InstantText | None
    ended_at: InstantText | None = Field(default=None, description="Thời điểm bị thu hồi hoặc được thay thế.")


class HistoryEntry(Wire):
    """Một lần đổi trạng thái."""

    sequence: Annotated[int, Field(ge=1)]
    state: State
    national_status: Annotated[int, Field(ge=1, le=10)]
    at: InstantText
    by: str
    reason: str | None


class Dossier(DossierOpened):
    """Toàn bộ hồ sơ: trạng thái, ngày hẹn và cách tính, số tiền, quá trình tham gia, tờ bìa, lịch sử."""

    due_derivation: tuple[DerivationDay, ...]
    participation: tuple[Participation, ...]
    si_number: str | None
    cover: DossierCover | None
    history: tuple[HistoryEntry, ...]
    kpi_late: bool = Field(
        default=False, description="Trễ theo bộ chỉ số: quá ngày hẹn trả, hoặc yêu cầu bổ sung quá một lần."
    )
    supplement: SupplementInfo | None = None
    apology: ApologyInfo | None = None
    refund: RefundInfo | None = None
    next_event: NextEvent | None = Field(default=None, description="Việc tiếp theo được chờ; null khi không còn gì.")
    step: StepInfo | None = Field(default=None, description="Bước hiện tại của quy trình, khi đang xử lý.")
    sources: tuple[RuleSource, ...] = Field(default=(), description="Căn cứ pháp lý của `quote`, từng dòng quy định.")


class CoverLink(Wire):
    """Đường dẫn tải tờ bìa, có hiệu lực nhiều nhất 5 phút."""

    url: str
    sha256: Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
    expires_at: InstantText


class Revocation(Wire):
    """Đề nghị thu hồi, và sau khi thu hồi là căn cứ thu hồi."""

    requested_by: str = Field(description="`sub` của cán bộ, hoặc tên hệ thống; khi đó còn cần hai người quyết định.")
    reason: str
    requested_at: InstantText


class CoverDecision(DossierCover):
    """Tờ bìa sau khi cán bộ quyết định; tệp PDF được tạo ngay sau khi quyết định cấp."""

    dossier_code: str
    revocation: Revocation | None = None
    replaces: str | None = Field(default=None, description="Tờ bìa mà tờ bìa này thay thế khi được cấp.")
    replaced_by: str | None = Field(default=None, description="Tờ bìa mới thay cho tờ bìa này, đang chờ hoặc đã cấp.")


class DossierItem(Wire):
    """Một dòng trong danh sách việc; `ops` không thấy họ tên."""

    dossier_code: str
    state: State
    due_at: InstantText | None
    overdue: bool
    province_code: str
    full_name: str | None
    version: Annotated[int, Field(ge=1)]
    assignee: str | None = Field(description="`sub` của cán bộ đang xử lý; null khi chưa phân công.")
    remaining_working_hours: Annotated[int, Field(ge=0)] | None = Field(
        description="Số giờ làm việc còn lại (8 giờ một ngày), làm tròn xuống; 0 khi đã quá hạn, null khi chưa có hạn."
    )
    escalated: tuple[EscalationLevel, ...] = Field(default=(), description="Các cấp đã được báo hồ sơ quá hạn.")
    step: StepInfo | None = Field(default=None, description="Bước hiện tại của quy trình.")
    next_event: NextEvent | None = Field(default=None, description="Việc tiếp theo được chờ.")


class CoverItem(Wire):
    """Một tờ bìa trong danh sách; `ops` không thấy họ tên và mã số BHXH."""

    cover_id: str
    dossier_code: str
    state: CoverState
    created_at: InstantText
    full_name: str | None
    si_number: str | None
    version: Annotated[int, Field(ge=1)]


class DossierPage(Wire):
    items: tuple[DossierItem, ...]
    next_cursor: str | None


class CoverPage(Wire):
    items: tuple[CoverItem, ...]
    next_cursor: str | None


class ProvinceItem(Wire):
    """Một tỉnh, thành phố vào ngày được hỏi; `predecessors` là mã cũ, hiểu theo nghĩa trước `valid_from`."""

    code: str
    name: str
    unit_type: str
    valid_from: DayText
    valid_to: DayText | None
    predecessors: tuple[str, ...]


class ProvincePage(Wire):
    items: tuple[ProvinceItem, ...]
    next_cursor: str | None


class FaultItem(Wire):
    """Một lỗi: `field` là đường dẫn JSON, `code` cố định, `message` cho người đọc."""

    field: str
    code: str
    message: str


class Problem(Wire):
    """RFC 9457. `errors` liệt kê mọi lỗi của yêu cầu cùng lúc; có thể có thêm thành phần mở rộng."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: Annotated[str, Field(json_schema_extra={"pattern": "^[A-Z][A-Z0-9_]*$"})]
    errors: tuple[FaultItem, ...]
    trace_id: str
