"""The documents bucket: files are written once, never over another, and handed out by short-lived links."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ..domain.covers.cover import StoredFile

LINK_SECONDS = 300
PART_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Documents:
    client: Any
    bucket: str

    def find(self, key: str) -> StoredFile | None:
        """What lies under a key, None for nothing."""
        from botocore.exceptions import ClientError

        try:
            head = self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise
        told = head["Metadata"]
        return StoredFile(
            key=key, sha256=told["sha256"], size=head["ContentLength"], template_version=told["template-version"]
        )

    def measure(self, key: str) -> tuple[str, int] | None:
        """SHA-256 (hex) and size of what really lies under a key, read byte for byte; None for nothing."""
        from botocore.exceptions import ClientError

        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise
        digest, size = hashlib.sha256(), 0
        while part := body.read(PART_BYTES):
            digest.update(part)
            size += len(part)
        return digest.hexdigest(), size

    def put_once(self, key: str, content: bytes, *, content_type: str, template_version: str) -> StoredFile:
        """Store a file under a key that nothing lies under yet; where something does, that stays and is told."""
        from botocore.exceptions import ClientError

        digest = hashlib.sha256(content).hexdigest()
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                IfNoneMatch="*",
                Metadata={"sha256": digest, "template-version": template_version},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise
            stored = self.find(key)
            if stored is None:
                raise
            return stored
        return StoredFile(key=key, sha256=digest, size=len(content), template_version=template_version)

    def link(self, key: str) -> str:
        """A URL to read one file, good for `LINK_SECONDS` of real time."""
        named = f'inline; filename="{key.rpartition("/")[2]}"'
        asked = {"Bucket": self.bucket, "Key": key, "ResponseContentDisposition": named}
        url: str = self.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS)
        return url
