"""The work list over many open dossiers of one province, on the local cloud, over HTTP.

    .venv/bin/python -m tests.benchmarks.work_list 2000

Starts a local run of its own, opens one dossier by its door, lays copies of it into the table under codes and due times
of their own, and measures first pages as an officer gets them. 10,000 take ten minutes to lay out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any

from infra.local.client import LocalClient
from infra.local.samples import first_timer
from tests.local.harness import fresh_run

CALLS = 40
QUERIES = {
    "first page of 50": "",
    "first page of 100": "?limit=100",
    "overdue only": "?overdue=true",
    "one state": "?state=IN_PROCESS",
    "one officer's, every tenth": "?assignee=can-bo-17",
    "nobody's name": "?assignee=khong-co",
}


def copies(item: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """Dossiers like this one, a minute between their due times, every tenth with an officer."""
    first = datetime.fromisoformat("2023-02-01T08:00:00+07:00")
    code = item["dossier_code"]["S"]
    for number in range(1, count):
        own = f"{code[:-4]}{number + 10_000}"
        due = (first + timedelta(minutes=number)).isoformat()
        texts = {
            "PK": f"DOSSIER#{own}",
            "dossier_code": own,
            "state": "IN_PROCESS",
            "due_at": due,
            "GSI1SK": own,
            "GSI2SK": f"{due}#{own}",
        }
        copy = {**item, **{name: {"S": text} for name, text in texts.items()}}
        yield {**copy, "assignee": {"S": "can-bo-17"}} if number % 10 == 0 else copy


def fill(client: LocalClient, count: int) -> None:
    """One dossier by its door, the others straight into the table."""
    opened = client.call("POST", "/v1/dossiers", first_timer(1), who="portal")
    if opened.status != 201:
        raise RuntimeError(f"declaration answered {opened.status}: {opened.body}")
    table, name = client.aws("dynamodb"), client.endpoints["table"]
    key = {"PK": {"S": f"DOSSIER#{opened.body['dossier_code']}"}, "SK": {"S": "META"}}
    made = copies(table.get_item(TableName=name, Key=key)["Item"], count)
    while batch := list(islice(made, 25)):
        table.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}} for item in batch]})


def measure(client: LocalClient, query: str) -> tuple[float, float, int]:
    """Median and 95th percentile in milliseconds, and the rows of the page."""
    times, rows = [], 0
    for _ in range(CALLS):
        began = time.perf_counter()
        answer = client.call("GET", f"/v1/officer/dossiers{query}", who="officer_79")
        times.append((time.perf_counter() - began) * 1000)
        rows = len(answer.body["items"])
    return median(times), sorted(times)[int(CALLS * 0.95)], rows


def main(count: int) -> None:
    """Measure, and print a line for each query."""
    with fresh_run() as run:
        client = run.client
        client.set_clock("2023-02-06T09:00:00+07:00")
        few, _, _ = measure(client, "")
        fill(client, count)
        print(f"{'':<30}{'median':>10}{'95 %':>10}{'rows':>6}")
        print(f"{'no dossier yet':<30}{few:>7.1f} ms")
        found = {name: measure(client, query) for name, query in QUERIES.items()}
        for name, (middle, slow, rows) in found.items():
            print(f"{name:<30}{middle:>7.1f} ms{slow:>7.1f} ms{rows:>6}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
