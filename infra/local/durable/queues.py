"""SQS: a sent message is journalled before it is acknowledged, a deleted one when it is deleted.

It also mends a race: ministack's readers rebuild a queue's list of messages on threads of their own, and a message sent
meanwhile would be gone. All such steps now hold one gate.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from ministack.services import lambda_svc, sns, sqs

from ..journal import Entry
from .recorder import Recorder

MESSAGES = "messages"
Queue = dict[str, Any]

EXPIRY_SECONDS = 5.0
"""How often a queue is searched for messages older than its retention, which is a minute at least."""


class Queues:
    """Wraps ministack's SQS, and the delivery of SNS into it."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._searched: dict[str, float] = {}
        self._collect, self._expire = sqs._collect_msgs, sqs._expire_retained

    def install(self) -> None:
        """Put the wrappers in place. Once, before state is loaded."""
        sqs._queues_lock = self._recorder.gate
        self._wrap("_act_send_message", self._noting(_by_url), "SendMessage")
        self._wrap("_act_delete_message", self._noting(_by_url), "DeleteMessage")
        self._wrap("_act_delete_message_batch", self._noting(_by_url), "DeleteMessageBatch")
        self._wrap("_act_purge_queue", self._noting(_by_url), "PurgeQueue")
        self._wrap("_delete_messages_for_esm", self._noting(lambda url, handles: [sqs._get_q(url)]))
        self._wrap("_dlq_sweep", self._noting(_with_dead_letters))
        # These change messages in place or drop expired ones: gated, but nothing that must outlive a crash. ministack's
        # own look at every message of the queue each time, which a long queue pays with every batch.
        sqs._collect_msgs = self._gated(self._collect_first)
        sqs._expire_retained = self._gated(self._expire_now_and_then)
        self._wrap("_act_change_visibility", self._gated, "ChangeMessageVisibility")
        lambda_svc._send_ddb_stream_failure_record = self._noting(_on_failure)(
            lambda_svc._send_ddb_stream_failure_record
        )
        lambda_svc._route_async_failure = self._noting(lambda target, *rest: [sqs._queue_by_arn(target)])(
            lambda_svc._route_async_failure
        )
        sns._deliver_to_sqs = self._noting(lambda endpoint, *rest, **named: [sqs._queue_by_arn(endpoint)])(
            sns._deliver_to_sqs
        )

    def _wrap(self, name: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]], action: str = "") -> None:
        wrapped = wrapper(getattr(sqs, name))
        setattr(sqs, name, wrapped)
        if action:
            sqs._HANDLERS[action] = wrapped

    def _gated(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def gated(*args: Any, **named: Any) -> Any:
            with self._recorder.gate:
                return function(*args, **named)

        return gated

    def _noting(self, queues_of: Callable[..., list[Queue | None]]) -> Callable[..., Callable[..., Any]]:
        """Journal what a function added to and took from the queues it may change."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(function)
            def noting(*args: Any, **named: Any) -> Any:
                with self._recorder.gate:
                    before = [(queue, list(queue["messages"])) for queue in queues_of(*args, **named) if queue]
                    result = function(*args, **named)
                    changes = [change for queue, old in before for change in _difference(queue, old)]
                    if changes:
                        self._recorder.write([MESSAGES, changes])
                    return result

            return noting

        return decorate

    def _collect_first(self, queue: Queue, most: int, hidden_seconds: int) -> list[dict[str, Any]]:
        """The first visible messages, looking no further than it takes."""
        if queue["is_fifo"]:
            return self._collect(queue, most, hidden_seconds)  # type: ignore[no-any-return]
        now, found = time.time(), []
        for message in queue["messages"]:
            sqs._ensure_msg_fields(message)
            if message["visible_at"] <= now:
                found.append(message)
                if len(found) == most:
                    break
        for message in found:
            message["receipt_handle"] = str(uuid.uuid4())
            message["visible_at"] = now + hidden_seconds
            message["receive_count"] += 1
            if message.get("first_receive_at") is None:
                message["first_receive_at"] = now
        return found

    def _expire_now_and_then(self, queue: Queue) -> None:
        name, now = queue["attributes"]["QueueArn"], time.monotonic()
        if now - self._searched.get(name, -EXPIRY_SECONDS) >= EXPIRY_SECONDS:
            self._searched[name] = now
            self._expire(queue)

    def replay(self, entry: Entry) -> None:
        """Apply one journal line of kind MESSAGES."""
        for arn, removed, added in entry[1]:
            queue = sqs._queue_by_arn(arn)
            if queue is None:
                continue
            gone = {*removed, *(message["id"] for message in added)}
            queue["messages"] = [message for message in queue["messages"] if message["id"] not in gone] + added
            for message in added:
                _remember_duplicates(queue, message)


def make_visible() -> None:
    """No consumer survived the restart: what was in flight may be received at once, instead of after its timeout."""
    now = time.time()
    for queue in sqs._queues.all_values():
        for message in queue["messages"]:
            if message.get("receive_count"):
                message["visible_at"] = min(message["visible_at"], now)
                message["receipt_handle"] = None


def _difference(queue: Queue, old: list[dict[str, Any]]) -> list[list[Any]]:
    """What left the queue (ids) and what came (messages), or nothing."""
    messages = queue["messages"]
    if len(messages) > len(old) and (not old or messages[len(old) - 1] is old[-1]):
        return [[queue["attributes"]["QueueArn"], [], messages[len(old) :]]]
    # By identity: a message is the same object as long as it lies in its queue.
    has = set(map(id, messages))
    removed = sorted(message["id"] for message in old if id(message) not in has)
    if len(messages) + len(removed) == len(old):
        return [[queue["attributes"]["QueueArn"], removed, []]] if removed else []
    had = set(map(id, old))
    added = [message for message in messages if id(message) not in had]
    return [[queue["attributes"]["QueueArn"], removed, added]] if removed or added else []


def _by_url(data: dict[str, Any], url: str) -> list[Queue | None]:
    try:
        return [sqs._get_q(data.get("QueueUrl", url))]
    except sqs._Err:
        return []  # the function itself answers that there is no such queue


def _on_failure(mapping: dict[str, Any], *rest: Any) -> list[Queue | None]:
    """Where a mapping's given-up records go."""
    target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", "")
    return [sqs._queue_by_arn(target)] if ":sqs:" in target else []


def _with_dead_letters(queue: Queue) -> list[Queue | None]:
    """A queue and where its dead letters go; only a queue that has something to move can change."""
    policy = queue["attributes"].get("RedrivePolicy")
    if not policy or not any(message.get("receive_count") for message in queue["messages"]):
        return []
    dead = [other for other in sqs._queues.all_values() if other["attributes"]["QueueArn"] in policy]
    return [queue, *dead]


def _remember_duplicates(queue: Queue, message: dict[str, Any]) -> None:
    """A FIFO queue refuses the same message for five minutes, also across a restart."""
    if queue["is_fifo"] and message.get("seq"):
        queue["fifo_seq"] = max(queue["fifo_seq"], int(message["seq"]))
        if message.get("dedup_cache_key"):
            queue["dedup_cache"][message["dedup_cache_key"]] = {
                "expire": message["sent_at"] + sqs._DEDUP_WINDOW_S,
                "id": message["id"],
                "md5": message["md5_body"],
                "md5a": message["md5_attrs"],
                "seq": message["seq"],
            }
