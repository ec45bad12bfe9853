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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.package import build, made
from tests.local.harness import LocalRun
from tests.local.outage import Judgement

from .stage import Stage, end_cleanly, report, staged
from .versions import NoHistoryError, package_of
from .world import World

TENTH = 10
WORKING_TREE = ""
CAREFUL = {"CompactStorage": "off", "FieldEncryption": "off", "DossierStartsAt": "WhatIsDue"}
"""What a first release of today's version must not write or ask for yet: the version before does not read or tell it
(docs/deployment.md, "Back to the version before")."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is released: how it is called, a package's folder, parameters of the stack."""

    name: str
    package: Path
    parameters: Mapping[str, str] = field(default_factory=dict)


def upgrade(stage: Stage, new: Path, window: float) -> Judgement:
    """First the new version as the version before can read it, then, behind 17:00, with all that it can."""
    world = _filled(stage)
    asleep = world.fall_asleep(window)
    stage.say(f"{len(asleep)} executions sleep")
    _change(stage, world, Release("the new version, carefully", new, CAREFUL), busy=True)
    world.closing()
    _change(stage, world, Release("the new version", new))
    return _end(stage, world, asleep)


def rollback(stage: Stage, new: Path, old: Path, window: float) -> Judgement:
    """The new version works for a while, starts what sleeps until 17:00, and is taken back."""
    world = _filled(stage)
    _change(stage, world, Release("the new version, carefully", new, CAREFUL), busy=True)
    asleep = world.fall_asleep(window)
    stage.say(f"{len(asleep)} executions sleep that the new version has begun")
    _change(stage, world, Release("the version before", old))
    stage.tools = made(old).root
    world.closing()
    return _end(stage, world, asleep)


def _filled(stage: Stage) -> World:
    world = stage.world()
    stage.address.answers = [503] * 10
    world.before()
    world.stop_consumer()
    world.start_campaign()
    return world


def _change(stage: Stage, world: World, release: Release, *, busy: bool = False) -> None:
    """Release a package, first the functions, then the machines, each to a tenth before all.

    `busy`: while both versions work, the queue is read again and people come.
    """
    stage.say(f"the stack is updated to {release.name}; a tenth of the calls goes there")
    stage.run.release(release.package, every=TENTH, parameters=release.parameters)
    stage.tell_secret(world.system)
    if busy:
        world.start_consumer()
        world.amid(0)
    stage.run.release_machines(every=TENTH)
    if busy:
        stage.say("all calls go there, and a tenth of what begins")
        world.amid(1)
    stage.run.end_release()
    stage.say(f"all go to {release.name}")


def _end(stage: Stage, world: World, asleep: Mapping[str, int]) -> Judgement:
    world.evening(stage.redrive)
    found = stage.judge(world)
    _slept(world, asleep, found)
    return found


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
    end_cleanly()
    try:
        before = package_of(given.before, print)
        after = package_of(given.to, print) if given.to else build("sandbox").folder
    except (NoHistoryError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    window = given.window or 40.0 + 3 * given.each
    with tempfile.TemporaryDirectory() as home:
        run = LocalRun(Path(home), handlers="process", package=before)
        with staged(run, given.each) as stage:
            stage.say(f"the version before ({given.before}) is filled")
            if given.back:
                return report(rollback(stage, after, before, window))
            return report(upgrade(stage, after, window))


if __name__ == "__main__":
    sys.exit(main())
