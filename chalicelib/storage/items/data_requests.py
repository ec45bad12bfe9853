"""Requests about one's own data as items."""

from __future__ import annotations

from datetime import datetime

from ...domain.months import VIETNAM, instant_text
from ...domain.people.data_register import DataRequest
from ...domain.people.data_request import AnswerDue, Outcome, RequestKind, RequestState
from .. import keys
from ..codec import Value
from ..table import Stored
from .fields import instant, maybe, number, present, text

SHARD = 0
"""A province has a handful of requests a day."""


def data_request_item(request: DataRequest, audit_hash: str) -> dict[str, Value]:
    """The head of its own trail, on the list of what waits until it is answered, then on that of what was."""
    waits, listed_by = request.next_by, request.next_by or request.answered_at or request.recorded_at
    listed = keys.answered_list if waits is None else keys.data_request_list
    return present(
        {
            "request_id": request.request_id,
            "person": request.person,
            "province_code": request.province_code,
            "kind": request.kind,
            "reference": request.reference,
            "dossiers": list(request.dossiers),
            "received_at": instant_text(request.received_at),
            "created_at": instant_text(request.recorded_at),
            "recorded_by": request.recorded_by,
            "first_by": instant_text(request.due.first),
            "final_by": instant_text(request.due.final),
            "extended_by": instant_text(request.due.extended),
            "state": request.state,
            "version": request.version,
            "acknowledged_at": _text(request.acknowledged_at),
            "extended_at": _text(request.extended_at),
            "extension_reason": request.extension_reason,
            "reported_at": _text(request.reported_at),
            "answered_at": _text(request.answered_at),
            "answered_by": request.answered_by,
            "outcome": request.outcome,
            "answer": request.answer,
            "corrected_by": request.corrected_by,
            "audit_hash": audit_hash,
            "GSI2PK": listed(request.province_code, SHARD),
            "GSI2SK": f"{instant_text(listed_by)}#{request.request_id}",
        }
    )


def data_request_from(item: Stored) -> DataRequest:
    dossiers, outcome = item["dossiers"], maybe(item, "outcome")
    if not isinstance(dossiers, list):
        raise TypeError("a request about one's own data is malformed")
    return DataRequest(
        request_id=text(item, "request_id"),
        person=text(item, "person"),
        province_code=text(item, "province_code"),
        kind=RequestKind(text(item, "kind")),
        reference=text(item, "reference"),
        dossiers=tuple(map(str, dossiers)),
        received_at=_moment(item, "received_at"),
        recorded_at=_moment(item, "created_at"),
        recorded_by=text(item, "recorded_by"),
        due=AnswerDue(_moment(item, "first_by"), _moment(item, "final_by"), _moment(item, "extended_by")),
        state=RequestState(text(item, "state")),
        version=number(item, "version"),
        acknowledged_at=_maybe(item, "acknowledged_at"),
        extended_at=_maybe(item, "extended_at"),
        extension_reason=maybe(item, "extension_reason"),
        reported_at=_maybe(item, "reported_at"),
        answered_at=_maybe(item, "answered_at"),
        answered_by=maybe(item, "answered_by"),
        outcome=None if outcome is None else Outcome(outcome),
        answer=maybe(item, "answer"),
        corrected_by=maybe(item, "corrected_by"),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _maybe(item: Stored, name: str) -> datetime | None:
    at = instant(item, name)
    return None if at is None else at.astimezone(VIETNAM)


def _moment(item: Stored, name: str) -> datetime:
    at = _maybe(item, name)
    if at is None:
        raise TypeError(f"a request about one's own data has no {name}")
    return at
