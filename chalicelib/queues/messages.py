"""Messages of the queue `vouchers` as they arrive: strict models, and the JSON Schemas made from them."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ..domain.errors import Fault, Rejected
from ..domain.ledger.voucher import ContributionVoucher, VoucherEvent
from ..domain.months import Month, at_vietnam
from ..domain.registration.declaration import BirthDate

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Printed = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""What accounting may name as it likes, control characters apart."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
MonthText = Annotated[str, StringConstraints(pattern=r"^[12]\d{3}-(0[1-9]|1[0-2])$")]
BirthText = Annotated[str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")]
Amount = Annotated[int, Field(ge=0, le=10**12, description="VND")]
Province = Annotated[str, StringConstraints(pattern=r"^\d{2}$")]
Rate = Annotated[
    Annotated[str, StringConstraints(pattern=r"^\d{1,2}(\.\d{1,6})?$")] | Annotated[float, Field(ge=0, lt=100)],
    Field(description="Monthly rate in percent, as text or number; the dossier's own rate is what counts"),
]


_FIRST_YEAR, _LAST_YEAR = 1900, 2999
"""Moments outside are slips, and some of them out of reach of arithmetic with dates."""


class Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Receipt(Message):
    symbol: Printed
    number: Annotated[str, StringConstraints(pattern=r"^\d{7}$")]
    date: date


class Payer(Message):
    """Who paid; may be another than the participant."""

    name: Text
    id: Identifier | None = None
    relation: Annotated[str, StringConstraints(max_length=32)] | None = None


class ContributionVoucherMessage(Message):
    """`ContributionVoucher` v1: one contribution voucher of central accounting."""

    message_id: Identifier
    voucher_id: Printed
    voucher_version: Annotated[int, Field(ge=1, le=99_999_999)]
    event: Literal["ISSUED", "CANCELLED", "REPLACED", "REFUNDED"]
    replaces_voucher_id: Printed | None = None
    receipt: Receipt
    kind: Literal["BIEN_LAI_DIEN_TU", "BIEN_LAI_GIAY", "UY_NHIEM_CHI", "GIAY_BAO_CO"]
    channel: Literal["PORTAL", "AGENT", "COUNTER", "BANK_APP"]
    dossier_code: Identifier | None = None
    personal_id: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    si_number: Annotated[str, StringConstraints(pattern=r"^\d{10}$")] | None = None
    full_name: Text | None = None
    birth_date: BirthText | None = None
    payer: Payer | None = None
    scheme: Literal["BHXH_TN"]
    income: Amount
    method: Literal["M1", "M3", "M6", "M12", "AHEAD", "MISSING", "LATE"]
    from_month: MonthText
    months: Annotated[int, Field(ge=1, le=120)]
    amount_participant: Amount
    amount_state: Amount
    amount_local: Amount
    amount_other: Amount = 0
    amount_gross: Amount
    amount_received: Annotated[int, Field(gt=0, le=10**12, description="VND in the bank")]
    rate_r: Rate | None = None
    rate_table_version: Identifier | None = None
    bank_txn_id: Identifier | None = None
    bank_code: Identifier | None = None
    account_no_masked: Identifier | None = None
    value_date: date
    paid_at: AwareDatetime
    collector_code: Identifier | None = None
    collector_staff: Text | None = None
    province_code: Province
    agency_code: Identifier | None = None
    fiscal_period: Identifier | None = None
    currency: Literal["VND"]
    signature: Annotated[str, StringConstraints(max_length=8192)] | None = None

    @model_validator(mode="after")
    def _rules(self) -> ContributionVoucherMessage:
        if self.amount_gross != self.amount_participant + self.amount_state + self.amount_local + self.amount_other:
            raise ValueError("AMOUNT_SUM")
        if self.channel == "PORTAL" and self.dossier_code is None:
            raise ValueError("DOSSIER_CODE_REQUIRED")
        if self.personal_id is None and self.si_number is None:
            raise ValueError("IDENTIFIER_REQUIRED")
        if self.event == "REPLACED" and self.replaces_voucher_id is None:
            raise ValueError("REPLACED_VOUCHER_REQUIRED")
        if not _FIRST_YEAR <= self.paid_at.year <= _LAST_YEAR:
            raise ValueError("PAID_AT_INVALID")
        if self.birth_date is not None and len(self.birth_date) == len("1985-05-12"):
            date.fromisoformat(self.birth_date)
        return self

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the content without the `message_id`, which differs at every send."""
        return hashlib.sha256(self.model_dump_json(exclude={"message_id"}).encode()).hexdigest()

    def voucher(self) -> ContributionVoucher:
        """The voucher as the domain knows it."""
        return ContributionVoucher(
            voucher_id=self.voucher_id,
            voucher_version=self.voucher_version,
            event=VoucherEvent(self.event),
            scheme=self.scheme,
            fingerprint=self.fingerprint,
            receipt_symbol=self.receipt.symbol,
            receipt_number=self.receipt.number,
            receipt_date=self.receipt.date,
            dossier_code=self.dossier_code,
            personal_id=self.personal_id,
            si_number=self.si_number,
            full_name=self.full_name,
            birth_date=None if self.birth_date is None else BirthDate(*map(int, self.birth_date.split("-"))),
            income=self.income,
            method=self.method,
            from_month=Month.parse(self.from_month),
            months=self.months,
            amount_participant=self.amount_participant,
            amount_state=self.amount_state,
            amount_local=self.amount_local,
            amount_other=self.amount_other,
            amount_gross=self.amount_gross,
            amount_received=self.amount_received,
            paid_at=at_vietnam(self.paid_at),
            value_date=self.value_date,
            province_code=self.province_code,
            replaces_voucher_id=self.replaces_voucher_id,
        )


