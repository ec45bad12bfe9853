"""An export of a table to S3 as DynamoDB writes it, which the local cloud does not: DynamoDB JSON, gzip, manifests.

Developer guide, "DynamoDB table export output format".
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

from infra.local.client import LocalClient

PARTS = 4
EXPORT_ID = "01695353076000-a1b2c3d4"


def export_table(client: LocalClient, bucket: str) -> tuple[str, int]:
    """Write the running table's items into a new bucket. Answers the export's prefix and how many items it has."""
    table, s3 = client.endpoints["table"], client.aws("s3")
    described = client.aws("dynamodb").describe_table(TableName=table)["Table"]
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": client.endpoints["region"]})
    root = f"AWSDynamoDB/{EXPORT_ID}"
    pages = client.aws("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"]]
    lines = []
    for part in range(PARTS):
        rows = items[part::PARTS]
        text = "".join(json.dumps({"Item": item}, default=_base64, ensure_ascii=False) + "\n" for item in rows)
        content, key = gzip.compress(text.encode()), f"{root}/data/part{part:04d}.json.gz"
        s3.put_object(Bucket=bucket, Key=key, Body=content)
        told = {"itemCount": len(rows), "md5Checksum": _md5(content), "etag": "", "dataFileS3Key": key}
        lines.append(json.dumps(told))
    manifest = ("\n".join(lines) + "\n").encode()
    summary = {
        "version": "2020-06-30",
        "exportArn": f"{described['TableArn']}/export/{EXPORT_ID}",
        "startTime": "2026-11-22T00:00:00.000Z",
        "endTime": "2026-11-22T00:05:00.000Z",
        "tableArn": described["TableArn"],
        "tableId": described["TableId"],
        "exportTime": "2026-11-22T00:00:00.000Z",
        "s3Bucket": bucket,
        "s3Prefix": None,
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{root}/manifest-files.json",
        "billedSizeBytes": sum(len(json.dumps(item, default=_base64)) for item in items),
        "itemCount": len(items),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }
    for name, content in (
        ("manifest-files.json", manifest),
        ("manifest-summary.json", json.dumps(summary).encode()),
    ):
        s3.put_object(Bucket=bucket, Key=f"{root}/{name}", Body=content)
        s3.put_object(Bucket=bucket, Key=f"{root}/{name.replace('.json', '.md5')}", Body=_md5(content).encode())
    return root, len(items)


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _base64(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()
