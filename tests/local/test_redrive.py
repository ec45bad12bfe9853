"""`make redrive` against the local run: dead vouchers, and lines that the relay gave up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from infra.local.client import wait_until

from .harness import LocalRun
from .outside import Json, Outside, person

MONDAY, PAID = "2023-02-06T09:15:00+07:00", "2023-02-06T09:15:22+07:00"


def redrive(run: LocalRun, *arguments: str) -> str:
    return run.operator("infra.redrive", *arguments)


def test_dead_vouchers_are_previewed_and_replayed(
    local_run: LocalRun, outside: Outside, serials: Iterator[int]
) -> None:
    # given dead letters: a voucher that has paid, one that would pay, one that is none
    outside.client.set_clock(MONDAY)
    people = [person(next(serials)) for _ in range(2)]
    opened = [outside.declare(declaration) for declaration in people]
    paid, unpaid = (outside.voucher(who, dossier, PAID) for who, dossier in zip(people, opened, strict=True))
    outside.client.send_voucher(paid)
    outside.client.wait_for_state(opened[0]["dossier_code"], "IN_PROCESS")
    before = outside.quiet_table()
    dlq, sqs = outside.client.endpoints["voucher_dlq_url"], outside.client.aws("sqs")
    for body in (json.dumps(paid), json.dumps(unpaid), "{not JSON at all"):
        sqs.send_message(QueueUrl=dlq, MessageBody=body)

    # when it is looked at: told, and nothing has changed
    told = redrive(local_run)
    for part in ("3 messages", "would DUPLICATE", "would APPLY", "would QUARANTINE", "Nothing was changed."):
        assert part in told
    assert outside.quiet_table() == before

    # when it is replayed: what was said, proved
    told = redrive(local_run, "--confirm", "--rate", "50")
    assert "sent again 3" in told
    assert "replays of vouchers that had taken effect: 1, of which changed anything: 0" in told
    assert "is APPLIED" in told
    assert outside.client.dossier(opened[1]["dossier_code"])["state"] == "IN_PROCESS"

    # and again: there is nothing left
    assert "0 messages" in redrive(local_run, "--confirm")
    outside.all_acknowledged()


def failure(outside: Outside, line: Json, sequence: str) -> str:
    """What Lambda writes for a stream record that it gave up: a place, not the content."""
    table = outside.client.aws("dynamodb").describe_table(TableName=outside.client.endpoints["table"])["Table"]
    return json.dumps(
        {
            "requestContext": {"condition": "RetryAttemptsExhausted"},
            "version": "1.0",
            "timestamp": "2023-02-06T02:20:00Z",
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000000000000000000-00000000",
                "startSequenceNumber": sequence,
                "endSequenceNumber": sequence,
                "approximateArrivalOfFirstRecord": line["arrived"],
                "approximateArrivalOfLastRecord": line["arrived"],
                "batchSize": 1,
                "streamArn": table["LatestStreamArn"],
            },
        }
    )


def stream_record(outside: Outside, key: tuple[str, str]) -> Json:
    """The stream's record of an audit line, as long as the stream keeps it."""
    streams, endpoints = outside.client.aws("dynamodbstreams"), outside.client.endpoints
    (stream,) = streams.list_streams(TableName=endpoints["table"])["Streams"]
    (shard,) = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    iterator: Any = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while iterator:
        answer = streams.get_records(ShardIterator=iterator)
        for record in answer["Records"]:
            keys = record["dynamodb"]["Keys"]
            if (keys["PK"]["S"], keys["SK"]["S"]) == key:
                moment = record["dynamodb"]["ApproximateCreationDateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
                return {"arrived": moment, "sequence": record["dynamodb"]["SequenceNumber"]}
        iterator = answer["NextShardIterator"] if answer["Records"] else None
    raise AssertionError(f"{key} is not in the stream")


def test_lines_that_the_relay_gave_up_are_told_again_in_order(
    local_run: LocalRun, outside: Outside, serials: Iterator[int]
) -> None:
    # given a paid dossier whose second and third status were heard, and a letter that says the second was lost
    outside.client.set_clock(MONDAY)
    declaration = person(next(serials))
    opened = outside.declare(declaration)
    code = opened["dossier_code"]
    outside.pay(declaration, opened, PAID)
    assert [message["sequence"] for message in outside.heard.of(code, 3)] == [1, 2, 3]
    outside.quiet_table()
    record = stream_record(outside, (f"DOSSIER#{code}", "AUDIT#00000003"))
    sqs = outside.client.aws("sqs")
    url = next(url for url in sqs.list_queues()["QueueUrls"] if url.endswith("-relay-failures"))
    sqs.send_message(QueueUrl=url, MessageBody=failure(outside, record, record["sequence"]))
    before = outside.table()

    # when it is looked at
    told = redrive(local_run, "--queue", "relay-failures")
    assert "in the stream" in told
    assert "would RELAY 1" in told

    # when it is relayed again: the lost line and the later status, and nothing in the table has changed
    told = redrive(local_run, "--queue", "relay-failures", "--confirm")
    assert "relayed 2 audit lines for 1 messages" in told
    assert wait_until(outside.quiet_table, lambda table: table == before, "the same table") == before
    told = redrive(local_run, "--queue", "relay-failures")
    assert "0 messages" in told


def test_a_place_that_the_stream_has_forgotten_is_found_by_its_time(
    local_run: LocalRun, outside: Outside, serials: Iterator[int]
) -> None:
    outside.client.set_clock(MONDAY)
    code = outside.declare(person(next(serials)))["dossier_code"]
    outside.quiet_table()
    record = stream_record(outside, (f"DOSSIER#{code}", "AUDIT#00000001"))
    gone = json.loads(failure(outside, record, record["sequence"]))
    gone["DDBStreamBatchInfo"]["streamArn"] += "-gone"
    sqs = outside.client.aws("sqs")
    url = next(url for url in sqs.list_queues()["QueueUrls"] if url.endswith("-relay-failures"))
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(gone))
    told = redrive(local_run, "--queue", "relay-failures", "--confirm")
    assert "in the table" in told
    assert "for 1 messages, left where they were 0" in told


def test_failed_executions_are_counted_and_the_sweep_runs_when_confirmed(local_run: LocalRun) -> None:
    assert "Nothing was changed." in redrive(local_run, "--queue", "executions")
    assert "dossiers" in redrive(local_run, "--queue", "executions", "--confirm")
