"""The delivery log over HTTP: for the client whose it is and for operations; another try for what waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.messages.webhook import Attempt, Delivery, Endpoint, Standing
from chalicelib.storage import keys
from chalicelib.storage.items.deliveries import attempt_item, attempt_key, delivery_from, delivery_item
from chalicelib.storage.table import Table
from chalicelib.usecases.messages import deliveries as module
from chalicelib.wiring import Wiring
from tests.integration.http.harness import OFFICER_79, OPS, OTHER_PORTAL, PORTAL, Answer, Api

CODE = "000.00.79.G24-230206-0001"
LOG = "/v1/portal/deliveries"
NOW = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
FELLOW = {"sub": "portal-c", "role": "portal", "client_id": "c", "also_sees": "dvc"}


class Queue:
    """Who was woken."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    def wake(self, code: str) -> None:
        self.woken.append(code)


class Addresses:
    """`dvc` alone has an address."""

    def of(self, client_id: str) -> Endpoint | None:
        return Endpoint("dvc", "https://portal.example/hook") if client_id == "dvc" else None


@pytest.fixture(name="queue", autouse=True)
def _queue(w: Wiring) -> Queue:
    queue = Queue()
    w.__dict__["webhook_queue"] = queue
    w.__dict__["endpoints"] = Addresses()
    return queue


def tried(w: Wiring, number: int, code: str = CODE, **more: Any) -> None:
    """A try of so many minutes past."""
    made: dict[str, Any] = {"delivered": True, "status": 204, "error": None, "sequence": number, **more}
    attempt = Attempt(
        code, "dvc", f"event-{number}", state="RECEIVED", attempt=1, at=NOW + timedelta(minutes=number), milliseconds=9,
        **made,
    )  # fmt: skip
    w.table.put(attempt_key(attempt), attempt_item(attempt))


def waits(w: Wiring, code: str, minutes: int, standing: Standing = Standing.PARKED) -> None:
    since = NOW + timedelta(minutes=minutes)
    made = Delivery(code, "dvc", 2, standing, attempts=4, failing_since=since, reason="HTTP_500", revision=3)
    w.table.put(keys.delivery(code), delivery_item(made))


def get(api: Api, target: str, caller: Mapping[str, str] = PORTAL) -> Any:
    answer = api.call("GET", target, caller=caller)
    assert answer.status == 200, answer.text
    return answer.json


def redeliver(
    api: Api, body: Any, caller: Mapping[str, str] = PORTAL, headers: Mapping[str, str] | None = None
) -> Answer:
    return api.call("POST", f"{LOG}/redelivery", body, caller=caller, headers=headers)


def test_the_log_of_a_dossier_and_of_a_day(api: Api, w: Wiring) -> None:
    assert api.declare().status == 201
    tried(w, 1, delivered=False, status=None, error="NO_CONNECTION")
    for number in (2, 3):
        tried(w, number)
    page = get(api, f"{LOG}?dossier_code={CODE}&limit=2")
    assert [item["sequence"] for item in page["items"]] == [3, 2]
    rest = get(api, f"{LOG}?dossier_code={CODE}&limit=2&cursor={page['next_cursor']}")
    assert rest == {
        "items": [
            {
                "event_id": "event-1",
                "dossier_code": CODE,
                "sequence": 1,
                "state": "RECEIVED",
                "attempt": 1,
                "at": "2026-01-05T14:01:00+07:00",
                "delivered": False,
                "status": None,
                "error": "NO_CONNECTION",
                "milliseconds": 9,
            }
        ],
        "next_cursor": None,
    }
    day = get(api, f"{LOG}?day=2026-01-05&limit=2")
    assert [item["sequence"] for item in day["items"]] == [3, 2]
    assert [
        item["sequence"] for item in get(api, f"{LOG}?day=2026-01-05&limit=2&cursor={day['next_cursor']}")["items"]
    ] == [1]
    for caller, client in ((OPS, "&client_id=dvc"), (FELLOW, "&client_id=dvc"), (PORTAL, "&client_id=dvc")):
        assert len(get(api, f"{LOG}?day=2026-01-05{client}", caller)["items"]) == 3
    assert get(api, LOG)["items"] == []
    assert get(api, f"{LOG}?day=2026-01-05", OTHER_PORTAL)["items"] == []
    assert get(api, f"{LOG}?dossier_code={CODE}", OPS)["items"]


