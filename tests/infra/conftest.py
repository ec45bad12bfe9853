"""The finished templates, made from the real application by `chalice package` and `infra.merge`, once per run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.merge import STAGES, finish, merged_overlay

ROOT = Path(__file__).resolve().parents[2]
REGION = "ap-southeast-1"
CHALICE = (sys.executable, "-c", "from chalice.cli import main; main()")

Template = dict[str, Any]


class Templates:
    """Finished templates by stage, each made at first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.of = cache(self._make)

    def path(self, stage: str) -> Path:
        """The finished template as a file."""
        path = self._folder / f"{stage}.json"
        path.write_text(json.dumps(self.of(stage), ensure_ascii=False), "utf-8")
        return path

    def _make(self, stage: str) -> Template:
        project = self._folder / stage
        project.mkdir()
        shutil.copy2(ROOT / "app.py", project)
        for each in ("chalicelib", ".chalice"):
            shutil.copytree(ROOT / each, project / each, ignore=shutil.ignore_patterns("__pycache__", "deploy*"))
        (project / "requirements.txt").write_text("", "utf-8")
        (project / "overlay.json").write_text(json.dumps(merged_overlay(stage)), "utf-8")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "STAGE"}
        subprocess.run(
            [*CHALICE, "package", "--stage", stage, "--merge-template", "overlay.json", "out"],
            cwd=project,
            env={**clean, "AWS_DEFAULT_REGION": REGION, "AWS_CONFIG_FILE": os.devnull},
            check=True,
            capture_output=True,
        )
        return finish(json.loads((project / "out" / "sam.json").read_text("utf-8")), stage)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Every stage in turn."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def template(templates: Templates, stage: str) -> Template:
    return templates.of(stage)
