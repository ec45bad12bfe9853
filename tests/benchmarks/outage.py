"""Scenario A20 as a measurement: vouchers wait while the queue's consumer is down, then all of them take effect.

    make outage                     # 5,000 vouchers; status 1 where anything is lost, doubled or late
    make outage VOUCHERS=500

Starts a local run of its own (`--handlers process`: functions in processes, for a machine with a free core), opens a
dossier for each voucher by the API, stops the consumer, sends the vouchers in no order, one in twenty twice, lets two
hours of business time pass, starts the consumer again and watches it catch up. The steps and what is judged:
`tests/local/outage.py`. The figures are for `docs/reliability.md`.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from functools import partial

from infra.tools import tell
from tests.local.harness import LocalRun, fresh_run
from tests.local.outage import Outage, cpu_seconds, machine, workers_cpu_seconds

LIMIT_SECONDS = 1800.0


def main() -> int:
    """Play it and print the figures; 1 where a judgement fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vouchers", type=int, nargs="?", default=5000)
    parser.add_argument("--provinces", type=int, default=10)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--handlers", choices=("inline", "process"), default="inline")
    given = parser.parse_args()
    say = partial(tell, time.monotonic())
    with fresh_run(handlers=given.handlers) as run:
        outage = Outage(run.client, random.Random(given.seed), given.vouchers, given.provinces)
        print(machine(), flush=True)
        say(f"opening {given.vouchers} dossiers in {given.provinces} provinces")
        outage.open_dossiers()
        say("the consumer goes down; accounting goes on sending")
        outage.go_down()
        outage.send()
        say(f"{outage.sent} messages wait, {outage.sent - given.vouchers} of them twice; two hours pass")
        outage.two_hours_later()
        before_cpu, before_memory, before = _cpu(run), run.memory_mib(), time.monotonic()
        outage.come_back()
        outage.wait_until_empty(LIMIT_SECONDS, say)
        seconds, cpu = time.monotonic() - before, _since(before_cpu, run, outage.sent)
        say("the queue is empty; waiting until everything that follows has come to rest")
        outage.wait_until_settled(LIMIT_SECONDS)
        settled, all_cpu = time.monotonic() - before, _since(before_cpu, run, given.vouchers)
        found = outage.judge()
        print(
            f"\nmessages {outage.sent}, vouchers {given.vouchers}, delivered twice {outage.sent - given.vouchers}"
            f"\nqueue empty after {seconds:.1f} s: {outage.sent / seconds:.0f} messages/s"
            f" (CPU each: {cpu})"
            f"\nall statuses sent, covers prepared and totals counted after {settled:.1f} s"
            f" (CPU a voucher: {all_cpu})"
            f"\nmemory {before_memory:.0f} -> {run.memory_mib():.0f} MiB, load {os.getloadavg()[0]:.1f}"
        )
        for line in found.lines():
            print(line)
        return 0 if found.good else 1


def _cpu(run: LocalRun) -> tuple[float, float]:
    return cpu_seconds(run.pid), workers_cpu_seconds(run.pid)


def _since(before: tuple[float, float], run: LocalRun, count: int) -> str:
    """Milliseconds for one of `count`: of the local cloud, and of the functions where they have processes."""
    cloud, functions = ((now - then) / count * 1000 for now, then in zip(_cpu(run), before, strict=True))
    return f"local cloud {cloud:.2f} ms, functions {functions:.2f} ms" if functions else f"{cloud:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
