"""Least privilege, proved: what every function asked of AWS in a run of the tests, beside what its role grants.

    NOTE_CALLS=build/calls <tests>;  .venv/bin/python -m infra.grants build/calls

fails where a call was made that no grant covers, and where a grant covers no call. `make test` does both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from infra.asked import Asked, read
from infra.merge import SANDBOX, merged_overlay

Template = Mapping[str, Any]

BY_THE_SERVICE: Final[Mapping[str, str]] = {
    "logs:": "Lambda writes a function's log with its role",
    "xray:": "Lambda writes a function's traces with its role",
    "kms:Decrypt": "DynamoDB, S3, SNS, SQS and Secrets Manager open what a key of ours closes in the caller's name",
    "kms:GenerateDataKey": "S3, SNS and SQS close what they keep in the caller's name",
    "sqs:ReceiveMessage": "Lambda reads a function's queue with its role",
    "sqs:DeleteMessage": "Lambda reads a function's queue with its role",
    "sqs:GetQueueAttributes": "Lambda reads a function's queue with its role",
    "dynamodb:DescribeStream": "Lambda reads the stream with the relay's role",
    "dynamodb:GetRecords": "Lambda reads the stream with the relay's role",
    "dynamodb:GetShardIterator": "Lambda reads the stream with the relay's role",
    "dynamodb:ListStreams": "Lambda reads the stream with the relay's role",
}
"""What no code of ours calls: the start of the action, and whose call it is."""

KEEPS_FAILURES: Final = ("StreamRelay", "sqs:SendMessage", "RelayFailures.Arn")
"""Lambda itself sends what the relay gave up on."""


BY_US_ALONE: Final = "FieldKey.Arn"
"""No service asks for it in anybody's name."""


def roles(template: Template) -> dict[str, str]:
    """The logical id of each function's role."""
    found = {}
    for name, resource in template["Resources"].items():
        role = resource.get("Properties", {}).get("Role")
        if isinstance(role, dict) and resource.get("Type", FUNCTION) == FUNCTION:
            found[name] = role["Fn::GetAtt"][0]
    return found


FUNCTION: Final = "AWS::Serverless::Function"


def statements(template: Template, role: str) -> Iterator[dict[str, Any]]:
    """Every statement of a role's inline policies."""
    for policy in template["Resources"][role]["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_texts(statement: Mapping[str, Any]) -> Iterator[str]:
    """Resources of a statement as one text each: `Table.Arn`, `${Documents.Arn}/covers/*`, `StatusTopic`.

    An alias at the end is left away: it is the same function or machine.
    """
    for resource in as_list(statement["Resource"]):
        if isinstance(resource, str):
            yield resource
        elif "Fn::GetAtt" in resource:
            yield ".".join(resource["Fn::GetAtt"])
        else:
            yield (resource.get("Fn::Sub") or resource["Ref"]).removesuffix(":live")


def covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    """Whether a statement allows an action on a resource as `infra.asked.wanted` names them."""
    return action in as_list(statement["Action"]) and any(
        fnmatchcase(resource, pattern) or fnmatchcase(resource, pattern.partition("${AWS::AccountId}:")[2])
        for pattern in (text.replace("[", "[[]") for text in resource_texts(statement))
    )


def key_grants(template: Template) -> Iterator[tuple[str, str, str]]:
    """Role, action and key of what the keys' own policies allow to roles of the template."""
    for name, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::KMS::Key":
            for statement in resource["Properties"]["KeyPolicy"]["Statement"]:
                principal = statement.get("Principal", {}).get("AWS")
                if isinstance(principal, dict) and "Fn::GetAtt" in principal:
                    for action in as_list(statement["Action"]):
                        yield principal["Fn::GetAtt"][0], action, f"{name}.Arn"


def refused(template: Template, asked: set[Asked]) -> set[Asked]:
    """What was asked and is not granted."""
    role_of, by_keys = roles(template), set(key_grants(template))
    return {
        (function, action, resource)
        for function, action, resource in asked
        if (role_of[function], action, resource) not in by_keys
        and not any(covers(each, action, resource) for each in statements(template, role_of[function]))
    }


def idle(template: Template, asked: set[Asked]) -> set[Asked]:
    """What is granted to a function and was never asked by it, but for what a service asks in its name."""
    found = set()
    for function, role in roles(template).items():
        own = [(action, resource) for name, action, resource in asked if name == function]
        for statement in statements(template, role):
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    one = {"Action": action, "Resource": resource}
                    (text,) = resource_texts(one)
                    if not any(covers(one, *each) for each in own) and not _of_a_service(function, action, text):
                        found.add((function, action, text))
        for holder, action, key in key_grants(template):
            if holder == role and (action, key) not in own:
                found.add((function, action, key))
    return found


def _of_a_service(function: str, action: str, resource: str) -> bool:
    if resource == BY_US_ALONE:
        return False
    return action.startswith(tuple(BY_THE_SERVICE)) or (function, action, resource) == KEEPS_FAILURES


def main(folder: Path) -> int:
    """Answers the exit status: 0 where grants and calls are the same."""
    asked = set(read(folder))
    # The tests run as the sandbox, which reads its clock from the table; what is deployed to others grants less.
    missing, unused = refused(merged_overlay(SANDBOX), asked), idle(merged_overlay("production"), asked)
    for title, found in (("asked but not granted", missing), ("granted but never asked", unused)):
        for function, action, resource in sorted(found):
            print(f"{title}: {function} {action} {resource}")
    functions = {function for function, _, _ in asked}
    print(f"{len(asked)} different calls of {len(functions)} functions; {len(missing)} missing, {len(unused)} idle")
    return 1 if missing or unused or not asked else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
