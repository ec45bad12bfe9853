"""A campaign as a signer of a big province starts it, really run on the local cloud: all is decided, drawn and signed.

    .venv/bin/python -m tests.benchmarks.campaign 2000

Opens a dossier and sends a voucher for each person of one province, lets a signer issue all waiting covers with one
call, and waits until each result is returned. Status 1 unless there is one cover and one file for each person.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from functools import partial

from infra.local.client import wait_until
from infra.tools import tell
from tests.local.harness import LocalRun, fresh_run
from tests.local.outage import Outage, at_once, cpu_seconds, machine, workers_cpu_seconds

LIMIT_SECONDS = 3600.0
ROUTE = "/v1/officer/covers/campaigns"


def main() -> int:
    """Play it and print the figures; 1 where a cover is missing or there twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("covers", type=int, nargs="?", default=2000)
    parser.add_argument("--handlers", choices=("inline", "process"), default="process")
    given = parser.parse_args()
    say = partial(tell, time.monotonic())
    with fresh_run(handlers=given.handlers) as run:
        print(machine(), flush=True)
        crowd = Outage(run.client, random.Random(1), given.covers, provinces=1)
        crowd.open_dossiers()
        say(f"{given.covers} dossiers opened")
        run.client.set_clock("2023-03-06T17:30:00+07:00")
        at_once(run.client.send_voucher, crowd.vouchers)
        crowd.wait_until_settled(LIMIT_SECONDS)
        say("all paid, every cover waits for its signer")
        return _issue(run, crowd, given.covers)


def _issue(run: LocalRun, crowd: Outage, count: int) -> int:
    client, began = run.client, time.monotonic()
    cpu = cpu_seconds(run.pid), workers_cpu_seconds(run.pid)
    started = client.call("POST", ROUTE, {"province_code": "79"}, who="signer_79")
    if started.status != 202:
        raise RuntimeError(f"the campaign was not started: {started.status} {started.body}")
    path = f"{ROUTE}/{started.body['campaign_id']}"
    report = wait_until(
        lambda: client.call("GET", path, who="signer_79").body,
        lambda body: body["state"] != "RUNNING",
        "every cover to be decided",
        LIMIT_SECONDS,
        every=2.0,
    )
    decided = time.monotonic() - began
    crowd.wait_until_issued(LIMIT_SECONDS)
    drawn = time.monotonic() - began
    used = cpu_seconds(run.pid) - cpu[0], workers_cpu_seconds(run.pid) - cpu[1]
    pages = client.aws("s3").get_paginator("list_object_versions").paginate(Bucket=client.endpoints["documents_bucket"])
    files = Counter(version["Key"] for page in pages for version in page.get("Versions", []))
    print(
        f"campaign {report['state']}, outcomes {report['outcomes']}"
        f"\nall decided after {decided:.1f} s, all drawn, signed and returned after {drawn:.1f} s:"
        f" {count / drawn:.1f} covers a second"
        f"\nCPU a cover: local cloud {used[0] / count * 1000:.1f} ms, functions {used[1] / count * 1000:.1f} ms"
        f"\nfiles {len(files)}, written more than once: {sum(number > 1 for number in files.values())}"
        f"\nmemory {run.memory_mib():.0f} MiB"
    )
    good = report["outcomes"].get("CHECKED") == count == len(files) and set(files.values()) == {1}
    return 0 if good and report["state"] == "DONE" else 1


if __name__ == "__main__":
    sys.exit(main())
