"""The areas of the house: one map for rules, use cases and doors, and which area of the rules may know which."""

from __future__ import annotations

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.test_house_rules import DOMAIN, FILES, PRODUCT, ROOT, ids, imports, module_name

MAY_IMPORT: dict[str, frozenset[str]] = {
    "configuration": frozenset(),
    "people": frozenset({"configuration"}),
    "amounts": frozenset({"configuration", "people"}),
    "registration": frozenset({"configuration", "people", "amounts"}),
    "covers": frozenset({"registration"}),
    "ledger": frozenset({"configuration", "people", "amounts", "registration"}),
    "course": frozenset({"configuration", "people", "amounts", "registration", "covers", "ledger"}),
    "messages": frozenset(),
    "oversight": frozenset({"configuration", "registration", "covers", "ledger"}),
}
"""The areas of the domain: each may import these, itself and the foundation, which is what lies at the top."""

OF_THE_DOOR = {"contract", "wire"}
"""Folders of `http` that are about its form and go through all areas."""
MOST_MODULES = 15
"""In one area: what fits on one page of a listing."""


def area_of(module: str) -> str:
    """The area that a module of rules, use cases or doors lies in; empty for what lies at the top."""
    parts = module.split(".")
    return parts[2] if len(parts) > 3 else ""


def areas(package: str) -> set[str]:
    return {path.parent.name for path in (PRODUCT / package).glob("*/__init__.py")}


def test_the_order_of_the_areas_is_one() -> None:
    assert set(TopologicalSorter(MAY_IMPORT).static_order()) == set(MAY_IMPORT) == areas("domain")


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=ids)
def test_areas_of_the_domain_follow_their_order(path: Path) -> None:
    """The foundation imports no area."""
    here = area_of(module_name(path)) if path.name != "__init__.py" else path.parent.name
    known = {there for module in imports(path) if (there := area_of(module)) and there != here}
    assert known <= MAY_IMPORT.get(here, frozenset())


@pytest.mark.parametrize("path", sorted((PRODUCT / "usecases").glob("*.py")), ids=ids)
def test_what_use_cases_share_imports_no_area_of_them(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("chalicelib.usecases.") and area_of(name)]


@pytest.mark.parametrize("path", sorted((PRODUCT / "http").glob("*/*.py")), ids=ids)
def test_no_area_of_the_door_makes_the_document_or_gathers_doors(path: Path) -> None:
    gathering = ("chalicelib.http.contract", "chalicelib.http.desks", "chalicelib.http.public")
    if path.parent.name != "contract":
        assert not [name for name in imports(path) if name.startswith(gathering)]


def test_one_map_explains_all_three() -> None:
    assert areas("usecases") <= areas("domain")
    assert areas("http") - OF_THE_DOOR <= areas("domain")
    rows = re.findall(r"^\| \*\*(\w+)\*\* \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE)
    assert rows == list(MAY_IMPORT)


def test_an_area_fits_on_one_page() -> None:
    modules = [path.parent for path in FILES if path.parent.parent.parent == PRODUCT and path.name != "__init__.py"]
    counted = Counter(folder for folder in modules if folder.parent.name in {"domain", "usecases", "http"})
    assert {ids(folder): count for folder, count in counted.items() if count > MOST_MODULES} == {
        "chalicelib/http/wire": counted[PRODUCT / "http/wire"]
    }


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "__init__.py"], ids=ids)
def test_a_package_of_an_area_holds_nothing_but_its_sentence(path: Path) -> None:
    """So that nobody pays for a neighbour's import."""
    if path.parent.parent.name in {"domain", "usecases", "http"}:
        (only,) = ast.parse(path.read_text("utf-8")).body
        assert isinstance(only, ast.Expr)
        assert isinstance(only.value, ast.Constant)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even within functions."""
    known = {module_name(path): {name for name in imports(path) if name.startswith("chalicelib.")} for path in FILES}
    list(TopologicalSorter({name: found - {name} for name, found in known.items()}).static_order())
