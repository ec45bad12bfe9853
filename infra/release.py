"""What staging and production have over the sandbox: versions behind aliases, gradual release, tracing.

The local cloud knows neither CodeDeploy nor versions of state machines, so the sandbox goes without. `release` adds
them to every function and machine that the template has, so that a new one cannot be forgotten: callers are led to
the alias `live`, CodeDeploy moves it a tenth at a time and takes it back when an alarm rings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.http.problems import problem_body

from . import dashboard

ALIAS = "live"
FUNCTION = "AWS::Serverless::Function"
MACHINE = "AWS::StepFunctions::StateMachine"
RELEASE_TYPES = {"staging": "AllAtOnce", "production": "Canary10Percent5Minutes"}
"""How CodeDeploy moves the alias. Staging shows a fault at once; production lets a tenth of the calls find it."""

ROLLBACK_ALARMS = ("ReleaseErrors", "ApiServerErrors", "DossierExecutionsFailed", "CoverExecutionsFailed")
"""Logical ids of the alarms at which a release is taken back; at most ten (CodeDeploy quota)."""

OF_MACHINES = ("APIHandler", "CoverRenderer", "CoverTask", "DossierTask", "StreamRelay", "Sweeper")
"""Logical ids of the functions that start machines or are called by them."""

SILENCE_ALARMS = ("NothingRegistered", "NoVoucherApplied")
"""Logical ids of the alarms that ring when people stop coming; nobody comes to staging."""

TRACE = {
    "Sid": "Trace",
    "Effect": "Allow",
    # These actions know no resource (service authorisation reference, "AWS X-Ray").
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}
SYSTEM_LOG_LEVELS = {"staging": "INFO", "production": "WARN"}
"""At INFO Lambda tells of each start and end that went well: half of all that is logged, and its figures are metrics
as well. What fails or runs out of time is told at either level."""

_REFUSALS = {
    "TooLarge": (413, "BODY_TOO_LARGE", "Nội dung gửi lên vượt quá 64 KiB."),
    "TooMany": (429, "TOO_MANY_REQUESTS", "Quá nhiều yêu cầu, vui lòng thử lại sau ít phút."),
}


def release(template: dict[str, Any], stage: str) -> None:
    """Change the merged template of a stage other than the sandbox in place."""
    resources = template["Resources"]
    functions = {name: each["Properties"] for name, each in resources.items() if each["Type"] == FUNCTION}
    machines = {name: each["Properties"] for name, each in resources.items() if each["Type"] == MACHINE}
    _publish_functions(template, functions, stage)
    for name, machine in machines.items():
        resources.update(_published_machine(name, stage))
        machine["TracingConfiguration"] = {"Enabled": True}
    for properties in (*functions.values(), *machines.values()):
        reference = properties.get("Role") or properties["RoleArn"]
        _trace(resources[reference["Fn::GetAtt"][0]])
    for resource in resources.values():
        if resource["Type"] not in (FUNCTION, "AWS::CloudWatch::Alarm"):
            _lead_to_alias(resource, functions)
    _lead_names_to_alias(template, functions, machines)
    resources["ReleaseErrors"]["Properties"]["Metrics"] = list(_errors_of_all(functions))
    for silence in SILENCE_ALARMS:
        resources[silence]["Properties"]["ActionsEnabled"] = stage == "production"
    resources["Dashboard"]["Properties"]["DashboardBody"] = {"Fn::Sub": dashboard.body(resources)}
    _ask_every_log(resources)
    for resource in resources.values():
        if resource["Type"] == "AWS::Logs::LogGroup":
            resource["Properties"]["KmsKeyId"] = {"Fn::GetAtt": ["LogsKey", "Arn"]}
    # With an address at which certificates are asked for, no other way may serve the portal.
    template["Globals"]["Function"]["Environment"]["Variables"]["PORTAL_CERTIFICATE"] = {
        "Fn::If": ["PortalShowsCertificate", "required", ""]
    }
    # Where roles are told apart, the queue's messages are too.
    template["Globals"]["Function"]["Environment"]["Variables"]["CANARY_SENDER"] = {
        "Fn::GetAtt": ["CanaryRole", "RoleId"]
    }
    _speak_as_the_api(resources["Firewall"]["Properties"]["CustomResponseBodies"])
    resources["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-policy"] = {
        "Fn::If": ["ApiIsPrivate", _only_through_the_endpoint(), {"Ref": "AWS::NoValue"}]
    }


def _only_through_the_endpoint() -> dict[str, Any]:
    """The policy without which API Gateway deploys no private API; who may call which route, tokens still say."""
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": {"Ref": "VpcEndpointId"}}}
    return {"Version": "2012-10-17", "Statement": [everybody, {**everybody, "Effect": "Deny", "Condition": elsewhere}]}


def _publish_functions(template: dict[str, Any], functions: Mapping[str, Any], stage: str) -> None:
    shared = template["Globals"]["Function"]
    shared["AutoPublishAlias"] = ALIAS
    shared["DeploymentPreference"] = {
        "Type": RELEASE_TYPES[stage],
        "Role": {"Fn::GetAtt": ["CodeDeployRole", "Arn"]},
        "Alarms": [{"Ref": alarm} for alarm in ROLLBACK_ALARMS],
    }
    for properties in functions.values():
        # A new memory size or variable is a new version too, not only new code.
        properties["AutoPublishAliasAllProperties"] = True
        properties["Tracing"] = "Active"
        properties["LoggingConfig"]["SystemLogLevel"] = SYSTEM_LOG_LEVELS[stage]


def _published_machine(name: str, stage: str) -> dict[str, Any]:
    """A version of what the machine is now, and the alias under which it is started.

    The alias moves last: a definition may ask for input that only the new functions give, and for what only they do.
    """
    version = f"{name}Version"
    gradual = {"Type": "CANARY", "Percentage": 10, "Interval": 5} if stage == "production" else {"Type": "ALL_AT_ONCE"}
    return {
        version: {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            # Kept: a rollback leads the alias back to it, and an execution that began under it ends under it.
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "StateMachineArn": {"Ref": name},
                "StateMachineRevisionId": {"Fn::GetAtt": [name, "StateMachineRevisionId"]},
            },
        },
        f"{name}Alias": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            # SAM's names for the functions' aliases; one of them is done when CodeDeploy has moved it.
            "DependsOn": [f"{function}Alias{ALIAS}" for function in OF_MACHINES],
            "Properties": {
                "Name": ALIAS,
                "DeploymentPreference": {
                    **gradual,
                    "StateMachineVersionArn": {"Ref": version},
                    "Alarms": [{"Ref": alarm} for alarm in ROLLBACK_ALARMS],
                },
            },
        },
    }


def _trace(role: dict[str, Any]) -> None:
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    if not any(each["Sid"] == TRACE["Sid"] for each in statements):
        statements.append(json.loads(json.dumps(TRACE)))


def _lead_to_alias(value: Any, functions: Mapping[str, Any]) -> None:
    """Turn every reference to a function into one to its alias; dimensions of metrics stay names."""
    for place, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        if isinstance(inner, dict) and len(inner) == 1:
            reference = _alias_of(inner, functions)
            if reference:
                value[place] = reference
                continue
        if isinstance(inner, dict | list):
            _lead_to_alias(inner, functions)


def _alias_of(reference: Mapping[str, Any], functions: Mapping[str, Any]) -> dict[str, Any] | None:
    ((kind, target),) = reference.items()
    if kind == "Ref" and target in functions:
        return {"Ref": f"{target}.Alias"}
    if kind == "Fn::GetAtt" and target[0] in functions and target[1:] == ["Arn"]:
        return {"Ref": f"{target[0]}.Alias"}
    if kind == "Fn::Sub" and isinstance(target, str):
        named = [name for name in functions if f"${{{name}.Arn}}" in target]
        text = target
        for name in named:
            text = text.replace(f"${{{name}.Arn}}", f"${{{name}{ALIAS.title()}}}")
        # SAM knows `Ref` of an alias, but not inside a text.
        return (
            {"Fn::Sub": [text, {f"{name}{ALIAS.title()}": {"Ref": f"{name}.Alias"} for name in named}]}
            if named
            else None
        )
    return None


def _lead_names_to_alias(template: dict[str, Any], functions: Mapping[str, Any], machines: Mapping[str, Any]) -> None:
    """What is built from names, because a reference would be a circle: environment variables and their grants."""
    names = [each["FunctionName"]["Fn::Sub"] for each in functions.values()]
    names += [f"stateMachine:{each['StateMachineName']['Fn::Sub']}" for each in machines.values()]
    for value in template["Globals"]["Function"]["Environment"]["Variables"].values():
        _append_alias(value, names)
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"].get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                # An answer to a task token belongs to the machine, not to its alias.
                if statement["Action"] in ("lambda:InvokeFunction", "states:StartExecution"):
                    several = statement["Resource"]
                    for each in several if isinstance(several, list) else [several]:
                        _append_alias(each, names)


def _append_alias(value: Any, names: list[str]) -> None:
    text = value.get("Fn::Sub") if isinstance(value, dict) else None
    if isinstance(text, str) and any(text == name or text.endswith(f":{name}") for name in names):
        value["Fn::Sub"] = f"{text}:{ALIAS}"


def _errors_of_all(functions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Metric maths: the errors of every function, added up."""
    ids = [f"m{number}" for number, _ in enumerate(functions)]
    yield {"Id": "total", "Expression": f"SUM([{','.join(ids)}])", "Label": "Errors", "ReturnData": True}
    for identifier, name in zip(ids, functions, strict=True):
        metric = {
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": name}}],
        }
        yield {
            "Id": identifier,
            "ReturnData": False,
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
        }


def _ask_every_log(resources: Mapping[str, Any]) -> None:
    """Saved queries that name no log are about those of every function."""
    logs = [
        {"Ref": each["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]}
        for each in resources.values()
        if each["Type"] == FUNCTION
    ]
    for resource in resources.values():
        if resource["Type"] == "AWS::Logs::QueryDefinition" and not resource["Properties"]["LogGroupNames"]:
            resource["Properties"]["LogGroupNames"] = logs


def _speak_as_the_api(bodies: dict[str, Any]) -> None:
    """The firewall's refusals are problem documents like all others, but without a trace id: it knows none."""
    for name, (status, code, detail) in _REFUSALS.items():
        problem = problem_body(status, code, detail, "")
        bodies[name] = {"ContentType": "APPLICATION_JSON", "Content": json.dumps(problem, ensure_ascii=False)}
