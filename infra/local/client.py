"""A client of the local run, as portal, accounting and officers would write it: HTTP, the queue, status messages."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import requests

ACCESS_KEY = "000000000000"
PATIENCE_SECONDS = 90.0

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str | None:
        """The stable code of a problem, or None."""
        return self.body.get("code") if isinstance(self.body, dict) else None


class LocalClient:
    """Speaks to one local run, found by its endpoints.json. Clients are made once: making one takes 20 ms."""

    def __init__(self, endpoints: Path) -> None:
        found: Json = json.loads(endpoints.read_text("utf-8"))
        self.endpoints = found
        self._session = requests.Session()
        self._clients: dict[str, Any] = {}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """One request. `who` names a token of endpoints.json, or is one; a POST gets a new Idempotency-Key."""
        sent = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" and path.startswith("/v1/") else {}
        if who:
            sent["Authorization"] = f"Bearer {self.endpoints['tokens'].get(who, who)}"
        data = raw
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        return self._send(method, path, data, {**sent, **(headers or {})})

    def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        """One try of a request."""
        answer = self._session.request(method, self.endpoints["api"] + path, data=data, headers=headers, timeout=30)
        is_json = "json" in answer.headers.get("Content-Type", "") and answer.content
        return Reply(answer.status_code, answer.headers, answer.json() if is_json else answer.content)

    def rows(self, path: str, who: str) -> list[Json]:
        """All pages of a list. Raises `AssertionError` unless each is answered."""
        rows: list[Json] = []
        cursor = ""
        while True:
            reply = self.call("GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}", who=who)
            if reply.status != 200:
                raise AssertionError(f"GET {path}: {reply.status} {reply.body}")
            rows += reply.body["items"]
            if reply.body["next_cursor"] is None:
                return rows
            cursor = f"&cursor={reply.body['next_cursor']}"

    def set_clock(self, now: str | None) -> None:
        """Set the sandbox's business clock, or give real time back. Raises `AssertionError` when refused."""
        reply = self.call("PUT", "/sandbox/clock", {"now": now}) if now else self.call("DELETE", "/sandbox/clock")
        if reply.status >= 300:
            raise AssertionError(f"the clock was not set: {reply.status} {reply.body}")

    def aws(self, service: str) -> Any:
        """A boto3 client of the local cloud."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoints["aws"],
                region_name=self.endpoints["region"],
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key="local",  # noqa: S106
            )
        return self._clients[service]

    def send_voucher(self, message: Any) -> str:
        """Put a message on the voucher queue, as central accounting does; text goes as it is. Answers its id."""
        body = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        sent: str = self.aws("sqs").send_message(QueueUrl=self.endpoints["voucher_queue_url"], MessageBody=body)[
            "MessageId"
        ]
        return sent

    def status_messages(self, dossier_code: str, *, until: int, patience: float = PATIENCE_SECONDS) -> list[Json]:
        """The dossier's status messages in order, once there are `until` different ones.

        Messages of other dossiers stay in the queue. Raises `TimeoutError` naming what had come by then.
        """
        queue, sqs = self.endpoints["status_queue_url"], self.aws("sqs")
        found: dict[str, Json] = {}
        deadline = time.monotonic() + patience
        while len(found) < until:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {len(found)} of {until} status messages: {list(found.values())}")
            received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=2)
            for message in received.get("Messages", []):
                body: Json = json.loads(message["Body"])
                if body["dossier_code"] == dossier_code:
                    found.setdefault(body["event_id"], body)
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            time.sleep(0.05)
        return sorted(found.values(), key=lambda message: message["sequence"])

    def dossier(self, code: str, who: str = "portal") -> Json:
        """The dossier as its reader sees it. Raises `AssertionError` unless it is answered."""
        reply = self.call("GET", f"/v1/dossiers/{code}", who=who)
        if reply.status != 200:
            raise AssertionError(f"GET dossier: {reply.status} {reply.body}")
        body: Json = reply.body
        return body

    def wait_for_state(self, code: str, *states: str, patience: float = PATIENCE_SECONDS) -> Json:
        """The dossier, as soon as it is in one of the states."""
        return wait_until(
            lambda: self.dossier(code), lambda dossier: dossier["state"] in states, f"state {states}", patience
        )


def wait_until(
    look: Callable[[], T],
    enough: Callable[[T], bool],
    what: str,
    patience: float = PATIENCE_SECONDS,
    *,
    every: float = 0.1,
) -> T:
    """Look every so many seconds until it is enough. Raises `TimeoutError` with the last thing seen."""
    deadline = time.monotonic() + patience
    while True:
        seen = look()
        if enough(seen):
            return seen
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience:.0f} s for {what}; last seen: {seen}")
        time.sleep(every)
