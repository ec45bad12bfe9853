"""The one dashboard that a person looks at: from top to bottom what citizens feel, then what money does, then machines.

`body` makes it for the functions, queues and alarms that the template has, so that a new one is on it by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.metrics import NAMESPACE

REGION, STACK, STAGE = "${AWS::Region}", "${AWS::StackName}", "${Stage}"
Metric = list[Any]
WIDTH = 24

FUNNEL = {
    "DOSSIER_OPENED": "opened",
    "VOUCHER_RECORDED": "paid",
    "COVER_CREATED": "cover made",
    "COVER_CHECKED": "cover checked",
    "COVER_ISSUED": "cover issued",
    "RESULT_RETURNED": "result returned",
}
LOST = {
    "PAYMENT_EXPIRED": "not paid in time",
    "DOSSIER_WITHDRAWN": "withdrawn",
    "DOSSIER_REFUSED": "refused",
    "DOSSIER_STOPPED": "stopped",
}
AT_RISK = {
    "OFFICER_REMINDED": "due tomorrow",
    "APOLOGY_DUE": "apology wanted",
    "OVERDUE_MARKED": "overdue",
    "OVERDUE_ESCALATED": "escalated",
}


def body(resources: Mapping[str, Any]) -> str:
    """The dashboard as JSON with CloudFormation's placeholders (for Fn::Sub)."""
    rows = (
        [_text()],
        [_alarms(resources)],
        [
            _graph("Funnel of dossiers, by hour", _events(FUNNEL), stacked=False),
            _graph("Lost on the way, by hour", _events(LOST)),
            _number("Today", _events({"DOSSIER_OPENED": "opened", "COVER_ISSUED": "covers issued"}), 86400),
        ],
        [
            _graph("Deadlines at risk, by hour", _events(AT_RISK)),
            _number("Last night's stock", _gauges("OpenDossiers", "DueSoonDossiers", "OverdueDossiers"), 86400),
            _graph("Covers issued, by hour", _events({"COVER_ISSUED": "issued", "COVER_REVOKED": "revoked"})),
        ],
        [
            _graph("Vouchers by outcome, by hour", _outcomes("Vouchers"), stacked=True),
            _graph("Money that came and waits (VND), by hour", _outcomes("AmountHeld", ("HOLD", "PARK", "QUARANTINE"))),
            _number("Money held last night (VND)", _gauges("HeldVouchers", "MoneyHeld"), 86400),
        ],
        [
            _graph(
                "Age of the oldest message (s)", _queues(resources, "ApproximateAgeOfOldestMessage"), stat="Maximum"
            ),
            _graph("Messages that wait", _queues(resources, "ApproximateNumberOfMessagesVisible"), stat="Maximum"),
            _graph("The relay behind the table (ms)", [_lambda("IteratorAge", "StreamRelay")], stat="Maximum"),
        ],
        [
            _graph("Errors of functions", [_lambda("Errors", name) for name in _functions(resources)], stacked=True),
            _graph("API: refusals and errors", [_api("4XXError"), _api("5XXError")]),
            _graph("Executions that failed", [_states("ExecutionsFailed", name) for name in _machines(resources)]),
        ],
        [
            _graph("API: milliseconds", [[*_api("Latency"), {"stat": each}] for each in ("p50", "p95", "p99")]),
            _graph("Throttled", [*(_lambda("Throttles", name) for name in _functions(resources))]),
            _graph("The canary: milliseconds by step", _canary(), stat="Maximum", period=300),
        ],
        [
            _graph(
                "What drives the cost, by day",
                [
                    _api("Count"),
                    *(_states("ExecutionsStarted", name) for name in _machines(resources)),
                    ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "${Table}"],
                    ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", "${Table}"],
                ],
                period=86400,
            ),
            # Billing tells its figures in one region only, and after it was switched on in the account.
            _graph(
                "Estimated charges of the account (USD)",
                [["AWS/Billing", "EstimatedCharges", "Currency", "USD"]],
                stat="Maximum",
                period=86400,
                region="us-east-1",
            ),
        ],
    )
    widgets: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        width = WIDTH // len(row)
        for place, widget in enumerate(row):
            widgets.append({"x": place * width, "y": top, "width": width, **widget})
        top += max(widget["height"] for widget in row)
    return json.dumps({"start": "-P1D", "widgets": widgets}, ensure_ascii=False)


