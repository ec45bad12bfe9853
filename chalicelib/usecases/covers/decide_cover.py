"""One decision of an officer about one cover: read what hangs on it, decide, write it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...domain.access import OFFICERS, Caller, require_province, require_role
from ...domain.covers.cover import Cover, cover_number_of, dossier_code_of
from ...domain.errors import NotFound, VersionConflict, storage_busy
from ...domain.events import Act, By
from ...domain.people.participation import PersonRecord
from ...domain.registration.dossier import Change, Dossier
from ...storage import keys
from ...storage.items.covers import cover_from, open_cover
from ...storage.items.dossiers import dossier_from, open_dossier
from ...storage.items.people import person_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_change, write_cover, write_earlier_declaration, write_person
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from ..conflicts import cover_changes

ROUNDS = 5

Present = Callable[[Cover], str]


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """Who asks for a decision about which cover. `if_match` is the version that the caller has seen."""

    cover_id: str
    caller: Caller
    if_match: int | None = None
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class CoverSituation:
    """A cover with its dossier, as stored at one moment; the rest is read where a decision needs it."""

    cover: Cover
    dossier: Dossier
    w: Wiring

    def opened(self) -> CoverSituation:
        """The same with the sealed fields of both opened. Raises `SealBroken`, `Unavailable`."""
        seals = self.w.fields
        return CoverSituation(open_cover(self.cover, seals), open_dossier(self.dossier, seals), self.w)

    def covers(self) -> list[Cover]:
        """Every cover of the dossier, this one included. AP72."""
        partition = keys.dossier_partition(self.dossier.code)
        items = self.w.table.query(partition, keys.COVER)
        return [cover_from(item) for item in items if keys.is_cover(str(item["SK"]))]

    def person(self) -> PersonRecord:
        """The record of the person. AP73."""
        return person_from(self.dossier.person, self.w.table.get(keys.person(self.dossier.person)))


@dataclass(frozen=True, slots=True)
class CoverDecision:
    """What is written: the cover that is answered with, others that change with it, and the dossier's lines."""

    cover: Cover
    change: Change
    others: Sequence[Cover] = ()
    person: PersonRecord | None = None
    corrected: bool = False
    """The declaration itself has changed."""
    status: int = 200


def decide_cover(
    request: CoverRequest, decision: Callable[[CoverSituation, Act], CoverDecision], *, present: Present, w: Wiring
) -> Answer:
    """Take a decision for an officer of the cover's province; the answer is kept with an idempotency key. AP4.

    Raises:
        Forbidden: not an officer, or of another province.
        NotFound: COVER_NOT_FOUND.
        VersionConflict: the cover changed since the officer looked; told what.
        Conflict: IDEMPOTENCY_KEY_REUSED, and whatever the decision is refused for.
    """
    require_role(request.caller, *OFFICERS)
    cover_key, dossier_key = cover_keys(request.cover_id)
    once = Once(request.idempotency, request.caller)
    for _ in range(ROUNDS):
        read = w.table.get_many([cover_key, dossier_key, *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        if cover_key not in read or dossier_key not in read:
            raise cover_not_found()
        found = CoverSituation(cover_from(read[cover_key]), dossier_from(read[dossier_key]), w)
        require_province(request.caller, found.cover.province_code)
        try:
            decided = decision(found, Act(w.clock.now(), By.OFFICER, request.caller.sub))
        except VersionConflict as conflict:
            conflict.facts["changes"] = _missed(found.cover, request, w)
            raise
        answer = Answer(decided.status, present(decided.cover), replayed=False, version=decided.cover.version)
        transaction = Transaction()
        once.keep(transaction, answer)
        _write(transaction, found, decided, w)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def cover_keys(cover_id: str) -> tuple[keys.Key, keys.Key]:
    """The keys of a cover and of its dossier. Raises `NotFound` (COVER_NOT_FOUND) for what is no cover id."""
    try:
        code, number = dossier_code_of(cover_id), cover_number_of(cover_id)
    except ValueError:
        raise cover_not_found() from None
    return keys.cover(code, number), keys.dossier(code)


def cover_not_found() -> NotFound:
    """The error for a cover that does not exist."""
    return NotFound("COVER_NOT_FOUND", "Không có tờ bìa mang mã này.")


def _missed(cover: Cover, request: CoverRequest, w: Wiring) -> Sequence[dict[str, str | int | None]]:
    changes = cover_changes(cover.cover_id, cover.dossier_code, cover.version - (request.if_match or 0), w)
    return [dict(change) for change in changes]


def _write(transaction: Transaction, found: CoverSituation, decided: CoverDecision, w: Wiring) -> None:
    write_cover(transaction, decided.cover, w.fields)
    for other in decided.others:
        write_cover(transaction, other, w.fields)
    write_change(transaction, decided.change, corrected=w.fields if decided.corrected else None)
    if decided.corrected:
        write_earlier_declaration(transaction, found.dossier)
    if decided.person is not None:
        write_person(transaction, decided.person)
