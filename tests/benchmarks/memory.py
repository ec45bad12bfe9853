"""The voucher consumer's memory over many messages, in one process with AWS answered inside it.

    .venv/bin/python -m tests.benchmarks.memory 50000

Every message is another voucher that takes its whole effect, in batches of ten through the whole handler. What grows
here would grow in a Lambda that stays warm. Status 1 where the second half takes more than `ALLOWED_KIB`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.local.outage import machine

from . import samples, warm
from .stub import Stub

ALLOWED_KIB = 1024
STEPS = 10


def resident_kib() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def delivery(first: int, codes: list[str]) -> Any:
    """Ten vouchers with ids and receipts of their own for the ten dossiers."""
    vouchers = []
    for place, code in enumerate(codes):
        message = samples.voucher(place, code)
        number = f"{first + place:07d}"
        vouchers.append(
            {
                **message,
                "message_id": f"message-{number}",
                "voucher_id": f"KT79-2023-{number}",
                "receipt": {**message["receipt"], "number": number},
            }
        )
    return samples.voucher_event(vouchers)


def main(count: int) -> int:
    """Print memory and CPU by tenths; 1 where memory grows."""
    os.environ.update(samples.ENVIRONMENT)
    with Stub().standing_in() as stub:
        codes, consume, context = _prepared(stub)
        print(machine())
        print(f"{'messages':>10}{'resident':>14}{'CPU a message':>16}")
        found = []
        for step in range(STEPS):
            began, size = time.process_time(), count // STEPS
            with warm.quiet():
                for first in range(step * size, (step + 1) * size, warm.BATCH):
                    answer = consume(delivery(first, codes), context)
                    if answer["batchItemFailures"]:
                        raise RuntimeError("a voucher failed")
            found.append(resident_kib())
            each = (time.process_time() - began) / size * 1000
            print(f"{(step + 1) * size:>10,}{found[-1]:>10,} KiB{each:>13.2f} ms", flush=True)
        writes = stub.calls["TransactWriteItems"]
    grown = found[-1] - found[STEPS // 2 - 1]
    print(f"{writes:,} transactions; the second half took {grown:+,} KiB")
    return 1 if grown > ALLOWED_KIB else 0


def _prepared(stub: Stub) -> tuple[list[str], Any, Any]:
    """Ten open dossiers that the stub knows, the handler and its context."""
    import app
    from chalicelib.queues.vouchers import voucher_consumer
    from chalicelib.wiring import wiring

    wiring().clock = warm.Clock()
    context = warm.Context()
    warm.load_population(range(warm.BATCH))
    answers = [app.app(samples.registration_event(number), context) for number in range(warm.BATCH)]
    stub.can_batch("bench", [item for (_, sk), item in stub.items.items() if sk in {"META", "HEADER"}])
    return [warm.opened(answer) for answer in answers], voucher_consumer, context


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
