"""Looks at what failed for good, says by cause what a replay would do, and replays it when told to.

    make redrive                                    # preview of vouchers-dlq on the local run; changes nothing
    make redrive CONFIRM=1 RATE=20                  # replay, twenty a second
    make redrive QUEUE=relay-failures CONFIRM=1     # lines that the relay gave up
    make redrive QUEUE=executions                   # failed workflow executions; CONFIRM=1 runs the sweep
    make redrive STAGE=production ONLY=PASSING      # a deployed stack, with the credentials of the AWS tools

Safe to interrupt and to run again: a message leaves the queue only after it was sent and the send acknowledged.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError
from infra.local.settings import read_settings

from .executions import failed, sweep
from .letters import LetterCause
from .replay import Run, preview, replay
from .stack import Stack, StackError, deployed_stack, local_stack

EXECUTIONS = "executions"


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers the exit status: 0 when all went well, 1 when a replay did not do what was said, 2 without a stack."""
    given = _parse(arguments)
    try:
        stack = deployed_stack(given.stage) if given.stage else local_stack(read_settings())
        if given.queue == EXECUTIONS:
            return _executions(stack, given)
        if given.queue not in stack.queues:
            raise StackError(f"{stack.name} has no queue {given.queue}; it has {', '.join(sorted(stack.queues))}")
        run = Run(
            stack=stack,
            queue=given.queue,
            only=given.only,
            rate=given.rate,
            limit=given.limit,
            wait=given.wait,
            say=_say,
        )
        return _letters(run, confirm=given.confirm)
    except (StackError, DomainError, ClientError, BotoCoreError) as error:
        print(f"nothing was done: {error}", file=sys.stderr)
        return 2


def _letters(run: Run, *, confirm: bool) -> int:
    """A preview always; the replay behind it only when confirmed."""
    found = preview(run)
    if not confirm or not found:
        _say("Nothing was changed." if not confirm else "There is nothing to replay.")
        return 0
    with _Interruptible(run.stop):
        return 0 if replay(run) else 1


def _executions(stack: Stack, given: argparse.Namespace) -> int:
    for (machine, error), count in sorted(failed(stack, given.limit).items()):
        _say(f"{count:6}  {machine}  {error}")
    if not given.confirm:
        _say("Nothing was changed. CONFIRM=1 runs the sweep, which starts what should run and does not.")
        return 0
    _say(", ".join(f"{name} {count}" for name, count in sweep(stack).items()))
    return 0


class _Interruptible:
    """The first Ctrl-C or TERM ends the replay behind the message that is under way."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, lambda *_: self._stop())

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="redrive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--queue", default="vouchers-dlq", help="vouchers-dlq, relay-failures, executions, any other")
    parser.add_argument("--stage", default="", help="a deployed stage; without one, the local run")
    parser.add_argument("--only", choices=[cause.value for cause in LetterCause], help="one cause alone")
    parser.add_argument("--rate", type=_rate, default=10.0, help="messages a second (10)")
    parser.add_argument("--limit", type=int, default=10_000, help="look at so many at most (10,000)")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds to wait for the effect, to prove it (60)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="preview only; the default")
    mode.add_argument("--confirm", action="store_true", help="replay behind the preview")
    return parser.parse_args(arguments)


def _rate(text: str) -> float:
    rate = float(text.removesuffix("/s"))
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError("a rate is above 0 and at most 1000 a second")
    return rate


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
