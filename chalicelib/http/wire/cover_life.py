"""What an officer sends about an issued cover: its revocation, and its reissue with corrected data."""

from __future__ import annotations

from pydantic import Field

from chalicelib.domain.registration.declaration import DeclarationDraft
from chalicelib.domain.registration.supplement import Corrections

from .base import Wire
from .course import Reason


class CorrectedData(Wire):
    """Dữ liệu cá nhân được cải chính; tên và nghĩa như trong tờ khai. Trường không gửi giữ nguyên."""

    full_name: str | None = None
    birth_date: str | None = None
    gender: str | None = None
    nationality: str | None = None


class ReissueRequest(Wire):
    """Cấp lại tờ bìa: lý do, và dữ liệu được cải chính nếu có."""

    reason: Reason
    corrections: CorrectedData | None = Field(
        default=None, description="Bỏ trống khi cấp lại với dữ liệu như cũ, ví dụ vì mất dữ liệu ký."
    )


def corrections_of(form: ReissueRequest) -> Corrections:
    """The corrected fields by their names. One sent as null is no correction: every one of them has a value."""
    sent = form.corrections or CorrectedData()
    given = {name: value for name in CorrectedData.model_fields if (value := getattr(sent, name)) is not None}
    return Corrections(DeclarationDraft(**given), frozenset(given))
