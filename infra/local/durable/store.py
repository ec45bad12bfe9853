"""The state of the embedded cloud: loaded at the start, journalled while it runs, saved in one consistent step."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app as gateway
from ministack.core import persistence
from ministack.services import dynamodb, lambda_svc

from ..journal import JOURNAL, Entry, Generations, read_journal
from ..streams import StreamReader
from .definitions import Definitions
from .executions import BEGAN, ENDED, STANDS, Executions
from .queues import MESSAGES, Queues, make_visible
from .recorder import Recorder
from .table import ITEMS, POSITION, Table, restore_streams, stream_state

log = logging.getLogger(__name__)

STREAMS = "streams.json"
STEPS = "stepfunctions"
JOURNAL_LIMIT, GROWTH = 64 * 1024 * 1024, 2
"""Bytes of journal after which a new snapshot is worth its pause; never less than so many times the last snapshot, or a
large state would do little else than being saved."""

READING = re.compile(
    r"(Get|List|Describe|Query|Scan|Head|Receive|BatchGet|Lookup|Filter|Search|Test|Validate|Estimate|Simulate)"
)
JOURNALLED = re.compile(
    r"(PutItem|UpdateItem|DeleteItem|BatchWriteItem|Transact|SendMessage|DeleteMessage|ChangeMessageVisibility"
    r"|PurgeQueue|Publish|StartExecution|StartSyncExecution|StopExecution|SendTask"
    # These change nothing that is kept.
    r"|AssumeRole|Decrypt|Encrypt|GenerateDataKey|GenerateMac|VerifyMac|Sign|Verify|PutMetricData|PutLogEvents)"
)


class Store:
    """Wraps the services and knows where their state lies."""

    def __init__(self, root: Path) -> None:
        self._generations = Generations(root)
        self._recorder = Recorder()
        self._table = Table(self._recorder)
        self._queues = Queues(self._recorder)
        self._executions = Executions(self._recorder, root)
        self._streams = StreamReader(self._table.emitted, self._recorder.gate)
        self._changed_at: float | None = None
        self._journal_limit = JOURNAL_LIMIT
        self._ensure_poller = lambda_svc._ensure_poller
        self._dispatch = gateway._dispatch_service_request
        self._loaded = False
        self.replayed = 0
        self.failure: Exception | None = None

    @property
    def definitions(self) -> Definitions:
        """Under which definition executions begin."""
        return self._executions.definitions

    def install(self) -> None:
        """Wrap the services. Call once, after importing ministack and before its server starts."""
        self._table.install()
        self._queues.install()
        self._executions.install()
        self._streams.install()
        gateway._load_persisted_state = self._load
        gateway.save_all = lambda services: self.save()
        gateway._dispatch_service_request = self._note_structure
        # Nobody may read a queue or a stream before the journal is replayed.
        lambda_svc._ensure_poller = lambda: None

    def _load(self) -> None:
        """Called by ministack's own start, which would go on empty after an error: keep it for the launcher."""
        try:
            self._load_and_replay()
        except Exception as error:
            self.failure = error

    def _load_and_replay(self) -> None:
        """Load the snapshot, then replay the journal that follows it."""
        current = self._generations.current()
        if current:
            for key, module in gateway._state_map.items():
                saved = current / f"{key}.json"
                if saved.exists():
                    state = json.loads(saved.read_bytes(), object_hook=persistence._json_object_hook)
                    gateway._get_module(module).load_persisted_state(state)
            restore_streams(json.loads((current / STREAMS).read_bytes()))
            for entry in read_journal(current / JOURNAL):
                self._replay(entry)
                self.replayed += 1
            make_visible()
            self._executions.adopt()
        self._loaded = True
        self.save()

    def _replay(self, entry: Entry) -> None:
        kind = entry[0]
        if kind in (ITEMS, POSITION):
            self._table.replay(entry)
        elif kind == MESSAGES:
            self._queues.replay(entry)
        elif kind in (BEGAN, STANDS, ENDED):
            self._executions.replay(entry)
        else:
            raise ValueError(f"the journal holds an unknown entry {kind!r}")

    def start_consumers(self) -> int:
        """Let queues and streams be read, and start interrupted executions again. Answers how many."""
        lambda_svc._ensure_poller = self._ensure_poller
        self._ensure_poller()
        self._streams.start()
        return self._executions.restart_interrupted()

    def stop_consumers(self) -> None:
        """Begin no further batch of a stream."""
        self._streams.stop()

    def save(self) -> None:
        """Write a new generation and make it the valid one. Call on the event loop."""
        if not self._loaded:
            return  # what lies on disk is better than what was not read
        started = time.monotonic()
        with self._table.one_at_a_time, self._recorder.gate:
            folder = self._generations.begin()
            (folder / STREAMS).write_text(json.dumps(stream_state(), default=str), "utf-8")
            with _uncopied():
                states = gateway._build_persistence_save_dict()
                if STEPS in states:
                    states[STEPS] = self._executions.state
                for key, state_of in states.items():
                    text = _written(state_of)
                    if text is not None:
                        (folder / f"{key}.json").write_text(text, "utf-8")
            self._recorder.start(folder / JOURNAL)
            self._changed_at = None
            self._generations.commit(folder)
            self._journal_limit = max(JOURNAL_LIMIT, GROWTH * sum(each.stat().st_size for each in folder.iterdir()))
        log.info("state saved in %.2f s", time.monotonic() - started)

    async def save_when_needed(self) -> None:
        """For as long as the server runs: save after changes that no journal holds, and when the journal is long."""
        while True:
            await asyncio.sleep(1)
            quiet = self._changed_at is not None and time.monotonic() - self._changed_at > 1
            if quiet or self._recorder.size > self._journal_limit:
                self.save()

    async def _note_structure(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Any, request_id: str
    ) -> Any:
        """Remember that something other than data changed: a queue made, a parameter set, a bucket configured."""
        answer = await self._dispatch(method, path, headers, body, query, request_id)
        if _is_structural(method, path, headers, body):
            self._changed_at = time.monotonic()
        return answer


def _is_structural(method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether a request may have changed what neither the journal nor the file store of S3 keeps."""
    if method in ("GET", "HEAD"):
        return False
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    if not action:
        named = re.search(rb"(?:^|&)Action=([A-Za-z]+)", body[:4096])
        action = named[1].decode() if named else ""
    if action:
        return not READING.match(action) and not JOURNALLED.match(action)
    if path.endswith("/invocations"):
        return False
    # S3 keeps objects in files; only calls on the bucket itself change its settings.
    in_bucket = path.strip("/").partition("/")[2]
    return not ("/s3/" in headers.get("authorization", "") and in_bucket)


def _written(state_of: Any) -> str | None:
    """A service's state as JSON. Threads of ministack may change a record meanwhile: then once more."""
    for _ in range(20):
        try:
            return _json_of(state_of())
        except RuntimeError:
            time.sleep(0.01)
    return _json_of(state_of())


def _json_of(state: Any) -> str | None:
    return None if state is None else json.dumps(state, default=persistence._json_default)


@contextmanager
def _uncopied() -> Iterator[None]:
    """The table gives its state as it is, not a deep copy, which takes longer than all the rest of a snapshot.

    It is written out at once, and the snapshot holds off every request to the table.
    """
    before = dynamodb.copy
    dynamodb.copy = SimpleNamespace(deepcopy=lambda value: value)
    try:
        yield
    finally:
        dynamodb.copy = before
