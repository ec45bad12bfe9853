"""The steps of a cover's workflow: look and wait for the signer, draw and store, record the issue.

Each step may run twice: it looks at the table first, and a stored file is never drawn over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ...domain.covers.cover import Cover, CoverState, StoredFile, check, cover_number_of, issue
from ...domain.covers.reissue import reissue_cover, take_place
from ...domain.errors import NotFound, storage_busy
from ...domain.events import Act, By, Event
from ...domain.registration.dossier import Dossier, State, complete_with_cover, unchanged
from ...storage import keys
from ...storage.items.covers import cover_from
from ...storage.items.dossiers import dossier_from
from ...storage.items.people import person_from
from ...storage.transaction import Refused, Transaction
from ...storage.writes import write_change, write_cover, write_person
from ...wiring import Wiring

ROUNDS = 5
ACTOR = "cover-workflow"


ENDED = frozenset({CoverState.REVOKED, CoverState.REPLACED})


class CoverObsolete(Exception):
    """The cover is not wanted (any more), or another run has it. The machine knows this class by its name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """`obsolete`: another run, or nothing left to do. `checked`: no signer is to be awaited (any more)."""

    obsolete: bool
    checked: bool


def prepare_cover(cover_id: str, code: str, run: int, w: Wiring) -> Prepared:
    """Look whether this run has work to do; where the province issues without a signer, check the cover now."""
    for _ in range(ROUNDS):
        cover, dossier = _read(cover_id, code, w)
        if cover.run != run or cover.state not in {CoverState.DATA_CREATED, CoverState.CHECKED}:
            return Prepared(obsolete=True, checked=False)
        automatic = dossier.procedure.automatic_issue and dossier.state is State.IN_PROCESS
        if cover.state is CoverState.CHECKED or not automatic:
            return Prepared(obsolete=False, checked=cover.state is CoverState.CHECKED)
        now = w.clock.now()
        transaction = Transaction()
        write_cover(transaction, check(cover, expected_version=None, signer=ACTOR, at=now))
        write_change(
            transaction,
            unchanged(dossier).then(Event.COVER_CHECKED, Act(now, By.SYSTEM, ACTOR), subject=cover_id),
        )
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return Prepared(obsolete=False, checked=True)
    raise storage_busy()


def ask_signer(cover_id: str, code: str, run: int, task_token: str, w: Wiring) -> None:
    """Wait for the decision about a cover; where there is one, or none is needed, the workflow goes on at once.

    Raises `CoverObsolete` for a run that has nothing to do.
    """
    prepared = prepare_cover(cover_id, code, run, w)
    if prepared.obsolete:
        raise CoverObsolete
    if prepared.checked:
        w.executions.release(task_token, {"checked": True})
    else:
        _keep_token(cover_id, code, run, task_token, w)


def await_signer(cover_id: str, code: str, run: int, task_token: str, w: Wiring) -> None:
    """The same for an execution that an earlier deploy started: it was prepared. A former run's token is not kept."""
    cover, _ = _read(cover_id, code, w)
    if run == cover.run:
        _keep_token(cover_id, code, run, task_token, w)


def _keep_token(cover_id: str, code: str, run: int, task_token: str, w: Wiring) -> None:
    """Keep the token by which the signer's decision lets this run of the workflow go on.

    A decision that was made before the token lay here found no token: so look once more after.
    """
    w.table.put(keys.cover_token(code, cover_number_of(cover_id)), {"token": task_token, "run": run})
    release_cover(cover_id, code, w)


def release_cover(cover_id: str, code: str, w: Wiring) -> bool:
    """Let the workflow of a checked cover go on; False where nothing waits (yet, or any more). AP9."""
    cover, _ = _read(cover_id, code, w)
    stored = w.table.get(keys.cover_token(code, cover.number))
    if stored is None or cover.state is not CoverState.CHECKED or stored["run"] != cover.run:
        return False
    return w.executions.release(str(stored["token"]), {"checked": True})


