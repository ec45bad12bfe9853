"""What turns a dossier from its straight way, on the wire: supplements, withdrawal, refusal, stop, apology."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from chalicelib.domain.registration.declaration import AddressDraft, DeclarationDraft
from chalicelib.domain.registration.dossier import State
from chalicelib.domain.registration.supplement import ASKABLE, Corrections

from .base import Read, Wire, WireDay, read, short_text
from .declaration import Code
from .scalars import Amount, InstantText

PRINTED: Final = (
    r"\n\u0020-\u007e\u00a1-\u00ac\u00ae-\u0181\u0186\u0190\u0197\u01a0-\u01a1\u01af-\u01b0\u01cd-\u01dc\u01e6-\u01e9"
    r"\u01f0\u01f8-\u01f9\u0226-\u0233\u0243\u0253-\u0254\u025b\u0268\u0294\u02bc\u0300-\u030c\u031b\u0323-\u0325"
    r"\u032d-\u0331\u1e00-\u1e9b\u1e9e\u1ea0-\u1ef9\u2010\u2012-\u2015\u2018-\u201e\u2020-\u2022\u2026\u20ab\u2116"
)
"""The characters that a slip can show, and line breaks; the fonts hold them all (tests/documents)."""

_AS_TYPED: Final = {ord("\t"): " ", 0xA0: " ", 0x202F: " ", 0x2011: "-", 0xAD: None}
"""What word processors put in, as it is printed."""


def _tidied(value: object) -> object:
    """Composed letters, plain spaces and line breaks, as the slip prints them."""
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n")).translate(_AS_TYPED)


# A reason stands on the slip that tells the citizen: what could not be printed there is refused here.
_Text = StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=f"^[{PRINTED}]*$")
Reason = Annotated[str, _Text, BeforeValidator(_tidied)]


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
