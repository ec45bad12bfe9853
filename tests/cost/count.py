"""What one registration asks of AWS: the real functions and machines are run, and every call is written down."""

from __future__ import annotations

import io
import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3

from chalicelib.domain.months import VIETNAM
from chalicelib.log import JsonFormatter
from chalicelib.storage.codec import Attributes
from chalicelib.storage.keys import FIELD_KEYS
from infra.merge import merged_overlay
from infra.release import SYSTEM_LOG_LEVELS
from tests.integration.http.harness import OFFICER_79, PORTAL, QUOTE
from tests.workflows.driver import Ran, VirtualClock
from tests.workflows.house import Call, House, open_house, voucher

from .writing import WRITES, Watch, Write, indexes_of, size, stored_bytes

START = datetime(2023, 2, 6, 2, 15, tzinfo=UTC)
EVENT_BYTES = 26
"""What CloudWatch adds to each line."""

PLATFORM_LINES = 2 * EVENT_BYTES + 330
"""Bytes of Lambda's own START and REPORT, as JSON, where the stage's level lets them through."""

ACCESS_LINE = 420
"""Bytes of a line of the API's access log."""

INDEXES = indexes_of(merged_overlay("production")["Resources"]["Table"]["Properties"])


@dataclass
class Tally:
    """Counts of one registration of a kind, by what AWS bills."""

    units: Counter[str] = field(default_factory=Counter)
    invocations: Counter[str] = field(default_factory=Counter)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    """By function: how many calls of which sort it waits for."""
    writes: list[Write] = field(default_factory=list)
    """Each item written, in order."""
    log_bytes: int = 0
    table_bytes: int = 0
    document_bytes: int = 0


def tallies() -> dict[str, Tally]:
    """By kind of registration. The same figures at every run: no clock but the virtual one is looked at."""
    return {
        "first-timer with a cover": _counted(_first_timer),
        "continues with a book": _counted(_continues),
        "never pays": _counted(_never_pays),
    }


def _first_timer(house: House, tally: Tally) -> None:
    _asks(house)
    code = house.declare()

    def pay() -> None:
        _sends_and_takes(tally)
        house.pay(code)
        house.clock.at(house.clock.now + timedelta(hours=20), lambda: _officer_signs(house))
        _transitions(tally, house.run_cover())

    house.clock.at(house.clock.now + timedelta(minutes=15), pay)
    _transitions(tally, house.run_dossier())
    _polls(house, code)
    assert house.call("GET", f"/v1/dossiers/{code}/cover", caller=PORTAL).status == 200
    assert house.dossier(code)["state"] == "RESULT_RETURNED"


def _officer_signs(house: House) -> None:
    """A look at the list (a page for many), and the decision."""
    house.sign()


def _continues(house: House, tally: Tally) -> None:
    _asks(house)
    code = house.declare(case_type="CONTINUE", si_number="7912345678")

    def pay() -> None:
        _sends_and_takes(tally)
        paid_at = house.clock.now.astimezone(VIETNAM)
        house.deliver(voucher(code, paid_at, si_number="7912345678"))
        house.pump()

    house.clock.at(house.clock.now + timedelta(minutes=15), pay)
    _transitions(tally, house.run_dossier())
    _polls(house, code)
    assert house.dossier(code)["state"] == "RESULT_RETURNED"


def _never_pays(house: House, tally: Tally) -> None:
    _asks(house)
    code = house.declare()
    _transitions(tally, house.run_dossier())
    _polls(house, code)
    assert house.dossier(code)["state"] == "EXPIRED"


def _transitions(tally: Tally, ran: Ran) -> None:
    """Each state entered is one, and the start is one more."""
    tally.units["state_transition"] += len(ran.path) + 1


def _asks(house: House) -> None:
    """Two prices looked at before one is taken."""
    for _ in range(2):
        assert house.call("POST", "/v1/quotes", QUOTE).status == 200


def _polls(house: House, code: str) -> None:
    """Four looks of the portal beside the status messages, three of which find nothing new; one of an officer."""
    answer = house.call("GET", f"/v1/dossiers/{code}", caller=PORTAL)
    for _ in range(3):
        same = {"If-None-Match": answer.headers["ETag"]}
        assert house.call("GET", f"/v1/dossiers/{code}", caller=PORTAL, headers=same).status == 304
    assert house.call("GET", f"/v1/dossiers/{code}", caller=OFFICER_79).status == 200


def _sends_and_takes(tally: Tally) -> None:
    # Accounting's send; the consumer's receive and delete, as if no two vouchers came together.
    tally.units["sqs_request"] += 3


