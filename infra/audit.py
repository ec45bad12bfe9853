"""`make audit`: known weaknesses in our code (bandit), our packages (pip-audit) and the template (checkov).

What is found must be argued in infra/audit.yaml, and what is argued there must still be found. The weaknesses of
packages are asked of PyPI or of OSV over the network: where neither can be reached the audit says so and fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from infra.package import build
from infra.tools import ROOT, environment

ARGUED: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("audit.yaml").read_text("utf-8"))
LOCKS = ("requirements.txt", "infra/layers/auth/requirements.txt", "infra/layers/cover/requirements.txt")
"""What is shipped; the tools of development are audited too, but after it."""

TOOL_LOCKS = ("tests/requirements.txt",)


def main() -> int:
    """Answers the exit status: 0 when everything found is argued."""
    programs = environment("audit")
    ended = [_judge("bandit", _bandit(programs)), _judge("checkov", _checkov(programs)), _pip_audit(programs)]
    return 1 if any(ended) else 0


def _bandit(programs: Path) -> list[str]:
    asked = [str(programs / "bandit"), "-q", "-r", "app.py", "chalicelib", "infra", "-f", "json"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return [f"{each['test_id']} {each['filename'].removeprefix('./')}" for each in json.loads(told.stdout)["results"]]


def _checkov(programs: Path) -> list[str]:
    package = build("production", say=lambda _: None)
    with tempfile.TemporaryDirectory() as folder:
        # In a folder of its own: checkov looks around.
        template = Path(folder) / "template.json"
        template.write_bytes(package.template.read_bytes())
        asked = [
            str(programs / "checkov"),
            "--framework",
            "cloudformation",
            "-f",
            str(template),
            "-o",
            "json",
            "--quiet",
        ]
        told = subprocess.run([*asked, "--compact"], cwd=folder, capture_output=True, text=True, check=False)
    report: Any = json.loads(told.stdout)
    results = (report[0] if isinstance(report, list) else report)["results"]
    if results.get("parsing_errors"):
        raise RuntimeError(f"checkov could not read the template: {results['parsing_errors']}")
    return [f"{each['check_id']} {each['resource'].rpartition('.')[2]}" for each in results["failed_checks"]]


def unargued(found: Iterable[str], argued: Iterable[str]) -> tuple[list[str], list[str]]:
    """Findings that no line is about, and lines that no finding needs. A line is the beginning of what it is about."""
    findings, lines = sorted(set(found)), list(argued)
    open_ones = [each for each in findings if not any(each.startswith(line) for line in lines)]
    stale = [line for line in lines if not any(each.startswith(line) for each in findings)]
    return open_ones, stale


def _judge(tool: str, found: list[str]) -> int:
    open_ones, stale = unargued(found, ARGUED[tool])
    print(f"==> {tool}: {len(found)} findings, {len(open_ones)} not argued")
    for each in open_ones:
        print(f"    {each}")
    for each in stale:
        print(f"    infra/audit.yaml argues about what is found no more: {each}")
    return 1 if open_ones or stale else 0


def _pip_audit(programs: Path) -> int:
    """Ask PyPI, and OSV where PyPI tells nothing."""
    ended = 0
    for lock in (*LOCKS, *TOOL_LOCKS):
        asked = [str(programs / "pip-audit"), "-r", lock, "--require-hashes", "--disable-pip", "--progress-spinner=off"]
        for ignored in ARGUED["pip-audit"]:
            asked += ["--ignore-vuln", ignored]
        told = _answered(asked)
        if told is None:
            print(f"==> pip-audit: {lock}: NOT AUDITED, neither PyPI nor OSV could be asked")
            ended = 1
            continue
        weak = [each for each in told if each.get("vulns")]
        print(f"==> pip-audit: {lock}: {len(told)} packages, {len(weak)} with known weaknesses")
        for each in weak:
            print(f"    {each['name']} {each['version']}: {', '.join(one['id'] for one in each['vulns'])}")
            ended = 1
    return ended


def _answered(asked: list[str]) -> list[dict[str, Any]] | None:
    """What a source told of every package; None where none told of all."""
    for source in ("pypi", "osv"):
        told = subprocess.run(
            [*asked, "-s", source, "-f", "json"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if not told.stdout.startswith("{"):
            continue
        packages: list[dict[str, Any]] = json.loads(told.stdout)["dependencies"]
        # A mirror without PyPI's own answers has every package skipped: that is no clean audit.
        if packages and not any("skip_reason" in each for each in packages):
            return packages
    return None


if __name__ == "__main__":
    sys.exit(main())
