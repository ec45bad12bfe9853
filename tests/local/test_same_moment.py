"""What two senders do at the same moment, and what one does twice."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.client import LocalClient, Reply

from .harness import LocalRun
from .outside import Json, Outside, person, refused

MONDAY = "2023-02-06T09:00:00+07:00"


def together(*calls: Callable[[LocalClient], Reply], home: Path) -> list[Reply]:
    """Run the calls at the same moment, each over a connection of its own."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[LocalClient], Reply]) -> Reply:
        client = LocalClient(home / "endpoints.json")
        gate.wait()
        return call(client)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def home(local_run: LocalRun) -> Path:
    return local_run.home


def sender(declaration: Json, key: str) -> Callable[[LocalClient], Reply]:
    def send(client: LocalClient) -> Reply:
        return client.call("POST", "/v1/dossiers", declaration, who="portal", headers={"Idempotency-Key": key})

    return send


@pytest.mark.parametrize("senders", (2, 3, 5))
def test_one_key_at_the_same_moment(outside: Outside, home: Path, serial: int, senders: int) -> None:
    outside.client.set_clock(MONDAY)
    send = sender(person(serial), str(uuid.uuid4()))
    replies = together(*[send] * senders, home=home)

    # one original, the others the same answer again
    assert [reply.status for reply in replies] == [201] * senders
    assert sum(reply.headers.get("Idempotent-Replayed") == "true" for reply in replies) == senders - 1
    assert all(reply.body == replies[0].body for reply in replies)
    assert len({reply.headers["ETag"] for reply in replies}) == 1

    # and also later, when the dossier has changed
    code = replies[0].body["dossier_code"]
    outside.pay(person(serial), replies[0].body, MONDAY)
    again = send(outside.client)
    assert (again.status, again.headers["Idempotent-Replayed"], again.body) == (201, "true", replies[0].body)
    assert [message["sequence"] for message in outside.heard.of(code, 3)] == [1, 2, 3]


@pytest.mark.parametrize("attempt", range(4))
def test_two_keys_for_the_same_months_at_the_same_moment(
    outside: Outside, home: Path, serial: int, attempt: int
) -> None:
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    replies = together(*(sender(declaration, str(uuid.uuid4())) for _ in range(2)), home=home)

    made, refusal = sorted(replies, key=lambda reply: reply.status)
    assert made.status == 201
    refused(refusal, 409, "DUPLICATE_DOSSIER")
    assert refusal.body["dossier_code"] == made.body["dossier_code"]
    assert made.body["dossier_code"] in refusal.body["detail"]


def test_a_key_with_another_body(outside: Outside, serials: Iterator[int]) -> None:
    outside.client.set_clock(MONDAY)
    key, declaration = "k" * 255, person(next(serials))
    first = sender(declaration, key)(outside.client)
    assert first.status == 201
    refused(sender({**declaration, "phone": "0912345679"}, key)(outside.client), 409, "IDEMPOTENCY_KEY_REUSED")
    refused(sender(person(next(serials)), key)(outside.client), 409, "IDEMPOTENCY_KEY_REUSED")
    # the order of the members and spaces are no other body
    turned = dict(reversed(declaration.items()))
    assert sender(turned, key)(outside.client).headers["Idempotent-Replayed"] == "true"


def test_a_refusal_does_not_use_the_key_up(outside: Outside, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    key, declaration = str(uuid.uuid4()), person(serial)
    refused(sender({**declaration, "phone": "1"}, key)(outside.client), 422, "PHONE_INVALID")
    assert sender(declaration, key)(outside.client).status == 201


def test_overlapping_months_are_one_open_dossier(outside: Outside, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    first = outside.declare(person(serial, method="M3"))
    reply = outside.try_to_declare(person(serial, from_month="2023-04"))
    refused(reply, 409, "DUPLICATE_DOSSIER")
    assert reply.body["dossier_code"] == first["dossier_code"]
    assert outside.try_to_declare(person(serial, from_month="2023-05")).status == 201


def test_codes_of_one_day_are_handed_out_once(outside: Outside, home: Path, serials: Iterator[int]) -> None:
    """Twelve people at the same moment, on a day and in a province where nobody was before."""
    outside.client.set_clock("2023-02-07T09:00:00+07:00")
    people = [person(next(serials), province="91") for _ in range(12)]
    replies = together(*(sender(declaration, str(uuid.uuid4())) for declaration in people), home=home)
    assert [reply.status for reply in replies] == [201] * 12
    codes = sorted(reply.body["dossier_code"] for reply in replies)
    assert codes == [f"000.00.91.G24-230207-{number:04d}" for number in range(1, 13)]


def test_a_busy_morning_turns_nobody_away(outside: Outside, serials: Iterator[int]) -> None:
    """Eight senders at a time in one province: they contend for the day's numbers, and everybody gets one."""
    outside.client.set_clock("2023-02-08T09:00:00+07:00")
    people = [person(next(serials), province="89") for _ in range(64)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(outside.try_to_declare, people))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["dossier_code"] for reply in replies}) == 64


def test_two_officers_issue_the_same_cover(outside: Outside, home: Path, serial: int) -> None:
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    paid = outside.pay(declaration, outside.declare(declaration), MONDAY)
    path = f"/v1/officer/covers/{paid['cover']['cover_id']}/issue"

    def issue(client: LocalClient) -> Reply:
        return client.call("POST", path, who="signer_79", headers={"If-Match": '"1"'})

    replies = together(issue, issue, home=home)

    # one decision; whoever came second looked at an old version
    accepted, refusal = sorted(replies, key=lambda reply: reply.status)
    assert (accepted.status, accepted.body["state"]) == (202, "CHECKED")
    refused(refusal, 412, "VERSION_CONFLICT")
    outside.client.wait_for_state(paid["dossier_code"], "RESULT_RETURNED")
    assert [message["sequence"] for message in outside.heard.of(paid["dossier_code"], 5)] == [1, 2, 3, 4, 5]
    # and afterwards the answer stays clear
    refused(issue(outside.client), 412, "VERSION_CONFLICT")
    version = outside.client.dossier(paid["dossier_code"])["cover"]["version"]
    late = outside.client.call("POST", path, who="signer_79", headers={"If-Match": f'"{version}"'})
    refused(late, 409, "INVALID_TRANSITION")


def test_two_officers_decide_about_one_dossier(outside: Outside, home: Path, serial: int) -> None:
    """One wins; the other is told what has changed, and the trail has one decision."""
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    paid = outside.pay(declaration, outside.declare(declaration), MONDAY)
    code, seen = paid["dossier_code"], {"If-Match": f'"{paid["version"]}"'}
    path = f"/v1/officer/dossiers/{code}"

    def ask(client: LocalClient) -> Reply:
        body = {"reason": "Thiếu số nhà.", "fields": ["permanent_address.house_street"]}
        return client.call("POST", f"{path}/supplement-request", body, who="officer_79", headers=seen)

    def refuse(client: LocalClient) -> Reply:
        body = {"reason": "Không thuộc đối tượng."}
        return client.call("POST", f"{path}/refusal", body, who="signer_79", headers=seen)

    won, lost = sorted(together(ask, refuse, home=home), key=lambda reply: reply.status)
    assert won.status == 200, won.body
    refused(lost, 412, "VERSION_CONFLICT")
    assert lost.body["version"] == won.body["version"]
    assert lost.body["state"] == won.body["state"]
    assert lost.body["changes"][0]["event"] in {"SUPPLEMENT_REQUESTED", "DOSSIER_REFUSED"}
    assert outside.client.dossier(code)["state"] == won.body["state"]
