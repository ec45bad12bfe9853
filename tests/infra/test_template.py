"""What is deployed is what was meant: the finished template of every stage."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import CloudWatchEvent
from samtranslator.translator.transform import transform

from chalicelib import settings
from chalicelib.http.problems import PROTECTED, TITLES, TYPE_PREFIX
from chalicelib.workflows.sweep import AUDIT_FILES
from infra.merge import SANDBOX_DEFAULTS, finish, merged_overlay
from infra.tools import ROOT
from tests.infra.conftest import REGION, Templates
from tests.infra.reading import FUNCTION, Template, of_type, texts

PUBLIC = {
    ("/v1/quotes", "post"),
    ("/v1/quotes/refund", "post"),
    ("/v1/provinces", "get"),
    ("/v1/openapi.json", "get"),
    ("/v1/covers/{token}/verification", "get"),
    ("/C/{token}", "get"),
    ("/v1/cover-keys", "get"),
}
MACHINES = "AWS::StepFunctions::StateMachine"
QUEUE = "AWS::SQS::Queue"


@pytest.mark.slow
@pytest.mark.parametrize("stage", ("sandbox", "production"))
def test_cfn_lint_finds_nothing(templates: Templates, stage: str) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    found = subprocess.run(
        [linter, "--regions", REGION, "--template", templates.path(stage)], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


def transformed(template: Template) -> Template:
    """What CloudFormation makes of it, with the code where a deployment would have put it."""
    copied = copy.deepcopy(template)
    for resource in copied["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource["Properties"]:
                resource["Properties"][name] = {"Bucket": "b", "Key": "k"}
    result: Template = transform(copied, {}, SimpleNamespace(load=dict))
    return result


def test_sam_takes_it(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    made = transformed(template)

    assert not [name for name, resource in made["Resources"].items() if "Serverless" in resource["Type"]]
    # Every function runs under a role of ours: SAM makes none.
    ours = {name for name in template["Resources"] if name.endswith("Role")}
    assert {name for name, each in made["Resources"].items() if each["Type"] == "AWS::IAM::Role"} == ours


def test_a_template_fits_cloudformation(template: Template) -> None:
    # By URL a template may hold 1 MB and 500 resources (CloudFormation quotas); far below is where we want to be.
    assert len(json.dumps(template)) < 400_000
    assert len(template["Resources"]) < 200


def test_every_function_says_what_it_needs(template: Template) -> None:
    functions = of_type(template, FUNCTION)
    assert len(functions) == 11
    for name, function in functions.items():
        assert {"MemorySize", "Timeout", "Role", "FunctionName", "Description", "LoggingConfig"} <= set(function), name
        assert "Events" not in function
        log = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log["Properties"]["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"
    assert functions["APIHandler"]["Timeout"] < 29, "API Gateway gives up after 29 s"


READ_BY_STORAGE = "COMPACT_STORAGE"


def test_the_functions_environment_is_what_the_settings_read(template: Template) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert settings.read(dict.fromkeys(variables, "1")).table == "1"
    # A module that every function imports reads it by itself, with a default.
    assert READ_BY_STORAGE in (ROOT / "chalicelib/storage/compact.py").read_text("utf-8")
    for name in variables.keys() - {READ_BY_STORAGE}:
        with pytest.raises(KeyError, match=name):
            settings.read(dict.fromkeys(variables.keys() - {name}, "1"))


def test_layers_are_where_they_are_used_and_nowhere_else(template: Template) -> None:
    found = {name: function["Layers"] for name, function in of_type(template, FUNCTION).items() if "Layers" in function}
    assert found == {
        "CoverRenderer": [{"Ref": "CoverLayer"}],
        "TokenAuthorizer": [{"Ref": "AuthLayer"}],
        # Checks the signatures of verification codes.
        "APIHandler": [{"Ref": "AuthLayer"}],
        # Seal and open single fields; so do the two above, of which the renderer has the library in its own layer.
        "VoucherConsumer": [{"Ref": "AuthLayer"}],
        "StreamRelay": [{"Ref": "AuthLayer"}],
        "Sweeper": [{"Ref": "AuthLayer"}],
        # Brings the signature of its token from the form of KMS into that of a JWT.
        "Canary": [{"Ref": "AuthLayer"}],
    }
    runtimes = {function["Runtime"] for function in of_type(template, FUNCTION).values()}
    for layer in of_type(template, "AWS::Serverless::LayerVersion").values():
        assert set(layer["CompatibleRuntimes"]) == runtimes


def test_every_log_group_ends_some_day(template: Template) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert len(groups) >= 10
    assert all("RetentionInDays" in group for group in groups.values())


def test_every_route_but_the_public_ones_asks_for_a_token(template: Template, stage: str) -> None:
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    routes = {(path, method): operation for path, methods in paths.items() for method, operation in methods.items()}
    sandbox = {route for route in routes if route[0].startswith("/sandbox/")}
    opened = {route for route, operation in routes.items() if not operation.get("security")}

    assert opened - sandbox <= PUBLIC
    assert all(
        operation["security"] == [{"token_authorizer": []}]
        for route, operation in routes.items()
        if route not in opened
    )
    assert bool(sandbox) == (stage == "sandbox")


def test_a_shapeless_token_never_reaches_the_authoriser(template: Template) -> None:
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    authoriser = body["securityDefinitions"]["token_authorizer"]["x-amazon-apigateway-authorizer"]
    assert authoriser["authorizerResultTtlInSeconds"] == 300
    assert authoriser["identityValidationExpression"].startswith("^[Bb]earer ")


def test_the_gateway_answers_as_the_api_does(template: Template) -> None:
    answers = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    assert {"UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED", "MISSING_AUTHENTICATION_TOKEN", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        problem = json.loads(answer["responseTemplates"]["application/json"])
        assert list(problem) == ["type", "title", "status", "detail", "code", "errors", "trace_id"]
        assert str(problem["status"]) == answer["statusCode"]
        assert problem["title"] == TITLES[problem["status"]]
        assert problem["type"].startswith(TYPE_PREFIX)
        assert answer["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        for name in ("Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy"):
            assert answer["responseParameters"][f"gatewayresponse.header.{name}"] == f"'{PROTECTED[name]}'"
        waits = "gatewayresponse.header.Retry-After" in answer["responseParameters"]
        assert waits == (problem["status"] in (429, 503))


def test_every_call_has_a_limit(template: Template) -> None:
    methods = template["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    assert (methods[0]["ResourcePath"], methods[0]["HttpMethod"]) == ("/*", "*")
    assert all("ThrottlingRateLimit" in each and not each["DataTraceEnabled"] for each in methods)


def test_the_doors_of_a_scan_have_limits_of_their_own_and_no_log_names_a_token(template: Template) -> None:
    api = template["Resources"]["RestAPI"]["Properties"]
    limits = {(each["ResourcePath"], each["HttpMethod"]): each["ThrottlingRateLimit"] for each in api["MethodSettings"]}
    for path in ("/~1v1~1covers~1{token}~1verification", "/~1C~1{token}", "/~1v1~1cover-keys"):
        assert limits[path, "GET"] == {"Fn::FindInMap": ["ByStage", {"Ref": "Stage"}, "PublicRate"]}
    # Execution logs and X-Ray would hold the path; an access log may name its pattern only.
    assert all(each.get("LoggingLevel", "OFF") == "OFF" for each in api["MethodSettings"])
    assert not api.get("TracingEnabled")
    assert "$context.path" not in json.dumps(api.get("AccessLogSetting", {}))


def alarmed(template: Template) -> dict[str, set[str]]:
    """Metric names by the logical id that an alarm looks at, by reference or (a machine) by its name."""
    found: dict[str, set[str]] = {}
    named = {each["StateMachineName"]["Fn::Sub"]: name for name, each in of_type(template, MACHINES).items()}
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        for dimension in alarm.get("Dimensions", ()):
            value = dimension["Value"]
            target = value.get("Ref") or value.get("Fn::GetAtt", [""])[0] if isinstance(value, dict) else value
            if isinstance(value, dict) and ":stateMachine:" in str(value.get("Fn::Sub")):
                target = named[value["Fn::Sub"].partition(":stateMachine:")[2]]
            found.setdefault(target, set()).add(alarm["MetricName"])
    return found


def test_every_queue_keeps_its_failures_and_has_an_alarm(template: Template) -> None:
    queues = of_type(template, QUEUE)
    dead = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    destinations = {
        mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        for mapping in mappings
        if "DestinationConfig" in mapping
    }
    watched = alarmed(template)
    for name, queue in queues.items():
        assert name in dead | destinations or "RedrivePolicy" in queue, name
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600, name
        assert "KmsMasterKeyId" in queue, name
        metric = (
            "ApproximateNumberOfMessagesVisible" if name in dead | destinations else "ApproximateAgeOfOldestMessage"
        )
        assert metric in watched[name], name


def test_every_machine_has_an_alarm_and_tells_no_data(template: Template) -> None:
    watched = alarmed(template)
    for name, machine in of_type(template, MACHINES).items():
        assert "ExecutionsFailed" in watched[name]
        assert machine["LoggingConfiguration"]["Level"] == "ERROR"
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_every_alarm_names_its_page_and_tells_somebody(template: Template) -> None:
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert "docs/runbook.md#" in alarm["AlarmDescription"]
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_a_message_is_hidden_for_six_times_its_handlers_life(template: Template, stage: str) -> None:
    window = template["Mappings"]["ByStage"][stage]["VoucherWindowSeconds"]
    timeout = template["Resources"]["VoucherConsumer"]["Properties"]["Timeout"]
    assert template["Resources"]["Vouchers"]["Properties"]["VisibilityTimeout"] >= 6 * timeout + window


def test_a_dossiers_messages_wait_for_each_other_at_the_portals_address(template: Template) -> None:
    resources = template["Resources"]
    queue, subscription = resources["Webhooks"]["Properties"], resources["WebhooksSubscription"]["Properties"]
    assert (queue["FifoQueue"], queue["DeduplicationScope"]) == (True, "messageGroup")
    assert subscription["TopicArn"] == {"Ref": "StatusTopic"}
    assert subscription["RawMessageDelivery"] is True
    assert queue["VisibilityTimeout"] >= 6 * resources["WebhookSender"]["Properties"]["Timeout"]
    # The dead letters of a FIFO queue are one.
    assert resources["WebhooksDlq"]["Properties"]["FifoQueue"] is True


def test_batches_are_answered_message_by_message(template: Template) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings.values())
    assert "MaximumConcurrency" in mappings["VouchersMapping"]["ScalingConfig"]
    relay = mappings["RelayMapping"]
    assert relay["StartingPosition"] == "TRIM_HORIZON"
    assert relay["BisectBatchOnFunctionError"] is True
    assert relay["MaximumRetryAttempts"] > 0
    pattern = json.loads(relay["FilterCriteria"]["Filters"][0]["Pattern"])
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"Keys": {"SK": {"S": [{"prefix": "AUDIT#"}]}}}}


def test_the_table_cannot_be_lost(template: Template, stage: str) -> None:
    table = template["Resources"]["Table"]
    properties = table["Properties"]
    kept = stage != "sandbox"
    assert properties["DeletionProtectionEnabled"] is kept
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == ("Retain" if kept else "Delete")
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["TableKey", "Arn"]}
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_documents_are_private_and_written_once(template: Template) -> None:
    bucket = template["Resources"]["Documents"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["ObjectLockEnabled"] is True
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": {"Fn::GetAtt": ["DocumentsKey", "Arn"]},
    }
    rules = {
        each["Sid"]: each
        for each in template["Resources"]["DocumentsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    }
    assert rules["OverTlsOnly"]["Effect"] == rules["NeverOverwritten"]["Effect"] == "Deny"
    assert rules["NeverOverwritten"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_an_anchor_is_written_once_and_stays(template: Template, stage: str) -> None:
    resources, by_stage = template["Resources"], template["Mappings"]["ByStage"][stage]
    bucket = resources["Anchors"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"]["Fn::FindInMap"][2] == "AnchorLock"
    assert by_stage["AnchorLock"] == ("COMPLIANCE" if stage == "production" else "GOVERNANCE")
    assert by_stage["RetentionDays"] >= (3650 if stage == "production" else 1), "audit of money: ten years"
    rules = {each["Sid"]: each for each in resources["AnchorsPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
    assert rules["NeverOverwritten"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert rules["OverTlsOnly"]["Effect"] == rules["NeverOverwritten"]["Effect"] == "Deny"
    event = json.loads(resources["NightlyAnchor"]["Properties"]["Target"]["Input"]["Fn::Sub"])
    assert CloudWatchEvent(event, None).detail == {}


def test_keys_are_renewed_every_year(template: Template) -> None:
    keys = of_type(template, "AWS::KMS::Key")
    symmetric = {name: key for name, key in keys.items() if "KeySpec" not in key}
    assert set(symmetric) - {"LogsKey"} == {"TableKey", "DocumentsKey", "MessagesKey", "FieldKey"}
    assert all(key["EnableKeyRotation"] for key in symmetric.values())


def test_keys_that_sign_or_authenticate_are_kept_for_good(template: Template, stage: str) -> None:
    """KMS does not renew them; what they signed is checked as long as there are covers. The canary's tokens are not."""
    lasting = {name for name, key in of_type(template, "AWS::KMS::Key").items() if "KeySpec" in key} - {"CanaryKey"}
    assert lasting == {"CoverSigningKey", "CoverTokenKey", "CoverSaltKey"}
    for name in lasting:
        kept = "Delete" if stage == "sandbox" else "Retain"
        assert template["Resources"][name]["DeletionPolicy"] == kept


