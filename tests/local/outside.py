"""The system from outside: what portal, accounting and officers do with it, and what they and an auditor can see."""

from __future__ import annotations

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from infra.local.client import PATIENCE_SECONDS, LocalClient, Reply, wait_until
from infra.local.samples import first_timer, voucher_for

Json = dict[str, Any]
PROBLEM = "application/problem+json"
QUIET_SECONDS = 0.6
LONG_QUIET_SECONDS = 6.0
"""How long nothing must move while it does not look as if everything had been followed up: machines differ in speed."""
"""So long nothing happens only when nothing is under way: a step of a workflow takes a tenth of it."""

_receipts = itertools.count(1)


@dataclass
class Outside:
    """One test's view of the running system. The clock is the whole system's: tests set it before they need it."""

    client: LocalClient
    heard: Subscription

    def declare(self, declaration: Json) -> Json:
        """Send a declaration and answer the 201's body."""
        reply = self.try_to_declare(declaration)
        assert reply.status == 201, reply.body
        body: Json = reply.body
        return body

    def try_to_declare(self, declaration: Json, **headers: str) -> Reply:
        return self.client.call("POST", "/v1/dossiers", declaration, who="portal", headers=headers)

    def voucher(self, declaration: Json, dossier: Json, paid_at: str, **changes: Any) -> Json:
        """Accounting's voucher for the amount that the 201 named."""
        return voucher_for(
            declaration,
            dossier["dossier_code"],
            number=f"{next(_receipts):07d}",
            paid_at=datetime.fromisoformat(paid_at),
            quote=dossier["quote"],
            **{"province_code": declaration["permanent_address"]["province_code"], **changes},
        )

    def pay(self, declaration: Json, dossier: Json, paid_at: str) -> Json:
        """Pay as declared and wait for the effect. Answers the dossier as the portal then sees it."""
        self.client.send_voucher(self.voucher(declaration, dossier, paid_at))
        code = dossier["dossier_code"]
        return self.client.wait_for_state(code, "IN_PROCESS", "RESULT_RETURNED")

    def issue(self, code: str, who: str = "signer_79") -> Json:
        """Issue the dossier's cover from the officer's list and wait for the result. Answers the dossier."""
        cover = wait_until(lambda: self.waiting_cover(code, who), bool, f"the cover of {code} to be listed")
        path = f"/v1/officer/covers/{cover['cover_id']}/issue"
        reply = self.client.call("POST", path, who=who, headers={"If-Match": f'"{cover["version"]}"'})
        assert reply.status == 202, reply.body
        return self.client.wait_for_state(code, "RESULT_RETURNED")

    def waiting_cover(self, code: str, who: str = "signer_79") -> Json:
        """The cover of the dossier on the officer's list; empty when it is not there."""
        rows = self.rows("/v1/officer/covers?state=DATA_CREATED", who)
        return next((row for row in rows if row["dossier_code"] == code), {})

    def rows(self, path: str, who: str) -> list[Json]:
        return self.client.rows(path, who)

    def load(self, register: str, rows: Json | list[Json]) -> None:
        """Put a row, or several, into one of the sandbox's registers."""
        reply = self.client.call("POST", f"/sandbox/{register}", rows)
        assert reply.status == 204, reply.body

    def table(self) -> dict[tuple[str, str], Json]:
        """Every item of the table by its key."""
        pages = self.client.aws("dynamodb").get_paginator("scan").paginate(TableName=self.client.endpoints["table"])
        items = [item for page in pages for item in page["Items"]]
        return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}

    def quiet_table(self) -> dict[tuple[str, str], Json]:
        """The table once nothing moves in it any more: what earlier steps started has come to rest."""
        seen, since = self.table(), time.monotonic()
        deadline = since + PATIENCE_SECONDS
        while time.monotonic() - since < (QUIET_SECONDS if _followed_up(seen) else LONG_QUIET_SECONDS):
            assert time.monotonic() < deadline, "the table does not come to rest"
            time.sleep(0.1)
            now = self.table()
            if now != seen:
                seen, since = now, time.monotonic()
        return seen

    def ledger(self, voucher: Json) -> Json:
        """State and reason of a voucher, as the ledger has them; empty when it is not there (yet)."""
        found = self.client.aws("dynamodb").get_item(
            TableName=self.client.endpoints["table"],
            Key={"PK": {"S": f"VOUCHER#{voucher['voucher_id']}"}, "SK": {"S": "HEAD"}},
        )
        return {name: next(iter(value.values())) for name, value in found.get("Item", {}).items()}

    def wait_for_ledger(self, voucher: Json, state: str) -> Json:
        return wait_until(lambda: self.ledger(voucher), lambda found: found.get("state") == state, f"state {state}")

    def all_acknowledged(self) -> None:
        """Wait until accounting's queue is empty: everything sent has been answered for, and nothing is dead."""
        url = self.client.endpoints["voucher_queue_url"]
        wait_until(lambda: self._depth(url), lambda depth: depth == 0, "the voucher queue to be empty")
        assert self._depth(self.client.endpoints["voucher_dlq_url"]) == 0

    def _depth(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)


