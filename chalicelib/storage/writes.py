"""The writes that decisions share: a dossier's change with its audit lines, a person's record, a cover."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType

from ..domain.course.payment import Cases
from ..domain.covers.cover import Cover
from ..domain.events import Event
from ..domain.ledger.refund_case import RefundState
from ..domain.months import instant_text
from ..domain.people.participation import PersonRecord
from ..domain.registration.dossier import Change, Dossier
from . import keys
from .codec import Item
from .compact import COMPACT
from .items.audit import act_item, acts_of, end_of_trail
from .items.covers import cover_item
from .items.dossiers import declaration_document, dossier_correction, dossier_item, dossier_progress
from .items.people import person_item
from .items.refunds import refund_item
from .sealed import Seals
from .transaction import Transaction


def write_opened(transaction: Transaction, change: Change, seals: Seals) -> None:
    """A new dossier with its first audit line."""
    dossier = change.dossier
    transaction.put_new("dossier", keys.dossier(dossier.code), dossier_item(dossier, seals))
    _write_lines(transaction, change)


def write_change(
    transaction: Transaction,
    change: Change,
    *,
    corrected: Seals | None = None,
    more: Item = MappingProxyType({}),
) -> None:
    """A dossier over the version that the change started from, with every audit line of the change.

    The dossier's version and the lines' key are guards: of two writers of one version one is refused. With
    `corrected` the declaration is written as well, under these seals; otherwise it stays as it was opened. `more` are
    attributes that only one decision knows.
    """
    dossier = change.dossier
    generations = sum(line.event is Event.DEADLINES_RESET for line in change.lines)
    transaction.update(
        "dossier",
        keys.dossier(dossier.code),
        {**dossier_progress(dossier), **(dossier_correction(dossier, corrected) if corrected else {}), **more},
        attribute="version",
        expected=dossier.version - len(change.lines),
        counted={"generation": generations} if generations else {},
    )
    _write_lines(transaction, change)


def _write_lines(transaction: Transaction, change: Change) -> None:
    # The lines of one act share an item, which is billed as one.
    for lines in acts_of(change.lines) if COMPACT else [(line,) for line in change.lines]:
        last = lines[-1]
        key, item = keys.audit(last.dossier_code, last.version), act_item(lines)
        if last is change.lines[-1]:
            item |= end_of_trail(key, last)
        transaction.put_new("audit", key, item)


def write_person(transaction: Transaction, record: PersonRecord) -> None:
    """A person's record over the version before it; its first version must be new."""
    key, item = keys.person(record.person), person_item(record)
    if record.version == 1:
        transaction.put_new("person", key, item)
    else:
        transaction.put_over("person", key, item, attribute="version", expected=record.version - 1)


def write_cover(transaction: Transaction, cover: Cover, seals: Seals | None = None) -> None:
    """A cover over the version before it; its first version must be new.

    Without `seals` its personal id was read from the dossier, or from a cover of it, and is carried unopened.
    """
    key, item = keys.cover(cover.dossier_code, cover.number), cover_item(cover, seals)
    if cover.version == 1:
        transaction.put_new("cover", key, item)
    else:
        transaction.put_over("cover", key, item, attribute="version", expected=cover.version - 1)


def write_earlier_declaration(transaction: Transaction, before: Dossier) -> None:
    """Keep what a dossier declared up to now: a correction takes its place, and slips issued before still say it."""
    item: Item = {"declaration": declaration_document(before.declaration, before.code, None)}
    transaction.put_new("declaration", keys.earlier_declaration(before.code, before.version), item)


def write_cases(transaction: Transaction, code: str, cases: Cases, at: datetime) -> None:
    """New refund cases, and the end of those that are over: they leave the work list."""
    for each in cases.opened:
        transaction.put_new("refund", keys.refund(code, each.number), refund_item(each))
    for case, state in cases.closed:
        transaction.update(
            "refund",
            keys.refund(code, case.number),
            {"state": state, "closed_at": instant_text(at), "GSI2PK": None, "GSI2SK": None},
            attribute="state",
            expected=RefundState.OPEN,
        )
