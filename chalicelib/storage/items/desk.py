"""What lies on the desk beside a voucher or a quarantined message, as items."""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.ledger.voucher_desk import Action, Decision, Desk, Proposal
from ...domain.months import instant_text
from ..codec import Item, Value
from ..table import Stored
from .fields import instant, maybe, number, present, text


def desk_item(desk: Desk) -> dict[str, Value]:
    """The head of the trail, with the proposal that waits."""
    item: dict[str, Value] = {"version": desk.lines, "audit_hash": desk.last_hash}
    proposal = desk.proposal
    if proposal is not None:
        decision = proposal.decision
        item["proposal"] = present(
            {
                "action": decision.action,
                "dossier_code": decision.dossier_code,
                "reason": decision.reason,
                "by": proposal.by,
                "at": instant_text(proposal.at),
                "revision": proposal.revision,
            }
        )
    return item


def desk_from(item: Stored | None) -> Desk:
    if item is None:
        return Desk()
    stored = item.get("proposal")
    proposal = _proposal_from(stored) if isinstance(stored, Mapping) else None
    return Desk(lines=number(item, "version"), last_hash=text(item, "audit_hash"), proposal=proposal)


def _proposal_from(item: Item) -> Proposal:
    at = instant(item, "at")
    if at is None:
        raise TypeError("a proposal has no time")
    decision = Decision(Action(text(item, "action")), text(item, "reason"), maybe(item, "dossier_code"))
    return Proposal(decision=decision, by=text(item, "by"), at=at, revision=number(item, "revision"))
