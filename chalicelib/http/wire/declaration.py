"""The declaration, Mẫu 02-TK, as the portal sends it (contract 2, domain rule 4.2).

The form is judged here; what a value means is judged by the domain, so that its stable codes come from one
place. Limits that the domain judges stand in the schema for documentation only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.domain.registration.declaration import AddressDraft, DeclarationDraft

from .base import Read, Wire, WireInstant, read, short_text


def _judged_by_domain(description: str, **schema: Any) -> Any:
    return Field(description=description, json_schema_extra=schema)


Code = Annotated[str, short_text(20)]


class Address(Wire):
    """Codes valid on the declaration's date; the district level ended on 2025-06-30."""

    house_street: Annotated[str, short_text(200)] | None = None
    commune_code: Code
    district_code: Code | None = Field(
        default=None, description="Bắt buộc đến hết ngày 30/06/2025; từ 01/07/2025 phải để trống."
    )
    province_code: Code


class Consent(Wire):
    """Consent to the extras beyond the legal duty; never pre-ticked."""

    version: Annotated[str, short_text(50)]
    time: WireInstant
    purposes: Annotated[tuple[Annotated[str, short_text(100)], ...], Field(strict=False, max_length=20)]


class DeclarationRequest(Wire):
    """Tờ khai Mẫu 02-TK."""

    national_code: Annotated[str, short_text(64)] | None = Field(
        default=None, description="Mã hồ sơ do Cổng DVC quốc gia cấp."
    )
    case_type: Literal["FIRST_TIME", "FROM_COMPULSORY", "CONTINUE", "RE_REGISTER"]
    personal_id: str = _judged_by_domain("Số định danh cá nhân, 12 chữ số.", pattern=r"^\d{12}$")
    full_name: str = _judged_by_domain("Họ và tên, chữ Việt có dấu.", minLength=2, maxLength=100)
    birth_date: str = _judged_by_domain(
        "yyyy-MM-dd, yyyy-MM hoặc yyyy: giữ nguyên mức chính xác.", pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"
    )
    gender: Literal["NAM", "NU"]
    ethnicity: Annotated[str, short_text(50)] | None = None
    nationality: str = _judged_by_domain("ISO 3166; phải là VN.", const="VN")
    si_number: str | None = Field(
        default=None,
        description="Mã số BHXH, 10 chữ số; bắt buộc trừ khi tham gia lần đầu.",
        json_schema_extra={"examples": ["7912345678", None]},
    )
    phone: str = _judged_by_domain("Số di động; +84 và 84 ở đầu được đổi thành 0.")
    email: Annotated[str, Field(json_schema_extra={"maxLength": 254})] | None = None
    permanent_address: Address
    contact_address: Address | None = Field(default=None, description="Bắt buộc khi nhận sổ giấy.")
    support_category: str = _judged_by_domain(
        "Loại đối tượng được hỗ trợ tiền đóng.", examples=["POOR", "NEAR_POOR", "ISLAND", "ETHNIC_MINORITY", "OTHER"]
    )
    support_proof_no: Annotated[str, short_text(50)] | None = None
    income: int = Field(description="Mức thu nhập chọn làm căn cứ đóng, đồng/tháng.")
    method: Literal["M1", "M3", "M6", "M12", "AHEAD", "MISSING", "LATE"]
    from_month: str = _judged_by_domain("Tháng đầu tiên đóng.", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    months: int | None = Field(default=None, description="Suy ra từ phương thức đóng; chỉ chọn với AHEAD.")
    amount: int | None = Field(default=None, description="Bị bỏ qua: hệ thống tự tính số tiền.")
    agency_code: Annotated[str, short_text(20)] | None = None
    book_form: Literal["ELECTRONIC", "PAPER"]
    consent: Consent | None = None


def read_declaration(body: Mapping[str, Any]) -> tuple[DeclarationDraft, Read[DeclarationRequest]]:
    """Read a declaration. The draft holds every field whose form is sound, None for the rest."""
    form = read(DeclarationRequest, body)
    sound = dict(form.sound)
    consent = sound.pop("consent", None) or {}
    for name in ("permanent_address", "contact_address"):
        if sound.get(name) is not None:
            sound[name] = AddressDraft(**sound[name])
    return DeclarationDraft(**sound, consent_version=consent.get("version")), form
