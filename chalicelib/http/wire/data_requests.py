"""The register of requests about one's own data, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.domain.people.data_request import Outcome, RequestKind, RequestState

from .base import Wire, WireInstant, short_text
from .people import AnswerLimits
from .scalars import InstantText

ProvinceCode = Annotated[str, StringConstraints(pattern="^[0-9]{2}$", min_length=2, max_length=2)]


class DataRequestEntry(Wire):
    """Yêu cầu của một người về dữ liệu của chính mình; số định danh chỉ nằm trong thân yêu cầu."""

    personal_id: Annotated[str, Field(pattern="^[0-9]{12}$", min_length=12, max_length=12)]
    province_code: ProvinceCode
    kind: Annotated[RequestKind, Field(strict=False)]
    reference: Annotated[str, short_text(200)] = Field(description="Số văn bản hoặc nơi nhận; không ghi họ tên.")
    received_at: WireInstant | None = Field(None, description="Khi nhận yêu cầu; mặc định bây giờ.")


class DataRequestExtension(Wire):
    """Gia hạn một lần, trước khi hết hạn."""

    reason: Annotated[str, short_text(500)]


class DataRequestAnswer(Wire):
    """Câu trả lời cuối cùng đã gửi cho người yêu cầu."""

    outcome: Annotated[Outcome, Field(strict=False)]
    answer: Annotated[str, short_text(1000)] = Field(description="Nội dung đã trả lời, hoặc lý do từ chối.")
    dossier_code: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] | None = Field(
        None, description="Hồ sơ đã được sửa theo yêu cầu; bắt buộc khi chấp nhận yêu cầu chỉnh sửa."
    )


class DataRequest(Wire):
    """Một yêu cầu trong sổ, với thời hạn theo luật của ngày nhận."""

    request_id: str
    version: Annotated[int, Field(ge=1)]
    province_code: str
    kind: RequestKind
    state: RequestState
    reference: str | None = Field(description="null đối với vai trò ops.")
    received_at: InstantText
    recorded_at: InstantText
    due: AnswerLimits
    next_answer_by: InstantText | None = Field(description="Hạn của câu trả lời tiếp theo; null khi đã trả lời xong.")
    due_soon: bool = Field(description="Còn không quá một ngày đến hạn.")
    late: bool = Field(description="Đã quá hạn, hoặc đã trả lời sau hạn.")
    dossiers: tuple[str, ...]
    first_answered_at: InstantText | None
    extended_at: InstantText | None
    extension_reason: str | None
    reported_at: InstantText | None = Field(description="Khi báo cáo dữ liệu được lập cho yêu cầu này.")
    answered_at: InstantText | None
    outcome: Outcome | None
    answer: str | None
    corrected_by: str | None = Field(description="Dòng nhật ký của hồ sơ đã sửa dữ liệu: mã hồ sơ và số dòng.")


class DataRequestPage(Wire):
    items: tuple[DataRequest, ...]
    next_cursor: str | None


class DataRequestLine(Wire):
    """Một bước của yêu cầu: việc gì, khi nào, ai làm."""

    number: Annotated[int, Field(ge=1)]
    event: str
    at: InstantText
    actor: str


class DataRequestDetail(Wire):
    """Một yêu cầu với mọi bước của nó."""

    request: DataRequest
    trail: tuple[DataRequestLine, ...]
