"""Every link leads to an operation that there is, with parameters that it takes and values that the answer has."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.http import public, sandbox
from chalicelib.http.contract.links import LINKS
from chalicelib.http.course import officers
from chalicelib.http.registration import portal
from tests.contract.documents import document

BLUEPRINTS = (officers.bp, portal.bp, public.bp, sandbox.bp)
"""Imported so that every operation is declared."""

EXPRESSION = re.compile(r"\$(request|response)\.(path\.(?P<path>\w+)|header\.(?P<header>\w+)|body#(?P<pointer>[^}]+))")


def by_name() -> dict[str, dict[str, Any]]:
    """Every operation by its id, with its path."""
    return {
        operation["operationId"]: {**operation, "path": path}
        for path, methods in document()["paths"].items()
        for operation in methods.values()
    }


def success(operation: dict[str, Any]) -> dict[str, Any]:
    """What is answered when all is well."""
    (answer,) = (each for status, each in operation["responses"].items() if status.startswith("2"))
    result: dict[str, Any] = answer
    return result


def at(pointer: str, value: Any) -> Any:
    for step in pointer.strip("/").split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def value_of(expression: str, source: dict[str, Any]) -> Any:
    """What an expression gives for the examples of its operation."""
    found = EXPRESSION.search(expression)
    if found is None:
        return expression
    if found["path"]:
        assert f"{{{found['path']}}}" in source["path"]
        return "x"
    if found["header"]:
        assert found["header"] in success(source)["headers"]
        return '"1"'
    content = source["requestBody"] if found[1] == "request" else success(source)
    value = at(found["pointer"], content["content"]["application/json"]["example"])
    assert value is not None, expression
    whole = found[0] == expression
    return value if whole else expression.replace(f"{{{found[0]}}}", str(value))


def test_every_link_of_the_table_is_published() -> None:
    published = {name: set(success(operation).get("links", {})) for name, operation in by_name().items()}
    assert {name: {each.operation for each in links} for name, links in LINKS.items()} == {
        name: links for name, links in published.items() if links
    }


@pytest.mark.parametrize("name", tuple(LINKS))
def test_a_link_fits_where_it_leads(name: str) -> None:
    operations = by_name()
    for link in success(operations[name])["links"].values():
        target = operations[link["operationId"]]
        taken = {each["name"]: each for each in target["parameters"]} if "parameters" in target else {}
        for parameter, expression in link.get("parameters", {}).items():
            value = value_of(expression, operations[name])
            pattern = taken[parameter]["schema"].get("pattern", "")
            assert re.search(pattern, str(value)), (link["operationId"], parameter, value)
        # What a path asks for is known by then, but for what the caller chooses.
        asked = {each for each, one in taken.items() if one["in"] == "path"} - {"step", "kind", "token"}
        assert asked <= link.get("parameters", {}).keys(), link
        if "requestBody" in link:
            model = target["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            fields = document()["components"]["schemas"][model]["properties"]
            for field, expression in link["requestBody"].items():
                assert field in fields
                value_of(expression, operations[name])


def test_the_way_from_a_price_to_the_cover_is_linked() -> None:
    way = ("calculate_quote", "register_dossier", "show_dossier", "issue_one_cover", "show_cover_link")
    for here, there in pairwise(way):
        assert there in {link.operation for link in LINKS[here]}
