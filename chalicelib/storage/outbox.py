"""The topics that hear of audit lines: `dossier-status` for the portal, notices for officers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ..domain.events import AuditLine, StatusMessage
from ..domain.months import instant_text


def status_text(message: StatusMessage) -> str:
    """The JSON of a status message: the same for whoever hears it, by the topic or by webhook."""
    return json.dumps(asdict(message), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Topics:
    client: Any
    status_arn: str
    notice_arn: str

    def publish_status(self, message: StatusMessage, *, webhooks: bool) -> None:
        """To the FIFO topic: in order per dossier, and once within five minutes for one event id.

        `webhooks`: whether the queue of the webhook sender hears it too; the topic leaves it out otherwise.
        """
        marked = {"MessageAttributes": {"webhooks": {"DataType": "String", "StringValue": "yes"}}} if webhooks else {}
        self.client.publish(
            TopicArn=self.status_arn,
            Message=status_text(message),
            MessageGroupId=message.dossier_code,
            MessageDeduplicationId=message.event_id,
            **marked,
        )

    def publish_notice(self, line: AuditLine) -> None:
        """Tell the officers of a province about a dossier's deadline; nothing personal in it."""
        notice = {
            "event_id": line.event_id,
            "event": line.event,
            "dossier_code": line.dossier_code,
            "province_code": line.province_code,
            "subject": line.subject,
            "due_at": None if line.due_at is None else instant_text(line.due_at),
            "occurred_at": instant_text(line.at),
        }
        self.client.publish(TopicArn=self.notice_arn, Message=json.dumps(notice, ensure_ascii=False))