def test_covers_are_signed_by_the_renderer_and_nobody_else(template: Template) -> None:
    key = template["Resources"]["CoverSigningKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_3072", "SIGN_VERIFY")
    statements = [each for each in key["KeyPolicy"]["Statement"] if "Sid" in each]
    statements += [each["Fn::If"][1] for each in key["KeyPolicy"]["Statement"] if "Fn::If" in each]
    signers = {each["Sid"]: each for each in statements if "kms:Sign" in each["Action"]}
    # The right to sign comes from the key alone: what an administrator writes into IAM can give it to nobody.
    assert set(signers) == {"RendererSigns", "OperatorSignsRequests"}
    assert not [each for each in statements if any("*" in action for action in each["Action"])]
    assert signers["RendererSigns"]["Principal"] == {"AWS": {"Fn::GetAtt": ["CoverRendererRole", "Arn"]}}
    assert signers["RendererSigns"]["Condition"]["StringEquals"]["kms:MessageType"] == "RAW"
    assert template["Parameters"]["CertificateOperator"]["Default"] == ""


def test_statuses_stay_in_order_per_dossier(template: Template) -> None:
    topic = template["Resources"]["StatusTopic"]["Properties"]
    assert topic["FifoTopic"] is True
    assert topic["TopicName"]["Fn::Sub"].endswith("dossier-status.fifo")
    assert topic["FifoThroughputScope"] == "MessageGroup"


