"""The README's tour, its very commands, against the deployed system."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

from infra.local.client import LocalClient

from .harness import ROOT, LocalRun

PAUSE = """
sleep 0.5
if [ -n "${CODE:-}" ] && [ -e .local/tour-voucher.json ]; then
    until curl -s $API/v1/dossiers/$CODE -H "$PORTAL" | grep -q '"si_number":"[0-9]'; do sleep 0.2; done
fi
"""
"""A reader takes as long between two steps as the voucher takes to be recorded."""


def tour() -> list[str]:
    """The blocks of shell commands of the tour, in their order."""
    text = (ROOT / "README.md").read_text("utf-8").partition("## Five minutes")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_tour_of_the_readme_works(local_run: LocalRun, system: LocalClient, tmp_path: Path) -> None:
    # given a reader in the project's folder, and a local run that is ready
    (tmp_path / ".local").symlink_to(local_run.home)
    (tmp_path / "docs").symlink_to(ROOT / "docs")

    # when each command is typed as it stands there
    commands = f"\n{PAUSE}\n".join(tour())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    # then the cover lies where the tour says, and is the one that the system names
    assert done.returncode == 0, done.stdout + done.stderr
    cover = (local_run.home / "tour-cover.pdf").read_bytes()
    link = json.loads((local_run.home / "tour-link.json").read_text("utf-8"))
    assert hashlib.sha256(cover).hexdigest() == link["sha256"]
    assert '"state": "IN_PROCESS"' in done.stdout

    # and nothing is left beside the run's own folder
    assert {path.name for path in tmp_path.iterdir()} == {".local", "docs"}
