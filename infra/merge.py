"""The template that is laid over Chalice's: infra/template/*.yaml and the state machines, for one stage.

`merged_overlay` gives what `chalice package --merge-template` merges; `finish` makes of the merged template what a
merge of dicts cannot: a merge adds and replaces, it never removes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chalicelib.http.problems import CONTENT_TYPE, PROTECTED, problem_body

from .release import release

STAGES = ("sandbox", "staging", "production")
SANDBOX = "sandbox"
# Of the sandbox alone: elsewhere the deployment has to name its token issuer and its portal.
SANDBOX_DEFAULTS = {
    "JwtIssuer": "https://id.sandbox.example",
    "JwtAudience": "bhxh-602e",
    "StatusPage": "https://dichvucong.sandbox.example/ho-so/{code}",
    "Jwks": '{"keys": []}',
    "VerificationAddress": "HTTP://127.0.0.1:8000/C/",
}
# A token that is not even the shape of a JWT is refused before a function is asked.
BEARER_SHAPE = r"^[Bb]earer +[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+$"

_HERE = Path(__file__).resolve().parent
_MACHINES = {
    "DossierMachine": "dossier.asl.json",
    "CoverMachine": "cover.asl.json",
    "CampaignMachine": "campaign.asl.json",
}
_SHORT_FORMS_THAT_STAY = ("Ref", "Condition")


def merged_overlay(stage: str) -> dict[str, Any]:
    """Everything of infra/template and infra/statemachines as one template, for `chalice package --merge-template`.

    Raises ValueError for an unknown stage, or where two files say different things of the same place.
    """
    if stage not in STAGES:
        raise ValueError(f"unknown stage {stage!r}: one of {', '.join(STAGES)}")
    overlay: dict[str, Any] = {}
    files = sorted((_HERE / "template").glob("*.yaml"))
    if stage != SANDBOX:
        files += sorted((_HERE / "template" / "released").glob("*.yaml"))
    for path in files:
        _merge(overlay, _load_yaml(path), path.name)
    for logical_id, file_name in _MACHINES.items():
        definition = (_HERE / "statemachines" / file_name).read_text(encoding="utf-8")
        # As text, not as an object: CloudFormation would sort the states, and people read them in the console.
        overlay["Resources"][logical_id]["Properties"]["DefinitionString"] = definition
    parameters = overlay["Parameters"]
    parameters["Stage"] |= {"Default": stage, "AllowedValues": [stage]}
    if stage == SANDBOX:
        for name, value in SANDBOX_DEFAULTS.items():
            parameters[name]["Default"] = value
    else:
        _drop_grants_of_the_sandbox(overlay["Resources"])
    return overlay


def _drop_grants_of_the_sandbox(resources: dict[str, Any]) -> None:
    for resource in resources.values():
        for policy in resource.get("Properties", {}).get("Policies", ()):
            document = policy["PolicyDocument"]
            document["Statement"] = [each for each in document["Statement"] if each["Sid"] != "SandboxClock"]


def finish(template: dict[str, Any], stage: str) -> dict[str, Any]:
    """The merged template made ready to deploy; the argument is left as it was.

    Raises ValueError where the app and infra/template disagree on which functions there are.
    """
    done: dict[str, Any] = json.loads(json.dumps(template))
    resources = done["Resources"]
    functions = dict(_functions(done))
    _check_functions(functions, resources)
    for function in functions.values():
        # Chalice's mappings know no partial batch response and no filter; ours stand in 50-events.yaml.
        function["Properties"].pop("Events", None)
        # Said once, in Globals.
        function["Properties"].pop("Environment", None)
    api_handler = functions["APIHandler"]["Properties"]
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["CompatibleRuntimes"] = [api_handler["Runtime"]]
            resource["Properties"]["CompatibleArchitectures"] = api_handler["Architectures"]
    _finish_api(resources["RestAPI"]["Properties"]["DefinitionBody"])
    if stage == SANDBOX:
        _relax(resources)
    else:
        release(done, stage)
    return done


def gateway_responses() -> dict[str, dict[str, Any]]:
    """API Gateway's own answers as `x-amazon-apigateway-gateway-responses` (AWS extension of OpenAPI)."""
    table: dict[str, dict[str, Any]] = _load_yaml(_HERE / "template" / "answers" / "gateway_responses.yaml")
    return {name: _gateway_response(row) for name, row in table.items()}


