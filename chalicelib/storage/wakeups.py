"""Wakes the sender of webhooks for a dossier, by a message in its queue."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WebhookQueue:
    client: Any
    """An SQS client, untyped."""
    url: str

    def wake(self, code: str) -> None:
        """Have what is due of a dossier sent, behind what is under way for it."""
        self.client.send_message(
            QueueUrl=self.url,
            MessageBody=json.dumps({"dossier_code": code}),
            MessageGroupId=code,
            MessageDeduplicationId=str(uuid.uuid4()),
        )

    def hide(self, receipt: str, seconds: int) -> None:
        """Have a message come again after so long; until then nothing of its dossier comes."""
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
