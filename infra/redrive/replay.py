"""The two passes over a queue of dead letters: a look that changes nothing, and the replay with its proof."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.usecases.ledger.preview_vouchers import state_of, trace_of

from .letters import Judge, Letter, LetterCause, Letters, Opinion, Sender
from .relay import Lost, NotRelayed, RelayFailures
from .stack import Stack, StackError
from .vouchers import judge_vouchers

VOUCHERS, RELAY = "vouchers-dlq", "relay-failures"
NO_OP = "DUPLICATE"
EXAMPLES = 2
POLL_SECONDS = 0.5


@dataclass
class Run:
    """One call of the command. `only` is a cause; `rate` messages a second; `wait` seconds for the proof."""

    stack: Stack
    queue: str
    only: str | None
    rate: float
    limit: int
    wait: float
    say: Callable[[str], None]
    stopped: bool = field(default=False, init=False)

    def stop(self) -> None:
        """End behind the message that is under way."""
        self.stopped = True

    def wanted(self, opinion: Opinion) -> bool:
        """What nobody can read is sent again only when asked for by name."""
        return opinion.cause == self.only if self.only else opinion.cause is not LetterCause.UNKNOWN


def preview(run: Run) -> int:
    """Tell what lies there, by cause, and what each would do. Answers how many would be replayed."""
    letters, judge = Letters(run.stack, run.queue), _judge_of(run)
    groups: dict[tuple[str, str, str], list[tuple[Letter, Opinion]]] = defaultdict(list)
    try:
        taken = [letter for batch in letters.take(run.limit) for letter in batch]
    finally:
        letters.release()
    for letter, opinion in zip(taken, judge(taken), strict=True):
        groups[opinion.cause, opinion.detail, opinion.would].append((letter, opinion))
    run.say(f"{run.stack.name} {run.queue}: {len(taken)} messages")
    for (cause, detail, would), members in sorted(groups.items()):
        oldest = (time.time() - min(letter.sent_at for letter, _ in members)) / 3600
        money = sum(opinion.amount for _, opinion in members)
        examples = ", ".join(letter.message_id for letter, _ in members[:EXAMPLES])
        run.say(
            f"{len(members):6}  {cause:9}  {detail:32}  would {would:28}  {money:>15,} đ"
            f"  oldest {oldest:.1f} h  {examples}"
        )
    return sum(run.wanted(opinion) for members in groups.values() for _, opinion in members)


def replay(run: Run) -> bool:
    """Send what is wanted again, prove what can be proved. True where everything came out as said."""
    if run.queue == RELAY:
        return _relay_again(run)
    source = run.stack.source_of(run.queue)
    if source is None:
        raise StackError(f"no queue sends its dead letters to {run.queue}: there is nowhere to send them back to")
    letters, judge, sender = Letters(run.stack, run.queue), _judge_of(run), Sender(run.stack, source, run.rate)
    predicted: dict[str, str] = {}
    no_ops: dict[str, str] = {}
    sent = kept = 0
    try:
        for letter, opinion in _judged(letters, judge, run):
            if not run.wanted(opinion):
                kept += 1
                continue
            if opinion.subject and opinion.subject not in predicted:
                predicted[opinion.subject] = opinion.would
                if opinion.would == NO_OP:
                    no_ops[opinion.subject] = trace_of(opinion.subject, run.stack.wiring)
            sender.send(letter)
            letters.delete(letter)
            sent += 1
    finally:
        letters.release()
    run.say(f"sent again {sent}, left where they were {kept}" + (", interrupted" if run.stopped else ""))
    return _prove(run, source, predicted, no_ops)


def _judged(letters: Letters, judge: Judge, run: Run) -> Iterator[tuple[Letter, Opinion]]:
    """Letters with what is thought of each, judged by tens so that the look-up is one; ends when told to stop."""
    for batch in letters.take(run.limit):
        for pair in zip(batch, judge(batch), strict=True):
            if run.stopped:
                return
            yield pair


def _judge_of(run: Run) -> Judge:
    if run.queue == VOUCHERS:
        return lambda batch: judge_vouchers(batch, run.stack.wiring) if batch else []
    if run.queue == RELAY:
        return RelayFailures(run.stack).judge
    return lambda batch: [Opinion(LetterCause.PASSING, "not read", "BE RECEIVED AGAIN") for _ in batch]


def _prove(run: Run, source: str, predicted: dict[str, str], no_ops: dict[str, str]) -> bool:
    """Wait until the queue has been worked off, then look: what was done changed nothing, the rest came out as said."""
    until = time.monotonic() + run.wait
    while predicted and run.stack.depth(source) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    if not predicted:
        return True
    if left := run.stack.depth(source):
        run.say(f"{left} messages still wait in {source}: run the preview later to see what became of them")
        return not no_ops
    w = run.stack.wiring
    changed = [name for name, before in no_ops.items() if trace_of(name, w) != before]
    run.say(f"replays of vouchers that had taken effect: {len(no_ops)}, of which changed anything: {len(changed)}")
    for name in changed:
        run.say(f"  changed: {name}")
    became = Counter(
        (would, state_of(name, w) or "not in the ledger") for name, would in predicted.items() if would != NO_OP
    )
    for (would, state), count in sorted(became.items()):
        run.say(f"{count:6}  said {would:28}  is {state}")
    return not changed


def _relay_again(run: Run) -> bool:
    """Each letter's lines are relayed; then the letter is deleted. What fails again stays."""
    letters, failures = Letters(run.stack, run.queue), RelayFailures(run.stack)
    done = lines = kept = 0
    try:
        for letter, opinion in _judged(letters, failures.judge, run):
            if opinion.cause is not LetterCause.PASSING or not run.wanted(opinion):
                kept += 1
                continue
            try:
                lines += failures.relay(failures.places(Lost.of(letter))[0])
            except (NotRelayed, ClientError, BotoCoreError) as error:
                run.say(f"stays: {letter.message_id}: {error}")
                kept += 1
                continue
            letters.delete(letter)
            done += 1
            time.sleep(1 / run.rate)
    finally:
        letters.release()
    run.say(f"relayed {lines} audit lines for {done} messages, left where they were {kept}")
    return kept == 0
