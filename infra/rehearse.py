"""`make rehearse`: what portal and accounting will meet one day, played on the sandbox on purpose.

    make rehearse                    # all of it, on a local run of its own
    make rehearse FAULT=duplicate    # one fault: duplicate, late, reversed, malformed, slow
    make rehearse PERSONAS=1         # the people of docs/integration/personas.json, and what they are answered

Each fault is a declaration of a made-up person and the messages that go wrong; it says what was sent and what came of
it, and fails where something else came of it than docs/integration says.
"""

from __future__ import annotations

import json
import os
import random
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.client import LocalClient, wait_until
from infra.local.samples import first_timer, voucher_for
from infra.tools import ROOT, local_run

MORNING = "2023-02-06T09:00:00+07:00"
PAID_AT = datetime.fromisoformat("2023-02-06T09:15:22+07:00")
TWO_DAYS_LATER = "2023-02-08T10:00:00+07:00"
SLOW_SECONDS = 3
PERSONAS = ROOT / "docs" / "integration" / "personas.json"
PAID_STATES = frozenset({"RECEIVED", "IN_PROCESS", "COMPLETED", "RESULT_RETURNED"})

Json = dict[str, Any]


class RehearsalError(Exception):
    """Something else came of it than the documents say."""


def duplicate(system: LocalClient, serial: int) -> None:
    """The same voucher three times, under three message ids: its months are recorded once."""
    person, code = _declared(system, serial)
    voucher = _voucher(person, code, serial)
    for _ in range(3):
        system.send_voucher({**voucher, "message_id": str(uuid.uuid4())})
    dossier = _paid(system, code)
    _want(len(dossier["participation"]) == 1, f"one period, not {len(dossier['participation'])}")


def late(system: LocalClient, serial: int) -> None:
    """A voucher that comes two days after the time to pay is over: the dossier stays ended, the money waits."""
    person, code = _declared(system, serial)
    system.set_clock(TWO_DAYS_LATER)
    system.wait_for_state(code, "EXPIRED")
    system.send_voucher(_voucher(person, code, serial))
    _settled(system)
    dossier = system.dossier(code)
    _want((dossier["state"], dossier["participation"]) == ("EXPIRED", []), f"no months for {dossier['state']}")


def reversed_(system: LocalClient, serial: int) -> None:
    """The cancellation overtakes the voucher that it cancels: nothing is ever recorded."""
    person, code = _declared(system, serial)
    voucher = _voucher(person, code, serial)
    system.send_voucher({**voucher, "voucher_version": 2, "event": "CANCELLED", "message_id": str(uuid.uuid4())})
    _settled(system)
    system.send_voucher(voucher)
    _settled(system)
    dossier = system.dossier(code)
    _want((dossier["state"], dossier["participation"]) == ("AWAITING_PAYMENT", []), f"unpaid, not {dossier['state']}")


def malformed(system: LocalClient, serial: int) -> None:
    """No JSON, a sum that does not add up, a field too many: each is put aside, the good one behind them applies."""
    person, code = _declared(system, serial)
    voucher = _voucher(person, code, serial)
    system.send_voucher("{" + json.dumps(voucher))
    system.send_voucher({**voucher, "amount_gross": 1})
    system.send_voucher({**voucher, "colour": "red"})
    _settled(system)
    _want(system.dossier(code)["state"] == "AWAITING_PAYMENT", "nothing may come of what is malformed")
    system.send_voucher(voucher)
    _paid(system, code)


def slow(system: LocalClient, serial: int) -> None:
    """The voucher takes its time; the portal polls, and hears 304 until it is there."""
    person, code = _declared(system, serial)
    body = json.dumps(_voucher(person, code, serial), ensure_ascii=False)
    queue = system.endpoints["voucher_queue_url"]
    system.aws("sqs").send_message(QueueUrl=queue, MessageBody=body, DelaySeconds=SLOW_SECONDS)
    seen = system.call("GET", f"/v1/dossiers/{code}", who="portal")
    again = system.call("GET", f"/v1/dossiers/{code}", who="portal", headers={"If-None-Match": seen.headers["ETag"]})
    _want(again.status == 304, f"304 while nothing has changed, not {again.status}")
    _paid(system, code)