def cover_of(cover_id: str, code: str, w: Wiring) -> Cover:
    """A cover as it stands. Raises `NotFound` (COVER_NOT_FOUND)."""
    return _read(cover_id, code, w)[0]


def checked_cover(cover_id: str, code: str, w: Wiring) -> Cover:
    """The cover to draw. Raises ValueError for one that nobody checked, `CoverObsolete` for one that was revoked."""
    cover, _ = _read(cover_id, code, w)
    if cover.state in ENDED:
        raise CoverObsolete
    if cover.state not in {CoverState.CHECKED, CoverState.ISSUED}:
        raise ValueError(f"cover is {cover.state}, not checked")
    return cover


def record_issue(cover_id: str, code: str, file: StoredFile, w: Wiring) -> Cover:
    """The file is stored: the cover is issued and its dossier done and returned, in one transaction. AP10.

    A successor takes the place of the cover before it; its dossier stays as it is.

    Raises:
        Unavailable: the table is busy.
        CoverObsolete: it was revoked meanwhile.
        Conflict: the cover or dossier is no longer in a state to be issued.
    """
    for _ in range(ROUNDS):
        cover, dossier = _read(cover_id, code, w)
        if cover.state is CoverState.ISSUED:
            return cover
        if cover.state in ENDED:
            raise CoverObsolete
        now = w.clock.now()
        act = _issuer(cover, now)
        issued = issue(cover, file, now)
        record = person_from(dossier.person, w.table.get(keys.person(dossier.person)))
        transaction = Transaction()
        if cover.replaces is None:
            write_change(transaction, complete_with_cover(dossier, cover_id, act))
            write_person(transaction, record.without_open(code))
        else:
            replaced, issued = take_place(_read(cover.replaces, code, w)[0], issued, now)
            write_cover(transaction, replaced)
            write_change(transaction, reissue_cover(dossier, replaced, cover_id, act))
            write_person(transaction, record.with_cover(cover_id))
        write_cover(transaction, issued)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return issued
    raise storage_busy()


def _issuer(cover: Cover, now: datetime) -> Act:
    """Who issues: the signer that checked the cover, or the system where the province wants no signer."""
    signer = cover.checked_by or ACTOR
    return Act(now, By.SYSTEM if signer == ACTOR else By.OFFICER, signer)


def go_on_unsigned(code: str, w: Wiring) -> None:
    """A supplement came: a cover that is issued without a signer, and was held up by it, gets a new run. AP1, AP72."""
    stored = w.table.get(keys.dossier(code))
    if stored is None or not dossier_from(stored).procedure.automatic_issue:
        return
    items = w.table.query(keys.dossier_partition(code), keys.COVER)
    covers = [cover_from(item) for item in items if keys.is_cover(str(item["SK"]))]
    waiting = [cover for cover in covers if cover.state is CoverState.DATA_CREATED]
    if not waiting:
        return
    try:
        again = next_run(waiting[-1], w)
    except Refused:
        # Another relay of the same line was quicker.
        return
    w.executions.start_cover(again)


def next_run(cover: Cover, w: Wiring) -> Cover:
    """Give a cover whose execution died a new run. Raises `Refused` if something else moved it meanwhile."""
    again = replace(cover, run=cover.run + 1, version=cover.version + 1)
    transaction = Transaction()
    write_cover(transaction, again)
    transaction.commit(w.table)
    return again


def _read(cover_id: str, code: str, w: Wiring) -> tuple[Cover, Dossier]:
    """AP4. Raises `NotFound` (COVER_NOT_FOUND)."""
    cover_key = keys.cover(code, cover_number_of(cover_id))
    read = w.table.get_many([cover_key, keys.dossier(code)])
    if len(read) != 2:
        raise NotFound("COVER_NOT_FOUND", "Không có tờ bìa mang mã này.")
    return cover_from(read[cover_key]), dossier_from(read[keys.dossier(code)])
