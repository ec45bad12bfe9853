"""What every function asks of AWS while tests run: noted once for each function, operation and thing.

`note_calls` listens where botocore has a call's parameters together, so that a signed link counts as well as a call.
Whose call it is follows from the innermost handler that is being run. With `NOTE_CALLS=<folder>` the tests and the
local runs that they start write down what they have seen; `python -m infra.grants` holds it against the roles.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

from botocore.client import BaseClient

VARIABLE: Final = "NOTE_CALLS"

HANDLERS: Final[Mapping[tuple[str, str], str]] = {
    ("chalicelib/http/operations.py", "guarded"): "APIHandler",
    ("chalicelib/http/auth.py", "token_authorizer"): "TokenAuthorizer",
    ("chalicelib/queues/vouchers.py", "voucher_consumer"): "VoucherConsumer",
    ("chalicelib/queues/relay.py", "stream_relay"): "StreamRelay",
    ("chalicelib/queues/webhooks.py", "webhook_sender"): "WebhookSender",
    ("chalicelib/workflows/dossier.py", "dossier_task"): "DossierTask",
    ("chalicelib/workflows/cover.py", "cover_task"): "CoverTask",
    ("chalicelib/workflows/renderer.py", "cover_renderer"): "CoverRenderer",
    ("chalicelib/workflows/sweep.py", "sweeper"): "Sweeper",
    ("chalicelib/workflows/anchor.py", "audit_anchor"): "AuditAnchor",
    ("chalicelib/workflows/canary.py", "canary"): "Canary",
    ("chalicelib/usecases/oversight/canary_dossier.py", "sing_of_dossier"): "Canary",
    ("chalicelib/usecases/oversight/sweep.py", "sweep"): "Sweeper",
    ("chalicelib/usecases/oversight/watch.py", "watch"): "Sweeper",
    ("chalicelib/usecases/oversight/take_stock.py", "take_stock"): "Sweeper",
    ("chalicelib/usecases/covers/audit_files.py", "audit_files"): "Sweeper",
}
"""Where each handler stands, and what it alone calls: the logical id of its function."""


@dataclass(frozen=True)
class Call:
    """A call to AWS that a function made. `parameters` are boto3's."""

    function: str
    service: str
    operation: str
    parameters: Mapping[str, Any]


Asked = tuple[str, str, str]
"""Function, action and resource, the latter as `infra.grants.resource_texts` writes it."""


