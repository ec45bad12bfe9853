"""A client that does what clients are told to do: it asks again, with the same key, until it is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.client import LocalClient, Reply

T = TypeVar("T")

PATIENCE_SECONDS = 180.0
PASSING = frozenset({500, 502, 503, 504})


class InsistentClient(LocalClient):
    """Every request may fail while the system is away; none is given up before the patience is at its end.

    `asked` counts the requests, `repeated` those that had to be sent again.
    """

    asked = repeated = 0

    def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        """As `LocalClient._send`, with one Idempotency-Key for all tries of a request."""
        return self.insist(
            lambda: super(InsistentClient, self)._send(method, path, data, headers),
            lambda reply: reply.status not in PASSING,
        )

    def send_voucher(self, message: Any) -> str:
        """As `LocalClient.send_voucher`; a message whose acknowledgement was lost is sent twice."""
        return self.insist(lambda: super(InsistentClient, self).send_voucher(message))

    def insist(self, ask: Callable[[], T], good: Callable[[T], bool] = lambda answer: True) -> T:
        """The answer of the first try that is answered well. Raises `TimeoutError` with the last fault."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        self.asked += 1
        while True:
            try:
                answer = ask()
                if good(answer):
                    return answer
                fault: object = answer
            except (requests.RequestException, BotoCoreError) as error:
                fault = error
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] not in PASSING:
                    raise
                fault = error
            if time.monotonic() > deadline:
                raise TimeoutError(f"not answered: {fault}")
            self.repeated += 1
            time.sleep(0.2)
