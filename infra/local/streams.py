"""Reads DynamoDB streams for event source mappings, with the parts of AWS's contract that ministack leaves out.

Partial batch responses (ministack would take a reported failure for a success), lanes by partition key
(ParallelizationFactor), and records that go to the failure queue when their attempts are used up.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import dynamodb, lambda_svc

from .durable.table import forget_handled, scope

log = logging.getLogger(__name__)

Record = dict[str, Any]
RECORDS_KEPT = 1000
"""Handled records that stay readable; AWS keeps a day of them, which would be most of the launcher's memory."""
IDLE_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0


class StreamReader:
    """A thread that hands new records to functions, in order per partition key.

    `wake` tells it of new records; `gate` is held for what a snapshot must not see half done.
    """

    def __init__(self, wake: threading.Event, gate: threading.RLock) -> None:
        self._wake = wake
        self._gate = gate
        self._stopped = False
        self._mappings: dict[str, _Progress] = defaultdict(_Progress)
        self._lanes = ThreadPoolExecutor(max_workers=8, thread_name_prefix="stream-lane")

    def install(self) -> None:
        """Take the place of ministack's own reader."""
        lambda_svc._poll_dynamodb_streams = lambda: False

    def start(self) -> None:
        """Begin reading, on a thread of its own."""
        threading.Thread(target=self._loop, name="stream-reader", daemon=True).start()

    def stop(self) -> None:
        """Read no further; what is being handled goes on."""
        self._stopped = True

    def _loop(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                worked = [self._read(*mapping) for mapping in _mappings()]
            except Exception:
                log.exception("reading a stream failed")
                worked = []
            if not any(worked):
                self._wake.wait(IDLE_SECONDS)

    def _read(self, account: str, region: str, mapping: dict[str, Any]) -> bool:
        """One pass over one mapping. True when there was something to do."""
        with scope(account, region):
            table = mapping["EventSourceArn"].split("/")[1]
            function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
            progress = self._mappings[mapping["UUID"]]
            if function is None or time.monotonic() < progress.paused_until:
                return False
            positions = lambda_svc._dynamodb_stream_positions
            start = max(positions.get(mapping["UUID"], 0), dynamodb.stream_start_position(table))
            lanes = mapping.get("ParallelizationFactor") or 1
            batch = mapping.get("BatchSize") or 100
            records = dynamodb.stream_records_since(table, start, batch * lanes)
            if not records:
                return False
            failed = self._handle(mapping, function, progress, list(enumerate(records, start)), lanes, batch)
            end = min(failed, default=start + len(records))
            progress.done = {position for position in progress.done if position >= end}
            positions[mapping["UUID"]] = end
            with self._gate:
                forget_handled(account, region, table, keep=RECORDS_KEPT)
            progress.finish_pass()
            return True

    def _handle(
        self,
        mapping: dict[str, Any],
        function: Any,
        progress: _Progress,
        records: list[tuple[int, Record]],
        lanes: int,
        batch: int,
    ) -> list[int]:
        """Give the records to the function, lane by lane. Answers the positions that must come again."""
        by_lane: dict[int, list[tuple[int, Record]]] = defaultdict(list)
        for position, record in records:
            wanted = lambda_svc._apply_filter_criteria([record], mapping)
            if wanted and position not in progress.done:
                by_lane[_lane(record, lanes)].append((position, record))
            else:
                progress.done.add(position)
        account, region = mapping["EventSourceArn"].split(":")[4], mapping["EventSourceArn"].split(":")[3]

        def run(lane: list[tuple[int, Record]]) -> list[int]:
            with scope(account, region):
                return self._invoke(mapping, function, progress, lane[:batch])

        results = list(self._lanes.map(run, by_lane.values()))
        beyond = [position for lane in by_lane.values() for position, _ in lane[batch:]]
        return [*beyond, *(position for failed in results for position in failed)]

    def _invoke(
        self, mapping: dict[str, Any], function: Any, progress: _Progress, lane: list[tuple[int, Record]]
    ) -> list[int]:
        """One invocation. Answers the positions from the first failure on; none when all is done."""
        first = lane[0][0]
        if progress.attempts.get(first):
            # What failed before comes alone, so that its neighbours do not fail with it (BisectBatchOnFunctionError).
            lane, rest = lane[:1], lane[1:]
        else:
            rest = []
        answer = lambda_svc._execute_function(function, {"Records": [record for _, record in lane]})
        failed = _first_failure(answer, [record for _, record in lane], mapping)
        done = lane if failed is None else lane[:failed]
        for position, _ in done:
            progress.done.add(position)
            progress.attempts.pop(position, None)
        if failed is None:
            return [position for position, _ in rest]
        position, record = lane[failed]
        progress.attempts[position] += 1
        progress.stumbled = True
        limit = mapping.get("MaximumRetryAttempts", -1)
        if 0 <= limit < progress.attempts[position]:
            log.error("a stream record was given up after %d attempts", progress.attempts[position])
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, [record], mapping["EventSourceArn"], answer, "RetryAttemptsExhausted"
            )
            progress.done.add(position)
            progress.attempts.pop(position)
            failed += 1
        return [position for position, _ in [*lane[failed:], *rest]]


class _Progress:
    """What is known of one mapping beside its position; forgotten at a restart, when records come again."""

    def __init__(self) -> None:
        self.done: set[int] = set()
        self.attempts: dict[int, int] = defaultdict(int)
        self.stumbled = False
        """Whether a record failed in this pass."""
        self.paused_until = 0.0
        self._pause = 0.0

    def finish_pass(self) -> None:
        """Wait longer after each pass with a failure, not at all after one without."""
        self._pause = min(LONGEST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, self._pause * 2)) if self.stumbled else 0.0
        self.paused_until = time.monotonic() + self._pause
        self.stumbled = False


def _mappings() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for (account, region, _), mapping in lambda_svc._esms.all_items():
        if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping.get("Enabled", True):
            yield account, region, mapping


def _lane(record: Record, lanes: int) -> int:
    """Records with the same partition key share a lane."""
    keys = record["dynamodb"]["Keys"]
    return zlib.crc32(str(next(iter(keys.values()))).encode()) % lanes


def _first_failure(answer: dict[str, Any], records: list[Record], mapping: dict[str, Any]) -> int | None:
    """The index of the first record that must come again, or None."""
    if answer.get("error"):
        return 0
    body = answer.get("body")
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []) or not isinstance(body, dict):
        return None
    named = {failure.get("itemIdentifier") for failure in body.get("batchItemFailures") or []}
    for index, record in enumerate(records):
        if record["dynamodb"]["SequenceNumber"] in named:
            return index
    # AWS treats an identifier that it does not know as a failure of the whole batch.
    return 0 if named else None
