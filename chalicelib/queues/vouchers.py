"""The consumer of the queue `vouchers`: read, judge against one batch of reads, one transaction each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalice.app import Blueprint, SQSEvent

from ..domain.errors import Rejected
from ..domain.ledger.causes import cause_of
from ..domain.ledger.voucher import ContributionVoucher, Outcome
from ..domain.oversight import canary
from ..domain.oversight.canary_payment import may_send
from ..log import facts, logger
from ..metrics import measured
from ..usecases.ledger.count_other import count_other
from ..usecases.ledger.keep_manifest import keep_manifest
from ..usecases.ledger.quarantine import quarantine_message
from ..usecases.ledger.record_voucher import VoucherFacts, record_voucher
from ..wiring import Wiring, wiring
from .batch import Failures, each, records_of, remaining
from .messages import ContributionVoucherMessage, read_message

bp = Blueprint(__name__)
log = logger(__name__)

SENDER_NOT_ALLOWED = "SENDER_NOT_ALLOWED"
WAITING = frozenset({Outcome.HOLD, Outcome.PARK, Outcome.QUARANTINE})
"""Money came that has taken no effect yet."""


@bp.on_sqs_message(queue="vouchers", batch_size=10, name="voucher_consumer")
def voucher_consumer(event: SQSEvent) -> Failures:
    """Apply, park, hold or quarantine each message; report what failed for a passing reason."""
    w = wiring()
    records = records_of(event.to_dict())
    read = [(str(record["messageId"]), _readable(record, w)) for record in records]
    vouchers = [voucher for _, voucher in read if isinstance(voucher, ContributionVoucher)]
    stored = _Stored(vouchers, w)
    actions = [
        (
            message_id,
            partial(_record, item, stored, message_id, w) if isinstance(item, ContributionVoucher) else item,
        )
        for message_id, item in read
    ]
    answer = each(actions, milliseconds_left=remaining(event.context))
    stored.tell()
    return answer


class _Stored:
    """The facts of the whole batch, read when the first voucher asks for them."""

    def __init__(self, vouchers: list[ContributionVoucher], w: Wiring) -> None:
        self._vouchers = vouchers
        self._w = w
        self._facts: VoucherFacts | None = None
        self._settled: dict[Outcome, list[int]] = {}

    def facts(self) -> VoucherFacts:
        if self._facts is None:
            self._facts = VoucherFacts(self._vouchers, self._w)
        return self._facts

    def settled(self, outcome: Outcome, amount: int) -> None:
        """Remember what became of a voucher and of how much money (VND)."""
        self._settled.setdefault(outcome, []).append(amount)

    def tell(self) -> None:
        """The figures of the batch, one line for each outcome: a line for each voucher would cost a tenth of it."""
        for outcome, amounts in self._settled.items():
            held = {"AmountHeld": sum(amounts)} if outcome in WAITING else {}
            figures = measured(by={"Outcome": outcome}, Vouchers=len(amounts), **held)
            log.info("vouchers counted", extra={**facts(count=len(amounts)), **figures})


def _readable(record: dict[str, Any], w: Wiring) -> ContributionVoucher | Callable[[], None]:
    """As `_action`; what reading itself stumbles over fails with its own message alone, not with the batch."""
    try:
        return _action(record, w)
    except Exception as error:
        return partial(_stumble, error)


def _stumble(error: Exception) -> None:
    raise error


def _action(record: dict[str, Any], w: Wiring) -> ContributionVoucher | Callable[[], None]:
    """The voucher of a message, or what else is to be done with it; nothing, where its sender may not send it."""
    found, sender = _meant(record, w), str(record.get("attributes", {}).get("SenderId", ""))
    if may_send(found if isinstance(found, ContributionVoucher) else None, sender, w.settings.canary_sender):
        return found
    return partial(_refuse, str(record["messageId"]))


def _meant(record: dict[str, Any], w: Wiring) -> ContributionVoucher | Callable[[], None]:
    body, message_id = str(record["body"]), str(record["messageId"])
    try:
        message = read_message(body)
    except Rejected as rejected:
        return partial(_quarantine, body, rejected, message_id, w)
    if message is None:
        return partial(_count_other, body, message_id, w)
    if isinstance(message, ContributionVoucherMessage):
        return message.voucher()
    return partial(
        keep_manifest,
        day=message.date,
        province_code=message.province_code,
        count=message.count,
        sum_received=message.sum_received,
        first_voucher_id=message.first_voucher_id,
        last_voucher_id=message.last_voucher_id,
        w=w,
    )


def _refuse(message_id: str) -> None:
    """The canary sends what only accounting may send, or somebody else a voucher of the canary's: it has no effect."""
    log.error("message refused", extra=facts(message_id=message_id, reason=SENDER_NOT_ALLOWED))


def _count_other(body: str, message_id: str, w: Wiring) -> None:
    count_other(body, w)
    log.info("voucher of another scheme", extra=facts(message_id=message_id, outcome=Outcome.IGNORE))


def _record(voucher: ContributionVoucher, stored: _Stored, message_id: str, w: Wiring) -> None:
    verdict = record_voucher(voucher, stored.facts().of(voucher), w)
    told = facts(
        message_id=message_id,
        voucher_id=voucher.voucher_id,
        voucher_version=voucher.voucher_version,
        dossier_code=voucher.dossier_code,
        outcome=verdict.outcome,
        reason=verdict.reason,
        cause=cause_of(verdict.reason or "") if verdict.outcome is Outcome.QUARANTINE else None,
    )
    log.info("voucher settled", extra=told)
    if voucher.province_code != canary.PROVINCE:
        stored.settled(verdict.outcome, voucher.amount_received)


def _quarantine(body: str, rejected: Rejected, message_id: str, w: Wiring) -> None:
    quarantine_message(body, rejected.faults, message_id=message_id, w=w)
    told = facts(
        message_id=message_id,
        outcome=Outcome.QUARANTINE,
        reason=rejected.code,
        cause=cause_of(rejected.code),
    )
    log.warning("message quarantined", extra={**told, **measured(by={"Outcome": Outcome.QUARANTINE}, Vouchers=1)})
