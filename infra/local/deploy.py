"""Deploys the package to the local cloud the way it goes to AWS: artefacts to a bucket, one CloudFormation stack."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.package import Package

from .settings import ACCOUNT, REGION, LocalSettings

ARTEFACTS = "bhxh-602e-artefacts"
WATCH_QUEUE = "{stack}-dossier-status-watch.fifo"


class DeployError(Exception):
    """The stack could not be deployed; the message carries CloudFormation's reasons."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What came of a deployment: physical ids by logical id, and the environment every function has."""

    resources: Mapping[str, str]
    environment: Mapping[str, str]
    api_id: str
    api_stage: str
    voucher_queue_url: str
    voucher_dlq_url: str
    status_queue_url: str


def client(service: str, settings: LocalSettings) -> Any:
    """A client of the local cloud."""
    return boto3.client(
        service,
        endpoint_url=settings.aws_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",  # noqa: S106
        config=Config(retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"}),
    )


def deploy(
    package: Package, parameters: Mapping[str, str], settings: LocalSettings, say: Callable[[str], None]
) -> Deployment:
    """Create or update the stack unless the same template stands already. Raises `DeployError`."""
    template = json.dumps(_with_artefacts(package, settings), ensure_ascii=False)
    known = set(json.loads(template).get("Parameters", {}))
    values = {name: value for name, value in parameters.items() if name in known}
    digest = hashlib.sha256((template + json.dumps(values, sort_keys=True)).encode()).hexdigest()
    cloudformation = client("cloudformation", settings)
    status, deployed = _standing(cloudformation, settings.stack)
    if not (status.endswith("_COMPLETE") and "ROLLBACK" not in status and deployed == digest):
        say("deploying the template" if not status else "updating the deployed template")
        _apply(cloudformation, settings, template, values, digest, exists=bool(status))
    return _describe(cloudformation, settings)


def _with_artefacts(package: Package, settings: LocalSettings) -> dict[str, Any]:
    """The package's template with its files replaced by where they lie in the artefact bucket."""
    s3 = client("s3", settings)
    try:
        s3.head_bucket(Bucket=ARTEFACTS)
    except ClientError:
        s3.create_bucket(Bucket=ARTEFACTS, CreateBucketConfiguration={"LocationConstraint": REGION})
    template = copy.deepcopy(package.read_template())
    uploaded: dict[Path, str] = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name, bucket, key in (("CodeUri", "Bucket", "Key"), ("ContentUri", "Bucket", "Key")):
            local = properties.get(name)
            if isinstance(local, str) and not local.startswith("s3://"):
                path = (package.folder / local).resolve()
                properties[name] = {bucket: ARTEFACTS, key: uploaded.setdefault(path, _upload(s3, path))}
    return template


def _upload(s3: Any, path: Path) -> str:
    """Put a file under a key made of its content; what is there already is left."""
    content = path.read_bytes()
    key = f"{hashlib.sha256(content).hexdigest()}/{path.name}"
    try:
        s3.head_object(Bucket=ARTEFACTS, Key=key)
    except ClientError:
        s3.put_object(Bucket=ARTEFACTS, Key=key, Body=content)
    return key


def _standing(cloudformation: Any, stack: str) -> tuple[str, str]:
    """The stack's status (empty: there is none) and the digest it was deployed with."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError:
        return "", ""
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    return found["StackStatus"], tags.get("digest", "")


def _apply(
    cloudformation: Any,
    settings: LocalSettings,
    template: str,
    values: Mapping[str, str],
    digest: str,
    *,
    exists: bool,
) -> None:
    s3 = client("s3", settings)
    key = f"{digest}/template.json"
    s3.put_object(Bucket=ARTEFACTS, Key=key, Body=template.encode())
    request = {
        "StackName": settings.stack,
        "TemplateURL": f"{settings.aws_url}/{ARTEFACTS}/{key}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Tags": [{"Key": "digest", "Value": digest}],
    }
    kind = "update" if exists else "create"
    getattr(cloudformation, f"{kind}_stack")(**request)
    waiter = cloudformation.get_waiter(f"stack_{kind}_complete")
    try:
        waiter.wait(StackName=settings.stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    except Exception as error:
        raise DeployError(f"the stack was not {kind}d: {_reasons(cloudformation, settings.stack)}") from error


def _reasons(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
    ]
    return "; ".join(failed) or "no reason given"


def _describe(cloudformation: Any, settings: LocalSettings) -> Deployment:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=settings.stack)
    found = [row for page in pages for row in page["StackResourceSummaries"]]
    resources = {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in found}
    functions = client("lambda", settings)
    names = [row["PhysicalResourceId"] for row in found if row["ResourceType"] == "AWS::Lambda::Function"]
    environment: dict[str, str] = {}
    for name in names:
        config = functions.get_function_configuration(FunctionName=name)
        environment |= config.get("Environment", {}).get("Variables", {})
    api_id = next(row["PhysicalResourceId"] for row in found if row["ResourceType"] == "AWS::ApiGateway::RestApi")
    stage = client("apigateway", settings).get_stages(restApiId=api_id)["item"][0]["stageName"]
    vouchers, dead = _voucher_queues(settings, environment)
    status = _watch(settings, environment["STATUS_TOPIC_ARN"])
    return Deployment(resources, environment, api_id, stage, vouchers, dead, status)


def _voucher_queues(settings: LocalSettings, environment: Mapping[str, str]) -> tuple[str, str]:
    """The queue that the voucher consumer reads, and its dead letters."""
    functions, sqs = client("lambda", settings), client("sqs", settings)
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    arn = next(each["EventSourceArn"] for each in mappings if each["EventSourceArn"].endswith("-vouchers"))
    url: str = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
    policy = json.loads(attributes.get("RedrivePolicy", "{}"))
    dead = policy.get("deadLetterTargetArn", "").rpartition(":")[2]
    return url, sqs.get_queue_url(QueueName=dead)["QueueUrl"] if dead else ""


def _watch(settings: LocalSettings, topic: str) -> str:
    """A queue that hears `dossier-status`, so that a client can watch it; made once."""
    sqs, sns = client("sqs", settings), client("sns", settings)
    url: str = sqs.create_queue(QueueName=WATCH_QUEUE.format(stack=settings.stack), Attributes={"FifoQueue": "true"})[
        "QueueUrl"
    ]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    if arn not in {each["Endpoint"] for each in subscriptions}:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return url
