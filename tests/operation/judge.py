"""What must be true of a rehearsal's people in the end, whatever happened to the system on the way."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from chalicelib.storage.codec import decode_item
from chalicelib.storage.items.audit import trail_of
from infra.local.client import wait_until
from tests.local.outage import Judgement
from tests.local.verifying import verify
from tests.support.receiver import Received, Receiver

from .people import Json, Someone
from .world import World, sleeps

Table = Mapping[tuple[str, str], Json]
MONEY = ("DOSSIER#", "PERSON#", "VOUCHER#", "RECEIPT#", "SI#")
KIOSK_SECONDS = 120.0
"""How long its address may still be tried; the pauses between two tries are at most 20 s here."""
KEY = b"k" * 32
"""What signs messages to the kiosk's address."""


def judge(world: World, address: Receiver) -> Judgement:
    """Every dossier, voucher, cover, message, execution and chain."""
    table = world.table()
    found = Judgement({"people": len(world.people), "items": len(table)})
    _dossiers(world.people, table, found)
    _money(world, table, found)
    _covers(world, table, found)
    _statuses(world, table, found)
    _kiosk(world, table, address, found)
    _executions(world, table, found)
    _queues(world, found)
    _chains(world, found)
    _sent_again(world, found)
    return found


def _dossiers(people: Sequence[Someone], table: Table, found: Judgement) -> None:
    """State, due date, mark and trail of each, as its story ends."""
    wrong: dict[str, list[str]] = defaultdict(list)
    for who in people:
        meta, course = table.get((f"DOSSIER#{who.code}", "META"), {}), who.course
        state, due = meta.get("state", {}).get("S"), meta.get("due_at", {}).get("S")
        if state != course.state:
            wrong["state"].append(f"{who.kind} {who.code} is {state}")
        if course.due_at is not None and due != course.due_at:
            wrong["due date"].append(f"{who.kind} {who.code} is due {due}")
        if course.overdue not in (None, "OVERDUE" in json.dumps(meta.get("milestones", {}))):
            wrong["overdue mark"].append(f"{who.kind} {who.code}")
        version = int(meta.get("version", {}).get("N", "0"))
        keys = [(f"DOSSIER#{who.code}", f"AUDIT#{number:08d}") for number in range(1, version + 1)]
        # One item holds the lines of one act.
        trail = trail_of(decode_item(table[key]) for key in keys if key in table)
        if [line.version for line in trail] != list(range(1, version + 1)):
            wrong["trail"].append(f"{who.kind} {who.code} has a gap")
        marks = Counter(str(line.event) for line in trail)
        if marks["OVERDUE_MARKED"] > 1:
            wrong["overdue mark"].append(f"{who.kind} {who.code} was marked {marks['OVERDUE_MARKED']} times")
    codes = Counter(who.code for who in people)
    national = Counter(
        item["national_code"]["S"] for (pk, sk), item in table.items() if sk == "META" and pk.startswith("DOSSIER#")
    )
    doubled = [code for code, count in (codes + national).items() if max(codes[code], national[code]) > 1]
    found.figures["dossiers lost"] = sum(not table.get((f"DOSSIER#{who.code}", "META")) for who in people)
    found.figures["dossiers twice"] = len(doubled)
    if doubled or found.figures["dossiers lost"]:
        found.faults.append(f"dossiers lost or opened twice: {doubled[:3]}")
    for what in ("state", "due date", "overdue mark", "trail"):
        found.figures[f"{what} otherwise"] = len(wrong[what])
        found.faults += [f"{what}: {told}" for told in wrong[what][:3]]


def _money(world: World, table: Table, found: Judgement) -> None:
    """Each voucher's effect once, refunds to the đồng."""
    wrong = []
    for who in world.people:
        items = {sk: item for (pk, sk), item in table.items() if pk == f"DOSSIER#{who.code}"}
        numbers = [item for sk, item in items.items() if re.fullmatch(r"VOUCHER#\d+", sk)]
        active = [item for item in numbers if item.get("status", {}).get("S") == "ACTIVE"]
        refunds = [item for sk, item in items.items() if re.fullmatch(r"REFUND#\d+", sk)]
        refund = sum(int(item["amount"]["N"]) for item in refunds if item["state"]["S"] == "OPEN")
        if (len(active), refund) != (who.course.periods, who.course.refund):
            wrong.append(f"{who.kind} {who.code}: {len(active)} periods, {refund} đ to pay back")
        for voucher in who.vouchers:
            head = table.get((f"VOUCHER#{voucher['voucher_id']}", "HEAD"), {}).get("state", {}).get("S")
            if head != "APPLIED" and not who.course.refund:
                wrong.append(f"{who.kind} {voucher['voucher_id']} is {head}")
    sent = sum(voucher["amount_received"] for who in world.people for voucher in who.vouchers)
    found.figures |= {"vouchers": sum(len(who.vouchers) for who in world.people), "money sent": sent}
    found.figures["money otherwise"] = len(wrong)
    found.faults += [f"money: {told}" for told in wrong[:3]]


