"""`make deploy` and `make diff`: a stage's package to an AWS account, by a change set that somebody has confirmed.

    python -m infra.deploy --stage production --region ap-southeast-1 --artefacts <bucket> --parameters <file>
                           [--stack bhxh-602e-production] [--confirm production] [--diff]

The region is an argument and stands nowhere else. What holds people's data (table, documents, keys) is never replaced
or removed: a change set that would do so is refused.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from .package import STAGES, Package, build

APP = "bhxh-602e"
KEEPERS = frozenset(
    {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::SQS::Queue"}
)
"""Types whose replacement or removal loses what they hold."""

ARTEFACT_PROPERTIES = ("CodeUri", "ContentUri")
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
WAITING = {"Delay": 10, "MaxAttempts": 360}
"""An hour: aliases of production move for five minutes, indexes of a table for as long as they take."""

Say = Callable[[str], None]
Template = dict[str, Any]


class DeployError(Exception):
    """Nothing was deployed, or the stack went back; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a package goes. `parameters` are those without a default in this stage, and others that differ."""

    stage: str
    region: str
    stack: str
    artefacts: str
    parameters: Mapping[str, str]
    endpoint: str | None = None
    """Of a local cloud; None is AWS."""

    def client(self, service: str) -> Any:
        """A boto3 client (untyped) for the target's region."""
        return boto3.client(service, region_name=self.region, endpoint_url=self.endpoint)


def with_artefacts(package: Package, bucket: str) -> tuple[Template, dict[str, Path]]:
    """The package's template with its files replaced by their places in the bucket, and the files by their keys.

    A key is made of the content: the same package has the same template, and the same file is uploaded once.
    """
    template = copy.deepcopy(package.read_template())
    files: dict[str, Path] = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ARTEFACT_PROPERTIES:
            local = properties.get(name)
            if isinstance(local, str) and not local.startswith("s3://"):
                path = (package.folder / local).resolve()
                key = f"{APP}/{hashlib.sha256(path.read_bytes()).hexdigest()}/{path.name}"
                files[key] = path
                properties[name] = f"s3://{bucket}/{key}"
    return template, files


def differences(deployed: Template, wanted: Template) -> list[str]:
    """What a person reads before deploying: one line for each resource, parameter or output that differs."""
    lines = []
    for section in ("Parameters", "Conditions", "Mappings", "Globals", "Resources", "Outputs"):
        before, after = deployed.get(section, {}), wanted.get(section, {})
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) == after.get(name):
                continue
            kind = str((after.get(name) or before.get(name) or {}).get("Type", ""))
            told = f"{section[:-1] if section.endswith('s') else section} {name} {kind}".rstrip()
            if name not in before:
                lines.append(f"+ {told}")
            elif name not in after:
                lines.append(f"- {told}{'   HOLDS DATA' if kind in KEEPERS else ''}")
            else:
                places = ", ".join(_places(before[name], after[name]))
                lines.append(f"~ {told}: {places}")
    return lines


