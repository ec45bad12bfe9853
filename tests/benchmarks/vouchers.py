"""Vouchers without a pause on the local cloud: how many a second, at what CPU, and whether memory stays.

    .venv/bin/python -m tests.benchmarks.vouchers 50000 --new 1000

Of the messages `--new` are vouchers that take their whole effect, evenly among the others; the others repeat vouchers
that came before, as a queue that delivers at least once does. A new voucher stays in the local cloud's memory, which
is its table; a repeated one must leave nothing behind. The sender keeps a few hundred messages waiting. Status 1 where
one is lost, or where memory grows in the second half beyond what the new vouchers' items take.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.local.harness import LocalRun, fresh_run
from tests.local.outage import Outage, cpu_seconds, machine

STEPS = 10
WAITING = 400
"""Messages that the senders keep in the queue."""
VOUCHER_KIB, ALLOWED_KIB = 180, 8 * 1024
"""What one dossier with its voucher, executions and messages may keep in the local cloud; and the noise on top."""


class Flow:
    """Messages in the order they are sent: new ones evenly spread, the others drawn from what was sent before."""

    def __init__(self, new: list[dict[str, Any]], count: int, chance: random.Random) -> None:
        self._new, self._count, self._chance = new, count, chance

    def __iter__(self) -> Iterator[dict[str, Any]]:
        every = self._count / len(self._new)
        sent = 0
        for number in range(self._count):
            if number >= sent * every and sent < len(self._new):
                sent += 1
                yield self._new[sent - 1]
            else:
                again = self._new[self._chance.randrange(sent)]
                yield {**again, "message_id": f"again-{number}"}


def main() -> int:
    """Print throughput and memory by tenths; 1 where something is lost or memory grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=int, nargs="?", default=50_000)
    parser.add_argument("--new", type=int, default=1000)
    given = parser.parse_args()
    with fresh_run() as run:
        outage = Outage(run.client, random.Random(1), given.new, provinces=10)
        outage.open_dossiers()
        outage.two_hours_later()
        return _measure(run, outage, given.messages, given.new)


def _measure(run: LocalRun, outage: Outage, count: int, new: int) -> int:
    print(machine())
    print(f"{'messages':>10}{'a second':>10}{'CPU each':>10}{'resident':>12}")
    flow = iter(Flow(outage.vouchers, count, random.Random(2)))
    memory = []
    began, began_cpu = time.monotonic(), cpu_seconds(run.pid)
    for step in range(STEPS):
        started, cpu = time.monotonic(), cpu_seconds(run.pid)
        for _ in range(count // STEPS // 10):
            _send(run, [next(flow) for _ in range(10)])
        if step == STEPS - 1:
            outage.wait_until_empty(600.0)
        took, used = time.monotonic() - started, cpu_seconds(run.pid) - cpu
        memory.append(run.memory_mib())
        size = count // STEPS
        print(
            f"{(step + 1) * size:>10,}{size / took:>10.0f}{used / size * 1000:>7.2f} ms{memory[-1]:>8.0f} MiB",
            flush=True,
        )
    took, used = time.monotonic() - began, cpu_seconds(run.pid) - began_cpu
    outage.wait_until_settled(600.0)
    applied = sum(head.get("state") == {"S": "APPLIED"} for head in outage.heads().values())
    grown = (memory[-1] - memory[STEPS // 2 - 1]) * 1024
    allowed = new / 2 * VOUCHER_KIB + ALLOWED_KIB
    print(
        f"{count:,} messages in {took:.0f} s: {count / took:.0f} a second, {used / count * 1000:.2f} ms CPU each,"
        f" {used / took * 100:.0f} % of one core\nof {new:,} new vouchers applied: {applied:,}"
        f"\nthe second half took {grown:+,.0f} KiB, {new // 2:,} new dossiers are allowed {allowed:,.0f} KiB"
    )
    return 0 if applied == new and grown <= allowed else 1


def _send(run: LocalRun, batch: list[dict[str, Any]]) -> None:
    """Ten messages, once there is room in the queue."""
    sqs, url = run.client.aws("sqs"), run.client.endpoints["voucher_queue_url"]
    entries = [
        {"Id": str(number), "MessageBody": json.dumps(message, ensure_ascii=False)}
        for number, message in enumerate(batch)
    ]
    while True:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        if int(told["ApproximateNumberOfMessages"]) < WAITING:
            break
        time.sleep(0.2)
    sqs.send_message_batch(QueueUrl=url, Entries=entries)


if __name__ == "__main__":
    sys.exit(main())
