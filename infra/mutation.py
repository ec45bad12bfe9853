"""Mutants of the rules: small faults put into `chalicelib/domain`, one at a time; a good test suite notices each.

`make mutation` runs all of them (about ten minutes on two cores), `make mutation ONLY="interest.py refund.py"` some
modules. It works on a copy under `build/mutation`, with an environment of its own, and fails below the wanted score.
Read a survivor with `cd build/mutation && .venv/bin/mutmut show <name>`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "mutation"
WANTED_PERCENT = 85
COPIED = ("chalicelib/__init__.py", "chalicelib/domain", "chalicelib/law", "tests/unit/domain", "tests/unit/law")
KILLED = ("killed", "timeout", "suspicious", "segfault")
"""A test failed, or the mutant ran for ever or broke the interpreter: somebody would have noticed."""


def main(modules: list[str]) -> int:
    """Run the mutants of these modules of the domain, of all without any; 0 if enough were killed."""
    _copy()
    python = _environment()
    (WORK / "pyproject.toml").write_text(_configuration(modules), encoding="utf-8")
    mutmut = [python, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", "--max-children", str(os.cpu_count() or 1)], cwd=WORK, check=True)
    subprocess.run([*mutmut, "export-cicd-stats"], cwd=WORK, check=True, stdout=subprocess.DEVNULL)
    return _report(json.loads((WORK / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8")))


def _copy() -> None:
    for name in ("chalicelib", "tests", "mutants"):
        shutil.rmtree(WORK / name, ignore_errors=True)
    for name in COPIED:
        source, target = ROOT / name, WORK / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def _environment() -> str:
    """The interpreter of an environment with what `tests/mutation.txt` locks."""
    environment = WORK / ".venv"
    uv = str(Path(sys.executable).with_name("uv"))
    if not environment.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = str(environment / "bin" / "python")
    lock = str(ROOT / "tests" / "mutation.txt")
    subprocess.run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock], check=True)
    return python


def _configuration(modules: list[str]) -> str:
    names = {Path(module).name for module in modules}
    rules = sorted((ROOT / "chalicelib/domain").rglob("*.py"))
    only = [str(path.relative_to(ROOT)) for path in rules if path.name in names]
    return f"""[tool.mutmut]
source_paths = ["chalicelib/domain"]
only_mutate = {json.dumps(only)}
also_copy = ["chalicelib"]
pytest_add_cli_args_test_selection = ["tests/unit/domain", "tests/unit/law"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
use_git_change_detection = false

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
pythonpath = ["."]
"""


def _report(told: dict[str, int]) -> int:
    killed = sum(told.get(name, 0) for name in KILLED)
    total = told["total"] - told.get("skipped", 0)
    percent = 100 * killed / total if total else 0.0
    print(f"{killed} of {total} mutants killed: {percent:.1f} % (at least {WANTED_PERCENT} % wanted)")
    return 0 if percent >= WANTED_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
