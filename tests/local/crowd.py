"""Many people's voucher events at once: whatever the order, the repetitions and the number of consumers, one result.

For each scenario one person's events are delivered in their order, one at a time. Everybody else's are thrown together,
shuffled, doubled and cut into batches, and given to several consumers at the same time. In the end everybody must stand
where the first of their scenario stands. Used by `tests/local/test_outage.py` and `tests/benchmarks/concurrency.py`.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from infra.local.client import LocalClient, wait_until
from infra.local.samples import first_timer, voucher_for

Json = dict[str, Any]
State = list[tuple[Any, ...]]

NOW = "2023-03-06T09:00:00+07:00"
PAID_AT = datetime.fromisoformat("2023-03-06T08:00:00+07:00")
CONSUMERS = 8
PATIENCE_SECONDS = 300.0

KEPT = {
    "HEAD": ("state", "reason", "voucher_version", "applied_version"),
    "PERIOD": ("from_month", "to_month", "status", "amount_gross", "amount_participant", "amount_state"),
    "HEADER": ("covered", "supported_months"),
    "META": ("state",),
    "COVER": ("state",),
    "REFUND": ("amount", "state"),
    "PENDING": (),
}
"""What must agree. How often something was written, when, and in which order the trail tells it, may differ."""

UNDONE = {
    "PERIOD": {"VOIDED"},
    "COVER": {"REVOKED"},
    "REFUND": {"WITHDRAWN"},
    "META": {"AWAITING_PAYMENT", "IN_PROCESS"},
}
"""States that tell of the way; whether a dossier is paid shows in its period."""


@dataclass
class Someone:
    """A person with a dossier, and what accounting sends about them."""

    declaration: Json
    scenario: str
    dossier: Json = field(default_factory=dict)

    def voucher(self, number: int, **changes: Any) -> Json:
        """The `number`-th voucher of this person; paid a minute after the one before."""
        sent = voucher_for(
            self.declaration,
            self.dossier.get("dossier_code"),
            number=f"{number:07d}",
            paid_at=PAID_AT + timedelta(minutes=number),
            quote=self.dossier.get("quote"),
        )
        return {**sent, **changes}

    @property
    def comes_late(self) -> bool:
        """Declares while accounting's messages are already coming in."""
        return self.scenario == LATE


def _exact(who: Someone) -> list[Json]:
    return [who.voucher(1)]


def _held(who: Someone) -> list[Json]:
    return [who.voucher(1, full_name="TRẦN VĂN NAM")]


def _named_by_person(who: Someone) -> list[Json]:
    return [who.voucher(1, dossier_code=None, channel="BANK_APP")]


def _cancelled(who: Someone) -> list[Json]:
    return [who.voucher(1), who.voucher(1, event="CANCELLED", voucher_version=2)]


def _in_two_parts(who: Someone) -> list[Json]:
    return [who.voucher(1, amount_received=200_000), who.voucher(2, amount_received=97_000)]


def _too_much(who: Someone) -> list[Json]:
    return [who.voucher(1, amount_received=300_000)]


def _twice(who: Someone) -> list[Json]:
    return [who.voucher(1), who.voucher(2)]


def _cancelled_and_paid_anew(who: Someone) -> list[Json]:
    return [*_cancelled(who), who.voucher(2)]


def _replaced(who: Someone) -> list[Json]:
    first = who.voucher(1)
    return [first, who.voucher(2, event="REPLACED", replaces_voucher_id=first["voucher_id"])]


LATE = "declared among their vouchers"

SCENARIOS: dict[str, Callable[[Someone], list[Json]]] = {
    "exact": _exact,
    "held": _held,
    "named by person": _named_by_person,
    LATE: _named_by_person,
    "cancelled": _cancelled,
    "in two parts": _in_two_parts,
    "too much": _too_much,
    "twice": _twice,
    "cancelled and paid anew": _cancelled_and_paid_anew,
    "replaced": _replaced,
}


