"""Small questions to a template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]
FUNCTION = "AWS::Serverless::Function"


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Properties by logical id."""
    return {
        name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == kind
    }


def role_of(properties: dict[str, Any]) -> str:
    """The logical id of a function's or machine's role, from its `Fn::GetAtt`."""
    reference = properties.get("Role") or properties["RoleArn"]
    name: str = reference["Fn::GetAtt"][0]
    return name


def texts(value: Any) -> Iterator[str]:
    """Every string anywhere in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