def _places(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """The paths at which two values differ, three members deep."""
    if isinstance(before, dict) and isinstance(after, dict) and at.count(".") < 3:
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield from _places(before.get(name), after.get(name), f"{at}.{name}" if at else str(name))
    else:
        yield at


def diff(package: Package, target: Target, say: Say) -> int:
    """Say what would change in the deployed stack. Answers the number of differences; nothing is written anywhere."""
    wanted, _ = with_artefacts(package, target.artefacts)
    deployed = _deployed(target)
    if deployed is None:
        say(f"there is no stack {target.stack} in {target.region}: everything would be new")
    lines = differences(deployed or {}, wanted)
    for line in lines:
        say(line)
    say(f"{len(lines)} differences" if lines else "no difference")
    return len(lines)


def _deployed(target: Target) -> Template | None:
    cloudformation = target.client("cloudformation")
    try:
        body = cloudformation.get_template(StackName=target.stack, TemplateStage="Original")["TemplateBody"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    # JSON templates come parsed, as an ordered dict, or as text.
    template: Template = json.loads(body if isinstance(body, str) else json.dumps(body))
    return template


def deploy(package: Package, target: Target, say: Say) -> Mapping[str, str]:
    """Upload, make a change set, look at it, carry it out, wait. Answers the stack's outputs. Raises `DeployError`."""
    if package.stage != target.stage:
        raise DeployError(f"a package of {package.stage} is not deployed as {target.stage}")
    template, files = with_artefacts(package, target.artefacts)
    _check_parameters(template, target)
    url = _upload(template, files, target, say)
    exists = _deployed(target) is not None
    name = datetime.now(UTC).strftime("make-deploy-%Y%m%d-%H%M%S-%f")
    changes = _change_set(name, url, template, target, exists=exists)
    if not changes:
        say("no change")
        return _outputs(target)
    for change in changes:
        say(_told(change))
    lost = [_told(change) for change in changes if _loses(change)]
    cloudformation = target.client("cloudformation")
    if lost:
        cloudformation.delete_change_set(StackName=target.stack, ChangeSetName=name)
        raise DeployError("data would be lost:\n" + "\n".join(lost))
    say("carrying it out")
    cloudformation.execute_change_set(StackName=target.stack, ChangeSetName=name)
    waiter = cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete")
    try:
        waiter.wait(StackName=target.stack, WaiterConfig=_waiting(target))
    except WaiterError as error:
        raise DeployError(f"the stack went back: {_reasons(target)}") from error
    return _outputs(target)


def _check_parameters(template: Template, target: Target) -> None:
    known = template.get("Parameters", {})
    unknown = sorted(target.parameters.keys() - known.keys())
    missing = sorted(name for name, each in known.items() if "Default" not in each and name not in target.parameters)
    if unknown or missing:
        raise DeployError(f"parameters that the template does not know: {unknown}; that have to be given: {missing}")


def _upload(template: Template, files: Mapping[str, Path], target: Target, say: Say) -> str:
    """Put what is not there yet into the bucket; answers the template's address."""
    s3 = target.client("s3")
    text = json.dumps(template, ensure_ascii=False).encode()
    template_key = f"{APP}/{hashlib.sha256(text).hexdigest()}/template.json"
    for key, content in [*((key, path.read_bytes()) for key, path in files.items()), (template_key, text)]:
        try:
            s3.head_object(Bucket=target.artefacts, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise DeployError(f"artefact bucket {target.artefacts}: {error}") from error
            say(f"uploading {Path(key).name}, {len(content):,} bytes")
            s3.put_object(Bucket=target.artefacts, Key=key, Body=content)
    if target.endpoint:
        return f"{target.endpoint}/{target.artefacts}/{template_key}"
    return f"https://{target.artefacts}.s3.{target.region}.amazonaws.com/{template_key}"


def _change_set(name: str, url: str, template: Template, target: Target, *, exists: bool) -> list[dict[str, Any]]:
    """The changes of a new change set; none where there is nothing to change. Raises `DeployError`."""
    cloudformation = target.client("cloudformation")
    values: list[dict[str, Any]] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in target.parameters.items()
    ]
    if exists:
        kept = template.get("Parameters", {}).keys() - target.parameters.keys() - {"Stage"}
        stands = {each["ParameterKey"] for each in _stack(target).get("Parameters", [])}
        values += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept & stands)]
    cloudformation.create_change_set(
        StackName=target.stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if exists else "CREATE",
        TemplateURL=url,
        Parameters=values,
        Capabilities=CAPABILITIES,
        Tags=[{"Key": "service", "Value": APP}, {"Key": "stage", "Value": target.stage}],
    )
    waiter = cloudformation.get_waiter("change_set_create_complete")
    named = {"StackName": target.stack, "ChangeSetName": name}
    try:
        waiter.wait(**named, WaiterConfig=_waiting(target))
    except WaiterError as error:
        why = str(cloudformation.describe_change_set(**named).get("StatusReason", ""))
        cloudformation.delete_change_set(**named)
        if "didn't contain changes" in why or "No updates" in why:
            return []
        raise DeployError(f"no change set: {why}") from error
    changes: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = cloudformation.describe_change_set(**named, **token)
        changes += [each["ResourceChange"] for each in page.get("Changes", [])]
        if not page.get("NextToken"):
            return changes
        token = {"NextToken": page["NextToken"]}


def _told(change: Mapping[str, Any]) -> str:
    sign = {"Add": "+", "Remove": "-", "Modify": "~"}.get(change["Action"], "?")
    replaced = change.get("Replacement") in ("True", "Conditional") and change["Action"] == "Modify"
    return f"{sign} {change['LogicalResourceId']} {change['ResourceType']}{'   REPLACED' if replaced else ''}"


def _loses(change: Mapping[str, Any]) -> bool:
    gone = change["Action"] == "Remove" or (change["Action"] == "Modify" and change.get("Replacement") == "True")
    return gone and change["ResourceType"] in KEEPERS


def _stack(target: Target) -> dict[str, Any]:
    found: dict[str, Any] = target.client("cloudformation").describe_stacks(StackName=target.stack)["Stacks"][0]
    return found


def _outputs(target: Target) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in _stack(target).get("Outputs", [])}


def _reasons(target: Target) -> str:
    events = target.client("cloudformation").describe_stack_events(StackName=target.stack)["StackEvents"]
    failed = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
    ]
    return "; ".join(failed) or "no reason given"


def _waiting(target: Target) -> dict[str, int]:
    return {"Delay": 1, "MaxAttempts": 120} if target.endpoint else WAITING


def main(arguments: list[str] | None = None) -> int:
    """The command line. Answers the exit status: 1 where nothing was deployed."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--artefacts", required=True, help="name of the bucket for code and templates")
    parser.add_argument("--stack", default="")
    parser.add_argument("--parameters", type=Path, help="JSON file: parameters of the template by name")
    parser.add_argument("--endpoint", help="address of a local cloud")
    parser.add_argument("--confirm", default="", help="the stage once more: without it nothing is deployed")
    parser.add_argument("--diff", action="store_true", help="only say what would change")
    asked = parser.parse_args(arguments)
    given = json.loads(asked.parameters.read_text("utf-8")) if asked.parameters else {}
    target = Target(
        asked.stage, asked.region, asked.stack or f"{APP}-{asked.stage}", asked.artefacts, given, asked.endpoint
    )
    if not asked.diff and asked.confirm != asked.stage:
        print(f"nothing was deployed: say CONFIRM={asked.stage} to change the stack {target.stack} in {target.region}")
        return 1
    try:
        package = build(asked.stage)
        if asked.diff:
            diff(package, target, print)
            return 0
        account = target.client("sts").get_caller_identity()["Account"]
        print(f"account {account}, region {target.region}, stack {target.stack}")
        for name, value in sorted(deploy(package, target, print).items()):
            print(f"{name:24} {value}")
    except (DeployError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
