"""Supplements (yêu cầu bổ sung): which fields an officer may ask for, and what the citizen's answer may change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from ..configuration.law import Law
from ..errors import Fault, Rejected
from ..form import Form
from ..months import MonthSpan
from ..people.evidence import Evidence, History
from .declaration import Address, AddressDraft, Declaration, DeclarationDraft, assess

_ADDRESSES = ("permanent_address", "contact_address")
_ADDRESS_PARTS = ("house_street", "commune_code", "district_code", "province_code")

_SENT = {field.name for field in fields(DeclarationDraft)}
_FOUND = {field.name for field in fields(Declaration)} - _SENT
"""What the registers told of the person at opening; nobody declares it."""

ASKABLE = frozenset({field.name for field in fields(Declaration)} - _FOUND - {"consent_version"}) | {
    f"{address}.{part}" for address in _ADDRESSES for part in _ADDRESS_PARTS
}
"""What may be asked for: the declaration's fields by their wire names, an address as a whole or in parts."""

FIXED_BY_PAYMENT = frozenset(
    {
        "case_type",
        "personal_id",
        "si_number",
        "support_category",
        "income",
        "method",
        "months",
        "from_month",
        "permanent_address.province_code",
    }
)
"""May be asked for, to be confirmed; another value is another person or another amount: a new dossier."""


@dataclass(frozen=True, slots=True)
class Supplement:
    """One request (Mẫu 02) and its answer. The clock stands from `requested_at` to `supplied_at`."""

    reason: str
    fields: tuple[str, ...]
    requested_at: datetime
    expires_at: datetime
    at_intake: bool
    """It was asked before the dossier was accepted: a time-out is then a refusal at intake."""
    supplied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Corrections:
    """What the citizen sent: the fields named in `given` (addresses by their parts) with the values of `draft`."""

    draft: DeclarationDraft
    given: frozenset[str]


def field_faults(asked: Iterable[str]) -> list[Fault]:
    """FIELD_UNKNOWN for each name that is no field of the declaration."""
    message = "Không có trường này trong tờ khai."
    return [
        Fault(f"fields[{number}]", "FIELD_UNKNOWN", message) for number, name in enumerate(asked) if name not in ASKABLE
    ]


def correct(
    declaration: Declaration,
    asked: Iterable[str],
    corrections: Corrections,
    *,
    unreadable: frozenset[str],
    declared_at: datetime,
    law: Law,
    evidence: Evidence | None,
) -> Declaration:
    """The declaration with its corrections, held against the rules of the day it was made on.

    Its months and amount are paid for and stay; of what the registers say today, only what touches a field that was
    asked for counts. Other fields may be sent again unchanged.

    Raises:
        Rejected: every fault: REQUIRED for a field that was asked for and not sent, FIELD_NOT_ASKED, FIXED_BY_PAYMENT,
            and those of `assess`.
    """
    wanted = tuple(asked)
    form = Form(unreadable)
    for name in wanted:
        if not any(_within(sent, name) for sent in corrections.given):
            form.required(name, None)
    draft = _overlaid(draft_of(declaration), corrections)
    first = declaration.from_month
    # The months before count as paid: who continued within the due time still does.
    history = History(covered=(MonthSpan(first.plus(-1), first.plus(-1)),))
    told = assess(draft, unreadable=unreadable, now=declared_at, law=law, evidence=evidence, history=history)
    found = assess(draft, unreadable=unreadable, now=declared_at, law=law, evidence=None, history=history)
    faults = [fault for fault in told.faults if any(_within(fault.field, name) for name in wanted)]
    faults += [fault for fault in found.faults if fault not in faults]
    if found.declaration is None:
        raise Rejected([*form.faults, *faults])
    corrected = replace(found.declaration, **{name: getattr(declaration, name) for name in _FOUND})
    for name in sorted(_changed(declaration, corrected)):
        if name in FIXED_BY_PAYMENT:
            message = "Giá trị này đã dùng để tính tiền hoặc xác định người tham gia, không đổi được sau khi nộp tiền."
            faults.append(Fault(name, "FIXED_BY_PAYMENT", message))
        elif not any(_within(name, each) for each in wanted):
            faults.append(Fault(name, "FIELD_NOT_ASKED", "Trường này không được yêu cầu bổ sung."))
    if form.faults or faults:
        raise Rejected([*form.faults, *faults])
    return corrected


def draft_of(declaration: Declaration) -> DeclarationDraft:
    """A declaration as it would be sent again."""

    def place(address: Address | None) -> AddressDraft | None:
        return None if address is None else AddressDraft(**{part: getattr(address, part) for part in _ADDRESS_PARTS})

    same = {
        name: getattr(declaration, name)
        for name in sorted(ASKABLE | {"consent_version"})
        if "." not in name and name not in _ADDRESSES
    }
    return DeclarationDraft(
        **{
            **same,
            "birth_date": str(declaration.birth_date),
            "from_month": str(declaration.from_month),
            "permanent_address": place(declaration.permanent_address),
            "contact_address": place(declaration.contact_address),
        }
    )


def _overlaid(draft: DeclarationDraft, corrections: Corrections) -> DeclarationDraft:
    changes: dict[str, object] = {}
    for name in corrections.given:
        top, _, part = name.partition(".")
        if not part:
            changes[top] = getattr(corrections.draft, top)
            continue
        present = changes.get(top) or getattr(draft, top) or AddressDraft()
        changes[top] = replace(present, **{part: getattr(getattr(corrections.draft, top), part)})  # type: ignore[type-var]
    return replace(draft, **changes)  # type: ignore[arg-type]


def _within(name: str, whole: str) -> bool:
    """Whether a field is, or is part of, another; an address that is asked for in part may be sent as a whole."""
    return name == whole or name.startswith(f"{whole}.") or whole.startswith(f"{name}.")


def _changed(before: Declaration, after: Declaration) -> set[str]:
    """The fields that differ, addresses by their parts."""
    changed = set()
    for name in ASKABLE:
        top, _, part = name.partition(".")
        one, other = getattr(before, top), getattr(after, top)
        if part:
            one, other = getattr(one, part, None), getattr(other, part, None)
        elif top in _ADDRESSES:
            continue
        if one != other:
            changed.add(name)
    return changed