def test_what_waits_is_listed_the_longest_first_and_woken(api: Api, w: Wiring, queue: Queue) -> None:
    assert api.declare().status == 201
    waits(w, "B", 5)
    waits(w, CODE, 1, Standing.RETRYING)
    listed = get(api, f"{LOG}/undelivered?limit=1")
    assert listed["items"] == [
        {
            "dossier_code": CODE,
            "state": "RETRYING",
            "delivered_sequence": 2,
            "attempts": 4,
            "failing_since": "2026-01-05T14:01:00+07:00",
            "next_attempt_at": None,
            "reason": "HTTP_500",
        }
    ]
    rest = get(api, f"{LOG}/undelivered?client_id=dvc&cursor={listed['next_cursor']}", OPS)
    assert ([item["dossier_code"] for item in rest["items"]], rest["next_cursor"]) == (["B"], None)

    answer = redeliver(api, {})
    assert (answer.status, answer.json, queue.woken) == (202, {"queued": 2, "more": False}, [CODE, "B"])
    stored = w.table.get(keys.delivery("B"))
    assert stored is not None
    woken = delivery_from(stored)
    assert (woken.standing, woken.delivered, woken.attempts, woken.revision) == (Standing.RETRYING, 2, 0, 4)


def test_a_long_list_is_woken_in_parts(api: Api, w: Wiring, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for number in range(3):
        waits(w, f"D{number}", number)
    assert redeliver(api, {"client_id": "dvc"}, OPS).json == {"queued": 2, "more": True}
    assert queue.woken == ["D0", "D1"]


def test_one_dossier_from_a_sequence_on_and_once_for_a_key(api: Api, w: Wiring, queue: Queue) -> None:
    assert api.declare().status == 201
    body = {"dossier_code": CODE, "from_sequence": 1}
    # Nothing was delivered yet: there is nothing to go back from, but it is tried.
    assert redeliver(api, body).json == {"queued": 1, "more": False}
    waits(w, CODE, 1)
    key = {"Idempotency-Key": "again-1"}
    assert redeliver(api, body, headers=key).status == 202
    again = redeliver(api, body, headers=key)
    assert (again.status, again.json, again.headers["Idempotent-Replayed"]) == (
        202,
        {"queued": 1, "more": False},
        "true",
    )
    assert queue.woken == [CODE, CODE]
    stored = w.table.get(keys.delivery(CODE))
    assert stored is not None
    assert delivery_from(stored).delivered == 0
    assert redeliver(api, {"dossier_code": CODE}, headers=key).json["code"] == "IDEMPOTENCY_KEY_REUSED"


REFUSALS: tuple[tuple[Mapping[str, str], str, Any, int, str], ...] = (
    (OFFICER_79, LOG, None, 403, "ROLE_NOT_ALLOWED"),
    (OFFICER_79, f"{LOG}/undelivered", None, 403, "ROLE_NOT_ALLOWED"),
    (OFFICER_79, f"{LOG}/redelivery", {}, 403, "ROLE_NOT_ALLOWED"),
    (OPS, LOG, None, 422, "CLIENT_REQUIRED"),
    (OPS, f"{LOG}/undelivered", None, 422, "CLIENT_REQUIRED"),
    (OPS, f"{LOG}/redelivery", {}, 422, "CLIENT_REQUIRED"),
    (OTHER_PORTAL, f"{LOG}?client_id=dvc", None, 403, "CLIENT_NOT_ALLOWED"),
    (OTHER_PORTAL, f"{LOG}?dossier_code={CODE}", None, 403, "DOSSIER_NOT_ALLOWED"),
    (OTHER_PORTAL, f"{LOG}/redelivery", {"dossier_code": CODE}, 403, "DOSSIER_NOT_ALLOWED"),
    (OTHER_PORTAL, f"{LOG}/redelivery", {}, 409, "NO_WEBHOOK"),
    (PORTAL, f"{LOG}?dossier_code=nothing", None, 404, "DOSSIER_NOT_FOUND"),
    (PORTAL, f"{LOG}?dossier_code={'x' * 100}", None, 404, "DOSSIER_NOT_FOUND"),
    (PORTAL, f"{LOG}?cursor=x", None, 422, "CURSOR_INVALID"),
    (PORTAL, f"{LOG}?day=today", None, 422, "INVALID_VALUE"),
    (PORTAL, f"{LOG}/redelivery", {"from_sequence": 1}, 422, "REQUIRED"),
    (PORTAL, f"{LOG}/redelivery", {"dossier_code": CODE, "from_sequence": 0}, 422, "INVALID_VALUE"),
)


def test_who_may_not_and_what_is_not(api: Api, queue: Queue) -> None:
    assert api.declare().status == 201
    for caller, target, body, status, code in REFUSALS:
        answer = api.call("GET" if body is None else "POST", target, body, caller=caller)
        assert (target, answer.status, answer.json["code"]) == (target, status, code)
    assert queue.woken == []


def test_what_the_table_let_go_is_passed_over(api: Api, w: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index may still list what TTL has taken."""
    tried(w, 1)
    tried(w, 2)
    read = Table.get_many

    def without_the_newest(table: Table, wanted: Any) -> Any:
        return {key: item for key, item in read(table, wanted).items() if item["sequence"] != 2}

    monkeypatch.setattr(Table, "get_many", without_the_newest)
    assert [item["sequence"] for item in get(api, f"{LOG}?day=2026-01-05")["items"]] == [1]