class ManifestMessage(Message):
    """The day's totals of one province, against which receipts are reconciled."""

    type: Literal["manifest"]
    date: date
    province_code: Province
    count: Annotated[int, Field(ge=0)]
    sum_received: Annotated[int, Field(ge=0, description="VND")]
    first_voucher_id: Printed | None = None
    last_voucher_id: Printed | None = None


class DossierStatusMessage(Message):
    """`dossier-status`: a state change as the portal hears of it; `sequence` has no gaps per dossier.

    Readers must let fields pass that they do not know: more may come.
    """

    model_config = ConfigDict(extra="ignore")

    event_id: str
    sequence: int
    dossier_code: str
    national_code: str | None
    state: str
    national_status: int
    occurred_at: str
    due_at: str | None
    reason: str | None


OTHER_SCHEME = re.compile(r'"scheme"\s*:\s*"(?!BHXH_TN")[A-Z0-9_]+"')
MANIFEST = re.compile(r'"type"\s*:\s*"manifest"')

_CODES = {"json_invalid": "NOT_JSON", "missing": "REQUIRED", "extra_forbidden": "UNKNOWN_FIELD"}
_TYPE_ENDS = ("_type", "_parsing", "_from_float")


LARGEST_BYTES = 256 * 1024
"""A voucher takes a tenth of it at most; what is larger is not even read."""


def read_message(body: str) -> ContributionVoucherMessage | ManifestMessage | None:
    """What a message says; None for a voucher of another scheme, which is acknowledged and counted only.

    Raises:
        Rejected: no valid message, with every fault (field and stable code, never the value).
    """
    if len(body) > LARGEST_BYTES or len(body.encode()) > LARGEST_BYTES:
        raise Rejected([Fault("$", "TOO_LARGE", "Chứng từ vượt quá kích thước cho phép.")])
    model = ManifestMessage if MANIFEST.search(body) else ContributionVoucherMessage
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if _only_another_scheme(body, error):
            return None
        raise Rejected(_faults(error)) from None


def _only_another_scheme(body: str, error: ValidationError) -> bool:
    return OTHER_SCHEME.search(body) is not None and any(fault["loc"] == ("scheme",) for fault in error.errors())


def _faults(error: ValidationError) -> list[Fault]:
    faults = []
    for found in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in found["loc"]) or "$"
        kind = found["type"]
        if kind == "value_error":
            own = str(found.get("ctx", {}).get("error", ""))
            code = own if own.isupper() else "INVALID_VALUE"
        else:
            code = _CODES.get(kind) or ("INVALID_TYPE" if kind.endswith(_TYPE_ENDS) else "INVALID_VALUE")
        faults.append(Fault(field, code, "Chứng từ không đúng định dạng quy định."))
    return faults
