"""A cloud in this process: moto for the table and the bucket, hand-written stand-ins for the rest.

Every call to it is counted and can be made to crash, before it or after it, as a process that dies would.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.backends import get_backend

from chalicelib.storage.plain_json import take_plain_json
from infra.asked import note_stand_in
from tests.support.environment import (
    ACCOUNT,
    ANCHORS,
    BUCKET,
    NOTICE_TOPIC,
    REGION,
    TABLE,
    WORKING,
)
from tests.support.kms import Keys
from tests.support.signing import Parameters, parameters, signing_keys

STORAGE_TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "template" / "20-storage.yaml"

Row = dict[str, dict[str, Any]]
"""One item of the table, in DynamoDB's own form."""


class Crash(BaseException):
    """The process dies here: nothing may catch it."""


@dataclass
class Calls:
    """The calls made to the cloud, in order; the call number `crash_at` (from 0) dies."""

    made: list[str] = field(default_factory=list)
    crash_at: int | None = None
    after: bool = False
    hook: Callable[[str, dict[str, Any]], None] | None = None
    """Run before each call, with its name and arguments; it may raise, or do something behind the caller's back."""

    def forget(self) -> None:
        self.made.clear()
        self.crash_at, self.after, self.hook = None, False, None

    @contextmanager
    def hooked(self, hook: Callable[[str, dict[str, Any]], None]) -> Iterator[None]:
        self.hook = hook
        try:
            yield
        finally:
            self.hook = None


class Watched:
    """A client whose calls are counted, hooked and crashed."""

    def __init__(self, client: Any, calls: Calls, stands_for: str = "") -> None:
        self._client = client
        self._calls = calls
        self._stands_for = stands_for

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._client, name)
        if name.startswith("generate_presigned") or not callable(target):
            return target

        def call(**arguments: Any) -> Any:
            calls = self._calls
            number = len(calls.made)
            calls.made.append(name)
            if self._stands_for:
                note_stand_in(self._stands_for, name.title().replace("_", ""), arguments)
            if calls.hook is not None:
                calls.hook(name, arguments)
            if calls.crash_at == number and not calls.after:
                raise Crash
            try:
                return target(**arguments)
            finally:
                if calls.crash_at == number:
                    raise Crash

        return call


def client_error(code: str, operation: str, **more: Any) -> ClientError:
    """What boto3 raises for an error answer of AWS."""
    answer: Any = {
        "Error": {"Code": code, "Message": "made up"},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "r"},
        **more,
    }
    error: ClientError = ClientError(answer, operation)
    return error


@dataclass
class Machines:
    """Step Functions: executions by name, and the tokens that were answered."""

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:  # noqa: A002, N803
        if name in self.executions:
            if self.status[name] == "RUNNING" and self.executions[name] == json.loads(input):
                return {}
            raise client_error("ExecutionAlreadyExists", "StartExecution")
        self.executions[name], self.status[name] = json.loads(input), "RUNNING"
        return {}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        name = executionArn.rpartition(":")[2]
        if name not in self.status:
            raise client_error("ExecutionDoesNotExist", "DescribeExecution")
        return {"status": self.status[name]}

    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N803
        if taskToken not in self.waiting:
            raise client_error("TaskTimedOut", "SendTaskSuccess")
        self.waiting.remove(taskToken)
        self.answered[taskToken] = output
        return {}


@dataclass
class Topics:
    """SNS: what was published, in order; the FIFO topic takes one event once."""

    status: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    for_webhooks: list[str] = field(default_factory=list)
    """Event ids of those that the sender of webhooks hears."""
    _seen: set[str] = field(default_factory=set)

    def publish(
        self,
        *,
        TopicArn: str,  # noqa: N803
        Message: str,  # noqa: N803
        MessageGroupId: str = "",  # noqa: N803
        MessageDeduplicationId: str = "",  # noqa: N803
        MessageAttributes: dict[str, Any] | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        message = json.loads(Message)
        if MessageAttributes is not None:
            assert MessageAttributes == {"webhooks": {"DataType": "String", "StringValue": "yes"}}
            self.for_webhooks.append(message["event_id"])
        if TopicArn == NOTICE_TOPIC:
            self.notices.append(message)
        else:
            assert MessageGroupId == message["dossier_code"]
            if MessageDeduplicationId not in self._seen:
                self._seen.add(MessageDeduplicationId)
                self.status.append(message)
        return {}


@dataclass
class Secrets:
    """Secrets Manager with the one key, and what signs webhooks."""

    webhooks: dict[str, list[str]] = field(default_factory=dict)

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        if SecretId == "webhook-secrets":
            return {"SecretString": json.dumps(self.webhooks)}
        assert SecretId == "identifier-key"
        return {"SecretString": "a key for tests"}


def _parameters() -> dict[str, str]:
    return dict(parameters().kept)


@dataclass
class SystemParameters(Parameters):
    """Systems Manager: the certificates, and the addresses of webhooks."""

    kept: dict[str, str] = field(default_factory=_parameters)
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        assert Name == "/bhxh/webhooks"
        return {"Parameter": {"Name": Name, "Value": json.dumps(self.webhooks)}}


@dataclass
class Queues:
    """SQS: who was woken, and for how long messages were hidden."""

    sent: list[str] = field(default_factory=list)
    hidden: list[tuple[str, int]] = field(default_factory=list)

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        MessageBody: str,  # noqa: N803
        MessageGroupId: str,  # noqa: N803
        MessageDeduplicationId: str,  # noqa: N803
    ) -> dict[str, Any]:
        assert QueueUrl.endswith(".fifo")
        assert MessageGroupId == json.loads(MessageBody)["dossier_code"]
        assert MessageDeduplicationId
        self.sent.append(MessageGroupId)
        return {}

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> dict[str, Any]:
        assert QueueUrl.endswith(".fifo")
        self.hidden.append((ReceiptHandle, VisibilityTimeout))
        return {}


