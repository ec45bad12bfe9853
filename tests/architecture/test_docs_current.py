"""The documents say what is: made ones are current, names in them exist, alarms lead to a section of the runbook."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chalicelib import published
from chalicelib.domain.events import StatusMessage
from chalicelib.queues.messages import DossierStatusMessage, read_message
from infra import docs
from infra.merge import merged_overlay

ROOT = docs.ROOT
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MACHINES = sorted((ROOT / "infra/statemachines").glob("*.asl.json"))
SAMPLES = {
    "voucher-issued": "contribution-voucher",
    "voucher-cancelled": "contribution-voucher",
    "manifest": "manifest",
    "dossier-status": "dossier-status",
}
CODE = re.compile(r"```.*?```", re.DOTALL)
RUNBOOK_LINK = re.compile(r"docs/runbook\.md#([a-z0-9-]+)")


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return CODE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", tuple(docs.generated()), ids=page_id)
def test_what_is_made_from_the_code_is_current(path: Path) -> None:
    assert path.read_text("utf-8") == docs.generated()[path], "run: .venv/bin/python -m infra.docs"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    for target in (target for target in targets if "://" not in target):
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_files_named_exist(page: Path) -> None:
    named = re.findall(r"`((?:chalicelib|infra|tests|docs|\.chalice|\.ci)/[\w./-]*)`", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def runbook_links() -> Iterator[tuple[str, str]]:
    """Who sends an operator to which section of the runbook."""
    for name, resource in merged_overlay("production")["Resources"].items():
        if resource.get("Type") == "AWS::CloudWatch::Alarm":
            yield name, resource["Properties"]["AlarmDescription"]
    for machine in MACHINES:
        for name, state in json.loads(machine.read_text("utf-8"))["States"].items():
            if state["Type"] == "Fail":
                yield name, state["Cause"]


@pytest.mark.parametrize(("who", "text"), tuple(runbook_links()))
def test_alarms_and_failures_name_a_section_of_the_runbook(who: str, text: str) -> None:
    found = RUNBOOK_LINK.search(text)
    assert found, f"{who} names no section"
    assert found[1] in anchors(ROOT / "docs/runbook.md")


def operations() -> dict[str, str]:
    """The sections of the runbook that are about an alarm, by anchor: those with a part `It means`."""
    sections = re.split(r"^## ", (ROOT / "docs/runbook.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {section.partition("\n")[0]: section for section in sections if "**It means:**" in section}


def test_every_section_of_the_runbook_is_led_to() -> None:
    named = {found[1] for _, text in runbook_links() if (found := RUNBOOK_LINK.search(text))}
    assert set(operations()) == named


@pytest.mark.parametrize("section", tuple(operations()))
def test_a_section_says_what_to_press_and_what_never(section: str) -> None:
    for part in ("**It means:**", "**Look at:**", "**Press:**", "**Never:**"):
        assert part in operations()[section]


@pytest.mark.parametrize("sample", tuple(SAMPLES))
def test_samples_are_valid(sample: str) -> None:
    text = (ROOT / f"docs/integration/samples/{sample}.json").read_text("utf-8")
    schema = json.loads((ROOT / f"docs/schemas/{SAMPLES[sample]}.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(text), schema, cls=jsonschema.Draft202012Validator)
    if sample == "dossier-status":
        DossierStatusMessage.model_validate_json(text)
    else:
        assert read_message(text) is not None


def test_no_sample_is_forgotten() -> None:
    assert {path.stem for path in (ROOT / "docs/integration/samples").iterdir()} == set(SAMPLES)


def test_the_published_status_is_the_one_that_is_sent() -> None:
    assert list(DossierStatusMessage.model_fields) == [field.name for field in fields(StatusMessage)]


def test_every_published_message_has_its_schema() -> None:
    assert set(docs.SCHEMAS.values()) == set(published.messages().values())


def access_patterns() -> dict[str, set[tuple[str, str]]]:
    """Of each pattern in the data model: the functions (file and name) that are said to use it."""
    rows = re.findall(r"^\| (AP\d+) \|(.*)$", (ROOT / "docs/data-model.md").read_text("utf-8"), re.MULTILINE)
    return {number: {(path, name) for name, path in re.findall(r"`(\w+)` in `([\w/.]+)`", row)} for number, row in rows}


def functions_naming_patterns() -> dict[str, set[tuple[str, str]]]:
    """Of each pattern: the functions or classes whose docstrings name it."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for number in re.findall(r"\bAP\d+\b", ast.get_docstring(node) or ""):
                    found.setdefault(number, set()).add((str(path.relative_to(ROOT)), node.name))
    return found


def test_access_patterns_are_the_same_in_the_data_model_and_in_the_code() -> None:
    assert access_patterns() == functions_naming_patterns()


def test_every_kind_of_key_is_in_the_data_model() -> None:
    page = (ROOT / "docs/data-model.md").read_text("utf-8")
    tree = ast.parse((ROOT / "chalicelib/storage/keys.py").read_text("utf-8"))
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    kinds = {found[0] for literal in literals if (found := re.match(r"[A-Z]+#|[A-Z]+$", literal))}
    assert [kind for kind in sorted(kinds) if f"`{kind}" not in page] == []


def parameters_named() -> Iterator[tuple[str, str]]:
    """Of the open questions: each option of the law's tables, with its file."""
    for line in (ROOT / "docs/open-questions.md").read_text("utf-8").splitlines():
        for match in re.finditer(r"(?:`(\w+)` of )?`(\w+)` in `(chalicelib/law/data/\w+\.json)`", line):
            yield from ((name, match[3]) for name in match.groups()[:2] if name)


@pytest.mark.parametrize(("name", "file"), tuple(parameters_named()))
def test_options_of_open_questions_exist(name: str, file: str) -> None:
    def names(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from names(inner)

    assert name in set(names(json.loads((ROOT / file).read_text("utf-8"))))
