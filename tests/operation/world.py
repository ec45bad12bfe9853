"""A few hundred people in every state, before and after something happens to the system; what it was is not known here.

`before` brings them to Monday 13/02/2023, shortly before 17:00, with executions asleep until then. `amid` is what goes
on while it happens, `after` brings everybody to the end. `tests/operation/judge.py` says what must be true then.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from infra.local.client import wait_until
from infra.local.samples import voucher_for

from .insistent import InsistentClient
from .people import AMOUNT, CAMPAIGN_PROVINCE, COURSES, SHORT, Json, Someone, make

T = TypeVar("T")
R = TypeVar("R")

MONDAY, WEDNESDAY = "2023-02-06T09:00:00+07:00", "2023-02-08T10:00:00+07:00"
PAID_EARLY = "2023-02-06T09:15:22+07:00"
SUNDAY = "2023-02-12T17:00:00+07:00"
NOON, AFTERNOON = "2023-02-13T14:00:00+07:00", "2023-02-13T16:30:00+07:00"
CLOSING = datetime.fromisoformat("2023-02-13T17:00:00+07:00")
PAID_LATE = "2023-02-13T16:20:00+07:00"
EVENING, MARCH = "2023-02-13T18:00:00+07:00", "2023-03-13T08:00:00+07:00"
"""A supplement that was asked for on 08/02 must come by 10/03."""
PATIENCE = 300.0
AT_ONCE = 4

Say = Callable[[str], None]


class World:
    """One rehearsal's people and what they do."""

    def __init__(
        self, system: InsistentClient, tokens: Callable[[Json], str], each: int, say: Say, *, first: int = 500_000
    ) -> None:
        """`tokens` signs a token with these claims; `each`: how many people of every kind."""
        self.system, self._say = system, say
        self._kiosk = tokens({"sub": "portal-kiosk", "role": "portal", "client_id": "kiosk"})
        self._campaigner = tokens({"sub": "signer-48", "role": "signer", "province": [CAMPAIGN_PROVINCE]})
        kinds = [kind for kind in COURSES for _ in range(each)]
        # Every third person comes by the kiosk.
        self.people = [
            make(kind, first + number, "portal" if number % 3 else self._kiosk, of_kiosk=number % 3 == 0)
            for number, kind in enumerate(kinds)
        ]
        self.campaign = ""
        self.heard: dict[str, list[Json]] = defaultdict(list)
        self.heard_again = 0
        """What the portals have read of the topic so far, by dossier in the order of arrival, and what was repeated."""
        self._table: dict[tuple[str, str], Json] = {}

    def of(self, *kinds: str) -> list[Someone]:
        return [who for who in self.people if who.kind in kinds]

    # what happens before

    def before(self) -> None:
        """Everybody to where the story finds them."""
        early = [who for who in self.people if who.course.paid_early]
        self.set_clock(MONDAY)
        self._say(f"Monday 06/02: {len(early)} declare and pay")
        self.at_once(self.declare, early)
        self.at_once(lambda who: self.pay(who, PAID_EARLY), early)
        self.wait_for_states(early, "IN_PROCESS")
        self.sign_all("DONE")
        self.wait_for_states(self.of("DONE"), "RESULT_RETURNED")
        self.set_clock(WEDNESDAY)
        self._say("Wednesday 08/02: supplements are asked for, some withdraw")
        ask = {"reason": "Số điện thoại không liên lạc được.", "fields": ["phone"]}
        self.at_once(lambda who: self.officer(who, "supplement-request", ask), self.of("SUPPLEMENTED", "SILENT"))
        self.at_once(self._withdraw, self.of("WITHDRAWN"))
        self.set_clock(SUNDAY)
        self._say("Sunday 12/02, 17:00: those declare who will not pay")
        self.at_once(self.declare, self.of("EXPIRES"))
        self.set_clock(NOON)
        late = self.of("QUEUED", "DEAD", "TOPPED_UP", "PAYS_AMID")
        self._say(f"Monday 13/02: {len(late)} declare, some pay in part, some before they declare")
        self.at_once(self.declare, late)
        self.set_clock(AFTERNOON)
        self.at_once(lambda who: self.pay(who, PAID_LATE, amount_received=SHORT), self.of("TOPPED_UP"))
        self.at_once(lambda who: self.pay(who, PAID_LATE), self.of("PARKED"))
        self.wait_for_vouchers(self.of("TOPPED_UP"), "HELD")
        self.wait_for_vouchers(self.of("PARKED"), "PARKED")
        self.wait_until_followed_up()

    def fall_asleep(self, seconds: float) -> dict[str, int]:
        """Set the clock so many seconds before closing and wait until every execution sleeps.

        Answers the ARN of each and the number of its last event.
        """
        self.set_clock((CLOSING - timedelta(seconds=seconds)).isoformat())
        self.wait_until_followed_up()
        return self.wait_until_asleep()

    def stop_consumer(self) -> None:
        """Vouchers stay in the queue; others lie among the dead letters."""
        self._switch(on=False)
        self.at_once(lambda who: self.pay(who, PAID_LATE), self.of("QUEUED"))
        dead = self.system.endpoints["voucher_dlq_url"]
        for who in self.of("DEAD"):
            body = json.dumps(self.voucher(who, PAID_LATE), ensure_ascii=False)
            self.insist(lambda body=body: self.system.aws("sqs").send_message(QueueUrl=dead, MessageBody=body))  # type: ignore[misc]

    def start_consumer(self) -> None:
        self._switch(on=True)

    def start_campaign(self) -> None:
        reply = self.system.call(
            "POST", "/v1/officer/covers/campaigns", {"province_code": CAMPAIGN_PROVINCE}, who=self._campaigner
        )
        assert reply.status == 202, reply.body
        self.campaign = reply.body["campaign_id"]

    # what happens meanwhile

    def amid(self, part: int | None = None) -> None:
        """Declarations, payments, looks and lists, as on any day; of the people each second one, by part."""
        self._say("meanwhile: declarations, payments, work lists")
        step = slice(None) if part is None else slice(part, None, 2)
        declaring, paying = self.of("DECLARES_AMID")[step], self.of("PAYS_AMID")[step]
        self.at_once(self.declare, declaring)
        self.at_once(lambda who: self.pay(who, PAID_LATE), [*paying, *declaring])
        for path, who in (
            ("/v1/officer/dossiers?limit=50", "officer_79"),
            ("/v1/officer/covers?limit=50", "signer_79"),
            ("/v1/officer/stuck?province=79", "ops"),
        ):
            reply = self.system.call("GET", path, who=who)
            assert reply.status == 200, (path, reply.body)
        self.wait_for_states([*paying, *declaring], "IN_PROCESS")

    # what happens afterwards

    def closing(self) -> None:
        """What slept until 17:00 wakes."""
        self._say("17:00: unpaid dossiers expire, late ones are marked")
        self.wait_for_states(self.of("EXPIRES"), "EXPIRED")
        self.wait_for_marks()

    def evening(self, redrive: Callable[[], None]) -> None:
        """Everybody to the end. `redrive` replays the dead letters as an operator does."""
        self.set_clock(EVENING)
        self._say("18:00: supplements, top-ups, declarations of those who paid first; dead letters replayed")
        self.at_once(self._supply, self.of("SUPPLEMENTED"))
        rest = {"amount_received": AMOUNT - SHORT, "amount_participant": AMOUNT - SHORT, "amount_state": 0}
        rest["amount_gross"] = AMOUNT - SHORT
        self.at_once(lambda who: self.pay(who, PAID_LATE, **rest), self.of("TOPPED_UP"))
        self.at_once(self.declare, self.of("PARKED"))
        if self.of("DEAD"):
            redrive()
        signed = ("SIGNED_LATE", "SUPPLEMENTED", "QUEUED", "DEAD", "PARKED", "TOPPED_UP", "PAYS_AMID", "DECLARES_AMID")
        self.wait_for_states(self.of(*signed), "IN_PROCESS")
        self._say("the signer signs what waits")
        self.sign_all(*signed)
        self.wait_for_states(self.of(*signed, "CAMPAIGN"), "RESULT_RETURNED")
        self.set_clock(MARCH)
        self._say("March: the time of supplements that never came is over")
        self.wait_for_states(self.of("SILENT"), "STOPPED")
        self.wait_until_followed_up()

    # the single steps

    def declare(self, who: Someone) -> None:
        reply = self.system.call(
            "POST", "/v1/dossiers", who.declaration, who=who.portal, headers={"Idempotency-Key": who.key}
        )
        assert reply.status == 201, reply.body
        assert not who.dossier or who.code == reply.body["dossier_code"], "one key, two dossiers"
        who.dossier = reply.body

    def pay(self, who: Someone, paid_at: str, **changes: Any) -> None:
        self.system.send_voucher(self.voucher(who, paid_at, **changes))

    def voucher(self, who: Someone, paid_at: str, **changes: Any) -> Json:
        """The next voucher of somebody; who has no dossier yet is named by person, month and amount."""
        made = voucher_for(
            who.declaration,
            who.dossier.get("dossier_code"),
            number=f"{len(who.vouchers) + 1:07d}",
            paid_at=datetime.fromisoformat(paid_at),
            quote=who.dossier.get("quote"),
            province_code=who.declaration["permanent_address"]["province_code"],
            **({} if who.dossier else {"channel": "BANK_APP"}),
            **changes,
        )
        who.vouchers.append(made)
        return made

    def officer(self, who: Someone, what: str, body: Json) -> None:
        version = self.dossier(who)["version"]
        path, headers = f"/v1/officer/dossiers/{who.code}/{what}", {"If-Match": f'"{version}"'}
        reply = self.system.call("POST", path, body, who="officer_79", headers=headers)
        assert reply.status == 200, reply.body

    def dossier(self, who: Someone) -> Json:
        return self.system.dossier(who.code, who.portal)

    def sign_all(self, *kinds: str) -> None:
        """The signer of province 79 goes through the list until nothing of these people is on it."""
        wanted = {who.code for who in self.of(*kinds)}
        deadline = time.monotonic() + PATIENCE
        while wanted:
            listed = [
                row
                for row in self.system.rows("/v1/officer/covers?state=DATA_CREATED", "signer_79")
                if row["dossier_code"] in wanted
            ]
            wanted -= set(self.at_once(self._sign, listed))
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(wanted)} covers are not listed for the signer")

    def _sign(self, cover: Json) -> str:
        """The code of a dossier whose cover was signed, or is signed already."""
        path = f"/v1/officer/covers/{cover['cover_id']}/issue"
        key = {"If-Match": f'"{cover["version"]}"', "Idempotency-Key": f"signs-{cover['cover_id']}-{cover['version']}"}
        reply = self.system.call("POST", path, who="signer_79", headers=key)
        assert reply.status in (202, 409, 412), reply.body
        return str(cover["dossier_code"]) if reply.status == 202 else ""

    def _withdraw(self, who: Someone) -> None:
        path, key = f"/v1/dossiers/{who.code}/withdrawal", f"withdraws-{who.code}"
        headers = {"Idempotency-Key": key}
        reply = self.system.call("POST", path, {"reason": "Đổi ý."}, who=who.portal, headers=headers)
        assert reply.status == 200, reply.body

    def _supply(self, who: Someone) -> None:
        path, key = f"/v1/dossiers/{who.code}/supplements", f"supplies-{who.code}"
        headers = {"Idempotency-Key": key}
        reply = self.system.call("POST", path, {"phone": "0987654321"}, who=who.portal, headers=headers)
        assert reply.status == 200, reply.body

    def set_clock(self, now: str) -> None:
        self.system.set_clock(now)

    def _switch(self, *, on: bool) -> None:
        functions, queue = self.system.aws("lambda"), self.system.endpoints["voucher_queue_url"].rpartition("/")[2]
        mappings = self.insist(lambda: functions.list_event_source_mappings()["EventSourceMappings"])
        (mapping,) = [each for each in mappings if each["EventSourceArn"].endswith(f":{queue}")]
        self.insist(lambda: functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on))

    def hear(self) -> None:
        """The portals read what was published."""
        sqs, url = self.system.aws("sqs"), self.system.endpoints["status_queue_url"]
        while True:
            received = self.insist(lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10))
            messages = received.get("Messages", [])
            if not messages:
                return
            for message in messages:
                body = json.loads(message["Body"])
                known = self.heard[body["dossier_code"]]
                if body in known:
                    self.heard_again += 1
                else:
                    known.append(body)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def send_again(self) -> int:
        """Accounting sends every voucher once more, as it does when it is not sure. Answers how many."""
        vouchers = [voucher for who in self.people for voucher in who.vouchers]
        again = [{**voucher, "message_id": f"{voucher['message_id']}-2"} for voucher in vouchers]
        self.at_once(self.system.send_voucher, again)
        self._wait(lambda: [1] * self._depth(), lambda left: f"{len(left)} messages wait")
        return len(again)

    def _depth(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs, url = self.system.aws("sqs"), self.system.endpoints["voucher_queue_url"]
        told = self.insist(lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names))["Attributes"]
        return sum(int(value) for value in told.values())

    # waiting

    def wait_for_states(self, people: Sequence[Someone], state: str) -> None:
        """Until each of them is in this state. Tells how many are not, now and then."""
        self._wait(
            lambda: [who for who in people if self._state_of(who) != state],
            lambda left: f"{len(left)} of {len(people)} are not yet {state}: {[(w.kind, w.code) for w in left[:3]]}",
        )

    def _state_of(self, who: Someone) -> str:
        item = self._table.get((f"DOSSIER#{who.code}", "META"), {})
        return str(item.get("state", {}).get("S"))

    def wait_for_vouchers(self, people: Sequence[Someone], state: str) -> None:
        names = [voucher["voucher_id"] for who in people for voucher in who.vouchers]
        self._wait(
            lambda: [
                name for name in names if self._table.get((f"VOUCHER#{name}", "HEAD"), {}).get("state") != {"S": state}
            ],
            lambda left: f"{len(left)} vouchers are not yet {state}",
        )

    def wait_for_marks(self) -> None:
        late = [who for who in self.people if who.course.overdue]
        self._wait(
            lambda: [
                who
                for who in late
                if "OVERDUE" not in json.dumps(self._table[f"DOSSIER#{who.code}", "META"].get("milestones", {}))
            ],
            lambda left: f"{len(left)} of {len(late)} late dossiers are not marked",
        )

    def wait_until_followed_up(self) -> None:
        """Until the relay has told every line and every waiting cover has an execution that waits for its signer."""
        self._wait(lambda: list(_unfollowed(self._table)), lambda left: f"{len(left)} are not followed up: {left[:3]}")

    def wait_until_asleep(self) -> dict[str, int]:
        """Until the execution of every open dossier sleeps; answers its ARN and the number of its last event."""
        self._wait(lambda: self._awake(), lambda left: f"{len(left)} executions are awake: {left[:3]}")
        executions = [self._execution(code, generation) for code, generation in _open(self._table)]
        return {arn: self.last_event(arn)["id"] for arn in executions}

    def _awake(self) -> list[str]:
        executions = [self._execution(code, generation) for code, generation in _open(self._table)]
        return [arn.rpartition(":")[2] for arn in executions if not sleeps(self.last_event(arn))]

    def last_event(self, arn: str) -> Json:
        """The last event of an execution's history; nothing where there is no such execution."""
        states = self.system.aws("stepfunctions")

        def ask() -> list[Json]:
            try:
                found: list[Json] = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1)[
                    "events"
                ]
            except states.exceptions.ExecutionDoesNotExist:
                return []
            return found

        return next(iter(self.insist(ask)), {})

    def _execution(self, code: str, generation: str) -> str:
        region = self.system.endpoints["region"]
        machine = f"{self.system.endpoints['stack']}-dossier"
        return f"arn:aws:states:{region}:000000000000:execution:{machine}:{code}-g{generation}"

    def _wait(self, look: Callable[[], list[T]], what: Callable[[list[T]], str]) -> None:
        told = time.monotonic()

        def seen() -> list[T]:
            nonlocal told
            self._table = self.table()
            left = look()
            if left and time.monotonic() - told > 10:
                told = time.monotonic()
                self._say(f"  {what(left)}")
            return left

        try:
            wait_until(seen, lambda left: not left, "", PATIENCE, every=0.5)
        except TimeoutError:
            raise TimeoutError(what(look())) from None

    def table(self) -> dict[tuple[str, str], Json]:
        """Every item by its key."""
        table = self.system.endpoints["table"]

        def scan() -> dict[tuple[str, str], Json]:
            pages = self.system.aws("dynamodb").get_paginator("scan").paginate(TableName=table)
            return {(item["PK"]["S"], item["SK"]["S"]): item for page in pages for item in page["Items"]}

        return self.insist(scan)

    def insist(self, ask: Callable[[], R]) -> R:
        return self.system.insist(ask)

    def at_once(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """For each, four at a time, in order of the answers."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(work, items))


def sleeps(last: Json) -> bool:
    """Whether an execution's last event leaves it asleep: in a Wait state, or under a token."""
    token = str(last.get("taskScheduledEventDetails", {}).get("resource")).endswith(".waitForTaskToken")
    return last.get("type") == "WaitStateEntered" or (last.get("type") == "TaskScheduled" and token)


def _open(table: dict[tuple[str, str], Json]) -> Iterator[tuple[str, str]]:
    """Code and generation of every dossier that is open: it is on the work list."""
    for (partition, sort), item in table.items():
        if (
            sort == "META"
            and partition.startswith("DOSSIER#")
            and item.get("GSI2PK", {}).get("S", "").startswith("OPEN#")
        ):
            yield partition.removeprefix("DOSSIER#"), item.get("generation", {}).get("N", "1")


def _unfollowed(table: dict[tuple[str, str], Json]) -> Iterator[str]:
    for (partition, sort), item in table.items():
        if sort == "META" and partition.startswith("DOSSIER#"):
            if table.get((partition, "TALLY"), {}).get("version") != item["version"]:
                yield partition
        elif sort.startswith("COVER#") and item.get("state") == {"S": "DATA_CREATED"}:
            token = table.get((partition, f"{sort}#TOKEN"), {})
            if token.get("run") != item.get("run"):
                yield f"{partition} {sort}"
