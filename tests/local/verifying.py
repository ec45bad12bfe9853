"""The verifier of the audit trail, run as an operator runs it, against the local cloud."""

from __future__ import annotations

import os
import subprocess
import sys

from infra.local.client import LocalClient

from .harness import ROOT


def verify(client: LocalClient, chain: str = "") -> tuple[int, list[str]]:
    """Verify one chain against the anchors as well, or every chain; the command's status and what it says."""
    endpoints = client.endpoints
    asked = ["--table", endpoints["table"]]
    if chain:
        buckets = [each["Name"] for each in client.aws("s3").list_buckets()["Buckets"]]
        (anchors,) = [name for name in buckets if "anchors" in name]
        asked += ["--anchors-bucket", anchors, "--chain", chain]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoints["aws"],
        "AWS_DEFAULT_REGION": endpoints["region"],
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "chalicelib.audit", *asked],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout.splitlines()