def _covers(world: World, table: Table, found: Judgement) -> None:
    """One cover and one file for each result, each book number once."""
    issued = {
        pk.removeprefix("DOSSIER#"): item
        for (pk, sk), item in table.items()
        if re.fullmatch(r"COVER#\d+", sk) and item["state"]["S"] == "ISSUED"
    }
    wanted = {who.code for who in world.people if who.course.state == "RESULT_RETURNED"}
    numbers = Counter(item["si_number"]["S"] for item in issued.values() if "si_number" in item)
    bucket, s3 = world.system.endpoints["documents_bucket"], world.system.aws("s3")

    def versions() -> Counter[str]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="covers/")
        return Counter(version["Key"] for page in pages for version in page.get("Versions", []))

    files = world.insist(versions)
    differing = []
    for code, item in issued.items():
        file = item["file"]["M"]
        body = world.insist(lambda key=file["key"]["S"]: s3.get_object(Bucket=bucket, Key=key)["Body"].read())  # type: ignore[misc]
        if hashlib.sha256(body).hexdigest() != file["sha256"]["S"]:
            differing.append(code)
    unproved = world.at_once(partial(_unproved, world, table), sorted(issued))
    if any(unproved):
        found.faults.append(f"codes that do not prove their covers: {[each for each in unproved if each][:3]}")
    found.figures |= {
        "codes on covers that prove them": unproved.count(""),
        "covers issued": len(issued),
        "covers lost": len(wanted - issued.keys()),
        "files written twice": sum(count > 1 for count in files.values()),
        "files that differ": len(differing),
    }
    if wanted != issued.keys() or max(files.values(), default=1) > 1 or differing:
        found.faults.append(f"covers: wanted {len(wanted)}, issued {len(issued)}, files {len(files)}, {differing[:3]}")
    if max(numbers.values(), default=1) > 1:
        found.faults.append("a book number was given twice")


def _unproved(world: World, table: Table, code: str) -> str:
    """What the public is told of a dossier's cover by the code printed on it; nothing where it is valid."""
    proof = table.get((f"DOSSIER#{code}", "COVER#1#PROOF"), {})
    told = world.system.call("GET", f"/v1/covers/{proof['token']['S']}/verification")
    status = told.body.get("status") if told.status == 200 else str(told.body)
    return "" if status == "VALID" else f"{code} {status}"


def _statuses(world: World, table: Table, found: Judgement) -> None:
    """Every status of every dossier was published, those of one dossier in order; repeated ones are the same."""
    world.hear()
    heard = world.heard
    wrong = []
    for who in world.people:
        last = int(table[f"DOSSIER#{who.code}", "META"]["status_sequence"]["N"])
        if [message["sequence"] for message in heard.get(who.code, [])] != list(range(1, last + 1)):
            wrong.append(f"{who.kind} {who.code}: {[m['sequence'] for m in heard.get(who.code, [])]} of {last}")
    found.figures |= {"statuses": sum(map(len, heard.values())), "statuses published again": world.heard_again}
    found.figures["statuses lost or out of order"] = len(wrong)
    found.faults += [f"statuses: {told}" for told in wrong[:3]]


def _kiosk(world: World, table: Table, address: Receiver, found: Judgement) -> None:
    """The kiosk's address took every status of its dossiers, signed, none ahead of the one before."""
    kiosk = [who for who in world.people if who.of_kiosk]
    last = {who.code: int(table[f"DOSSIER#{who.code}", "META"]["status_sequence"]["N"]) for who in kiosk}
    with contextlib.suppress(TimeoutError):  # then it is told below what is missing
        wait_until(
            lambda: {(each.json["dossier_code"], each.json["sequence"]) for each in list(address.taken)},
            lambda arrived: last.items() <= arrived,
            "the last states",
            KIOSK_SECONDS,
            every=0.5,
        )
    taken: dict[str, list[int]] = defaultdict(list)
    unsigned = sum(not _signed(request) for request in list(address.taken))
    for request in list(address.taken):
        body = request.json
        if body["sequence"] not in taken[body["dossier_code"]]:
            taken[body["dossier_code"]].append(body["sequence"])
    wrong = []
    for who in kiosk:
        if taken[who.code] != list(range(1, last[who.code] + 1)):
            wrong.append(f"{who.kind} {who.code}: {taken[who.code]} of {last[who.code]}")
    refused = len(address.arrived) - len(address.taken)
    found.figures |= {"webhooks taken": len(address.taken), "webhooks refused before": refused}
    found.figures["webhooks lost or out of order"] = len(wrong) + unsigned
    found.faults += [f"webhooks: {told}" for told in wrong[:3]]
    if unsigned:
        found.faults.append(f"{unsigned} webhooks are not signed")


