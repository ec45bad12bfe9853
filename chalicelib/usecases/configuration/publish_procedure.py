"""A province changes its procedure without a deploy: drafted, looked at beforehand, published by a second person.

Running dossiers keep the version that they were opened with; a new one takes effect on a later day than today.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.configuration.procedure import Procedure
from ...domain.configuration.province_procedure import (
    ProcedureContent,
    ProcedureVersion,
    Scheduled,
    faults_of,
    in_force,
    publish,
    scheduled,
)
from ...domain.errors import Conflict, NotFound, PreconditionRequired, Rejected, VersionConflict, storage_busy
from ...domain.events import GENESIS, Act, By, Event, trail_line
from ...domain.months import at_vietnam
from ...storage import keys
from ...storage.codec import Value
from ...storage.items.fields import number, text
from ...storage.items.procedures import schedule_document, schedule_from, version_from, version_item
from ...storage.table import Stored
from ...storage.trails import write_with_trail
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once
from .preview_procedure import Impact, impact_of

ROUNDS = 5
CREATED = 201


@dataclass(frozen=True, slots=True)
class Drafted:
    """`version` is None for a dry run: nothing was stored."""

    version: ProcedureVersion | None
    impact: Impact


@dataclass(frozen=True, slots=True)
class ProcedureView:
    """A province's procedures as they stand today."""

    province: str
    latest: int
    """The highest version given out, drafts counted; 0: none yet."""
    procedure: Procedure
    """What a dossier opened today starts with."""
    in_force: int | None
    """The version of it; None: the national default."""
    upcoming: tuple[ProcedureVersion, ...]
    """What is published and takes effect later, in that order."""
    draft: ProcedureVersion | None
    versions: tuple[ProcedureVersion, ...]
    """Every version there ever was, newest first; what was drafted and never published too."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What the head of a province's procedures says."""

    province: str
    stored: Stored | None
    latest: int
    draft: tuple[int, date] | None
    schedule: tuple[Scheduled, ...]

    @classmethod
    def of(cls, province: str, stored: Stored | None) -> _Head:
        if stored is None:
            return cls(province, None, 0, None, ())
        draft = None
        if stored.get("draft") is not None:
            draft = number(stored, "draft"), date.fromisoformat(text(stored, "draft_effective_from"))
        return cls(province, stored, number(stored, "latest"), draft, schedule_from(text(stored, "schedule")))


def draft_procedure(
    province: str,
    content: ProcedureContent,
    *,
    reason: str,
    if_match: int | None,
    dry_run: bool,
    caller: Caller,
    w: Wiring,
) -> Drafted:
    """Keep a province's next procedure as its draft, or only tell what it would mean. AP17.

    There is one draft at a time: a new one takes the place of the one before, under the next version.

    Raises:
        Forbidden: not a publisher, or of another province.
        NotFound: PROVINCE_NOT_FOUND.
        PreconditionRequired: IF_MATCH_REQUIRED where a draft exists. VersionConflict: `if_match` is not the latest.
        Rejected: every fault of the content, its first day included.
    """
    _require_publisher(province, caller, w)
    _require_sound(content, province, w)
    for _ in range(ROUNDS):
        head = _Head.of(province, w.table.get(keys.procedures(province)))
        if not dry_run:
            _require_latest(head, if_match)
        impact = impact_of(content, head.schedule, head.latest + 1, province, w)
        if dry_run:
            return Drafted(None, impact)
        version = ProcedureVersion(head.latest + 1, content, reason, caller.sub, w.clock.now())
        try:
            _written(Transaction(), head, version, Event.PROCEDURE_DRAFTED, caller, w).commit(w.table)
        except Refused:
            continue
        return Drafted(version, impact)
    raise storage_busy()


