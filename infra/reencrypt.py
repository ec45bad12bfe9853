"""Brings every stored personal id and telephone number under the newest data key, and makes the next one.

    make reencrypt                                  # the local run: what stands in plain form or under an older key
    make reencrypt CONFIRM=1                        # and seals it
    make reencrypt STAGE=production                 # a deployed stack, with the credentials of the AWS tools
    make rotate-field-key STAGE=production CONFIRM=1

After a rotation wait `FieldKeySeconds`, until every function has learnt of the new key, before you seal anew. Both may
be interrupted and run again, beside the running system as well: each item is one conditional write over what was read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError
from chalicelib.usecases.people.reencrypt import Form, reencrypt
from chalicelib.wiring import Wiring
from infra.local.settings import read_settings
from infra.redrive.stack import StackError, deployed_stack, local_stack

Say = Callable[[str], object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers the exit status: 0 where nothing is left to do, 1 where something is or does not open, 2 on failure."""
    parser = argparse.ArgumentParser(
        prog="reencrypt", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="", help="a deployed stage; without one, the local run")
    parser.add_argument("--rotate", action="store_true", help="make the next data key instead")
    parser.add_argument("--confirm", action="store_true", help="write; without it, only say what would be done")
    given = parser.parse_args(arguments)
    try:
        stack = deployed_stack(given.stage) if given.stage else local_stack(read_settings())
        work = rotate if given.rotate else seal_all
        return work(stack.wiring, write=given.confirm, say=print)
    except (StackError, DomainError, ClientError, BotoCoreError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 2


def seal_all(w: Wiring, *, write: bool, say: Say) -> int:
    """Walk through the table and tell what was found and done."""
    if write and not w.settings.seals_fields:
        say("sealing is switched off (FieldEncryption): nothing was changed")
        return 1
    found = reencrypt(w, write=write)
    say(f"{found.items} items looked at")
    for form in Form:
        say(f"{found.values[form]} values {_TOLD[form]}")
    for place in found.broken:
        say(f"does not open: {place}")
    if found.moved:
        say(f"{found.moved} items were written by others at the same time: run it again")
    if write:
        say(f"{found.written} items written")
        return 1 if found.broken or found.moved else 0
    say("Nothing was changed. CONFIRM=1 seals them." if found.left else "Nothing is left to do.")
    return 1 if found.left else 0


_TOLD = {
    Form.PLAIN: "in plain form",
    Form.OLDER_KEY: "under an older data key",
    Form.CURRENT: "under the newest data key",
}


def rotate(w: Wiring, *, write: bool, say: Say) -> int:
    """Make the next data key; the ones before it stay, for they open what they have sealed."""
    numbers = w.fields.numbers()
    say(f"data keys: {', '.join(map(str, numbers)) or 'none yet, the first is made by the first value'}")
    if not numbers or not write:
        say("Nothing was changed." + (" CONFIRM=1 makes the next one." if numbers else ""))
        return 0
    say(f"data key {w.fields.rotate()} seals from now on; the others still open")
    return 0


if __name__ == "__main__":
    sys.exit(main())