FAULTS: Mapping[str, Callable[[LocalClient, int], None]] = {
    "duplicate": duplicate,
    "late": late,
    "reversed": reversed_,
    "malformed": malformed,
    "slow": slow,
}


def rehearse(system: LocalClient, fault: str, serial: int) -> None:
    """Play one fault at 09:00 on 06/02/2023. Raises `RehearsalError`, `TimeoutError`."""
    system.set_clock(MORNING)
    FAULTS[fault](system, serial)


def meet(system: LocalClient, persona: Json, serial: int) -> None:
    """Load a persona's registers and declare. Raises `RehearsalError` where the answer is another than written."""
    system.set_clock(MORNING)
    changes = dict(persona["declaration"])
    personal_id = f"{changes.pop('personal_id_prefix', '079185')}{serial:06d}"
    for register, entry in persona["registers"].items():
        loaded = system.call("POST", f"/sandbox/{register}", {"personal_id": personal_id, **entry})
        _want(loaded.status == 204, f"register {register}: {loaded.status} {loaded.body}")
    person = first_timer(serial, **changes) | {"personal_id": personal_id}
    reply = system.call("POST", "/v1/dossiers", person, who="portal")
    wanted = persona["answer"]
    _want(reply.status == wanted["status"], f"{persona['name']}: {reply.status} {reply.body}")
    if "code" in wanted:
        codes = {fault["code"] for fault in reply.body["errors"]} | {reply.body["code"]}
        _want(wanted["code"] in codes, f"{persona['name']}: {codes}")
    else:
        _want(reply.body["payment"]["amount"] == wanted["amount"], f"{persona['name']}: {reply.body['payment']}")


def personas() -> list[Json]:
    found: list[Json] = json.loads(PERSONAS.read_text("utf-8"))
    return found


def _declared(system: LocalClient, serial: int) -> tuple[Json, str]:
    person = first_timer(serial)
    opened = system.call("POST", "/v1/dossiers", person, who="portal")
    _want(opened.status == 201, f"a dossier, not {opened.status} {opened.body}")
    return person, opened.body["dossier_code"]


def _voucher(person: Json, code: str, serial: int) -> Json:
    return voucher_for(person, code, number=f"{serial:07d}", paid_at=PAID_AT)


def _paid(system: LocalClient, code: str) -> Json:
    return system.wait_for_state(code, *PAID_STATES)


def _settled(system: LocalClient) -> None:
    """Wait until the queue is empty and nothing of it is being worked on."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def waiting() -> int:
        told = system.aws("sqs").get_queue_attributes(
            QueueUrl=system.endpoints["voucher_queue_url"], AttributeNames=names
        )
        return sum(int(value) for value in told["Attributes"].values())

    wait_until(waiting, lambda left: left == 0, "the queue to be empty")


def _want(right: bool, what: str) -> None:
    if not right:
        raise RehearsalError(f"wanted {what}")


def _asked_for(fault: str) -> list[str]:
    if fault:
        return [fault]
    return [] if os.environ.get("PERSONAS") else list(FAULTS)


def main() -> int:
    """Answers the exit status."""
    asked = os.environ.get("FAULT", "")
    if asked and asked not in FAULTS:
        print(f"FAULT is one of {', '.join(FAULTS)}", file=sys.stderr)
        return 1
    numbers = random.SystemRandom()
    with local_run() as system:
        try:
            if not asked:
                for persona in personas():
                    meet(system, persona, numbers.randrange(1_000_000))
                    print(f"{persona['name']:16} {persona['story']} -> {json.dumps(persona['answer'])}")
            for fault in _asked_for(asked):
                rehearse(system, fault, numbers.randrange(1_000_000))
                print(f"{fault:16} {(FAULTS[fault].__doc__ or '').strip()}")
        except (RehearsalError, TimeoutError) as error:
            print(f"otherwise than written: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    sys.exit(main())
