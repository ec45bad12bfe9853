"""`make load`: Locust's mixed traffic against a fresh local run; latencies, errors, and memory at both ends.

LOAD_SECONDS=600 LOAD_USERS=20 python -m tests.load
"""

from __future__ import annotations

import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from infra.local.client import LocalClient
from infra.local.samples import QUOTE, first_timer, voucher_for
from infra.tools import environment, local_run

PAID_AT = datetime.fromisoformat("2023-02-06T09:15:22+07:00")
SAMPLE_SECONDS = 5.0

Memory = tuple[float, float]
"""MiB of the local cloud, and of the functions' processes."""


def main() -> int:
    """Answers Locust's exit status: 1 with any error."""
    seconds, users = int(os.environ.get("LOAD_SECONDS", "600")), int(os.environ.get("LOAD_USERS", "20"))
    programs = environment("load")
    with local_run() as system, tempfile.TemporaryDirectory() as folder:
        system.set_clock("2023-02-06T09:00:00+07:00")
        ended, memory = _locust(programs, system, Path(folder), seconds, users)
        registered = _report(Path(folder), seconds, users, memory)
        _drained(system)
        _growth(system, registered, memory)
    return ended


def _locust(programs: Path, system: LocalClient, folder: Path, seconds: int, users: int) -> tuple[int, list[Memory]]:
    person = first_timer(1)
    (folder / "endpoints.json").write_text(json.dumps(system.endpoints), "utf-8")
    variables = {
        **os.environ,
        "ENDPOINTS": str(folder / "endpoints.json"),
        "DECLARATION": json.dumps(person),
        "QUOTE": json.dumps(QUOTE),
        "VOUCHER": json.dumps(voucher_for(person, None, number="0000001", paid_at=PAID_AT)),
    }
    asked = [str(programs / "locust"), "-f", str(Path(__file__).with_name("locustfile.py")), "--headless"]
    asked += ["--host", system.endpoints["api"], "-u", str(users), "-r", "2", "-t", f"{seconds}s"]
    asked += ["--csv", str(folder / "load"), "--only-summary", "--loglevel", "WARNING"]
    memory: list[Memory] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            memory.append(_resident(system.endpoints["pid"]))

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    ended = subprocess.run(
        asked, env=variables, cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ).returncode
    done.set()
    sampler.join()
    return ended, memory


def _resident(pid: int) -> Memory:
    """MiB of the launcher, which is the local cloud and its data; and of its workers (HANDLERS=process)."""
    cloud = workers = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines() if ":" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        size = int(lines.get("VmRSS", "0 kB").split()[0]) / 1024
        if int(lines["Pid"]) == pid:
            cloud = size
        elif int(lines["PPid"]) == pid:
            workers += size
    return cloud, workers


def _report(folder: Path, seconds: int, users: int, memory: list[Memory]) -> int:
    """Print what Locust counted. Answers how many dossiers were registered."""
    registered = 0
    described = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in described if "model name" in line), platform.processor())
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores {model}, CPython {platform.python_version()}, load average {load:.1f} at the end")
    print(f"{seconds} s, {users} users, everything (Locust, the local cloud, the functions) on this machine\n")
    print(f"{'':16}{'requests':>10}{'errors':>8}{'per s':>8}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'max ms':>8}")
    with (folder / "load_stats.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            registered += int(row["Request Count"]) if row["Name"] == "register" else 0
            times = [float(row[name]) for name in ("50%", "95%", "99%", "100%")]
            print(
                f"{row['Name']:16}{row['Request Count']:>10}{row['Failure Count']:>8}{float(row['Requests/s']):>8.1f}"
                + "".join(f"{each:>8.0f}" for each in times)
            )
    if memory:
        third = max(1, len(memory) // 3)
        for place, what in ((0, "the local cloud with its data"), (1, "the functions' processes (HANDLERS=process)")):
            series = [each[place] for each in memory]
            parts = [statistics.mean(series[:third]), statistics.mean(series[third : 2 * third] or series)]
            told = ", ".join(f"{part:.0f}" for part in (*parts, statistics.mean(series[-third:])))
            print(f"memory in the first, second and last third, MiB: {told}   {what}")
    return registered


def _growth(system: LocalClient, registered: int, memory: list[Memory]) -> None:
    """What a registration leaves in the local cloud, beside what the table itself says it holds for one."""
    third = len(memory) // 3
    if not third or not registered:
        return
    first, last = (statistics.mean(each[0] for each in part) for part in (memory[:third], memory[-third:]))
    pages = system.aws("dynamodb").get_paginator("scan").paginate(TableName=system.endpoints["table"])
    sizes = [len(json.dumps(item, default=repr).encode()) for page in pages for item in page["Items"]]
    each = (last - first) * 1024 / (registered * 2 / 3)  # from the middle of the first third to that of the last
    print(
        f"{registered} registrations; each left {each:.0f} KiB in the local cloud, of which"
        f" {sum(sizes) / 1024 / registered:.0f} KiB are the texts of its {len(sizes) / registered:.0f} items"
    )


def _drained(system: LocalClient) -> None:
    """How long the queue takes to be empty after the last request."""
    sqs, began = system.aws("sqs"), time.monotonic()
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    while time.monotonic() - began < 120:
        told = sqs.get_queue_attributes(QueueUrl=system.endpoints["voucher_queue_url"], AttributeNames=names)
        left = sum(int(value) for value in told["Attributes"].values())
        if left == 0:
            break
        time.sleep(0.5)
    dead = sqs.get_queue_attributes(QueueUrl=system.endpoints["voucher_dlq_url"], AttributeNames=names[:1])
    after, lost = time.monotonic() - began, dead["Attributes"][names[0]]
    print(f"vouchers in the queue {after:.0f} s after the end: {left}; dead letters: {lost}")


if __name__ == "__main__":
    sys.exit(main())
