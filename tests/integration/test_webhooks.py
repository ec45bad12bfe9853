"""The sender of webhooks: in order, signed, at least once, tried again until parked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.messages.webhook import Standing
from chalicelib.queues import webhooks as door
from chalicelib.queues.webhooks import UNEXPECTED_PAUSE, webhook_sender
from chalicelib.storage import keys
from chalicelib.storage.items.deliveries import attempt_from, delivery_from, delivery_item
from chalicelib.storage.post import Posted
from chalicelib.usecases.messages import deliver_status
from tests.support.cloud import client_error
from tests.support.house import HOA, House, voucher

SECRETS = ["whsec_" + base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]
CODE = "000.00.79.G24-230206-0001"
TAKEN = Posted(204, None, 12)
START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@dataclass
class Portal:
    """The portal's address: gives the answers it is told (204 behind them) and keeps what came."""

    answers: list[Posted] = field(default_factory=list)
    came: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        self.came.append((url, headers, body))
        return self.answers.pop(0) if self.answers else TAKEN

    @property
    def heard(self) -> list[tuple[int, str]]:
        """Sequence and state of every message, in the order they came."""
        return [(told["sequence"], told["state"]) for told in (json.loads(body) for _, _, body in self.came)]


@dataclass
class Watch:
    """Real time as a test sets it."""

    now: datetime = START


@pytest.fixture(name="watch")
def _watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(deliver_status, "_now", lambda: watch.now)
    return watch


@pytest.fixture(name="portal")
def _portal(house: House, watch: Watch) -> Iterator[Portal]:
    """Configured for the client `dvc`, with two secrets."""
    portal = Portal()
    configure(house)
    house.cloud.secrets.webhooks = {"dvc": SECRETS}
    house.w.__dict__["post"] = portal
    yield portal
    house.cloud.parameters.webhooks = {}
    house.cloud.secrets.webhooks = {}


def configure(house: House, **more: Any) -> None:
    house.cloud.parameters.webhooks = {"dvc": {"url": "https://portal.example/hook", **more}}
    house.w.__dict__.pop("endpoints", None)


def run(*codes: str, context: Any = None) -> list[str]:
    """Messages for these dossiers in one batch; gives the numbers of those that come again."""
    records = [
        {"messageId": str(number), "receiptHandle": f"r{number}", "body": json.dumps({"dossier_code": code})}
        for number, code in enumerate(codes)
    ]
    return [each["itemIdentifier"] for each in webhook_sender({"Records": records}, context)["batchItemFailures"]]


def standing(house: House, code: str = CODE) -> Any:
    stored = house.w.table.get(keys.delivery(code))
    return None if stored is None else delivery_from(stored)


def log_of(house: House, code: str = CODE) -> list[tuple[int, int, bool, int | None, str | None]]:
    tries = [attempt_from(item) for item in house.w.table.query(keys.deliveries_partition(code), keys.ATTEMPT)]
    return [(each.sequence, each.attempt, each.delivered, each.status, each.error) for each in tries]


def test_everything_due_is_sent_in_order_and_signed(house: House, portal: Portal) -> None:
    assert house.paid() == CODE
    assert run(CODE) == []
    assert portal.heard == [(1, "AWAITING_PAYMENT"), (2, "RECEIVED"), (3, "IN_PROCESS")]
    # What the topic would have published, byte for byte.
    house.relay()
    assert [json.loads(body) for _, _, body in portal.came] == house.cloud.topics.status
    for url, headers, body in portal.came:
        assert url == "https://portal.example/hook"
        assert headers["webhook-id"] == json.loads(body)["event_id"]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        for secret, made in zip(SECRETS, headers["webhook-signature"].split(" "), strict=True):
            key = base64.b64decode(secret.removeprefix("whsec_"))
            assert made == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert (standing(house).delivered, standing(house).standing) == (3, Standing.CURRENT)
    # The doubles and the late ones change nothing.
    assert run(CODE, CODE) == []
    assert len(portal.came) == 3


