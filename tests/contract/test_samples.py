"""The samples of the contract are read, and would be answered, field by field and in their order.

What an answer tells beyond the contract (the sources of a quote) is left out where a sample lacks it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from chalicelib.http import public, sandbox
from chalicelib.http.course import officers
from chalicelib.http.operations import OPERATIONS
from chalicelib.http.registration import portal
from tests.contract.documents import document

BLUEPRINTS = (officers.bp, portal.bp, public.bp, sandbox.bp)
"""Imported so that every operation is declared."""

SAMPLES = Path(__file__).with_name("samples")
INDEX: dict[str, list[str]] = json.loads((SAMPLES / "index.json").read_text())


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def model_of(name: str) -> type[BaseModel]:
    method, path, place = INDEX[name]
    operation = OPERATIONS[path, method]
    model = operation.body if place == "body" else operation.answer
    assert model is not None
    return model


def test_every_sample_has_its_model() -> None:
    assert set(INDEX) == {path.name for path in SAMPLES.glob("*.json")} - {"index.json"}


@pytest.mark.parametrize("name", INDEX)
def test_a_sample_holds_against_its_model(name: str) -> None:
    read = model_of(name).model_validate_json((SAMPLES / name).read_text())
    if INDEX[name][2] == "answer":
        assert json.loads(read.model_dump_json(exclude_unset=True)) == sample(name)


@pytest.mark.parametrize("name", INDEX)
def test_a_sample_holds_against_the_published_schema(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{model_of(name).__name__}", "components": document()["components"]}
    jsonschema.Draft202012Validator(schema).validate(sample(name))


@pytest.mark.parametrize("name", [name for name, place in INDEX.items() if place[2] == "answer"])
def test_an_answer_keeps_the_samples_order(name: str) -> None:
    read = model_of(name).model_validate_json((SAMPLES / name).read_text())
    assert in_order(json.loads(read.model_dump_json(exclude_unset=True))) == in_order(sample(name))


def in_order(value: Any) -> Any:
    """Names in order, at every depth."""
    if isinstance(value, dict):
        return [(name, in_order(member)) for name, member in value.items()]
    return [in_order(member) for member in value] if isinstance(value, list) else None
