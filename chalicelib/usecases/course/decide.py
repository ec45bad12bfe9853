"""One decision about one dossier, from whoever asks: read what hangs on it, decide, write it in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ...domain.access import OFFICERS, Caller, Role, require_role, require_view
from ...domain.course.lifecycle import Decision, Situation, replanned
from ...domain.errors import storage_busy
from ...domain.events import Act, By
from ...domain.registration.dossier import Dossier
from ...storage import keys
from ...storage.items.people import person_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_cases, write_change, write_cover, write_earlier_declaration, write_person
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from ..conflicts import require_seen
from ..registration.view_dossier import read_dossier

ROUNDS = 5
OK = 200

Present = Callable[[Dossier, datetime], str]


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for a decision about which dossier. `if_match` is the version that the caller has seen."""

    code: str
    caller: Caller
    if_match: int | None = None
    idempotency: Idempotency | None = None


def decide(
    request: Request,
    by: By,
    decision: Callable[[Situation, Act], Decision],
    *,
    present: Present,
    w: Wiring,
) -> Answer:
    """Take a decision for a portal client or an officer of the province; the answer is kept with an idempotency key.

    Raises:
        Forbidden: not a portal client (or officer), another client's dossier, another province's.
        NotFound: DOSSIER_NOT_FOUND.
        VersionConflict: the dossier changed since the caller looked; told what.
        Conflict: IDEMPOTENCY_KEY_REUSED, and whatever the decision is refused for.
    """
    require_role(request.caller, *((Role.PORTAL,) if by is By.PORTAL else OFFICERS))
    once = Once(request.idempotency, request.caller)
    for _ in range(ROUNDS):
        before = once.answered_in(w.table)
        if before is not None:
            return before
        found = situation(request.code, w)
        dossier = found.dossier
        require_view(request.caller, client_id=dossier.client_id, province=dossier.province_code)
        require_seen(dossier, request.if_match, w)
        act = Act(w.clock.now(), by, request.caller.sub)
        decided = decision(found, act)
        transaction = Transaction()
        after = write_decision(transaction, found, decided, act, w)
        answer = Answer(OK, present(after, act.at), replayed=False, version=after.version)
        once.keep(transaction, answer)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def situation(code: str, w: Wiring) -> Situation:
    """A dossier with what hangs on it. Raises `NotFound` (DOSSIER_NOT_FOUND)."""
    view = read_dossier(code, w)
    return Situation(view.dossier, view.cover, view.participation)


def write_decision(transaction: Transaction, found: Situation, decided: Decision, act: Act, w: Wiring) -> Dossier:
    """Collect the writes of a decision; gives the dossier as it will be. At an end AP10.

    Where it brings a deadline forward, the dossier's execution gets a successor.
    """
    before = found.dossier
    rules = w.law.deadline_rules.on(before.created_at.date()).value
    change = replanned(decided.change, before, rules=rules, calendar=w.law.calendar, act=act)
    write_change(transaction, change, corrected=w.fields if decided.corrected else None)
    if decided.corrected:
        write_earlier_declaration(transaction, before)
    if decided.cover is not None:
        # What is not corrected is carried as it stands: not every function that decides has a right to the keys.
        write_cover(transaction, decided.cover, w.fields if decided.corrected else None)
    write_cases(transaction, before.code, decided.cases, act.at)
    if decided.person is not None:
        write_person(transaction, decided.person)
    elif change.dossier.state.ended and not before.state.ended:
        record = person_from(before.person, w.table.get(keys.person(before.person)))
        revoked = None if decided.cover is None else decided.cover.cover_id
        write_person(transaction, record.ended(before.code, revoked_cover=revoked))
    return change.dossier