@dataclass
class Subscription:
    """A subscription: reads its queue empty and keeps each dossier's messages in the order they came."""

    client: LocalClient
    url: str
    _arrived: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def of(self, code: str, count: int) -> list[Json]:
        """The messages of a dossier by arrival, repeated ones once, as soon as there are `count`."""
        found: list[Json] = wait_until(
            lambda: self._read().get(code, []), lambda found: len(found) >= count, f"{count} messages of {code}"
        )
        return found

    def _read(self) -> Mapping[str, list[Json]]:
        sqs = self.client.aws("sqs")
        while messages := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                body: Json = json.loads(message["Body"])
                known = self._arrived[body["dossier_code"]]
                if body not in known:
                    known.append(body)
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self._arrived


def refused(reply: Reply, status: int, code: str) -> list[tuple[str, str]]:
    """Assert a complete problem document; answers (field, code) of every fault in it."""
    problem = reply.body
    assert (reply.status, reply.code) == (status, code), problem
    assert reply.headers["Content-Type"] == PROBLEM
    assert set(problem) >= {"type", "title", "status", "detail", "code", "errors", "trace_id"}
    assert problem["status"] == status
    assert problem["trace_id"]
    return [(fault["field"], fault["code"]) for fault in problem["errors"]]


def later(moment: str, **by: float) -> str:
    """A moment so much later."""
    return (datetime.fromisoformat(moment) + timedelta(**by)).isoformat()


def person(serial: int, *, province: str = "79", **changes: Any) -> Json:
    """Scenario A1's declaration for one of a million cards, with an address in `province`."""
    declaration = first_timer(serial, **changes)
    declaration["permanent_address"] = {**declaration["permanent_address"], "province_code": province}
    return declaration


def near_poor(outside: Outside, serial: int) -> Json:
    """Scenario A2's declaration, by somebody on the near-poor list: 4,290,000 for twelve months."""
    declaration = person(
        serial,
        support_category="NEAR_POOR",
        income=2_000_000,
        method="M12",
        from_month="2023-03",
        full_name="Lò Thị Ước",
    )
    listed = {"category": "NEAR_POOR", "valid_from": "2023-01-01", "valid_to": "2023-12-31"}
    outside.load("poor-households", {"personal_id": declaration["personal_id"], **listed})
    return declaration


def _followed_up(table: dict[tuple[str, str], Json]) -> bool:
    """Whether the relay has counted every dossier as it is, and every cover's workflow waits for its signer."""
    return all(
        _number(table.get((partition, "TALLY")), "version") == _number(item, "version")
        for (partition, sort), item in table.items()
        if partition.startswith("DOSSIER#") and sort == "META"
    ) and all(
        _number(table.get((partition, f"{sort}#TOKEN")), "run") == _number(item, "run")
        for (partition, sort), item in table.items()
        if sort.startswith("COVER#") and item.get("state") == {"S": "DATA_CREATED"}
    )


def _number(item: Json | None, name: str) -> str | None:
    return None if item is None else item.get(name, {}).get("N")
