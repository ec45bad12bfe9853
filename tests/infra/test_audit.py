"""`make audit` lets nothing pass that is not argued, and no argument outlive its finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from infra.advisories import NPM, PYPI, Advisories, service
from infra.audit import ARGUED, LOCKS, TOOL_LOCKS, npm_names, python_names, unargued
from infra.tools import ROOT

YAML = """
id: PYSEC-2026-1
modified: 2027-07-09T15:00:00Z
published: "2026-07-23T10:00:00Z"
aliases: [CVE-2026-1]
details: "name: nobody"
affected:
- package: {ecosystem: PyPI, name: Some.Thing}
  ranges:
  - type: GIT
    events: [{introduced: "0"}, {fixed: 0123456789}]
  - type: ECOSYSTEM
    events: [{introduced: 2.0.0}, {fixed: 2.0.6}, {introduced: "0"}, {fixed: 1.26.17}]
  versions: [3.1.0, not-a-version]
"""
JSON = {
    "id": "GHSA-1",
    "modified": "2026-01-02T00:00:00Z",
    "published": "2026-01-02T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "npm", "name": "@a/thing"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"last_affected": "1.4.0"}]}],
        },
        {
            "package": {"ecosystem": "PyPI", "name": "other"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"last_affected": "1.4"}]}],
        },
    ],
}


def test_a_finding_needs_a_line_and_a_line_a_finding() -> None:
    found = ["B105 chalicelib/storage/keys.py", "B603 infra/bundle.py", "B603 infra/demo.py"]
    assert unargued(found, ["B105 chalicelib/storage/keys.py", "B603 infra/"]) == ([], [])
    assert unargued(found, ["B603 infra/"]) == (["B105 chalicelib/storage/keys.py"], [])
    assert unargued(found, ["B105", "B603", "B999"]) == ([], ["B999"])


def test_every_line_has_a_reason() -> None:
    for tool, lines in ARGUED.items():
        for line, reason in lines.items():
            assert len(reason) > 10, (tool, line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "thing.yaml").write_text(YAML, "utf-8")
    (tmp_path / "GHSA-1.json").write_text(json.dumps(JSON, indent=2), "utf-8")
    (tmp_path / "GHSA-2.json").write_text(
        json.dumps(JSON | {"id": "GHSA-2", "withdrawn": "2026-02-01T00:00:00Z"}, indent=2), "utf-8"
    )
    (tmp_path / "readme.json").write_text("{}", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("version", "weak"),
    (
        ("1.26.16", True),
        ("1.26.17", False),
        ("1.99", False),
        ("2.0.0", True),
        ("2.0.5.post1", True),
        ("2.0.6", False),
        ("3.1", True),
        ("3.1.1", False),
    ),
)
def test_a_version_is_weak_where_the_advisory_says_so(folder: Path, version: str, weak: bool) -> None:
    known = Advisories([folder], ["some-thing"])
    assert [each["id"] for each in known.of_python("some_thing", version)] == (["PYSEC-2026-1"] if weak else [])


def test_the_last_affected_version_is_weak_and_what_was_withdrawn_is_not_told(folder: Path) -> None:
    known = Advisories([folder], ["other"])
    assert [each["id"] for each in known.of_python("other", "1.4")] == ["GHSA-1"]
    assert known.of_python("other", "1.4.1") == []
    assert known.of_python("other", "0.9") == []


def test_the_day_of_the_data_is_when_the_youngest_was_published(folder: Path) -> None:
    known = Advisories([folder], [])
    assert (known.newest, known.count, known.ecosystems) == ("2026-07-23", 3, {PYPI, NPM})


def test_a_folder_without_advisories_is_no_clean_audit(folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(FileNotFoundError):
        Advisories([folder, empty], [])


def test_both_tools_are_answered_as_by_their_own_services(folder: Path) -> None:
    with service(Advisories([folder], ["some-thing", "@a/thing"])) as address:
        osv = f"{address}/v1/query"
        weak = {"package": {"name": "some-thing", "ecosystem": "PyPI"}, "version": "2.0.1"}
        assert requests.post(osv, json=weak, timeout=5).json()["vulns"][0]["aliases"] == ["CVE-2026-1"]
        assert requests.post(osv, json=weak | {"version": "2.0.6"}, timeout=5).json() == {}
        bulk = f"{address}/-/npm/v1/security/advisories/bulk"
        told = requests.post(bulk, json={"@a/thing": ["1.4.0"], "some-thing": ["2.0.0"]}, timeout=5).json()
    assert [each["vulnerable_versions"] for each in told.pop("@a/thing")] == [">=0 <=1.4.0"]
    assert told == {}


def test_every_lock_file_is_asked_about() -> None:
    patterns = ("requirements.txt", "tests/*.txt", "infra/*.txt", "infra/layers/*/*.txt")
    locks = {str(path.relative_to(ROOT)) for pattern in patterns for path in ROOT.glob(pattern)}
    assert locks == {*LOCKS, *TOOL_LOCKS}
    assert {"pydantic", "pyjwt", "checkov"} <= python_names()
    assert "@stoplight/spectral-cli" in npm_names()
