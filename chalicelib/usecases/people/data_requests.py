"""The register of requests about one's own data: recorded, followed and answered by officers of the province.

Each step is one transaction of the request and a line of its own hash-chained trail. Personal ids come in bodies
alone and are kept as keyed hashes; what is shown of a request names nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ...domain.access import OFFICERS, Caller, Role, require_province, require_role
from ...domain.errors import Fact, Fault, NotFound, Rejected, VersionConflict, storage_busy
from ...domain.events import GENESIS, Act, AuditLine, By, Event, trail_line
from ...domain.months import at_vietnam
from ...domain.people.data_register import DataRequest, correction_of
from ...domain.people.data_register import acknowledge as acknowledged
from ...domain.people.data_register import answer as answered
from ...domain.people.data_register import extend as extended
from ...domain.people.data_register import report as reported
from ...domain.people.data_request import Outcome, RequestKind, RequestState, answer_due
from ...domain.people.views import Look, Seen
from ...law.duties import duties
from ...storage import keys
from ...storage.items.audit import audit_from, trail_of
from ...storage.items.data_requests import SHARD, data_request_from, data_request_item
from ...storage.items.fields import text
from ...storage.table import Stored
from ...storage.trails import write_with_trail
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once, Page
from ..course.work_lists import provinces_of
from ..paging import merged, page_of, position_of
from .log_view import log_view
from .report_person import MOST, Held, held_about

ROUNDS = 5
CREATED, OK = 201, 200

Present = Callable[[DataRequest, datetime], str]
Step = Callable[[DataRequest, datetime], DataRequest]


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What an officer records. `personal_id` leaves this process as a keyed hash alone."""

    personal_id: str
    province_code: str
    kind: RequestKind
    reference: str
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who takes a step with which request. `if_match` is the version that the caller has seen."""

    request_id: str
    caller: Caller
    if_match: int | None
    idempotency: Idempotency | None


def record_request(
    new: NewRequest, caller: Caller, *, idempotency: Idempotency | None, present: Present, w: Wiring
) -> Answer:
    """Enter a request, with its limits by the law of the day on which it came. AP160.

    The dossiers that the person has in the province stand in it; the look is in the view log of each.

    Raises:
        Forbidden: no officer of the province.
        NotConfigured: a day of asking before the duty began, or a year without a calendar.
        Rejected: RECEIVED_IN_FUTURE. Conflict: IDEMPOTENCY_KEY_REUSED.
        Unavailable: a look could not be written down.
    """
    require_role(caller, *OFFICERS)
    require_province(caller, new.province_code)
    once = Once(idempotency, caller)
    before = once.answered_in(w.table)
    if before is not None:
        return before
    now = at_vietnam(w.clock.now())
    received = now if new.received_at is None else at_vietnam(new.received_at)
    if received > now:
        raise Rejected([Fault("received_at", "RECEIVED_IN_FUTURE", "Thời điểm nhận chưa đến.")])
    due = answer_due(new.kind, received, duties().answer_times.on(received.date()).value, w.law.calendar)
    person = w.person(new.personal_id)
    request = DataRequest(
        request_id=f"{new.province_code}-{secrets.token_hex(8)}",
        person=person,
        province_code=new.province_code,
        kind=new.kind,
        reference=new.reference,
        dossiers=_dossiers_of(person, new.province_code, w),
        received_at=received,
        recorded_at=now,
        recorded_by=caller.sub,
        due=due,
    )
    for code in request.dossiers:
        log_view(code, Look(Seen.PERSON, _reason(request)), caller, w)
    answer = Answer(CREATED, present(request, now), replayed=False, version=request.version)
    transaction = Transaction()
    once.keep(transaction, answer)
    _write(transaction, None, request, Event.DATA_REQUEST_RECORDED, caller, now)
    try:
        transaction.commit(w.table)
    except Refused as refused:
        won = once.answered_by(refused)
        if won is None:
            raise storage_busy() from refused
        return won
    return answer


def list_requests(
    caller: Caller,
    *,
    state: RequestState | None,
    late: bool | None,
    province: str | None,
    limit: int,
    cursor: str | None,
    w: Wiring,
) -> Page[DataRequest]:
    """Requests of the caller's provinces, the next limit first; with `state` ANSWERED those that are done. AP161.

    Raises `Forbidden` for portal clients and other provinces, `Rejected` (CURSOR_INVALID).
    """
    listed = keys.answered_list if state is RequestState.ANSWERED else keys.data_request_list
    partitions = [listed(code, SHARD) for code in provinces_of(caller, province, w)]
    entries = merged(partitions, position_of(cursor), None, limit + 1, w)
    page = page_of(entries, lambda item: (text(item, "PK"), text(item, "SK")), lambda _: True, limit)
    read, now = w.table.get_many(page.items), w.clock.now()
    found = (data_request_from(read[key]) for key in page.items if key in read)
    rows = (
        each for each in found if (state is None or each.state is state) and (late is None or each.is_late(now) is late)
    )
    return Page(tuple(rows), page.next_cursor)


def view_request(request_id: str, caller: Caller, w: Wiring) -> tuple[DataRequest, tuple[AuditLine, ...]]:
    """A request with its trail. AP165. Raises as `_read`, operators may look as well."""
    require_role(caller, *OFFICERS, Role.OPS)
    items = list(w.table.query(keys.data_request_partition(request_id)))
    heads = [item for item in items if not text(item, "SK").startswith(keys.TRAIL)]
    if not heads:
        raise _not_found()
    request = data_request_from(heads[0])
    require_province(caller, request.province_code)
    return request, tuple(audit_from(item) for item in items if text(item, "SK").startswith(keys.TRAIL))


def acknowledge(asked: Asked, *, present: Present, w: Wiring) -> Answer:
    """The first answer went out. Raises as `_take` and `data_register.acknowledge`."""
    return _take(asked, acknowledged, Event.DATA_REQUEST_ACKNOWLEDGED, present, w)


def extend(asked: Asked, reason: str, *, present: Present, w: Wiring) -> Answer:
    """The one extension is taken. Raises as `_take` and `data_register.extend`."""
    return _take(asked, lambda request, at: extended(request, at, reason), Event.DATA_REQUEST_EXTENDED, present, w)


def answer(
    asked: Asked, outcome: Outcome, words: str, dossier_code: str | None, *, present: Present, w: Wiring
) -> Answer:
    """The final answer went out; `dossier_code` is where a correction was made.

    Raises as `_take` and `data_register.answer`; Rejected: DOSSIER_NOT_OF_REQUEST.
    """

    def step(request: DataRequest, at: datetime) -> DataRequest:
        link = None if dossier_code is None else _correction(request, dossier_code, w)
        return answered(request, at, asked.caller.sub, outcome, words, link)

    return _take(asked, step, Event.DATA_REQUEST_ANSWERED, present, w)


def report(request_id: str, caller: Caller, w: Wiring) -> tuple[DataRequest, Held]:
    """Everything held about the person of a request, handed out for it.

    The number is not asked for again. That it was handed out is written before anything is shown.

    Raises:
        Forbidden, NotFound: as `_read`; PERSON_NOT_FOUND where the province holds nothing.
        Conflict: INVALID_TRANSITION, the request is answered.
        Unavailable: it, or a look, could not be written down.
    """
    require_role(caller, *OFFICERS)
    for _ in range(ROUNDS):
        request, head = _read(request_id, caller, w)
        now = at_vietnam(w.clock.now())
        done = reported(request, now)
        held = held_about(request.person, caller, _reason(request), w)
        transaction = Transaction()
        _write(transaction, head, done, Event.DATA_REQUEST_REPORTED, caller, now)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return done, held
    raise storage_busy()


def _take(asked: Asked, step: Step, event: Event, present: Present, w: Wiring) -> Answer:
    """One step of an officer of the province, in one transaction with its line.

    Raises:
        Forbidden, NotFound: as `_read`.
        VersionConflict: the request changed since the caller looked. Conflict: IDEMPOTENCY_KEY_REUSED.
    """
    require_role(asked.caller, *OFFICERS)
    once = Once(asked.idempotency, asked.caller)
    for _ in range(ROUNDS):
        before = once.answered_in(w.table)
        if before is not None:
            return before
        request, head = _read(asked.request_id, asked.caller, w)
        if asked.if_match is not None and asked.if_match != request.version:
            message = "Yêu cầu đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện."
            seen: dict[str, Fact] = {"version": request.version, "state": str(request.state)}
            raise VersionConflict("VERSION_CONFLICT", message, facts=seen)
        now = at_vietnam(w.clock.now())
        done = step(request, now)
        given = Answer(OK, present(done, now), replayed=False, version=done.version)
        transaction = Transaction()
        once.keep(transaction, given)
        _write(transaction, head, done, event, asked.caller, now)
        try:
            transaction.commit(w.table)
        except Refused:
            continue
        return given
    raise storage_busy()


def _read(request_id: str, caller: Caller, w: Wiring) -> tuple[DataRequest, Stored]:
    """A request of the caller's province. AP162. Raises `NotFound` (DATA_REQUEST_NOT_FOUND), `Forbidden`."""
    stored = w.table.get(keys.data_request(request_id))
    if stored is None:
        raise _not_found()
    request = data_request_from(stored)
    require_province(caller, request.province_code)
    return request, stored


