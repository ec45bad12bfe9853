"""One policy per function: exact actions on exact things, and enough of them for the calls that are really made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import lawbook
from chalicelib.http.procedure_examples import BODIES
from chalicelib.queues.messages import read_message
from chalicelib.storage.post import Posted
from tests.infra.conftest import Templates
from tests.infra.reading import FUNCTION, Template, as_list, of_type, role_of, statements
from tests.integration.http.harness import OFFICER_79, PORTAL, QUOTE, SIGNER_79
from tests.support.signing import KEY_ARN
from tests.workflows.driver import VirtualClock
from tests.workflows.house import SWEEP_EVENT, Call, House, open_house, voucher

KNOWN_TAILS = (
    # Former keys of verification codes have any id; a condition on their aliases stands beside it.
    r"arn:\$\{AWS::Partition\}:kms:\$\{AWS::Region\}:\$\{AWS::AccountId\}:key/\*",
    # Log streams, documents and executions have names that nobody knows before they exist.
    r"arn:\$\{AWS::Partition\}:logs:.*:log-group:/aws/lambda/\$\{AWS::StackName\}-[a-z-]+:\*",
    r"\$\{Documents\.Arn\}/(covers|slips)/\*",
    r"\$\{Working\.Arn\}/(previews|campaigns)/\*",
    r"\$\{Anchors\.Arn\}/anchors/\*",
    r"arn:\$\{AWS::Partition\}:states:.*:execution:\$\{AWS::StackName\}-(dossier|cover):\*",
    # Children of a Distributed Map.
    r"arn:\$\{AWS::Partition\}:states:.*:execution:\$\{AWS::StackName\}-campaign/\*",
    # CodeDeploy looks after every function and alarm of the stack, and of no other.
    r"arn:\$\{AWS::Partition\}:(lambda:.*:function|cloudwatch:.*:alarm):\$\{AWS::StackName\}-\*",
)
FILE_AUDIT_EVENT = {**SWEEP_EVENT, "detail": {"task": "audit-files", "older_days": 0}}
PUBLISHER_79 = {"role": "publisher", "provinces": "79"}
PROCEDURE = {**BODIES["draft_province_procedure"], "effective_from": "2024-02-01"}
TRANSACTION_ACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def resource_texts(statement: dict[str, Any]) -> Iterator[str]:
    """Resources of a statement as one text each: `Table.Arn`, `${Documents.Arn}/covers/*`, `StatusTopic`."""
    for resource in as_list(statement["Resource"]):
        if isinstance(resource, str):
            yield resource
        elif "Fn::GetAtt" in resource:
            yield ".".join(resource["Fn::GetAtt"])
        else:
            yield resource.get("Fn::Sub") or resource["Ref"]


def test_nothing_is_granted_on_everything(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in statements(template, role):
            assert statement["Effect"] == "Allow"
            assert not [action for action in as_list(statement["Action"]) if "*" in action], role
            for resource in resource_texts(statement):
                if resource == "*":
                    # Log delivery of Step Functions and X-Ray know no resources.
                    assert (role[-11:], statement["Sid"]) == ("MachineRole", "LogDelivery") or (
                        statement["Sid"] == "Trace" and all(text.startswith("xray:Put") for text in statement["Action"])
                    )
                elif "*" in resource:
                    assert any(re.fullmatch(pattern, resource) for pattern in KNOWN_TAILS), resource


def test_any_key_means_former_keys_of_verification_codes(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in statements(template, role):
            if any(resource.endswith(":key/*") for resource in resource_texts(statement)):
                assert statement["Action"] == "kms:GetPublicKey"
                (alias,) = statement["Condition"]["ForAnyValue:StringLike"].values()
                assert alias == {"Fn::Sub": "alias/${AWS::StackName}-cover-token-*"}


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    roles = {name: role_of(function) for name, function in of_type(template, FUNCTION).items()}
    assert len(set(roles.values())) == len(roles)
    assert roles == {name: "ApiRole" if name == "APIHandler" else f"{name}Role" for name in roles}


def test_only_its_own_service_assumes_a_role(template: Template) -> None:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        others = {"NightlySweepRole": "scheduler", "NightlyAnchorRole": "scheduler", "CodeDeployRole": "codedeploy"}
        others["CanaryScheduleRole"] = "scheduler"
        service = "states" if name.endswith("MachineRole") else others.get(name, "lambda")
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert "ManagedPolicyArns" not in role


def test_a_function_logs_to_its_own_group(template: Template) -> None:
    for function in of_type(template, FUNCTION).values():
        group = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]["LogGroupName"]
        (log,) = [each for each in statements(template, role_of(function)) if each["Sid"] == "Log"]
        assert log["Resource"]["Fn::Sub"].endswith(f":log-group:{group['Fn::Sub']}:*")


@pytest.mark.parametrize(
    ("source", "role", "actions"),
    (
        ("Vouchers.Arn", "VoucherConsumerRole", {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}),
        (
            "Table.StreamArn",
            "StreamRelayRole",
            {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
        ),
        ("RelayFailures.Arn", "StreamRelayRole", {"sqs:SendMessage"}),
        (
            "Webhooks.Arn",
            "WebhookSenderRole",
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"},
        ),
    ),
)
def test_lambda_itself_may_read_the_source_with_the_functions_role(
    templates: Templates, source: str, role: str, actions: set[str]
) -> None:
    granted = {
        action
        for statement in statements(templates.of("production"), role)
        if source in resource_texts(statement)
        for action in as_list(statement["Action"])
    }
    assert granted == actions


def wanted(call: Call) -> Iterator[tuple[str, str]]:
    """The actions and resources (as `resource_texts` writes them) that IAM asks of a call."""
    yield from ASKED[call.service](call.operation, call.parameters)


def _dynamodb(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "TransactWriteItems":
        for write in parameters["TransactItems"]:
            for kind in write:
                yield TRANSACTION_ACTIONS[kind], "Table.Arn"
    else:
        index = parameters.get("IndexName")
        yield f"dynamodb:{operation}", f"${{Table.Arn}}/index/{index}" if index else "Table.Arn"


def _s3(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # HEAD asks for GetObject, and for ListBucket to tell what is missing; a presigned link is a GET in our name.
    bucket = parameters["Bucket"].capitalize()
    yield "s3:PutObject" if operation == "PutObject" else "s3:GetObject", f"${{{bucket}.Arn}}/{parameters['Key']}"
    if operation != "PutObject":
        yield "s3:ListBucket", f"{bucket}.Arn"


def _sns(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"sns:{operation}", "StatusTopic" if parameters["TopicArn"].endswith(".fifo") else "NoticeTopic"


def _secretsmanager(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    secrets = {"identifier-key": "IdentifierKey.Id", "webhook-secrets": "WebhookSecrets.Id"}
    yield f"secretsmanager:{operation}", secrets[parameters["SecretId"]]


def _sqs(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    assert parameters["QueueUrl"].endswith("/webhooks.fifo")
    yield f"sqs:{operation}", "Webhooks.Arn"


def _stepfunctions(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "DescribeExecution":
        machine = parameters["executionArn"].split(":")[-2]
        yield f"states:{operation}", f"execution:${{AWS::StackName}}-{machine}:x"
    else:
        # A task token belongs to the cover machine: no other waits for a person.
        machine = parameters.get("stateMachineArn", "cover").rpartition(":")[2]
        alias = ":live" if operation == "StartExecution" else ""
        yield f"states:{operation}", f"stateMachine:${{AWS::StackName}}-{machine}{alias}"


def _lambda(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"lambda:{operation}", f"function:${{AWS::StackName}}-{parameters['FunctionName']}:live"


def _kms(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    of_certificate = parameters["KeyId"] == KEY_ARN
    code_key = "CoverSaltKey.Arn" if operation == "GenerateMac" else "CoverTokenKey.Arn"
    yield f"kms:{operation}", "CoverSigningKey.Arn" if of_certificate else code_key


def _ssm(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = parameters.get("Path") or parameters["Name"]
    yield f"ssm:{operation}", f"parameter/${{AWS::StackName}}/{name.rpartition('/')[2]}"


ASKED: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[tuple[str, str]]]] = {
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


def allowed(template: Template, role: str, action: str, resource: str) -> bool:
    key = template["Resources"].get(resource.removesuffix(".Arn"), {})
    if key.get("Type") == "AWS::KMS::Key" and any(
        action in as_list(each["Action"]) and each["Principal"] == {"AWS": {"Fn::GetAtt": [role, "Arn"]}}
        for each in key["Properties"]["KeyPolicy"]["Statement"]
        if "Principal" in each
    ):
        return True
    return any(
        action in as_list(statement["Action"])
        and any(
            fnmatchcase(resource, pattern) or fnmatchcase(resource, pattern.partition("${AWS::AccountId}:")[2])
            for pattern in map(_escaped, resource_texts(statement))
        )
        for statement in statements(template, role)
    )


def _escaped(pattern: str) -> str:
    return pattern.replace("[", "[[]")


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """What every function asks of AWS while the house does all that it can do."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patched.setenv(name, "testing")
        patched.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
        # Nothing is believed for a while: what is read must not hang on how fast the machine is.
        patched.setattr(lawbook, "CACHE_SECONDS", 0.0)
        clock = VirtualClock(datetime(2023, 2, 6, 2, 15, tzinfo=UTC))
        with open_house(clock) as house:
            live(house)
            return house.calls


