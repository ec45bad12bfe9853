"""`make audit`: known weaknesses in our code (bandit), our packages (pip-audit, npm) and the template (checkov).

The inventory of what is shipped is written as CycloneDX into build/sbom.

What is found must be argued in infra/audit.yaml, and what is argued there must still be found. The weaknesses of
packages are asked of PyPI, of OSV and of the npm registry over the network: where none can be reached the audit says
so and fails. `ADVISORIES=<folder> …` takes checkouts of advisory databases in their place (infra/advisories.py).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from infra.advisories import NPM, Advisories, service
from infra.package import build
from infra.tools import ROOT, environment

ARGUED: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("audit.yaml").read_text("utf-8"))
LOCKS: Final = ("requirements.txt", "infra/layers/auth/requirements.txt", "infra/layers/cover/requirements.txt")
"""What is shipped; the tools of development are audited too, but after it."""

TOOL_LOCKS: Final = (
    *(f"tests/{each}.txt" for each in ("requirements", "audit", "contract", "load", "mutation")),
    "infra/installer.txt",
)
NPM_LOCK: Final = ROOT / "infra" / "spectral"
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def main() -> int:
    """Answers the exit status: 0 when everything found is argued."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--advisories", nargs="*", type=Path, default=[], help="checkouts of advisory databases")
    folders: list[Path] = parser.parse_args().advisories
    programs = environment("audit")
    ended = [_judge("bandit", _bandit(programs)), _judge("checkov", _checkov(programs)), _packages(programs, folders)]
    return 1 if any(ended) else 0


def _packages(programs: Path, folders: list[Path]) -> int:
    if not folders:
        return _pip_audit(programs, None) | _npm_audit(None)
    advisories = Advisories(folders, {*python_names(), *npm_names()})
    print(f"==> {advisories.count} advisories of {', '.join(sorted(advisories.ecosystems))}, to {advisories.newest}")
    with service(advisories) as address:
        ended = _pip_audit(programs, address)
        if NPM in advisories.ecosystems:
            return ended | _npm_audit(address)
    print("==> npm: NOT AUDITED, there is no advisory about npm among these (tools of development only)")
    return ended


def python_names() -> set[str]:
    """Every package that a lock file names."""
    return {name for lock in (*LOCKS, *TOOL_LOCKS) for name in _PINNED.findall((ROOT / lock).read_text("utf-8"))}


def npm_names() -> set[str]:
    """Every package that the lock file of npm names."""
    packages = json.loads((NPM_LOCK / "package-lock.json").read_text("utf-8"))["packages"]
    return {path.rpartition("node_modules/")[2] for path in packages if path}


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


def _pip_audit(programs: Path, address: str | None) -> int:
    """Ask PyPI, and OSV where PyPI tells nothing; only `address` where there is one."""
    sources = [["-s", "osv", "--osv-url", f"{address}/v1/query"]] if address else [["-s", "pypi"], ["-s", "osv"]]
    ended, found = 0, []
    for lock in (*LOCKS, *TOOL_LOCKS):
        asked = [str(programs / "pip-audit"), "-r", lock, "--require-hashes", "--disable-pip", "--progress-spinner=off"]
        told = _answered(asked, sources)
        if told is None:
            print(f"==> pip-audit: {lock}: NOT AUDITED, no source could be asked")
            ended = 1
            continue
        if lock in LOCKS:
            _inventory(asked, sources, lock)
        weak = [f"{_named(one)} {each['name']} {each['version']}" for each in told for one in each.get("vulns", ())]
        print(f"==> pip-audit: {lock}: {len(told)} packages, {len(weak)} known weaknesses")
        found += weak
    return ended | (0 if ended and not found else _judge("pip-audit", found))


def _inventory(asked: list[str], sources: list[list[str]], lock: str) -> None:
    """The inventory of what is shipped, as CycloneDX (SBOM), below build/sbom."""
    folder = ROOT / "build" / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    name = lock.removesuffix(".txt").replace("/", "-")
    for source in sources:
        written = [*asked, *source, "-f", "cyclonedx-json", "-o", str(folder / f"{name}.cdx.json")]
        # Ends with 1 where a weakness is known: that is told beside it.
        if subprocess.run(written, cwd=ROOT, capture_output=True, check=False).returncode in (0, 1):
            return


def _named(weakness: dict[str, Any]) -> str:
    """By its CVE where it has one: each source has numbers of its own, and an argument is about all of them."""
    return min((each for each in (weakness["id"], *weakness["aliases"]) if each.startswith("CVE-")), default="") or str(
        weakness["id"]
    )


def _answered(asked: list[str], sources: list[list[str]]) -> list[dict[str, Any]] | None:
    """What a source told of every package; None where none told of all."""
    for source in sources:
        told = subprocess.run([*asked, *source, "-f", "json"], cwd=ROOT, capture_output=True, text=True, check=False)
        if not told.stdout.startswith("{"):
            continue
        packages: list[dict[str, Any]] = json.loads(told.stdout)["dependencies"]
        # A mirror without PyPI's own answers has every package skipped: that is no clean audit.
        if packages and not any("skip_reason" in each for each in packages):
            return packages
    return None


def _npm_audit(address: str | None) -> int:
    """The linter of the OpenAPI document; nothing of it is shipped."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NPM_LOCK / name, folder)
        asked = ["npm", "audit", "--package-lock-only", "--json", *(["--registry", address] if address else [])]
        told = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(told.stdout) if told.stdout.startswith("{") else {}
    if "vulnerabilities" not in report:
        print("==> npm: NOT AUDITED, the registry does not answer such questions (tools of development only)")
        return 1
    found = [
        f"{one['url'].rpartition('/')[2]} {name}"
        for name, each in report["vulnerabilities"].items()
        for one in each["via"]
        if isinstance(one, dict)
    ]
    return _judge("npm", found)


if __name__ == "__main__":
    sys.exit(main())
