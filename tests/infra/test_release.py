"""Staging and production: nothing is called but through its alias, and a release that hurts goes back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.http.problems import TITLES
from chalicelib.metrics import DIMENSIONS, NAMESPACE, UNITS
from infra.grants import as_list, statements
from infra.release import ROLLBACK_ALARMS
from tests.infra.conftest import REGION, Templates
from tests.infra.reading import FUNCTION, Template, of_type, role_of, texts
from tests.infra.test_template import transformed

MACHINE = "AWS::StepFunctions::StateMachine"


@pytest.fixture(params=("staging", "production"))
def released(request: pytest.FixtureRequest, templates: Templates) -> Template:
    """The finished template of a stage that people depend on."""
    return templates.of(request.param)


def references(value: Any) -> list[str]:
    """Logical ids that a value points at by Ref or Fn::GetAtt, and those inside texts."""
    found: list[str] = []
    if isinstance(value, dict):
        for kind, inner in value.items():
            if kind == "Ref":
                found.append(inner)
            elif kind == "Fn::GetAtt":
                found.append(".".join(inner))
            else:
                found += references(inner)
    elif isinstance(value, list):
        for inner in value:
            found += references(inner)
    return found


def test_every_function_is_published_and_released_gradually(released: Template) -> None:
    shared = released["Globals"]["Function"]
    assert shared["AutoPublishAlias"] == "live"
    assert [alarm["Ref"] for alarm in shared["DeploymentPreference"]["Alarms"]] == list(ROLLBACK_ALARMS)
    assert all(alarm in released["Resources"] for alarm in ROLLBACK_ALARMS)
    for name, function in of_type(released, FUNCTION).items():
        assert function["AutoPublishAliasAllProperties"] is True, name
        assert function["Tracing"] == "Active", name
        assert [each for each in statements(released, role_of(function)) if each["Sid"] == "Trace"], name


def test_traces_are_sampled_by_the_stages_own_rule(released: Template) -> None:
    (rule,) = of_type(released, "AWS::XRay::SamplingRule").values()
    told = rule["SamplingRule"]
    assert told["FixedRate"] == {"Fn::FindInMap": ["ByStage", {"Ref": "Stage"}, "TraceShare"]}
    assert told["ServiceName"] == {"Fn::Sub": "${AWS::StackName}-*"}
    shares = {stage: float(told["TraceShare"]) for stage, told in released["Mappings"]["ByStage"].items()}
    assert shares["production"] < shares["staging"] == 1


def test_in_production_lambda_tells_of_failures_only(templates: Templates) -> None:
    for stage, level in (("staging", "INFO"), ("production", "WARN")):
        for name, function in of_type(templates.of(stage), FUNCTION).items():
            assert function["LoggingConfig"]["SystemLogLevel"] == level, name


def test_nobody_calls_a_function_past_its_alias(released: Template) -> None:
    functions = set(of_type(released, FUNCTION))
    past = {
        (name, target)
        for name, resource in released["Resources"].items()
        # A metric's dimension is a function's name; a dashboard and a deployment group look, they do not call.
        if resource["Type"] not in (FUNCTION, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")
        for target in references(resource["Properties"])
        if target.removesuffix(".Arn") in functions
    }
    assert not past
    inside = [text for text in texts(released["Resources"]) for name in functions if f"${{{name}.Arn}}" in text]
    assert not inside


def test_what_is_called_by_name_is_called_by_its_alias(released: Template) -> None:
    variables = released["Globals"]["Function"]["Environment"]["Variables"]
    for name in ("DOSSIER_MACHINE_ARN", "COVER_MACHINE_ARN", "RENDERER_FUNCTION"):
        assert variables[name]["Fn::Sub"].endswith(":live")
    for function in of_type(released, FUNCTION).values():
        for statement in statements(released, role_of(function)):
            if statement["Action"] in ("lambda:InvokeFunction", "states:StartExecution"):
                assert all(each["Fn::Sub"].endswith(":live") for each in as_list(statement["Resource"]))


def test_sam_makes_of_it_versions_aliases_and_deployments(released: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    made = transformed(released)["Resources"]
    kinds = [each["Type"] for each in made.values()]
    functions = of_type(released, FUNCTION)
    for kind in ("AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup"):
        assert kinds.count(kind) == len(functions), kind
    for name in functions:
        alias = made[f"{name}Aliaslive"]
        assert "CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"]
    for group in (each for each in made.values() if each["Type"] == "AWS::CodeDeploy::DeploymentGroup"):
        told = group["Properties"]
        assert set(told["AutoRollbackConfiguration"]["Events"]) >= {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"}
        assert told["ServiceRoleArn"] == {"Fn::GetAtt": ["CodeDeployRole", "Arn"]}
    # What the template asked for by `<function>.Alias` is there.
    assert not [text for text in texts(made) if text.endswith(".Alias")]


def test_every_machine_is_started_as_a_version_that_stays(released: Template) -> None:
    for name in of_type(released, MACHINE):
        version = released["Resources"][f"{name}Version"]
        assert version["DeletionPolicy"] == "Retain"
        assert version["Properties"]["StateMachineRevisionId"] == {"Fn::GetAtt": [name, "StateMachineRevisionId"]}
        alias = released["Resources"][f"{name}Alias"]["Properties"]
        assert alias["Name"] == "live"
        assert alias["DeploymentPreference"]["StateMachineVersionArn"] == {"Ref": f"{name}Version"}
        assert alias["DeploymentPreference"]["Alarms"]


def test_machines_move_when_every_function_that_they_need_is_the_new_one(
    released: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    made = transformed(released)["Resources"]
    before = {name: {*as_list(each.get("DependsOn", [])), *pointed_at(each)} & set(made) for name, each in made.items()}
    of_machines = {"APIHandler", "StreamRelay", "Sweeper", "DossierTask", "CoverTask", "CoverRenderer"}
    for name in of_type(released, MACHINE):
        assert {f"{function}Aliaslive" for function in of_machines} <= before[f"{name}Alias"]
    # Nobody waits for himself, or CloudFormation refuses it all.
    while free := [name for name, others in before.items() if not others]:
        before = {name: others.difference(free) for name, others in before.items() if name not in free}
    assert not before, f"a circle among {sorted(before)}"


def pointed_at(resource: Any) -> set[str]:
    """Logical ids that a resource points at, those in texts as well."""
    names = {each.partition(".")[0] for each in references(resource)}
    return names | {name for text in texts(resource) for name in re.findall(r"\$\{(\w+)[.}]", text)}


def test_the_errors_of_every_function_take_a_release_back(released: Template) -> None:
    metrics = released["Resources"]["ReleaseErrors"]["Properties"]["Metrics"]
    looked_at = {
        each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for each in metrics if "MetricStat" in each
    }
    assert looked_at == set(of_type(released, FUNCTION))
    assert [each["Id"] for each in metrics if each["ReturnData"]] == ["total"]


def test_the_access_log_names_routes_not_paths_and_nobody(released: Template) -> None:
    api = released["Resources"]["RestAPI"]["Properties"]
    line = json.loads(api["AccessLogSetting"]["Format"])
    variables = set(line.values())
    # Paths hold tokens of covers and dossier codes; the rest would tell who calls.
    for told in ("path", "identity.sourceIp", "identity.userAgent", "authorizer.sub", "authorizer.principalId"):
        assert f"$context.{told}" not in variables
    assert "$context.resourcePath" in variables
    assert api["TracingEnabled"] is False, "a trace of the gateway holds the whole address"


def test_strangers_meet_a_firewall(released: Template) -> None:
    resources = released["Resources"]
    rules = {rule["Name"]: rule for rule in resources["Firewall"]["Properties"]["Rules"]}
    assert resources["FirewallAtTheApi"]["Properties"]["WebACLArn"] == {"Fn::GetAtt": ["Firewall", "Arn"]}
    assert rules["BodyLimit"]["Statement"]["SizeConstraintStatement"]["Size"] == 64 * 1024
    limited = {name for name, rule in rules.items() if "RateBasedStatement" in rule["Statement"]}
    assert limited == {"VerificationPerAddress", "StrangersPerAddress", "PerToken", "PerAddress"}
    assert len({rule["Priority"] for rule in rules.values()}) == len(rules)
    whole = rules["PerAddress"]["Statement"]["RateBasedStatement"]
    assert "ScopeDownStatement" not in whole, "what a caller writes into a header takes nobody out of it"
    assert whole["AggregateKeyType"] == "IP"
    per_token = rules["PerToken"]["Statement"]["RateBasedStatement"]
    assert [list(key) for key in per_token["CustomKeys"]] == [["Header"]]
    by_stage = released["Mappings"]["ByStage"]
    for limits in (by_stage["staging"], by_stage["production"]):
        assert limits["VerificationsPerAddress"] < limits["StrangersPerAddress"] < limits["CallsPerToken"]
        assert limits["CallsPerToken"] < limits["CallsPerAddress"]
    scanned = rules["VerificationPerAddress"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]
    paths = [each["ByteMatchStatement"]["SearchString"] for each in scanned["OrStatement"]["Statements"]]
    routes = released["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    for path in (each for each in routes if each.endswith(("{token}", "{token}/verification"))):
        assert any(part in path.lower() for part in paths), path
    for rule in (*rules.values(), resources["Firewall"]["Properties"]):
        assert rule["VisibilityConfig"]["SampledRequestsEnabled"] is False, "samples keep headers, and with them tokens"
    for body in resources["Firewall"]["Properties"]["CustomResponseBodies"].values():
        problem = json.loads(body["Content"])
        assert problem["title"] == TITLES[problem["status"]]


def test_the_portal_may_be_asked_for_a_certificate_and_the_api_be_private(released: Template) -> None:
    resources = released["Resources"]
    assert resources["PortalDomain"]["Condition"] == "PortalShowsCertificate"
    assert resources["PortalDomain"]["Properties"]["MutualTlsAuthentication"] == {
        "TruststoreUri": {"Ref": "PortalTruststoreUri"}
    }
    api = resources["RestAPI"]["Properties"]
    assert api["EndpointConfiguration"]["Type"] == {"Fn::If": ["ApiIsPrivate", "PRIVATE", "REGIONAL"]}
    policy = api["DefinitionBody"]["x-amazon-apigateway-policy"]
    assert policy["Fn::If"][0] == "ApiIsPrivate"


def test_the_sandbox_needs_none_of_it(templates: Templates) -> None:
    sandbox = templates.of("sandbox")
    assert "Firewall" not in sandbox["Resources"]
    assert "AutoPublishAlias" not in sandbox["Globals"]["Function"]


def test_the_dashboard_shows_what_the_issue_asks_for_and_names_what_there_is(
    released: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = released["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    titles = " ".join(widget["properties"].get("title", "") for widget in json.loads(text)["widgets"])
    for wanted in ("Funnel", "at risk", "Age of the oldest", "Money held", "Covers issued", "Errors", "cost"):
        assert wanted in titles
    # Each placeholder is a resource or one of CloudFormation's own.
    named = {each.partition(".")[0] for each in re.findall(r"\$\{([\w.:]+)\}", text)}
    assert named <= released["Resources"].keys() | {"AWS::Region", "AWS::StackName", "Stage"}
    assert set(of_type(released, FUNCTION)) <= named
    always = {name for name, each in released["Resources"].items() if "Condition" not in each}
    assert set(of_type(released, "AWS::CloudWatch::Alarm")) & always <= named
    events = set(re.findall(r'"Event", "(\w+)"', text))
    assert events <= set(Event)


def test_business_metrics_of_alarms_are_ones_that_are_told(released: Template) -> None:
    found = [
        each for each in of_type(released, "AWS::CloudWatch::Alarm").values() if each.get("Namespace") == NAMESPACE
    ]
    assert len(found) >= 2
    for alarm in found:
        assert alarm["MetricName"] in UNITS
        assert {each["Name"] for each in alarm["Dimensions"]} <= {"Stage", *DIMENSIONS}
        rings_at_silence = alarm["ComparisonOperator"].startswith("LessThan")
        assert alarm["TreatMissingData"] == ("breaching" if rings_at_silence else "notBreaching")


def test_saved_queries_look_into_logs_that_there_are(released: Template) -> None:
    queries = of_type(released, "AWS::Logs::QueryDefinition")
    assert len(queries) >= 5
    groups = set(of_type(released, "AWS::Logs::LogGroup"))
    for query in queries.values():
        asked = {each["Ref"] for each in query["LogGroupNames"]}
        assert asked
        assert asked <= groups
    everywhere = {each["Ref"] for each in queries["QueryErrors"]["LogGroupNames"]}
    assert len(everywhere) == len(of_type(released, FUNCTION))


def test_every_log_is_encrypted_under_a_key_of_ours(released: Template) -> None:
    for name, group in of_type(released, "AWS::Logs::LogGroup").items():
        assert group["KmsKeyId"] == {"Fn::GetAtt": ["LogsKey", "Arn"]}, name
