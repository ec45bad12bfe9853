"""`make restore` rehearsed: a stack is lost; another one, of another name, is made from an export of its table.

    make rehearse-restore            # 20 people of every kind
    make rehearse-restore EACH=5

What an account keeps of a stack that is gone is what the template retains: the keys, the identifier key's secret and
the buckets. Executions, queues, the stream and every setting are gone. Accounting sends again what it has sent.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.local.harness import LocalRun
from tests.local.outage import Judgement

from .export import export_table
from .insistent import InsistentClient
from .stage import Stage, addresses, end_cleanly, report, staged
from .world import World

RETAINED = ("kms", "secretsmanager", "s3")
"""ministack's names of the services that keep something of a stack that is gone."""
STACK, BUCKET = "bhxh-602e-again", "exports"
AHEAD_SECONDS, EACH_SECONDS = 10.0, 1.0
"""So long before 17:00 the executions fall asleep; the stack is lost before then, and made again after."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What is known of the stack that is gone: its export, and what the account keeps of it."""

    prefix: str
    items: int
    identifier_key: str
    documents: str
    token_keys: str


def lose(stage: Stage, world: World, ahead: float) -> Lost:
    """Bring everybody to Monday, export, and lose the stack."""
    world.before()
    world.stop_consumer()
    asleep = world.fall_asleep(ahead)
    world.hear()
    prefix, items = export_table(world.system, BUCKET)
    functions = world.system.aws("lambda").list_functions()["Functions"]
    variables = next(each["Environment"]["Variables"] for each in functions if "TABLE_NAME" in str(each))
    stage.say(f"{items} items exported; the stack is lost, and {len(asleep)} sleeping executions with it")
    stage.run.stop()
    return Lost(
        prefix,
        items,
        variables["IDENTIFIER_KEY_SECRET"],
        variables["DOCUMENTS_BUCKET"],
        variables["COVER_TOKEN_KEYS"].strip(),
    )


def again(stage: Stage, home: Path, lost: Lost) -> LocalRun:
    """Another stack in the same account, made from the export."""
    former = stage.run.home
    kept, state = former / "state", home / "state" / "g00000001"
    state.mkdir(parents=True)
    current = kept / (kept / "CURRENT").read_text("ascii").strip()
    for service in RETAINED:
        if (current / f"{service}.json").exists():
            shutil.copy(current / f"{service}.json", state)
    (state / "streams.json").write_text("[]", "utf-8")
    (home / "state" / "CURRENT").write_text(state.name, "ascii")
    shutil.copytree(former / "s3", home / "s3")
    for name in ("issuer.pem", "ca.pem", "ca-key.pem"):
        shutil.copy(former / name, home)
    given = {
        "RestoreBucket": BUCKET,
        "RestorePrefix": f"{lost.prefix}/data/",
        "FormerCoverTokenKeys": lost.token_keys,
        **addresses(stage.address),
    }
    (home / "parameters.json").write_text(json.dumps(given), "utf-8")
    run = LocalRun(home)
    run.stack, run.parameters = STACK, str(home / "parameters.json")
    return run


def rehearse(stage: Stage, home: Path, ahead: float) -> Judgement:
    """Lose it `ahead` seconds before 17:00 or later, restore it behind 17:00, and go on to the end."""
    world = stage.world()
    lost = lose(stage, world, ahead)
    closing = time.monotonic() + ahead
    stage.run = again(stage, home, lost)
    time.sleep(max(0.0, closing - time.monotonic()))
    stage.run.start()
    stage.say(f"17:00 is over; the stack {STACK} is there")
    before, world.system = world.system, InsistentClient(stage.run.home / "endpoints.json")
    world.system.asked, world.system.repeated = before.asked, before.repeated
    stage.tell_secret(world.system)
    place = f"s3://{BUCKET}/{lost.prefix}"
    arguments = ["--export", place, "--identifier-key", lost.identifier_key, "--documents", lost.documents]
    for confirm in ([], ["--confirm"]):
        for line in stage.operator("infra.restore", *arguments, *confirm).splitlines():
            stage.say(f"  {line}")
    stage.say(f"accounting sends its vouchers again: {world.send_again()}")
    world.start_campaign()
    world.amid()
    world.closing()
    world.evening(lambda: None)
    found = stage.judge(world)
    found.figures["items restored"] = lost.items
    return found


def main() -> int:
    """Play it and print the figures; 1 where anything is otherwise."""
    parser = argparse.ArgumentParser(prog="make rehearse-restore", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--each", type=int, default=20, help="people of every kind")
    given = parser.parse_args()
    end_cleanly()
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        with staged(LocalRun(first), given.each) as stage:
            return report(rehearse(stage, second, AHEAD_SECONDS + EACH_SECONDS * given.each))


if __name__ == "__main__":
    sys.exit(main())
