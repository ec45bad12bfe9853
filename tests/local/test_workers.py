"""A function's processes: a version is its code with its settings, before, during and after a release."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.settings import LocalSettings
from infra.local.workers import ProcessHandlers, Version

CODE = "import os\n\n\ndef handler(event, context):\n    return [{version!r}, os.environ['SETTING'], os.getpid()]\n"


def configs(setting: str, *names: str) -> dict[str, dict[str, Any]]:
    """The stack's functions with what they find in their environment."""
    return {
        name: {"FunctionName": name, "Handler": "code.handler", "Environment": {"Variables": {"SETTING": setting}}}
        for name in names or ("f",)
    }


@pytest.fixture(name="handlers")
def _handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessHandlers]:
    """Processes of the version `old`; packages are folders with one module."""
    for version in ("old", "new"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "code.py").write_text(CODE.format(version=version), "utf-8")
    monkeypatch.setattr(Version, "of", lambda package: Version(tmp_path / package, tmp_path, {}))
    made = ProcessHandlers("old", LocalSettings(home=tmp_path), sys.stderr)  # type: ignore[arg-type]
    yield made
    made.close()


def called(handlers: ProcessHandlers, setting: str, times: int = 6, name: str = "f") -> list[list[Any]]:
    """What so many calls answer while the stack says this of the function's settings."""
    config = configs(setting, name)[name]
    answers = [handlers.execute(config, {}, "r") for _ in range(times)]
    assert not [answer for answer in answers if answer.get("error")]
    return [answer["body"] for answer in answers]


def versions(answers: list[list[Any]]) -> list[tuple[str, str]]:
    return sorted((version, setting) for version, setting, _ in answers)


def test_nobody_works_with_the_code_of_one_version_and_the_settings_of_another(handlers: ProcessHandlers) -> None:
    assert set(versions(called(handlers, "before"))) == {("old", "before")}
    # The stack is being changed: whatever it says in these seconds, nothing is led to the new version.
    handlers.begin_release("new", configs("before"))  # type: ignore[arg-type]
    for told in ("before", "after"):
        assert set(versions(called(handlers, told))) == {("old", "before")}
    handlers.lead(3, configs("after"))
    # A call may have read what the stack said before.
    for told in ("before", "after"):
        assert versions(called(handlers, told)) == [("new", "after")] * 2 + [("old", "before")] * 4
    handlers.end_release()
    assert set(versions(called(handlers, "after"))) == {("new", "after")}


def test_a_function_that_the_version_before_has_not_is_the_new_ones_alone(handlers: ProcessHandlers) -> None:
    handlers.begin_release("new", configs("before"))  # type: ignore[arg-type]
    assert set(versions(called(handlers, "after", name="g"))) == {("new", "after")}


def test_a_function_whose_settings_change_has_new_processes(handlers: ProcessHandlers) -> None:
    before, after = called(handlers, "one"), called(handlers, "two")
    assert {setting for _, setting, _ in after} == {"two"}
    assert len({pid for *_, pid in before}) == len({pid for *_, pid in after}) == 1, "used again"
    assert {pid for *_, pid in before} != {pid for *_, pid in after}


def test_a_second_release_goes_as_the_first(handlers: ProcessHandlers) -> None:
    for coming, before, after in (("new", "one", "two"), ("old", "two", "three")):
        handlers.begin_release(coming, configs(before))  # type: ignore[arg-type]
        handlers.lead(1, configs(after))
        assert set(versions(called(handlers, after))) == {(coming, after)}
        handlers.end_release()
        assert set(versions(called(handlers, after))) == {(coming, after)}