def wanted(call: Call, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The actions and resources that IAM asks of a call, as the template's roles write them: `Table.Arn`.

    `names` is the function's environment: what is called by a name from it is the resource behind that variable.
    Raises KeyError for a service, a bucket or a machine that no variable names.
    """
    yield from _ASKED[call.service](call.operation, call.parameters, names)


Pairs = Iterator[tuple[str, str]]
_WRITES: Final = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
_BUCKETS: Final = {"DOCUMENTS_BUCKET": "Documents", "WORKING_BUCKET": "Working", "ANCHORS_BUCKET": "Anchors"}
_SECRETS: Final = {"IDENTIFIER_KEY_SECRET": "IdentifierKey.Id", "WEBHOOK_SECRETS": "WebhookSecrets.Id"}
_TOPICS: Final = {"STATUS_TOPIC_ARN": "StatusTopic", "NOTICE_TOPIC_ARN": "NoticeTopic"}
_QUEUES: Final = {"WEBHOOK_QUEUE_URL": "Webhooks.Arn", "VOUCHER_QUEUE_URL": "Vouchers.Arn"}
_PARAMETERS: Final = {
    "JWKS_PARAMETER": "jwks",
    "WEBHOOKS_PARAMETER": "webhooks",
    "COVER_CERTIFICATES": "cover-certificates",
}
_MACHINES: Final = {
    "DOSSIER_MACHINE_ARN": "dossier",
    "COVER_MACHINE_ARN": "cover",
    "CAMPAIGN_MACHINE_ARN": "campaign",
}


def _behind(variables: Mapping[str, str], value: str, names: Mapping[str, str]) -> str:
    """What stands for a value in the template. Raises KeyError when no variable has it."""
    return {names[variable]: resource for variable, resource in variables.items() if variable in names}[value]


def _dynamodb(operation: str, parameters: Mapping[str, Any], _: Mapping[str, str]) -> Pairs:
    if operation == "TransactWriteItems":
        for write in parameters["TransactItems"]:
            for kind in write:
                yield _WRITES[kind], "Table.Arn"
    else:
        index = parameters.get("IndexName")
        yield f"dynamodb:{operation}", f"${{Table.Arn}}/index/{index}" if index else "Table.Arn"


def _s3(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    bucket = _behind(_BUCKETS, parameters["Bucket"], names)
    if "Key" in parameters:
        folder = parameters["Key"].partition("/")[0]
        yield "s3:PutObject" if operation == "PutObject" else "s3:GetObject", f"${{{bucket}.Arn}}/{folder}/x"
    # HEAD and GET ask for ListBucket to tell what is missing; a presigned link is a GET in our name.
    if operation != "PutObject":
        yield "s3:ListBucket", f"{bucket}.Arn"


def _sns(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    yield f"sns:{operation}", _behind(_TOPICS, parameters["TopicArn"], names)


def _secretsmanager(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    yield f"secretsmanager:{operation}", _behind(_SECRETS, parameters["SecretId"], names)


def _sqs(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    yield f"sqs:{operation}", _behind(_QUEUES, parameters["QueueUrl"], names)


def _stepfunctions(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    if operation in ("DescribeExecution", "StopExecution"):
        arn, _, name = parameters["executionArn"].rpartition(":")
        machine = _behind(_MACHINES, arn.replace(":execution:", ":stateMachine:"), names)
        # The canary is granted those of its own province, by their names.
        yield f"states:{operation}", f"execution:${{AWS::StackName}}-{machine}:{name if '.99.' in name else 'x'}"
    elif operation == "StartExecution":
        machine = _behind(_MACHINES, parameters["stateMachineArn"], names)
        yield f"states:{operation}", f"stateMachine:${{AWS::StackName}}-{machine}"
    else:
        # Whose a task token is, shows in what it is answered: the end of a dossier's sleep, or a signer's decision.
        machine = "dossier" if "outcome" in json.loads(parameters["output"]) else "cover"
        yield f"states:{operation}", f"stateMachine:${{AWS::StackName}}-{machine}"


def _lambda(_: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    function = _behind({"RENDERER_FUNCTION": "cover-renderer"}, parameters["FunctionName"], names)
    yield "lambda:InvokeFunction", f"function:${{AWS::StackName}}-{function}"


def _kms(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    key = parameters["KeyId"]
    if key == names.get("CANARY_KEY"):
        yield f"kms:{operation}", "CanaryKey.Arn"
    elif key == names["FIELD_KEY"]:
        yield f"kms:{operation}", "FieldKey.Arn"
    elif key == names["COVER_SALT_KEY"]:
        yield f"kms:{operation}", "CoverSaltKey.Arn"
    elif key == names["COVER_TOKEN_KEYS"].split()[0]:
        yield f"kms:{operation}", "CoverTokenKey.Arn"
    else:
        # What no variable names is a former key of verification codes, or the one that the certificate names.
        yield f"kms:{operation}", "key/former" if operation == "GetPublicKey" else "CoverSigningKey.Arn"


def _ssm(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    name = _behind(_PARAMETERS, parameters.get("Path") or parameters["Name"], names)
    yield f"ssm:{operation}", f"parameter/${{AWS::StackName}}/{name}"


_ASKED: Final[Mapping[str, Callable[[str, Mapping[str, Any], Mapping[str, str]], Pairs]]] = {
    "dynamodb": _dynamodb,
    "s3": _s3,
    "lambda": _lambda,
    "kms": _kms,
    "ssm": _ssm,
    "sns": _sns,
    "secretsmanager": _secretsmanager,
    "stepfunctions": _stepfunctions,
    "sqs": _sqs,
}


@dataclass
class Notebook:
    """What has been asked so far, each once, in memory and in a file: a process may be killed at any time."""

    file: Path
    _asked: set[Asked] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, call: Call) -> None:
        """Add what a call asks for."""
        try:
            found = {(call.function, *each) for each in wanted(call, os.environ)}
        except KeyError as unknown:
            found = {(call.function, f"{call.service}:{call.operation}", f"what no variable names: {unknown}")}
        with self._lock:
            new = found - self._asked
            if new:
                self._asked |= new
                with self.file.open("a", encoding="utf-8") as file:
                    file.writelines(f"{json.dumps(each)}\n" for each in sorted(new))


def note_calls() -> None:
    """Note every call of this process until it ends, where `NOTE_CALLS` names a folder."""
    if VARIABLE not in os.environ or hasattr(BaseClient, "_noted"):
        return
    emit = BaseClient._emit_api_params

    def emit_and_note(self: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        function = running_function(sys._getframe(1))
        if function is not None:
            service = operation_model.service_model.service_name
            note(Call(function, service, operation_model.name, api_params))
        return emit(self, api_params, operation_model, context)

    BaseClient._emit_api_params = emit_and_note
    BaseClient._noted = True


def note(call: Call) -> None:
    """Note one call, if calls are noted."""
    if VARIABLE in os.environ:
        _notebook(Path(os.environ[VARIABLE]).absolute()).note(call)


def note_stand_in(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """The same for a call to a test's stand-in for a client, while a handler is being run."""
    function = running_function(sys._getframe(1))
    if function is not None:
        note(Call(function, service, operation, parameters))


@cache
def _notebook(folder: Path) -> Notebook:
    folder.mkdir(parents=True, exist_ok=True)
    return Notebook(folder / f"{uuid.uuid4().hex}.jsonl")


def running_function(frame: FrameType | None) -> str | None:
    """The function whose handler runs innermost in a stack; None outside of all, and for what a test does meanwhile."""
    while frame is not None:
        code = frame.f_code
        found = _BY_NAME.get(code.co_name)
        if found is not None and code.co_filename.endswith(found[0]):
            return found[1]
        if "/tests/" in code.co_filename and not _stands_in(code):
            return None
        frame = frame.f_back
    return None


STAND_INS: Final = {
    "tests/support/cloud.py": ("Watched.",),
    "tests/workflows/house.py": ("StepFunctionsDesk.", "LambdaCalls.", "Noted.", "House.note_call", "House._note"),
}
"""What stands between a function and the cloud in tests, and is no test itself: file, and how its names begin."""


def _stands_in(code: CodeType) -> bool:
    return any(code.co_filename.endswith(file) and code.co_qualname.startswith(who) for file, who in STAND_INS.items())


_BY_NAME: Final = {name: (path, function) for (path, name), function in HANDLERS.items()}


def read(folder: Path) -> Iterator[Asked]:
    """Everything that was noted in a folder; a last line that a kill has cut short is passed over."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                function, action, resource = json.loads(line)
                yield function, action, resource
