"""Entries of the view log as items."""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.months import instant_text
from ...domain.people.views import Seen, View
from ..codec import Value
from .fields import instant, maybe, number, present, text


def view_item(view: View) -> dict[str, Value]:
    return present(
        {
            "dossier_code": view.dossier_code,
            "number": view.number,
            "at": instant_text(view.at),
            "actor": view.actor,
            "role": view.role,
            "agencies": " ".join(view.agencies),
            "what": view.what,
            "reason": view.reason,
            "refusal": view.refusal,
            "previous_hash": view.previous_hash,
            "hash": view.hash,
            "emergency": view.emergency or None,
        }
    )


def view_from(item: Mapping[str, Value]) -> View:
    at = instant(item, "at")
    if at is None:
        raise TypeError("an entry of the view log has no time")
    return View(
        dossier_code=text(item, "dossier_code"),
        number=number(item, "number"),
        at=at,
        actor=text(item, "actor"),
        role=text(item, "role"),
        agencies=tuple(text(item, "agencies").split()),
        what=Seen(text(item, "what")),
        reason=text(item, "reason"),
        refusal=maybe(item, "refusal"),
        previous_hash=text(item, "previous_hash"),
        hash=text(item, "hash"),
        emergency=bool(item.get("emergency")),
    )
