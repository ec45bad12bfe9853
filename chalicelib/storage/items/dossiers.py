"""Dossiers as items.

The declaration, the quote and the derivation of the due date are pinned documents: stored as JSON
text, never searched inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from ...domain.amounts.contribution import Quote
from ...domain.copies import replace
from ...domain.months import Month, instant_text
from ...domain.registration.deadlines import DerivationDay, DueDate
from ...domain.registration.declaration import Address, BookForm, CaseType, Declaration, Gender
from ...domain.registration.dossier import Dossier, State
from .. import keys
from ..codec import Value
from ..compact import COMPACT
from ..sealed import Seals, as_stored, opened, to_store
from ..table import Stored
from .accounts import account_document, account_from
from .course import (
    apology_document,
    apology_from,
    expected_document,
    expected_from,
    reopening_document,
    reopening_from,
    step_document,
    step_from,
    supplements_document,
    supplements_from,
)
from .fields import birth_date, dump, instant, maybe, number, present, read, text
from .procedures import pinned_document, pinned_from

UNPAID_LAST = "9999"
"""Sorts dossiers without a due date behind all others."""


SEALED = ("personal_id", "phone")
"""The fields of a declaration that are encrypted by themselves."""


def declaration_document(declaration: Declaration, code: str, seals: Seals | None) -> str:
    """The declaration of a dossier as JSON text, every field under its own name.

    Without `seals` only what was read unopened can be written again (TypeError).
    """
    owner = keys.dossier_partition(code)

    def place(address: Address | None) -> list[str | None] | None:
        if address is None:
            return None
        return [address.house_street, address.commune_code, address.district_code, address.province_code]

    return dump(
        {
            "case_type": declaration.case_type,
            "personal_id": to_store(owner, "personal_id", declaration.personal_id, seals),
            "full_name": declaration.full_name,
            "birth_date": str(declaration.birth_date),
            "gender": declaration.gender,
            "nationality": declaration.nationality,
            "si_number": declaration.si_number,
            "phone": to_store(owner, "phone", declaration.phone, seals),
            "email": declaration.email,
            "permanent_address": place(declaration.permanent_address),
            "contact_address": place(declaration.contact_address),
            "support_category": declaration.support_category,
            "support_proof_no": declaration.support_proof_no,
            "income": declaration.income,
            "method": declaration.method,
            "months": declaration.months,
            "from_month": str(declaration.from_month),
            "book_form": declaration.book_form,
            "ethnicity": declaration.ethnicity,
            "agency_code": declaration.agency_code,
            "consent_version": declaration.consent_version,
            "has_book": declaration.has_book,
        }
    )


def declaration_from(document: str) -> Declaration:
    """A declaration whose sealed fields are carried unopened."""
    fields: dict[str, Any] = read(document)
    contact = fields["contact_address"]
    fields |= {
        "case_type": CaseType(fields["case_type"]),
        "birth_date": birth_date(fields["birth_date"]),
        "gender": Gender(fields["gender"]),
        "permanent_address": Address(*fields["permanent_address"]),
        "contact_address": None if contact is None else Address(*contact),
        "from_month": Month.parse(fields["from_month"]),
        "book_form": BookForm(fields["book_form"]),
        "personal_id": as_stored(fields["personal_id"]),
        "phone": as_stored(fields["phone"]),
    }
    return Declaration(**fields)


def open_declaration(declaration: Declaration, code: str, seals: Seals) -> Declaration:
    """A dossier's declaration with its fields opened. Raises `SealBroken`, `Unavailable`."""
    owner = keys.dossier_partition(code)
    return replace(
        declaration,
        personal_id=opened(owner, "personal_id", declaration.personal_id, seals),
        phone=opened(owner, "phone", declaration.phone, seals),
    )


def open_dossier(dossier: Dossier, seals: Seals) -> Dossier:
    """A dossier whose declaration can be shown and compared. Raises as `open_declaration`."""
    return replace(dossier, declaration=open_declaration(dossier.declaration, dossier.code, seals))


def quote_document(quote: Quote) -> str:
    return dump(
        {
            "income": quote.income,
            "method": quote.method,
            "support_category": quote.support_category,
            "province_code": quote.province_code,
            "paid_on": quote.paid_on.isoformat(),
            "months": quote.months,
            "from_month": str(quote.from_month),
            "to_month": str(quote.to_month),
            "monthly_contribution": quote.monthly_contribution,
            "amount_gross": quote.amount_gross,
            "amount_state": quote.amount_state,
            "amount_local": quote.amount_local,
            "amount_participant": quote.amount_participant,
            "supported_months": quote.supported_months,
            "rate_r": quote.rate_r,
            "due_by": quote.due_by.isoformat(),
            "explanation": list(quote.explanation),
            "rules": dict(quote.rules),
        }
    )


def quote_from(document: str) -> Quote:
    fields: dict[str, Any] = read(document)
    fields |= {
        "paid_on": date.fromisoformat(fields["paid_on"]),
        "from_month": Month.parse(fields["from_month"]),
        "to_month": Month.parse(fields["to_month"]),
        "due_by": date.fromisoformat(fields["due_by"]),
        "explanation": tuple(fields["explanation"]),
    }
    return Quote(**fields)


@lru_cache(maxsize=128)
def _due_document(due: DueDate | None) -> str | None:
    """Written once by a process for all that was received on one day; so is what is read from it."""
    if due is None:
        return None
    return dump(
        {
            "due_at": instant_text(due.due_at),
            "days": [[day.date.isoformat(), day.counted, day.why] for day in due.derivation],
        }
    )


