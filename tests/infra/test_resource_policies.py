"""Who may reach what by the things' own policies: keys, buckets, queues, topics, the API. Nobody in general."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.grants import as_list
from tests.infra.reading import Template, of_type

Statement = dict[str, Any]

ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
DELEGATED = {"Effect": "Allow", "Principal": ACCOUNT, "Action": "kms:*", "Resource": "*", "Sid": "DelegateToIam"}
"""Without it nobody could manage a key again: it leaves a key of the account to the account's IAM policies."""

INVOKE = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
FROM_ELSEWHERE = {"StringNotEquals": {"aws:SourceVpce": {"Ref": "VpcEndpointId"}}}
PRIVATE: list[Statement] = [{"Effect": "Allow", **INVOKE}, {"Effect": "Deny", **INVOKE, "Condition": FROM_ELSEWHERE}]
"""A private API names nobody (its tokens do) and is denied to all who do not come through the one endpoint."""

OF_A_SERVICE = {"aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"}
"""By what a service is kept from doing for one customer what another one asks (the confused deputy)."""

API = "AWS::Serverless::Api"
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}
POLICIES = {
    "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket", "s3:*"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues", "sqs:*"),
    # A topic's policy knows no sns:*; what it carries comes by this.
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics", "sns:Publish"),
}


def within(value: Any) -> Iterator[Statement]:
    """Every statement of a policy that says for whom it is, however deep it stands."""
    if isinstance(value, dict):
        if "Effect" in value and {"Principal", "NotPrincipal"} & value.keys():
            yield value
        for each in value.values():
            yield from within(each)
    elif isinstance(value, list):
        for each in value:
            yield from within(each)


def found_in(template: Template) -> list[tuple[str, Statement]]:
    """Logical id and statement, without the two of a private API."""
    resources, found = template["Resources"], []
    for name, resource in resources.items():
        statements = list(within(resource))
        if resource["Type"] == API and statements == PRIVATE:
            statements = []
        found += [(name, each) for each in statements]
    return found


def principals(statement: Statement) -> Iterator[tuple[str, Any]]:
    """Kind and name of each."""
    principal = statement["Principal"]
    if isinstance(principal, str):
        yield "AWS", principal
    else:
        for kind, names in principal.items():
            for name in as_list(names):
                yield kind, name


def faults(template: Template) -> Iterator[str]:
    """What lets in more than whom it names, by logical id and `Sid`."""
    for name, statement in found_in(template):
        where = f"{name} {statement.get('Sid', '')}".strip()
        if {"NotPrincipal", "NotAction", "NotResource"} & statement.keys():
            yield f"{where}: all but some"
        elif statement["Effect"] == "Allow" and not (name.endswith("Key") and statement == DELEGATED):
            if any("*" in action for action in as_list(statement["Action"])):
                yield f"{where}: any action"
            yield from (f"{where}: {fault}" for fault in _of_principals(statement))


def _of_principals(statement: Statement) -> Iterator[str]:
    conditions = {key for each in statement.get("Condition", {}).values() for key in each}
    for kind, who in principals(statement):
        if who == "*" or "*" in str(who):
            yield "anybody"
        elif kind == "Service":
            # Only who may pass a role can make a function of it.
            function = (who, statement["Action"]) == ("lambda.amazonaws.com", "sts:AssumeRole")
            if not function and not conditions & OF_A_SERVICE:
                yield f"{who} for anybody"
        elif kind != "AWS":
            yield f"a stranger of kind {kind}"
        elif isinstance(who, str):
            yield f"{who} stands in the template"


def test_no_policy_lets_in_anybody_in_general(template: Template) -> None:
    assert list(faults(template)) == []
    kinds = {template["Resources"][name]["Type"] for name, _ in found_in(template)}
    assert kinds == {"AWS::IAM::Role", "AWS::KMS::Key", *(kind for kind, _, _ in POLICIES.values())}


