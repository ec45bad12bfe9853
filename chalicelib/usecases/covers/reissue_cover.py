"""A cover is issued again with corrected personal data: an officer corrects, a signer decides, the old one is replaced.

The corrections are held against the same rules and registers as the declaration. The number of the new cover is the
next of its dossier; the old one stays valid until the new one is issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...domain.covers.cover import Cover, refused, snapshot_of
from ...domain.covers.reissue import begin_reissue, correct_successor, is_open_successor
from ...domain.errors import Conflict
from ...domain.events import Act, Event
from ...domain.registration.declaration import Declaration
from ...domain.registration.dossier import Dossier, State, unchanged
from ...domain.registration.supplement import Corrections, correct
from ...wiring import Wiring
from ..answers import Answer
from .decide_cover import CoverDecision, CoverRequest, CoverSituation, Present, decide_cover

DONE = frozenset({State.COMPLETED, State.RESULT_RETURNED})
"""States of a dossier whose cover may be issued again: its own work is over."""


def reissue(
    request: CoverRequest,
    corrections: Corrections,
    *,
    reason: str,
    present: Present,
    w: Wiring,
) -> Answer:
    """Make the data of a successor, or correct those of one that nobody has checked; answers with the successor.

    Raises what `decide_cover`, `domain.covers.reissue` and `supplement.correct` raise, and `Conflict`
    (INVALID_TRANSITION) for a cover whose dossier is not done.
    """

    def decision(found: CoverSituation, act: Act) -> CoverDecision:
        if found.dossier.state not in DONE:
            raise Conflict(
                "INVALID_TRANSITION",
                f"Hồ sơ đang ở trạng thái {found.dossier.state}, chưa cấp lại tờ bìa được.",
                facts={"state": found.dossier.state, "version": found.dossier.version},
            )
        found = found.opened()
        declaration = _corrected(found.dossier, corrections, w)
        corrected = declaration != found.dossier.declaration
        snapshot = snapshot_of(declaration, si_number=found.cover.snapshot.si_number)
        dossier = replace(found.dossier, declaration=declaration)
        if is_open_successor(found.cover):
            successor = correct_successor(found.cover, snapshot, expected_version=request.if_match)
            change = unchanged(dossier).then(
                Event.COVER_REISSUE_REQUESTED, act, reason=reason, subject=successor.cover_id
            )
            return CoverDecision(successor, change, corrected=corrected, status=202)
        covers = found.covers()
        _require_wanted(found, covers)
        number = max(cover.number for cover in covers) + 1
        old, successor = begin_reissue(
            found.cover, snapshot, number=number, at=act.at, expected_version=request.if_match
        )
        change = unchanged(dossier).then(Event.COVER_REISSUE_REQUESTED, act, reason=reason, subject=successor.cover_id)
        return CoverDecision(successor, change, (old,), corrected=corrected, status=202)

    return decide_cover(request, decision, present=present, w=w)


def _require_wanted(found: CoverSituation, covers: Sequence[Cover]) -> None:
    """In the place of a revoked cover: the person has no other, and the payment behind it stands."""
    if found.cover.live:
        return
    if any(each.live or is_open_successor(each) for each in covers):
        raise refused(found.cover, "REISSUE_PENDING", "Hồ sơ đã có tờ bìa khác còn hiệu lực hoặc đang chờ cấp.")
    if found.dossier.payment_reversed_at is not None:
        raise refused(found.cover, "PAYMENT_REVERSED", "Khoản đóng của hồ sơ đã bị hủy, chưa cấp lại tờ bìa được.")


def _corrected(dossier: Dossier, corrections: Corrections, w: Wiring) -> Declaration:
    """The declaration with the corrections, by the rules of the day that it was made on. Raises `Rejected`."""
    read = w.table.get_many(w.registers.keys(dossier.person))
    evidence = w.registers.evidence(dossier.person, dossier.declaration.personal_id, read)
    return correct(
        dossier.declaration,
        sorted(corrections.given),
        corrections,
        unreadable=frozenset(),
        declared_at=dossier.created_at,
        law=w.law,
        evidence=evidence,
    )