def test_the_sweep_comes_at_one_at_night_with_an_event_that_its_handler_reads(template: Template) -> None:
    schedule = template["Resources"]["NightlySweep"]["Properties"]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0 18 * * ? *)", "UTC")
    event = CloudWatchEvent(json.loads(schedule["Target"]["Input"]["Fn::Sub"]), None)
    assert event.detail_type == "Scheduled Event"


def test_stored_files_are_audited_an_hour_later(template: Template) -> None:
    schedule = template["Resources"]["NightlyFileAudit"]["Properties"]
    assert schedule["ScheduleExpression"] == "cron(0 19 * * ? *)"
    event = CloudWatchEvent(json.loads(schedule["Target"]["Input"]["Fn::Sub"]), None)
    assert event.detail == {"task": AUDIT_FILES}


def test_a_package_of_one_stage_is_not_deployed_as_another(template: Template, stage: str) -> None:
    parameters = template["Parameters"]
    assert parameters["Stage"]["AllowedValues"] == [stage]
    for name in SANDBOX_DEFAULTS:
        # Outside the sandbox the deployment must name its token issuer.
        assert ("Default" in parameters[name]) == (stage == "sandbox")


def test_everything_that_others_look_up_is_an_output(template: Template) -> None:
    wanted = ("ApiUrl", "TableName", "VoucherQueueUrl", "VoucherDlqUrl", "DocumentsBucket", "StatusTopicArn")
    assert {*wanted, "NoticeTopicArn", "DossierMachineArn", "CoverMachineArn"} <= set(template["Outputs"])