def _mended(mended: str, read: Callable[[str], Any], _: str) -> Any:
    """What the rules of another day would have read."""
    return read(mended)


def live(house: House) -> None:
    """Everything happens: early vouchers, a lost record, a reminder, an issue, a sweep, a bad message."""
    clock = house.clock
    # The voucher of the first comes before her dossier and is matched by the sweep, that of the second by the relay.
    other = {"personal_id": "079185012346", "national_code": "000.00.00.G24-230206-000124"}
    third = {"personal_id": "079185012347", "national_code": "000.00.00.G24-230206-000125"}
    receipt = {"symbol": "BH23-79/E", "number": "0000002", "date": "2023-02-06"}
    first = voucher("000.00.79.G24-230206-0001", clock.now)
    of_other = {"voucher_id": "KT79-2023-0000002", "receipt": receipt, "personal_id": other["personal_id"]}
    second = voucher("000.00.79.G24-230206-0003", clock.now, **of_other)
    house.deliver(first, second, "no JSON at all")
    code = house.declare_unheard()
    # What the stream does not bring within ten minutes is told by the sweep.
    clock.now += timedelta(minutes=11)
    house.invoke("Sweeper", SWEEP_EVENT)
    house.pump()
    # The first officer decides before the workflow asks, the relay tells it; the second execution dies.
    house.sign_unheard()
    house.invoke("CoverTask", {**house.started[-1].input, "action": "AWAIT_SIGNER", "task_token": "early"})
    house.pump()
    assert house.run_cover().status == "SUCCEEDED"
    # A double, a voucher for a dossier that waits for it, and one that is cancelled before its dossier comes.
    house.deliver(first)
    paid = {"voucher_id": "KT79-2023-0000003", "receipt": {**receipt, "number": "0000003"}}
    slow = house.declare(**third)
    house.deliver(voucher(slow, clock.now, **paid, personal_id=third["personal_id"]))
    gone = {"voucher_id": "KT79-2023-0000004", "receipt": {**receipt, "number": "0000004"}}
    gone |= {"personal_id": "079185012399"}
    house.deliver(voucher("000.00.79.G24-230206-0009", clock.now, **gone))
    house.deliver(voucher("000.00.79.G24-230206-0009", clock.now, **gone, voucher_version=2, event="CANCELLED"))
    unheard = house.declare(**other)
    house.dead.update(each.name for each in house.started)
    house.invoke("Sweeper", SWEEP_EVENT)
    # The second officer issues, the relay never hears of it, the sweep does.
    clock.at(clock.now + timedelta(hours=1), lambda: house.sign_unheard(unheard))
    clock.at(clock.now + timedelta(hours=9), lambda: house.invoke("Sweeper", SWEEP_EVENT))
    assert house.run_cover(unheard).status == "SUCCEEDED"
    # The night after, the files of both are read.
    clock.at(clock.now + timedelta(hours=24), lambda: house.invoke("Sweeper", FILE_AUDIT_EVENT))
    # The third does nothing until long after the due day.
    clock.at(datetime(2023, 2, 20, 2, 0, tzinfo=UTC), lambda: house.run_cover_signed(slow))
    assert {"RemindOfficer", "MarkOverdue"} <= set(house.run_dossier(slow).path)
    assert house.call("POST", "/v1/quotes", QUOTE).status == 200
    assert house.call("GET", f"/v1/dossiers/{code}/cover", caller=PORTAL).status == 200
    # An officer looks, and who looked is read; the portal's address takes nothing, then everything.
    assert house.call("GET", f"/v1/dossiers/{code}", caller=OFFICER_79).status == 200
    assert house.call("GET", f"/v1/dossiers/{code}/views", caller=PORTAL).status == 200
    for status in (503, 204):
        house.w.__dict__["post"] = lambda *_, status=status: Posted(status, None, 1)
        house.wake_webhook(code)
    for what in ("", f"?dossier_code={code}", "/undelivered"):
        assert house.call("GET", f"/v1/portal/deliveries{what}", caller=PORTAL).status == 200
    house.invoke("AuditAnchor", SWEEP_EVENT)
    asked = {"personal_id": "079185012345", "received_at": "2026-02-13T09:00:00+07:00", "reason": "Đơn số 12/2026"}
    assert house.call("POST", "/v1/officer/people/report", asked, caller=OFFICER_79).status == 200
    assert house.call("POST", "/v1/portal/deliveries/redelivery", {"dossier_code": code}, caller=PORTAL).status == 202
    assert house.call("GET", f"/v1/dossiers/{code}/slips/receipt", caller=PORTAL).status == 200
    assert house.call("GET", "/v1/officer/dossiers", caller=OFFICER_79).status == 200
    life_of_covers(house, code)
    # The voucher desk: a stranger's money, parked, goes back; a message is read again, and waits for its dossier then.
    lost = {"voucher_id": "KT79-2023-0000005", "receipt": {**receipt, "number": "0000005"}}
    mended = voucher("000.00.79.G24-230206-0098", clock.now, **lost, personal_id="079185000098")
    odd = mended.replace("{", '{"surprise": 1, ', 1)
    far = {"voucher_id": "KT79-2023-0000006", "receipt": {**receipt, "number": "0000006"}}
    house.deliver(odd, voucher("000.00.79.G24-230206-0099", clock.now, **far, personal_id="079185000099"))
    desk = "/v1/officer/vouchers"
    waiting = {each["state"]: each for each in house.call("GET", desk, caller=OFFICER_79).json["items"]}
    assert house.call("GET", f"{desk}/{far['voucher_id']}", caller=OFFICER_79).status == 200
    for state, action in (("PARKED", "REFUND"), ("QUARANTINED", "RETRY")):
        path, seen = f"{desk}/{waiting[state]['id']}/resolution", {"If-Match": f'"{waiting[state]["version"]}"'}
        with patch("chalicelib.queues.messages.read_message", partial(_mended, mended, read_message)):
            settled = house.call("POST", path, {"action": action, "reason": "x"}, caller=OFFICER_79, headers=seen)
        assert settled.status == 200, settled.text
    # A day with accounting: its manifest, the report, the sign-off.
    day = {"date": "2023-02-06", "province_code": "79"}
    ends = {"first_voucher_id": "KT79-2023-0000001", "last_voucher_id": "KT79-2023-0000004"}
    house.deliver(json.dumps({"type": "manifest", **day, "count": 4, "sum_received": 1_188_000, **ends}))
    report = house.call("GET", "/v1/officer/reconciliation?date=2023-02-06&province=79", caller=OFFICER_79)
    known = [each["id"] for each in report.json["items"][0]["differences"] if each["open"]]
    signed = {**day, "note": "Đã kiểm tra.", "acknowledged": known}
    assert house.call("POST", "/v1/officer/reconciliation/sign-off", signed, caller=OFFICER_79).status == 200
    # A province's own procedure: looked at beforehand, drafted, published, restored, shown.
    path, publishers = "/v1/officer/provinces/79/procedure", [{**PUBLISHER_79, "sub": name} for name in ("a", "b")]
    assert house.call("PUT", f"{path}?dry_run=true", PROCEDURE, caller=publishers[0]).status == 200
    assert house.call("PUT", path, PROCEDURE, caller=publishers[0]).status == 200
    assert house.call("POST", f"{path}/1/publication", caller=publishers[1]).status == 200
    again = {"effective_from": "2024-03-01", "reason": "Như trước"}
    assert house.call("POST", f"{path}/1/restoration", again, caller=publishers[0]).status == 201
    assert house.call("GET", path, caller=OFFICER_79).status == 200
    population = {"personal_id": "079185012345", "full_name": "Nguyễn Thị Hòa", "birth_date": "1985-05-12"}
    population |= {"gender": "NU", "province_code": "79", "commune_code": "26734"}
    assert house.call("POST", "/sandbox/population", population).status == 204


