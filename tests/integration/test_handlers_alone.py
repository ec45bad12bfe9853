"""Each function in a process of its own that imports its module and nothing else, as Lambda does: no `app.py`, no
AWS, and of the heavy parts only what the function needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
HANDLERS: dict[str, dict[str, Any] | None] = {
    "chalicelib.queues.vouchers.voucher_consumer": {"Records": []},
    "chalicelib.queues.relay.stream_relay": {"Records": []},
    "chalicelib.queues.webhooks.webhook_sender": None,
    "chalicelib.workflows.dossier.dossier_task": {"schema": 0},
    "chalicelib.workflows.cover.cover_task": {"schema": 0},
    "chalicelib.workflows.renderer.cover_renderer": {"schema": 0},
    "chalicelib.workflows.sweep.sweeper": None,
    "chalicelib.workflows.anchor.audit_anchor": None,
    "chalicelib.workflows.canary.canary": None,
    "chalicelib.http.auth.token_authorizer": None,
}
PROGRAM = """
import importlib, json, sys
module, name, event = json.loads(sys.argv[1])
handler = getattr(importlib.import_module(module), name)
told = {"handler": callable(handler), "modules": sorted(sys.modules)}
if event is not None:
    try:
        told["answer"] = handler(event, None)
    except Exception as error:
        told["answer"] = type(error).__name__
print("TOLD" + json.dumps(told))
"""
HEAVY = {
    "typst": {"chalicelib.workflows.renderer.cover_renderer"},
    "jwt": {"chalicelib.http.auth.token_authorizer"},
    "cryptography": {"chalicelib.http.auth.token_authorizer"},
}
"""Packages that lie in a layer of one function only."""


def alone(handler: str, event: dict[str, Any] | None) -> dict[str, Any]:
    """Import a handler in a fresh interpreter, call it where an event is given, and hear what it says."""
    module, _, name = handler.rpartition(".")
    environment = {**ENVIRONMENT, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", PROGRAM, json.dumps([module, name, event])],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("TOLD")]
    told: dict[str, Any] = json.loads(line.removeprefix("TOLD"))
    return told


@pytest.mark.parametrize("handler", sorted(HANDLERS))
def test_a_function_stands_on_its_own(handler: str) -> None:
    told = alone(handler, HANDLERS[handler])
    assert told["handler"]
    assert "app" not in told["modules"]
    for package, allowed in HEAVY.items():
        assert (package not in told["modules"]) or handler in allowed, f"{package} is in another function's layer"
    if "Records" in (HANDLERS[handler] or {}):
        assert told["answer"] == {"batchItemFailures": []}
    elif HANDLERS[handler] is not None:
        assert told["answer"] == "ValidationError", "a payload of an unknown schema fails for good"
