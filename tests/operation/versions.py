"""Packages of earlier versions, made from this clone's history in `build/versions`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.local.harness import ROOT


class NoHistoryError(Exception):
    """The version that is asked for is not in this clone; the message says what to do."""


def commit_of(ref: str) -> str:
    """The commit that a ref names. Raises `NoHistoryError`."""
    asked = ["git", "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise NoHistoryError(
            f"this clone does not have the version {ref!r}: fetch its history (git fetch --unshallow), or name another "
            "one with FROM=<git ref>"
        )
    return found.stdout.strip()


def package_of(ref: str, say: Callable[[str], None]) -> Path:
    """The folder of the sandbox's package of a version, made by that version's own packager with today's tools.

    Raises `NoHistoryError`, `subprocess.CalledProcessError`.
    """
    commit = commit_of(ref)
    tree = ROOT / "build" / "versions" / commit[:12]
    if not tree.exists():
        making = tree.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(making)], input=archive, check=True)
        (making / "build").mkdir()
        # What is installed for Lambda is kept by its lock's content, so versions may share it.
        (ROOT / "build" / "cache").mkdir(parents=True, exist_ok=True)
        (making / "build" / "cache").symlink_to(ROOT / "build" / "cache")
        making.rename(tree)
    say(f"packaging {commit[:12]}")
    command = [sys.executable, "-m", "infra.package", "--stage", "sandbox"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    return (tree / "build" / "sandbox").resolve()
