"""DynamoDB: the items a request changed and the stream records it made, as one journal line before the answer.

The journal holds results, not requests, so replaying it cannot count twice. Stream records become readable only after
the line is written: the relay never sees a change that a crash could take back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ministack.core.responses import (
    AccountRegionScopedDict,
    _request_account_id,
    _request_region,
    get_account_id,
    get_region,
)
from ministack.services import dynamodb, lambda_svc

from ..journal import Entry
from .recorder import Recorder
from .rows import Fingerprint, Records, pack

SET, REMOVE, EMIT = "set", "remove", "emit"
ITEMS, POSITION = "items", "position"


class _Request(threading.local):
    """What the request on this thread has changed so far; None between requests."""

    changes: list[list[Any]] | None = None
    emissions: list[tuple[Any, ...]] | None = None


class Table:
    """Wraps ministack's DynamoDB and the positions of its stream readers."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._request = _Request()
        self.one_at_a_time = threading.RLock()
        """Held by each request, on whichever thread, and by the snapshot: nobody sees half of another's change.

        Taken before the recorder's gate, never behind it.
        """
        self.emitted = threading.Event()
        """Set whenever a stream has a new record."""
        self._set, self._remove = dynamodb._set_item, dynamodb._remove_item
        self._emit, self._handle = dynamodb._emit_stream_event, dynamodb.handle_request

    def install(self) -> None:
        """Put the wrappers in place. Once, before state is loaded."""
        dynamodb._set_item = self._set_and_note
        dynamodb._remove_item = self._remove_and_note
        dynamodb._emit_stream_event = self._emit_later
        dynamodb.handle_request = self._handle_durably
        lambda_svc._dynamodb_stream_positions = _Positions(self._recorder)
        dynamodb._txn_token_store = _without_request(dynamodb._txn_token_store)
        # The house asks with the same few expressions again and again.
        tokens = lru_cache(1024)(dynamodb._tokenize)
        dynamodb._tokenize = lambda expression: list(tokens(expression))
        dynamodb._condition_syntax_error = lru_cache(1024)(dynamodb._condition_syntax_error)

    async def _handle_durably(self, *request: Any) -> Any:
        with self.one_at_a_time:
            return await self._handle_one(*request)

    async def _handle_one(self, *request: Any) -> Any:
        self._request.changes, self._request.emissions = [], []
        try:
            # ministack's handler never awaits, so nothing else runs on this thread in between.
            return await self._handle(*request)
        finally:
            changes, emissions = self._request.changes, self._request.emissions
            self._request.changes = self._request.emissions = None
            with self._recorder.gate:
                if changes:
                    self._recorder.write([ITEMS, get_account_id(), get_region(), changes])
                for emission in emissions:
                    self._emit(*emission)
            if emissions:
                self.emitted.set()

    def _set_and_note(self, table: Any, partition: Any, sort: Any, item: Any) -> Any:
        pack(table)
        old = self._set(table, partition, sort, item)
        self._note(table, [SET, table["TableName"], partition, sort, item])
        return old

    def _remove_and_note(self, table: Any, partition: Any, sort: Any) -> Any:
        old = self._remove(table, partition, sort)
        if old is not None:
            self._note(table, [REMOVE, table["TableName"], partition, sort])
        return old

    def _note(self, table: Any, change: list[Any]) -> None:
        if self._request.changes is not None:
            self._request.changes.append(change)
        else:
            # The time-to-live sweep, which runs on a thread of its own; such a table's ARN names its scope.
            _, _, _, region, account, _ = table["TableArn"].split(":", 5)
            self._recorder.write([ITEMS, account, region, [change]])

    def _emit_later(
        self, name: str, event: str, old: dict[str, Any] | None, new: dict[str, Any] | None, replicate: bool = True
    ) -> None:
        if name not in dynamodb._stream_records:
            dynamodb._stream_records[name] = Records()
        if self._request.changes is None or self._request.emissions is None:
            self._emit(name, event, old, new, replicate)
            return
        self._request.changes.append([EMIT, name, event])
        self._request.emissions.append((name, event, old, new, replicate))

    def replay(self, entry: Entry) -> None:
        """Apply one journal line of kind ITEMS or POSITION."""
        with scope(entry[1], entry[2]):
            if entry[0] == POSITION:
                lambda_svc._dynamodb_stream_positions.restore(entry[3], entry[4])
                return
            old = new = None
            for kind, name, *rest in entry[3]:
                table = dynamodb._tables.get(name)
                if table is None:
                    continue
                if kind == SET:
                    pack(table)
                    new = rest[2]
                    old = self._set(table, rest[0], rest[1], new)
                elif kind == REMOVE:
                    old, new = self._remove(table, rest[0], rest[1]), None
                else:
                    self._emit(name, rest[0], old, new)


