"""Verifies every hash chain of the table: decisions, views, rules, procedures, sign-offs, the clock; and the anchors.

    python -m chalicelib.audit --export part-0001.json.gz part-0002.json.gz --anchors ./anchors
    python -m chalicelib.audit --table bhxh-602e-production-Table --anchors-bucket bhxh-602e-production-anchors
    python -m chalicelib.audit --table bhxh-602e-production-Table --chain DOSSIER#000.00.79.G24-230206-0001

An export is what DynamoDB writes to S3 (DYNAMODB_JSON), plain or gzipped, or a scan's items a line each; no AWS is
needed for it. Exit status 0: everything is as it was written; 1: something is not, the first broken line of each
chain is named; 2: bad usage, or something that could not be read.
"""

from __future__ import annotations

import argparse
import gzip
import json
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from .domain.oversight.chains import Anchor, Head, Link, against, digest_of, first_break, read_anchor
from .storage import keys
from .storage.codec import Value, decode_item
from .storage.items.audit import lines_from
from .storage.items.views import view_from

DECISIONS = (keys.AUDIT, keys.TRAIL)
CHAINED = (*DECISIONS, keys.VIEW)
"""How the sort keys of lines begin."""

SHOWN = 20
"""So many findings are told; the rest are counted."""

_PACKED = struct.Struct(">I?32s32s")
"""A line as it is kept until its chain is judged: number, soundness, hash before, own hash."""

_DIGITS = 64


@dataclass(slots=True)
class Chains:
    """Lines as they come, in any order, kept small: an export of a year has tens of millions."""

    lines: dict[str, bytearray] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    count: int = 0

    def take(self, item: Mapping[str, Value]) -> None:
        """One item of the table, whatever it is."""
        partition, sort_key = str(item["PK"]), str(item["SK"])
        if sort_key.startswith(CHAINED):
            links = _links(item, sort_key)
            self.count += len(links) or 1
            if not links:
                self.unreadable.append(f"{partition} {sort_key}")
            for link in links:
                self.lines.setdefault(partition, bytearray()).extend(_packed(link))
        elif "audit_hash" in item and isinstance(item.get("version"), int):
            self.heads[partition] = Head(int(str(item["version"])), str(item["audit_hash"]))

    def links(self, chain: str) -> list[Link]:
        """The lines of a chain by their numbers."""
        return sorted(
            Link(number, before.hex(), own.hex(), sound)
            for number, sound, before, own in _PACKED.iter_unpack(self.lines.get(chain, b""))
        )

    def hashes(self, chain: str) -> dict[int, str]:
        return {number: own.hex() for number, _, _, own in _PACKED.iter_unpack(self.lines.get(chain, b""))}

    def findings(self) -> Iterator[str]:
        """The first broken line of every chain that is not whole."""
        yield from (f"{place}: altered, it can't even be read" for place in self.unreadable)
        for chain in sorted(self.lines.keys() | self.heads.keys()):
            found = first_break(self.links(chain), self.heads.get(chain))
            if found is not None:
                yield f"{chain} line {found.number}: {found.why}"


def _links(item: Mapping[str, Value], sort_key: str) -> list[Link]:
    """The lines of an item of either kind, none of what is none any more; the last has the number of its key."""
    place = int(sort_key.rpartition("#")[2]) if sort_key[-1:].isdigit() else 0
    links = []
    try:
        lines: list[Any] = lines_from(item) if sort_key.startswith(DECISIONS) else [view_from(item)]
        for number, line in enumerate(lines, start=place - len(lines) + 1):
            told = line.version if sort_key.startswith(DECISIONS) else line.number
            links.append(Link(number, line.previous_hash, line.hash, told == number and line.hash == line.digest()))
            bytes.fromhex(line.previous_hash + line.hash)
    except (TypeError, ValueError, KeyError):
        return []
    return links if all(len(each.previous_hash) == len(each.hash) == _DIGITS for each in links) else []


def _packed(link: Link) -> bytes:
    return _PACKED.pack(link.number, link.sound, bytes.fromhex(link.previous_hash), bytes.fromhex(link.hash))