def life_of_covers(house: House, code: str) -> None:
    """A scan, a reissue that is looked at beforehand, and a revocation by two persons."""
    cover = f"/v1/officer/covers/{code}-C1"

    def decide(path: str, body: Any, caller: Mapping[str, str], number: int = 1) -> None:
        version = house.cover_version(code, number)
        headers = {"If-Match": f'"{version}"'}
        answer = house.call("POST", path, body, caller=caller, headers=headers)
        assert answer.status in {200, 202}, answer.text

    assert house.call("GET", f"/C/{house.cover_token(code)}").json["status"] == "VALID"
    corrections = {"full_name": "Nguyễn Thị Hoa"}
    decide(f"{cover}/reissue", {"reason": "Cải chính", "corrections": corrections}, OFFICER_79)
    assert house.call("GET", f"/v1/officer/covers/{code}-C2/preview", caller=OFFICER_79).status == 200
    decide(f"{cover}/revocation", {"reason": "Cấp nhầm"}, OFFICER_79)
    decide(f"{cover}/revocation/approval", {}, SIGNER_79)
    assert house.call("GET", f"/C/{house.cover_token(code)}").json["status"] == "REVOKED"
    # The successor fell with it; one more cover waits, for a campaign.
    campaign(house)


def campaign(house: House) -> None:
    """One more first-timer, whose cover is issued by a campaign; the machine's part is played by hand."""
    month = f"{house.clock.now:%Y-%m}"
    somebody = {"personal_id": "079185012348", "from_month": month}
    last = house.declare(**somebody, national_code="000.00.00.G24-230206-000126")
    receipt = {"symbol": "BH23-79/E", "number": "0000009", "date": "2023-02-06"}
    more = {"voucher_id": "KT79-2023-0000009", "receipt": receipt, **somebody}
    house.deliver(voucher(last, house.clock.now, **more))
    house.pump()
    answer = house.call(
        "POST",
        "/v1/officer/covers/campaigns",
        {"province_code": "79"},
        caller=SIGNER_79,
        headers={"Idempotency-Key": "campaign"},
    )
    assert answer.status == 202, answer.text
    task = {"schema": 1, "campaign_id": answer.json["campaign_id"]}
    batch = {"number": 0, "cover_ids": [f"{last}-C1"]}
    assert house.invoke("CoverTask", {**task, "action": "ISSUE_BATCH", "batch": batch}) == {"CHECKED": 1}
    house.invoke("CoverTask", {**task, "action": "END_CAMPAIGN", "outcome": "DONE"})
    path = f"/v1/officer/covers/campaigns/{answer.json['campaign_id']}"
    assert house.call("GET", path, caller=OFFICER_79).json["state"] == "DONE"


