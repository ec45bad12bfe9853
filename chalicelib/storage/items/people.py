"""Person records and participation periods as items."""

from __future__ import annotations

from ...domain.months import Month, MonthSpan, instant_text
from ...domain.people.participation import ParticipationPeriod, PeriodStatus, PersonRecord
from ..codec import Value
from ..table import Stored
from .fields import instant, maybe, number, present, span_from, span_text, text


def _spans(value: Value) -> tuple[MonthSpan, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(span_from(str(text)) for text in listed)


def person_item(record: PersonRecord) -> dict[str, Value]:
    return present(
        {
            "version": record.version,
            "si_number": record.si_number,
            "covered": [span_text(span) for span in record.covered],
            "supported_months": record.supported_months,
            "open_dossiers": {code: span_text(span) for code, span in record.open_dossiers.items()},
            "cover_id": record.cover_id,
        }
    )


def person_from(person: str, item: Stored | None) -> PersonRecord:
    if item is None:
        return PersonRecord(person)
    dossiers = item.get("open_dossiers")
    return PersonRecord(
        person=person,
        version=number(item, "version"),
        si_number=maybe(item, "si_number"),
        covered=_spans(item.get("covered")),
        supported_months=number(item, "supported_months"),
        open_dossiers={code: span_from(str(text)) for code, text in dossiers.items()}
        if isinstance(dossiers, dict)
        else {},
        cover_id=maybe(item, "cover_id"),
    )


def period_item(period: ParticipationPeriod) -> dict[str, Value]:
    """A period under its person, and the same under its dossier."""
    item: dict[str, Value] = {
        "from_month": str(period.span.first),
        "to_month": str(period.span.last),
        "income": period.income,
        "method": period.method,
        "support_category": period.support_category,
        "amount_gross": period.amount_gross,
        "amount_participant": period.amount_participant,
        "amount_state": period.amount_state,
        "amount_local": period.amount_local,
        "supported_months": period.supported_months,
        "dossier_code": period.dossier_code,
        "voucher_id": period.voucher_id,
        "recorded_at": instant_text(period.recorded_at),
        "status": period.status,
        "number": period.number,
    }
    if period.voucher_ids:
        item["voucher_ids"] = list(period.voucher_ids)
    if period.voided_at is not None:
        item |= {"void_reason": period.void_reason, "voided_at": instant_text(period.voided_at)}
    return item


def period_from(person: str, item: Stored) -> ParticipationPeriod:
    recorded, vouchers = instant(item, "recorded_at"), item.get("voucher_ids")
    if recorded is None:
        raise TypeError("a period has no time of record")
    return ParticipationPeriod(
        person=person,
        span=MonthSpan(Month.parse(text(item, "from_month")), Month.parse(text(item, "to_month"))),
        income=number(item, "income"),
        method=text(item, "method"),
        support_category=text(item, "support_category"),
        amount_gross=number(item, "amount_gross"),
        amount_participant=number(item, "amount_participant"),
        amount_state=number(item, "amount_state"),
        amount_local=number(item, "amount_local"),
        supported_months=number(item, "supported_months"),
        dossier_code=text(item, "dossier_code"),
        voucher_id=text(item, "voucher_id"),
        recorded_at=recorded,
        status=PeriodStatus(text(item, "status")),
        number=number(item, "number"),
        voucher_ids=tuple(map(str, vouchers)) if isinstance(vouchers, list) else (),
        void_reason=maybe(item, "void_reason"),
        voided_at=instant(item, "voided_at"),
    )
