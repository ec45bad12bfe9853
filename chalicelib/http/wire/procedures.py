"""A province's procedure as its publishers draft it, and what is told of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Wire, WireDay, short_text
from .scalars import DayText, InstantText

StepRole = Literal["officer", "signer", "system"]
LimitUnit = Literal["HOURS", "WORKING_DAYS"]
ClockStart = Literal["PAYMENT_CONFIRMED", "ACCEPTED"]
Days = Annotated[int, Field(ge=0, le=999)]
Why = Annotated[str, short_text(500)]


class Step(Wire):
    """Một bước xử lý. Các bước theo đúng thứ tự; bước `signs` ký trả kết quả và đứng cuối."""

    step_code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
    role: StepRole = Field(description="Ai thực hiện: cán bộ, người ký, hoặc hệ thống.")
    unit: Annotated[str, short_text(100)] | None = Field(default=None, description="Bộ phận thực hiện.")
    limit: Days = Field(description="Thời hạn của bước, theo `limit_unit`; 8 giờ là một ngày làm việc.")
    limit_unit: LimitUnit
    needs_two_person: bool = Field(
        default=False, description="Phải có hai người; ở bước ký là hai người ký khác nhau cùng quyết định."
    )
    can_request_supplement: bool = Field(default=False, description="Được yêu cầu bổ sung hồ sơ.")
    signs: bool = Field(default=False, description="Ký trả kết quả.")


class ProcedureDraft(Wire):
    """Quy trình mới của tỉnh: thời hạn, các bước, ai ký, có cấp tự động hay không."""

    effective_from: WireDay = Field(description="Ngày đầu áp dụng, từ ngày mai trở đi.")
    source: Annotated[str, short_text(300)] = Field(description="Văn bản làm căn cứ.")
    reason: Why = Field(description="Lý do thay đổi, ghi vào lịch sử.")
    limit_working_days: Days = Field(description="Thời hạn giải quyết, ngày làm việc.")
    reminder_working_days: Days = Field(description="Nhắc cán bộ trước ngày hẹn trả bao nhiêu ngày làm việc.")
    automatic_issue: bool = Field(default=False, description="Cấp tờ bìa không cần người ký.")
    clock_start: ClockStart = Field(
        default="PAYMENT_CONFIRMED", description="Thời hạn tính từ khi nộp tiền, hoặc từ khi được tiếp nhận."
    )
    auto_accept: bool = Field(
        default=True, description="Tiếp nhận ngay khi đã nộp tiền; false thì chờ cán bộ tiếp nhận."
    )
    steps: Annotated[tuple[Step, ...], Field(strict=False, max_length=20)]


class ProcedureRestoration(Wire):
    """Lấy lại nội dung của một phiên bản đã công bố làm bản dự thảo mới."""

    effective_from: WireDay = Field(description="Ngày đầu áp dụng, từ ngày mai trở đi.")
    reason: Why = Field(description="Lý do thay đổi, ghi vào lịch sử.")


class ProcedureInForce(Wire):
    """Quy trình mà hồ sơ mở hôm nay theo; `version` là null khi áp dụng quy trình chung của ngành."""

    version: int | None
    effective_from: DayText
    source: str
    limit_working_days: int
    reminder_working_days: int
    payment_hours: int = Field(description="Thời gian chờ nộp tiền, giờ; theo quy định chung.")
    automatic_issue: bool
    clock_start: ClockStart
    auto_accept: bool
    steps: tuple[Step, ...]


class ProcedureVersion(Wire):
    """Một phiên bản: DRAFT là dự thảo, PUBLISHED đã công bố, REPLACED là dự thảo đã được thay."""

    version: Annotated[int, Field(ge=1)]
    state: Literal["DRAFT", "PUBLISHED", "REPLACED"]
    restores: int | None = Field(description="Phiên bản trước mà bản này lấy lại nội dung.")
    effective_from: DayText
    source: str
    limit_working_days: int
    reminder_working_days: int
    automatic_issue: bool
    clock_start: ClockStart
    auto_accept: bool
    steps: tuple[Step, ...]
    reason: str
    drafted_by: str
    drafted_at: InstantText
    published_by: str | None
    published_at: InstantText | None


class ProvinceProcedure(Wire):
    """Quy trình của một tỉnh, thành phố: đang áp dụng, sắp áp dụng, dự thảo, và mọi phiên bản (mới nhất trước)."""

    province_code: str
    latest_version: int
    in_force: ProcedureInForce
    upcoming: tuple[ProcedureVersion, ...]
    draft: ProcedureVersion | None
    versions: tuple[ProcedureVersion, ...]


class OpenDossiers(Wire):
    """Số hồ sơ đang mở có cùng ngày hẹn trả; null là chưa có ngày hẹn."""

    due_on: DayText | None
    dossiers: int


class NewDossier(Wire):
    """Ngày hẹn trả của hồ sơ nhận vào lúc này, trước và sau khi áp dụng; null là chưa có lịch làm việc của năm đó."""

    received_at: InstantText
    due_before: InstantText | None
    due_after: InstantText | None


class ProcedureImpact(Wire):
    """Dự thảo làm thay đổi những gì; hồ sơ đang mở giữ nguyên quy trình và ngày hẹn trả."""

    open_dossiers: int
    open_due: tuple[OpenDossiers, ...]
    new_dossiers: tuple[NewDossier, ...]


class ProcedureDrafted(Wire):
    """`draft` là null khi chỉ xem trước (dry_run=true)."""

    draft: ProcedureVersion | None
    impact: ProcedureImpact
