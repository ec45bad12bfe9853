"""`make cost`: what a million registrations cost, line by line, from counted calls and a dated list of prices.

python -m tests.cost [region]
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from infra.merge import merged_overlay

TARGET = 200.0
"""USD for a million registrations in us-east-1 (issue: with the Step Functions clock)."""

PRICES: Mapping[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text("utf-8"))
MILLION = 1_000_000
GB = 1024**3

Bill = dict[str, tuple[float, str]]
"""By line: USD for a million registrations, and how it comes about."""


def memory_of(function: str) -> int:
    """MiB, from .chalice/config.json."""
    config = json.loads((Path(__file__).parents[2] / ".chalice" / "config.json").read_text("utf-8"))
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function).strip("_")
    memory: int = config["lambda_functions"]["api_handler" if function == "APIHandler" else name]["lambda_memory_size"]
    return memory


def bill_of(tally: Any, region: str) -> Bill:
    """The lines of one kind of registration."""
    million, unit = PRICES["per_million"][region], PRICES["per_unit"][region]
    assumed = PRICES["assumptions"]
    units = tally.units
    requests = units["api_request"]
    authorised = requests * (1 - assumed["authoriser_cached"])
    invocations = units["lambda_request"] + authorised
    gb_seconds = sum(
        _billed_milliseconds(function, tally) * memory_of(function) / 1024 / 1000 for function in tally.invocations
    )
    return {
        "API Gateway": (requests * million["api_request"], f"{requests:.0f} requests"),
        "Firewall": (requests * million["firewall_request"], "each request"),
        "Functions": (
            invocations * million["lambda_request"] + gb_seconds * MILLION * unit["lambda_gb_second"],
            f"{invocations:.1f} invocations, {gb_seconds * 1000:.0f} GB-ms",
        ),
        "State machines": (units["state_transition"] * million["state_transition"], _of(units, "state_transition")),
        "Table, writing": (units["dynamodb_write"] * million["dynamodb_write"], _of(units, "dynamodb_write")),
        "Table, reading": (units["dynamodb_read"] * million["dynamodb_read"], _of(units, "dynamodb_read")),
        "Queue": (units["sqs_request"] * million["sqs_request"], _of(units, "sqs_request")),
        "Topics": (units["sns_publish"] * million["sns_publish"], _of(units, "sns_publish")),
        "Keys": (
            units["kms_signature"] * million["kms_signature"] + units["kms_request"] * million["kms_request"],
            f"{units['kms_signature']} signatures, {units['kms_request']} other",
        ),
        "Documents": (
            units["s3_put"] * million["s3_put"] + units["s3_get"] * million["s3_get"],
            f"{units['s3_put']} put, {units['s3_get']} get",
        ),
        "Logs": (tally.log_bytes * MILLION / GB * unit["log_gb"], f"{tally.log_bytes:,} bytes"),
        "Traces": (invocations * traced_share() * million["trace"], f"{traced_share():.0%} of the invocations"),
        "Storage, first month": (
            tally.table_bytes * MILLION / GB * (unit["table_gb_month"] + unit["backup_gb_month"])
            + tally.document_bytes * MILLION / GB * unit["document_gb_month"],
            f"{tally.table_bytes:,} bytes in the table, {tally.document_bytes:,} of documents",
        ),
    }


@lru_cache(maxsize=1)
def traced_share() -> float:
    """How many of its invocations production traces, from the template."""
    return float(merged_overlay("production")["Mappings"]["ByStage"]["production"]["TraceShare"])


def _of(units: Mapping[str, float], name: str) -> str:
    return f"{units[name]:.0f} x {name.replace('_', ' ')}"


def _billed_milliseconds(function: str, tally: Any) -> float:
    waits, cpu = PRICES["assumptions"]["milliseconds"], PRICES["assumptions"]["cpu_milliseconds"]
    share = min(1.0, memory_of(function) / 1769)
    waited = sum(count * waits[sort] for sort, count in tally.calls.get(function, {}).items())
    return float(tally.invocations[function] * (waits["base"] + cpu.get(function, 1.0) / share) + waited)


def mixed(bills: Mapping[str, Bill]) -> dict[str, float]:
    """USD by line for a million registrations of the assumed mix."""
    mix: Mapping[str, float] = PRICES["assumptions"]["mix"]
    lines = next(iter(bills.values()))
    return {line: sum(share * bills[kind][line][0] for kind, share in mix.items()) for line in lines}


def alternatives(tallies: Mapping[str, Any], region: str) -> dict[str, float]:
    """Other ways to keep the time of a million registrations of the mix, in USD; each without the present machines."""
    million, mix = PRICES["per_million"][region], PRICES["assumptions"]["mix"]
    transitions = sum(share * tallies[kind].units["state_transition"] for kind, share in mix.items())
    wakes = sum(share * tallies[kind].invocations["DossierTask"] for kind, share in mix.items())
    covers = mix["first-timer with a cover"]
    as_built = transitions * million["state_transition"]
    machine_for_covers = covers * 4 * million["state_transition"]
    # Twelve sweeps an hour for a month, each reading 100,000 open dossiers of 0.5 KB eventually consistent.
    sweeps = 12 * 24 * 30 * 100_000 * 0.5 / 4 * 0.5 * million["dynamodb_read"] / MILLION
    return {
        "state machines, as built": as_built,
        "a schedule for each wake (EventBridge Scheduler), machine for covers only": wakes * million["schedule"]
        + machine_for_covers,
        "a sweep of the work list every five minutes, machine for covers only": machine_for_covers + sweeps,
        "a queue with delays (SQS, at most 15 minutes a hop)": wakes * 96 * 3 * million["sqs_request"]
        + machine_for_covers,
    }


def fixed_month(template: Mapping[str, Any]) -> dict[str, float]:
    """USD a month that come without a single registration, from the resources of the production template."""
    prices = PRICES["fixed_month"]
    kinds = [resource.get("Type") for resource in template["Resources"].values()]
    return {
        "firewall": prices["firewall"][0],
        "alarms": kinds.count("AWS::CloudWatch::Alarm") * prices["alarm"],
        "metrics of our own (about 60)": 60 * prices["metric"],
        "dashboard": kinds.count("AWS::CloudWatch::Dashboard") * prices["dashboard"],
        "keys": kinds.count("AWS::KMS::Key") * prices["key"],
        "secrets": kinds.count("AWS::SecretsManager::Secret") * prices["secret"],
    }


def written(tallies: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, tuple[int, int, int]]]:
    """By function and sort of item: of each kind of registration how often it is written, its most bytes, all units."""
    found: dict[tuple[str, str], dict[str, tuple[int, int, int]]] = {}
    for kind, tally in tallies.items():
        for write in tally.writes:
            row = found.setdefault((write.function, write.item), {})
            times, largest, units = row.get(kind, (0, 0, 0))
            row[kind] = times + 1, max(largest, write.bytes), units + write.all_units
    return found


def print_written(tallies: Mapping[str, Any]) -> None:
    """Where the write units of a registration go, the most in the mix first."""
    mix = PRICES["assumptions"]["mix"]
    rows = [
        (sum(mix[kind] * units for kind, (_, _, units) in by_kind.items()), function, item, by_kind)
        for (function, item), by_kind in written(tallies).items()
    ]
    print("\nWrites to the table: times, bytes of the largest, write units with those of the indexes")
    for total, function, item, by_kind in sorted(rows, key=lambda row: (-row[0], row[1:3])):
        cells = [f"{times} x {size:>5} = {units:>3}" for times, size, units in (by_kind.get(k, (0, 0, 0)) for k in mix)]
        print(f"{function:16} {item:20}" + "".join(f"{cell:>26}" for cell in cells) + f"{total:>10.2f}")


def main() -> int:
    """Print the bill; answers 1 above the target in us-east-1."""
    region = sys.argv[1] if len(sys.argv) > 1 else "us-east-1"
    if region not in PRICES["per_million"]:
        print(f"no prices for {region}: {', '.join(PRICES['per_million'])}")
        return 2
    os.environ |= {"AWS_ACCESS_KEY_ID": "counted", "AWS_SECRET_ACCESS_KEY": "counted", "TZ": "UTC"}
    os.environ["AWS_DEFAULT_REGION"] = "ap-southeast-1"
    time.tzset()
    from .count import tallies

    counted = tallies()
    bills = {kind: bill_of(tally, region) for kind, tally in counted.items()}
    print(f"USD for a million registrations, {region}, prices as of {PRICES['as_of']}\n{PRICES['source']}\n")
    mix = mixed(bills)
    print(f"{'':24}" + "".join(f"{kind:>26}" for kind in bills) + f"{'mix':>10}")
    for line, amount in sorted(mix.items(), key=lambda each: -each[1]):
        print(f"{line:24}" + "".join(f"{bill[line][0]:>26.2f}" for bill in bills.values()) + f"{amount:>10.2f}")
    totals = [sum(amount for amount, _ in bill.values()) for bill in bills.values()]
    total = sum(mix.values())
    print(f"{'in all':24}" + "".join(f"{each:>26.2f}" for each in totals) + f"{total:>10.2f}\n")
    for kind, bill in bills.items():
        print(f"{kind}: " + "; ".join(f"{line}: {how}" for line, (_, how) in bill.items()))
    print_written(counted)
    print("\nBeside the biggest line, keeping time otherwise:")
    for way, amount in alternatives(counted, region).items():
        print(f"  {amount:>8.2f}  {way}")
    print("\nEach month, whoever registers:")
    for name, amount in fixed_month(merged_overlay("production")).items():
        print(f"  {amount:>8.2f}  {name}")
    over = region == "us-east-1" and total > TARGET
    verdict = "MISSED" if over else "met" if region == "us-east-1" else "set for us-east-1"
    print(f"\ntarget {TARGET:.0f} USD: {verdict} ({total:.2f})")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
