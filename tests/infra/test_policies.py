"""One policy per function: exact actions on exact things, and enough of them for the calls that are really made."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import lawbook, log
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Event
from chalicelib.domain.ledger.voucher import Outcome
from chalicelib.http.configuration.procedure_examples import BODIES
from chalicelib.log import JsonFormatter
from chalicelib.metrics import NAMESPACE
from chalicelib.queues.messages import read_message
from chalicelib.storage import endpoints, keys
from chalicelib.storage.field_keys import PURPOSE, context
from chalicelib.storage.post import Posted
from infra import grants
from infra.asked import Asked, wanted
from infra.grants import as_list, resource_texts, statements
from tests.infra.conftest import Templates
from tests.infra.reading import FUNCTION, Template, of_type, role_of
from tests.integration.http.harness import OFFICER_79, PORTAL, QUOTE, SIGNER_79
from tests.workflows.driver import VirtualClock
from tests.workflows.house import SWEEP_EVENT, House, open_house, voucher

Figure = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, metric, and the dimensions beside the stage."""

KNOWN_TAILS = (
    # Former keys of verification codes have any id; a condition on their aliases stands beside it.
    r"arn:\$\{AWS::Partition\}:kms:\$\{AWS::Region\}:\$\{AWS::AccountId\}:key/\*",
    # Log streams, documents and executions have names that nobody knows before they exist.
    r"arn:\$\{AWS::Partition\}:logs:.*:log-group:/aws/lambda/\$\{AWS::StackName\}-[a-z-]+:\*",
    r"\$\{Documents\.Arn\}/(covers|slips)/\*",
    r"\$\{Working\.Arn\}/(previews|campaigns)/\*",
    r"\$\{Anchors\.Arn\}/anchors/\*",
    r"arn:\$\{AWS::Partition\}:states:.*:execution:\$\{AWS::StackName\}-(dossier|cover):\*",
    # Clocks of dossiers in the canary's province.
    r"arn:\$\{AWS::Partition\}:states:.*:execution:\$\{AWS::StackName\}-dossier:\*\.99\.\?{3}-\?{6}-\?{4}-g\*",
    # Children of a Distributed Map.
    r"arn:\$\{AWS::Partition\}:states:.*:execution:\$\{AWS::StackName\}-campaign/\*",
    # CodeDeploy looks after every function and alarm of the stack, and of no other.
    r"arn:\$\{AWS::Partition\}:(lambda:.*:function|cloudwatch:.*:alarm):\$\{AWS::StackName\}-\*",
)
FILE_AUDIT_EVENT = {**SWEEP_EVENT, "detail": {"task": "audit-files", "older_days": 0}}
PUBLISHER_79 = {"role": "publisher", "provinces": "79"}
PROCEDURE = {**BODIES["draft_province_procedure"], "effective_from": "2024-02-01"}


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


def test_only_who_shows_or_compares_a_number_may_unwrap_the_data_keys(templates: Templates, asked: set[Asked]) -> None:
    """And each only for this purpose; who only carries sealed values holds nothing."""
    granted: dict[str, set[str]] = {}
    template = templates.of("production")
    for name, function in of_type(template, FUNCTION).items():
        for statement in statements(template, role_of(function)):
            if "FieldKey.Arn" in resource_texts(statement):
                granted.setdefault(name, set()).update(as_list(statement["Action"]))
                assert statement["Condition"] == {"StringEquals": {"kms:EncryptionContext:purpose": PURPOSE}}
    writing = {"kms:Decrypt", "kms:GenerateDataKey"}
    assert granted == {
        "APIHandler": writing,
        "VoucherConsumer": writing,
        "CoverRenderer": {"kms:Decrypt"},
        "StreamRelay": {"kms:Decrypt"},
        "Sweeper": {"kms:Decrypt"},
    }
    assert {function for function, _, resource in asked if resource == "FieldKey.Arn"} == set(granted)
    assert context(1)["purpose"] == PURPOSE, "what each call names"


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


@dataclass
class Day(logging.Handler):
    """What every function asks of AWS while the house does all that it can do, and every line that it logs."""

    asked: set[Asked] = field(default_factory=set)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def __hash__(self) -> int:
        return id(self)