def _gateway_response(row: dict[str, Any]) -> dict[str, Any]:
    problem = problem_body(row["status"], row["code"], row["detail"], "$context.requestId")
    headers = {
        "gatewayresponse.header.Content-Type": f"'{CONTENT_TYPE}'",
        "gatewayresponse.header.Cache-Control": "'no-store'",
        # API Gateway has no way to write a quote within its quotes: the policy for content is left to the functions.
        **{f"gatewayresponse.header.{name}": f"'{value}'" for name, value in PROTECTED.items() if "'" not in value},
    }
    if "retry_after" in row:
        headers["gatewayresponse.header.Retry-After"] = f"'{row['retry_after']}'"
    if row["status"] == 401:
        headers["gatewayresponse.header.WWW-Authenticate"] = "'Bearer'"
    return {
        "statusCode": str(row["status"]),
        "responseParameters": headers,
        "responseTemplates": {"application/json": json.dumps(problem, ensure_ascii=False)},
    }


def _finish_api(body: dict[str, Any]) -> None:
    # As a resource of its own a gateway response is lost at the next import of the body (PutRestApi, overwrite).
    body["x-amazon-apigateway-gateway-responses"] = gateway_responses()
    for scheme in body.get("securityDefinitions", {}).values():
        authorizer = scheme.get("x-amazon-apigateway-authorizer", {})
        if authorizer.get("type") == "token":
            authorizer["identityValidationExpression"] = BEARER_SHAPE


def _relax(resources: dict[str, Any]) -> None:
    """Nothing of a sandbox is worth keeping when its stack goes, and nobody is woken for it at night."""
    for resource in resources.values():
        if "DeletionPolicy" in resource:
            resource["DeletionPolicy"] = resource["UpdateReplacePolicy"] = "Delete"
        if "RetentionPolicy" in resource["Properties"]:
            resource["Properties"]["RetentionPolicy"] = "Delete"
    resources["Table"]["Properties"]["DeletionProtectionEnabled"] = False
    resources["SweeperMissing"]["Properties"]["ActionsEnabled"] = False


def _check_functions(functions: dict[str, dict[str, Any]], resources: dict[str, Any]) -> None:
    unnamed = [name for name, function in functions.items() if "FunctionName" not in function["Properties"]]
    unknown = [name for name, resource in resources.items() if "Type" not in resource]
    if unnamed or unknown:
        raise ValueError(
            f"app.py and infra/template disagree: {unnamed} are not in 40-functions.yaml, {unknown} not in the app"
        )


def _functions(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::Serverless::Function":
            yield name, resource


def _merge(into: dict[str, Any], part: dict[str, Any], source: str) -> None:
    for key, value in part.items():
        if key not in into:
            into[key] = value
        elif isinstance(into[key], dict) and isinstance(value, dict):
            _merge(into[key], value, source)
        else:
            raise ValueError(f"{source} says {key!r} a second time")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`, `!Sub`), and without its guesses at dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        text = str(loader.construct_scalar(node))
        value: Any = text.split(".", 1) if name == "GetAtt" else text
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise ValueError(f"!{name} stands on no value")
    return {name if name in _SHORT_FORMS_THAT_STAY else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


def _load_yaml(path: Path) -> dict[str, Any]:
    # The loader is a SafeLoader.
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    # A round trip through JSON: what YAML's anchors share becomes separate, and nothing but JSON gets through.
    result: dict[str, Any] = json.loads(json.dumps(loaded))
    return result
