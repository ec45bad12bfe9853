"""The real functions over moto, with the machines in virtual time: a whole house in one process.

The stream is pumped by hand and executions are run by the test, one inside the other where one waits for the other:
everything happens in one order, which is the same in every run.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError

from chalicelib.domain.months import VIETNAM
from chalicelib.http.auth import KeySet, Verifier
from chalicelib.storage import keys
from chalicelib.usecases.oversight.canary_dossier import sing_of_dossier
from chalicelib.usecases.oversight.sing import Answered, Ask
from chalicelib.wiring import Wiring, wiring
from infra.asked import Call as Call
from infra.asked import note_stand_in
from infra.local.samples import VOUCHER
from infra.merge import merged_overlay
from tests.integration.http.harness import DECLARATION, PORTAL, SIGNER_79, Answer, Api
from tests.support.environment import ACCOUNT, NAMES
from tests.support.kms import Keys
from tests.support.rendering import LambdaDesk
from tests.support.signing import Parameters, parameters, signing_keys
from tests.workflows.driver import MACHINES, REGION, Machine, Payload, Ran, VirtualClock, no_person, step_functions

STATES = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine"
HANDLERS = {
    "VoucherConsumer": ("chalicelib.queues.vouchers", "voucher_consumer"),
    "StreamRelay": ("chalicelib.queues.relay", "stream_relay"),
    "WebhookSender": ("chalicelib.queues.webhooks", "webhook_sender"),
    "DossierTask": ("chalicelib.workflows.dossier", "dossier_task"),
    "CoverTask": ("chalicelib.workflows.cover", "cover_task"),
    "CoverRenderer": ("chalicelib.workflows.renderer", "cover_renderer"),
    "Sweeper": ("chalicelib.workflows.sweep", "sweeper"),
    "AuditAnchor": ("chalicelib.workflows.anchor", "audit_anchor"),
    "Canary": ("chalicelib.workflows.canary", "canary"),
}
"""Logical id in the template: module and name of the handler."""

OWN_NAMES = {
    "TABLE_NAME": "table",
    "COVER_TOKEN_KEYS": "token-key former-token-key",
    # As Lambda has it: a line of the log is as long as there.
    "_X_AMZN_TRACE_ID": "Root=1-63e0a1b2-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=0",
}
"""Where it differs from what other tests call things; the second key is one that signed before."""

SWEEP_EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.scheduler",
    "account": ACCOUNT,
    "time": "2023-02-06T18:00:00Z",
    "region": REGION,
    "resources": [],
    "detail": {},
}


@dataclass
class BusinessClock:
    """The application's clock, which shows the machines' virtual time."""

    virtual: VirtualClock
    version: int = 0

    def now(self) -> datetime:
        return self.virtual.now.astimezone(VIETNAM)

    def to_real(self, business: datetime) -> datetime:
        return business.astimezone(UTC)

    def forget(self) -> None:
        """Nothing is kept."""


@dataclass
class Started:
    """An execution that a function asked for."""

    machine: str
    name: str
    input: Payload


@dataclass
class House:
    """All functions, their table, bucket, topics and machines."""

    w: Wiring
    api: Api
    clock: VirtualClock
    calls: list[Call] = field(default_factory=list)
    started: list[Started] = field(default_factory=list)
    relayed: set[tuple[str, str]] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    """Names of executions that have died."""
    _running: list[str] = field(default_factory=list)
    _clients: dict[str, Any] = field(default_factory=dict)

    def call(self, method: str, target: str, body: Any = None, **more: Any) -> Answer:
        """One HTTP request."""
        self._start("APIHandler")
        try:
            return self.api.call(method, target, body, **more)
        finally:
            self._running.pop()

    def invoke(self, function: str, event: Any) -> Any:
        """One invocation of a function that is not the API."""
        module, name = HANDLERS[function]
        self._start(function)
        try:
            return getattr(importlib.import_module(module), name)(event, None)
        finally:
            self._running.pop()

    def declare(self, **changes: Any) -> str:
        """Register the declaration of scenario A1, with changes; gives the dossier's code."""
        code = self.declare_unheard(**changes)
        self.pump()
        return code

    def declare_unheard(self, **changes: Any) -> str:
        """The same, but the stream has not told the relay yet."""
        body = {**DECLARATION, **changes}
        headers = {"Idempotency-Key": f"declare-{body['personal_id']}"}
        answer = self.call("POST", "/v1/dossiers", body, caller=PORTAL, headers=headers)
        assert answer.status == 201, answer.text
        code: str = answer.json["dossier_code"]
        return code

    def pay(self, code: str) -> None:
        """Accounting's voucher for it, paid now."""
        paid_at = self.clock.now.astimezone(VIETNAM)
        self.deliver(voucher(code, paid_at))
        self.pump()

    def deliver(self, *bodies: str) -> None:
        """Messages on the queue `vouchers`, all of them taken."""
        records = [
            {"messageId": f"m{number}", "receiptHandle": "r", "body": body, "attributes": {}, "eventSource": "aws:sqs"}
            for number, body in enumerate(bodies)
        ]
        assert self.invoke("VoucherConsumer", {"Records": records}) == {"batchItemFailures": []}

    def pump(self) -> None:
        """Give the relay every audit line that it has not had, in order per dossier, and run covers that it started."""
        items = self.own_client("dynamodb").scan(TableName=self.w.settings.table)["Items"]
        lines = sorted(
            (item["PK"]["S"], item["SK"]["S"], item)
            for item in items
            if item["SK"]["S"].startswith("AUDIT#") and (item["PK"]["S"], item["SK"]["S"]) not in self.relayed
        )
        records = [
            {
                "eventName": "INSERT",
                "eventID": f"{pk}{sk}",
                "dynamodb": {
                    "SequenceNumber": str(number),
                    "Keys": {"PK": {"S": pk}, "SK": {"S": sk}},
                    "NewImage": item,
                },
            }
            for number, (pk, sk, item) in enumerate(lines, start=1)
        ]
        if records:
            assert self.invoke("StreamRelay", {"Records": records}) == {"batchItemFailures": []}
        self.relayed.update((pk, sk) for pk, sk, _ in lines)

    def sing(self) -> Any:
        """One run of the canary: the API answers at once, the queue and the stream whenever it pauses."""
        event = {**SWEEP_EVENT, "detail": {"api": "https://api.example"}}
        singing = partial(sing_of_dossier, pause=lambda _: self.take_vouchers())
        place = "chalicelib.workflows.canary"
        with patch(f"{place}.over_http", self.over_http), patch(f"{place}.sing_of_dossier", singing):
            return self.invoke("Canary", event)

    def over_http(self, address: str, own: Mapping[str, str] = MappingProxyType({})) -> Ask:
        """The API as the canary asks it, behind the real authoriser."""
        caller = self.verifier.context(own["Authorization"]) if own else None

        def ask(method: str, path: str, body: Mapping[str, Any] | None) -> Answered:
            answer = self.call(method, path, body, caller=caller, headers=own)
            return Answered(answer.status, answer.json)

        return ask

    def own_client(self, service: str) -> Any:
        """The house's own client, whose calls are no function's. Made once: making one takes 20 ms."""
        if service not in self._clients:
            self._clients[service] = boto3.client(service)
        return self._clients[service]

    @property
    def verifier(self) -> Verifier:
        """The authoriser, which knows no key of the issuer, and the canary's."""
        signs = self.w.canary_voice
        keys = KeySet(fetch=lambda: '{"keys": []}')
        issuer, audience = self.w.settings.jwt_issuer, self.w.settings.jwt_audience
        # The authoriser asks, and is no function of this house: its call is not written down.
        return Verifier(issuer, audience, keys, lambda: signs.kms.stand_in.get_public_key(KeyId=signs.key)["PublicKey"])

    def take_vouchers(self) -> None:
        """Deliver what the stream holds, what lies on the queue, and what came of it; clocks of what ended end."""
        self.pump()
        sqs, url = self.own_client("sqs"), self.w.settings.voucher_queue_url
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            self.deliver(*(message["Body"] for message in found))
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.pump()
        for clock in self.started:
            if clock.machine == "dossier" and clock.name not in self.dead and self._has_ended(clock):
                assert self.run_dossier(clock.input["dossier_code"]).status == "SUCCEEDED"
                self.dead.add(clock.name)

    def _has_ended(self, clock: Started) -> bool:
        key = {
            name: {"S": part}
            for name, part in zip(("PK", "SK"), keys.dossier(clock.input["dossier_code"]), strict=True)
        }
        found = self.own_client("dynamodb").get_item(TableName=self.w.settings.table, Key=key).get("Item")
        return bool(found and found["state"]["S"] == "RESULT_RETURNED")

    def wake_webhook(self, code: str) -> None:
        """A message for the sender of webhooks."""
        body = json.dumps({"dossier_code": code})
        self.invoke("WebhookSender", {"Records": [{"messageId": "m", "receiptHandle": "r", "body": body}]})

    def run_dossier(self, code: str = "", *, folder: Path = MACHINES) -> Ran:
        """Follow the newest execution of the dossier machine (for one dossier) to its end."""
        execution = self._newest("dossier", code)
        machine = Machine("dossier.asl.json", {"DossierTaskArn": self._task("DossierTask")}, self.clock, folder=folder)
        return machine.run(execution.input, execution.name)

    def run_cover(self, code: str = "", person: Callable[[str], object] = no_person, *, folder: Path = MACHINES) -> Ran:
        """Follow the newest execution of the cover machine (for one dossier) to its end."""
        execution = self._newest("cover", code)
        tasks = {"CoverTaskArn": self._task("CoverTask"), "CoverRendererArn": self._task("CoverRenderer")}
        return Machine("cover.asl.json", tasks, self.clock, person, folder=folder).run(execution.input, execution.name)

    def run_cover_signed(self, code: str = "") -> Ran:
        """The same, with an officer who issues as soon as asked."""
        return self.run_cover(code, lambda _: self.sign(code))

    def sign(self, code: str = "") -> None:
        """An officer issues the cover, and the relay hears of it."""
        self.sign_unheard(code)
        self.pump()

    def sign_unheard(self, code: str = "") -> None:
        """An officer issues the cover; the stream has not told the relay yet."""
        cover_id = self._newest("cover", code).input["cover_id"]
        waiting = self.call("GET", "/v1/officer/covers?state=DATA_CREATED", caller=SIGNER_79).json["items"]
        (version,) = [each["version"] for each in waiting if each["cover_id"] == cover_id]
        answer = self.call(
            "POST",
            f"/v1/officer/covers/{cover_id}/issue",
            caller=SIGNER_79,
            headers={"If-Match": f'"{version}"', "Idempotency-Key": f"sign-{cover_id}"},
        )
        assert answer.status == 202, answer.text

    def cover_version(self, code: str, number: int = 1) -> int:
        """The version of a cover as it lies in the table."""
        return int(self._item(keys.cover(code, number))["version"]["N"])

    def cover_token(self, code: str, number: int = 1) -> str:
        """The token of a cover's verification code."""
        token: str = self._item(keys.cover_proof(code, number))["token"]["S"]
        return token

    def _item(self, key: keys.Key) -> dict[str, Any]:
        found = boto3.client("dynamodb").get_item(TableName="table", Key={"PK": {"S": key[0]}, "SK": {"S": key[1]}})
        item: dict[str, Any] = found["Item"]
        return item

    def _newest(self, machine: str, code: str) -> Started:
        return [
            each
            for each in self.started
            if each.machine == machine and (not code or each.input["dossier_code"] == code)
        ][-1]

    def dossier(self, code: str) -> Any:
        """The dossier as the portal sees it."""
        return self.call("GET", f"/v1/dossiers/{code}", caller=PORTAL).json

    def _task(self, function: str) -> Callable[[Payload], object]:
        def task(payload: Payload) -> object:
            answer = self.invoke(function, payload)
            self.pump()
            return answer

        return task

    def _start(self, function: str) -> None:
        self._running.append(function)
        # A function has the process to itself: what another has read and kept is not its own.
        self.w.__dict__.pop("_identifier_key", None)
        self.w.__dict__.pop("fields", None)

    def _note(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        self.note_call(model.service_model.service_name, model.name, dict(params))

    def note_call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """A call of the function that is running now."""
        self.calls.append(Call(self._running[-1], service, operation, parameters))
        note_stand_in(service, operation, parameters)


@dataclass
class StepFunctionsDesk:
    """The client that functions see: starts are written down, answers to signers go to the running machine."""

    house: House
    client: Any

    def start_execution(self, **parameters: Any) -> None:
        self._note("StartExecution", parameters)
        machine = parameters["stateMachineArn"].rpartition(":")[2]
        if any((each.machine, each.name) == (machine, parameters["name"]) for each in self.house.started):
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": ""}}, "StartExecution")
        self.house.started.append(Started(machine, parameters["name"], json.loads(parameters["input"])))

    def describe_execution(self, **parameters: Any) -> dict[str, str]:
        self._note("DescribeExecution", parameters)
        name = parameters["executionArn"].rpartition(":")[2]
        if all(each.name != name for each in self.house.started):
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution")
        return {"status": "FAILED" if name in self.house.dead else "RUNNING"}

    def stop_execution(self, **parameters: Any) -> None:
        self._note("StopExecution", parameters)
        name = parameters["executionArn"].rpartition(":")[2]
        if all(each.name != name for each in self.house.started):
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "StopExecution")
        self.house.dead.add(name)

    def send_task_success(self, **parameters: Any) -> None:
        self._note("SendTaskSuccess", parameters)
        self.client.send_task_success(**parameters)

    def _note(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self.house.note_call("stepfunctions", operation, parameters)


@dataclass
class LambdaCalls:
    """The client by which the API has slips drawn."""

    house: House

    def invoke(self, **parameters: Any) -> dict[str, Any]:
        self.house.note_call("lambda", "InvokeFunction", parameters)
        return LambdaDesk(lambda payload: self.house.invoke("CoverRenderer", payload)).invoke(**parameters)


@dataclass
class Noted:
    """A stand-in for a service; its calls are written down like those to moto."""

    house: House
    service: str
    stand_in: Any

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            operation = name.title().replace("_", "")
            self.house.note_call(self.service, operation, parameters)
            return getattr(self.stand_in, name)(**parameters)

        return call


def voucher(code: str, paid_at: datetime, **changes: Any) -> str:
    """The voucher of scenario A1, as accounting sends it."""
    body = {
        **VOUCHER,
        "receipt": {**VOUCHER["receipt"], "date": paid_at.date().isoformat()},
        "dossier_code": code,
        "paid_at": paid_at.isoformat(timespec="seconds"),
        "value_date": paid_at.date().isoformat(),
    }
    return json.dumps(body | changes, ensure_ascii=False)


@contextmanager
def open_house(clock: VirtualClock) -> Iterator[House]:
    """A house with an empty table, made as the template says."""
    with step_functions() as machines, patch.dict(os.environ, NAMES | OWN_NAMES):
        _provide()
        wiring.cache_clear()
        w = wiring()
        house = House(w, Api(importlib.import_module("app").app), clock)
        w.__dict__["clock"] = BusinessClock(clock)
        _watch(w, house, machines)
        frozen = SimpleNamespace(now=lambda zone=None: clock.now.astimezone(zone))
        with patch("chalicelib.usecases.course.keep_deadline.datetime", frozen):
            yield house
        wiring.cache_clear()


def _provide() -> None:
    described = merged_overlay("sandbox")["Resources"]["Table"]["Properties"]
    understood = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    boto3.client("dynamodb").create_table(TableName="table", **{name: described[name] for name in understood})
    for bucket in ("documents", "working", "anchors"):
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("secretsmanager").create_secret(Name="identifier-key", SecretString="k" * 32)
    secret = json.dumps({"dvc": [f"whsec_{'a' * 44}"]})
    boto3.client("secretsmanager").create_secret(Name="webhook-secrets", SecretString=secret)
    fifo = {"FifoQueue": "true"}
    boto3.client("sqs").create_queue(QueueName="webhooks.fifo", Attributes=fifo)
    boto3.client("sqs").create_queue(QueueName="vouchers")
    sns = boto3.client("sns")
    sns.create_topic(Name="dossier-status.fifo", Attributes={"FifoTopic": "true"})
    sns.create_topic(Name="notices")


def _watch(w: Wiring, house: House, machines: Any) -> None:
    """Let every client that the application makes write its calls down."""
    make, desk, keys = w.client, StepFunctionsDesk(house, machines), Keys(rsa=signing_keys())
    hooks = {"dvc": {"url": "https://portal.example/hook"}}
    ssm = Parameters({**parameters().kept, NAMES["WEBHOOKS_PARAMETER"]: json.dumps(hooks)})

    def watched(service: str, **more: str) -> Any:
        if service == "stepfunctions":
            return desk
        if service == "lambda":
            return LambdaCalls(house)
        if service in ("kms", "ssm"):
            return Noted(house, service, keys if service == "kms" else ssm)
        client = make(service, **more)
        client.meta.events.register("provide-client-params", house._note)
        return client

    w.__dict__["client"] = watched


def vietnam(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=VIETNAM)  # type: ignore[arg-type,misc]
