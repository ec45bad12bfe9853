"""After the loss of a table: what a stack still needs that was made from an export of another one's.

    make restore STACK=bhxh-602e-again EXPORT=s3://exports/AWSDynamoDB/01234-abcd \\
        IDENTIFIER_KEY=<secret of the former stack> DOCUMENTS=<bucket of the former stack>            # looks, says
    make restore … CONFIRM=1                                                                          # and does it

The stack was made with `RestoreBucket` and `RestorePrefix`, so its table holds the export already. In this order: the
export's files are checked against their manifest and the table against them, item by item; the key of person
identifiers is taken over and the data keys of single fields are wrapped anew; documents are copied; the sweep starts
what the former stack's executions did. It may be interrupted and run again. Without REAL=1 it works on the local run.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError
from infra.local.settings import read_settings
from infra.redrive.stack import Stack, StackError, local_stack

Item = Mapping[str, Any]
Say = Callable[[str], None]
SHOWN = 5
KEPT_DOCUMENTS = ("covers/", "slips/")


class RestoreError(Exception):
    """Something is not as it must be; the message says what. Nothing after it was done."""


@dataclass(frozen=True, slots=True)
class Export:
    """What DynamoDB's export to S3 wrote (developer guide, "DynamoDB table export output format")."""

    read: Callable[[str], bytes]
    """A file of it by its key in the bucket; of a folder by its path within."""
    root: str

    def summary(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.read(f"{self.root}/manifest-summary.json"))
        if (found["outputFormat"], found["exportType"]) != ("DYNAMODB_JSON", "FULL_EXPORT"):
            raise RestoreError(f"a full export in DynamoDB JSON is needed, not {found['exportType']}")
        return found

    def items(self) -> Iterator[Item]:
        """Every item. Raises `RestoreError` where a file or the whole is not what the manifests say."""
        manifest, seen = self.read(f"{self.root}/manifest-files.json"), 0
        _check(manifest, self.read(f"{self.root}/manifest-files.md5").decode().strip(), "manifest-files.json")
        for line in manifest.decode().splitlines():
            described = json.loads(line)
            key = described["dataFileS3Key"]
            content = self.read(f"{self.root}/data/{key.rpartition('/')[2]}")
            _check(content, described["md5Checksum"], key)
            rows = gzip.decompress(content).decode().splitlines()
            if len(rows) != described["itemCount"]:
                raise RestoreError(f"{key} holds {len(rows)} items, not {described['itemCount']}")
            seen += len(rows)
            for row in rows:
                yield json.loads(row)["Item"]
        if seen != self.summary()["itemCount"]:
            raise RestoreError(f"the export holds {seen} items, not {self.summary()['itemCount']}")


def export_at(place: str, s3: Any) -> Export:
    """An export by its address, `s3://bucket/prefix/AWSDynamoDB/<id>`, or by a folder that it was copied to."""
    parts = urlsplit(place)
    if parts.scheme != "s3":
        return Export(lambda name: Path(name).read_bytes(), place.rstrip("/"))

    def read(key: str) -> bytes:
        content: bytes = s3.get_object(Bucket=parts.netloc, Key=key)["Body"].read()
        return content

    return Export(read, parts.path.strip("/"))


def _check(content: bytes, md5: str, name: str) -> None:
    found = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    if found != md5:
        raise RestoreError(f"{name} was altered: its MD5 is {found}, not {md5}")


def compare(export: Export, stack: Stack, say: Say) -> int:
    """How many items the table and the export hold, all the same. Raises `RestoreError` with what differs."""
    table = stack.resources["Table"][1]
    wanted = {_key(item): _digest(item) for item in export.items()}
    say(f"the export holds {len(wanted)} items of {export.summary()['tableArn'].rpartition('/')[2]}")
    differing, count = [], 0
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for item in (item for page in pages for item in page["Items"]):
        count += 1
        if wanted.pop(_key(item), None) != _digest(_as_exported(item)):
            differing.append(" ".join(_key(item)))
    if wanted or differing:
        raise RestoreError(
            f"{len(wanted)} items of the export are not in the table, {len(differing)} are there otherwise or besides: "
            f"{[*map(' '.join, list(wanted)[:SHOWN]), *differing[:SHOWN]]}"
        )
    return count


def _key(item: Item) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]


def _digest(item: Item) -> bytes:
    return hashlib.sha256(json.dumps(item, sort_keys=True).encode()).digest()


