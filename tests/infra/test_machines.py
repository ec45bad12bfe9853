"""The state machines as graphs: what neither an interpreter nor cfn-lint notices until it is too late."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.grants import as_list, statements
from tests.infra.reading import Template, of_type, role_of, texts

FOLDER = Path(__file__).resolve().parents[2] / "infra" / "statemachines"
FILES = tuple(sorted(path.name for path in FOLDER.glob("*.asl.json")))
MACHINE_OF = {
    "dossier.asl.json": "DossierMachine",
    "cover.asl.json": "CoverMachine",
    "campaign.asl.json": "CampaignMachine",
}
PASSING = frozenset(
    {
        "Unavailable",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Sandbox.Timedout",
    }
)

QUIET_ENDS = {"AwaitEnd", "ExpireUnpaid", "TimeOutSupplement", "RecordIssue"}
"""Tasks with which what goes well ends: a state for the end alone would be one transition more for every dossier."""

Definition = dict[str, Any]


@pytest.fixture(params=FILES)
def file_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def definition(file_name: str) -> Definition:
    loaded: Definition = json.loads((FOLDER / file_name).read_text("utf-8"))
    return loaded


def tasks(definition: Definition) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in definition["States"].items() if state["Type"] == "Task"}


def targets(state: dict[str, Any]) -> Iterator[str]:
    """Every state that may come next."""
    for place in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        if "Next" in place:
            yield place["Next"]
    if "Default" in state:
        yield state["Default"]


def test_every_next_state_exists_and_is_reached(definition: Definition) -> None:
    states = definition["States"]
    starts = {"${DossierStartsAt}": ["AwaitEnd", "WhatIsDue"]}
    reached, coming = set(), list(starts.get(definition["StartAt"], [definition["StartAt"]]))
    while coming:
        name = coming.pop()
        assert name in states, f"{name} is not a state"
        if name not in reached:
            reached.add(name)
            coming += targets(states[name])
    assert reached == set(states)


def test_a_campaign_is_a_distributed_map_over_a_list_in_s3() -> None:
    definition = json.loads((FOLDER / "campaign.asl.json").read_text("utf-8"))
    state = definition["States"]["IssueBatches"]
    assert state["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
    assert state["ItemReader"]["ReaderConfig"]["InputType"] == "JSONL"
    assert state["ResultWriter"]["Resource"] == "arn:aws:states:::s3:putObject"
    assert 0 < state["ToleratedFailurePercentage"] <= 10
    assert 0 < state["MaxConcurrency"] <= 40
    processor = state["ItemProcessor"]
    assert processor["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    # One batch has one task, which is retried for passing faults and fails its child alone for the rest.
    ((name, task),) = processor["States"].items()
    assert (processor["StartAt"], task["End"]) == (name, True)
    assert set(task["Retry"][0]["ErrorEquals"]) >= PASSING
    assert set(task["Parameters"]["Payload"]) == {"schema.$", "action", "campaign_id.$", "batch.$"}
    # A lasting fault of the whole is written into the report before the execution fails.
    (caught,) = state["Catch"]
    assert definition["States"][caught["Next"]]["Parameters"]["Payload"]["outcome"] == "INCOMPLETE"


def test_an_end_can_be_reached_from_everywhere(definition: Definition) -> None:
    states = definition["States"]
    ends = {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail") or state.get("End")}
    assert {states[name]["Type"] for name in ends} >= {"Succeed", "Fail"}
    while True:
        more = {name for name, state in states.items() if ends.intersection(targets(state))} - ends
        if not more:
            break
        ends |= more
    assert ends == set(states)


def test_a_state_ends_or_goes_on(definition: Definition) -> None:
    for name, state in definition["States"].items():
        assert ("End" in state) == (name in QUIET_ENDS), "an end has a name of its own"
        if state["Type"] in ("Task", "Wait", "Pass") and name not in QUIET_ENDS:
            assert "Next" in state, name
        if state["Type"] == "Choice":
            assert "Default" in state, name


def test_every_state_explains_itself_to_an_operator(definition: Definition) -> None:
    assert definition["Comment"]
    assert all(state.get("Comment") for state in definition["States"].values())
    for state in definition["States"].values():
        if state["Type"] == "Fail":
            assert state["Error"]
            assert "docs/runbook.md#" in state["Cause"]


def test_nothing_is_used_that_the_local_cloud_lacks(definition: Definition) -> None:
    text = json.dumps(definition)
    for lacking in ("JSONata", "{%", "HeartbeatSeconds", '"Assign"', '"QueryLanguage"'):
        assert lacking not in text


def sleeps(state: dict[str, Any]) -> bool:
    """Whether a task is a sleep that somebody may end: `TimeoutSecondsPath` is its alarm."""
    return "TimeoutSecondsPath" in state


def test_a_sleep_is_never_begun_anew(definition: Definition) -> None:
    """Its seconds count from its beginning, so a retry would wake late: what fails sleeps on to the moment itself."""
    for name, state in tasks(definition).items():
        if sleeps(state):
            assert state["Resource"].endswith(".waitForTaskToken"), name
            assert "Retry" not in state, name
            timeout, other = state["Catch"]
            assert timeout["ErrorEquals"] == ["States.Timeout"]
            assert other["ErrorEquals"] == ["States.ALL"]
            asleep = definition["States"][other["Next"]]
            assert asleep["Type"] == "Wait"
            assert asleep["Next"] == timeout["Next"]
            moment = state["Parameters"]["Payload"]["wake_at.$"]
            assert asleep["TimestampPath"] == moment
            assert moment.rpartition(".")[0] == state["TimeoutSecondsPath"].rpartition(".")[0]


def test_every_task_has_an_end_a_retry_and_a_catch(definition: Definition) -> None:
    for name, state in tasks(definition).items():
        if sleeps(state):
            continue
        assert state["TimeoutSeconds"] > 0, name
        (retry,) = state["Retry"]
        assert set(retry["ErrorEquals"]) >= PASSING, name
        assert "States.ALL" not in retry["ErrorEquals"], name
        assert "States.TaskFailed" not in retry["ErrorEquals"], name
        assert retry["JitterStrategy"] == "FULL", name
        assert retry["BackoffRate"] > 1, name
        assert retry["MaxDelaySeconds"] <= 900, name
        caught = state["Catch"][-1]
        assert caught["ErrorEquals"] == ["States.ALL"], name
        assert definition["States"][caught["Next"]]["Type"] == "Fail", name


def test_a_silent_signer_is_no_passing_fault(definition: Definition) -> None:
    for state in tasks(definition).values():
        if sleeps(state):
            continue
        waits = state["Resource"].endswith(".waitForTaskToken")
        assert ("States.Timeout" in state["Retry"][0]["ErrorEquals"]) != waits


def test_payloads_carry_a_schema_and_nothing_personal(definition: Definition) -> None:
    allowed = {"schema", "action", "dossier_code", "generation", "clock_version", "started_at", "due", "ends"}
    allowed |= {"wake_at", "cover_id", "run", "looks_first", "task_token", "campaign_id", "batch", "outcome"}
    stored = {"key", "sha256", "size", "template_version"}
    for name, state in tasks(definition).items():
        fields = {field.removesuffix(".$") for field in state["Parameters"]["Payload"]}
        assert "schema" in fields, name
        assert fields <= allowed | stored, name


def test_a_task_outlives_its_function(definition: Definition, file_name: str, templates: Any) -> None:
    template = templates.of("production")
    put_in = template["Resources"][MACHINE_OF[file_name]]["Properties"]["DefinitionSubstitutions"]
    for state in tasks(definition).values():
        if sleeps(state):
            continue
        function = put_in[state["Parameters"]["FunctionName"].strip("${}")]["Ref"].removesuffix(".Alias")
        assert state["TimeoutSeconds"] > template["Resources"][function]["Properties"]["Timeout"]


def test_what_is_deployed_is_the_file(definition: Definition, file_name: str, template: Template) -> None:
    machine = of_type(template, "AWS::StepFunctions::StateMachine")[MACHINE_OF[file_name]]
    assert json.loads(machine["DefinitionString"]) == definition
    placeholders = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))
    assert placeholders == set(machine["DefinitionSubstitutions"])


def test_a_machine_may_call_what_it_calls(file_name: str, template: Template) -> None:
    machine = of_type(template, "AWS::StepFunctions::StateMachine")[MACHINE_OF[file_name]]
    allowed = [
        resource
        for statement in statements(template, role_of(machine))
        if "lambda:InvokeFunction" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]
    called = [value for name, value in machine["DefinitionSubstitutions"].items() if name != "DossierStartsAt"]
    assert sorted(texts(allowed)) == sorted(texts(called))
