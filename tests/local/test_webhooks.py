"""Webhooks in the deployed system: topic, queue, sender and a portal's address on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterator

import pytest

from infra.local.client import wait_until
from tests.support.receiver import Received, Receiver, receiver

from .outside import Json, Outside, person

MONDAY = "2023-02-06T09:00:00+07:00"
PARAMETER, SECRET = "/bhxh-602e-sandbox/webhooks", "bhxh-602e-sandbox/webhook-secrets"
KEY = b"k" * 32
LOG = "/v1/portal/deliveries"


@pytest.fixture
def address(outside: Outside) -> Iterator[Receiver]:
    """An address of the portal `dvc`, tried again after a second."""
    ssm, secrets = outside.client.aws("ssm"), outside.client.aws("secretsmanager")
    secret = f"whsec_{base64.b64encode(KEY).decode()}"
    with receiver() as kept:
        secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps({"dvc": [secret]}))
        configured = {"dvc": {"url": kept.url, "first_retry_seconds": 1, "longest_retry_seconds": 1}}
        ssm.put_parameter(Name=PARAMETER, Value=json.dumps(configured), Type="String", Overwrite=True)
        yield kept
        ssm.put_parameter(Name=PARAMETER, Value="{}", Type="String", Overwrite=True)


def taken_of(address: Receiver, codes: list[str]) -> dict[str, list[Json]]:
    """The messages that the address took, by dossier, in the order they came; each signature is checked."""
    found: dict[str, list[Json]] = defaultdict(list)
    for request in list(address.taken):
        if request.json["dossier_code"] in codes:
            assert signed(request), request.headers
            found[request.json["dossier_code"]].append(request.json)
    return found


def signed(request: Received) -> bool:
    names = {name.lower(): value for name, value in request.headers.items()}
    content = f"{names['webhook-id']}.{names['webhook-timestamp']}.".encode() + request.body
    made = base64.b64encode(hmac.digest(KEY, content, hashlib.sha256)).decode()
    return names["webhook-signature"] == f"v1,{made}" and names["webhook-id"] == request.json["event_id"]


def test_in_order_signed_and_again_until_it_is_taken(
    outside: Outside, address: Receiver, serials: Iterator[int]
) -> None:
    # given an address that refuses the first three messages it gets
    outside.client.set_clock(MONDAY)
    address.answers = [500, 503, 302]
    # when two citizens declare and pay
    codes = []
    for _ in range(2):
        declaration = person(next(serials))
        opened = outside.declare(declaration)
        codes.append(opened["dossier_code"])
        outside.pay(declaration, opened, MONDAY)
    # then each dossier's states arrive once each, in order, as the topic tells them
    found = wait_until(
        lambda: taken_of(address, codes),
        lambda found: all(len(found[code]) >= 3 for code in codes),
        "three states of each dossier",
    )
    for code in codes:
        assert [message["sequence"] for message in found[code]] == [1, 2, 3]
        assert found[code] == outside.heard.of(code, 3)
    assert len(address.arrived) == len(address.taken) + 3
    # and the log tells every try
    logs = wait_until(
        lambda: [log_of(outside, code) for code in codes],
        lambda logs: all(log[-1:] == [(3, True)] for log in logs),
        "the whole log",
    )
    tries = [each for log in logs for each in log]
    assert len([each for each in tries if not each[1]]) == 3
    assert outside.rows(LOG, "portal")
    assert outside.client.call("GET", LOG, who="officer_79").status == 403


def test_redelivery_brings_what_was_taken_before(outside: Outside, address: Receiver, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    code = outside.declare(person(serial))["dossier_code"]
    wait_until(lambda: taken_of(address, [code]), lambda found: len(found[code]) == 1, "the first state")
    wait_until(lambda: log_of(outside, code), bool, "the first try in the log")
    reply = outside.client.call("POST", f"{LOG}/redelivery", {"dossier_code": code, "from_sequence": 1}, who="portal")
    assert (reply.status, reply.body) == (202, {"queued": 1, "more": False})
    found = wait_until(lambda: taken_of(address, [code]), lambda found: len(found[code]) == 2, "the same once more")
    assert found[code][0] == found[code][1]


def log_of(outside: Outside, code: str) -> list[tuple[int, bool]]:
    """Sequence and success of every try, oldest first."""
    rows = outside.rows(f"{LOG}?dossier_code={code}", "portal")
    return [(row["sequence"], row["delivered"]) for row in reversed(rows)]