def test_every_call_that_is_made_is_granted(templates: Templates, calls: list[Call]) -> None:
    template = templates.of("production")
    roles = {name: role_of(function) for name, function in of_type(template, FUNCTION).items()}
    refused = {
        (call.function, action, resource)
        for call in calls
        for action, resource in wanted(call)
        if not allowed(template, roles[call.function], action, resource)
    }
    assert not refused
    # The authoriser is not part of the house: it has its own test below; the canary asks nothing of AWS.
    assert {call.function for call in calls} == set(roles) - {"TokenAuthorizer", "Canary"}


def test_the_authoriser_reads_the_keys_and_nothing_else(templates: Templates) -> None:
    granted = {
        action: list(resource_texts(statement))
        for statement in statements(templates.of("production"), "TokenAuthorizerRole")
        for action in as_list(statement["Action"])
        if not action.startswith(("logs:", "xray:"))
    }
    name = templates.of("production")["Resources"]["JwksParameter"]["Properties"]["Name"]["Fn::Sub"]
    assert list(granted) == ["ssm:GetParameter"]
    assert granted["ssm:GetParameter"][0].endswith(f":parameter{name}")


def test_little_is_granted_that_is_never_used(templates: Templates, calls: list[Call]) -> None:
    template = templates.of("production")
    used = {(call.function, action) for call in calls for action, _ in wanted(call)}
    of_the_service = ("logs:", "kms:", "sqs:", "ssm:", "xray:")
    streams = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
    idle = {
        (name, action)
        for name, function in of_type(template, FUNCTION).items()
        for statement in statements(template, role_of(function))
        for action in as_list(statement["Action"])
        if not action.startswith(of_the_service) and action not in streams and (name, action) not in used
    }
    assert idle == set(IDLE_HERE), sorted(idle)


IDLE_HERE: Mapping[tuple[str, str], str] = {
    # What the day above does not happen to need.
    ("StreamRelay", "dynamodb:ConditionCheckItem"): "a parked voucher that is parked again",
    ("Sweeper", "dynamodb:ConditionCheckItem"): "a parked voucher that is parked again",
    ("VoucherConsumer", "dynamodb:Query"): "rules published since the deploy",
    ("AuditAnchor", "dynamodb:GetItem"): "the sandbox's clock",
    ("DossierTask", "dynamodb:Query"): "rules published since the deploy",
}
