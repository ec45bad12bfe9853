"""A stack to work on, found by its name: the local run's, or one deployed on AWS under the caller's own credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings as environment
from chalicelib.wiring import Wiring
from infra.local.settings import LocalSettings, client_environment

NAME = "bhxh-602e-{stage}"


class StackError(Exception):
    """The stack can't be worked on; the message says why."""


@dataclass
class Stack:
    """One stack. Clients are made at first use; nothing here writes.

    Not slotted: `cached_property` keeps its values in the instance.
    """

    name: str
    session: Any
    """A boto3 session (untyped: boto3 ships no types)."""

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @cached_property
    def sqs(self) -> Any:
        return self.client("sqs")

    @cached_property
    def resources(self) -> Mapping[str, tuple[str, str]]:
        """Logical id -> type and physical id of everything in the stack."""
        try:
            pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
            rows = [row for page in pages for row in page["StackResourceSummaries"]]
        except (ClientError, BotoCoreError) as error:
            raise StackError(f"the stack {self.name} can't be read: {error}") from error
        return {row["LogicalResourceId"]: (row["ResourceType"], row["PhysicalResourceId"]) for row in rows}

    @cached_property
    def queues(self) -> Mapping[str, str]:
        """Queue name without the stack's -> URL."""
        found = {}
        for kind, physical in self.resources.values():
            if kind == "AWS::SQS::Queue":
                name = physical.rpartition("/")[2]
                url = physical if "://" in physical else self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
                found[name.removeprefix(f"{self.name}-")] = url
        return found

    def source_of(self, dead: str) -> str | None:
        """The queue whose dead letters lie in this one; None where no queue sends them there."""
        arn = self._attributes(self.queues[dead])["QueueArn"]
        for name, url in self.queues.items():
            if f'"{arn}"' in self._attributes(url).get("RedrivePolicy", ""):
                return name
        return None

    def depth(self, queue: str) -> int:
        """Messages that wait in a queue or are being worked on."""
        told = self._attributes(self.queues[queue])
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(told[name]) for name in names)

    def _attributes(self, url: str) -> dict[str, str]:
        attributes: dict[str, str] = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return attributes

    def function(self, logical: str) -> str:
        """The name of a function, which its handler's logical id is known by."""
        return self.resources[logical][1]

    @cached_property
    def wiring(self) -> Wiring:
        """What the voucher consumer itself works with, from its environment."""
        told = self.client("lambda").get_function_configuration(FunctionName=self.function("VoucherConsumer"))
        return Wiring(environment.read(told["Environment"]["Variables"]))


def local_stack(settings: LocalSettings, variables: MutableMapping[str, str] = os.environ) -> Stack:
    """The stack of the local run; from now on this process speaks to no other cloud. Raises `StackError`."""
    if not settings.endpoints.exists():
        raise StackError(f"no local run: {settings.endpoints} is not there. Start `make run`, or name a STAGE.")
    for name in [name for name in variables if name.startswith("AWS_")]:
        del variables[name]
    variables.update(client_environment(settings))
    return Stack(settings.stack, boto3.Session())


def deployed_stack(stage: str) -> Stack:
    """A stack on AWS, with credentials and region as the AWS tools find them."""
    return Stack(NAME.format(stage=stage), boto3.Session())
