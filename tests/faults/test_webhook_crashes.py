"""A sender that dies around any of its calls, the one to the portal among them: at least once, in order, never lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.messages.webhook import Standing
from chalicelib.queues.webhooks import webhook_sender
from chalicelib.storage import keys
from chalicelib.storage.items.deliveries import delivery_from
from chalicelib.storage.post import Posted
from chalicelib.usecases.messages import deliver_status
from chalicelib.wiring import Wiring
from tests.faults.crashes import survives_every_crash
from tests.support.cloud import Watched
from tests.support.house import House


class Portal:
    """Keeps the sequences that came; `status` is its answer."""

    def __init__(self) -> None:
        self.came: list[int] = []
        self.status = 204

    def deliver(self, *, body: bytes) -> Posted:
        self.came.append(json.loads(body)["sequence"])
        return Posted(self.status, None, 1)


@pytest.fixture(name="portal")
def _portal(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    portal = Portal()
    house.cloud.parameters.webhooks = {"dvc": {"url": "https://portal.example/hook"}}
    house.cloud.secrets.webhooks = {"dvc": ["whsec_" + base64.b64encode(b"k" * 32).decode()]}
    watched = Watched(portal, house.cloud.calls)
    monkeypatch.setattr(Wiring, "post", lambda _, url, headers, body: watched.deliver(body=body))
    monkeypatch.setattr(deliver_status, "_now", lambda: datetime(2026, 11, 22, 7, 0, tzinfo=UTC))
    monkeypatch.setattr("random.randrange", lambda _: 0)
    yield portal
    house.cloud.parameters.webhooks = {}
    house.cloud.secrets.webhooks = {}


def sender(code: str) -> list[Any]:
    record = {"messageId": "m", "receiptHandle": "r", "body": json.dumps({"dossier_code": code})}
    failures: list[Any] = webhook_sender({"Records": [record]}, None)["batchItemFailures"]
    return failures


def test_what_came_is_complete_and_in_order_whatever_dies(house: House, portal: Portal) -> None:
    code = house.paid()
    heard: list[list[int]] = []

    def work() -> None:
        if house.cloud.calls.crash_at is not None or not heard:
            # A new story: the portal has heard nothing yet.
            heard.append([])
            portal.came = heard[-1]
        assert sender(code) == []

    survives_every_crash(house, work)
    for story in heard:
        firsts = list(dict.fromkeys(story))
        assert firsts == [1, 2, 3], "each for the first time in its order, and none is missing"
        assert len(story) <= 4, "one of them twice at most"
    assert any(len(story) == 4 for story in heard)


def test_a_failure_is_counted_once_it_is_written(house: House, portal: Portal) -> None:
    code = house.opened()
    portal.status = 500
    survives_every_crash(house, lambda: _fails(code))
    stored = house.w.table.get(keys.delivery(code))
    assert stored is not None
    delivery = delivery_from(stored)
    assert (delivery.standing, delivery.attempts, delivery.delivered) == (Standing.RETRYING, 1, 0)


def _fails(code: str) -> None:
    assert len(sender(code)) == 1
