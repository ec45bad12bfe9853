"""`make restore` believes no export that is not what DynamoDB wrote."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from infra.restore import Export, RestoreError, export_at

ITEMS = [{"PK": {"S": f"DOSSIER#{number}"}, "SK": {"S": "META"}, "version": {"N": "1"}} for number in range(3)]


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def written(folder: Path, **changes: Any) -> Export:
    """An export of three items in one file; `changes` replace what the manifests say."""
    data = gzip.compress("".join(json.dumps({"Item": item}) + "\n" for item in ITEMS).encode())
    said = {"itemCount": 3, "md5Checksum": md5(data), "dataFileS3Key": "AWSDynamoDB/1/data/a.json.gz", **changes}
    manifest = json.dumps(said).encode()
    summary = {"outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT", "itemCount": 3, "tableArn": "arn:table/t"}
    (folder / "data").mkdir()
    for name, content in (
        ("data/a.json.gz", data),
        ("manifest-files.json", manifest),
        ("manifest-files.md5", md5(manifest).encode()),
        ("manifest-summary.json", json.dumps({**summary, **changes.get("summary", {})}).encode()),
    ):
        (folder / name).write_bytes(content)
    return export_at(str(folder), None)


def test_an_export_as_it_was_written_gives_its_items(tmp_path: Path) -> None:
    assert list(written(tmp_path).items()) == ITEMS


@pytest.mark.parametrize(
    ("changes", "told"),
    (
        ({"md5Checksum": md5(b"another")}, "was altered"),
        ({"itemCount": 4}, "holds 3 items, not 4"),
        ({"summary": {"itemCount": 5}}, "the export holds 3 items, not 5"),
        ({"summary": {"exportType": "INCREMENTAL_EXPORT"}}, "a full export"),
    ),
)
def test_another_one_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RestoreError, match=told):
        list(written(tmp_path, **changes).items())


def test_a_manifest_that_was_altered_is_refused(tmp_path: Path) -> None:
    export = written(tmp_path)
    with (tmp_path / "manifest-files.json").open("ab") as manifest:
        manifest.write(b"\n")
    with pytest.raises(RestoreError, match=r"manifest-files\.json was altered"):
        list(export.items())