def _without_request(store: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """What is known by its token for ten minutes is a transaction's fingerprint, not its whole request."""

    def store_fingerprint(token: str, entry: dict[str, Any]) -> None:
        store(token, {**entry, "signature": Fingerprint(entry["signature"])})

    return store_fingerprint


class _Positions(AccountRegionScopedDict):  # type: ignore[misc]
    """How far each event source mapping has read its stream; every step is journalled."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    __slots__ = ("_recorder",)

    def __setitem__(self, mapping: str, position: int) -> None:
        with self._recorder.gate:
            if self.get(mapping) != position:
                super().__setitem__(mapping, position)
                self._recorder.write([POSITION, get_account_id(), get_region(), mapping, position])

    def __deepcopy__(self, memo: Any) -> AccountRegionScopedDict:
        """A plain copy, for the snapshot."""
        plain = AccountRegionScopedDict()
        plain._data.update(self._data)
        return plain

    def restore(self, mapping: str, position: int) -> None:
        """Set a position without journalling it."""
        super().__setitem__(mapping, position)


def stream_state() -> list[list[Any]]:
    """The stream records that some reader has not handled yet, by table, with the position of the first."""
    waiting = []
    for (account, region, name), records in list(dynamodb._stream_records.all_items()):
        trimmed = dynamodb._stream_trimmed.get_scoped(account, region, name, 0)
        first = min([trimmed + len(records), *_readers(account, region, name)])
        waiting.append([account, region, name, first, records[max(0, first - trimmed) :]])
    return waiting


def restore_streams(waiting: list[list[Any]]) -> None:
    """Put back what `stream_state` answered; positions of readers stay valid."""
    for account, region, name, first, records in waiting:
        dynamodb._stream_records.set_scoped(account, region, name, Records(records))
        dynamodb._stream_trimmed.set_scoped(account, region, name, first)


def forget_handled(account: str, region: str, table: str, *, keep: int) -> None:
    """Let go of records that every reader has handled, but for the last `keep`. Positions stay valid.

    Call with the recorder's gate held: a snapshot in between would miss records.
    """
    records = dynamodb._stream_records.get_scoped(account, region, table)
    if records:
        trimmed = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)
        excess = min(_readers(account, region, table), default=trimmed) - trimmed - keep
        if excess > keep:  # not for every single record
            del records[:excess]
            dynamodb._stream_trimmed.set_scoped(account, region, table, trimmed + excess)


def _readers(account: str, region: str, table: str) -> Iterator[int]:
    """The positions of the mappings that read a table's stream."""
    for (owner, place, mapping), position in list(lambda_svc._dynamodb_stream_positions._data.items()):
        record = lambda_svc._esms.get_scoped(account, region, mapping) or {}
        if (owner, place) == (account, region) and f":table/{table}/stream/" in record.get("EventSourceArn", ""):
            yield position


@contextmanager
def scope(account: str, region: str) -> Iterator[None]:
    """Act as a request of this account and region would."""
    tokens = _request_account_id.set(account), _request_region.set(region)
    try:
        yield
    finally:
        _request_account_id.reset(tokens[0])
        _request_region.reset(tokens[1])