@pytest.fixture(scope="module")
def asked(day: Day) -> set[Asked]:
    return day.asked


@pytest.fixture(scope="module")
def day() -> Day:
    """One long day of the house."""
    played = Day()
    logging.getLogger("chalicelib").addHandler(played)
    with pytest.MonkeyPatch.context() as patched:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patched.setenv(name, "testing")
        patched.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
        # Nothing is believed for a while: what is read must not hang on how fast the machine is.
        patched.setattr(lawbook, "CACHE_SECONDS", 0.0)
        patched.setattr(endpoints, "SANDBOX_CACHE_SECONDS", 0.0)
        clock = VirtualClock(datetime(2023, 2, 6, 2, 15, tzinfo=UTC))
        with open_house(clock) as house:
            live(house)
            played.asked = {(call.function, *each) for call in house.calls for each in wanted(call, os.environ)}
    logging.getLogger("chalicelib").removeHandler(played)
    return played


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
    # Her dossier has ended before its execution goes to sleep: the task and the relay both say so.
    sleep = {"action": "AWAIT_END", "dossier_code": code, "generation": 1, "clock_version": 0}
    wake = {"task_token": "asleep", "wake_at": "2023-02-07T02:15:00Z"}
    house.invoke("DossierTask", {"schema": 1, **sleep, **wake})
    # The canary's dossier comes and goes.
    assert house.sing()["dossier"]
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
    data_requests(house)
    population = {"personal_id": "079185012345", "full_name": "Nguyễn Thị Hòa", "birth_date": "1985-05-12"}
    population |= {"gender": "NU", "province_code": "79", "commune_code": "26734"}
    assert house.call("POST", "/sandbox/population", population).status == 204


def data_requests(house: House) -> None:
    """Somebody asks about their own data: recorded, handed out, answered, shown."""
    path = "/v1/officer/data-requests"
    with patch.object(house.w.clock, "now", lambda: datetime(2026, 3, 2, 2, 0, tzinfo=UTC)):
        entry = {"personal_id": "079185012345", "province_code": "79", "kind": "ACCESS", "reference": "12/2026"}
        asked = house.call("POST", path, entry, caller=OFFICER_79)
        assert asked.status == 201, asked.text
        one = f"{path}/{asked.json['request_id']}"
        assert house.call("POST", f"{one}/report", {}, caller=OFFICER_79).status == 200
        answer = {"outcome": "FULFILLED", "answer": "Đã gửi."}
        headers = {"If-Match": '"2"'}
        assert house.call("POST", f"{one}/answer", answer, caller=OFFICER_79, headers=headers).status == 200
        assert house.call("GET", one, caller=OFFICER_79).status == 200
        assert house.call("GET", path, caller=OFFICER_79).status == 200
    house.pump()


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
    # Two officers at the same moment: the second drawing finds the first.
    house.invoke("CoverRenderer", {"schema": 1, "dossier_code": code, "cover_id": f"{code}-C2", "preview": True})
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
    asked = partial(house.call, "POST", "/v1/officer/covers/campaigns", {"province_code": "79"}, caller=SIGNER_79)
    # The first time it gets no further than its list; the second finds that.
    busy = Unavailable("STORAGE_BUSY", "x")
    with patch("chalicelib.usecases.covers.issue_campaign.Transaction.commit", side_effect=busy):
        assert asked(headers={"Idempotency-Key": "campaign"}).status == 503
    answer = asked(headers={"Idempotency-Key": "campaign"})
    assert answer.status == 202, answer.text
    task = {"schema": 1, "campaign_id": answer.json["campaign_id"]}
    batch = {"number": 0, "cover_ids": [f"{last}-C1"]}
    assert house.invoke("CoverTask", {**task, "action": "ISSUE_BATCH", "batch": batch}) == {"CHECKED": 1}
    house.invoke("CoverTask", {**task, "action": "END_CAMPAIGN", "outcome": "DONE"})
    path = f"/v1/officer/covers/campaigns/{answer.json['campaign_id']}"
    assert house.call("GET", path, caller=OFFICER_79).json["state"] == "DONE"