def test_the_sample_of_the_guide_verifies_what_is_sent(house: House, portal: Portal) -> None:
    """docs/integration/webhooks.md, run as it stands there."""
    guide = Path(__file__).resolve().parents[2] / "docs/integration/webhooks.md"
    found = re.search(r"```python verify\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    assert found
    sample: dict[str, Any] = {}
    exec(found[1], sample)  # noqa: S102 -- the guide's own text
    verified = sample["verified"]
    house.opened()
    run(CODE)
    ((_, headers, body),) = portal.came
    assert all(verified(secret, headers, body) for secret in SECRETS), "both secrets hold while one is changed"
    assert not verified("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, body)
    assert not verified(SECRETS[0], headers, body + b" ")
    assert not verified(SECRETS[0], {**headers, "webhook-id": "another"}, body)
    assert not verified(SECRETS[0], headers, body, now=int(headers["webhook-timestamp"]) + 301)


def test_a_failure_holds_back_its_dossier_and_no_other(house: House, portal: Portal, watch: Watch) -> None:
    house.paid()
    other = house.paid(replace(HOA, personal_id="079185012346", national_code=None), number=2)
    portal.answers = [TAKEN, Posted(500, None, 7)]
    assert run(CODE, CODE, other) == ["0", "1"]
    assert portal.heard[:2] == [(1, "AWAITING_PAYMENT"), (2, "RECEIVED")]
    assert [sequence for sequence, _ in portal.heard[2:]] == [1, 2, 3]
    stands = standing(house)
    assert (stands.delivered, stands.standing, stands.reason, stands.attempts) == (1, Standing.RETRYING, "HTTP_500", 1)
    # Both messages of the dossier come again when the pause is over, not before.
    pause = stands.waits(watch.now)
    assert house.cloud.queues.hidden == [("r0", pause), ("r1", pause)]
    assert 1 <= pause <= 6

    assert run(CODE) == ["0"]
    assert len(portal.came) == 5, "tried before its time"
    watch.now += timedelta(seconds=pause)
    assert run(CODE) == []
    assert [sequence for sequence, _ in portal.heard[5:]] == [2, 3]
    assert log_of(house) == [
        (1, 1, True, 204, None),
        (2, 1, False, 500, None),
        (2, 2, True, 204, None),
        (3, 1, True, 204, None),
    ]


def test_a_silent_address_is_asked_once_in_a_batch(house: House, portal: Portal) -> None:
    house.paid()
    other = house.paid(replace(HOA, personal_id="079185012346", national_code=None), number=2)
    portal.answers = [Posted(None, "NO_ANSWER", 7000)]
    assert run(CODE, other) == ["0", "1"]
    assert len(portal.came) == 1
    assert standing(house).reason == "NO_ANSWER"
    assert standing(house, other) is None
    assert house.cloud.queues.hidden[1] == ("r1", 5)


def test_after_a_day_it_is_parked_and_listed_until_the_dossier_moves_on(
    house: House, portal: Portal, watch: Watch
) -> None:
    configure(house, give_up_after_seconds=60, longest_retry_seconds=30)
    house.opened()
    tries = 0
    while True:
        portal.answers = [Posted(503, None, 3)]
        tries += 1
        if run(CODE) == []:
            break
        watch.now += timedelta(seconds=standing(house).waits(watch.now))
        assert tries < 60
    stands = standing(house)
    assert (stands.standing, stands.delivered, stands.attempts) == (Standing.PARKED, 0, tries)
    (listed,) = house.w.table.query_list(keys.undelivered_list("dvc"), limit=5)
    assert listed["PK"] == keys.deliveries_partition(CODE)
    # The next event brings what was parked before it, in order.
    house.send(voucher(1, CODE))
    portal.came.clear()
    assert run(CODE) == []
    assert [sequence for sequence, _ in portal.heard] == [1, 2, 3]
    assert house.w.table.query_list(keys.undelivered_list("dvc"), limit=5) == []


def test_the_queue_hears_only_while_somebody_has_an_address(house: House, portal: Portal) -> None:
    house.opened()
    house.relay()
    assert house.cloud.topics.for_webhooks == [message["event_id"] for message in house.cloud.topics.status]
    house.cloud.parameters.webhooks = {}
    house.w.__dict__.pop("endpoints", None)
    house.send(voucher(1, CODE))
    house.relay()
    assert len(house.cloud.topics.status) == 3
    assert len(house.cloud.topics.for_webhooks) == 1

    # What can't be read keeps nobody from hearing: the sender finds out for itself.
    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "get_parameter":
            raise client_error("AccessDenied", "GetParameter")

    house.w.__dict__.pop("endpoints", None)
    other = house.opened(replace(HOA, personal_id="079185012346", national_code=None), key="other")
    with house.cloud.calls.hooked(refuse):
        assert house.relay() == []
    assert house.cloud.topics.status[-1]["dossier_code"] == other
    assert len(house.cloud.topics.for_webhooks) == 2


def test_only_wanted_states_are_sent_and_nothing_before_the_beginning(house: House, portal: Portal) -> None:
    configure(house, states=["IN_PROCESS"])
    house.paid()
    assert run(CODE) == []
    assert portal.heard == [(3, "IN_PROCESS")]
    assert standing(house).delivered == 3
    other = house.paid(replace(HOA, personal_id="079185012346", national_code=None), number=2)
    configure(house, since="2023-02-07T00:00:00+07:00")
    portal.came.clear()
    assert run(other) == []
    assert [sequence for sequence, _ in portal.heard] == []


def test_without_an_address_nothing_is_read_or_kept(house: House, portal: Portal) -> None:
    house.paid()
    house.cloud.parameters.webhooks = {}
    house.w.__dict__.pop("endpoints", None)
    house.cloud.calls.made.clear()
    assert run(CODE) == []
    assert house.cloud.calls.made == ["get_parameter"]
    house.cloud.parameters.webhooks = {"another": {"url": "https://another.example"}}
    house.w.__dict__.pop("endpoints", None)
    assert run(CODE) == []
    assert (portal.came, standing(house)) == ([], None)


def test_unsigned_nothing_goes_out(house: House, portal: Portal) -> None:
    house.paid()
    house.cloud.secrets.webhooks = {}
    assert run(CODE) == ["0"]
    assert portal.came == []
    assert standing(house).reason == "SECRET_MISSING"


def test_a_fault_of_our_own_waits_and_loses_nothing(
    house: House, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.paid()

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "query":
            raise client_error("ThrottlingException", "Query")

    with house.cloud.calls.hooked(refuse):
        assert run(CODE) == ["0"]
    assert house.cloud.queues.hidden == [("r0", UNEXPECTED_PAUSE)]

    def no_pause(name: str, arguments: dict[str, Any]) -> None:
        if name in {"query", "change_message_visibility"}:
            raise client_error("AccessDenied", name)

    with house.cloud.calls.hooked(no_pause):
        assert run(CODE) == ["0"]
    assert run(CODE) == []
    assert [sequence for sequence, _ in portal.heard] == [1, 2, 3]


@pytest.mark.parametrize("body", ("no JSON", "[]", '{"x": 1}', "3"))
def test_a_message_that_is_none_of_ours_holds_nothing_back(house: House, portal: Portal, body: str) -> None:
    house.paid()
    records = [
        {"messageId": "odd", "receiptHandle": "r", "body": body},
        {"messageId": "good", "receiptHandle": "r", "body": json.dumps({"dossier_code": CODE})},
    ]
    assert webhook_sender({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "odd"}]}
    assert len(portal.came) == 3


def test_a_race_is_looked_at_again(house: House, portal: Portal) -> None:
    house.paid()

    class Faster(Portal):
        """Somebody else delivers the same message while this one is on its way."""

        def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
            house.w.__dict__["post"] = portal
            assert run(CODE) == []
            return TAKEN

    house.w.__dict__["post"] = Faster()
    assert run(CODE) == ["0"]
    assert house.cloud.queues.hidden == [("r0", deliver_status.SOON)]
    assert run(CODE) == []
    assert [sequence for sequence, _ in portal.heard] == [1, 2, 3]


def test_it_stops_in_time(house: House, portal: Portal) -> None:
    house.paid()

    class Context:
        """Time for two tries."""

        def __init__(self) -> None:
            self.left = [60_000, 30_000]

        def get_remaining_time_in_millis(self) -> int:
            return self.left.pop(0) if self.left else door.SPARE_MILLISECONDS - 1

    assert run(CODE, context=Context()) == ["0"]
    assert [sequence for sequence, _ in portal.heard] == [1, 2]
    assert run(CODE) == []
    assert [sequence for sequence, _ in portal.heard] == [1, 2, 3]


def test_woken_with_nothing_to_tell_it_is_current_again(house: House, portal: Portal, watch: Watch) -> None:
    house.paid()
    run(CODE)
    house.w.table.put(keys.delivery(CODE), delivery_item(standing(house).woken(watch.now)))
    assert run(CODE) == []
    assert standing(house).standing is Standing.CURRENT
    assert len(portal.came) == 3
