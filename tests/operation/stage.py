"""What every rehearsal needs: a local run, its people, the kiosk's address, an operator's commands, figures."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.client import wait_until
from infra.local.tokens import load_issuer
from infra.tools import tell
from tests.local.harness import ROOT, LocalRun
from tests.local.outage import Judgement, machine
from tests.support.receiver import Receiver, receiver

from .insistent import InsistentClient
from .judge import KEY, judge
from .people import KIOSK
from .world import World

SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


@dataclass
class Stage:
    """One rehearsal on one local run."""

    run: LocalRun
    each: int
    address: Receiver
    tools: Path = ROOT
    """The source tree of the version that is deployed: an operator's commands are of that one."""
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        tell(self.began, text)

    def world(self) -> World:
        """The people, with the kiosk's address made known to the system."""
        client = InsistentClient(self.run.home / "endpoints.json")
        self.say(f"{machine()}; {self.run.handlers} handlers")
        self.tell_secret(client)
        # Settings are no data: the local cloud saves them a second later, not at once.
        wait_until(self._secret_saved, bool, "the settings to be saved")
        issuer = load_issuer(self.run.home / "issuer.pem")
        return World(client, issuer.token, self.each, self.say)

    def _secret_saved(self) -> bool:
        state = self.run.home / "state"
        try:
            generation = state / (state / "CURRENT").read_text("ascii").strip()
            return SECRET in (generation / "secretsmanager.json").read_text("utf-8")
        except FileNotFoundError:
            return False

    def tell_secret(self, client: InsistentClient) -> None:
        """What signs messages to the kiosk, as an operator fills it in. An update of the local stack empties it."""
        client.aws("secretsmanager").put_secret_value(
            SecretId=f"{client.endpoints['stack']}/webhook-secrets", SecretString=json.dumps({KIOSK: [SECRET]})
        )

    def operator(self, *command: str) -> str:
        """What an operator's command says. Raises `AssertionError` when it fails."""
        return self.run.operator(*command, tools=self.tools)

    def redrive(self) -> None:
        self.operator("infra.redrive", "--confirm", "--rate", "50")

    def judge(self, world: World) -> Judgement:
        """In the end: what must be true, and the ledger reckoned anew."""
        asked, repeated = world.system.asked, world.system.repeated
        found = judge(world, self.address)
        found.figures |= {"requests": asked, "requests sent again": repeated}
        told = self.operator("infra.rebuild", "--dry-run").splitlines()
        found.figures["ledger reckoned anew"] = told[-1] if told else ""
        found.figures["seconds"] = round(time.monotonic() - self.began)
        found.figures["load"] = f"{os.getloadavg()[0]:.1f}"
        return found


def addresses(address: Receiver) -> dict[str, str]:
    """The stack's parameter with the kiosk's address."""
    told = {KIOSK: {"url": address.url, "first_retry_seconds": 2, "longest_retry_seconds": 20}}
    return {"WebhookAddresses": json.dumps(told)}


@contextmanager
def staged(run: LocalRun, each: int) -> Iterator[Stage]:
    """Start the run; end it, and the kiosk, with the block."""
    with receiver() as address:
        run.home.mkdir(parents=True, exist_ok=True)
        run.parameters = str(run.home / "parameters.json")
        Path(run.parameters).write_text(json.dumps(addresses(address)), "utf-8")
        stage = Stage(run, each, address)
        try:
            run.start()
            yield stage
        finally:
            stage.run.stop()


def end_cleanly() -> None:
    """A rehearsal that is told to end ends its local runs too. For commands."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def report(found: Judgement) -> int:
    """Print the figures; the exit status."""
    for line in found.lines():
        print(line)
    return 0 if found.good else 1
