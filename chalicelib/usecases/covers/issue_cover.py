"""An officer issues a cover: the decision is committed here, the file is drawn by the cover's workflow."""

from __future__ import annotations

from collections.abc import Callable

from ...domain.access import Caller, Role, require_province, require_role
from ...domain.covers.cover import Cover, check, propose
from ...domain.errors import Conflict, VersionConflict, storage_busy
from ...domain.events import Act, By, Event
from ...domain.registration.dossier import Dossier, State, unchanged
from ...storage.items.covers import cover_from
from ...storage.items.dossiers import dossier_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_change, write_cover
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from ..conflicts import cover_changes
from .decide_cover import cover_keys, cover_not_found
from .reissue_cover import DONE

ROUNDS = 5
ACCEPTED = 202


def issue_cover(
    cover_id: str,
    *,
    if_match: int | None,
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[Cover], str],
    w: Wiring,
) -> Answer:
    """Check a cover for issue, as a signer of its province. AP4.

    The audit line of this decision lets the waiting workflow go on; 202 because the file follows. Without `if_match`
    whatever version waits is issued.

    Raises:
        Forbidden: not a signer, or of another province; SECOND_PERSON_REQUIRED where two must sign.
        NotFound: COVER_NOT_FOUND.
        VersionConflict: the cover changed since the officer looked; told what.
        Conflict: INVALID_TRANSITION; IDEMPOTENCY_KEY_REUSED.
    """
    require_role(caller, Role.SIGNER)
    cover_key, dossier_key = cover_keys(cover_id)
    once = Once(idempotency, caller)
    for _ in range(ROUNDS):
        read = w.table.get_many([cover_key, dossier_key, *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        if cover_key not in read or dossier_key not in read:
            raise cover_not_found()
        cover, dossier = cover_from(read[cover_key]), dossier_from(read[dossier_key])
        require_province(caller, cover.province_code)
        now = w.clock.now()
        try:
            decided, event = _decided(cover, dossier, if_match, Act(now, By.OFFICER, caller.sub))
        except VersionConflict as conflict:
            passed = cover.version - (if_match or 0)
            conflict.facts["changes"] = cover_changes(cover.cover_id, cover.dossier_code, passed, w)
            raise
        _require_due(cover, dossier)
        change = unchanged(dossier).then(event, Act(now, By.OFFICER, caller.sub), subject=decided.cover_id)
        answer = Answer(ACCEPTED, present(decided), replayed=False, version=decided.version)
        transaction = Transaction()
        once.keep(transaction, answer)
        write_cover(transaction, decided)
        write_change(transaction, change)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def _decided(cover: Cover, dossier: Dossier, if_match: int | None, act: Act) -> tuple[Cover, Event]:
    """The cover after this decision: checked, or waiting for the second of two signers where the province wants two."""
    if dossier.procedure.signed_by_two and cover.proposed_by is None:
        return propose(cover, expected_version=if_match, signer=act.actor), Event.COVER_PROPOSED
    return check(cover, expected_version=if_match, signer=act.actor, at=act.at), Event.COVER_CHECKED


def _require_due(cover: Cover, dossier: Dossier) -> None:
    """Its dossier is in process, or done where this cover is to replace the one that it ended with."""
    if dossier.state not in ({State.IN_PROCESS} if cover.replaces is None else DONE):
        raise Conflict(
            "INVALID_TRANSITION",
            f"Hồ sơ đang ở trạng thái {dossier.state}, chưa cấp tờ bìa được.",
            facts={"state": dossier.state, "version": dossier.version},
        )
