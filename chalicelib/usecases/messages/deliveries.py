"""What a portal client and operations can see of webhook deliveries, and how they have them tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from ...domain.access import Caller, Role, require_role
from ...domain.errors import Conflict, Fault, Forbidden, NotFound, Rejected, storage_busy
from ...domain.messages.webhook import Attempt, Delivery
from ...domain.months import VIETNAM
from ...storage import keys
from ...storage.items.deliveries import attempt_from, delivery_from, delivery_item
from ...storage.items.fields import text
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from ..answers import Answer, Idempotency, Once, Page
from ..paging import cursor_of, position_of
from ..registration.view_dossier import LONGEST_CODE

ROUNDS = 5
MOST = 100
"""Dossiers that one request wakes."""

ACCEPTED = 202


def list_attempts(
    caller: Caller,
    *,
    dossier_code: str | None,
    client_id: str | None,
    day: date | None,
    limit: int,
    cursor: str | None,
    w: Wiring,
) -> Page[Attempt]:
    """Tries, newest first: those of a dossier, or those of a client on a day (today unless told; real time). AP84.

    Raises:
        Forbidden: neither a portal client nor operations, or another client's.
        NotFound: DOSSIER_NOT_FOUND.
        Rejected: CURSOR_INVALID; CLIENT_REQUIRED for operations that name neither dossier nor client.
    """
    require_role(caller, Role.PORTAL, Role.OPS)
    before = position_of(cursor)
    if dossier_code is not None:
        _client_of(dossier_code, caller, w)
        partition = keys.deliveries_partition(dossier_code)
        found = w.table.page(partition, keys.ATTEMPT, before=before, limit=limit + 1)
        positions = [text(item, "SK") for item in found]
    else:
        client = _client(caller, client_id)
        day = day or datetime.now(VIETNAM).date()
        listed = w.table.page_of_index(keys.attempts_of_day(client, day), before=before, limit=limit + 1)
        stored = w.table.get_many((text(entry, "PK"), text(entry, "SK")) for entry in listed)
        # What the index still lists and the table has let go (TTL) is passed over.
        found = [item for entry in listed if (item := stored.get((text(entry, "PK"), text(entry, "SK")))) is not None]
        positions = [text(entry, "GSI1SK") for entry in listed]
    more = len(positions) > limit
    return Page(tuple(map(attempt_from, found[:limit])), cursor_of(positions[limit - 1]) if more else None)


def list_undelivered(
    caller: Caller, *, client_id: str | None, limit: int, cursor: str | None, w: Wiring
) -> Page[Delivery]:
    """Dossiers of a client with something that was not delivered, the longest waiting first. AP85. Raises as above."""
    require_role(caller, Role.PORTAL, Role.OPS)
    return _undelivered(_client(caller, client_id), position_of(cursor), limit, w)


def _undelivered(client: str, after: str, limit: int, w: Wiring) -> Page[Delivery]:
    listed = w.table.query_list(keys.undelivered_list(client), after=after, limit=limit + 1)
    shown = listed[:limit]
    stored = w.table.get_many((text(entry, "PK"), text(entry, "SK")) for entry in shown)
    rows = tuple(delivery_from(item) for entry in shown if (item := stored.get((text(entry, "PK"), text(entry, "SK")))))
    return Page(rows, cursor_of(text(shown[-1], "GSI2SK")) if len(listed) > limit else None)


def redeliver(
    caller: Caller,
    *,
    dossier_code: str | None,
    client_id: str | None,
    from_sequence: int | None,
    idempotency: Idempotency | None,
    present: Callable[[int, bool], str],
    w: Wiring,
) -> Answer:
    """Have deliveries tried again now: of a dossier (from a sequence on, also what was taken), or all of a client's
    that wait, 100 at most. AP86. What is repeated by mistake is only sent once more.

    Raises:
        Conflict: NO_WEBHOOK, the client takes its messages from the topic; IDEMPOTENCY_KEY_REUSED.
        Unavailable: STORAGE_BUSY. Otherwise as `list_attempts`.
    """
    require_role(caller, Role.PORTAL, Role.OPS)
    once = Once(idempotency, caller)
    before = once.answered_in(w.table)
    if before is not None:
        return before
    client = _client(caller, client_id) if dossier_code is None else _client_of(dossier_code, caller, w)
    if w.endpoints.of(client) is None:
        raise Conflict("NO_WEBHOOK", "Hệ thống này nhận trạng thái qua chủ đề, không qua webhook.")
    more = False
    if dossier_code is not None:
        codes = [dossier_code]
    else:
        page = _undelivered(client, "", MOST, w)
        codes, more = [each.dossier_code for each in page.items], page.next_cursor is not None
    for code in codes:
        _wake(code, from_sequence, w)
    answer = Answer(ACCEPTED, present(len(codes), more), replayed=False, version=1)
    if idempotency is not None:
        transaction = Transaction()
        once.keep(transaction, answer)
        try:
            transaction.commit(w.table)
        except Refused as refused:
            return once.answered_by(refused) or answer
    return answer


def _wake(code: str, from_sequence: int | None, w: Wiring) -> None:
    """First the table, then the queue: what is asked for twice is sent once more at worst, never forgotten."""
    for _ in range(ROUNDS):
        stored = w.table.get(keys.delivery(code))
        if stored is None:
            break
        delivery = delivery_from(stored)
        transaction = Transaction()
        transaction.put_over(
            "delivery",
            keys.delivery(code),
            delivery_item(delivery.woken(datetime.now(UTC), from_sequence)),
            attribute="revision",
            expected=delivery.revision,
        )
        try:
            transaction.commit(w.table)
            break
        except Refused:
            continue
    else:
        raise storage_busy()
    w.webhook_queue.wake(code)


def _client(caller: Caller, asked: str | None) -> str:
    """Whose deliveries are meant. Raises `Forbidden` (CLIENT_NOT_ALLOWED), `Rejected` (CLIENT_REQUIRED)."""
    if caller.role is Role.OPS:
        if asked is None:
            message = "Bộ phận vận hành phải nêu client_id hoặc dossier_code."
            raise Rejected([Fault("client_id", "CLIENT_REQUIRED", message)])
        return asked
    own = caller.client_id or ""
    if asked is not None and asked != own and asked not in caller.also_sees:
        raise Forbidden("CLIENT_NOT_ALLOWED", "Bạn không được xem việc gửi của hệ thống khác.")
    return asked or own


def _client_of(code: str, caller: Caller, w: Wiring) -> str:
    """The client that opened a dossier. Raises `NotFound`, `Forbidden` (DOSSIER_NOT_ALLOWED)."""
    item = w.table.get(keys.dossier(code)) if len(code) <= LONGEST_CODE else None
    if item is None:
        raise NotFound("DOSSIER_NOT_FOUND", "Không có hồ sơ mang mã này.")
    client = text(item, "client_id")
    if caller.role is Role.PORTAL and client != caller.client_id and client not in caller.also_sees:
        raise Forbidden("DOSSIER_NOT_ALLOWED", "Hồ sơ này do hệ thống khác tiếp nhận.")
    return client
