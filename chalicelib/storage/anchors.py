"""Daily anchors in a bucket of their own: each is written once and can be neither replaced nor removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

PREFIX = "anchors/"
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


def anchor_key(day: date) -> str:
    return f"{PREFIX}{day:%Y}/{day:%m}/{day.isoformat()}.jsonl"


@dataclass(frozen=True, slots=True)
class AnchorStore:
    client: Any
    """An S3 client, untyped."""
    bucket: str

    def read(self, day: date) -> str | None:
        """The text of a day's anchor, None where there is none."""
        from botocore.exceptions import ClientError

        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=anchor_key(day))
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        content: bytes = answer["Body"].read()
        return content.decode()

    def write(self, day: date, text: str) -> bool:
        """Write a day's anchor. False where one stands already: that one stays."""
        from botocore.exceptions import ClientError

        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=anchor_key(day),
                Body=text.encode(),
                ContentType="application/jsonl",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _TAKEN:
                return False
            raise
        return True

    def all(self) -> Iterator[tuple[str, str]]:
        """Name and text of every anchor, oldest first; for the verifier."""
        token: dict[str, str] = {}
        while True:
            page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=PREFIX, **token)
            for entry in page.get("Contents", ()):
                content: bytes = self.client.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read()
                yield entry["Key"], content.decode()
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}
