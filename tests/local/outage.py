"""Scenario A20 on a local run: two hours without a consumer, and what must be true once it is back.

Used by `tests/local/test_outage.py` with a few hundred vouchers and by `tests/benchmarks/outage.py` with thousands.
"""

from __future__ import annotations

import json
import os
import platform
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.storage.codec import decode_item
from chalicelib.storage.items.audit import trail_of
from chalicelib.storage.keys import AUDIT
from infra.local.client import LocalClient, wait_until
from infra.local.samples import first_timer, voucher_for

Json = dict[str, Any]
Table = dict[tuple[str, str], Json]
T = TypeVar("T")
R = TypeVar("R")

MORNING = "2023-03-06T15:00:00+07:00"
DOWN, BACK = datetime.fromisoformat("2023-03-06T15:30:00+07:00"), "2023-03-06T17:30:00+07:00"
CLOSING = datetime.fromisoformat("2023-03-06T17:00:00+07:00")
"""Office hours end while the queue is down: whoever paid before still has a day of it, whenever that is recorded."""
DUE_BEFORE, DUE_AFTER = "2023-03-13T17:00:00+07:00", "2023-03-14T17:00:00+07:00"
PROVINCES = ("79", "01", "91", "89", "87", "48", "24", "31", "75", "77")
SENDERS = 8
STATUSES = 3
"""AWAITING_PAYMENT, RECEIVED, IN_PROCESS."""


@dataclass
class Judgement:
    """What was found; `faults` names what must not be."""

    figures: dict[str, Any]
    faults: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.faults

    def lines(self) -> Iterator[str]:
        for name, value in self.figures.items():
            yield f"{name}: {value}"
        yield "everything as it must be" if self.good else "\n".join(f"FAULT: {fault}" for fault in self.faults)


