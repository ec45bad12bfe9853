"""Webhooks: what is due, when it is tried again, and signatures that Standard Webhooks' own example proves."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.events import GENESIS, AuditLine, By, Event
from chalicelib.domain.messages.webhook import (
    Delivery,
    Endpoint,
    Standing,
    pause_seconds,
    secret_bytes,
    signature_header,
)
from chalicelib.domain.months import VIETNAM

NOW = datetime(2023, 2, 6, 2, 0, tzinfo=UTC)
ENDPOINT = Endpoint("dvc", "https://portal.example/hook", first_pause=5, longest_pause=60, give_up_after=600)
NEW = Delivery("D1", "dvc")


def line(version: int, sequence: int | None, state: str = "RECEIVED") -> AuditLine:
    return AuditLine(
        dossier_code="D1",
        national_code=None,
        province_code="79",
        version=version,
        event=Event.VOUCHER_RECORDED,
        state=state,
        national_status=2,
        status_sequence=sequence,
        at=datetime(2023, 2, 6, 9, 0, tzinfo=VIETNAM),
        by=By.SYSTEM,
        actor="x",
        reason=None,
        subject=None,
        due_at=None,
        previous_hash=GENESIS,
    )


def test_due_is_every_change_of_state_behind_what_was_taken() -> None:
    lines = [line(1, 1), line(2, None), line(3, 2), line(4, 3)]
    assert [message.sequence for _, message in NEW.due(lines)] == [1, 2, 3]
    assert [message.sequence for _, message in NEW.taken(2).due(lines)] == [3]
    assert NEW.taken(3).due(lines) == []


def test_an_endpoint_chooses_states_and_a_beginning() -> None:
    told = line(1, 1, "COMPLETED")
    assert ENDPOINT.wants(told)
    assert replace(ENDPOINT, states=frozenset({"COMPLETED"})).wants(told)
    assert not replace(ENDPOINT, states=frozenset({"EXPIRED"})).wants(told)
    assert replace(ENDPOINT, since=told.at).wants(told)
    assert not replace(ENDPOINT, since=told.at + timedelta(seconds=1)).wants(told)


def test_a_failure_waits_twice_as_long_each_time_and_is_parked_in_the_end() -> None:
    delivery, now, pauses = NEW.taken(2), NOW, []
    while (delivery := delivery.failed(ENDPOINT, now, "HTTP_500", jitter=0)).standing is Standing.RETRYING:
        assert delivery.next_at is not None
        pauses.append(int((delivery.next_at - now).total_seconds()))
        assert delivery.waits(now) == pauses[-1] + 1
        assert delivery.waits(delivery.next_at) == 0
        now = delivery.next_at
    assert pauses[:6] == [5, 10, 20, 40, 60, 60]
    assert sum(pauses) >= 600
    assert (delivery.standing, delivery.next_at, delivery.delivered, delivery.failing_since) == (
        Standing.PARKED,
        None,
        2,
        NOW,
    )
    assert delivery.waits(now) == 0
    assert delivery.revision == len(pauses) + 2
    # The dossier moves on: a new series, its own day long.
    again = delivery.resumed().failed(ENDPOINT, now, "HTTP_500", jitter=0)
    assert (again.standing, again.attempts, again.failing_since) == (Standing.RETRYING, 1, now)
    assert again.taken(3) == Delivery("D1", "dvc", 3, revision=again.revision + 1)


@pytest.mark.parametrize(
    ("tries", "jitter", "seconds"), ((1, 0, 5), (1, 999, 3), (4, 500, 30), (40, 0, 60), (400, 999, 31))
)
def test_half_of_a_pause_is_chance(tries: int, jitter: int, seconds: int) -> None:
    assert pause_seconds(tries, ENDPOINT, jitter) == seconds


def test_a_pause_is_a_second_at_least() -> None:
    assert pause_seconds(1, replace(ENDPOINT, first_pause=1), 999) == 1
    assert pause_seconds(1, replace(ENDPOINT, first_pause=0), 0) == 1


@pytest.mark.parametrize(("asked", "seconds"), ((None, 5), (2, 5), (30, 30), (10**6, 60)))
def test_retry_after_is_heard_within_reason(asked: int | None, seconds: int) -> None:
    delivery = NEW.failed(ENDPOINT, NOW, "HTTP_503", jitter=0, asked_for=asked)
    assert delivery.next_at == NOW + timedelta(seconds=seconds)


def test_woken_is_tried_now_and_may_go_back() -> None:
    parked = replace(NEW.taken(4), standing=Standing.PARKED, attempts=9, reason="HTTP_500", failing_since=NOW)
    assert parked.woken(NOW) == Delivery("D1", "dvc", 4, Standing.RETRYING, next_at=NOW, revision=2)
    assert parked.woken(NOW, 2).delivered == 1
    assert parked.woken(NOW, 9).delivered == 4
    assert parked.woken(NOW).waits(NOW) == 0


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the Standard Webhooks specification's reference libraries."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    header = signature_header([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    both = signature_header([b"k" * 24, secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert both.split(" ")[1] == header


@pytest.mark.parametrize(
    "secret", ("", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!", "whsec_" + base64.b64encode(b"short").decode())
)
def test_a_weak_or_foreign_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        secret_bytes(secret)