def anchored(anchors: Iterable[tuple[str, str]], chains: Chains, only: frozenset[str] | None = None) -> Iterator[str]:
    """What the anchors (name and text, oldest first) find: themselves altered or missing, or chains rewritten."""
    before: tuple[Anchor, str] | None = None
    for name, text in anchors:
        try:
            anchor = read_anchor(text)
        except ValueError as error:
            yield f"{name}: {error}"
            before = None
            continue
        if before is not None and anchor.previous != digest_of(before[1]):
            yield f"{name}: does not follow the anchor of {before[0].day.isoformat()}"
        before = anchor, text
        for entry in anchor.entries:
            why = against(entry, chains.hashes(entry.chain)) if only is None or entry.chain in only else None
            if why is not None:
                yield f"{entry.chain} line {entry.number}: {why} ({anchor.day.isoformat()})"


def exported(paths: Iterable[Path]) -> Iterator[Mapping[str, Value]]:
    """The items of export files. Raises OSError, ValueError (no JSON) or KeyError (no item) naming nothing of them."""
    for path in paths:
        with _opened(path) as lines:
            for line in lines:
                if line.strip():
                    found = json.loads(line)
                    yield decode_item(found.get("Item", found))


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def stored(client: Any, table: str, chain: str | None) -> Iterator[Mapping[str, Value]]:
    """The items of a table that chains are made of, or those of one chain's partition (with the views of a dossier)."""
    if chain is not None:
        partitions = [chain]
        if chain.startswith(dossiers := keys.dossier_partition("")):
            partitions.append(keys.views_partition(chain.removeprefix(dossiers)))
        for partition in partitions:
            asked = {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": partition}}}
            yield from _pages(client.query, {"TableName": table, "ConsistentRead": True, **asked})
        return
    filtered = {
        "FilterExpression": " OR ".join(
            [f"begins_with(SK, :{number})" for number in range(len(CHAINED))] + ["attribute_exists(audit_hash)"]
        ),
        "ExpressionAttributeValues": {f":{number}": {"S": prefix} for number, prefix in enumerate(CHAINED)},
    }
    yield from _pages(client.scan, {"TableName": table, "ConsistentRead": True, **filtered})


def _pages(call: Any, arguments: dict[str, Any]) -> Iterator[Mapping[str, Value]]:
    while True:
        answer = call(**arguments)
        yield from map(decode_item, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        arguments = {**arguments, "ExclusiveStartKey": answer["LastEvaluatedKey"]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify, and tell on the standard output. See the module for the exit status."""
    asked = _parser().parse_args(arguments)
    chains = Chains()
    only = None if asked.chain is None else _of(asked.chain)
    try:
        for item in exported(asked.export) if asked.export else stored(_client("dynamodb"), asked.table, asked.chain):
            if only is None or str(item["PK"]) in only:
                chains.take(item)
        findings = list(chains.findings())
        anchors = list(_anchors(asked))
        findings += anchored(anchors, chains, only)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"could not be read: {type(error).__name__}\n")
        return 2
    sys.stdout.writelines(f"{finding}\n" for finding in findings[:SHOWN])
    if len(findings) > SHOWN:
        sys.stdout.write(f"... and {len(findings) - SHOWN} more\n")
    verdict = "everything is as it was written" if not findings else f"{len(findings)} findings"
    whole = f"{len(chains.lines)} chains, {chains.count} lines, {len(anchors)} anchors"
    sys.stdout.write(f"{whole}: {verdict}\n")
    return 1 if findings else 0


def _of(chain: str) -> frozenset[str]:
    """A chain's partition, and for a dossier the one of its views."""
    return frozenset({chain, keys.views_partition(chain.removeprefix(keys.dossier_partition("")))})


def _anchors(asked: argparse.Namespace) -> Iterator[tuple[str, str]]:
    if asked.anchors is not None:
        for path in sorted(asked.anchors.rglob("*.jsonl"), key=lambda path: path.name):
            yield path.name, path.read_text("utf-8")
    elif asked.anchors_bucket is not None:
        from .storage.anchors import AnchorStore

        yield from AnchorStore(_client("s3"), asked.anchors_bucket).all()


def _client(service: str) -> Any:
    from .aws import CONFIG, session

    return session().create_client(service, config=CONFIG)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.audit", description=(__doc__ or "").partition("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--export", type=Path, nargs="+", metavar="FILE", help="files of an export, also gzipped")
    source.add_argument("--table", help="the table itself, with the caller's AWS credentials")
    anchors = parser.add_mutually_exclusive_group()
    anchors.add_argument("--anchors", type=Path, metavar="FOLDER", help="a copy of the anchors")
    anchors.add_argument("--anchors-bucket", help="the bucket of the anchors itself")
    parser.add_argument("--chain", help="one chain alone, such as DOSSIER#000.00.79.G24-230206-0001")
    return parser


if __name__ == "__main__":
    sys.exit(main())
