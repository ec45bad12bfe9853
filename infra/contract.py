"""`make contract`: the published contract against the running system, by tools that nobody here wrote.

Spectral reads the OpenAPI document with the OWASP rule set (infra/spectral); schemathesis makes thousands of calls of
it, good and bad, against a fresh local run: its examples, every corner of its schemas, random ones, and then chains of
calls along the links of the document, helped by `infra.contract_chains`. Both must end without an error. `FUZZ=100`
makes that many random calls an operation (25 unless told), `ONLY=^/v1/portal/` takes the paths that fit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from infra.local.client import LocalClient
from infra.local.samples import first_timer, voucher_for
from infra.tools import ROOT, environment, local_run

WORK = ROOT / "build" / "contract"
SPECTRAL = ROOT / "infra" / "spectral"

ROLES = (
    # The first that fits counts; every call of an operation carries the token of somebody who may call it, and where
    # two persons are needed the second is another one.
    (r"^/v1/officer/.*(procedure|rules)/.*/publication", "publisher2_79"),
    (r"^/v1/officer/covers/.*/(revocation|reissue)$", "officer_79"),
    (r"^/v1/officer/.*(procedure|rules)", "publisher_79"),
    (r"^/v1/officer/", "signer_79"),
    (r"^/v1/(dossiers|portal)", "portal"),
)
CHAINS = 3
DOSSIERS_WAY = r"^/v1/(quotes$|dossiers|officer/dossiers/|officer/covers/\{)"
"""From a price to the cover; elsewhere chains begin in lists, which are empty more often than not."""
LEAD_ON = ("issue_one_cover", "request_cover_revocation")
"""Decisions after which another call is due."""

EXPECTED = {
    # A request may fit the schema and still be refused by a rule between two fields, or by an earlier call.
    "positive_data_acceptance": ["2xx", "304", "401", "403", "404", "409", "412", "422"],
    "negative_data_rejection": ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"],
    "missing_required_header": ["400", "401", "403", "404", "406", "422", "428"],
    "not_a_server_error": ["2xx", "3xx", "4xx", "503"],
}


def main() -> int:
    """Answers the exit status: 0 when neither tool finds an error."""
    WORK.mkdir(parents=True, exist_ok=True)
    with local_run(keep_log=WORK / "run.log") as system:
        document = requests.get(f"{system.endpoints['api']}/v1/openapi.json", timeout=30)
        (WORK / "openapi.json").write_bytes(document.content)
        linted = _spectral()
        fuzzed = _schemathesis(system)
    return linted or fuzzed


def _spectral() -> int:
    print("==> Spectral with the OWASP rule set", flush=True)
    folder = ROOT / "build" / "tools" / "spectral"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (SPECTRAL / "package-lock.json").read_bytes()
    if not (folder / "package-lock.json").exists() or (folder / "package-lock.json").read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SPECTRAL / name, folder)
        # No script of a package is run: none is needed.
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    shutil.copy(SPECTRAL / "ruleset.yaml", folder)
    shutil.copy(WORK / "openapi.json", folder)
    program = folder / "node_modules" / ".bin" / "spectral"
    asked = [str(program), "lint", "-r", "ruleset.yaml", "openapi.json", "--fail-severity", "error"]
    told = subprocess.run([*asked, "-f", "json", "-q"], cwd=folder, capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(told.stdout[told.stdout.index("[") :]) if "[" in told.stdout else []
    errors = [each for each in found if each["severity"] == 0]
    for each in errors:
        print(f"{each['code']}  {'/'.join(map(str, each['path']))}  {each['message']}")
    print(f"{len(errors)} errors, {len(found) - len(errors)} warnings")
    return 1 if errors or told.returncode not in (0, 1) else 0


def _schemathesis(system: LocalClient) -> int:
    print("==> schemathesis against a fresh local run", flush=True)
    code, cover = _issued(system)
    examples = int(os.environ.get("FUZZ", "25"))
    known = [
        "[parameters]",
        f"code = {json.dumps(code)}",
        f"cover_id = {json.dumps(cover)}",
        '"path.table" = "holiday_calendar"',
        '"path.kind" = "receipt"',
    ]
    # Before random calls set the clock and publish rules. In a chain the codes come from the answers before: a fixed
    # one would stand in their place.
    (WORK / "chains.json").write_text(json.dumps(_for_chains(json.loads((WORK / "openapi.json").read_text("utf-8")))))
    helped = [f'hooks = "{ROOT / "infra" / "contract_chains.py"}"']
    helped += ["[phases.stateful]", "max-steps = 12", "inference.algorithms = []"]
    # A run of chains keeps to what it found first: several see more of the links, half of them on one dossier's way.
    chained = max(
        _run("chained", ("chains.json", "stateful"), helped, system, examples=examples, only=only)
        for only in (DOSSIERS_WAY, "") * CHAINS
    )
    alone = _run("alone", ("openapi.json", "examples,coverage,fuzzing"), known, system, examples=examples)
    return chained or alone


def _for_chains(document: dict[str, Any]) -> dict[str, Any]:
    """The document without links from what only a chain can reach: whatever leads on is also tried as a beginning."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "post" and "{" in path and operation["operationId"] not in LEAD_ON:
                for answer in operation["responses"].values():
                    answer.pop("links", None)
    return document


def _run(
    name: str, what: tuple[str, str], first: list[str], system: LocalClient, *, examples: int, only: str = ""
) -> int:
    """One run over a document, with some of schemathesis' phases; `first` are lines of its configuration."""
    configuration = WORK / f"{name}.toml"
    configuration.write_text("\n".join([*first, *_configuration(system)]) + "\n", "utf-8")
    program = environment("contract") / "schemathesis"
    asked = [str(program), "--config-file", configuration.name, "run", what[0]]
    asked += ["--url", system.endpoints["api"], "--phases", what[1]]
    asked += ["--max-examples", str(examples), "--continue-on-failure", "--no-color"]
    only = os.environ.get("ONLY", only)
    if only:
        asked += ["--include-path-regex", only]
    if "SEED" in os.environ:
        asked += ["--seed", os.environ["SEED"]]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "ENDPOINTS": json.dumps(system.endpoints)}
    return subprocess.run(asked, cwd=WORK, env=variables, check=False).returncode