def restore_procedure(
    province: str,
    version: int,
    *,
    effective_from: date,
    reason: str,
    if_match: int | None,
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[Drafted], str],
    w: Wiring,
) -> Answer:
    """Draft an earlier published version's content anew, to be published like any other. AP19.

    Raises as `draft_procedure`, and:
        NotFound: PROCEDURE_VERSION_NOT_FOUND, no such version was ever published.
        Conflict: IDEMPOTENCY_KEY_REUSED.
    """
    _require_publisher(province, caller, w)
    once = Once(idempotency, caller)
    for _ in range(ROUNDS):
        read = w.table.get_many([keys.procedures(province), *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        head = _Head.of(province, read.get(keys.procedures(province)))
        earlier = {each.version: each for each in _versions(province, w) if each.published_at is not None}
        if version not in earlier:
            raise NotFound("PROCEDURE_VERSION_NOT_FOUND", "Không có phiên bản đã công bố mang số này.")
        content = replace(earlier[version].content, effective_from=effective_from)
        _require_sound(content, province, w)
        _require_latest(head, if_match)
        impact = impact_of(content, head.schedule, head.latest + 1, province, w)
        made = ProcedureVersion(head.latest + 1, content, reason, caller.sub, w.clock.now(), restores=version)
        answer = Answer(CREATED, present(Drafted(made, impact)), replayed=False, version=made.version)
        transaction = Transaction()
        once.keep(transaction, answer)
        try:
            _written(transaction, head, made, Event.PROCEDURE_DRAFTED, caller, w).commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def publish_procedure(
    province: str,
    version: int,
    *,
    if_match: int | None,
    idempotency: Idempotency | None,
    caller: Caller,
    present: Callable[[ProcedureVersion], str],
    w: Wiring,
) -> Answer:
    """Publish the draft, as a second person. AP19.

    The number names the content: a draft that was replaced since it was looked at can't be published by mistake.
    What the draft means is judged again: its day may have come, the national maximum may be another.

    Raises:
        Forbidden: not a publisher, of another province, or SECOND_PERSON_REQUIRED.
        NotFound: PROVINCE_NOT_FOUND; PROCEDURE_DRAFT_NOT_FOUND.
        Conflict: INVALID_TRANSITION, published already or replaced; IDEMPOTENCY_KEY_REUSED.
        VersionConflict: `if_match` names another version.
        Rejected: the content does not hold any more.
    """
    _require_publisher(province, caller, w)
    once = Once(idempotency, caller)
    for _ in range(ROUNDS):
        read = w.table.get_many([keys.procedures(province), *once.keys])
        before = once.answered(read)
        if before is not None:
            return before
        head = _Head.of(province, read.get(keys.procedures(province)))
        if if_match is not None and if_match != version:
            raise _version_conflict(head)
        now = w.clock.now()
        published = publish(_draft(head, version, w), by=caller.sub, at=now)
        _require_sound(published.content, province, w)
        answer = Answer(200, present(published), replayed=False, version=version)
        transaction = Transaction()
        once.keep(transaction, answer)
        try:
            _written(transaction, head, published, Event.PROCEDURE_PUBLISHED, caller, w).commit(w.table)
        except Refused:
            continue
        return answer
    raise storage_busy()


def view_procedure(province: str, caller: Caller, w: Wiring) -> ProcedureView:
    """What holds in a province, what will, and every version there was (AP20). For its officers and operators.

    Raises:
        Forbidden: not an officer of the province. NotFound: PROVINCE_NOT_FOUND.
    """
    require_role(caller, *OFFICERS, Role.OPS)
    _require_known(province, caller, w)
    stored, items = None, []
    for item in w.table.query(keys.province_partition(province), "PROCEDURE"):
        if item["SK"] == keys.PROCEDURES:
            stored = item
        else:
            items.append(item)
    head, today, law = _Head.of(province, stored), w.clock.now().date(), w.law
    versions = sorted(map(version_from, items), key=lambda each: each.version, reverse=True)
    now = in_force(head.schedule, province, today, law.provinces)
    planned = {each.version: each.order for each in head.schedule if each.content.effective_from > today}
    return ProcedureView(
        province=province,
        latest=head.latest,
        procedure=w.procedures.in_force(stored, province, today, law),
        in_force=None if now is None else now.version,
        upcoming=tuple(
            sorted((each for each in versions if each.version in planned), key=lambda each: planned[each.version])
        ),
        draft=next((each for each in versions if head.draft is not None and each.version == head.draft[0]), None),
        versions=tuple(versions),
    )


def _require_publisher(province: str, caller: Caller, w: Wiring) -> None:
    require_role(caller, Role.PUBLISHER)
    _require_known(province, caller, w)


def _require_known(province: str, caller: Caller, w: Wiring) -> None:
    if province not in w.law.provinces.codes():
        raise NotFound("PROVINCE_NOT_FOUND", "Không có tỉnh, thành phố mang mã này.")
    require_province(caller, province)


def _require_sound(content: ProcedureContent, province: str, w: Wiring) -> None:
    law = w.law
    maximum = law.procedure_maximum.on(content.effective_from).value
    faults = faults_of(content, province, today=w.clock.now().date(), maximum=maximum, provinces=law.provinces)
    if faults:
        raise Rejected(faults)


def _require_latest(head: _Head, if_match: int | None) -> None:
    if if_match is None:
        if head.draft is not None:
            message = "Đã có bản dự thảo; yêu cầu này phải có tiêu đề If-Match mang phiên bản của nó."
            raise PreconditionRequired("IF_MATCH_REQUIRED", message, facts={"version": head.latest})
    elif if_match != head.latest:
        raise _version_conflict(head)


def _version_conflict(head: _Head) -> VersionConflict:
    message = "Quy trình đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện."
    return VersionConflict("VERSION_CONFLICT", message, facts={"version": head.latest})


def _draft(head: _Head, version: int, w: Wiring) -> ProcedureVersion:
    if head.draft is None or head.draft[0] != version:
        if 1 <= version <= head.latest:
            raise Conflict(
                "INVALID_TRANSITION",
                "Phiên bản này đã được công bố hoặc đã được thay bằng bản dự thảo khác.",
                facts={"version": head.latest},
            )
        raise NotFound("PROCEDURE_DRAFT_NOT_FOUND", "Không có bản dự thảo mang số này.")
    stored = w.table.get(keys.procedure(head.province, head.draft[1], version))
    if stored is None:
        raise TypeError("the head of the procedures names a draft that is not there")
    return version_from(stored)


def _versions(province: str, w: Wiring) -> list[ProcedureVersion]:
    return [version_from(item) for item in w.table.query(keys.province_partition(province), keys.PROCEDURE)]


def _written(
    transaction: Transaction, head: _Head, version: ProcedureVersion, event: Event, caller: Caller, w: Wiring
) -> Transaction:
    """The version, the next line of the province's trail, and the head that both make."""
    published = version.published_at is not None
    stored = head.stored
    count = 0 if stored is None else number(stored, "version")
    line = trail_line(
        f"procedure-{head.province}",
        count + 1,
        event,
        Act(at_vietnam(w.clock.now()), By.OFFICER, caller.sub),
        state=version.state,
        previous_hash=GENESIS if stored is None else text(stored, "audit_hash"),
        province_code=head.province,
        reason=version.reason,
        subject=f"{head.province}#{version.version}",
    )
    key = keys.procedure(head.province, version.content.effective_from, version.version)
    schedule = head.schedule
    item: dict[str, Value] = {"version": line.version, "audit_hash": line.hash}
    if published:
        schedule = scheduled(schedule, Scheduled(version.version, version.content), line.at.date())
        item |= {"latest": head.latest}
        transaction.put_over("version", key, version_item(version), attribute="state", expected="DRAFT")
    else:
        effective_from = version.content.effective_from.isoformat()
        item |= {"latest": version.version, "draft": version.version, "draft_effective_from": effective_from}
        transaction.put_new("version", key, version_item(version))
    item |= {"schedule": schedule_document(schedule)}
    head_key, audit_key = keys.procedures(head.province), keys.procedures_audit(head.province, line.version)
    write_with_trail(transaction, "head", head_key, item, line, audit_key, before=stored)
    return transaction