def _signed(request: Received) -> bool:
    names = {name.lower(): value for name, value in request.headers.items()}
    content = f"{names['webhook-id']}.{names['webhook-timestamp']}.".encode() + request.body
    made = base64.b64encode(hmac.digest(KEY, content, hashlib.sha256)).decode()
    return bool(names["webhook-signature"] == f"v1,{made}")


def executions(world: World) -> Iterator[Json]:
    """Every execution of every machine."""
    states = world.system.aws("stepfunctions")
    for machine in world.insist(lambda: states.list_state_machines()["stateMachines"]):
        arn = machine["stateMachineArn"]

        def listed(arn: str = arn) -> list[Json]:
            pages = states.get_paginator("list_executions").paginate(stateMachineArn=arn)
            return [each for page in pages for each in page["executions"]]

        yield from world.insist(listed)


def _executions(world: World, table: Table, found: Judgement) -> None:
    """None has failed; what still runs sleeps, or waits for the signer of a cover that was revoked meanwhile."""
    every = list(executions(world))
    statuses = Counter(each["status"] for each in every)
    failed = [each["executionArn"] for each in every if each["status"] not in ("SUCCEEDED", "ABORTED", "RUNNING")]
    awake = []
    for each in (each for each in every if each["status"] == "RUNNING"):
        arn = each["executionArn"]
        last = world.last_event(arn)
        # A cover's token is a signer's, which is no sleep.
        if not (sleeps(last) and "-cover:" not in arn) and not _unwanted(arn, table):
            awake.append(f"{arn.rpartition(':')[2]} {last['type']}")
    found.figures |= {
        "executions": len(every),
        "executions ended": statuses["SUCCEEDED"],
        "executions replaced by a newer one": statuses["ABORTED"],
        "executions asleep until their last wake": statuses["RUNNING"] - len(awake),
        "executions failed": len(failed),
    }
    if failed or awake:
        found.faults.append(f"executions failed: {failed[:3]}, neither asleep nor ended: {awake[:3]}")


def _unwanted(arn: str, table: Table) -> bool:
    """Whether an execution is of a cover that was revoked: it ends when its token's 30 days are over."""
    found = re.fullmatch(r"(.*)-C(\d+)-v\d+-r\d+", arn.rpartition(":")[2])
    if found is None:
        return False
    return table.get((f"DOSSIER#{found[1]}", f"COVER#{found[2]}"), {}).get("state") == {"S": "REVOKED"}


def _queues(world: World, found: Judgement) -> None:
    """Nothing lies anywhere that somebody should still read."""
    sqs = world.system.aws("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = {}
    for url in world.insist(lambda: sqs.list_queues()["QueueUrls"]):
        if url.endswith("-watch.fifo"):
            continue
        told = world.insist(lambda url=url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names))["Attributes"]  # type: ignore[misc]
        if depth := sum(int(value) for value in told.values()):
            left[url.rpartition("/")[2]] = depth
    found.figures["messages left in queues"] = sum(left.values())
    if left:
        found.faults.append(f"messages are left: {left}")


def _sent_again(world: World, found: Judgement) -> None:
    """Every voucher once more, every declaration once more under its key: known, and nothing of it counts twice."""
    before = {key: item for key, item in world.table().items() if key[0].startswith(MONEY)}
    found.figures["vouchers sent once more"] = world.send_again()
    world.at_once(world.declare, world.people)
    after = {key: item for key, item in world.table().items() if key[0].startswith(MONEY)}
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    found.figures["items that this changed"] = len(changed)
    if changed:
        found.faults.append(f"sent once more, changed: {sorted(changed)[:3]}")


def _chains(world: World, found: Judgement) -> None:
    status, told = verify(world.system)
    found.figures["audit trail"] = told[-1]
    if status:
        found.faults += told[:5]
