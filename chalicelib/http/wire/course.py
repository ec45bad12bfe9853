"""What turns a dossier from its straight way, on the wire: supplements, withdrawal, refusal, stop, apology."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from chalicelib.domain.declaration import AddressDraft, DeclarationDraft
from chalicelib.domain.dossier import State
from chalicelib.domain.supplement import ASKABLE, Corrections

from .base import PRINTABLE, Read, Wire, WireDay, read, short_text
from .declaration import Code
from .scalars import Amount, InstantText

# Lines may be broken in a reason; other control characters are none of a text.
_LINES: Final = PRINTABLE.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f")
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=_LINES)]


class SupplementRequest(Wire):
    """Yêu cầu bổ sung (Mẫu 02): lý do và các trường của tờ khai cần bổ sung."""

    reason: Reason
    fields: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=30)] = Field(
        description="Tên trường của tờ khai, ví dụ full_name, permanent_address.house_street.",
        json_schema_extra={"items": {"type": "string", "enum": [*sorted(ASKABLE)]}},
    )


class ReasonGiven(Wire):
    """Lý do, gửi cho công dân."""

    reason: Reason


class Withdrawal(Wire):
    """Công dân rút hồ sơ; lý do không bắt buộc."""

    reason: Reason | None = None


class ApologyWithNewDate(Wire):
    """Xin lỗi và hẹn lại (Mẫu 04)."""

    reason: Reason
    new_due_on: WireDay = Field(description="Ngày hẹn lại: một ngày làm việc sau ngày hẹn trả cũ.")


class AddressPart(Wire):
    """Các phần của địa chỉ cần bổ sung; phần không gửi giữ nguyên."""

    house_street: Annotated[str, short_text(200)] | None = None
    commune_code: Code | None = None
    district_code: Code | None = None
    province_code: Code | None = None


class SupplementAnswer(Wire):
    """Các trường đã bổ sung; tên và nghĩa như trong tờ khai. Chỉ gửi trường được yêu cầu."""

    case_type: str | None = None
    personal_id: str | None = None
    full_name: str | None = None
    birth_date: str | None = None
    gender: str | None = None
    ethnicity: Annotated[str, short_text(50)] | None = None
    nationality: str | None = None
    si_number: str | None = None
    phone: str | None = None
    email: Annotated[str, Field(json_schema_extra={"maxLength": 254})] | None = None
    permanent_address: AddressPart | None = None
    contact_address: AddressPart | None = None
    support_category: str | None = None
    support_proof_no: Annotated[str, short_text(50)] | None = None
    income: int | None = None
    method: str | None = None
    from_month: str | None = None
    months: int | None = None
    agency_code: Annotated[str, short_text(20)] | None = None
    book_form: str | None = None


ADDRESSES: Final = ("permanent_address", "contact_address")


def read_supplement(body: Mapping[str, Any]) -> tuple[Corrections, Read[SupplementAnswer]]:
    """Read a citizen's answer: what was sent by its name, an address by its parts, and the faults of its form."""
    form = read(SupplementAnswer, body)
    sound = {name: value for name, value in form.sound.items() if name in SupplementAnswer.model_fields}
    given: set[str] = set()
    for name, value in sound.items():
        given |= {f"{name}.{part}" for part in value} if name in ADDRESSES and value is not None else {name}
    for name in ADDRESSES:
        if sound.get(name) is not None:
            sound[name] = AddressDraft(**sound[name])
    return Corrections(DeclarationDraft(**sound), frozenset(given)), form


class DossierDecision(Wire):
    """Hồ sơ sau quyết định."""

    dossier_code: str
    national_code: str | None
    procedure_code: Literal["602e"]
    state: State
    national_status: Annotated[int, Field(ge=1, le=10)]
    version: Annotated[int, Field(ge=1)]
    due_at: InstantText | None = Field(description="null khi thời hạn đang tạm dừng chờ bổ sung.")
    overdue: bool


class SupplementInfo(Wire):
    """Yêu cầu bổ sung đang chờ công dân."""

    reason: str
    fields: tuple[str, ...]
    requested_at: InstantText
    expires_at: InstantText = Field(description="Quá thời điểm này mà không bổ sung thì hồ sơ dừng xử lý.")


class ApologyInfo(Wire):
    """Lần xin lỗi và hẹn lại của hồ sơ; nhiều nhất một lần."""

    reason: str
    issued_at: InstantText
    old_due_at: InstantText


class RefundInfo(Wire):
    """Việc hoàn trả tiền đã nộp mà không dùng được cho hồ sơ."""

    refund_id: str
    state: Literal["OPEN", "PAID", "WITHDRAWN"]
    amount: Amount
    opened_at: InstantText