def _as_exported(value: Any) -> Any:
    """boto3 gives bytes where the export has Base64."""
    if isinstance(value, Mapping):
        return {name: _as_exported(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_exported(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def take_identifier_key(stack: Stack, former: str, *, write: bool) -> bool:
    """Give the stack's identifier key the value of the former one; False where it has it. Persons are found by it."""
    secrets, ours = stack.client("secretsmanager"), stack.resources["IdentifierKey"][1]
    wanted = secrets.get_secret_value(SecretId=former)["SecretString"]
    if secrets.get_secret_value(SecretId=ours)["SecretString"] == wanted:
        return False
    if write:
        secrets.put_secret_value(SecretId=ours, SecretString=wanted)
    return True


def take_field_keys(stack: Stack, *, write: bool) -> int:
    """Wrap the data keys of single fields under the stack's own KMS key; how many were under the former one's."""
    return stack.wiring.fields.rewrap(write=write)


def take_documents(stack: Stack, former: str, *, write: bool) -> tuple[int, int]:
    """Copy what the stack's bucket lacks; how many were lacking and how many are there. Nothing is overwritten."""
    s3, ours = stack.client("s3"), stack.resources["Documents"][1]
    lacking = present = 0
    for key in _keys(s3, former):
        if _has(s3, ours, key):
            present += 1
            continue
        lacking += 1
        if write:
            found = s3.get_object(Bucket=former, Key=key)
            content = found["Body"].read()
            if hashlib.sha256(content).hexdigest() != found["Metadata"].get("sha256"):
                raise RestoreError(f"{key} is not what was stored once")
            s3.put_object(
                Bucket=ours,
                Key=key,
                Body=content,
                ContentType=found["ContentType"],
                Metadata=found["Metadata"],
                IfNoneMatch="*",
            )
    return lacking, present


def _keys(s3: Any, bucket: str) -> Iterator[str]:
    for prefix in KEPT_DOCUMENTS:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from (each["Key"] for each in page.get("Contents", []))


def _has(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        return False
    return True


def sweep(stack: Stack, say: Say) -> Mapping[str, Any]:
    """Run the sweep until it has gone through everything. Raises `RestoreError` where it fails."""
    event = {
        "version": "0", "id": "restore", "detail-type": "Scheduled Event", "source": "by.hand", "account": "",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "region": "", "resources": [], "detail": {},
    }  # fmt: skip
    while True:
        answer = stack.client("lambda").invoke(
            FunctionName=stack.function("Sweeper"), Payload=json.dumps(event).encode()
        )
        swept: Mapping[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise RestoreError(f"the sweep failed: {swept.get('errorType')}")
        say(
            f"swept: {swept['dossiers']} dossiers, {swept['dossiers_restarted']} executions started; "
            f"{swept['covers']} covers, {swept['covers_restarted']} started"
        )
        if swept["finished"]:
            return swept


def restore(stack: Stack, export: Export, identifier_key: str, documents: str, *, confirm: bool, say: Say) -> None:
    """All of it. A table that has gone on since is not the export any more, so the second run begins behind that."""
    began = time.monotonic()
    state = "resumed" if confirm and _begun(stack) else "fresh"
    if state == "fresh":
        say(f"table: {compare(export, stack, say)} items, differences 0")
    if take_identifier_key(stack, identifier_key, write=confirm):
        say(f"identifier key: {'taken over' if confirm else 'another one; would be taken over'}")
    foreign = take_field_keys(stack, write=confirm)
    if foreign:
        say(f"data keys of fields: {foreign} {'wrapped anew' if confirm else 'to be wrapped anew'}")
    lacking, present = take_documents(stack, documents, write=confirm)
    say(f"documents: {lacking} {'copied' if confirm else 'to be copied'}, {present} there already")
    if not confirm:
        say("Nothing was changed. CONFIRM=1 does it.")
        return
    sweep(stack, say)
    say(f"restored in {time.monotonic() - began:.1f} s")


def _begun(stack: Stack) -> bool:
    """Whether an execution of this stack exists: then the sweep has been here and the table has gone on."""
    states = stack.client("stepfunctions")
    machine = stack.resources["DossierMachine"][1]
    return bool(states.list_executions(stateMachineArn=machine, maxResults=1)["executions"])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Answers the exit status: 1 where something is not as it must be, 2 where it can't be read."""
    parser = argparse.ArgumentParser(prog="make restore", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stack", default="", help="the stack that was made from the export")
    parser.add_argument("--real", action="store_true", help="on AWS, with the caller's credentials")
    parser.add_argument("--export", required=True, help="s3://bucket/[prefix/]AWSDynamoDB/<id>, or a folder")
    parser.add_argument("--identifier-key", required=True, help="the former stack's secret")
    parser.add_argument("--documents", required=True, help="the former stack's bucket of documents")
    parser.add_argument("--confirm", action="store_true", help="do it")
    given = parser.parse_args(arguments)
    try:
        stack = Stack(given.stack, boto3.Session()) if given.real else local_stack(read_settings())
        export = export_at(given.export, stack.client("s3"))
        restore(stack, export, given.identifier_key, given.documents, confirm=given.confirm, say=print)
    except (RestoreError, DomainError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    except (StackError, ClientError, BotoCoreError, OSError, KeyError, ValueError) as error:
        print(f"can't be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
