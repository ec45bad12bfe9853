"""`kill -9` in the middle of the work loses nothing that was acknowledged and does nothing twice."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from infra.local.client import LocalClient, wait_until
from infra.local.samples import first_timer, voucher_for

from .harness import LocalRun

PEOPLE = 200
MORNING = "2023-02-06T09:00:00+07:00"
PAID_AT = datetime.fromisoformat("2023-02-06T09:15:22+07:00")
PATIENCE_SECONDS = 120.0

Item = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")


pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path: Path) -> Iterator[LocalRun]:
    run = LocalRun(tmp_path / "local").start()
    yield run
    run.stop()


def test_two_hundred_vouchers_through_two_kills(run: LocalRun) -> None:
    # given 200 dossiers that wait for their payment
    run.client.set_clock(MORNING)
    declarations = [first_timer(serial) for serial in range(PEOPLE)]
    codes = at_once(lambda declaration: register(run.client, declaration), declarations)
    assert len(set(codes)) == PEOPLE

    # when the vouchers are on the queue and the launcher is killed while it handles them
    vouchers = [
        voucher_for(declaration, code, number=f"{number:07d}", paid_at=PAID_AT)
        for number, (declaration, code) in enumerate(zip(declarations, codes, strict=True), 1)
    ]
    at_once(run.client.send_voucher, vouchers)
    wait_until(lambda: periods(run.client), lambda found: len(found) >= PEOPLE // 4, "a quarter to be recorded")
    run.kill()

    # then, started again, every voucher is recorded, once
    run.start()
    recorded = wait_until(
        lambda: periods(run.client),
        lambda found: len(found) >= PEOPLE,
        "all to be recorded",
        PATIENCE_SECONDS,
        every=0.5,
    )
    assert len(recorded) == PEOPLE
    waiting = wait_until(
        lambda: covers(run.client, "DATA_CREATED"),
        lambda found: len(found) >= PEOPLE and all(has_token(run.client, cover) for cover in found[:3]),
        "all covers to wait for the officer",
        PATIENCE_SECONDS,
        every=0.5,
    )
    assert Counter(cover["dossier_code"] for cover in waiting) == Counter(codes)

    # when the officer issues them and the launcher is killed in the middle of that, too
    accepted: list[str] = []
    killer = threading.Timer(1.5, run.kill)
    killer.start()
    at_once(lambda cover: accepted.append(issue(run.client, cover)), waiting, errors_end_it=True)
    killer.join()
    assert 0 < len(accepted) < PEOPLE
    run.start()
    left = [cover for cover in waiting if cover["cover_id"] not in accepted]
    at_once(lambda cover: issue(run.client, cover), left)

    # then there are 200 periods, 200 covers and 200 files, none twice
    wait_until(
        lambda: states(run.client),
        lambda found: found == {"RESULT_RETURNED": PEOPLE},
        "all results to be returned",
        PATIENCE_SECONDS,
        every=1.0,
    )
    items = table(run.client)
    assert len(periods(run.client)) == PEOPLE
    issued = [item for item in items if is_cover(item)]
    assert len(issued) == PEOPLE
    assert len({item["si_number"]["S"] for item in issued if "si_number" in item}) in (0, PEOPLE)
    s3 = run.client.aws("s3")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=run.client.endpoints["documents_bucket"])
    versions = Counter(version["Key"] for page in pages for version in page.get("Versions", []))
    assert len(versions) == PEOPLE
    assert set(versions.values()) == {1}
    dossiers = [run.client.dossier(code) for code in codes]
    assert all(len(dossier["participation"]) == 1 for dossier in dossiers)
    assert len({dossier["si_number"] for dossier in dossiers}) == PEOPLE


def register(client: LocalClient, declaration: Item) -> str:
    reply = client.call("POST", "/v1/dossiers", declaration, who="portal")
    assert reply.status == 201, reply.body
    code: str = reply.body["dossier_code"]
    return code


def issue(client: LocalClient, cover: Item) -> str:
    """Issue one cover; accepted before the crash counts too (then it is no longer waiting)."""
    path = f"/v1/officer/covers/{cover['cover_id']}/issue"
    reply = client.call("POST", path, who="signer_79", headers={"If-Match": f'"{cover["version"]}"'})
    assert reply.status in (202, 409, 412), reply.body
    cover_id: str = cover["cover_id"]
    return cover_id


def covers(client: LocalClient, state: str) -> list[Item]:
    """The officer's work list of covers, all pages."""
    found: list[Item] = []
    cursor = ""
    while True:
        reply = client.call("GET", f"/v1/officer/covers?state={state}&limit=100{cursor}", who="signer_79")
        assert reply.status == 200, reply.body
        found += reply.body["items"]
        if not reply.body["next_cursor"]:
            return found
        cursor = f"&cursor={reply.body['next_cursor']}"


def table(client: LocalClient) -> list[Item]:
    pages = client.aws("dynamodb").get_paginator("scan").paginate(TableName=client.endpoints["table"])
    return [item for page in pages for item in page["Items"]]


def states(client: LocalClient) -> Counter[str]:
    """How many dossiers are in which state."""
    found = [item for item in table(client) if item["SK"]["S"] == "META" and item["PK"]["S"].startswith("DOSSIER#")]
    return Counter(item["state"]["S"] for item in found)


def periods(client: LocalClient) -> list[Item]:
    return [item for item in table(client) if item["SK"]["S"].startswith("PERIOD#")]


def is_cover(item: Item) -> bool:
    return re.fullmatch(r"COVER#\d+", item["SK"]["S"]) is not None


def has_token(client: LocalClient, cover: Item) -> bool:
    """Whether the workflow of the cover waits for its officer."""
    key = {"PK": {"S": f"DOSSIER#{cover['dossier_code']}"}, "SK": {"S": "COVER#1#TOKEN"}}
    return "Item" in client.aws("dynamodb").get_item(TableName=client.endpoints["table"], Key=key)


def at_once(call: Callable[[T], R], arguments: Sequence[T], *, errors_end_it: bool = False) -> list[R]:
    """Call for each argument, four at a time. `errors_end_it`: the server may go away meanwhile."""
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(call, argument) for argument in arguments]
    return [future.result() for future in futures if not (errors_end_it and future.exception())]