class Crowd:
    """`people` of each scenario beside the one whose events come in order."""

    def __init__(self, client: LocalClient, chance: random.Random, people: int, first: int = 0) -> None:
        self._client, self._chance = client, chance
        names = list(SCENARIOS)
        self._models = [self._someone(first + number, name) for number, name in enumerate(names)]
        self._others = [
            self._someone(first + len(names) * (number + 1) + place, name)
            for number in range(people)
            for place, name in enumerate(names)
        ]
        self.delivered = self.events = 0

    @staticmethod
    def _someone(serial: int, scenario: str) -> Someone:
        return Someone(first_timer(serial, from_month="2023-03"), scenario)

    def play_in_order(self) -> None:
        """Each model's events, once, one after the other."""
        self._client.set_clock(NOW)
        for model in self._models:
            self._declare(model)
            for message in SCENARIOS[model.scenario](model):
                self._deliver([message])

    def play_at_once(self) -> None:
        """Everybody else's events, each two or three times, in batches of one to ten, to all consumers at once."""
        with ThreadPoolExecutor(CONSUMERS) as pool:
            late = [who for who in self._others if who.comes_late]
            list(pool.map(self._declare, (who for who in self._others if not who.comes_late)))
            events = [event for who in self._others for event in SCENARIOS[who.scenario](who)]
            self.events = len(events)
            messages = [event for event in events for _ in range(self._chance.choice((2, 3)))]
            self._chance.shuffle(messages)
            batches = []
            while messages:
                size = self._chance.randint(1, 10)
                batches.append(messages[:size])
                messages = messages[size:]
            work: list[Callable[[], None]] = [partial(self._deliver, batch) for batch in batches]
            work += [partial(self._declare, who) for who in late]
            self._chance.shuffle(work)
            list(pool.map(lambda each: each(), work))

    def _declare(self, who: Someone) -> None:
        reply = self._client.call("POST", "/v1/dossiers", who.declaration, who="portal")
        assert reply.status == 201, reply.body
        who.dossier = reply.body

    def _deliver(self, messages: Sequence[Json]) -> None:
        """As the queue would: what failed comes again, nothing else."""
        left = {str(number): message for number, message in enumerate(messages)}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while left:
            assert time.monotonic() < deadline, "messages fail again and again"
            records = [
                {"messageId": name, "body": json.dumps(message, ensure_ascii=False), "eventSource": "aws:sqs"}
                for name, message in left.items()
            ]
            answer = self._client.aws("lambda").invoke(
                FunctionName=self._consumer, Payload=json.dumps({"Records": records}, ensure_ascii=False).encode()
            )
            told = json.loads(answer["Payload"].read())
            assert "FunctionError" not in answer, told
            self.delivered += len(left)
            failed = {failure["itemIdentifier"] for failure in told["batchItemFailures"]}
            left = {name: message for name, message in left.items() if name in failed}

    @property
    def _consumer(self) -> str:
        queue: str = self._client.endpoints["voucher_queue_url"].rpartition("/")[2]
        return f"{queue.removesuffix('vouchers')}voucher-consumer"

    def differences(self) -> list[str]:
        """Who stands elsewhere than the first of their scenario, once the relay has done its part."""
        expected: dict[str, State] = {}

        def look() -> list[str]:
            table = self._table()
            for model in self._models:
                expected[model.scenario] = _state(model, table)
            return [
                f"{who.scenario}: {who.dossier['dossier_code']} is {state}, not {expected[who.scenario]}"
                for who in self._others
                if (state := _state(who, table)) != expected[who.scenario]
            ]

        try:
            return wait_until(look, lambda found: not found, "everybody to agree", 20.0, every=1.0)
        except TimeoutError:
            return look()

    def _table(self) -> dict[tuple[str, str], Json]:
        pages = self._client.aws("dynamodb").get_paginator("scan").paginate(TableName=self._client.endpoints["table"])
        return {(item["PK"]["S"], item["SK"]["S"]): item for page in pages for item in page["Items"]}


def _state(who: Someone, table: dict[tuple[str, str], Json]) -> State:
    """All that can be said of a person's money without names and times.

    What was done and undone again is history, and another order has another one: a period that was voided, a cover
    that was revoked, a refund case that was withdrawn, a dossier that waits for its payment for the second time.
    """
    code = who.dossier["dossier_code"]
    person = table[f"DOSSIER#{code}", "META"]["GSI1PK"]["S"].removeprefix("PERSON#")
    card = who.declaration["personal_id"][-6:]
    found: State = []
    for (partition, sort), item in table.items():
        kind = sort.partition("#")[0]
        ours = partition in {f"DOSSIER#{code}", f"PERSON#{person}"} or partition.startswith(f"VOUCHER#KT79-2023-{card}")
        undone = (item.get("status") or item.get("state") or {}).get("S") in UNDONE.get(kind, ())
        if ours and kind in KEPT and not undone and not sort.endswith(("#TOKEN", "#PROOF")):
            number = partition.rpartition("-")[2] if partition.startswith("VOUCHER#") else ""
            values = tuple(json.dumps(item.get(name), sort_keys=True).replace(card, "") for name in KEPT[kind])
            found.append((kind, number, *values))
    return sorted(found)