def _counted(play: Callable[[House, Tally], None]) -> Tally:
    tally, log = Tally(), io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(JsonFormatter())
    # In place of the one that prints.
    logger = logging.getLogger("chalicelib")
    logger.handlers, printing = [handler], logger.handlers
    before = logger.level
    logger.setLevel("INFO")
    try:
        # Within an invocation they are believed, however slow this machine is.
        still = SimpleNamespace(monotonic=lambda: 0.0)
        with open_house(VirtualClock(START)) as house, patch("chalicelib.lawbook.time", still):
            watch = _watch_writes(house)
            # The first data key of all is made once for many.
            house._running.append("")
            house.w.fields.seal("nobody", "nothing", "")
            house._running.pop()
            house.calls.clear()
            watch.writes.clear()
            invoked = _count_invocations(house)
            play(house, tally)
            items = _items(house.w.settings.table)
            tally.invocations = Counter(invoked)
            _add_calls(house.calls, items, tally)
            tally.writes = watch.writes
            tally.units["dynamodb_write"] += sum(write.all_units for write in watch.writes)
            tally.table_bytes = stored_bytes(items.values(), INDEXES)
            stored = boto3.client("s3").list_objects_v2(Bucket="documents").get("Contents", [])
            tally.document_bytes = sum(each["Size"] for each in stored)
    finally:
        os.environ.pop("AWS_LAMBDA_FUNCTION_NAME", None)
        logger.handlers = printing
        logger.setLevel(before)
    requests = tally.invocations["APIHandler"]
    tally.units["api_request"] += requests
    tally.units["lambda_request"] += sum(tally.invocations.values())
    lines = log.getvalue()
    tally.log_bytes = len(lines.encode()) + EVENT_BYTES * lines.count("\n") + ACCESS_LINE * requests
    if SYSTEM_LOG_LEVELS["production"] == "INFO":
        tally.log_bytes += PLATFORM_LINES * tally.invocations.total()
    return tally


def _count_invocations(house: House) -> list[str]:
    """The functions invoked from now on, in order."""
    found: list[str] = []
    start = house._start

    def counted(function: str) -> None:
        found.append(function)
        # Between two invocations of a process more time goes by than it believes the rules.
        house.w.lawbook.forget()
        # Every line of the log names its function.
        os.environ["AWS_LAMBDA_FUNCTION_NAME"] = f"bhxh-602e-production-{function}"
        start(function)

    house._start = counted  # type: ignore[method-assign]
    return found


def _watch_writes(house: House) -> Watch:
    """Every write from now on, with its item before and after it."""
    onlooker, make, table = boto3.client("dynamodb"), house.w.client, house.w.settings.table
    watch = Watch(lambda key: onlooker.get_item(TableName=table, Key=key).get("Item", {}), INDEXES)

    def watched(service: str, **more: str) -> Any:
        client = make(service, **more)
        if service == "dynamodb":
            for operation in WRITES:
                client.meta.events.register(f"provide-client-params.dynamodb.{operation}", before)
                client.meta.events.register(f"after-call.dynamodb.{operation}", after)
        return client

    def before(params: Any, model: Any, **_: object) -> None:
        watch.before(model.name, params)

    def after(model: Any, **_: object) -> None:
        watch.after(house._running[-1], model.name)

    house.w.__dict__["client"] = watched
    return watch


def _items(table: str) -> dict[tuple[str, str], Attributes]:
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return {(item["PK"]["S"], item["SK"]["S"]): item for page in pages for item in page["Items"]}


ONCE_A_PROCESS = {
    ("secretsmanager", "GetSecretValue"),
    ("ssm", "GetParameter"),
    ("ssm", "GetParametersByPath"),
    ("kms", "GetPublicKey"),
    # The data keys of single fields, every few minutes.
    ("kms", "Decrypt"),
    ("kms", "GenerateDataKey"),
}
"""Asked for many invocations at a time."""


def _add_calls(calls: list[Call], items: Mapping[tuple[str, str], Attributes], tally: Tally) -> None:
    for call in calls:
        if (call.service, call.operation) not in ONCE_A_PROCESS and not _reads_data_keys(call):
            sort = _bill(call, items, tally.units)
            tally.calls.setdefault(call.function, Counter())[sort] += 1


def _reads_data_keys(call: Call) -> bool:
    return call.operation == "Query" and {"S": FIELD_KEYS} in call.parameters["ExpressionAttributeValues"].values()


def _bill(call: Call, items: Mapping[tuple[str, str], Attributes], units: Counter[str]) -> str:
    """Add what a call costs; answers what sort of waiting it is."""
    if call.service == "dynamodb":
        if call.operation in WRITES:
            return "transaction"
        units["dynamodb_read"] += round(_read_units(call, items) + 0.01)
        return "read"
    if call.service == "s3":
        units["s3_put" if call.operation == "PutObject" else "s3_get"] += 1
        return "s3"
    if call.service == "kms":
        units["kms_signature" if call.operation == "Sign" else "kms_request"] += 1
        return "kms"
    if call.service == "sns":
        units["sns_publish"] += 1
    elif call.service == "sqs":
        units["sqs_request"] += 1
    return "other"


def _subject(asked: Mapping[str, Any], items: Mapping[tuple[str, str], Attributes]) -> Attributes:
    """The item that is written: as given, or as it stands at the end."""
    if "Item" in asked:
        given: Attributes = asked["Item"]
        return given
    key = asked["Key"]
    return items.get((key["PK"]["S"], key["SK"]["S"]), key)


def _read_units(call: Call, items: Mapping[tuple[str, str], Attributes]) -> float:
    """One unit for 4 KB of a strong read; half of it for an index."""
    if call.operation == "GetItem":
        return _pages(size(_subject(call.parameters, items)))
    if call.operation == "BatchGetItem":
        asked = [key for table in call.parameters["RequestItems"].values() for key in table["Keys"]]
        return sum(_pages(size(items.get((key["PK"]["S"], key["SK"]["S"]), {}))) for key in asked)
    if "IndexName" in call.parameters:
        return 0.5
    given = {name: value.get("S", "") for name, value in call.parameters["ExpressionAttributeValues"].items()}
    partition, prefix = given.get(":pk"), given.get(":prefix", "")
    return _pages(sum(size(item) for (pk, sk), item in items.items() if pk == partition and sk.startswith(prefix)))


def _pages(size: int) -> int:
    return max(1, -(-size // 4096))