def _configuration(system: LocalClient) -> list[str]:
    """The lines of schemathesis.toml that every run has: who calls what, and which refusals are right."""
    lines = [
        "[checks]",
        # API Gateway has no 405: what has no route is 404 by its gateway response (infra/template/answers).
        "unsupported_method.enabled = false",
    ]
    lines += [f"{check}.expected-statuses = {json.dumps(statuses)}" for check, statuses in EXPECTED.items()]
    for path, who in ROLES:
        others = "".join(f"(?!{earlier.removeprefix('^')})" for earlier, _ in ROLES[: ROLES.index((path, who))])
        token = system.endpoints["tokens"][who]
        lines += [
            "[[operations]]",
            f"include-path-regex = {json.dumps('^' + others + path.removeprefix('^'))}",
            f'headers = {{ Authorization = "Bearer {token}" }}',
        ]
    return lines


def _issued(system: LocalClient) -> tuple[str, str]:
    """A dossier that is paid and whose cover waits for its signer, so that calls meet more than 404."""
    person = first_timer(900_001)
    system.set_clock("2023-02-06T09:00:00+07:00")
    opened = system.call("POST", "/v1/dossiers", person, who="portal")
    code: str = opened.body["dossier_code"]
    paid_at = datetime.fromisoformat("2023-02-06T09:15:22+07:00")
    system.send_voucher(voucher_for(person, code, number="0900001", paid_at=paid_at))
    dossier = system.wait_for_state(code, "IN_PROCESS")
    cover: str = dossier["cover"]["cover_id"]
    return code, cover


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    sys.exit(main())
