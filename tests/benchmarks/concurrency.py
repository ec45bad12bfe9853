"""Many people's vouchers in any order, given to eight consumers at once, against one consumer and the right order.

    .venv/bin/python -m tests.benchmarks.concurrency --people 40 --seed 7

Starts a local run of its own. What is played and compared: `tests/local/crowd.py`. Status 1 where anybody ends
elsewhere than the one of their scenario whose events came once and in order; the seed brings the same orders back.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.local.crowd import CONSUMERS, SCENARIOS, Crowd
from tests.local.harness import fresh_run
from tests.local.outage import machine


def main() -> int:
    """Play it and print the figures; 1 where somebody ends elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40, help="of each scenario")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with fresh_run() as run:
        print(machine())
        crowd = Crowd(run.client, random.Random(given.seed), given.people)
        crowd.play_in_order()
        began = time.monotonic()
        crowd.play_at_once()
        seconds = time.monotonic() - began
        differences = crowd.differences()
    print(
        f"seed {given.seed}: {given.people} people in each of {len(SCENARIOS)} scenarios, {crowd.events} events,"
        f" {crowd.delivered} deliveries, {CONSUMERS} consumers, {seconds:.0f} s: {len(differences)} end elsewhere"
    )
    for line in differences:
        print(line)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
