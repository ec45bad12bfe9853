"""`make demo`: a first-timer from declaration to cover sheet on the local run, each step in plain words.

Starts a local run of its own when none is going, and ends that one again. Leaves the cover in .local/demo/cover.pdf.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from chalicelib.documents.token import keys_from
from chalicelib.documents.verification import examine
from chalicelib.documents.verify import roots_from
from infra.local.client import LocalClient, Reply, wait_until
from infra.local.lock import is_held
from infra.local.samples import QUOTE, first_timer, voucher_for
from infra.local.settings import LocalSettings, SettingsError, read_settings

START_PATIENCE_SECONDS = 180.0
"""A first start packages the code and packs the layers."""

MORNING = "2023-02-06T09:00:00+07:00"
PAID_AT = datetime.fromisoformat("2023-02-06T09:15:22+07:00")
AFTER_PAYMENT = "2023-02-06T09:16:00+07:00"


class DemoError(Exception):
    """A step did not go as told; the message says what was answered."""


def main() -> int:
    """Answers the exit status."""
    try:
        settings = read_settings()
        with _system(settings):
            play(LocalClient(settings.endpoints), settings.home / "demo" / "cover.pdf", settings.home / "ca.pem")
    except (DemoError, SettingsError, TimeoutError) as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    return 0


def play(system: LocalClient, target: Path, roots: Path) -> None:
    """Play scenario A1, put the cover at `target` and verify it against `roots` (PEM).

    Raises `DemoError` or `TimeoutError`.
    """
    # The card's last digits change, so that the demo can be played again.
    person = first_timer(random.SystemRandom().randrange(1_000_000))
    print("\nA woman born in 1985 joins voluntary social insurance through the National Public Service Portal.\n")
    _step("The sandbox's clock goes to Monday 6 February 2023, 09:00")
    system.set_clock(MORNING)
    try:
        code = _declare(system, person)
        _pay(system, person, code)
        dossier = _wait_for_cover(system, code)
        _issue(system, dossier["cover"])
        _fetch(system, code, target)
        _verify(system, target, roots)
    finally:
        system.set_clock(None)
    _tell("the clock shows real time again")
    print(f"\nDone. The cover sheet lies in {target}\n")


def _declare(system: LocalClient, person: dict[str, Any]) -> str:
    _step("She asks what one month costs at an income of 1,500,000 đ")
    quote = _expect(200, system.call("POST", "/v1/quotes", {**QUOTE, "method": "M1"}))
    for line in quote["explanation"]:
        _tell(line)
    _tell(f"{_money(quote['amount_gross'])} in all: she pays {_money(quote['amount_participant'])}")
    _step(f"She declares: {person['full_name']}, card {person['personal_id'][:3]}…{person['personal_id'][-3:]}")
    dossier = _expect(201, system.call("POST", "/v1/dossiers", person, who="portal"))
    _tell(f"dossier {dossier['dossier_code']} is open, {dossier['state']}")
    _tell(f"to pay: {_money(dossier['payment']['amount'])} before {dossier['payment']['expires_at']}")
    code: str = dossier["dossier_code"]
    return code


def _pay(system: LocalClient, person: dict[str, Any], code: str) -> None:
    _step("She pays; at 09:15:22 central accounting puts the voucher on the queue, twice, as queues do")
    system.set_clock(AFTER_PAYMENT)
    voucher = voucher_for(person, code, number=datetime.now(UTC).strftime("%d%H%M%S")[-7:], paid_at=PAID_AT)
    system.send_voucher(voucher)
    system.send_voucher(voucher)
    dossier = system.wait_for_state(code, "RECEIVED", "IN_PROCESS", "COMPLETED")
    _tell(f"the dossier is {dossier['state']}, due {dossier['due_at']}:")
    for day in dossier["due_derivation"]:
        _tell(f"    {day['date']}  {day['why']}")
    for period in dossier["participation"]:
        _tell(
            f"recorded once: {period['from_month']} to {period['to_month']}, gross {_money(period['amount_gross'])}, "
            f"the State adds {_money(period['amount_state'])}"
        )
    _tell(f"her social insurance number is {dossier['si_number']}")


def _wait_for_cover(system: LocalClient, code: str) -> dict[str, Any]:
    _step("A workflow prepares her cover sheet")
    dossier = wait_until(
        lambda: system.dossier(code),
        lambda found: (found.get("cover") or {}).get("state") == "DATA_CREATED" and _listed(system, found),
        "the cover to wait for an officer",
    )
    _tell(f"{dossier['cover']['cover_id']} waits for an officer of province 79")
    return dossier


def _listed(system: LocalClient, dossier: dict[str, Any]) -> bool:
    reply = system.call("GET", "/v1/officer/covers?state=DATA_CREATED&limit=100", who="signer_79")
    return any(item["cover_id"] == dossier["cover"]["cover_id"] for item in _expect(200, reply)["items"])


def _issue(system: LocalClient, cover: dict[str, Any]) -> None:
    _step("The officer who may sign issues it")
    reply = system.call(
        "POST",
        f"/v1/officer/covers/{cover['cover_id']}/issue",
        who="signer_79",
        headers={"If-Match": f'"{cover["version"]}"'},
    )
    _expect(202, reply)
    _tell("accepted; the workflow draws the page and stores it")


def _fetch(system: LocalClient, code: str, target: Path) -> None:
    dossier = system.wait_for_state(code, "RESULT_RETURNED")
    _step(f"The dossier is {dossier['state']}, national status {dossier['national_status']}")
    for line in dossier["history"]:
        _tell(f"{line['sequence']}. {line['state']:<16} {line['at']}")
    for message in system.status_messages(code, until=len(dossier["history"])):
        _tell(f"the portal heard: {message['state']} (message {message['sequence']})")
    _step("She fetches her cover sheet")
    link = _expect(200, system.call("GET", f"/v1/dossiers/{code}/cover", who="portal"))
    content = requests.get(link["url"], timeout=30).content
    if hashlib.sha256(content).hexdigest() != link["sha256"]:
        raise DemoError("the file is not the one that was issued: its SHA-256 differs")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    _tell(f"{len(content):,} bytes, SHA-256 {link['sha256'][:16]}… as issued")


def _verify(system: LocalClient, target: Path, roots: Path) -> None:
    """As anybody would who is handed the file, with the roots and the published keys of this local run."""
    _step("A bank checks the file, without asking anybody")
    published = _expect(200, system.call("GET", "/v1/cover-keys"))
    report = examine(target.read_bytes(), roots=roots_from(roots.read_bytes()), code_keys=keys_from(published))
    if not report.sound:
        raise DemoError(f"the cover does not verify: {', '.join(report.faults)}")
    _tell(f"{len(report.findings)} checks passed: signed, whole, unchanged; page, data and QR code say the same")
    _tell(f"again: .venv/bin/python -m chalicelib.documents.verify {target} --trust {roots}")


@contextlib.contextmanager
def _system(settings: LocalSettings) -> Iterator[None]:
    """The local run that is going, or one of our own for as long as the demo takes."""
    if is_held(settings):
        print(f"Using the local run in {settings.home}.")
        _wait_for_endpoints(settings, lambda: not is_held(settings))
        yield
        return
    print("No local run is going: starting one (make run would keep it).")
    process = subprocess.Popen([sys.executable, "-m", "infra.local"], env=dict(os.environ))
    try:
        _wait_for_endpoints(settings, lambda: process.poll() is not None)
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def _wait_for_endpoints(settings: LocalSettings, has_ended: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while not settings.endpoints.exists():
        if has_ended():
            raise DemoError("the local run did not start; it says why above")
        if time.monotonic() > deadline:
            raise DemoError(f"the local run was not ready after {START_PATIENCE_SECONDS:.0f} s")
        time.sleep(0.2)


def _expect(status: int, reply: Reply) -> Any:
    if reply.status != status:
        raise DemoError(f"{status} was expected and {reply.status} came: {reply.body}")
    return reply.body


def _money(amount: int) -> str:
    return f"{amount:,} đ"


_steps = iter(range(1, 100))


def _step(text: str) -> None:
    print(f"\n{next(_steps)}. {text}")


def _tell(text: str) -> None:
    print(f"   {text}")


if __name__ == "__main__":
    sys.exit(main())