@pytest.mark.parametrize(
    ("statement", "fault"),
    (
        ({"Principal": "*", "Action": "sqs:SendMessage"}, "anybody"),
        ({"Principal": {"AWS": ["*"]}, "Action": "sqs:SendMessage"}, "anybody"),
        ({"Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::*:root"}}, "Action": "kms:Sign"}, "anybody"),
        ({"Principal": {"AWS": "123456789012"}, "Action": "kms:Sign"}, "123456789012 stands in the template"),
        ({"Principal": ACCOUNT, "Action": ["kms:Sign", "kms:*"]}, "any action"),
        ({"Principal": ACCOUNT, "Action": "sqs:Get*"}, "any action"),
        ({"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}, "sns.amazonaws.com for anybody"),
        ({"Principal": {"Federated": "accounts.example"}, "Action": "sts:A"}, "a stranger of kind Federated"),
        ({"NotPrincipal": {"AWS": "1"}, "Action": "sqs:SendMessage"}, "all but some"),
        ({"Principal": ACCOUNT, "NotAction": "kms:Sign"}, "all but some"),
    ),
)
def test_each_of_these_would_be_found(statement: Statement, fault: str) -> None:
    for place in ([statement], [{"Fn::If": ["Sometimes", statement, {"Ref": "AWS::NoValue"}]}]):
        statement.update(Effect="Allow", Resource="*", Sid="S")
        template = {"Resources": {"QueuePolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Statement": place}}}}
        assert list(faults(template)) == [f"QueuePolicy S: {fault}"]


def test_an_api_that_lets_in_others_than_those_of_its_endpoint_would_be_found() -> None:
    for policy in (PRIVATE[:1], [PRIVATE[0], {**PRIVATE[1], "Condition": {"StringNotEquals": {"aws:SourceVpc": "v"}}}]):
        assert list(faults({"Resources": {"Api": {"Type": API, "Policy": policy}}})) == ["Api: anybody"]
    assert list(faults({"Resources": {"Api": {"Type": API, "Policy": PRIVATE}}})) == []


def test_a_key_is_left_to_the_account_and_what_signs_for_the_agency_is_not(template: Template) -> None:
    for name, key in of_type(template, "AWS::KMS::Key").items():
        assert (DELEGATED in key["KeyPolicy"]["Statement"]) == (name != "CoverSigningKey")


def test_nothing_is_stored_sent_or_published_without_tls(template: Template) -> None:
    for kind, (policy, names, action) in POLICIES.items():
        for thing in of_type(template, kind):
            (statements,) = (
                each["PolicyDocument"]["Statement"]
                for each in of_type(template, policy).values()
                if {"Ref": thing} in as_list(each[names])
            )
            (tls,) = (each for each in statements if each.get("Condition") == TLS_ONLY)
            assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", action), thing
            whole: list[Any] = [{"Ref": thing}] if kind == "AWS::SNS::Topic" else [{"Fn::GetAtt": [thing, "Arn"]}]
            whole += [{"Fn::Sub": f"${{{thing}.Arn}}/*"}] if kind == "AWS::S3::Bucket" else []
            assert as_list(tls["Resource"]) == whole


def test_a_parameter_that_is_let_in_names_one_role(template: Template) -> None:
    named = {
        who["Ref"]
        for _, statement in found_in(template)
        for _, who in principals(statement)
        if isinstance(who, dict) and "Ref" in who
    }
    assert named == {"AccountingPrincipal", "PortalPrincipal", "CertificateOperator"}
    for name in named:
        pattern = template["Parameters"][name]["AllowedPattern"]
        for good in ("", "arn:aws:iam::123456789012:role/accounting", "arn:aws-cn:iam::123456789012:role/a/b@c.d+e"):
            assert re.fullmatch(pattern, good), good
        account = "arn:aws:iam::123456789012"
        for wide in ("*", "123456789012", f"{account}:root", f"{account}:role/*", "arn:aws:iam::*:role/a"):
            assert not re.fullmatch(pattern, wide), wide


def test_a_party_elsewhere_uses_a_key_of_messages_through_its_queue_alone(template: Template) -> None:
    (granted,) = (
        each
        for name, each in found_in(template)
        if name == "MessagesKey" and ("AWS", {"Ref": "AccountingPrincipal"}) in principals(each)
    )
    assert granted["Condition"] == {"StringEquals": {"kms:ViaService": {"Fn::Sub": "sqs.${AWS::Region}.amazonaws.com"}}}
