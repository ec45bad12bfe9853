"""Delivers a dossier's status messages to its portal's address: in order, signed, each tried until it is taken.

A message in the queue only says that something of a dossier is due. What is due is read from its trail, and how far
it was taken stands in the table: a message that is lost, doubled or late changes nothing but the moment.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ...domain.events import AuditLine, StatusMessage
from ...domain.messages.webhook import Attempt, Delivery, Endpoint, Standing, signature_header
from ...log import facts, logger
from ...storage import keys
from ...storage.items.audit import trail_of
from ...storage.items.deliveries import attempt_item, attempt_key, delivery_from, delivery_item
from ...storage.items.fields import text
from ...storage.outbox import status_text
from ...storage.post import Posted
from ...storage.table import Stored
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring

log = logger(__name__)

SECRET_MISSING = "SECRET_MISSING"  # noqa: S105 -- the code of a fault
SOON = 1
"""Seconds after which a dossier is looked at again that somebody else has just worked on."""


@dataclass(slots=True)
class Sender:
    """One batch's deliveries. A client whose address did not answer is not asked again within the batch."""

    w: Wiring
    has_time: Callable[[], bool] = lambda: True
    """Whether the process lives long enough for one more try."""
    _found: dict[keys.Key, Stored] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)

    def read(self, codes: Iterable[str]) -> None:
        """What the batch is about: who opened each dossier, and how far it was delivered (AP82)."""
        wanted = [key for code in dict.fromkeys(codes) for key in (keys.dossier(code), keys.delivery(code))]
        self._found = self.w.table.get_many(wanted) if self.w.endpoints.all() else {}

    def deliver(self, code: str) -> int:
        """Send what is due of a dossier. Gives the seconds until it should be tried again, 0 where nothing is left.

        A dossier whose client has no address is nobody's business here.
        """
        dossier, stored = self._found.get(keys.dossier(code)), self._found.get(keys.delivery(code))
        endpoint = None if dossier is None else self.w.endpoints.of(text(dossier, "client_id"))
        if endpoint is None:
            return 0
        delivery = Delivery(code, endpoint.client_id) if stored is None else delivery_from(stored)
        waits = delivery.waits(_now())
        if waits:
            return waits
        if endpoint.client_id in self._silent:
            return endpoint.first_pause
        if delivery.standing is Standing.PARKED:
            delivery = delivery.resumed()
        try:
            return self._send_due(delivery, endpoint)
        except Refused:
            # Somebody else delivers the same dossier, or has just woken it: what stands now is read again.
            return SOON

    def _send_due(self, delivery: Delivery, endpoint: Endpoint) -> int:
        """AP83: the trail of the dossier."""
        lines = trail_of(self.w.table.query(keys.dossier_partition(delivery.dossier_code), keys.AUDIT))
        due = delivery.due(lines)
        if not due and delivery.standing is not Standing.CURRENT:
            self._keep(delivery, delivery.taken(delivery.delivered))
        for line, message in due:
            if not self.has_time():
                return SOON
            if not endpoint.wants(line):
                after = delivery.taken(message.sequence)
                self._keep(delivery, after)
            else:
                after = self._try(delivery, endpoint, line, message)
            if after.standing is not Standing.CURRENT:
                return after.waits(_now())
            delivery = after
        return 0

    def _try(self, delivery: Delivery, endpoint: Endpoint, line: AuditLine, message: StatusMessage) -> Delivery:
        posted = self._post(endpoint, message)
        now = _now()
        if posted.taken:
            after = delivery.taken(message.sequence)
        else:
            reason = posted.error or f"HTTP_{posted.status}"
            jitter = random.randrange(1000)  # noqa: S311 -- jitter, not a secret
            after = delivery.failed(endpoint, now, reason, jitter=jitter, asked_for=posted.retry_after)
            if posted.status is None:
                self._silent.add(endpoint.client_id)
        attempt = Attempt(
            dossier_code=delivery.dossier_code,
            client_id=endpoint.client_id,
            event_id=message.event_id,
            sequence=message.sequence,
            state=message.state,
            attempt=delivery.attempts + 1,
            at=now,
            delivered=posted.taken,
            status=posted.status,
            error=posted.error,
            milliseconds=posted.milliseconds,
        )
        self._keep(delivery, after, attempt)
        told = facts(
            outcome="DELIVERED" if posted.taken else "NOT_DELIVERED",
            dossier_code=line.dossier_code,
            status=posted.status,
            attempt=attempt.attempt,
            milliseconds=posted.milliseconds,
            reason="WEBHOOK_PARKED" if after.standing is Standing.PARKED else after.reason,
        )
        log.info("webhook tried", extra=told)
        return after

    def _post(self, endpoint: Endpoint, message: StatusMessage) -> Posted:
        secrets = self.w.endpoints.secrets_of(endpoint.client_id)
        if not secrets:
            # Unsigned, nobody could tell it from a forgery.
            return Posted(None, SECRET_MISSING, 0)
        body, moment = status_text(message).encode(), int(time.time())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "bhxh-602e-webhook/1",
            "webhook-id": message.event_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature_header(secrets, message.event_id, moment, body),
        }
        return self.w.post(endpoint.url, headers, body)

    def _keep(self, before: Delivery, after: Delivery, attempt: Attempt | None = None) -> None:
        """Write how far it was delivered, with the try it comes from. Raises `Refused` where another was faster."""
        transaction = Transaction()
        key, item = keys.delivery(after.dossier_code), delivery_item(after)
        if before.revision == 0:
            transaction.put_new("delivery", key, item)
        else:
            transaction.put_over("delivery", key, item, attribute="revision", expected=before.revision)
        if attempt is not None:
            transaction.put("attempt", attempt_key(attempt), attempt_item(attempt))
        transaction.commit(self.w.table)


def _now() -> datetime:
    """Real time: an address does not follow the sandbox's clock."""
    return datetime.now(UTC)