@lru_cache(maxsize=1)
def boto_clients() -> dict[str, Any]:
    """Made once for the whole run: making them costs more than most tests."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False)
    clients = {service: boto3.client(service, region_name=REGION, config=config) for service in ("dynamodb", "s3")}
    return {**clients, "table": take_plain_json(boto3.client("dynamodb", region_name=REGION, config=config))}


def table_definition() -> dict[str, Any]:
    """The table's keys and indexes as the template deploys them."""

    class Loader(yaml.SafeLoader):
        """Reads past CloudFormation's short functions."""

    def function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]

    Loader.add_multi_constructor("!", function)
    template = yaml.load(STORAGE_TEMPLATE.read_text("utf-8"), Loader)  # noqa: S506 -- a SafeLoader
    (table,) = (
        resource for resource in template["Resources"].values() if resource["Type"].startswith("AWS::DynamoDB::")
    )
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {name: table["Properties"][name] for name in wanted}


@dataclass
class Cloud:
    calls: Calls = field(default_factory=Calls)
    machines: Machines = field(default_factory=Machines)
    topics: Topics = field(default_factory=Topics)
    keys: Keys = field(default_factory=lambda: Keys(rsa=signing_keys(), same_data_keys=True))
    secrets: Secrets = field(default_factory=Secrets)
    parameters: SystemParameters = field(default_factory=SystemParameters)
    queues: Queues = field(default_factory=Queues)

    def client(self, service: str) -> Any:
        own: dict[str, Any] = {
            "stepfunctions": self.machines,
            "sns": self.topics,
            "kms": self.keys,
            "secretsmanager": self.secrets,
            "ssm": self.parameters,
            "sqs": self.queues,
        }
        if service in own:
            return Watched(own[service], self.calls, service)
        return Watched(boto_clients()[service], self.calls)

    @property
    def _table(self) -> Any:
        return get_backend("dynamodb")[ACCOUNT][REGION].tables[TABLE]

    def rows(self) -> dict[tuple[str, str], Row]:
        """Every item by its key; `expires_at` left out, it follows real time."""
        found: dict[tuple[str, str], Row] = {}
        for partition in self._table.items.values():
            for item in partition.values():
                row = {name: value for name, value in item.to_json()["Attributes"].items() if name != "expires_at"}
                found[row["PK"]["S"], row["SK"]["S"]] = row
        return found

    def listing(self, *starts: str) -> list[str]:
        """`PK SK` of every item, sorted; with `starts`, of those whose PK starts so."""
        return sorted(f"{pk} {sk}" for pk, sk in self.rows() if not starts or pk.startswith(starts))

    def empty(self) -> None:
        """Nothing in the table and the bucket, nothing running, nothing said."""
        self._table.items.clear()
        s3 = get_backend("s3")[ACCOUNT]["aws"]
        for bucket in (BUCKET, WORKING, ANCHORS):
            s3.buckets[bucket].keys.clear()
        self.calls.forget()
        self.machines = Machines()
        self.topics = Topics()
        self.queues = Queues()

    def save(self) -> Callable[[], None]:
        """Remember everything as it stands; the function given brings it back, as often as one likes."""
        items = copy.deepcopy(self._table.items)
        objects = dict(get_backend("s3")[ACCOUNT]["aws"].buckets[BUCKET].keys)
        machines, topics = copy.deepcopy(self.machines), copy.deepcopy(self.topics)

        def restore() -> None:
            self.empty()
            self._table.items = copy.deepcopy(items)
            keys = get_backend("s3")[ACCOUNT]["aws"].buckets[BUCKET].keys
            for name, value in objects.items():
                keys[name] = value
            self.machines, self.topics = copy.deepcopy(machines), copy.deepcopy(topics)

        return restore

    def objects(self) -> dict[str, Mapping[str, Any]]:
        """What lies in the bucket, by key: checksum and size."""
        s3 = boto_clients()["s3"]
        return {
            entry["Key"]: {"ETag": entry["ETag"], "Size": entry["Size"]}
            for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        }


@contextmanager
def running_cloud() -> Iterator[Cloud]:
    """moto with the table and the bucket; one for a whole file of tests."""
    with mock_aws():
        clients = boto_clients()
        clients["dynamodb"].create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **table_definition())
        for bucket in (BUCKET, WORKING, ANCHORS):
            clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Cloud()
