"""Workflow executions that failed: by cause, and what of them the sweep starts again.

AWS could redrive an execution itself (`RedriveExecution`), from the state that failed. Here that state is a named end,
which would only be entered again, so a new execution is started from what the table says now: that is the sweep.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from .stack import Stack

MACHINES = ("DossierMachine", "CoverMachine")
TICK = {
    "version": "0",
    "id": "redrive",
    "detail-type": "Scheduled Event",
    "source": "redrive",
    "account": "",
    "time": "",
    "region": "",
    "resources": [],
    "detail": {},
}


def failed(stack: Stack, limit: int) -> Counter[tuple[str, str]]:
    """How many executions failed, by machine and error, of the newest `limit` of each machine."""
    steps = stack.client("stepfunctions")
    found: Counter[tuple[str, str]] = Counter()
    for machine in MACHINES:
        arn = stack.resources[machine][1]
        pages = steps.get_paginator("list_executions").paginate(
            stateMachineArn=arn, statusFilter="FAILED", PaginationConfig={"MaxItems": limit}
        )
        for row in (row for page in pages for row in page["executions"]):
            told = steps.describe_execution(executionArn=row["executionArn"])
            found[machine, str(told.get("error", "unknown"))] += 1
    return found


def sweep(stack: Stack) -> dict[str, Any]:
    """Run the nightly sweep now. Answers its counts; raises `RuntimeError` when it failed."""
    answer = stack.client("lambda").invoke(FunctionName=stack.function("Sweeper"), Payload=json.dumps(TICK).encode())
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise RuntimeError(f"the sweep failed: {told.get('errorType')}")
    return told