def test_no_secret_stands_in_a_template(template: Template) -> None:
    assert "GenerateSecretString" in template["Resources"]["IdentifierKey"]["Properties"]
    assert not [text for text in texts(template) if "PRIVATE KEY" in text or "AKIA" in text]


def test_no_secret_stands_in_an_environment(template: Template) -> None:
    """Names of secrets do; a value that CloudFormation would resolve does not."""
    functions = [each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    places = [template["Globals"], *(each["Properties"].get("Environment", {}) for each in functions)]
    for place in places:
        assert not [text for text in texts(place) if "resolve:" in text]
        assert "Fn::Base64" not in json.dumps(place)
    secrets = [name for name, each in template["Resources"].items() if each["Type"] == "AWS::SecretsManager::Secret"]
    assert secrets
    for name in secrets:
        # An empty object is what an operator fills in by hand.
        assert template["Resources"][name]["Properties"].get("SecretString", "{}") == "{}", name
    hidden = [name for name, each in template.get("Parameters", {}).items() if each.get("NoEcho")]
    assert not hidden, "a secret is no parameter either"


def test_finish_leaves_what_it_is_given(templates: Templates) -> None:
    given = templates.of("sandbox")
    before = copy.deepcopy(given)
    assert finish(given, "sandbox") == before == given


def test_a_function_that_the_template_does_not_know_is_refused(templates: Templates) -> None:
    given = copy.deepcopy(templates.of("sandbox"))
    given["Resources"]["Stranger"] = {"Type": FUNCTION, "Properties": {}}
    with pytest.raises(ValueError, match="Stranger"):
        finish(given, "sandbox")


def test_a_function_that_the_app_does_not_have_is_refused(templates: Templates) -> None:
    given = copy.deepcopy(templates.of("sandbox"))
    del given["Resources"]["Sweeper"]["Type"]
    with pytest.raises(ValueError, match="Sweeper"):
        finish(given, "sandbox")


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown stage"):
        merged_overlay("dev")


def test_intrinsics_stand_alone(template: Template) -> None:
    """A merge of dicts leaves `{"Fn::Sub": …, "Fn::GetAtt": …}` where one was to replace the other."""

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            functions = [key for key in value if key.startswith("Fn::") or key == "Ref"]
            assert not functions or len(value) == 1, value
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(template["Resources"])
