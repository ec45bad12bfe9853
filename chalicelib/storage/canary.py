"""What the canary alone uses: the key of its tokens, and the queue on which it lays its vouchers as accounting does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CanaryVoice:
    kms: Any
    """A KMS client, untyped."""
    key: str
    sqs: Any
    """An SQS client, untyped."""
    queue_url: str

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256, in DER."""
        answer = self.kms.sign(KeyId=self.key, Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
        signature: bytes = answer["Signature"]
        return signature

    def pay(self, voucher: Mapping[str, Any]) -> None:
        """Lay a voucher on the queue."""
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(voucher, ensure_ascii=False))
