"""What is held about a person, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.domain.people.data_request import RequestKind
from chalicelib.domain.registration.dossier import State

from .answers import Participation
from .base import Wire, WireInstant, short_text
from .scalars import InstantText


class PersonReportRequest(Wire):
    """Yêu cầu của chủ thể dữ liệu; số định danh chỉ nằm trong thân yêu cầu."""

    personal_id: Annotated[str, Field(pattern="^[0-9]{12}$", min_length=12, max_length=12)]
    kind: Annotated[RequestKind, Field(strict=False)] = RequestKind.ACCESS
    received_at: WireInstant | None = Field(None, description="Khi nhận yêu cầu; mặc định bây giờ.")
    reason: Annotated[str, short_text(200)] = Field(description="Số văn bản hoặc lý do; ghi vào nhật ký xem.")


class AnswerLimits(Wire):
    """Thời hạn trả lời theo luật của ngày nhận yêu cầu."""

    first_answer_by: InstantText
    final_answer_by: InstantText
    extended_until: InstantText = Field(description="Nếu gia hạn một lần.")


class HeldDossier(Wire):
    """Một hồ sơ và những gì người dân đã khai trong đó."""

    dossier_code: str
    province_code: str
    state: State
    created_at: InstantText
    full_name: str
    birth_date: str
    gender: str
    nationality: str
    phone: str
    email: str | None
    address: str
    views: str = Field(description="Đường dẫn đến nhật ký xem của hồ sơ.")


class PersonReport(Wire):
    """Dữ liệu đang lưu về một người."""

    kind: RequestKind
    received_at: InstantText
    due: AnswerLimits
    si_number: str | None
    supported_months: Annotated[int, Field(ge=0)]
    participation: tuple[Participation, ...]
    dossiers: tuple[HeldDossier, ...]
    dossiers_elsewhere: Annotated[int, Field(ge=0)] = Field(description="Số hồ sơ do tỉnh, thành phố khác trả lời.")
