"""`make deploy` and `make diff`, against moto: nothing without a confirmation, nothing that loses data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import deploy as tool
from infra.deploy import DeployError, Target, deploy, diff, differences, main, with_artefacts
from infra.package import Package

REGION = "ap-southeast-1"
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "vouchers"}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "status"}}
PARAMETER = {"Type": "String"}


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """An account with an artefact bucket and nothing else."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(tool, "WAITING", {"Delay": 0, "MaxAttempts": 3})
    with mock_aws():
        place = {"LocationConstraint": REGION}
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="artefacts", CreateBucketConfiguration=place)
        yield Target("staging", REGION, "bhxh", "artefacts", {})


def package(folder: Path, resources: dict[str, Any], **more: Any) -> Package:
    """A package of staging with these resources, and a code zip."""
    template = {"Resources": resources, "Outputs": {"Queue": {"Value": {"Ref": "Vouchers"}}}, **more}
    path = folder / "template.json"
    path.write_text(json.dumps(template), "utf-8")
    code = folder / "deployment.zip"
    code.write_bytes(b"code")
    return Package("staging", folder, path, code, {})


def test_a_stack_is_made_changed_and_left_alone(target: Target, tmp_path: Path) -> None:
    said: list[str] = []
    deploy(package(tmp_path, {"Vouchers": QUEUE}), target, said.append)
    (url,) = boto3.client("sqs", region_name=REGION).list_queues()["QueueUrls"]
    assert url.endswith("/vouchers")
    assert "+ Vouchers AWS::SQS::Queue" in said
    said.clear()
    deploy(package(tmp_path, {"Vouchers": QUEUE, "Status": TOPIC}), target, said.append)
    assert "+ Status AWS::SNS::Topic" in said
    assert diff(package(tmp_path, {"Vouchers": QUEUE, "Status": TOPIC}), target, said.append) == 0


def test_a_diff_is_told_and_writes_nothing(target: Target, tmp_path: Path) -> None:
    said: list[str] = []
    diff(package(tmp_path, {"Vouchers": QUEUE}), target, said.append)
    assert "there is no stack" in said[0]
    assert "+ Resource Vouchers AWS::SQS::Queue" in said
    assert not boto3.client("cloudformation", region_name=REGION).list_stacks()["StackSummaries"]
    assert "Contents" not in boto3.client("s3", region_name=REGION).list_objects_v2(Bucket="artefacts")


def test_what_holds_data_is_not_removed(target: Target, tmp_path: Path) -> None:
    deploy(package(tmp_path, {"Vouchers": QUEUE, "Status": TOPIC}), target, print)
    without = package(tmp_path, {"Status": TOPIC}, Outputs={})
    with pytest.raises(DeployError, match=r"data would be lost:\n- Vouchers"):
        deploy(without, target, print)
    listed = boto3.client("sqs", region_name=REGION).list_queues()
    assert len(listed["QueueUrls"]) == 1


def test_a_replacement_of_what_holds_data_is_a_loss_and_of_other_things_is_not() -> None:
    change = {"Action": "Modify", "Replacement": "True", "LogicalResourceId": "Table"}
    assert tool._loses({**change, "ResourceType": "AWS::DynamoDB::Table"})
    assert not tool._loses({**change, "ResourceType": "AWS::Lambda::Version"})
    assert not tool._loses({**change, "Replacement": "False", "ResourceType": "AWS::DynamoDB::Table"})
    assert tool._told({**change, "ResourceType": "AWS::Lambda::Version"}).endswith("REPLACED")


def test_parameters_are_checked_before_anything_is_uploaded(target: Target, tmp_path: Path) -> None:
    asked = package(tmp_path, {"Vouchers": QUEUE}, Parameters={"JwtIssuer": PARAMETER})
    with pytest.raises(DeployError, match=r"that have to be given: \['JwtIssuer'\]"):
        deploy(asked, target, print)
    with pytest.raises(DeployError, match=r"does not know: \['Colour'\]"):
        deploy(asked, replace(target, parameters={"JwtIssuer": "x", "Colour": "x"}), print)


def test_a_package_goes_to_its_own_stage_only(target: Target, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="is not deployed as production"):
        deploy(package(tmp_path, {"Vouchers": QUEUE}), replace(target, stage="production"), print)


def test_files_lie_under_their_content(tmp_path: Path) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}
    made = package(tmp_path, {"Api": function, "Other": function})
    template, files = with_artefacts(made, "artefacts")
    (key,) = files
    assert template["Resources"]["Api"]["Properties"]["CodeUri"] == f"s3://artefacts/{key}"
    assert template == with_artefacts(made, "artefacts")[0]


def test_differences_name_the_place() -> None:
    before = {
        "Resources": {"A": {"Type": "T", "Properties": {"Timeout": 1, "Same": 2}}, "B": {"Type": "AWS::KMS::Key"}}
    }
    after = {"Resources": {"A": {"Type": "T", "Properties": {"Timeout": 9, "Same": 2}}, "C": {"Type": "T"}}}
    assert differences(before, after) == [
        "~ Resource A T: Properties.Timeout",
        "- Resource B AWS::KMS::Key   HOLDS DATA",
        "+ Resource C T",
    ]


@pytest.mark.parametrize("confirmed", ("", "staging"))
def test_without_the_stages_name_nothing_is_deployed(
    confirmed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "build", lambda stage: pytest.fail("nothing may be built"))
    asked = ["--stage", "production", "--region", REGION, "--artefacts", "a", "--confirm", confirmed]
    assert main(asked) == 1
    assert "nothing was deployed" in capsys.readouterr().out
