"""`make upgrade`: the version before, full of open dossiers and sleeping executions, becomes today's while it works.

    make upgrade                              # from the version before to the source tree
    make upgrade FROM=8108da8 TO=HEAD~3       # between two versions of this clone's history
    make rollback                             # and back again, after today's version has worked for a while

Both versions run from their packages, each function in processes of its own. The stack is updated under the running
executions; at first a tenth of all calls and of all new executions go to the new version, then all. Executions keep
the definition that they began under, and call what the functions are then: those that slept across the change wake at
17:00 into the other version.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.package import build
from tests.local.harness import LocalRun
from tests.local.outage import Judgement

from .stage import Stage, report, staged
from .versions import NoHistoryError, package_of
from .world import World

TENTH = 10
WORKING_TREE = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`first` is filled, then `steps` are released one after the other; packages' folders by what they are called."""

    first: tuple[str, Path]
    steps: Sequence[tuple[str, Path]]
    window: float
    """Seconds of business time that are left until 17:00 when the last change begins."""


def rehearse(stage: Stage, plan: Plan) -> Judgement:
    """The story across the changes. What happens `amid` happens at the first of them."""
    world = stage.world()
    stage.address.answers = [503] * 10
    world.before()
    *earlier, last = plan.steps
    world.stop_consumer()
    world.start_campaign()
    for number, step in enumerate(earlier):
        _change(stage, step, world, first=number == 0)
    asleep = world.fall_asleep(plan.window)
    stage.say(f"{len(asleep)} executions sleep")
    _change(stage, last, world, first=not earlier)
    world.after(stage.redrive)
    found = stage.judge(world)
    _slept(world, asleep, found)
    return found


def _change(stage: Stage, step: tuple[str, Path], world: World, *, first: bool) -> None:
    """Release a package. While both versions work for the first time, the queue is read again and people come."""
    name, package = step
    stage.say(f"the stack is updated to {name}; a tenth goes there")
    stage.run.release(package, every=TENTH)
    if first:
        world.start_consumer()
        world.amid()
    stage.run.end_release()
    stage.say(f"all go to {name}")


def _slept(world: World, asleep: Mapping[str, int], found: Judgement) -> None:
    """What became of the executions that slept across the last change: some at least must have acted after it."""
    acted = sum(world.last_event(arn)["id"] > event for arn, event in asleep.items())
    found.figures["slept across the change"] = len(asleep)
    found.figures["of them woke behind it and acted"] = acted
    if not acted:
        found.faults.append("no execution woke behind the change")


def main() -> int:
    """Play it and print the figures; 1 where anything is otherwise."""
    parser = argparse.ArgumentParser(prog="make upgrade", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", required=True, help="git ref of the version before")
    parser.add_argument("--to", default=WORKING_TREE, help="git ref of the new version; the source tree as it is")
    parser.add_argument("--back", action="store_true", help="and back to the version before")
    parser.add_argument("--each", type=int, default=20, help="people of every kind")
    parser.add_argument("--window", type=float, default=None, help="seconds to 17:00 at the last change")
    given = parser.parse_args()
    try:
        before = package_of(given.before, print)
        after = package_of(given.to, print) if given.to else build("sandbox").folder
    except (NoHistoryError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    old, new = (given.before, before), (given.to or "the source tree", after)
    window = given.window or 40.0 + 3 * given.each
    plan = Plan(old, [new, old] if given.back else [new], window)
    with tempfile.TemporaryDirectory() as home:
        run = LocalRun(Path(home), handlers="process", package=before)
        with staged(run, given.each) as stage:
            stage.say(f"the version before ({given.before}) is filled")
            return report(rehearse(stage, plan))


if __name__ == "__main__":
    sys.exit(main())
