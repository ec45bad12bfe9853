"""Reckons the ledger anew from its versions and decisions, prints what is stored otherwise, repairs it when told to.

    make rebuild                          # the local run: what differs; changes nothing
    make rebuild CONFIRM=1                # and repair it
    make rebuild STAGE=production         # a deployed stack, with the credentials of the AWS tools

Vouchers first, then the periods of dossiers, then the months and counters of people: each follows from the one before.
A dry run shows the first differences only of such a chain. Safe to interrupt and to run again, beside the running
system as well: each repair is one transaction over what it has read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError
from chalicelib.usecases.ledger.rebuild import Difference, rebuild_dossier, rebuild_person, rebuild_voucher
from chalicelib.wiring import Wiring
from infra.local.settings import read_settings
from infra.redrive.stack import StackError, deployed_stack, local_stack

Rebuild = Callable[..., list[Difference]]
PASSES: tuple[tuple[str, str, str, Rebuild], ...] = (
    ("vouchers", "VOUCHER#", "HEAD", rebuild_voucher),
    ("dossiers", "DOSSIER#", "META", rebuild_dossier),
    ("people", "PERSON#", "HEADER", rebuild_person),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers the exit status: 0 where all agrees or was repaired, 1 where a dry run differs, 2 on failure."""
    parser = argparse.ArgumentParser(
        prog="rebuild", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="", help="a deployed stage; without one, the local run")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="print differences only; the default")
    mode.add_argument("--confirm", action="store_true", help="repair what differs")
    given = parser.parse_args(arguments)
    try:
        stack = deployed_stack(given.stage) if given.stage else local_stack(read_settings())
        found = rebuild(stack.wiring, dry_run=not given.confirm, say=print)
    except (StackError, DomainError, ClientError, BotoCoreError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 2
    return 1 if found and not given.confirm else 0


def rebuild(w: Wiring, *, dry_run: bool, say: Callable[[str], object]) -> int:
    """Go through the whole table and tell each difference; answers how many there were."""
    differences = 0
    for name, partition, sort_key, one in PASSES:
        looked_at = 0
        for key in _keys(w, partition, sort_key):
            looked_at += 1
            for difference in one(key, w, dry_run=dry_run):
                differences += 1
                say(str(difference))
        say(f"{looked_at} {name} looked at")
    say(f"{differences} differences" + ("" if dry_run or not differences else ", repaired"))
    return differences


def _keys(w: Wiring, partition: str, sort_key: str) -> Iterator[str]:
    """What stands behind the prefix of every partition that has such an item. Reads the whole table, page by page."""
    arguments: dict[str, Any] = {
        "TableName": w.table.name,
        "FilterExpression": "begins_with(PK, :partition) AND SK = :sort_key",
        "ProjectionExpression": "PK",
        "ExpressionAttributeValues": {":partition": {"S": partition}, ":sort_key": {"S": sort_key}},
        "ConsistentRead": True,
    }
    while True:
        page = w.table.client.scan(**arguments)
        for item in page["Items"]:
            yield item["PK"]["S"].removeprefix(partition)
        if "LastEvaluatedKey" not in page:
            return
        arguments = {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}


if __name__ == "__main__":
    sys.exit(main())
