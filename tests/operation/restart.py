"""`make restart`: the local cloud killed again and again in the middle of everything; nothing lost, nothing twice.

    make restart                        # 20 people of every kind, 12 kills
    make restart EACH=5 KILLS=4 SEED=7

`kill -9` at random moments while portals declare, accounting pays, officers and the signer decide, and webhooks go
out. Clients do what they are told to do: a request that is not answered is sent again under its Idempotency-Key.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.local.harness import LocalRun
from tests.local.outage import Judgement

from .insistent import InsistentClient
from .stage import Stage, end_cleanly, report, staged

REQUESTS_EACH = 42
"""About so many requests there are in the whole story for each person of every kind: moments are chosen by them."""
LATER_SECONDS = 0.5
"""A kill may come so much later: what the request has set going is under way then."""


class Killer:
    """Kills a local run at seeded moments, counted in requests, and starts it again."""

    def __init__(self, stage: Stage, client: InsistentClient, chance: random.Random, kills: int) -> None:
        self._stage, self._client, self._chance = stage, client, chance
        story = REQUESTS_EACH * stage.each
        self._moments = sorted(chance.randrange(2, story) for _ in range(kills))
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._over = threading.Event()
        self.quiet = threading.Lock()
        """Held by whoever needs the system for longer than a request."""
        self.killed = 0
        self.fault: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Kill no more; wait until the run is up. Raises what went wrong."""
        self._over.set()
        self._thread.join()
        if self.fault:
            raise self.fault

    def _work(self) -> None:
        try:
            for moment in self._moments:
                while self._client.asked < moment:
                    if self._over.wait(0.002):
                        return
                time.sleep(self._chance.uniform(0, LATER_SECONDS))
                with self.quiet:
                    self._stage.run.kill()
                    self.killed += 1
                    self._stage.say(f"  kill -9 no. {self.killed}, after {self._client.asked} requests")
                    self._stage.run.start()
        except BaseException as error:
            self.fault = error


def rehearse(stage: Stage, seed: int, kills: int) -> Judgement:
    """The whole story, with kills from the first declaration to the last signature."""
    world = stage.world()
    killer = Killer(stage, world.system, random.Random(seed), kills)
    stage.address.answers = [503] * 10
    killer.start()
    world.before()
    world.stop_consumer()
    world.start_campaign()
    world.start_consumer()
    world.amid()
    world.set_clock("2023-02-13T17:00:05+07:00")

    def redrive() -> None:
        with killer.quiet:
            stage.redrive()

    world.closing()
    world.evening(redrive)
    killer.stop()
    found = stage.judge(world)
    found.figures["kills"] = killer.killed
    if killer.killed < kills:
        found.faults.append(f"only {killer.killed} of {kills} kills fell into the story")
    return found


def main() -> int:
    """Play it and print the figures; 1 where anything is otherwise."""
    parser = argparse.ArgumentParser(prog="make restart", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--each", type=int, default=20, help="people of every kind")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    end_cleanly()
    with tempfile.TemporaryDirectory() as home, staged(LocalRun(Path(home)), given.each) as stage:
        return report(rehearse(stage, given.seed, given.kills))


if __name__ == "__main__":
    sys.exit(main())
