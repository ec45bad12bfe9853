"""An issued cover is revoked by two persons, one of them a signer; the scan of its code says so from that moment."""

from __future__ import annotations

from ...domain.covers.cover import (
    UNISSUED,
    Cover,
    approve_revocation,
    request_revocation,
    revoke_checked,
    withdraw_revocation,
)
from ...domain.events import Act, Event
from ...domain.registration.dossier import unchanged
from ...wiring import Wiring
from ..answers import Answer
from .decide_cover import CoverDecision, CoverRequest, CoverSituation, Present, decide_cover

NOT_NEEDED = "Tờ bìa cũ đã bị thu hồi."


def ask_to_revoke(request: CoverRequest, *, reason: str, present: Present, w: Wiring) -> Answer:
    """The first of the two persons. Raises what `decide_cover` and `domain.covers.cover.request_revocation` raise."""

    def decision(found: CoverSituation, act: Act) -> CoverDecision:
        cover = request_revocation(
            found.cover,
            by=act.actor,
            reason=reason,
            at=act.at,
            role=request.caller.role,
            expected_version=request.if_match,
        )
        event = Event.COVER_REVOCATION_REQUESTED
        return CoverDecision(
            cover, unchanged(found.dossier).then(event, act, reason=reason, subject=cover.cover_id), status=202
        )

    return decide_cover(request, decision, present=present, w=w)


def revoke(request: CoverRequest, *, present: Present, w: Wiring) -> Answer:
    """The second person: the cover is revoked, with a successor on its way.

    Raises what `decide_cover` and `domain.covers.cover.approve_revocation` raise.
    """

    def decision(found: CoverSituation, act: Act) -> CoverDecision:
        caller = request.caller
        cover = approve_revocation(
            found.cover, by=act.actor, role=caller.role, at=act.at, expected_version=request.if_match
        )
        reason = None if cover.revocation is None else cover.revocation.reason
        change = unchanged(found.dossier).then(Event.COVER_REVOKED, act, reason=reason, subject=cover.cover_id)
        others = _without_ground(found, cover, act)
        for other in others:
            change = change.then(Event.COVER_REVOKED, act, reason=NOT_NEEDED, subject=other.cover_id)
        person = found.person()
        held = person.cover_id == cover.cover_id
        return CoverDecision(cover, change, others, person.with_cover(None) if held else None)

    return decide_cover(request, decision, present=present, w=w)


def withdraw_request(request: CoverRequest, *, reason: str, present: Present, w: Wiring) -> Answer:
    """The request was a mistake, or what it stood on is gone: the cover stays.

    Raises what `decide_cover` and `domain.covers.cover.withdraw_revocation` raise.
    """

    def decision(found: CoverSituation, act: Act) -> CoverDecision:
        cover = withdraw_revocation(found.cover, role=request.caller.role, expected_version=request.if_match)
        event = Event.COVER_REVOCATION_WITHDRAWN
        return CoverDecision(cover, unchanged(found.dossier).then(event, act, reason=reason, subject=cover.cover_id))

    return decide_cover(request, decision, present=present, w=w)


def _without_ground(found: CoverSituation, cover: Cover, act: Act) -> list[Cover]:
    """The successors of a revoked cover that nobody has issued: they have nothing to replace."""
    if found.cover.replaced_by is None:
        return []
    return [
        revoke_checked(each, by=act.actor, reason=NOT_NEEDED, at=act.at)
        for each in found.covers()
        if each.replaces == cover.cover_id and each.state in UNISSUED
    ]