def _text() -> dict[str, Any]:
    told = f"## {STACK} ({STAGE})\nAlarms, citizens, money, machines, cost. What to do: docs/runbook.md"
    return {"type": "text", "height": 2, "properties": {"markdown": told}}


def _alarms(resources: Mapping[str, Any]) -> dict[str, Any]:
    # One that may not be there cannot be named.
    there = {name: each for name, each in resources.items() if "Condition" not in each}
    arns = [f"${{{name}.Arn}}" for name, each in there.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
    return {"type": "alarm", "height": 3, "properties": {"title": "Alarms", "alarms": arns}}


def _graph(
    title: str,
    metrics: Iterable[Metric],
    stat: str = "Sum",
    *,
    period: int = 3600,
    stacked: bool = False,
    region: str = REGION,
) -> dict[str, Any]:
    properties = {"title": title, "view": "timeSeries", "stacked": stacked, "region": region}
    return {
        "type": "metric",
        "height": 6,
        "properties": {**properties, "stat": stat, "period": period, "metrics": list(metrics)},
    }


def _number(title: str, metrics: list[Metric], period: int) -> dict[str, Any]:
    widget = _graph(title, metrics, stat="Sum" if metrics[0][1] == "Events" else "Maximum", period=period)
    widget["properties"] |= {"view": "singleValue", "setPeriodToTimeRange": False}
    return widget


def _events(wanted: Mapping[str, str]) -> list[Metric]:
    return [[NAMESPACE, "Events", "Stage", STAGE, "Event", event, {"label": label}] for event, label in wanted.items()]


def _outcomes(
    metric: str, outcomes: Iterable[str] = ("APPLY", "DUPLICATE", "PARK", "HOLD", "CANCEL", "QUARANTINE")
) -> list[Metric]:
    return [[NAMESPACE, metric, "Stage", STAGE, "Outcome", each, {"label": each}] for each in outcomes]


def _gauges(*names: str) -> list[Metric]:
    return [[NAMESPACE, name, "Stage", STAGE] for name in names]


def _canary() -> list[Metric]:
    """Knocking, declaring, from the voucher to the month on record, from there until all was told."""
    steps = {"": "doors", "Declared": "declared", "Paid": "paid", "Told": "told"}
    return [[NAMESPACE, f"Canary{step}Milliseconds", "Stage", STAGE, {"label": label}] for step, label in steps.items()]


def _queues(resources: Mapping[str, Any], metric: str) -> list[Metric]:
    names = [name for name, each in resources.items() if each["Type"] == "AWS::SQS::Queue"]
    return [["AWS/SQS", metric, "QueueName", f"${{{name}.QueueName}}", {"label": name}] for name in names]


def _functions(resources: Mapping[str, Any]) -> list[str]:
    return [name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"]


def _machines(resources: Mapping[str, Any]) -> list[str]:
    return [name for name, each in resources.items() if each["Type"] == "AWS::StepFunctions::StateMachine"]


def _lambda(metric: str, name: str) -> Metric:
    return ["AWS/Lambda", metric, "FunctionName", f"${{{name}}}", {"label": name}]


def _states(metric: str, name: str) -> Metric:
    return ["AWS/States", metric, "StateMachineArn", f"${{{name}}}", {"label": f"{name} {metric}"}]


def _api(metric: str) -> Metric:
    return ["AWS/ApiGateway", metric, "ApiName", f"{STACK}-api", "Stage", "api"]