@lru_cache(maxsize=128)
def _due_from(document: str | None) -> DueDate | None:
    if document is None:
        return None
    fields: dict[str, Any] = read(document)
    days: Sequence[tuple[str, bool, str]] = fields["days"]
    return DueDate(
        due_at=datetime.fromisoformat(fields["due_at"]),
        derivation=tuple(DerivationDay(date.fromisoformat(day), counted, why) for day, counted, why in days),
    )


def dossier_correction(dossier: Dossier, seals: Seals | None) -> dict[str, Value]:
    """The attributes that follow the declaration, for the one decision that changes it."""
    return {
        "full_name": dossier.declaration.full_name,
        "declaration": declaration_document(dossier.declaration, dossier.code, seals),
    }


def dossier_progress(dossier: Dossier) -> dict[str, Value]:
    """The attributes of a dossier that decisions change; None removes one.

    The generation is not among them: it is only ever counted up, so that a decision that was made from an earlier
    read does not move it back.
    """
    # What is done and not handed over yet is nobody's deadline, and still somebody's work.
    at_rest = keys.delivery_list if dossier.state is State.COMPLETED else None
    listed = at_rest if dossier.state.ended else keys.open_list
    due_at = None if dossier.due_at is None else instant_text(dossier.due_at)
    expected = expected_document(dossier)
    # The step stands in what is expected, unless that is a supplement, or nothing any more.
    told = COMPACT and expected is not None and dossier.open_supplement is None
    return {
        "state": dossier.state,
        "version": dossier.version,
        "status_sequence": dossier.status_sequence,
        "audit_hash": dossier.audit_hash,
        "paid_at": None if dossier.paid_at is None else instant_text(dossier.paid_at),
        "due_at": due_at,
        "due": _due_document(dossier.due),
        "si_number": dossier.si_number,
        "milestones": sorted(dossier.milestones) or None,
        "supplements": supplements_document(dossier.supplements),
        "apology": apology_document(dossier.apology),
        "ended_at": None if dossier.ended_at is None else instant_text(dossier.ended_at),
        "clock_from": None if dossier.clock_from is None else instant_text(dossier.clock_from),
        "unaccepted": None if dossier.accepted else True,
        "cover_due": dossier.cover_due or None,
        "step": None if told else step_document(dossier.step),
        "expected": expected,
        "payment_reversed_at": None
        if dossier.payment_reversed_at is None
        else instant_text(dossier.payment_reversed_at),
        "reopening": reopening_document(dossier.reopening),
        "payment_expires_at": instant_text(dossier.payment_expires_at),
        "account": account_document(dossier.account),
        "GSI2PK": listed(dossier.province_code, shard_of(dossier.code)) if listed else None,
        "GSI2SK": f"{due_at or UNPAID_LAST}#{dossier.code}" if listed else None,
    }


LIST_SHARDS = 1
"""Partitions per province and work list; the shard is computed once and stored with the item."""


def shard_of(code: str) -> int:
    """The partition of a work list that an item lies in."""
    return 0 if LIST_SHARDS == 1 else sum(code.encode()) % LIST_SHARDS


def dossier_item(dossier: Dossier, seals: Seals | None) -> dict[str, Value]:
    """A new dossier. Without `seals` only one that was read unopened (TypeError)."""
    created = instant_text(dossier.created_at)
    return present(
        {
            "dossier_code": dossier.code,
            "national_code": dossier.national_code,
            "client_id": dossier.client_id,
            # The list that it is found in by its person says the same.
            "person": None if COMPACT else dossier.person,
            "province_code": dossier.province_code,
            **dossier_correction(dossier, seals),
            "quote": quote_document(dossier.quote),
            "procedure": pinned_document(dossier.procedure),
            "created_at": created,
            "GSI1PK": keys.person_partition(dossier.person),
            "GSI1SK": f"{created}#{dossier.code}",
            "generation": dossier.generation,
            **dossier_progress(dossier),
        }
    )


def person_of(item: Stored) -> str:
    """Whose dossier an item is: the keyed hash. Raises TypeError where it does not say."""
    return text(item, "person") if "person" in item else text(item, "GSI1PK").removeprefix(keys.person_partition(""))


def dossier_from(item: Stored) -> Dossier:
    """A dossier; the sealed fields of its declaration are carried unopened (`open_dossier`)."""
    created, expires = instant(item, "created_at"), instant(item, "payment_expires_at")
    if created is None or expires is None:
        raise TypeError("a dossier has no creation or expiry time")
    milestones = item.get("milestones") or ()
    return Dossier(
        code=text(item, "dossier_code"),
        national_code=maybe(item, "national_code"),
        client_id=text(item, "client_id"),
        person=person_of(item),
        province_code=text(item, "province_code"),
        declaration=declaration_from(text(item, "declaration")),
        quote=quote_from(text(item, "quote")),
        procedure=pinned_from(text(item, "procedure")),
        state=State(text(item, "state")),
        version=number(item, "version"),
        status_sequence=number(item, "status_sequence"),
        audit_hash=text(item, "audit_hash"),
        created_at=created,
        payment_expires_at=expires,
        paid_at=instant(item, "paid_at"),
        due=_due_from(maybe(item, "due")),
        si_number=maybe(item, "si_number"),
        generation=number(item, "generation"),
        milestones=frozenset(str(name) for name in milestones) if isinstance(milestones, list) else frozenset(),
        supplements=supplements_from(maybe(item, "supplements")),
        apology=apology_from(maybe(item, "apology")),
        ended_at=instant(item, "ended_at"),
        clock_from=instant(item, "clock_from"),
        accepted=item.get("unaccepted") is not True,
        cover_due=item.get("cover_due") is True,
        step=step_from(maybe(item, "step")) or expected_from(maybe(item, "expected"))[1],
        payment_reversed_at=instant(item, "payment_reversed_at"),
        reopening=reopening_from(maybe(item, "reopening")),
        account=account_from(maybe(item, "account")),
    )