def _write(
    transaction: Transaction, head: Stored | None, request: DataRequest, event: Event, caller: Caller, now: datetime
) -> None:
    """The request as it now is, over the version before it, and the next line of its trail."""
    line = trail_line(
        f"request-{request.request_id}",
        request.version,
        event,
        Act(now, By.OFFICER, caller.sub),
        state=request.state,
        previous_hash=GENESIS if head is None else text(head, "audit_hash"),
        province_code=request.province_code,
        reason=request.outcome,
        subject=request.corrected_by,
        due_at=request.next_by,
    )
    key, item = keys.data_request(request.request_id), data_request_item(request, line.hash)
    audit_key = keys.data_request_audit(request.request_id, line.version)
    write_with_trail(transaction, "request", key, item, line, audit_key, before=head)


def _dossiers_of(person: str, province: str, w: Wiring) -> tuple[str, ...]:
    listed = list(w.table.listed_keys(keys.person_partition(person)))[-MOST:]
    found = w.table.get_many(listed, only=("dossier_code", "province_code")).values()
    return tuple(sorted(text(each, "dossier_code") for each in found if each.get("province_code") == province))


def _correction(request: DataRequest, code: str, w: Wiring) -> str | None:
    """By which line a dossier of the request was put right since it came. AP164. Raises `Rejected`."""
    if code not in request.dossiers:
        raise Rejected([Fault("dossier_code", "DOSSIER_NOT_OF_REQUEST", "Hồ sơ này không thuộc yêu cầu.")])
    lines = trail_of(w.table.query(keys.dossier_partition(code), keys.AUDIT))
    return correction_of(lines, request.received_at)


def _reason(request: DataRequest) -> str:
    return f"Yêu cầu của chủ thể dữ liệu {request.request_id}"


def _not_found() -> NotFound:
    return NotFound("DATA_REQUEST_NOT_FOUND", "Không có yêu cầu mang mã này.")