class Outage:
    """One outage; call its steps in order."""

    def __init__(self, client: LocalClient, chance: random.Random, vouchers: int, provinces: int, first: int = 0):
        self._client, self._chance = client, chance
        self._declarations = [first_timer(first + serial, from_month="2023-03") for serial in range(vouchers)]
        for number, declaration in enumerate(self._declarations):
            declaration["permanent_address"]["province_code"] = PROVINCES[number % provinces]
        self._provinces = PROVINCES[:provinces]
        self._first = first
        self.vouchers: list[Json] = []
        self._due: dict[str, str] = {}
        self._unseen: list[str] = []
        self._dead = self._statuses_before = 0
        self.sent = 0

    def open_dossiers(self) -> None:
        """By the API, several at a time; each has its voucher, paid at some moment of the outage."""
        self._client.set_clock(MORNING)
        self._statuses_before = self._depth("status_queue_url")
        opened = at_once(self._open, self._declarations)
        codes = [dossier["dossier_code"] for dossier in opened]
        assert len(set(codes)) == len(codes), "two dossiers got one code"
        span = int((datetime.fromisoformat(BACK) - DOWN).total_seconds())
        for number, (declaration, dossier) in enumerate(zip(self._declarations, opened, strict=True), 1):
            code = dossier["dossier_code"]
            paid_at = DOWN + timedelta(seconds=self._chance.randrange(span))
            self._due[code] = DUE_BEFORE if paid_at <= CLOSING else DUE_AFTER
            province = declaration["permanent_address"]["province_code"]
            named = {"number": f"{number:07d}", "paid_at": paid_at, "quote": dossier["quote"]}
            self.vouchers.append(voucher_for(declaration, code, **named, province_code=province))
        self._unseen = list(self._due)

    def _open(self, declaration: Json) -> Json:
        reply = self._client.call("POST", "/v1/dossiers", declaration, who="portal")
        assert reply.status == 201, reply.body
        body: Json = reply.body
        return body

    def go_down(self) -> None:
        """The queue keeps its messages; nobody reads them."""
        self._switch(on=False)

    def send(self) -> None:
        """In no order, one in twenty twice, in the batches of ten that SQS takes; each province's manifest as well."""
        again = [{**voucher, "message_id": f"{voucher['message_id']}-2"} for voucher in self.vouchers[::20]]
        messages = [*self.vouchers, *again]
        self._chance.shuffle(messages)
        messages += [self._manifest(province) for province in self._provinces]
        self.sent = len(messages)
        url, sqs = self._client.endpoints["voucher_queue_url"], self._client.aws("sqs")

        def send(batch: list[Json]) -> None:
            entries = [
                {"Id": str(number), "MessageBody": json.dumps(message, ensure_ascii=False)}
                for number, message in enumerate(batch)
            ]
            assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == len(batch)

        at_once(send, [messages[start : start + 10] for start in range(0, len(messages), 10)])
        self._dead = self._depth("voucher_dlq_url")
        assert self._depth("voucher_queue_url") == self.sent, "the queue does not hold what was sent"

    def _manifest(self, province: str) -> Json:
        paid = [voucher for voucher in self.vouchers if voucher["province_code"] == province]
        return {
            "type": "manifest",
            "date": DOWN.date().isoformat(),
            "province_code": province,
            "count": len(paid),
            "sum_received": sum(voucher["amount_received"] for voucher in paid),
        }

    def two_hours_later(self) -> None:
        """All but the vouchers comes to rest meanwhile: dossiers are counted, their executions sleep."""
        self._client.set_clock(BACK)
        wait_until(
            lambda: self._first_without(lambda code, found: (f"DOSSIER#{code}", "TALLY") in found),
            lambda left: left is None,
            "the dossiers to be counted",
            600.0,
            every=0.5,
        )

    def come_back(self) -> None:
        self._switch(on=True)

    def _switch(self, *, on: bool) -> None:
        functions = self._client.aws("lambda")
        (mapping,) = [
            each
            for each in functions.list_event_source_mappings()["EventSourceMappings"]
            if each["EventSourceArn"].endswith(self._client.endpoints["voucher_queue_url"].rpartition("/")[2])
        ]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    def wait_until_empty(self, patience: float, say: Callable[[str], None] = lambda text: None) -> None:
        """Until every message is answered for."""
        began, told = time.monotonic(), time.monotonic()
        while depth := self._depth("voucher_queue_url"):
            now = time.monotonic()
            if now - began > patience:
                raise TimeoutError(f"{depth} messages still wait")
            if now - told > 10:
                told = now
                say(f"{depth} messages wait")
            time.sleep(0.25)

    def wait_until_settled(self, patience: float) -> None:
        """Until the relay has told every status, every cover waits for its signer and every dossier is counted."""
        expected = STATUSES * len(self.vouchers)
        wait_until(
            lambda: self._depth("status_queue_url") - self._statuses_before,
            lambda depth: depth >= expected,
            "all status messages",
            patience,
            every=0.5,
        )
        wait_until(
            lambda: self._first_without(_settled), lambda left: left is None, "covers and totals", patience, every=0.5
        )

    def wait_until_issued(self, patience: float) -> None:
        """Until a signer's campaign has led every dossier to its result."""
        wait_until(lambda: self._first_without(_returned), lambda left: left is None, "results", patience, every=1.0)

    def _first_without(self, holds: Callable[[str, Table], bool]) -> str | None:
        """A dossier for which it does not hold yet, or None. Reads a few keys, and none of those that were seen."""
        while self._unseen:
            chunk = self._unseen[:30]
            keys = [(f"DOSSIER#{code}", sort) for code in chunk for sort in ("META", "TALLY", "COVER#1#TOKEN")]
            asked = [{"PK": {"S": partition}, "SK": {"S": sort}} for partition, sort in keys]
            name = self._client.endpoints["table"]
            answer = self._client.aws("dynamodb").batch_get_item(RequestItems={name: {"Keys": asked}})
            found = {(item["PK"]["S"], item["SK"]["S"]): item for item in answer["Responses"][name]}
            for code in chunk:
                if not holds(code, found):
                    return code
                self._unseen.remove(code)
        self._unseen = list(self._due)
        return None

    def heads(self, table: Table | None = None) -> dict[str, Json]:
        """Where each voucher stands."""
        table = table or self._table()
        names = [voucher["voucher_id"] for voucher in self.vouchers]
        return {name: table.get((f"VOUCHER#{name}", "HEAD"), {}) for name in names}

    def judge(self) -> Judgement:
        """No loss, no duplicate, every sum, every due date; and how often the busiest key was written."""
        table, faults = self._table(), []
        ours = {voucher["voucher_id"]: voucher for voucher in self.vouchers}
        heads = self.heads(table)
        applied = [name for name, head in heads.items() if head.get("state") == {"S": "APPLIED"}]
        if lost := len(ours) - len(applied):
            faults.append(f"{lost} vouchers are not applied")
        people = Counter(row["voucher_id"]["S"] for (_, sk), row in table.items() if sk.startswith("PERIOD#"))
        twice = [name for name in ours if people[name] != 1]
        if twice:
            faults.append(f"{len(twice)} vouchers are recorded never or more than once")
        faults += self._wrong_totals([ours[name] for name in applied])
        late = [
            code
            for code, due in self._due.items()
            if table[f"DOSSIER#{code}", "META"].get("due_at") != {"S": due}
            or table[f"DOSSIER#{code}", "META"]["state"] != {"S": "IN_PROCESS"}
        ]
        if late:
            faults.append(f"{len(late)} dossiers are not in process until their due date")
        gaps = [code for code in self._due if not _whole_trail(code, table)]
        if gaps:
            faults.append(f"{len(gaps)} trails have a gap")
        dead = self._depth("voucher_dlq_url") - self._dead
        if dead:
            faults.append(f"{dead} messages are dead")
        figures = {
            "applied": len(applied),
            "sum": sum(ours[name]["amount_received"] for name in applied),
            "losses": lost,
            "recorded twice": len(twice),
            "due dates that moved": len(late),
            "dead letters": dead,
            "most writes to one partition key, statistics apart": _busiest(table, self._due, ours),
        }
        return Judgement(figures, faults)

    def _wrong_totals(self, applied: Sequence[Json]) -> Iterator[str]:
        """Each province's reconciliation: what was sent was received and applied, without a difference."""
        by_province: dict[str, list[int]] = defaultdict(list)
        for voucher in applied:
            by_province[voucher["province_code"]].append(voucher["amount_received"])
        for province in self._provinces:
            path = f"/v1/officer/reconciliation?date={DOWN.date().isoformat()}&province={province}"
            reply = self._client.call("GET", path, who="ops")
            assert reply.status == 200, reply.body
            (report,) = reply.body["items"]
            ours = {"count": len(by_province[province]), "sum": sum(by_province[province])}
            told = [report["sent"], report["received"], report["applied"]]
            if told != [ours] * 3 or report["open_differences"]:
                yield f"province {province}: sent, received, applied {told} instead of {ours}"

    def _table(self) -> Table:
        pages = self._client.aws("dynamodb").get_paginator("scan").paginate(TableName=self._client.endpoints["table"])
        return {(item["PK"]["S"], item["SK"]["S"]): item for page in pages for item in page["Items"]}

    def _depth(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._client.aws("sqs").get_queue_attributes(
            QueueUrl=self._client.endpoints[queue], AttributeNames=names
        )["Attributes"]
        return sum(int(told[name]) for name in names)


def _settled(code: str, found: Table) -> bool:
    """Its cover waits for the signer, and it is counted as it stands."""
    head, tally = found[f"DOSSIER#{code}", "META"], found.get((f"DOSSIER#{code}", "TALLY"), {})
    return (f"DOSSIER#{code}", "COVER#1#TOKEN") in found and tally.get("version") == head["version"]


def _returned(code: str, found: Table) -> bool:
    return bool(found[f"DOSSIER#{code}", "META"]["state"] == {"S": "RESULT_RETURNED"})


def _whole_trail(code: str, table: Table) -> bool:
    """One audit line for each version of the dossier, from the first to the last."""
    version = int(table[f"DOSSIER#{code}", "META"]["version"]["N"])
    keys = sorted(key for key in table if key[0] == f"DOSSIER#{code}" and key[1].startswith(AUDIT))
    trail = trail_of(decode_item(table[key]) for key in keys)
    return [line.version for line in trail] == list(range(1, version + 1))


def _busiest(table: Table, codes: dict[str, str], vouchers: dict[str, Json]) -> int:
    """Writes to the busiest partition key of dossiers, people and vouchers: every item once, and each later version."""
    ours = {f"DOSSIER#{code}" for code in codes} | {f"VOUCHER#{name}" for name in vouchers}
    writes: Counter[str] = Counter()
    for (partition, _), item in table.items():
        if partition in ours or partition.startswith(("PERSON#", "RECEIPT#", "SI#")):
            writes[partition] += int(item.get("version", {}).get("N", 1)) if "version" in item else 1
    return max(writes.values(), default=0)


def at_once(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(work, items))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def workers_cpu_seconds(pid: int) -> float:
    """The same of the functions' processes (HANDLERS=process)."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return sum(cpu_seconds(int(child)) for task in children for child in task.read_text("ascii").split())


def machine() -> str:
    """What the figures were measured on."""
    names = (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines())
    model = next((name for name in names if "CPU" in name or "Processor" in name), "")
    return f"{os.cpu_count()} cores {model}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
