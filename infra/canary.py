"""`make canary`: the canary on the local run, which has no schedule for it; each run's milliseconds by step.

    make canary                # three times, on the local run that is going, else on one of its own
    make canary RUNS=50

In the end it says what there is of the canary in the table: two items, however often it sang.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from infra.local.client import LocalClient
from infra.local.lock import is_held
from infra.local.settings import SettingsError, read_settings
from infra.tools import local_run

OWN = re.compile(r"canary|#99(#|$)|\.99\.|#9900000001$", re.IGNORECASE)
"""What the partition keys of all that the canary makes have in common."""


class CanaryError(Exception):
    """It did not sing; the message says what the function answered."""


def main() -> int:
    """Answers the exit status."""
    runs = int(os.environ.get("RUNS") or 3)
    try:
        with _system() as system:
            for _ in range(runs):
                sung = sing(system)
                steps = ", ".join(f"{step} {taken} ms" for step, taken in sung["dossier"].items())
                print(f"doors {sung['milliseconds']} ms; {steps or 'another one sings'}", flush=True)
            print("left in the table:", *traces(system), sep="\n  ")
    except (CanaryError, SettingsError) as error:
        print(f"the canary fell silent: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def _system() -> Iterator[LocalClient]:
    settings = read_settings()
    if is_held(settings) and settings.endpoints.exists():
        yield LocalClient(settings.endpoints)
        return
    with local_run() as system:
        yield system


def sing(system: LocalClient) -> dict[str, Any]:
    """One run of the canary's function. Raises `CanaryError`."""
    functions = system.aws("lambda")
    (name,) = (
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["FunctionName"].endswith("-canary")
    )
    event = {
        **dict.fromkeys(("version", "id", "detail-type", "source", "account", "time", "region"), ""),
        "resources": [],
        "detail": {"api": system.endpoints["api"]},
    }
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError") or not isinstance(told, dict):
        raise CanaryError(told.get("errorMessage", told) if isinstance(told, dict) else told)
    return told


def traces(system: LocalClient) -> list[str]:
    """`PK SK` of everything in the table that the canary has made."""
    pages = system.aws("dynamodb").get_paginator("scan").paginate(TableName=system.endpoints["table"])
    found = (f"{item['PK']['S']} {item['SK']['S']}" for page in pages for item in page["Items"])
    return sorted(each for each in found if OWN.search(each.partition(" ")[0]))


if __name__ == "__main__":
    sys.exit(main())