def test_every_call_that_is_made_is_granted(templates: Templates, asked: set[Asked]) -> None:
    # The house is a sandbox, which reads its clock from the table.
    assert not grants.refused(templates.of("sandbox"), asked)
    # The authoriser is not part of the house: it has its own test below.
    functions = set(of_type(templates.of("production"), FUNCTION))
    assert {function for function, _, _ in asked} == functions - {"TokenAuthorizer"}


def test_the_authoriser_reads_the_keys_and_nothing_else(templates: Templates) -> None:
    granted = {
        action: list(resource_texts(statement))
        for statement in statements(templates.of("production"), "TokenAuthorizerRole")
        for action in as_list(statement["Action"])
        if not action.startswith(("logs:", "xray:"))
    }
    name = templates.of("production")["Resources"]["JwksParameter"]["Properties"]["Name"]["Fn::Sub"]
    assert list(granted) == ["ssm:GetParameter", "kms:GetPublicKey"]
    assert granted["ssm:GetParameter"][0].endswith(f":parameter{name}")
    assert granted["kms:GetPublicKey"] == ["CanaryKey.Arn"]


def test_the_canary_reaches_its_own_items_and_nobody_elses(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    own, rules = (
        {pattern for values in statement["Condition"].values() for pattern in values["dynamodb:LeadingKeys"]}
        for statement in statements(templates.of("production"), "CanaryRole")
        if any(action.startswith("dynamodb:") for action in as_list(statement["Action"]))
    )
    assert rules == {keys.RULES_HEAD[0]}
    with open_house(VirtualClock(datetime(2026, 11, 22, 2, tzinfo=UTC))) as house:
        for _ in range(2):
            house.sing()
            house.clock.now += timedelta(days=1)
        asked = {
            partition
            for call in house.calls
            if (call.function, call.service) == ("Canary", "dynamodb")
            for partition in _partitions(call.operation, call.parameters)
        }
    assert len(asked) >= len(own)
    assert [each for each in asked if not any(fnmatchcase(each, pattern) for pattern in own | rules)] == []
    real = [keys.dossier("000.00.79.G24-230206-0001")[0], keys.dossier("G24.99-20230206-0010000")[0]]
    real += [keys.person("9f" * 20)[0], keys.voucher_head("KT79-2023-0000001")[0], keys.idempotency("dvc", "canary")[0]]
    real += [keys.counter("79", date(2023, 2, 6))[0], keys.si_number("7999000000")[0], keys.receipt("BH23-99", "1")[0]]
    assert [each for each in real if any(fnmatchcase(each, pattern) for pattern in own)] == []


def _partitions(operation: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    """The partition keys that a call to the table is about, as IAM's `dynamodb:LeadingKeys` has them."""
    match operation:
        case "Query":
            yield parameters["ExpressionAttributeValues"][":pk"]["S"]
        case "TransactWriteItems":
            for write in parameters["TransactItems"]:
                for body in write.values():
                    yield (body.get("Key") or body["Item"])["PK"]["S"]
        case _:
            yield (parameters.get("Key") or parameters["Item"])["PK"]["S"]


def test_little_is_granted_that_is_never_used(templates: Templates, asked: set[Asked]) -> None:
    """The day above does not need everything; `make test` compares the calls of the whole suite, and wants none."""
    used = {(function, action) for function, action, _ in asked}
    idle = {(function, action) for function, action, _ in grants.idle(templates.of("production"), asked)} - used
    assert idle == set(IDLE_HERE), sorted(idle)


IDLE_HERE: Mapping[tuple[str, str], str] = {
    ("DossierTask", "dynamodb:Query"): "rules published since the deploy",
    ("APIHandler", "kms:GetPublicKey"): "the house is one process: what the renderer has read is known",
    ("APIHandler", "kms:GenerateDataKey"): "whoever is first makes the data key: here the consumer",
    ("TokenAuthorizer", "ssm:GetParameter"): "it has its own test above",
    ("TokenAuthorizer", "kms:GetPublicKey"): "the same",
    ("Sweeper", "ssm:GetParametersByPath"): "the watch over certificates, at night",
}


def figures(lines: Iterable[Mapping[str, Any]]) -> set[Figure]:
    """The metrics that CloudWatch makes of log lines (EMF)."""
    return {
        (directive["Namespace"], metric["Name"], frozenset((name, line[name]) for name in names if name != "Stage"))
        for line in lines
        if "_aws" in line
        for directive in line["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
        if "Stage" in names
    }


def figure_of(alarm: Mapping[str, Any]) -> Figure:
    """The metric that an alarm is about."""
    told = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert told.pop("Stage") == {"Ref": "Stage"}
    return NAMESPACE, alarm["MetricName"], frozenset(told.items())


def looked_at(template: Template) -> Iterator[Figure]:
    """The metrics of ours that alarms and the dashboard name, without the stage."""
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        if alarm.get("Namespace") == NAMESPACE:
            yield figure_of(alarm)
    for widget in json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]:
        for namespace, metric, *rest in widget["properties"].get("metrics", ()):
            if namespace == NAMESPACE:
                told = dict(zip(rest[::2], rest[1::2], strict=False))
                assert told.pop("Stage") == "${Stage}"
                yield NAMESPACE, metric, frozenset(told.items())


NOT_THAT_DAY: Mapping[str, str] = {
    "BreakGlass": "nobody looks into a province that is not theirs",
    "FieldsUnusable": "every sealed field can be opened",
}
"""Metrics that are looked at, and did not happen on the day above."""


def kinds(found: Iterable[Figure]) -> set[tuple[str, frozenset[str]]]:
    """Metrics with the names of their dimensions; which events and outcomes come differs from day to day."""
    return {(metric, frozenset(name for name, _ in told)) for _, metric, told in found if metric not in NOT_THAT_DAY}


def test_what_is_told_is_what_is_looked_at(templates: Templates, day: Day) -> None:
    """No alarm and no graph waits for a figure that never comes; none is paid for that nobody looks at."""
    told, named = figures(day.lines), set(looked_at(templates.of("production")))
    assert kinds(told) == kinds(named)
    assert set(NOT_THAT_DAY) == {metric for _, metric, _ in named} - {metric for _, metric, _ in told}
    values: dict[str, set[str]] = {"Event": {*Event}, "Outcome": {*Outcome}}
    assert all(value in values[name] for _, _, told_by in named for name, value in told_by)


def test_what_an_alarm_at_silence_waits_for_is_told(templates: Templates, day: Day) -> None:
    alarms = of_type(templates.of("production"), "AWS::CloudWatch::Alarm").values()
    told, waited_for = figures(day.lines), {figure_of(each) for each in alarms if each.get("Namespace") == NAMESPACE}
    assert {each for each in waited_for - told if each[1] not in NOT_THAT_DAY} == set()


def test_every_reason_that_an_alarm_counts_is_a_line_of_ours(templates: Templates) -> None:
    """Metric filters look for texts: each must be one that the program logs, into the log that is searched."""
    code = "\n".join(path.read_text("utf-8") for path in Path(log.__file__).parent.rglob("*.py"))
    template = templates.of("production")
    made = set()
    for name, metric_filter in of_type(template, "AWS::Logs::MetricFilter").items():
        for field_name, text in re.findall(r'\$\.(\w+) = "(\w+)"', metric_filter["FilterPattern"]):
            assert field_name in log.FIELDS, name
            assert f'"{text}"' in code or f"{text} = " in code, name
        assert metric_filter["LogGroupName"]["Ref"] in of_type(template, "AWS::Logs::LogGroup")
        made |= {each["MetricName"] for each in metric_filter["MetricTransformations"]}
    stack = {"Ref": "AWS::StackName"}
    counted = {
        alarm["MetricName"]
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        if alarm.get("Namespace") == stack
    }
    assert counted <= made


def test_a_grant_without_a_call_and_a_call_without_a_grant_are_found(templates: Templates) -> None:
    template = templates.of("production")
    everything = {(function, "dynamodb:Query", "Table.Arn") for function in of_type(template, FUNCTION)}
    assert grants.refused(template, everything) == {
        (name, "dynamodb:Query", "Table.Arn") for name in ("AuditAnchor", "CoverTask", "TokenAuthorizer")
    }
    unused = grants.idle(template, everything)
    assert ("CoverRenderer", "kms:Sign", "CoverSigningKey.Arn") in unused
    assert ("VoucherConsumer", "dynamodb:Query", "Table.Arn") not in unused
