"""Which officer works on a dossier: assigned, given to another, given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...domain.access import OFFICERS, Caller, require_province, require_role
from ...domain.errors import Conflict, NotFound, storage_busy
from ...domain.events import Act, By, Event
from ...domain.registration.dossier import Dossier, unchanged
from ...storage import keys
from ...storage.items.dossiers import dossier_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_change
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from ..conflicts import require_seen

ROUNDS = 5
OK = 200


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who shall have a dossier (`sub` of the officer's token; None for nobody), and why."""

    assignee: str | None
    reason: str | None = None


def assign(
    code: str,
    assignment: Assignment,
    *,
    if_match: int | None,
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[Dossier, str | None], str],
    w: Wiring,
) -> Answer:
    """Assign an open dossier, as an officer of its province. AP22.

    Raises:
        Forbidden: no officer, or of another province.
        NotFound: DOSSIER_NOT_FOUND.
        VersionConflict: the dossier changed since the officer looked; told what.
        Conflict: INVALID_TRANSITION, the dossier has ended; IDEMPOTENCY_KEY_REUSED.
    """
    require_role(caller, *OFFICERS)
    once = Once(idempotency, caller)
    dossier_key = keys.dossier(code)
    for _ in range(ROUNDS):
        read = w.table.get_many([dossier_key, *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        if dossier_key not in read:
            raise NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
        dossier = dossier_from(read[dossier_key])
        require_province(caller, dossier.province_code)
        require_seen(dossier, if_match, w)
        _require_open(dossier)
        change = unchanged(dossier).then(
            Event.DOSSIER_ASSIGNED,
            Act(w.clock.now(), By.OFFICER, caller.sub),
            reason=assignment.reason,
            subject=assignment.assignee,
        )
        answer = Answer(OK, present(change.dossier, assignment.assignee), False, change.dossier.version)
        transaction = Transaction()
        once.keep(transaction, answer)
        write_change(transaction, change, more={"assignee": assignment.assignee})
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def _require_open(dossier: Dossier) -> None:
    if dossier.state.ended:
        raise Conflict(
            "INVALID_TRANSITION",
            f"Hồ sơ đã kết thúc ({dossier.state}), không phân công được nữa.",
            facts={"state": dossier.state, "version": dossier.version},
        )
